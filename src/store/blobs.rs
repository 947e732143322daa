//! Blobs: immutable files named by their digest, written under another name and renamed once they are right.

use super::files::{create_folder, remove, sync_folder};
use super::layout::{Store, Writer};
use crate::artifact::{BlobIntake, BlobRead, BlobSink, Blobs, CheckValue, Digest, Sha256Writer, check_blob};
use crate::error::{Error, Kind, Result};
use rustix::fs::XattrFlags;
use std::fs::{File, rename};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

/// The extended attribute that keeps the check value.
const ATTRIBUTE: &str = "user.airlift.blake3-4m";

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
}

impl BlobIntake for Writer {
    fn receive(&self, digest: &Digest, size: u64) -> Result<Option<Box<dyn BlobSink>>> {
        match Blobs::size(self.store(), digest)? {
            Some(found) if found == size => return Ok(None),
            Some(found) => {
                return Err(Error::new(Kind::Store, format!("{digest} is in the store with another size"))
                    .with("expected", format!("{size} bytes"))
                    .with("found", format!("{found} bytes"))
                    .hint("the store is damaged: airlift scrub"));
            }
            None => {}
        }
        Ok(Some(Box::new(Incoming::open(self.store(), *digest, size)?)))
    }
}

/// A blob on its way in.
struct Incoming {
    digest: Digest,
    size: u64,
    file: File,
    partial: PathBuf,
    path: PathBuf,
    sha256: Sha256Writer,
    check: CheckValue,
}

impl Incoming {
    fn open(store: &Store, digest: Digest, size: u64) -> Result<Self> {
        let partial = store.partial_path(&digest);
        let file = File::options().create(true).truncate(false).read(true).write(true).open(&partial);
        let file = file.map_err(|e| Error::io(format!("{} cannot be opened", partial.display()), &e))?;
        let path = store.blob_path(&digest);
        let (sha256, check) = Default::default();
        let mut incoming = Self { digest, size, file, partial, path, sha256, check };
        incoming.hash_what_is_there()?;
        Ok(incoming)
    }

    fn wrong(&self, error: &std::io::Error) -> Error {
        Error::io(format!("{} cannot be written", self.partial.display()), error)
    }

    /// Goes on after an earlier attempt: the bytes there are hashed again, which is the price of not trusting a saved hash state.
    fn hash_what_is_there(&mut self) -> Result<()> {
        let there = self.file.metadata().map_err(|e| self.wrong(&e))?.len();
        if there > self.size {
            return self.rewind(0);
        }
        let mut buffer = vec![0u8; if there == 0 { 0 } else { 1 << 20 }];
        while self.sha256.length() < there {
            let read = self.file.read(&mut buffer).map_err(|e| self.wrong(&e))?;
            if read == 0 {
                return self.rewind(0);
            }
            self.sha256.update(&buffer[..read]);
            self.check.update(&buffer[..read]);
        }
        Ok(())
    }
}

impl BlobSink for Incoming {
    fn offset(&self) -> u64 {
        self.sha256.length()
    }

    fn rewind(&mut self, offset: u64) -> Result<()> {
        let length = self.file.metadata().map_err(|e| self.wrong(&e))?.len();
        if offset == self.offset() && length == offset {
            return Ok(());
        }
        let keep = if offset <= self.offset() { offset } else { 0 };
        self.file.set_len(keep).and_then(|()| self.file.seek(SeekFrom::Start(0))).map_err(|e| self.wrong(&e))?;
        (self.sha256, self.check) = Default::default();
        if keep == 0 { Ok(()) } else { self.hash_what_is_there() }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if self.offset() + bytes.len() as u64 > self.size {
            let found = self.offset() + bytes.len() as u64;
            self.rewind(0)?;
            return Err(Error::verification(format!("{} is longer than it should be", self.digest))
                .with("expected", format!("{} bytes", self.size))
                .with("found", format!("at least {found} bytes")));
        }
        self.file.write_all(bytes).map_err(|e| self.wrong(&e))?;
        self.sha256.update(bytes);
        self.check.update(bytes);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let length = self.sha256.length();
        let on_disk = self.file.metadata().map_err(|e| self.wrong(&e))?.len();
        if let Err(error) = check_blob(&self.digest, self.size, on_disk.max(length), self.sha256.clone().finish()) {
            if length >= self.size {
                remove(&self.partial)?;
            }
            return Err(error);
        }
        let wrong = |e: &std::io::Error| Error::io(format!("{} cannot be written", self.path.display()), e);
        let value = self.check.finish();
        // Without extended attributes the blob is as good, only slower to check again.
        let _ = rustix::fs::fsetxattr(&self.file, ATTRIBUTE, &value, XattrFlags::empty());
        self.file.sync_data().map_err(|e| wrong(&e))?;
        let folder = self.path.parent().expect("a blob path has a folder");
        if !folder.exists() {
            create_folder(folder)?;
            sync_folder(folder.parent().expect("a blob folder has a parent"))?;
        }
        rename(&self.partial, &self.path).map_err(|e| wrong(&e))
    }
}
