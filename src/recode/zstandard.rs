//! One zstd frame with the bytes it may refer to before it.

use super::error::{Error, Result};
use super::room::with_room;
use zstd::zstd_safe::{self, CCtx, CParameter, DCtx, ResetDirective};

/// Compresses into one frame; `before` is what the decoder has at hand.
pub fn compress(bytes: &[u8], before: &[u8], level: i32) -> Result<Vec<u8>> {
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
    let mut out = with_room(zstd_safe::compress_bound(bytes.len()));
    context.compress2(&mut out, bytes).map_err(failed)?;
    context.reset(ResetDirective::SessionAndParameters).map_err(failed)?;
    Ok(out)
}

/// Compresses bytes that hardly repeat but are not evenly spread: next to no time is spent on looking for matches, which would
/// only get into the way of the entropy coder. Smaller and three times as fast as any level on exponents.
pub fn entropy(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut context = CCtx::create();
    context.set_parameter(CParameter::CompressionLevel(1)).map_err(failed)?;
    context.set_parameter(CParameter::HashLog(6)).map_err(failed)?;
    let mut out = with_room(zstd_safe::compress_bound(bytes.len()));
    context.compress2(&mut out, bytes).map_err(failed)?;
    Ok(out)
}

fn failed(code: usize) -> Error {
    Error::malformed("compressing", "a zstd frame", zstd_safe::get_error_name(code))
}

/// Decompresses exactly one frame of exactly `length` bytes. The frame is decoded into place: its window takes no memory.
pub fn decompress(frame: &[u8], before: &[u8], length: usize, part: &str) -> Result<Vec<u8>> {
    let wrong = |found: String| Error::malformed(part, format!("one zstd frame of {length} bytes"), found);
    if !frame.starts_with(&[0x28, 0xB5, 0x2F, 0xFD]) {
        return Err(wrong("no such frame".to_owned()));
    }
    let stored = zstd_safe::find_frame_compressed_size(frame).map_err(|code| wrong(zstd_safe::get_error_name(code).to_owned()))?;
    if stored != frame.len() {
        return Err(wrong(format!("{} bytes behind the frame", frame.len() - stored)));
    }
    let said = zstd_safe::get_frame_content_size(frame).ok().flatten();
    if said != Some(length as u64) {
        return Err(wrong(format!("a frame that says {said:?}")));
    }
    let mut context = DCtx::create();
    context.ref_prefix(before).map_err(|code| wrong(zstd_safe::get_error_name(code).to_owned()))?;
    let mut out = with_room(length);
    let made = context.decompress(&mut out, frame).map_err(|code| wrong(zstd_safe::get_error_name(code).to_owned()))?;
    if made == length { Ok(out) } else { Err(wrong(format!("{made} bytes"))) }
}
