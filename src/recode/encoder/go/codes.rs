//! Length and distance codes of RFC 1951, as tables.

/// End of block.
pub(in crate::recode::encoder) const END: usize = 256;
/// The first length code.
pub(in crate::recode::encoder) const FIRST_LENGTH: usize = 257;
/// Literal and length codes that can occur.
pub(in crate::recode::encoder) const LITERALS: usize = 286;
/// Distance codes that can occur.
pub(in crate::recode::encoder) const DISTANCES: usize = 30;
/// The longest content of a stored block.
pub(in crate::recode::encoder) const STORED_MAX: usize = 65535;
/// The shortest match that DEFLATE can say; tokens hold lengths less this.
pub(in crate::recode::encoder) const BASE_LENGTH: usize = 3;
/// The longest match that DEFLATE can say.
pub(in crate::recode::encoder) const LONGEST: usize = 258;
/// The window of DEFLATE.
pub(in crate::recode::encoder) const WINDOW: usize = 32768;

/// Extra bits by length code.
pub(in crate::recode::encoder) const LENGTH_EXTRA: [u8; 32] =
    [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0, 0, 0, 0];

const LENGTH_BASE: [u8; 29] =
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 255];

/// Extra bits by distance code.
pub(in crate::recode::encoder) const DISTANCE_EXTRA: [u8; 32] =
    [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14];

/// The odd order in which the lengths of the code length code are written.
pub(in crate::recode::encoder) const LENGTH_ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

const LENGTH_CODES: [u8; 256] = length_codes();

const fn length_codes() -> [u8; 256] {
    let mut codes = [0; 256];
    let mut code = 0;
    let mut length = 0;
    while length < 256 {
        while code + 1 < LENGTH_BASE.len() && LENGTH_BASE[code + 1] as usize <= length {
            code += 1;
        }
        codes[length] = code as u8;
        length += 1;
    }
    codes
}

/// The length code (less 257) of a match that is `length` + 3 long.
pub(in crate::recode::encoder) const fn length_code(length: u8) -> usize {
    LENGTH_CODES[length as usize] as usize
}

/// The smallest length (less 3) of a length code.
pub(in crate::recode::encoder) const fn length_base(code: usize) -> u8 {
    LENGTH_BASE[code]
}

/// The distance code of a distance less 1.
pub(in crate::recode::encoder) const fn distance_code(distance: u32) -> usize {
    if distance < 4 {
        return distance as usize;
    }
    let bits = distance.ilog2();
    (2 * bits + ((distance >> (bits - 1)) & 1)) as usize
}

/// The smallest distance (less 1) of a distance code.
pub(in crate::recode::encoder) const fn distance_base(code: usize) -> u32 {
    if code < 4 { code as u32 } else { (2 + (code as u32 & 1)) << (code / 2 - 1) }
}
