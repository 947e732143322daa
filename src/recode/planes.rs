//! Byte planes: the first bytes of all elements, then all second ones, and so on. In numbers with a floating point the bytes of
//! the exponent are alike and those of the mantissa are noise; apart, the ones shrink and the others cost no time.

use super::error::{Error, Result};
use super::room::fit;
use super::zstandard::{self, Entropy};
use zstd::zstd_safe::DCtx;

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

/// The bytes of one plane: each loop is one the compiler widens.
fn split<E: Element>(elements: &[u8], rotated: bool, plane: usize, to: &mut [u8]) {
    if rotated {
        E::each(elements).zip(to).for_each(|(element, to)| *to = element.left().byte(plane));
    } else {
        E::each(elements).zip(to).for_each(|(element, to)| *to = element.byte(plane));
    }
}

/// Puts elements together again.
fn join<E: Element>(planes: &[&[u8]; MOST_PLANES], rotated: bool, elements: &mut [u8]) {
    E::fill(elements, |index| {
        let element = planes[..E::WIDTH].iter().enumerate().fold(E::zero(), |element, (plane, part)| element.with(plane, part[index]));
        if rotated { element.right() } else { element }
    });
}

const MOST_PLANES: usize = 8;
/// What stands before each plane: 0 as it is, 1 a zstd frame; and its length in four bytes.
const HEAD: usize = 5;

/// Takes slices apart, one after the other.
#[derive(Default)]
pub struct Packing {
    entropy: Entropy,
    frame: Vec<u8>,
}

impl Packing {
    /// Gives its buffer back.
    pub fn rest(&mut self) {
        self.frame = Vec::new();
    }

    /// The planes of a slice, each behind its head, are all that is in `out` then. What is no whole element stands as it is at the end.
    pub fn pack(&mut self, bytes: &[u8], filter: Filter, out: &mut Vec<u8>) -> Result<()> {
        let (count, width) = (filter.elements(bytes.len()), usize::from(filter.width));
        let (elements, after) = bytes.split_at(count * width);
        fit(out, bytes.len() + width * HEAD);
        let mut at = 0;
        for plane in 0..if count > 0 { width } else { 0 } {
            let (head, to) = out[at..].split_at_mut(HEAD);
            let to = &mut to[..count];
            match filter.width {
                2 => split::<u16>(elements, filter.rotated, plane, to),
                4 => split::<u32>(elements, filter.rotated, plane, to),
                _ => split::<u64>(elements, filter.rotated, plane, to),
            }
            let packed = self.shrinks(to)? && self.gets_small(to)?;
            let stored = if packed { self.frame.len() } else { count };
            if packed {
                to[..stored].copy_from_slice(&self.frame);
            }
            head[0] = u8::from(packed);
            head[1..].copy_from_slice(&(stored as u32).to_le_bytes());
            at += HEAD + stored;
        }
        out[at..at + after.len()].copy_from_slice(after);
        out.truncate(at + after.len());
        Ok(())
    }

    /// Whether some of a plane gets smaller: noise is not worth the time.
    fn shrinks(&mut self, plane: &[u8]) -> Result<bool> {
        const SAMPLE: usize = 16 << 10;
        if plane.len() < 8 * SAMPLE {
            return Ok(true);
        }
        for part in 0..4 {
            let at = (plane.len() - SAMPLE) / 3 * part;
            self.entropy.compress(&plane[at..at + SAMPLE], &mut self.frame)?;
            if self.frame.len() < SAMPLE - SAMPLE / 64 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Makes the frame of a plane; whether that is worth it.
    fn gets_small(&mut self, plane: &[u8]) -> Result<bool> {
        self.entropy.compress(plane, &mut self.frame)?;
        Ok(self.frame.len() < plane.len() - plane.len() / 100)
    }
}

/// Puts slices together again, one after the other.
pub struct Unpacking(DCtx<'static>);

impl Default for Unpacking {
    fn default() -> Self {
        Self(DCtx::create())
    }
}

impl Unpacking {
    /// Makes the slice that planes were made of, which is as long as `out`; `frames` is for planes that are zstd frames.
    pub fn unpack(&mut self, packed: &[u8], filter: Filter, frames: &mut Vec<u8>, out: &mut [u8], part: &str) -> Result<()> {
        let (count, width) = (filter.elements(out.len()), usize::from(filter.width));
        let (bodies, behind) = bodies(packed, if count > 0 { width } else { 0 }, count, part)?;
        let (elements, after) = out.split_at_mut(count * width);
        if behind.len() != after.len() {
            return Err(wrong(part, width, count, format!("{} bytes behind them", behind.len())));
        }
        after.copy_from_slice(behind);
        fit(frames, count * bodies.iter().filter(|(packed, _)| *packed).count());
        let (mut planes, mut room): ([&[u8]; MOST_PLANES], _) = ([&[]; MOST_PLANES], &mut frames[..]);
        for (plane, (packed, body)) in planes.iter_mut().zip(bodies) {
            *plane = body;
            if packed {
                let (to, rest) = std::mem::take(&mut room).split_at_mut(count);
                zstandard::decompress_by(&mut self.0, body, to, part)?;
                (*plane, room) = (to, rest);
            }
        }
        match width {
            2 => join::<u16>(&planes, filter.rotated, elements),
            4 => join::<u32>(&planes, filter.rotated, elements),
            _ => join::<u64>(&planes, filter.rotated, elements),
        }
        Ok(())
    }
}

/// The planes as they stand in a stream, each with whether it is a zstd frame; and what is behind them.
fn bodies<'a>(mut packed: &'a [u8], planes: usize, count: usize, part: &str) -> Result<([(bool, &'a [u8]); MOST_PLANES], &'a [u8])> {
    let wrong = |found: String| wrong(part, planes, count, found);
    let mut bodies: [(bool, &[u8]); MOST_PLANES] = [(false, &[]); MOST_PLANES];
    for plane in &mut bodies[..planes] {
        let (head, rest) = packed.split_first_chunk::<HEAD>().ok_or_else(|| wrong("the end of the slice".to_owned()))?;
        let stored = u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize;
        let (body, rest) = rest.split_at_checked(stored).ok_or_else(|| wrong(format!("{} bytes of {stored}", rest.len())))?;
        *plane = match head[0] {
            0 if stored == count => (false, body),
            1 => (true, body),
            kind => return Err(wrong(format!("{stored} bytes of kind {kind}"))),
        };
        packed = rest;
    }
    Ok((bodies, packed))
}

fn wrong(part: &str, planes: usize, count: usize, found: String) -> Error {
    Error::malformed(part, format!("{planes} planes of {count} bytes"), found)
}
