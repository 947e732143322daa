//! Byte planes: the first bytes of all elements, then all second ones, and so on. In numbers with a floating point the bytes of
//! the exponent are alike and those of the mantissa are noise; apart, the ones shrink and the others cost no time.

use super::error::{Error, Result};
use super::zstandard;

/// How the elements of a slice are taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filter {
    /// Bytes of an element: 2, 4 or 8.
    pub width: u8,
    /// Whether the sign goes to the lowest bit, so that the exponent is one byte.
    pub rotated: bool,
}

impl Filter {
    /// The method byte of the slice: bits 0–1 the width (1: 2, 2: 4, 3: 8), bit 2 whether rotated, bit 7 set.
    pub fn code(self) -> u8 {
        0x80 | u8::from(self.rotated) << 2 | self.width.trailing_zeros() as u8
    }

    /// The filter of a method byte.
    pub fn from_code(code: u8) -> Option<Self> {
        let width = 1 << (code & 3);
        (code & !7 == 0x80 && width > 1).then_some(Self { width, rotated: code & 4 != 0 })
    }

    /// How many whole elements a slice has.
    fn elements(self, length: usize) -> usize {
        length / usize::from(self.width)
    }
}

/// Elements of one width. They are read and written as arrays: slices of a known length would be checked, and copied by calls.
trait Element: Copy {
    const WIDTH: usize;
    /// All whole ones.
    fn each(bytes: &[u8]) -> impl Iterator<Item = Self>;
    /// Puts one in each place.
    fn fill(bytes: &mut [u8], element: impl FnMut(usize) -> Self);
    fn byte(self, plane: usize) -> u8;
    fn with(self, plane: usize, byte: u8) -> Self;
    fn left(self) -> Self;
    fn right(self) -> Self;
    fn zero() -> Self;
}

macro_rules! element {
    ($type:ty) => {
        impl Element for $type {
            const WIDTH: usize = size_of::<$type>();
            #[inline(always)]
            fn each(bytes: &[u8]) -> impl Iterator<Item = Self> {
                bytes.as_chunks::<{ size_of::<$type>() }>().0.iter().map(|element| <$type>::from_le_bytes(*element))
            }
            #[inline(always)]
            fn fill(bytes: &mut [u8], mut element: impl FnMut(usize) -> Self) {
                let places = bytes.as_chunks_mut::<{ size_of::<$type>() }>().0;
                places.iter_mut().enumerate().for_each(|(index, place)| *place = element(index).to_le_bytes());
            }
            #[inline(always)]
            fn byte(self, plane: usize) -> u8 {
                (self >> (8 * plane)) as u8
            }
            #[inline(always)]
            fn with(self, plane: usize, byte: u8) -> Self {
                self | <$type>::from(byte) << (8 * plane)
            }
            #[inline(always)]
            fn left(self) -> Self {
                self.rotate_left(1)
            }
            #[inline(always)]
            fn right(self) -> Self {
                self.rotate_right(1)
            }
            #[inline(always)]
            fn zero() -> Self {
                0
            }
        }
    };
}

element!(u16);
element!(u32);
element!(u64);

/// Takes elements apart, a plane at a time: the elements of a slice fit into the cache, and each loop is one the compiler widens.
fn split<E: Element>(elements: &[u8], rotated: bool, planes: &mut [u8]) {
    let count = elements.len() / E::WIDTH;
    for (plane, to) in planes.chunks_exact_mut(count.max(1)).enumerate() {
        if rotated {
            E::each(elements).zip(to).for_each(|(element, to)| *to = element.left().byte(plane));
        } else {
            E::each(elements).zip(to).for_each(|(element, to)| *to = element.byte(plane));
        }
    }
}

/// Puts them together again.
fn join<E: Element>(planes: &[u8], rotated: bool, elements: &mut [u8]) {
    let count = elements.len() / E::WIDTH;
    let mut parts: [&[u8]; 8] = [&[]; 8];
    for (part, plane) in parts.iter_mut().zip(planes.chunks_exact(count.max(1))) {
        *part = plane;
    }
    E::fill(elements, |index| {
        let element = parts[..E::WIDTH].iter().enumerate().fold(E::zero(), |element, (plane, part)| element.with(plane, part[index]));
        if rotated { element.right() } else { element }
    });
}

/// The planes of a slice, each with a byte in front: 0 as it is, 1 a zstd frame; and its length in four bytes. What is no whole
/// element stands as it is at the end.
pub fn pack(bytes: &[u8], filter: Filter) -> Result<Vec<u8>> {
    let count = filter.elements(bytes.len());
    let (elements, after) = bytes.split_at(count * usize::from(filter.width));
    let mut planes = super::room::zeros(elements.len());
    match filter.width {
        2 => split::<u16>(elements, filter.rotated, &mut planes),
        4 => split::<u32>(elements, filter.rotated, &mut planes),
        _ => split::<u64>(elements, filter.rotated, &mut planes),
    }
    let mut out = Vec::new();
    for plane in planes.chunks_exact(count.max(1)) {
        let frame = if shrinks(plane)? { zstandard::entropy(plane)? } else { Vec::new() };
        let packed = !frame.is_empty() && frame.len() < plane.len() - plane.len() / 100;
        let stored = if packed { &frame } else { plane };
        out.push(u8::from(packed));
        out.extend_from_slice(&(stored.len() as u32).to_le_bytes());
        out.extend_from_slice(stored);
    }
    out.extend_from_slice(after);
    Ok(out)
}

/// Whether some of a plane gets smaller: noise is not worth the time.
fn shrinks(plane: &[u8]) -> Result<bool> {
    const SAMPLE: usize = 16 << 10;
    if plane.len() < 8 * SAMPLE {
        return Ok(true);
    }
    for part in 0..4 {
        let at = (plane.len() - SAMPLE) / 3 * part;
        if zstandard::entropy(&plane[at..at + SAMPLE])?.len() < SAMPLE - SAMPLE / 64 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The slice of `length` bytes that planes were made of.
pub fn unpack(mut packed: &[u8], filter: Filter, length: usize, part: &str) -> Result<Vec<u8>> {
    let (count, width) = (filter.elements(length), usize::from(filter.width));
    let mut planes = super::room::with_room(count * width);
    let wrong = |found: String| Error::malformed(part, format!("{width} planes of {count} bytes"), found);
    for _ in 0..if count > 0 { width } else { 0 } {
        let head = packed.split_at_checked(5).ok_or_else(|| wrong("the end of the slice".to_owned()))?;
        let stored = u32::from_le_bytes([head.0[1], head.0[2], head.0[3], head.0[4]]) as usize;
        let body = head.1.split_at_checked(stored).ok_or_else(|| wrong(format!("{} bytes of {stored}", head.1.len())))?;
        match head.0[0] {
            0 if stored == count => planes.extend_from_slice(body.0),
            1 => planes.extend_from_slice(&zstandard::decompress(body.0, &[], count, part)?),
            kind => return Err(wrong(format!("{stored} bytes of kind {kind}"))),
        }
        packed = body.1;
    }
    if packed.len() != length - count * width {
        return Err(wrong(format!("{} bytes behind them", packed.len())));
    }
    let mut out = super::room::zeros(length);
    let (elements, after) = out.split_at_mut(count * width);
    after.copy_from_slice(packed);
    match width {
        2 => join::<u16>(&planes, filter.rotated, elements),
        4 => join::<u32>(&planes, filter.rotated, elements),
        _ => join::<u64>(&planes, filter.rotated, elements),
    }
    Ok(out)
}
