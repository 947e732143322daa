//! A large file seen as the hub's chunk store would hold it: chunks of 128 KiB, in containers of at most 448. Nothing is stored in that
//! form: which byte of a container is which byte of the file is arithmetic.

use crate::artifact::{BlobRead, Blobs, Digest};
use crate::error::Result;
use std::io::{Error, ErrorKind, Read, Result as IoResult, Seek, SeekFrom};
use std::sync::Arc;

/// Content of a chunk, in bytes; the largest a client takes.
pub(super) const CHUNK: u64 = 128 << 10;
/// What stands before each chunk: version, stored length, scheme, plain length.
const HEAD: u64 = 8;
/// Chunks of a container: 56 MiB, where a client takes 64.
pub(super) const CHUNKS: u64 = 448;

/// The container with a number among those of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Container {
    /// The file.
    pub file: Digest,
    /// Its length in bytes.
    pub size: u64,
    /// Which one.
    pub number: u64,
}

impl Container {
    /// The containers that hold the bytes from `first` to `last`.
    pub(super) fn holding(file: Digest, size: u64, first: u64, last: u64) -> impl Iterator<Item = Self> {
        let all = first / CHUNK / CHUNKS..=last / CHUNK / CHUNKS;
        all.map(move |number| Self { file, size, number })
    }

    /// A name for it that depends on the file and the number.
    pub(super) fn hash(&self) -> String {
        Digest::of(format!("airlift container\n{}\n{}\n", self.file, self.number).as_bytes()).hex()
    }

    /// Where its content begins in the file.
    pub(super) fn start(&self) -> u64 {
        self.number * CHUNKS * CHUNK
    }

    /// How much of the file it holds.
    pub(super) fn content(&self) -> u64 {
        self.size.saturating_sub(self.start()).min(CHUNKS * CHUNK)
    }

    /// Its own length.
    pub(super) fn length(&self) -> u64 {
        self.content() + self.content().div_ceil(CHUNK) * HEAD
    }

    /// Where a chunk begins in it; for the number of its chunks, where it ends.
    pub(super) fn place(&self, chunk: u64) -> u64 {
        (chunk * (CHUNK + HEAD)).min(self.length())
    }
}

/// Blobs of which one is asked for as a container of its file.
pub(super) struct Contained {
    /// Where the file is.
    pub blobs: Arc<dyn Blobs>,
    /// The container.
    pub container: Container,
}

impl Blobs for Contained {
    fn open(&self, digest: &Digest) -> Result<Option<Box<dyn BlobRead>>> {
        let file = self.blobs.open(digest)?;
        Ok(file.map(|file| Box::new(Reader { file, container: self.container, at: 0, file_at: None }) as Box<dyn BlobRead>))
    }

    fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        Ok(self.blobs.size(digest)?.map(|_| self.container.length()))
    }
}

struct Reader {
    file: Box<dyn BlobRead>,
    container: Container,
    at: u64,
    /// Where the file stands, once that is known.
    file_at: Option<u64>,
}

impl Reader {
    /// Bytes of a chunk's head from an offset on.
    fn head(length: u64, from: u64, buffer: &mut [u8]) -> usize {
        let [a, b, c, ..] = (length as u32).to_le_bytes();
        let head = [0, a, b, c, 0, a, b, c];
        let rest = &head[from as usize..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        count
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        if self.at >= self.container.length() || buffer.is_empty() {
            return Ok(0);
        }
        let (chunk, within) = (self.at / (CHUNK + HEAD), self.at % (CHUNK + HEAD));
        let length = (self.container.content() - chunk * CHUNK).min(CHUNK);
        let read = if within < HEAD {
            Self::head(length, within, buffer)
        } else {
            let place = self.container.start() + chunk * CHUNK + (within - HEAD);
            if self.file_at != Some(place) {
                self.file.seek(SeekFrom::Start(place))?;
            }
            let left = usize::try_from(length + HEAD - within).unwrap_or(usize::MAX).min(buffer.len());
            let read = self.file.read(&mut buffer[..left])?;
            if read == 0 {
                return Err(Error::new(ErrorKind::UnexpectedEof, "the file is shorter than it should be"));
            }
            self.file_at = Some(place + read as u64);
            read
        };
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> IoResult<u64> {
        let moved = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.container.length().checked_add_signed(by),
        };
        self.at = moved.ok_or_else(|| Error::new(ErrorKind::InvalidInput, "before the beginning"))?;
        Ok(self.at)
    }
}

impl BlobRead for Reader {
    fn size(&self) -> u64 {
        self.container.length()
    }
}
