//! Slices: stretches of the expanded stream, each with what it refers to and its own way of compression.

use super::error::{Error, Result};
use super::format::cut;
use super::limits::{MOST_REFERENCES, SLICE, longest_references, longest_stored};
use super::planes::{Filter, Unpacking};
use super::room::{For, Spare, fit};
use super::similar::Stretch;
use super::{varint, zstandard};
use std::io::Read;

/// A slice as it stands in the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// How it is compressed.
    pub method: Method,
    /// Its length in the expanded stream.
    pub length: usize,
    /// What it refers to, one behind the other.
    pub references: Vec<Stretch>,
    /// Its bytes as they stand in the stream.
    pub stored: Vec<u8>,
}

/// How a slice is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Not at all.
    Stored,
    /// One zstd frame, against what it refers to.
    Zstd,
    /// One zstd frame, against what comes before the slice in the expanded stream and then what it refers to.
    Following,
    /// Byte planes.
    Planes(Filter),
}

impl Method {
    fn code(self) -> u8 {
        match self {
            Self::Stored => 0,
            Self::Zstd => 1,
            Self::Following => 2,
            Self::Planes(filter) => filter.code(),
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Stored),
            1 => Some(Self::Zstd),
            2 => Some(Self::Following),
            code => Filter::from_code(code).map(Self::Planes),
        }
    }
}

impl Slice {
    /// What stands before the bytes of the slice, of which there are `stored`.
    pub fn head(&self, stored: usize) -> Vec<u8> {
        let mut out = vec![self.method.code()];
        varint::put(&mut out, self.length as u64);
        varint::put(&mut out, self.references.len() as u64);
        for stretch in &self.references {
            varint::put(&mut out, stretch.base as u64);
            varint::put(&mut out, stretch.offset);
            varint::put(&mut out, stretch.length);
        }
        out.extend_from_slice(&(stored as u32).to_le_bytes());
        out
    }

    /// How many bytes of bases it refers to.
    pub fn referred(&self) -> usize {
        self.references.iter().map(|stretch| stretch.length as usize).sum()
    }

    /// How many bytes it needs besides, as [`Self::decode`] takes them, where so many come before it.
    pub fn beside(&self, before: usize) -> usize {
        match self.method {
            Method::Stored => 0,
            Method::Zstd => self.referred(),
            Method::Following => before + self.referred(),
            Method::Planes(_) => self.length,
        }
    }

    /// Reads the next slice; `left` bytes of the expanded stream are still to come, `bases` has the lengths of those of the bases.
    pub fn read(stream: &mut dyn Read, part: &str, left: u64, bases: &[u64], spare: &mut Spare) -> Result<Self> {
        let mut code = [0];
        stream.read_exact(&mut code).map_err(cut(part))?;
        let method = Method::from_code(code[0]).ok_or_else(|| Error::malformed(part, "a method", format!("{:#04x}", code[0])))?;
        let mut number = || varint::get(stream).map_err(cut(part));
        let length = number()?;
        if length == 0 || length > left.min(SLICE as u64) {
            return Err(Error::malformed(part, format!("1 to {} bytes", left.min(SLICE as u64)), length));
        }
        let length = length as usize;
        let count = number()?;
        let most = if matches!(method, Method::Zstd | Method::Following) { MOST_REFERENCES as u64 } else { 0 };
        if count > most {
            return Err(Error::malformed(part, format!("at most {most} references"), count));
        }
        let (mut references, mut sum) = (Vec::with_capacity(count as usize), 0u64);
        for _ in 0..count {
            let stretch = Stretch { base: number()?.try_into().unwrap_or(usize::MAX), offset: number()?, length: number()? };
            let end = stretch.offset.checked_add(stretch.length).filter(|_| stretch.length > 0);
            let inside = bases.get(stretch.base).is_some_and(|size| end.is_some_and(|end| end <= *size));
            sum = sum.saturating_add(stretch.length);
            if !inside || sum > longest_references(length) as u64 {
                let expected = format!("stretches within {} bases, at most {} bytes in all", bases.len(), longest_references(length));
                let found = format!("{} bytes at {} of base {}", stretch.length, stretch.offset, stretch.base);
                return Err(Error::malformed(part, expected, found));
            }
            references.push(stretch);
        }
        let mut stored = [0; 4];
        stream.read_exact(&mut stored).map_err(cut(part))?;
        let stored = u32::from_le_bytes(stored) as usize;
        if stored > longest_stored(length) || method == Method::Stored && stored != length {
            return Err(Error::malformed(part, format!("at most {length} bytes"), stored));
        }
        let mut bytes = spare.any(For::Stored);
        fit(&mut bytes, stored);
        stream.read_exact(&mut bytes).map_err(cut(part))?;
        Ok(Self { method, length, references, stored: bytes })
    }

    /// Makes its bytes of the expanded stream in `out`. `before` has for [`Method::Following`] what comes before it, then what it refers to; of
    /// planes some are decompressed there.
    pub fn decode(&mut self, before: &mut Vec<u8>, out: &mut Vec<u8>, planes: &mut Unpacking, part: &str) -> Result<()> {
        if self.method == Method::Stored {
            std::mem::swap(out, &mut self.stored);
            return Ok(());
        }
        fit(out, self.length);
        match self.method {
            Method::Planes(filter) => planes.unpack(&self.stored, filter, before, out, part),
            _ => zstandard::decompress(&self.stored, before, out, part),
        }
    }
}
