//! Numbers in LEB128: seven bits a byte, lowest first, at most ten bytes, no longer than needed.

use std::io::{self, Read};

/// Appends a number.
pub fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Reads a number; `InvalidData` where it is longer than needed or than 64 bits.
pub fn get(from: &mut dyn Read) -> io::Result<u64> {
    let (mut number, mut byte) = (0u64, [0u8]);
    for shift in (0..70).step_by(7) {
        from.read_exact(&mut byte)?;
        let bits = u64::from(byte[0] & 0x7F);
        if shift == 63 && bits > 1 || shift > 0 && byte[0] == 0 {
            break;
        }
        number |= bits << shift;
        if byte[0] < 0x80 {
            return Ok(number);
        }
    }
    Err(io::Error::new(io::ErrorKind::InvalidData, "a number longer than it has to be"))
}
