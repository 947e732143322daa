//! The header of a recoded stream: what the blob and its bases are made of.

use super::error::{Error, Result};
use super::layout::{Coding, Layout, Stream};
use super::limits::{ALWAYS, GROWTH, LONGEST, LONGEST_CODE, LONGEST_HEADER, MAGIC, MOST_BASES, MOST_ENCODERS, MOST_STREAMS, STREAM};
use super::room::{with_room, zeros};
use super::varint;
use super::zstandard;
use crate::artifact::Digest;
use std::io::{self, Read};

/// Added to the count of inner streams of a zstd frame.
const FRAME: u64 = 1 << 20;
/// Bytes of a stream in a table at least.
const SHORTEST_STREAM: usize = 4;

/// A base as the header has it.
#[derive(Debug, Clone)]
pub struct BaseTable {
    /// What names it.
    pub digest: Digest,
    /// Its streams that are used, and its size.
    pub layout: Layout,
}

/// All that stands before the slices.
#[derive(Debug, Clone)]
pub struct Header {
    /// Codes of the encoders that streams of the blob name by their place here.
    pub encoders: Vec<Vec<u8>>,
    /// The bases.
    pub bases: Vec<BaseTable>,
    /// The streams of the blob, and its size.
    pub blob: Layout,
}

impl Header {
    /// The header as it stands in the stream, from the magic on.
    pub fn write(&self) -> Result<Vec<u8>> {
        let mut plain = Vec::new();
        varint::put(&mut plain, self.blob.size());
        varint::put(&mut plain, self.encoders.len() as u64);
        for code in &self.encoders {
            varint::put(&mut plain, code.len() as u64);
            plain.extend_from_slice(code);
        }
        varint::put(&mut plain, self.bases.len() as u64);
        for base in &self.bases {
            plain.extend_from_slice(base.digest.as_bytes());
            varint::put(&mut plain, base.layout.size());
        }
        self.bases.iter().for_each(|base| put_table(&mut plain, &base.layout));
        put_table(&mut plain, &self.blob);
        plain.extend(self.blob.streams().iter().map(|stream| stream.encoder));
        if plain.len() > LONGEST_HEADER {
            return Err(Error::malformed("header", format!("at most {LONGEST_HEADER} bytes"), plain.len()));
        }
        let stored = zstandard::compressed(&plain, &[], 15)?;
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&(stored.len() as u32).to_le_bytes());
        out.extend_from_slice(&(plain.len() as u32).to_le_bytes());
        out.extend_from_slice(&stored);
        Ok(out)
    }

    fn parse(rest: &mut &[u8]) -> Result<Self> {
        let size = number(rest, LONGEST, "size of the blob")?;
        let mut encoders = Vec::new();
        for _ in 0..number(rest, MOST_ENCODERS as u64, "count of encoders")? {
            let length = number(rest, LONGEST_CODE as u64, "length of an encoder's code")?;
            encoders.push(take(rest, length, "code of an encoder")?.to_vec());
        }
        let mut bases = Vec::new();
        for _ in 0..number(rest, MOST_BASES as u64, "count of bases")? {
            let mut digest = [0; 32];
            digest.copy_from_slice(take(rest, 32, "digest of a base")?);
            bases.push((Digest::from_bytes(digest), number(rest, LONGEST, "size of a base")?));
        }
        let mut left = MOST_STREAMS;
        let mut tables = Vec::new();
        for (index, (digest, size)) in bases.into_iter().enumerate() {
            let part = format!("table of base {index}");
            let layout = Layout::new(size, table(rest, &mut left, &part)?, &part)?;
            let plain = layout.streams().iter().fold(0u64, |sum, stream| sum.saturating_add(stream.plain));
            let most = size.saturating_mul(GROWTH).saturating_add(ALWAYS);
            if plain > most {
                return Err(Error::malformed(part, format!("at most {most} plain bytes"), plain));
            }
            tables.push(BaseTable { digest, layout });
        }
        let mut streams = table(rest, &mut left, "recipe")?;
        let used = take(rest, streams.len() as u64, "encoders of the recipe")?;
        for (stream, encoder) in streams.iter_mut().zip(used) {
            stream.encoder = *encoder;
            if usize::from(*encoder) >= encoders.len() {
                return Err(Error::malformed("recipe", format!("one of {} encoders", encoders.len()), encoder));
            }
        }
        let blob = Layout::new(size, streams, "recipe")?;
        let most = size.saturating_mul(GROWTH).saturating_add(ALWAYS);
        if blob.expanded() > most {
            return Err(Error::malformed("recipe", format!("an expanded stream of at most {most} bytes"), blob.expanded()));
        }
        Ok(Self { encoders, bases: tables, blob })
    }
}

/// What stands before a header.
pub struct Lengths {
    stored: usize,
    plain: usize,
}

impl Lengths {
    /// Reads what stands before a header; the header is next.
    pub fn read(stream: &mut dyn Read) -> Result<Self> {
        let mut start = [0; 16];
        stream.read_exact(&mut start).map_err(cut("header"))?;
        if start[..8] != MAGIC {
            return Err(Error::malformed("header", "ALRECOD1", String::from_utf8_lossy(&start[..8]).escape_default()));
        }
        let length = |at: usize| u32::from_le_bytes([start[at], start[at + 1], start[at + 2], start[at + 3]]) as usize;
        let (stored, plain) = (length(8), length(12));
        if stored.max(plain) > LONGEST_HEADER {
            return Err(Error::malformed("header", format!("at most {LONGEST_HEADER} bytes"), stored.max(plain)));
        }
        Ok(Self { stored, plain })
    }

    /// What the header takes in memory at most, while it is read and then.
    pub fn memory(&self) -> u64 {
        (self.stored + self.plain) as u64 + (self.plain / SHORTEST_STREAM).min(MOST_STREAMS) as u64 * STREAM
    }

    /// The header itself; the slices are next.
    pub fn header(&self, stream: &mut dyn Read) -> Result<Header> {
        let bytes = exactly(stream, self.stored, "header")?;
        let mut plain = zeros(self.plain);
        zstandard::decompress(&bytes, &[], &mut plain, "header")?;
        drop(bytes);
        let mut rest: &[u8] = &plain;
        let header = Header::parse(&mut rest)?;
        if !rest.is_empty() {
            return Err(Error::malformed("header", "its end", format!("{} bytes more", rest.len())));
        }
        Ok(header)
    }
}

/// Column by column, so that what stays from version to version of a blob is a run of the same bytes.
fn put_table(out: &mut Vec<u8>, layout: &Layout) {
    let streams = layout.streams();
    varint::put(out, streams.len() as u64);
    let mut ends = [0u64; 2];
    for (index, stream) in streams.iter().enumerate() {
        let depth = usize::from(layout.parent(index).is_some());
        varint::put(out, stream.offset - ends[depth]);
        ends[depth] = stream.end();
        if depth == 0 {
            ends[1] = 0;
        }
    }
    streams.iter().for_each(|stream| varint::put(out, stream.deflated));
    streams.iter().for_each(|stream| varint::put(out, stream.plain));
    streams.iter().for_each(|stream| varint::put(out, u64::from(stream.inner) | (u64::from(stream.coding == Coding::Zstd) * FRAME)));
}

fn table(rest: &mut &[u8], left: &mut usize, part: &str) -> Result<Vec<Stream>> {
    let count = number(rest, *left as u64, part)? as usize;
    // So that the header bounds what is set aside.
    if rest.len() / SHORTEST_STREAM < count {
        return Err(Error::malformed(part, format!("{count} streams"), format!("{} bytes", rest.len())));
    }
    *left -= count;
    let mut streams = vec![Stream { offset: 0, deflated: 0, plain: 0, inner: 0, encoder: 0, coding: Coding::Deflate }; count];
    for stream in &mut streams {
        stream.offset = number(rest, LONGEST, part)?;
    }
    for stream in &mut streams {
        stream.deflated = number(rest, LONGEST, part)?;
    }
    for stream in &mut streams {
        stream.plain = number(rest, LONGEST, part)?;
    }
    for stream in &mut streams {
        let inner = number(rest, FRAME + MOST_STREAMS as u64, part)?;
        stream.coding = if inner < FRAME { Coding::Deflate } else { Coding::Zstd };
        stream.inner = (inner % FRAME) as u32;
    }
    // From gaps to offsets. Sums of fewer than 2^19 numbers below 2^48 do not overflow twice over.
    let (mut end, mut within, mut left) = (0u64, 0u64, 0u32);
    for stream in &mut streams {
        let before = if left > 0 { &mut within } else { &mut end };
        stream.offset = before.saturating_add(stream.offset);
        *before = stream.offset.saturating_add(stream.deflated);
        if left > 0 {
            left -= 1;
        } else {
            (left, within) = (stream.inner, 0);
        }
    }
    Ok(streams)
}

/// A number of the header that may not be larger than `most`.
fn number(rest: &mut &[u8], most: u64, part: &str) -> Result<u64> {
    let number = varint::get(rest).map_err(cut(part))?;
    if number > most { Err(Error::malformed(part, format!("at most {most}"), number)) } else { Ok(number) }
}

fn take<'a>(rest: &mut &'a [u8], length: u64, part: &str) -> Result<&'a [u8]> {
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let (taken, after) =
        rest.split_at_checked(length).ok_or_else(|| Error::malformed(part, format!("{length} bytes"), format!("{} bytes", rest.len())))?;
    *rest = after;
    Ok(taken)
}

/// Exactly as many bytes of a stream; set aside as they come, so that a length alone takes no memory.
pub fn exactly(stream: &mut dyn Read, length: usize, part: &str) -> Result<Vec<u8>> {
    let mut bytes = with_room(length);
    stream.take(length as u64).read_to_end(&mut bytes).map_err(Error::io(part))?;
    if bytes.len() == length { Ok(bytes) } else { Err(Error::malformed(part, format!("{length} bytes"), format!("{} bytes", bytes.len()))) }
}

/// An end of the stream within a part is a fault of the stream, all else of whoever reads it.
pub fn cut(part: &str) -> impl FnOnce(io::Error) -> Error {
    let part = part.to_owned();
    move |source| match source.kind() {
        io::ErrorKind::UnexpectedEof => Error::malformed(part, "more bytes", "the end of the stream"),
        io::ErrorKind::InvalidData => Error::malformed(part, "a number in LEB128 of at most 64 bits", source),
        _ => Error::Io { part, source },
    }
}
