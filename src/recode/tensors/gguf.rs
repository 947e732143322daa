//! GGUF: counts, settings with types, tensors with offsets, padding, bytes.

use super::{LONGEST_HEADER, MOST, Numbers, Region};
use crate::recode::source::{Forward, Part};
use std::io::{BufReader, Read};

const STRING: u32 = 8;
const ARRAY: u32 = 9;
/// Deepest arrays within arrays.
const DEEPEST: u32 = 4;
/// Most settings.
const MOST_SETTINGS: u64 = 1 << 16;

/// Reads numbers one after another, never beyond the longest header.
struct Reader<'a> {
    inner: BufReader<Forward<'a>>,
    at: u64,
}

impl Reader<'_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.inner.read_exact(&mut bytes).ok()?;
        self.advance(N as u64)?;
        Some(bytes)
    }

    fn advance(&mut self, by: u64) -> Option<()> {
        self.at = self.at.checked_add(by).filter(|at| *at <= LONGEST_HEADER)?;
        Some(())
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn bytes(&mut self, length: u64) -> Option<Vec<u8>> {
        self.advance(length)?;
        let mut bytes = vec![0; length as usize];
        self.inner.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }
}

pub(super) fn read(file: Part<'_>) -> Option<Vec<Region>> {
    let length = file.length().min(LONGEST_HEADER);
    let mut reader = Reader { inner: BufReader::new(Forward::new(file.part(0, length)?)), at: 0 };
    reader.array::<4>()?;
    matches!(reader.u32()?, 2 | 3).then_some(())?;
    let (tensors, settings) = (reader.u64()?, reader.u64()?);
    (tensors <= MOST as u64 && settings <= MOST_SETTINGS).then_some(())?;
    let mut alignment = 32;
    for _ in 0..settings {
        let (length, mut name) = (reader.u64()?, Vec::new());
        name.extend(reader.bytes(length)?);
        match (name.as_slice(), reader.u32()?) {
            (b"general.alignment", 4) => alignment = u64::from(reader.u32()?),
            (_, kind) => value(&mut reader, kind, 0)?,
        }
    }
    let found: Vec<_> = (0..tensors).map(|_| tensor(&mut reader)).collect::<Option<_>>()?;
    let start = reader.at.checked_next_multiple_of(alignment.max(1))?;
    let place = |(offset, length, numbers): (u64, u64, Numbers)| {
        let start = start.checked_add(offset)?;
        Some(Region { start, end: start.checked_add(length)?, numbers })
    };
    Some(found.into_iter().filter_map(place).collect())
}

/// Passes over a setting.
fn value(reader: &mut Reader<'_>, kind: u32, depth: u32) -> Option<()> {
    let width = match kind {
        0 | 1 | 7 => 1,
        2 | 3 => 2,
        4..=6 => 4,
        10..=12 => 8,
        STRING => reader.u64()?,
        ARRAY if depth < DEEPEST => {
            let (kind, count) = (reader.u32()?, reader.u64()?);
            // Each element has a byte at least, and the header an end.
            return (0..count).try_for_each(|_| value(reader, kind, depth + 1));
        }
        _ => return None,
    };
    reader.bytes(width).map(|_| ())
}

/// Where a tensor lies behind the header, how long it is and what it holds; of no length where that is no plain kind of number.
fn tensor(reader: &mut Reader<'_>) -> Option<(u64, u64, Numbers)> {
    let length = reader.u64()?;
    reader.bytes(length)?;
    let dimensions = reader.u32().filter(|dimensions| *dimensions <= 8)?;
    let elements = (0..dimensions).try_fold(1u64, |elements, _| elements.checked_mul(reader.u64()?))?;
    let (kind, offset) = (reader.u32()?, reader.u64()?);
    let numbers = match kind {
        0 => Numbers::SINGLE,
        1 => Numbers::HALF,
        28 => Numbers::DOUBLE,
        30 => Numbers::BRAIN,
        _ => return Some((offset, 0, Numbers::SINGLE)),
    };
    Some((offset, elements.checked_mul(u64::from(numbers.width))?, numbers))
}
