//! Blobs on their way in: written under another name, checked, made durable many at a time, and only then given their name.
//!
//! A blob that has been checked waits among the [`Arrivals`]: one `fdatasync` after each would keep the disk waiting for the processor
//! and the processor for the disk. Its name comes after its bytes are durable, so that a name never stands for bytes that a power
//! failure took away.

use super::blobs::{ATTRIBUTE, another_size};
use super::direct::DirectFile;
use super::files::{create_folder, remove, sync_folder};
use super::layout::{Store, Writer};
use crate::artifact::{BlobIntake, BlobSink, Blobs, CheckValue, Digest, Sha256Writer, check_blob};
use crate::error::{Error, Result};
use rustix::fs::XattrFlags;
use std::collections::BTreeMap;
use std::fs::{File, rename};
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

/// So many bytes may wait: what a power failure can take back.
const WAITING_BYTES: u64 = 256 << 20;
/// So many blobs may wait, each with its file open.
const WAITING_BLOBS: usize = 64;

/// Checked blobs that do not have their names yet.
#[derive(Debug, Default)]
pub(super) struct Arrivals(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    /// `None` while another thread makes the blob durable.
    files: BTreeMap<Digest, Option<File>>,
    /// How many of those nobody has taken up, and their bytes.
    blobs: usize,
    bytes: u64,
}

impl Arrivals {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().expect("nothing panics between two changes of the list")
    }

    fn hold(&self, digest: &Digest) -> bool {
        self.waiting().files.contains_key(digest)
    }

    /// Takes a checked blob up; the one that makes the list full settles it, while other threads go on.
    fn add(&self, store: &Store, digest: Digest, size: u64, file: File) -> Result<()> {
        let full = {
            let mut waiting = self.waiting();
            waiting.files.insert(digest, Some(file));
            waiting.blobs += 1;
            waiting.bytes += size;
            waiting.bytes >= WAITING_BYTES || waiting.blobs >= WAITING_BLOBS
        };
        if full { self.settle(store) } else { Ok(()) }
    }

    /// Makes everything that waits durable, and gives each blob its name. The first error ends the command that asked, but not the
    /// others' chance.
    pub(super) fn settle(&self, store: &Store) -> Result<()> {
        let taken: Vec<(Digest, File)> = {
            let mut waiting = self.waiting();
            (waiting.blobs, waiting.bytes) = (0, 0);
            waiting.files.iter_mut().filter_map(|(digest, file)| Some((*digest, file.take()?))).collect()
        };
        let mut first = Ok(());
        for (digest, file) in taken {
            first = first.and(name(store, &digest, &file));
            self.waiting().files.remove(&digest);
        }
        first
    }
}

/// Makes one blob durable under its name. A blob that cannot be made durable is forgotten: after a failed `fdatasync` the kernel calls
/// pages clean that never reached the disk, and a second attempt would believe it.
fn name(store: &Store, digest: &Digest, file: &File) -> Result<()> {
    let (partial, path) = (store.partial_path(digest), store.blob_path(digest));
    let wrong = |e: &std::io::Error| Error::io(format!("{} cannot be written", path.display()), e);
    if let Err(error) = file.sync_data() {
        remove(&partial)?;
        return Err(wrong(&error));
    }
    let folder = path.parent().expect("a blob path has a folder");
    if !folder.exists() {
        create_folder(folder)?;
        sync_folder(folder.parent().expect("a blob folder has a parent"))?;
    }
    rename(&partial, &path).map_err(|e| wrong(&e))
}

impl BlobIntake for Writer {
    fn receive(&self, digest: &Digest, size: u64) -> Result<Option<Box<dyn BlobSink>>> {
        match Blobs::size(self.store(), digest)? {
            Some(found) if found == size => return Ok(None),
            Some(found) => return Err(another_size(digest, size, found)),
            None if self.arrivals().hold(digest) => return Ok(None),
            None => {}
        }
        Ok(Some(Box::new(Incoming::open(self, *digest, size)?)))
    }

    fn settle(&self) -> Result<()> {
        self.arrivals().settle(self.store())
    }
}

/// A blob on its way in.
struct Incoming {
    digest: Digest,
    size: u64,
    file: DirectFile,
    partial: PathBuf,
    store: Store,
    arrivals: Arc<Arrivals>,
    sha256: Sha256Writer,
    check: Option<CheckValue>,
}

impl Incoming {
    fn open(writer: &Writer, digest: Digest, size: u64) -> Result<Self> {
        let (store, arrivals) = (writer.store().clone(), Arc::clone(writer.arrivals()));
        let partial = store.partial_path(&digest);
        let file = File::options().create(true).truncate(false).read(true).write(true).open(&partial);
        let file = file.map_err(|e| Error::io(format!("{} cannot be opened", partial.display()), &e))?;
        let (sha256, check) = (Sha256Writer::default(), writer.keeps_check_values().then(CheckValue::default));
        let file = DirectFile::new(file, &partial);
        let mut incoming = Self { digest, size, file, partial, store, arrivals, sha256, check };
        incoming.hash_what_is_there()?;
        Ok(incoming)
    }

    fn wrong(&self, error: &std::io::Error) -> Error {
        Error::io(format!("{} cannot be written", self.partial.display()), error)
    }

    fn remember(&mut self, bytes: &[u8]) {
        if let Some(check) = &mut self.check {
            check.update(bytes);
        }
    }

    /// Goes on after an earlier attempt: the bytes there are hashed again, which is the price of not trusting a saved hash state.
    fn hash_what_is_there(&mut self) -> Result<()> {
        let there = self.file.file().metadata().map_err(|e| self.wrong(&e))?.len();
        if there > self.size {
            return self.rewind(0);
        }
        let mut buffer = vec![0u8; if there == 0 { 0 } else { 1 << 20 }];
        while self.sha256.length() < there {
            let read = self.file.file().read(&mut buffer).map_err(|e| self.wrong(&e))?;
            if read == 0 {
                return self.rewind(0);
            }
            self.sha256.update(&buffer[..read]);
            self.remember(&buffer[..read]);
        }
        Ok(())
    }
}

impl BlobSink for Incoming {
    fn offset(&self) -> u64 {
        self.sha256.length()
    }

    fn rewind(&mut self, offset: u64) -> Result<()> {
        let length = self.file.file().metadata().map_err(|e| self.wrong(&e))?.len();
        if offset == self.offset() && length == offset {
            return Ok(());
        }
        let keep = if offset <= self.offset() { offset } else { 0 };
        self.file.file().set_len(keep).and_then(|()| self.file.file().seek(SeekFrom::Start(0))).map_err(|e| self.wrong(&e))?;
        self.sha256 = Sha256Writer::default();
        self.check = self.check.is_some().then(CheckValue::default);
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
        self.file.write_all_at(bytes, self.offset()).map_err(|e| self.wrong(&e))?;
        self.sha256.update(bytes);
        self.remember(bytes);
        Ok(())
    }

    fn keep(self: Box<Self>) -> Result<()> {
        self.file.file().sync_data().map_err(|e| self.wrong(&e))?;
        sync_folder(self.partial.parent().expect("a partial lies in a folder"))
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let length = self.sha256.length();
        let on_disk = self.file.file().metadata().map_err(|e| self.wrong(&e))?.len();
        if let Err(error) = check_blob(&self.digest, self.size, on_disk.max(length), self.sha256.clone().finish()) {
            if length >= self.size {
                remove(&self.partial)?;
            }
            return Err(error);
        }
        let Self { digest, size, file, store, arrivals, check, .. } = *self;
        if let Some(check) = check {
            // Without extended attributes the blob is as good, only slower to check again.
            let _ = rustix::fs::fsetxattr(file.file(), ATTRIBUTE, &check.finish(), XattrFlags::empty());
        }
        arrivals.add(&store, digest, size, file.into_file())
    }
}
