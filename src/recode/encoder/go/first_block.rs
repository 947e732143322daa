//! What the first block of a stream tells about who wrote it.

use super::codes::LENGTH_ORDER;

/// The kind of the first block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::recode::encoder) enum FirstBlock {
    /// Stored, with so many bytes.
    Stored {
        /// Its length.
        length: u16,
        /// It is the last block.
        last: bool,
    },
    /// With the fixed codes.
    Fixed {
        /// It is the last block.
        last: bool,
    },
    /// With its own codes.
    Dynamic {
        /// Listed codes of literals and lengths.
        literals: usize,
        /// Listed codes of distances.
        distances: usize,
        /// No listed symbol is without a code.
        full: bool,
        /// It is the last block.
        last: bool,
    },
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> Option<usize> {
        let mut value = 0;
        for bit in 0..count {
            let byte = *self.bytes.get((self.at + bit) / 8)?;
            value |= usize::from(byte >> ((self.at + bit) % 8) & 1) << bit;
        }
        self.at += count;
        Some(value)
    }

    /// Reads one symbol of the code length code.
    fn symbol(&mut self, lengths: &[usize; 19]) -> Option<usize> {
        let (mut code, mut first) = (0, 0);
        for length in 1..8 {
            code |= self.take(1)?;
            let count = lengths.iter().filter(|&&other| other == length).count();
            if code < first + count {
                let index = code.checked_sub(first)?;
                return (0..19).filter(|&symbol| lengths[symbol] == length).nth(index);
            }
            first = (first + count) << 1;
            code <<= 1;
        }
        None
    }
}

/// Reads the header of the first block, if the bytes hold it and it is sound.
pub(in crate::recode::encoder) fn first_block(stream: &[u8]) -> Option<FirstBlock> {
    let mut bits = Bits { bytes: stream, at: 0 };
    let last = bits.take(1)? == 1;
    match bits.take(2)? {
        0 => {
            bits.at = 8;
            Some(FirstBlock::Stored { length: bits.take(16)? as u16, last })
        }
        1 => Some(FirstBlock::Fixed { last }),
        2 => dynamic(&mut bits, last),
        _ => None,
    }
}

fn dynamic(bits: &mut Bits<'_>, last: bool) -> Option<FirstBlock> {
    let (literals, distances) = (bits.take(5)? + 257, bits.take(5)? + 1);
    let written = bits.take(4)? + 4;
    let mut lengths = [0; 19];
    for &symbol in &LENGTH_ORDER[..written] {
        lengths[symbol] = bits.take(3)?;
    }
    let (mut full, mut seen) = (true, 0);
    while seen < literals + distances {
        let (count, zero) = match bits.symbol(&lengths)? {
            16 => (bits.take(2)? + 3, false),
            17 => (bits.take(3)? + 3, true),
            18 => (bits.take(7)? + 11, true),
            length => (1, length == 0),
        };
        full &= !zero;
        seen += count;
    }
    Some(FirstBlock::Dynamic { literals, distances, full, last })
}
