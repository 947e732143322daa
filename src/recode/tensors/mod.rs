//! Where the tensors of a file lie and what numbers they hold: headers of safetensors and GGUF. What is here only chooses how
//! slices are compressed; a header that lies costs bytes, never correctness.

mod gguf;
mod safetensors;

use super::source::Part;

/// Most tensors that are looked at.
const MOST: usize = 1 << 17;
/// Longest header of either form that is read.
const LONGEST_HEADER: u64 = 16 << 20;
/// Shorter stretches are compressed with what is beside them.
const SHORTEST: u64 = 256 << 10;

/// Numbers with a floating point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbers {
    /// Bytes of one.
    pub width: u8,
    /// Whether sign and exponent together do not end at a byte: the sign is moved away.
    pub rotated: bool,
}

impl Numbers {
    const BRAIN: Self = Self { width: 2, rotated: true };
    const HALF: Self = Self { width: 2, rotated: false };
    const SINGLE: Self = Self { width: 4, rotated: true };
    const DOUBLE: Self = Self { width: 8, rotated: false };
}

/// A stretch of a file that holds numbers of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// Where it begins.
    pub start: u64,
    /// Where it ends.
    pub end: u64,
    /// What it holds.
    pub numbers: Numbers,
}

/// The regions of a file, in order and without overlap; none where it is of no known form.
pub fn regions(file: Part<'_>) -> Vec<Region> {
    let mut found = match file.array::<4>(0) {
        Ok(Some(magic)) if magic == *b"GGUF" => gguf::read(file).unwrap_or_default(),
        _ => safetensors::read(file).unwrap_or_default(),
    };
    found.retain(|region| region.start < region.end && region.end <= file.length());
    found.sort_unstable_by_key(|region| region.start);
    let mut joined: Vec<Region> = Vec::new();
    for region in found {
        match joined.last_mut() {
            Some(last) if region.start < last.end => {}
            // Padding between tensors of one kind, in step with its elements, disturbs nothing.
            Some(last) if goes_on(*last, region) => last.end = region.end,
            _ => joined.push(region),
        }
    }
    joined.retain(|region| region.end - region.start >= SHORTEST);
    joined
}

fn goes_on(last: Region, next: Region) -> bool {
    let gap = next.start - last.end;
    last.numbers == next.numbers && gap < 4096 && (next.start - last.start).is_multiple_of(u64::from(last.numbers.width))
}
