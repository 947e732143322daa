//! `docs/formats/bundle.md`, "Frame table", version 1: where every frame lies, and what it must hash to. Binary, little endian.

use super::bases::Bases;
use super::recoding::Recoding;
use crate::artifact::{Digest, PIECE};
use crate::error::{Error, Result};
use crate::lock::Lock;
use std::collections::BTreeMap;

const MAGIC: &[u8; 8] = b"ALFRAME1";
const HEADER: usize = 24;
const BLOB_RECORD: usize = 48;
const FRAME_RECORD: usize = 48;
/// Longest frame table, in bytes: 11 million frames, 46 TB.
pub const MAX_TABLE_BYTES: u64 = 512 << 20;

/// How a blob's frames are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As they are.
    Stored,
    /// Each frame as one zstd frame (RFC 8878).
    Zstd,
    /// A recoded stream stands for the blob; its frames are stored as they are.
    Recoded,
}

impl Encoding {
    const ALL: [Self; 3] = [Self::Stored, Self::Zstd, Self::Recoded];

    /// Its number in the table.
    const fn code(self) -> u8 {
        match self {
            Self::Stored => 0,
            Self::Zstd => 1,
            Self::Recoded => 2,
        }
    }
}

/// One frame on a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Volume, from 0.
    pub volume: u16,
    /// Offset of the stored bytes in the volume.
    pub offset: u64,
    /// Length of the stored bytes.
    pub stored: u32,
    /// BLAKE3 of the stored bytes.
    pub blake3: [u8; 32],
}

/// One blob in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobEntry {
    /// Identity.
    pub digest: Digest,
    /// Length of the blob in bytes.
    pub size: u64,
    /// Length of what its frames hold: the blob, or the recoded stream that stands for it.
    pub held: u64,
    /// How its frames are stored.
    pub encoding: Encoding,
    /// Index of its first frame.
    pub first: usize,
    /// Count of its frames.
    pub frames: usize,
}

/// The frame table: blobs in payload order, each with its frames.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FrameTable {
    /// Blobs in payload order.
    pub blobs: Vec<BlobEntry>,
    /// Frames in payload order.
    pub frames: Vec<Frame>,
}

/// Longest stored frame, in bytes.
pub const LONGEST_FRAME: usize = longest(PIECE as u64) as usize;

/// The most bytes a frame may take for so many bytes of content: what zstd adds to those that do not shrink, and a little more.
const fn longest(content: u64) -> u64 {
    content + content / 64 + 1024
}

/// How many frames a blob of that size has; an empty blob has none.
pub fn frame_count(size: u64) -> usize {
    size.div_ceil(PIECE as u64) as usize
}

impl BlobEntry {
    /// Length of the content of its `n`th frame, from 0.
    pub fn content_length(&self, n: usize) -> usize {
        let before = n as u64 * PIECE as u64;
        (self.held - before).min(PIECE as u64) as usize
    }

    /// Whether the blob has to be made again.
    pub fn is_recoded(&self) -> bool {
        self.encoding == Encoding::Recoded
    }
}

impl FrameTable {
    /// The table of a lock before anything is placed: every blob that is not taken for granted once, in the lock's order.
    pub fn plan(lock: &Lock, recoding: &Recoding) -> Self {
        let (mut blobs, mut seen, mut first) = (Vec::new(), std::collections::BTreeSet::new(), 0);
        for blob in lock.artifacts.iter().flat_map(|a| &a.descriptors) {
            if !recoding.bases.granted.contains_key(&blob.digest) && seen.insert(blob.digest) {
                let (encoding, held) = match recoding.streams.get(&blob.digest) {
                    Some(stream) => (Encoding::Recoded, stream.length),
                    None => (Encoding::Stored, blob.size),
                };
                let frames = frame_count(held);
                blobs.push(BlobEntry { digest: blob.digest, size: blob.size, held, encoding, first, frames });
                first += frames;
            }
        }
        Self { blobs, frames: Vec::with_capacity(first) }
    }

    /// Bytes that all frames hold.
    pub fn held(&self) -> u64 {
        self.blobs.iter().map(|blob| blob.held).sum()
    }

    /// Bytes of the streams of recoded blobs, and of those blobs.
    pub fn recoded(&self) -> (u64, u64) {
        let recoded = self.blobs.iter().filter(|blob| blob.is_recoded());
        recoded.fold((0, 0), |(held, size), blob| (held + blob.held, size + blob.size))
    }

    /// Length of the encoded table of so many blobs and frames.
    pub fn encoded_length(blobs: usize, frames: usize) -> u64 {
        (HEADER + blobs * BLOB_RECORD + frames * FRAME_RECORD) as u64
    }

    /// The frames of a blob.
    pub fn frames_of(&self, blob: &BlobEntry) -> &[Frame] {
        &self.frames[blob.first..blob.first + blob.frames]
    }

    /// The encoded table.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(Self::encoded_length(self.blobs.len(), self.frames.len()) as usize);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&(PIECE as u32).to_le_bytes());
        out.extend_from_slice(&(self.blobs.len() as u32).to_le_bytes());
        out.extend_from_slice(&(self.frames.len() as u32).to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        for blob in &self.blobs {
            out.extend_from_slice(blob.digest.as_bytes());
            out.extend_from_slice(&blob.size.to_le_bytes());
            out.extend_from_slice(&[blob.encoding.code(), 0, 0, 0]);
            out.extend_from_slice(&(blob.frames as u32).to_le_bytes());
        }
        for frame in &self.frames {
            out.extend_from_slice(&frame.blake3);
            out.extend_from_slice(&frame.offset.to_le_bytes());
            out.extend_from_slice(&frame.stored.to_le_bytes());
            out.extend_from_slice(&frame.volume.to_le_bytes());
            out.extend_from_slice(&[0; 2]);
        }
        out
    }

    /// Reads a table whose digest has been checked, and refuses one that contradicts itself, the lock or the volumes' lengths.
    pub fn parse(bytes: &[u8], lock: &Lock, volumes: &[u64], bases: &Bases) -> Result<Self> {
        let mut table = decode(bytes).ok_or_else(|| Error::verification("the frame table is malformed"))?;
        table.measure_streams()?;
        table.check_blobs(lock, bases)?;
        table.check_frames(volumes)?;
        Ok(table)
    }

    /// The stream of a recoded blob is as long as its frames are together, and shorter than the blob: what is not is refused before any of
    /// it is read.
    fn measure_streams(&mut self) -> Result<()> {
        for blob in self.blobs.iter_mut().filter(|blob| blob.is_recoded()) {
            let frames = blob.first.checked_add(blob.frames).and_then(|end| self.frames.get(blob.first..end));
            let frames =
                frames.ok_or_else(|| Error::verification(format!("{}: the frame table gives it the wrong frames", blob.digest)))?;
            blob.held = frames.iter().map(|frame| u64::from(frame.stored)).sum();
            if blob.held == 0 || blob.held >= blob.size {
                return Err(Error::verification(format!("{}: what stands for it is not shorter than it is", blob.digest))
                    .with("expected", format!("a stream of fewer than {} bytes", blob.size))
                    .with("found", format!("{} bytes", blob.held)));
            }
        }
        Ok(())
    }

    fn check_blobs(&self, lock: &Lock, bases: &Bases) -> Result<()> {
        let mut wanted: BTreeMap<Digest, u64> = lock.blobs();
        wanted.retain(|digest, _| !bases.granted.contains_key(digest));
        let held: BTreeMap<Digest, u64> = self.blobs.iter().map(|b| (b.digest, b.size)).collect();
        if held.len() != self.blobs.len() || held != wanted {
            return Err(Error::verification(
                "the frame table does not list exactly the blobs of the lock, but for those that are taken for granted",
            )
            .with("expected", format!("{} blobs", wanted.len()))
            .with("found", format!("{} blobs", self.blobs.len())));
        }
        let mut next = 0;
        for blob in &self.blobs {
            if blob.first != next || blob.frames != frame_count(blob.held) {
                return Err(Error::verification(format!("{}: the frame table gives it the wrong frames", blob.digest)));
            }
            next += blob.frames;
        }
        if next == self.frames.len() { Ok(()) } else { Err(Error::verification("the frame table has frames that belong to no blob")) }
    }

    fn check_frames(&self, volumes: &[u64]) -> Result<()> {
        let (mut volume, mut end) = (0, 0);
        for blob in &self.blobs {
            for (n, frame) in self.frames_of(blob).iter().enumerate() {
                let content = blob.content_length(n) as u64;
                let stored = u64::from(frame.stored);
                let plausible = match blob.encoding {
                    Encoding::Stored | Encoding::Recoded => stored == content,
                    Encoding::Zstd => stored > 0 && stored <= longest(content),
                };
                let length = volumes.get(usize::from(frame.volume)).copied().unwrap_or(0);
                let forward = (frame.volume, frame.offset) >= (volume, end) && frame.volume - volume <= 1;
                if !plausible || !forward || frame.offset.checked_add(stored).is_none_or(|e| e > length) {
                    return Err(Error::verification(format!("{}: its frame {} lies where it cannot", blob.digest, n + 1)));
                }
                (volume, end) = (frame.volume, frame.offset + stored);
            }
        }
        Ok(())
    }
}

fn decode(bytes: &[u8]) -> Option<FrameTable> {
    let (head, rest) = bytes.split_at_checked(HEADER)?;
    let number = |at: usize| Some(u32::from_le_bytes(head.get(at..at + 4)?.try_into().ok()?) as usize);
    let (blobs, frames) = (number(12)?, number(16)?);
    let ok = head.starts_with(MAGIC) && number(8)? == PIECE && number(20)? == 0;
    if !ok || rest.len() as u64 != FrameTable::encoded_length(blobs, frames) - HEADER as u64 {
        return None;
    }
    let (blob_records, frame_records) = rest.split_at_checked(blobs.checked_mul(BLOB_RECORD)?)?;
    let mut table = FrameTable { blobs: Vec::with_capacity(blobs), frames: Vec::with_capacity(frames) };
    let mut first = 0usize;
    for record in blob_records.chunks_exact(BLOB_RECORD) {
        let encoding = *Encoding::ALL.iter().find(|e| record[40..44] == [e.code(), 0, 0, 0])?;
        let count = u32::from_le_bytes(record[44..48].try_into().ok()?) as usize;
        let digest = Digest::from_bytes(record[..32].try_into().ok()?);
        let size = u64::from_le_bytes(record[32..40].try_into().ok()?);
        table.blobs.push(BlobEntry { digest, size, held: size, encoding, first, frames: count });
        first = first.checked_add(count)?;
    }
    for record in frame_records.chunks_exact(FRAME_RECORD) {
        if record[46..48] != [0, 0] {
            return None;
        }
        table.frames.push(Frame {
            blake3: record[..32].try_into().ok()?,
            offset: u64::from_le_bytes(record[32..40].try_into().ok()?),
            stored: u32::from_le_bytes(record[40..44].try_into().ok()?),
            volume: u16::from_le_bytes(record[44..46].try_into().ok()?),
        });
    }
    Some(table)
}

#[cfg(test)]
mod tests {
    use super::{Digest, FrameTable, decode};

    /// The table of one recoded blob, whose frames have these lengths.
    fn table(size: u64, stored: &[u32]) -> Vec<u8> {
        let head = [4 << 20, 1, stored.len() as u32, 0].map(u32::to_le_bytes).concat();
        let mut bytes = [b"ALFRAME1", &head[..], &[7; 32], &size.to_le_bytes(), &2u32.to_le_bytes()].concat();
        bytes.extend_from_slice(&(stored.len() as u32).to_le_bytes());
        for length in stored {
            bytes.extend([&[9; 32][..], &0u64.to_le_bytes(), &length.to_le_bytes(), &[0; 4]].concat());
        }
        bytes
    }

    #[test]
    fn a_stream_that_is_not_shorter_than_its_blob_is_refused_by_name() {
        let measured = |size: u64, stored: &[u32]| -> crate::error::Result<FrameTable> {
            let mut table = decode(&table(size, stored)).expect("a table");
            table.measure_streams().map(|()| table)
        };
        assert_eq!(measured(1000, &[600, 399]).expect("shorter").blobs[0].held, 999);
        for (size, stored) in [(1000, &[600, 400][..]), (1000, &[600, 4_000_000][..]), (1000, &[][..]), (0, &[1][..])] {
            let error = measured(size, stored).expect_err("not shorter");
            assert!(error.message().contains(&Digest::from_bytes([7; 32]).to_string()), "{error:?}");
        }
    }
}
