//! The layout of a recoded stream: a header, then slices.

use super::Base;
use crate::artifact::Digest;
use crate::error::{Error, Result};
use std::io::Read;

/// The first bytes of a stream.
pub(super) const MAGIC: &[u8; 8] = b"ALRECOD0";
/// Length of a slice's content.
pub(super) const SLICE: u64 = 8 << 20;
/// Most bytes of a base that one slice refers to.
pub(super) const REFERENCE: u64 = 16 << 20;
/// Most bases of a stream.
pub(super) const MAX_BASES: usize = 16;

/// What stands in front of the slices.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Length of the blob.
    pub size: u64,
    /// The bases, with their sizes.
    pub bases: Vec<(Digest, u64)>,
}

/// The stretch of a base that a slice refers to.
pub(super) fn reference(slice: u64, base: &Base<'_>) -> (u64, usize) {
    let from = (slice * SLICE).saturating_sub(SLICE / 2).min(base.size);
    (from, REFERENCE.min(base.size - from) as usize)
}

impl Header {
    /// Its bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&self.size.to_le_bytes());
        out.push(self.bases.len() as u8);
        for (digest, size) in &self.bases {
            out.extend_from_slice(digest.as_bytes());
            out.extend_from_slice(&size.to_le_bytes());
        }
        out
    }

    /// Reads it from the beginning of a stream.
    pub fn read(stream: &mut dyn Read) -> Result<Self> {
        let mut start = [0; 17];
        fill(stream, &mut start)?;
        let count = usize::from(start[16]);
        if !start.starts_with(MAGIC) || count > MAX_BASES {
            return Err(malformed());
        }
        let number = |bytes: &[u8]| bytes.iter().rev().fold(0u64, |n, byte| n << 8 | u64::from(*byte));
        let mut bases = Vec::with_capacity(count);
        for _ in 0..count {
            let mut base = [0; 40];
            fill(stream, &mut base)?;
            let mut digest = [0; 32];
            digest.copy_from_slice(&base[..32]);
            bases.push((Digest::from_bytes(digest), number(&base[32..])));
        }
        Ok(Self { size: number(&start[8..16]), bases })
    }
}

/// Reads exactly so many bytes of a stream.
pub(super) fn fill(stream: &mut dyn Read, bytes: &mut [u8]) -> Result<()> {
    stream.read_exact(bytes).map_err(|e| match e.kind() {
        std::io::ErrorKind::UnexpectedEof => malformed(),
        _ => Error::io("a recoded stream cannot be read", &e),
    })
}

/// The error of a stream that no encoder wrote.
pub(super) fn malformed() -> Error {
    Error::verification("the recoded stream is malformed")
}
