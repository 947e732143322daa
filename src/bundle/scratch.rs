//! What recoded blobs of bundles are made from, kept while those bundles are verified: in one file without a name, each blob in its place,
//! given back to the file system once the last blob that is made from it was made.
//!
//! Only what somebody names and nobody else has at hand is kept, so memory holds a few words a base, and the disk no more than the bases.

use super::authentic::Authentic;
use crate::artifact::{BlobIntake, BlobRead, BlobSink, Blobs, CheckOnly, Digest};
use crate::error::{Error, Result};
use crate::store::shortage_of;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex};

/// Blocks of file systems: what one blob gives back is nothing of its neighbours.
const BLOCK: u64 = 4096;
const NO_PANIC: &str = "nothing panics between two changes of the places";

/// Where bundles are verified: takes blobs in to compare them, and has what others are made from.
pub struct Scratch<'a> {
    shelf: Arc<Shelf>,
    held: Option<&'a dyn Blobs>,
    /// Why bases are not kept, where some would be needed.
    without: Option<String>,
    /// Empty files for what is made on the way, where no other can be opened.
    files: Mutex<Vec<File>>,
}

/// The file, and which blob has which part of it.
struct Shelf {
    file: Option<File>,
    places: Mutex<BTreeMap<Digest, Place>>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    at: u64,
    size: u64,
    /// Blobs that are still to be made from it.
    users: usize,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Awaited,
    Here,
    Gone,
}

impl<'a> Scratch<'a> {
    /// A place for verifying some bundles one after the other. `file` is an empty one without a name, opened before the right to open any was
    /// given up, or why there is none; `held` is asked first.
    pub fn new(file: io::Result<File>, bundles: &[Authentic], held: Option<&'a dyn Blobs>) -> Result<Self> {
        let (mut places, mut end) = (BTreeMap::new(), 0u64);
        for (digest, (size, users)) in wanted(bundles, held)? {
            places.insert(digest, Place { at: end, size, users, state: State::Awaited });
            end = size.checked_next_multiple_of(BLOCK).and_then(|size| end.checked_add(size)).ok_or_else(too_much)?;
        }
        let room = file.and_then(|file| Ok((shortage_of(&file, end)?, file)));
        let (file, without) = match room {
            _ if places.is_empty() => (None, None),
            Ok((None, file)) => (Some(file), None),
            Ok((Some(free), _)) => (None, Some(format!("that needs {end} bytes on the disk for a while, and {free} are free"))),
            Err(error) => (None, Some(format!("there is no place for what they are made from: {error}"))),
        };
        if file.is_none() {
            places.clear();
        }
        Ok(Self { shelf: Arc::new(Shelf { file, places: Mutex::new(places) }), held, without, files: Mutex::default() })
    }

    /// How many files one thread needs that makes a blob: for what frames of its bases unpack to, and for a blob that is made in two steps.
    pub const FILES: usize = 2;

    /// With empty files that were opened before the right to open any was given up.
    #[must_use]
    pub fn with_files(self, files: Vec<File>) -> Self {
        Self { files: Mutex::new(files), ..self }
    }

    /// Why blobs were not made again from others of the bundles, where that is the place's fault.
    pub fn without(&self) -> Option<&str> {
        self.without.as_deref()
    }
}

fn too_much() -> Error {
    Error::verification("what blobs are made from is longer than any file")
}

/// What recoded blobs of some bundles are made from and one of these bundles carries, with how many are made from it; not what is held.
fn wanted(bundles: &[Authentic], held: Option<&dyn Blobs>) -> Result<BTreeMap<Digest, (u64, usize)>> {
    let mut users: BTreeMap<(Digest, u64), usize> = BTreeMap::new();
    for base in bundles.iter().flat_map(|bundle| bundle.bases.recoded.values().flatten()) {
        *users.entry(*base).or_default() += 1;
    }
    let carried: BTreeSet<(Digest, u64)> =
        bundles.iter().flat_map(|bundle| bundle.table.blobs.iter().map(|blob| (blob.digest, blob.size))).collect();
    let mut wanted = BTreeMap::new();
    for ((digest, size), users) in users {
        let there = held.map(|held| held.size(&digest)).transpose()?.flatten() == Some(size);
        if carried.contains(&(digest, size)) && !there {
            wanted.insert(digest, (size, users));
        }
    }
    Ok(wanted)
}

impl Shelf {
    fn change<T>(&self, digest: &Digest, what: impl FnOnce(&mut Place) -> T) -> Option<T> {
        self.places.lock().expect(NO_PANIC).get_mut(digest).map(what)
    }

    /// One blob less is to be made from this one; after the last its bytes are given back.
    fn used(&self, digest: &Digest) {
        let done = self.change(digest, |place| {
            place.users = place.users.saturating_sub(1);
            let last = place.users == 0 && place.state == State::Here;
            last.then(|| {
                place.state = State::Gone;
                *place
            })
        });
        if let (Some(Some(place)), Some(file)) = (done, &self.file) {
            give_back(file, place.at, place.size.next_multiple_of(BLOCK));
        }
    }
}

/// Gives a part of a file back to the file system. Not every one can; then it goes with the file.
fn give_back(file: &File, at: u64, length: u64) {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{FallocateFlags, fallocate};
        let _ = fallocate(file, FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE, at, length);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (file, at, length);
}

impl BlobIntake for Scratch<'_> {
    fn receive(&self, digest: &Digest, size: u64) -> Result<Option<Box<dyn BlobSink>>> {
        let Some(check) = CheckOnly.receive(digest, size)? else { return Ok(None) };
        let place = self.shelf.change(digest, |place| *place).filter(|place| place.state == State::Awaited && place.size == size);
        Ok(Some(match place {
            Some(place) => Box::new(Keeping { shelf: Arc::clone(&self.shelf), digest: *digest, place, check }),
            None => check,
        }))
    }

    fn settle(&self) -> Result<()> {
        Ok(())
    }
}

/// A blob that is compared and kept.
struct Keeping {
    shelf: Arc<Shelf>,
    digest: Digest,
    place: Place,
    check: Box<dyn BlobSink>,
}

impl BlobSink for Keeping {
    fn offset(&self) -> u64 {
        self.check.offset()
    }

    fn rewind(&mut self, offset: u64) -> Result<()> {
        self.check.rewind(offset)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let at = self.check.offset();
        // What lies behind it is another blob's place.
        if at.checked_add(bytes.len() as u64).is_none_or(|end| end > self.place.size) {
            return Err(Error::verification(format!("{} is longer than it should be", self.digest))
                .with("expected", format!("{} bytes", self.place.size)));
        }
        if let Some(file) = &self.shelf.file {
            file.write_all_at(bytes, self.place.at + at)
                .map_err(|e| Error::unwritten(format!("{}, which others are made from, cannot be kept", self.digest), &e))?;
        }
        self.check.write(bytes)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.check.finish()?;
        self.shelf.change(&self.digest, |place| place.state = State::Here);
        Ok(())
    }
}

impl Blobs for Scratch<'_> {
    fn open(&self, digest: &Digest) -> Result<Option<Box<dyn BlobRead>>> {
        let place = self.shelf.change(digest, |place| *place).filter(|place| place.state == State::Here);
        match (place, self.held) {
            (Some(place), _) => Ok(Some(Box::new(Stretch { shelf: Arc::clone(&self.shelf), digest: *digest, place, read: 0 }))),
            (None, Some(held)) => held.open(digest),
            (None, None) => Ok(None),
        }
    }

    fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        let place = self.shelf.change(digest, |place| *place).filter(|place| place.state == State::Here);
        match (place, self.held) {
            (Some(place), _) => Ok(Some(place.size)),
            (None, Some(held)) => held.size(digest),
            (None, None) => Ok(None),
        }
    }

    fn scratch(&self) -> io::Result<File> {
        // No file can be made where the right to open any was given up.
        let made = self.held.and_then(|held| held.scratch().ok());
        made.or_else(|| self.files.lock().expect(NO_PANIC).pop()).ok_or_else(|| io::ErrorKind::Unsupported.into())
    }

    fn give_back(&self, file: File) {
        if file.set_len(0).is_ok() {
            self.files.lock().expect(NO_PANIC).push(file);
        }
    }
}

/// A blob that is kept, opened for making one other from it.
struct Stretch {
    shelf: Arc<Shelf>,
    digest: Digest,
    place: Place,
    read: u64,
}

impl Read for Stretch {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(file) = &self.shelf.file else { return Ok(0) };
        let left = self.place.size.saturating_sub(self.read).min(buffer.len() as u64) as usize;
        let read = file.read_at(&mut buffer[..left], self.place.at + self.read)?;
        self.read += read as u64;
        Ok(read)
    }
}

impl Seek for Stretch {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let wanted = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(by) => self.place.size.checked_add_signed(by),
            SeekFrom::Current(by) => self.read.checked_add_signed(by),
        };
        self.read = wanted.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.read)
    }
}

impl BlobRead for Stretch {
    fn size(&self) -> u64 {
        self.place.size
    }

    fn as_extent(&self) -> Option<(&File, u64)> {
        self.shelf.file.as_ref().map(|file| (file, self.place.at))
    }
}

impl Drop for Stretch {
    fn drop(&mut self) {
        self.shelf.used(&self.digest);
    }
}
