//! Looking up bytes by digest, and taking them in.

use super::Digest;
use crate::error::Result;
use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};

/// Bytes of one blob: read from any position.
pub trait BlobRead: Read + Seek + Send {
    /// Length in bytes.
    fn size(&self) -> u64;
    /// The plain file whose bytes these are from offset 0, where there is one: lets a server hand the copy to the kernel.
    fn as_file(&self) -> Option<&File> {
        None
    }
    /// The plain file whose bytes from the given offset on these are, where there is one.
    fn as_extent(&self) -> Option<(&File, u64)> {
        self.as_file().map(|file| (file, 0))
    }
    /// The [`super::CheckValue`] remembered from when the SHA-256 was last checked, where there is one.
    fn check_value(&self) -> Option<[u8; 32]> {
        None
    }
}

/// Bytes at hand, as a blob.
#[derive(Debug, Clone, Default)]
pub struct InMemory(Cursor<Vec<u8>>);

impl InMemory {
    /// A blob of these bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Cursor::new(bytes.into()))
    }
}

impl Read for InMemory {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Seek for InMemory {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.0.seek(to)
    }
}

impl BlobRead for InMemory {
    fn size(&self) -> u64 {
        self.0.get_ref().len() as u64
    }
}

/// A place that holds blobs: a store, or a verified bundle still on its medium.
pub trait Blobs: Send + Sync {
    /// Opens a blob; `None` when it is not here.
    fn open(&self, digest: &Digest) -> Result<Option<Box<dyn BlobRead>>>;
    /// The size of a blob; `None` when it is not here.
    fn size(&self, digest: &Digest) -> Result<Option<u64>>;
    /// A new file without a name, for what is made of blobs on the way; most places have no room for one.
    fn scratch(&self) -> std::io::Result<File> {
        Err(std::io::ErrorKind::Unsupported.into())
    }
    /// Takes back a file that [`Self::scratch`] made and nobody uses any more; most places let it go.
    fn give_back(&self, _file: File) {}
}

/// A place that takes blobs in, each checked against its digest before it counts as there.
pub trait BlobIntake: Send + Sync {
    /// Begins, or goes on with, one blob; `None` when it has been received already and need not be sent.
    fn receive(&self, digest: &Digest, size: u64) -> Result<Option<Box<dyn BlobSink>>>;
    /// Makes everything that has been received durable: only then is it there for those who look it up.
    fn settle(&self) -> Result<()>;
}

/// One blob being taken in. Dropped before `finish`, it keeps what it can for a later attempt.
pub trait BlobSink: Send {
    /// How many bytes are there already: the next `write` continues at this offset.
    fn offset(&self) -> u64;
    /// Gives up bytes from the end until `offset` is the given one, or forgets everything when it cannot.
    fn rewind(&mut self, offset: u64) -> Result<()>;
    /// Takes the next bytes.
    fn write(&mut self, bytes: &[u8]) -> Result<()>;
    /// Makes durable what is there, for a later attempt: the rest is not to be had now.
    fn keep(self: Box<Self>) -> Result<()> {
        Ok(())
    }
    /// Compares size and digest; only then has the blob been received. A mismatch forgets the bytes.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// Takes everything in and keeps nothing: only the digests are checked.
#[derive(Debug, Clone, Copy, Default)]
pub struct CheckOnly;

impl BlobIntake for CheckOnly {
    fn receive(&self, digest: &Digest, size: u64) -> Result<Option<Box<dyn BlobSink>>> {
        Ok(Some(Box::new(Checker { expected: *digest, size, seen: super::Sha256Writer::default() })))
    }

    fn settle(&self) -> Result<()> {
        Ok(())
    }
}

struct Checker {
    expected: Digest,
    size: u64,
    seen: super::Sha256Writer,
}

impl BlobSink for Checker {
    fn offset(&self) -> u64 {
        self.seen.length()
    }

    fn rewind(&mut self, offset: u64) -> Result<()> {
        if offset != self.offset() {
            self.seen = super::Sha256Writer::default();
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.seen.update(bytes);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let length = self.seen.length();
        check_blob(&self.expected, self.size, length, self.seen.finish())
    }
}

/// The one comparison of what a blob should be with what it is.
pub fn check_blob(expected: &Digest, size: u64, found_size: u64, found: Digest) -> Result<()> {
    if found == *expected && found_size == size {
        return Ok(());
    }
    Err(crate::error::Error::verification("the bytes are not the blob they should be")
        .with("expected", format!("{expected}, {size} bytes"))
        .with("found", format!("{found}, {found_size} bytes")))
}
