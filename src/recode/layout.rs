//! Where the deflate streams and zstd frames of a blob lie, and where their plain bytes lie in its expanded stream.

use super::error::{Error, Result};
use super::limits::{LONGEST, MOST_FRAMES, RATIO};

/// How a stream is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// DEFLATE (RFC 1951).
    Deflate,
    /// One frame of zstd (RFC 8878).
    Zstd,
}

/// A compressed stream of a blob, or of the plain bytes of another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    /// Where it begins: in the blob, or in the plain bytes of the stream that it lies in.
    pub offset: u64,
    /// Its length.
    pub deflated: u64,
    /// Length of its plain bytes.
    pub plain: u64,
    /// How many of the streams behind it in the table lie within its plain bytes.
    pub inner: u32,
    /// Which encoder of the header makes it again; 0 in the table of a base.
    pub encoder: u8,
    /// How it is compressed. Frames of zstd are no inner streams.
    pub coding: Coding,
}

impl Stream {
    /// Where it ends.
    pub fn end(&self) -> u64 {
        self.offset + self.deflated
    }
}

/// What a place of the expanded stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Bytes of the blob as they are, from this offset on.
    Raw(u64),
    /// Plain bytes of a stream of the table, from this offset on.
    Plain(usize, u64),
}

/// The streams of a blob with where their plain bytes begin and end in the expanded stream.
#[derive(Debug, Clone)]
pub struct Layout {
    streams: Vec<Stream>,
    /// Where each begins and ends in the expanded stream.
    spans: Vec<(u64, u64)>,
    /// The stream that each lies in; itself for those of the blob.
    parents: Vec<u32>,
    expanded: u64,
    size: u64,
}

impl Layout {
    /// Checks a table: in order, without overlap, inside of what they lie in, nested once.
    pub fn new(size: u64, streams: Vec<Stream>, part: &str) -> Result<Self> {
        let mut layout = Self {
            spans: Vec::with_capacity(streams.len()),
            parents: Vec::with_capacity(streams.len()),
            expanded: 0,
            size,
            streams: Vec::new(),
        };
        let (mut at, mut before, mut index) = (0u64, 0u64, 0usize);
        while let Some(outer) = streams.get(index) {
            at += fits(outer, before, size).ok_or_else(|| misplaced(part, index, outer, size))?;
            before = outer.end();
            let inner = outer.inner as usize;
            let within = streams.get(index + 1..index + 1 + inner);
            let within = within.ok_or_else(|| Error::malformed(part, format!("{inner} streams within stream {index}"), streams.len()))?;
            let start = at;
            layout.spans.push((start, start));
            layout.parents.push(index as u32);
            let mut end = 0u64;
            for (number, stream) in within.iter().enumerate() {
                let number = index + 1 + number;
                let gap = fits(stream, end, outer.plain).filter(|_| stream.inner == 0 && stream.coding == Coding::Deflate);
                at += gap.ok_or_else(|| misplaced(part, number, stream, outer.plain))?;
                end = stream.end();
                layout.spans.push((at, at + stream.plain));
                layout.parents.push(index as u32);
                at += stream.plain;
            }
            at += outer.plain - end;
            layout.spans[index].1 = at;
            if at > LONGEST {
                return Err(Error::malformed(part, format!("an expanded stream of at most {LONGEST} bytes"), at));
            }
            index += 1 + inner;
        }
        layout.expanded = at + (size - before);
        layout.streams = streams;
        match layout.frames() {
            0..=MOST_FRAMES => Ok(layout),
            frames => Err(Error::malformed(part, format!("at most {MOST_FRAMES} zstd frames"), frames)),
        }
    }

    /// How many frames of zstd there are.
    pub fn frames(&self) -> usize {
        self.streams.iter().filter(|stream| stream.coding == Coding::Zstd).count()
    }

    /// Plain bytes of all DEFLATE streams, those within others as well.
    pub fn inflated(&self) -> u64 {
        let deflated = self.streams.iter().filter(|stream| stream.coding == Coding::Deflate);
        deflated.fold(0, |sum, stream| sum.saturating_add(stream.plain))
    }

    /// The streams, each followed by those within it.
    pub fn streams(&self) -> &[Stream] {
        &self.streams
    }

    /// Where a stream's plain bytes begin and end in the expanded stream.
    pub fn span(&self, stream: usize) -> (u64, u64) {
        self.spans[stream]
    }

    /// The stream that this one lies in, if it lies in one.
    pub fn parent(&self, stream: usize) -> Option<usize> {
        Some(self.parents[stream] as usize).filter(|parent| *parent != stream)
    }

    /// Length of the blob.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Length of the expanded stream.
    pub fn expanded(&self) -> u64 {
        self.expanded
    }

    /// What lies at a place of the expanded stream, and up to where it goes on.
    pub fn place(&self, at: u64) -> (Place, u64) {
        let after = self.spans.partition_point(|span| span.0 <= at);
        let next = self.spans.get(after).map_or(self.expanded, |span| span.0);
        let Some(last) = after.checked_sub(1) else {
            return (Place::Raw(at), next);
        };
        if at < self.spans[last].1 {
            // Of an outer stream, what lies before the first one within it.
            return (Place::Plain(last, at - self.spans[last].0), next.min(self.spans[last].1));
        }
        let parent = self.parents[last] as usize;
        if parent != last && at < self.spans[parent].1 {
            let offset = self.streams[last].end() + (at - self.spans[last].1);
            return (Place::Plain(parent, offset), next.min(self.spans[parent].1));
        }
        (Place::Raw(self.streams[parent].end() + (at - self.spans[parent].1)), next)
    }

    /// Where bytes of the blob that are no part of a stream stand in the expanded stream.
    pub fn of_blob(&self, offset: u64) -> Option<u64> {
        let outer = |index: usize| self.parents[index] as usize;
        // Inner streams have offsets of their own; their outer one stands for them.
        let after = partition(self.streams.len(), |index| self.streams[outer(index)].offset <= offset);
        let Some(last) = after.checked_sub(1).map(outer) else { return Some(offset) };
        let behind = offset.checked_sub(self.streams[last].end())?;
        Some(self.spans[last].1 + behind)
    }

    /// Where plain bytes of a stream that are no part of one within it stand in the expanded stream.
    pub fn of_plain(&self, stream: usize, offset: u64) -> Option<u64> {
        let inner = &self.streams[stream + 1..stream + 1 + self.streams[stream].inner as usize];
        let Some(last) = inner.partition_point(|inner| inner.offset <= offset).checked_sub(1) else {
            return Some(self.spans[stream].0 + offset);
        };
        let behind = offset.checked_sub(inner[last].end())?;
        Some(self.spans[stream + 1 + last].1 + behind)
    }

    /// The layout with only some of the streams: the others stay as they are in the blob. An inner stream needs its outer one.
    pub fn only(&self, keep: &[bool]) -> Result<Self> {
        let mut kept: Vec<Stream> = Vec::new();
        let mut outer = None;
        for (index, stream) in self.streams.iter().enumerate().filter(|(index, _)| keep[*index]) {
            match (self.parent(index), outer) {
                (None, _) => outer = Some(kept.len()),
                (Some(_), Some(outer)) => {
                    let outer: &mut Stream = &mut kept[outer];
                    outer.inner += 1;
                }
                (Some(_), None) => continue,
            }
            kept.push(Stream { inner: 0, ..*stream });
        }
        Self::new(self.size, kept, "the table of a base")
    }
}

/// The first index for which something does not hold, where it holds for all before.
fn partition(length: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, length);
    while low < high {
        let middle = low.midpoint(high);
        if holds(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

/// How many bytes lie between a stream and what is before it; None where it cannot lie there.
fn fits(stream: &Stream, before: u64, size: u64) -> Option<u64> {
    let gap = stream.offset.checked_sub(before)?;
    let end = stream.offset.checked_add(stream.deflated)?;
    let grows = stream.plain <= stream.deflated.saturating_mul(RATIO).saturating_add(RATIO);
    (stream.deflated > 0 && end <= size && grows).then_some(gap)
}

fn misplaced(part: &str, index: usize, stream: &Stream, size: u64) -> Error {
    let found =
        format!("{} bytes at {} for {} plain ones, with {} streams within", stream.deflated, stream.offset, stream.plain, stream.inner);
    Error::malformed(part, format!("stream {index} behind the one before it, within {size} bytes, nested once"), found)
}
