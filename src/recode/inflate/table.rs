//! Decoding tables: code lengths to a primary table and subtables of packed entries.
//!
//! An entry is a `u32`: bits 0–3 how many bits of the stream belong to the code (in a subtable: past the primary bits), bits 4–7 how
//! many extra bits follow, bits 8–11 the kind, bits 16–31 the value (literal, base of a length or distance, offset of a subtable).

use super::error::InflateError;

/// The kind of an entry: one literal byte.
pub const LITERAL: u32 = 1 << 8;
/// The kind of an entry: go on in a subtable; the extra bits are its index width.
pub const SUBTABLE: u32 = 2 << 8;
/// The kind of an entry: the end of the block.
pub const END: u32 = 4 << 8;
/// The kind of an entry: no code.
pub const INVALID: u32 = 8 << 8;

/// Bits of the primary table for literals and lengths.
pub const LITERAL_BITS: u32 = 11;
/// Bits of the primary table for distances.
pub const DISTANCE_BITS: u32 = 9;
/// Bits of the only table for code lengths.
pub const LENGTH_BITS: u32 = 7;

const MAX_BITS: usize = 15;

/// The most literal and length codes a block may announce, and what the fixed code uses.
pub const MAX_LITERALS: usize = 288;
/// The most distance codes of a code set.
pub const MAX_DISTANCES: usize = 32;

/// How the value of a symbol is packed.
#[derive(Clone, Copy)]
pub enum Alphabet {
    /// Literals, end of block and lengths.
    Literals,
    /// Distances.
    Distances,
    /// Code lengths.
    Lengths,
}

/// Extra bits of the length codes 257–285.
pub const LENGTH_EXTRA: [u8; 29] = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
/// Shortest length of the length codes 257–285.
pub const LENGTH_BASE: [u16; 29] =
    [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
/// Extra bits of the distance codes.
pub const DISTANCE_EXTRA: [u8; 30] = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];
/// Shortest distance of the distance codes.
pub const DISTANCE_BASE: [u16; 30] = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385,
    24577,
];

/// A table for one alphabet.
#[derive(Clone)]
pub struct Table {
    entries: Vec<u32>,
    bits: u32,
}

fn entry(alphabet: Alphabet, symbol: usize) -> u32 {
    let packed = |base: u16, extra: u8| (u32::from(base) << 16) | (u32::from(extra) << 4);
    match alphabet {
        Alphabet::Lengths => (symbol as u32) << 16,
        Alphabet::Literals if symbol < 256 => ((symbol as u32) << 16) | LITERAL,
        Alphabet::Literals if symbol == 256 => END,
        Alphabet::Literals => {
            let at = symbol - 257;
            LENGTH_BASE.get(at).map_or(INVALID, |&base| packed(base, LENGTH_EXTRA[at]))
        }
        Alphabet::Distances => DISTANCE_BASE.get(symbol).map_or(INVALID, |&base| packed(base, DISTANCE_EXTRA[symbol])),
    }
}

/// The symbols in the order of their codes, and how many codes each length has.
fn sort(lengths: &[u8]) -> ([u16; MAX_BITS + 1], [u16; MAX_LITERALS]) {
    let mut count = [0u16; MAX_BITS + 1];
    for &length in lengths {
        count[usize::from(length & 15)] += 1;
    }
    count[0] = 0;
    let mut next = [0u16; MAX_BITS + 2];
    for bits in 1..=MAX_BITS {
        next[bits + 1] = next[bits] + count[bits];
    }
    let mut sorted = [0u16; MAX_LITERALS];
    for (symbol, &length) in lengths.iter().enumerate() {
        if length != 0 {
            let slot = &mut next[usize::from(length & 15)];
            sorted[usize::from(*slot)] = symbol as u16;
            *slot += 1;
        }
    }
    (count, sorted)
}

/// How many code points of 15 bits the code leaves unused.
fn left_over(count: &[u16; MAX_BITS + 1]) -> Result<i32, InflateError> {
    let mut left = 1i32;
    for &codes in &count[1..] {
        left = (left << 1) - i32::from(codes);
        if left < 0 {
            return Err(InflateError::CodeLengths);
        }
    }
    Ok(left)
}

impl Table {
    /// An empty table.
    pub const fn new(bits: u32) -> Self {
        Self { entries: Vec::new(), bits }
    }

    /// The entry of the code that starts in the low bits of `window`, without regard to subtables.
    #[inline]
    pub fn primary<const BITS: u32>(&self, window: u64) -> u32 {
        self.entries.get((window & ((1 << BITS) - 1)) as usize).copied().unwrap_or(INVALID)
    }

    /// The entry of the subtable that `entry` of the primary table points to; `window` starts after the primary bits.
    #[inline]
    pub fn secondary(&self, entry: u32, window: u64) -> u32 {
        let width = (entry >> 4) & 15;
        let at = (entry >> 16) as usize + (window & ((1 << width) - 1)) as usize;
        self.entries.get(at).copied().unwrap_or(INVALID)
    }

    /// Builds the table. A set with one code of one bit, or none, is complete enough where the format says so (`lenient`).
    pub fn build(&mut self, alphabet: Alphabet, lengths: &[u8], lenient: bool) -> Result<(), InflateError> {
        let (count, sorted) = sort(lengths);
        let codes: usize = count.iter().map(|&n| usize::from(n)).sum();
        let left = left_over(&count)?;
        if left > 0 && !(lenient && (codes == 0 || (codes == 1 && count[1] == 1))) {
            return Err(InflateError::CodeLengths);
        }
        let size = 1usize << self.bits;
        self.entries.clear();
        self.entries.resize(size, INVALID | 1);
        self.fill(alphabet, &count, &sorted);
        Ok(())
    }

    fn fill(&mut self, alphabet: Alphabet, count: &[u16; MAX_BITS + 1], sorted: &[u16]) {
        let primary = self.bits as usize;
        let (mut code, mut at) = (0usize, 0usize);
        let mut open: Option<(usize, usize, usize)> = None;
        for bits in 1..=MAX_BITS {
            for left in (1..=usize::from(count[bits])).rev() {
                let packed = entry(alphabet, usize::from(sorted[at]));
                let reversed = (code as u16).reverse_bits() as usize >> (16 - bits);
                if bits <= primary {
                    let stored = packed | bits as u32;
                    self.entries[reversed..1 << primary].iter_mut().step_by(1 << bits).for_each(|slot| *slot = stored);
                } else {
                    let root = reversed & ((1 << primary) - 1);
                    if open.is_none_or(|(of, ..)| of != root) {
                        open = Some(self.subtable(root, bits, left, &count[..]));
                    }
                    if let Some((_, start, width)) = open {
                        let stored = packed | (bits - primary) as u32;
                        let first = start + (reversed >> primary);
                        self.entries[first..start + (1 << width)].iter_mut().step_by(1 << (bits - primary)).for_each(|slot| *slot = stored);
                    }
                }
                at += 1;
                code += 1;
            }
            code <<= 1;
        }
    }

    /// Opens the subtable of a primary slot: as wide as the codes that share it need.
    fn subtable(&mut self, root: usize, bits: usize, left: usize, count: &[u16]) -> (usize, usize, usize) {
        let primary = self.bits as usize;
        let mut width = bits - primary;
        let mut covered = left;
        while covered < 1 << width && primary + width < MAX_BITS {
            width += 1;
            covered = (covered << 1) + usize::from(count[primary + width]);
        }
        let start = self.entries.len();
        self.entries.resize(start + (1 << width), INVALID | 1);
        self.entries[root] = ((start as u32) << 16) | SUBTABLE | ((width as u32) << 4) | primary as u32;
        (root, start, width)
    }
}
