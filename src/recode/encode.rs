//! From a blob to a recoded stream.

use super::decode::decode;
use super::format::{Header, MAX_BASES, SLICE, reference};
use super::{Base, Effort, Recoded};
use crate::error::{Error, Result};
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use zstd::zstd_safe::{CCtx, CParameter, compress_bound};

/// Encodes a blob; `None` where no smaller stream than `bound` bytes comes out. What was written was decoded and compared before.
pub fn encode(
    blob: &File,
    size: u64,
    bases: &[Base<'_>],
    effort: &Effort,
    bound: u64,
    _scratch: &dyn Fn() -> io::Result<File>,
    out: &mut File,
) -> Result<Option<Recoded>> {
    let bases = &bases[..bases.len().min(MAX_BASES)];
    let wrong = |e: &io::Error| Error::io("a recoded stream cannot be written", e);
    let header = Header { size, bases: bases.iter().map(|b| (b.digest, b.size)).collect() };
    let start = out.stream_position().map_err(|e| wrong(&e))?;
    let mut length = out.write(&header.to_bytes()).map_err(|e| wrong(&e))? as u64;
    for slice in 0..size.div_ceil(SLICE) {
        let mut content = vec![0; (size - slice * SLICE).min(SLICE) as usize];
        blob.read_exact_at(&mut content, slice * SLICE).map_err(|e| Error::io("a blob cannot be read", &e))?;
        let stored = compressed(&content, slice, bases, effort.level)?;
        length += stored.len() as u64 + 4;
        if length >= bound {
            return Ok(None);
        }
        let written = out.write_all(&(stored.len() as u32).to_le_bytes()).and_then(|()| out.write_all(&stored));
        written.map_err(|e| wrong(&e))?;
    }
    out.seek(SeekFrom::Start(start)).map_err(|e| wrong(&e))?;
    let mut same = Same { blob, at: 0 };
    decode(out, size, bases, effort.threads, &mut same)?;
    if length >= bound { Ok(None) } else { Ok(Some(Recoded { length, bases: header.bases })) }
}

fn compressed(content: &[u8], slice: u64, bases: &[Base<'_>], level: i32) -> Result<Vec<u8>> {
    let prefix = prefix(slice, bases)?;
    let failed = |_| Error::failed("zstd cannot compress");
    let mut context = CCtx::create();
    for parameter in [CParameter::CompressionLevel(level), CParameter::WindowLog(25), CParameter::EnableLongDistanceMatching(true)] {
        context.set_parameter(parameter).map_err(failed)?;
    }
    context.ref_prefix(&prefix).map_err(failed)?;
    let mut out = Vec::with_capacity(compress_bound(content.len()));
    context.compress2(&mut out, content).map_err(failed)?;
    Ok(out)
}

/// What a slice refers to.
pub(super) fn prefix(slice: u64, bases: &[Base<'_>]) -> Result<Vec<u8>> {
    let Some(base) = bases.first() else { return Ok(vec![]) };
    let (from, length) = reference(slice, base);
    let mut bytes = vec![0; length];
    base.file.read_exact_at(&mut bytes, from).map_err(|e| Error::io(format!("{} cannot be read", base.digest), &e))?;
    Ok(bytes)
}

/// Compares what is written to it with a blob.
struct Same<'a> {
    blob: &'a File,
    at: u64,
}

impl Write for Same<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut expected = vec![0; bytes.len()];
        self.blob.read_exact_at(&mut expected, self.at)?;
        self.at += bytes.len() as u64;
        if expected == bytes { Ok(bytes.len()) } else { Err(io::Error::other("what was encoded does not come out again")) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
