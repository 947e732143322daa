//! Finds the deflate streams and zstd frames of a blob by its containers: zip, gzip, zstd, tar, and those within one another as they are.
//!
//! Nothing here is trusted later: a stream counts only where it inflates to exactly what its container says. What cannot be walked
//! has no streams, and is sent as it is.

mod gzip;
mod sketch;
mod tar;
mod zip;
mod zstd;

use super::layout::Coding;
use super::limits::MOST_FRAMES;
use super::source::Part;
use std::io;

pub use sketch::{Sketch, sketch};

/// Containers within containers that are looked into, not counting deflate streams.
const DEEPEST: u32 = 4;
/// Most members of one container, and most streams of a blob.
const MOST_MEMBERS: usize = 1 << 18;
/// Shorter streams are not worth their line in the table, shorter members no look.
const SHORTEST: u64 = 64;

/// A compressed stream, as its container has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Where it begins.
    pub offset: u64,
    /// Its length.
    pub deflated: u64,
    /// Length of its plain bytes.
    pub plain: u64,
    /// How it is compressed.
    pub coding: Coding,
}

/// What a blob holds that is of use here.
#[derive(Debug, Default)]
pub struct Found {
    /// Streams in order, without overlap.
    pub streams: Vec<Candidate>,
    /// Where files begin that look like those of tensors, and their length.
    pub tensors: Vec<(u64, u64)>,
    /// How many zstd frames there may still be.
    frames: usize,
}

/// Looks through all of a blob; places are those within it. Fails only where it cannot be read.
pub fn walk(blob: Part<'_>) -> io::Result<Found> {
    walked(blob, Found { frames: MOST_FRAMES, ..Found::default() })
}

/// Looks through the plain bytes of a stream, where frames of zstd are bytes like others.
pub fn walk_plain(plain: Part<'_>) -> io::Result<Found> {
    walked(plain, Found::default())
}

fn walked(source: Part<'_>, mut found: Found) -> io::Result<Found> {
    look(source, 0, &mut found)?;
    found.streams.iter_mut().for_each(|stream| stream.offset -= source.start());
    found.tensors.iter_mut().for_each(|file| file.0 -= source.start());
    found.streams.sort_unstable_by_key(|stream| stream.offset);
    let mut end = 0;
    found.streams.retain(|stream| {
        let behind = stream.offset.checked_add(stream.deflated).filter(|behind| *behind <= source.length());
        let fits = behind.filter(|_| stream.offset >= end && stream.deflated >= SHORTEST);
        end = fits.unwrap_or(end);
        fits.is_some()
    });
    found.tensors.sort_unstable();
    Ok(found)
}

/// Looks at what begins here. Places are those of what the outermost part is a part of.
fn look(part: Part<'_>, depth: u32, found: &mut Found) -> io::Result<()> {
    if depth > DEEPEST || part.length() < SHORTEST || found.streams.len() >= MOST_MEMBERS {
        return Ok(());
    }
    let head = part.some(0, 512)?;
    if head.starts_with(&gzip::MAGIC) {
        return gzip::walk(part, found);
    }
    if head.starts_with(&zip::LOCAL) || head.starts_with(&zip::END) {
        return zip::walk(part, depth, found);
    }
    if found.frames > 0 && zstd::begins(&head) {
        return zstd::walk(part, found);
    }
    if tar::begins(&head) {
        return tar::walk(part, depth, found);
    }
    let braced = head.get(8) == Some(&b'{') && head.get(4..8) == Some(&[0; 4]);
    if (braced || head.starts_with(b"GGUF")) && found.tensors.len() < MOST_MEMBERS {
        found.tensors.push((part.start(), part.length()));
    }
    Ok(())
}
