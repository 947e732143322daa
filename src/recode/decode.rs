//! From a recoded stream to the blob.

use super::Base;
use super::encode::prefix;
use super::format::{Header, SLICE, fill, malformed};
use crate::artifact::Digest;
use crate::error::{Error, Result};
use std::io::{Read, Write};
use zstd::zstd_safe::{DCtx, compress_bound};

/// The bases a recoded stream needs, from its first bytes.
pub fn bases(stream: &mut dyn Read) -> Result<Vec<(Digest, u64)>> {
    Ok(Header::read(stream)?.bases)
}

/// Makes the blob again. Fails when the stream is malformed, or is not of these bases.
pub fn decode(stream: &mut dyn Read, size: u64, bases: &[Base<'_>], _threads: usize, out: &mut dyn Write) -> Result<()> {
    let header = Header::read(stream)?;
    if header.size != size || !header.bases.iter().copied().eq(bases.iter().map(|b| (b.digest, b.size))) {
        return Err(malformed());
    }
    for slice in 0..size.div_ceil(SLICE) {
        let mut length = [0; 4];
        fill(stream, &mut length)?;
        let length = u32::from_le_bytes(length) as usize;
        if length > compress_bound(SLICE as usize) {
            return Err(malformed());
        }
        let mut stored = vec![0; length];
        fill(stream, &mut stored)?;
        let mut content = vec![0; (size - slice * SLICE).min(SLICE) as usize];
        let prefix = prefix(slice, bases)?;
        let mut context = DCtx::create();
        context.ref_prefix(&prefix).map_err(|_| malformed())?;
        if context.decompress(&mut content[..], &stored).ok() != Some(content.len()) {
            return Err(malformed());
        }
        out.write_all(&content).map_err(|e| Error::io("a blob cannot be written", &e))?;
    }
    match stream.read(&mut [0]) {
        Ok(0) => Ok(()),
        _ => Err(malformed()),
    }
}
