//! Blobs that are there: immutable files named by their digest.

use super::layout::Store;
use crate::artifact::{BlobRead, Blobs, Digest};
use crate::error::{Error, Kind, Result};
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};

/// The extended attribute that keeps the check value.
pub(super) const ATTRIBUTE: &str = "user.airlift.blake3-4m";

/// A blob of the store, open for reading.
#[derive(Debug)]
pub struct StoredBlob {
    file: File,
    size: u64,
}

impl StoredBlob {
    /// The file.
    pub fn file(&self) -> &File {
        &self.file
    }
}

impl Read for StoredBlob {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Seek for StoredBlob {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.file.seek(to)
    }
}

impl BlobRead for StoredBlob {
    fn size(&self) -> u64 {
        self.size
    }

    fn as_file(&self) -> Option<&File> {
        Some(&self.file)
    }

    /// `None` where the file system keeps no extended attributes: then only SHA-256 can tell whether the bytes are still the same.
    fn check_value(&self) -> Option<[u8; 32]> {
        let mut value = [0u8; 32];
        let length = rustix::fs::fgetxattr(&self.file, ATTRIBUTE, &mut value[..]).ok()?;
        (length == 32).then_some(value)
    }
}

impl Store {
    /// Opens a blob; `None` when it is not here.
    pub fn blob(&self, digest: &Digest) -> Result<Option<StoredBlob>> {
        let path = self.blob_path(digest);
        let wrong = |e: &std::io::Error| Error::io(format!("{} cannot be read", path.display()), e);
        match File::open(&path) {
            Ok(file) => {
                let size = file.metadata().map_err(|e| wrong(&e))?.len();
                Ok(Some(StoredBlob { file, size }))
            }
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(wrong(&e)),
        }
    }

    /// Whether a blob still has to come; one that is here with another size is [`Kind::Store`], as it is when it comes.
    pub fn lacks(&self, digest: &Digest, size: u64) -> Result<bool> {
        match Blobs::size(self, digest)? {
            None => Ok(true),
            Some(found) if found == size => Ok(false),
            Some(found) => Err(another_size(digest, size, found)),
        }
    }

    /// Whether a blob of that digest and size is here.
    pub fn has(&self, digest: &Digest, size: u64) -> Result<bool> {
        Ok(Blobs::size(self, digest)? == Some(size))
    }

    /// Bytes of an unfinished blob that need not be fetched again.
    pub fn partial_size(&self, digest: &Digest) -> u64 {
        self.partial_path(digest).metadata().map_or(0, |m| m.len())
    }
}

impl Blobs for Store {
    fn open(&self, digest: &Digest) -> Result<Option<Box<dyn BlobRead>>> {
        Ok(self.blob(digest)?.map(|blob| Box::new(blob) as Box<dyn BlobRead>))
    }

    fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        match self.blob_path(digest).metadata() {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(Error::io(format!("{digest} cannot be looked up in the store"), &e)),
        }
    }

    fn scratch(&self) -> std::io::Result<File> {
        Self::scratch(self)
    }
}

/// A blob in the store was cut, or something was put under its name.
pub(super) fn another_size(digest: &Digest, expected: u64, found: u64) -> Error {
    Error::new(Kind::Store, format!("{digest} is in the store with another size"))
        .with("expected", format!("{expected} bytes"))
        .with("found", format!("{found} bytes"))
        .hint("the store is damaged: airlift scrub --discard takes such blobs out, then run the command again")
}
