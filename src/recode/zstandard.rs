//! One zstd frame with the bytes it may refer to before it.

use super::error::{Error, Result};
use super::room::fit;
use zstd::zstd_safe::{self, CCtx, CParameter, DCtx, get_error_name};

/// Compresses into one frame, which is all that is in `out` then; `before` is what the decoder has at hand.
pub fn compress(bytes: &[u8], before: &[u8], level: i32, out: &mut Vec<u8>) -> Result<()> {
    // A new one each time: with some levels what comes out of one that was used depends on what for.
    let mut context = CCtx::create();
    let mut set = |parameter| context.set_parameter(parameter).map_err(failed);
    set(CParameter::CompressionLevel(level))?;
    if !before.is_empty() {
        // One window over both; tables that hold all of what is referred to, or zstd indexes only its end.
        let window = (before.len() + bytes.len()).next_power_of_two().trailing_zeros().clamp(17, 27);
        set(CParameter::WindowLog(window))?;
        set(CParameter::HashLog(window.min(22) - 1))?;
        set(CParameter::ChainLog(window.min(22) - 1))?;
        set(CParameter::EnableLongDistanceMatching(true))?;
    }
    if !before.is_empty() {
        context.ref_prefix(before).map_err(failed)?;
    }
    into(&mut context, bytes, out)
}

/// The same in a new buffer.
pub fn compressed(bytes: &[u8], before: &[u8], level: i32) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    compress(bytes, before, level, &mut out)?;
    Ok(out)
}

fn into(context: &mut CCtx<'_>, bytes: &[u8], out: &mut Vec<u8>) -> Result<()> {
    fit(out, zstd_safe::compress_bound(bytes.len()));
    let made = context.compress2(&mut out[..], bytes).map_err(failed)?;
    out.truncate(made);
    Ok(())
}

/// Compresses bytes that hardly repeat but are not evenly spread: next to no time is spent on looking for matches, which would
/// only get into the way of the entropy coder. Smaller and three times as fast as any level on exponents. One is used again and again: the
/// match finder of this level makes the same of the same bytes, whatever came before.
pub struct Entropy(CCtx<'static>);

impl Default for Entropy {
    fn default() -> Self {
        Self(CCtx::create())
    }
}

impl Entropy {
    /// Compresses into one frame, which is all that is in `out` then.
    pub fn compress(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<()> {
        self.0.set_parameter(CParameter::CompressionLevel(1)).map_err(failed)?;
        self.0.set_parameter(CParameter::HashLog(6)).map_err(failed)?;
        into(&mut self.0, bytes, out)
    }
}

fn failed(code: usize) -> Error {
    Error::malformed("compressing", "a zstd frame", get_error_name(code))
}

/// Decompresses exactly one frame of exactly as many bytes as `to` has. It is decoded into place: its window takes no memory.
pub fn decompress(frame: &[u8], before: &[u8], to: &mut [u8], part: &str) -> Result<()> {
    let mut context = DCtx::create();
    context.ref_prefix(before).map_err(|code| wrong(part, to.len(), get_error_name(code)))?;
    decompress_by(&mut context, frame, to, part)
}

/// The same by a decoder that may have been used before.
pub fn decompress_by(context: &mut DCtx<'_>, frame: &[u8], to: &mut [u8], part: &str) -> Result<()> {
    let length = to.len();
    let wrong = |found: &str| wrong(part, length, found);
    if !frame.starts_with(&[0x28, 0xB5, 0x2F, 0xFD]) {
        return Err(wrong("no such frame"));
    }
    let stored = zstd_safe::find_frame_compressed_size(frame).map_err(|code| wrong(get_error_name(code)))?;
    if stored != frame.len() {
        return Err(wrong(&format!("{} bytes behind the frame", frame.len() - stored)));
    }
    let said = zstd_safe::get_frame_content_size(frame).ok().flatten();
    if said != Some(length as u64) {
        return Err(wrong(&format!("a frame that says {said:?}")));
    }
    let made = context.decompress(to, frame).map_err(|code| wrong(get_error_name(code)))?;
    if made == length { Ok(()) } else { Err(wrong(&format!("{made} bytes"))) }
}

fn wrong(part: &str, length: usize, found: &str) -> Error {
    Error::malformed(part, format!("one zstd frame of {length} bytes"), found)
}
