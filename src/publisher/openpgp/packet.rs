//! Packets (RFC 9580, section 4): kind and body, of known length; and the pieces that bodies are made of.

/// Most packets that are read: a certificate with many names and signatures has hundreds.
const MOST: usize = 2000;

/// A packet's kind and body.
pub(super) type Packet<'a> = (u8, &'a [u8]);

/// All packets of some bytes.
pub(super) fn all(bytes: &[u8]) -> Result<Vec<Packet<'_>>, String> {
    let (mut cursor, mut packets) = (Cursor(bytes), Vec::new());
    while !cursor.0.is_empty() {
        if packets.len() >= MOST {
            return Err(format!("it has more than {MOST} packets"));
        }
        packets.push(one(&mut cursor).ok_or("a packet of it is cut, or of unknown length")?);
    }
    Ok(packets)
}

fn one<'a>(cursor: &mut Cursor<'a>) -> Option<Packet<'a>> {
    let header = cursor.byte()?;
    if header & 0x80 == 0 {
        return None;
    }
    if header & 0x40 != 0 {
        let length = cursor.length(true)?;
        return Some((header & 0x3f, cursor.take(length)?));
    }
    let length = match header & 3 {
        0 => cursor.number(1)?,
        1 => cursor.number(2)?,
        2 => cursor.number(4)?,
        _ => return None,
    };
    Some(((header >> 2) & 0x0f, cursor.take(length)?))
}

/// Bytes that are still to be read.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a>(pub(super) &'a [u8]);

impl<'a> Cursor<'a> {
    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|taken| taken[0])
    }

    /// A number of so many bytes, at most four, the highest first.
    pub(super) fn number(&mut self, bytes: usize) -> Option<usize> {
        self.take(bytes).map(|taken| taken.iter().fold(0, |number, byte| (number << 8) | usize::from(*byte)))
    }

    /// A length in the new way. In packets a first byte from 224 on would announce a part of unknown length; in subpackets it does not.
    pub(super) fn length(&mut self, packet: bool) -> Option<usize> {
        match self.byte()? {
            short @ 0..=191 => Some(usize::from(short)),
            first @ 192..=254 if first < 224 || !packet => Some((usize::from(first) - 192) * 256 + usize::from(self.byte()?) + 192),
            255 => self.number(4),
            _ => None,
        }
    }

    /// A number of many bits, without leading zeros.
    pub(super) fn big(&mut self) -> Option<&'a [u8]> {
        let bits = self.number(2)?;
        let bytes = self.take(bits.div_ceil(8))?;
        let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
        Some(&bytes[start..])
    }

    pub(super) fn is_done(&self) -> bool {
        self.0.is_empty()
    }
}
