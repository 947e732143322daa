//! One volume while it arrives: a sparse file under a temporary name, and the map of what is in it (`docs/formats/stream.md`, "While it
//! arrives").

use super::map::{BlockMap, CHUNK};
use super::record::{Edition, Header};
use crate::artifact::Digest;
use crate::bundle::Volume;
use crate::error::{Error, Kind, Result, shown};
use crate::store::sync_folder;
use std::fs::{File, TryLockError};
use std::ops::Range;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

const MARK: [u8; 8] = *b"ALARRIVE";
/// Bytes that may arrive before they are made durable and noted in the map's file: what a power failure costs at most.
const UNSAVED: u64 = 32 << 20;

/// What a volume is called in the folder; nothing of it is taken from names in the stream.
pub fn name(bundle: &Digest, edition: Edition, volume: u16, volumes: u16) -> String {
    let set = format!("{}.{}", bundle.spoken(), data_encoding::HEXLOWER.encode(&edition));
    if volumes == 1 { set } else { format!("{set}.{:03}", volume + 1) }
}

/// Where a volume lies while it arrives, and its map.
fn places(folder: &Path, header: &Header) -> (PathBuf, PathBuf, String) {
    let stem = name(&header.bundle, header.edition, header.volume, header.volumes);
    (folder.join(format!(".{stem}.receiving")), folder.join(format!(".{stem}.received")), stem)
}

/// Bytes of disk that an earlier run took for a volume.
pub fn allocated(folder: &Path, header: &Header) -> u64 {
    places(folder, header).0.metadata().map_or(0, |file| file.blocks() * 512)
}

/// A volume of which something is here.
#[derive(Debug)]
pub struct Arriving {
    /// Its edition: records of another one are not mixed in.
    pub edition: Edition,
    /// Its length in bytes.
    pub length: u64,
    map: BlockMap,
    path: PathBuf,
    file: File,
    notes: PathBuf,
    map_file: File,
    name: PathBuf,
    unsaved: u64,
}

impl Arriving {
    /// Goes on with a volume, or begins it.
    pub fn open(folder: &Path, header: &Header) -> Result<Self> {
        let (path, notes, stem) = places(folder, header);
        let (map_file, file) = (open(&notes)?, open(&path)?);
        alone(&notes, &map_file)?;
        let mut arriving = Self {
            edition: header.edition,
            length: header.length,
            map: BlockMap::new(header.length),
            path,
            file,
            notes,
            map_file,
            name: folder.join(format!("{stem}.airlift")),
            unsaved: 0,
        };
        arriving.go_on(&opening(header))?;
        Ok(arriving)
    }

    /// Takes the map an earlier run left, where it is of this very volume; else both files begin anew.
    fn go_on(&mut self, opening: &[u8]) -> Result<()> {
        let mut found = vec![0; opening.len()];
        let length = |file: &File| file.metadata().map_or(0, |m| m.len());
        let same = self.map_file.read_exact_at(&mut found, 0).is_ok() && found == opening;
        if same && length(&self.file) == self.length && length(&self.map_file) == BlockMap::file_length(self.length) {
            return self.map.load(&self.notes, &self.map_file);
        }
        let wrong = |path: &Path, e: &std::io::Error| Error::unwritten(format!("{} cannot be written", shown(path)), e);
        let (file, map) = (&self.file, &self.map_file);
        file.set_len(0).and_then(|()| file.set_len(self.length)).map_err(|e| wrong(&self.path, &e))?;
        let begun = map.set_len(0).and_then(|()| map.set_len(BlockMap::file_length(self.length)));
        begun.and_then(|()| map.write_all_at(opening, 0)).map_err(|e| wrong(&self.notes, &e))
    }

    /// Bytes that are not here yet.
    pub fn missing(&self) -> u64 {
        self.map.missing()
    }

    /// How many blocks of a stretch are not here yet.
    pub fn missing_in(&self, bytes: Range<u64>) -> u64 {
        self.map.missing_in(bytes)
    }

    /// Takes bytes at their place; false when they were here already.
    pub fn put(&mut self, at: u64, bytes: &[u8]) -> Result<bool> {
        let stretch = at..at + bytes.len() as u64;
        if self.map.missing_in(stretch.clone()) == 0 {
            return Ok(false);
        }
        self.file.write_all_at(bytes, at).map_err(|e| Error::unwritten(format!("{} cannot be written", shown(&self.path)), &e))?;
        self.map.add(stretch);
        self.unsaved += bytes.len() as u64;
        if self.unsaved >= UNSAVED {
            self.save()?;
        }
        Ok(true)
    }

    /// Bytes that are here, followed by zeros up to a length.
    pub fn read(&self, stretch: Range<u64>, length: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        let read = self.file.read_exact_at(&mut bytes[..(stretch.end - stretch.start) as usize], stretch.start);
        read.map_err(|e| Error::io(format!("{} cannot be read", shown(&self.path)), &e))?;
        Ok(bytes)
    }

    /// The volume as far as its head, once all of that is here.
    pub fn head(&self) -> Option<Volume> {
        Volume::open(&self.path).ok().filter(|volume| self.map.missing_in(0..volume.head.end) == 0)
    }

    /// Makes durable what has arrived, then notes it in the map's file.
    pub fn save(&mut self) -> Result<()> {
        if self.unsaved == 0 {
            return Ok(());
        }
        self.file.sync_data().map_err(|e| Error::unwritten(format!("{} cannot be written", shown(&self.path)), &e))?;
        self.unsaved = 0;
        self.map.save(&self.notes, &self.map_file)
    }

    /// Gives the volume its name, when its head is the one of this bundle, volume and edition; `None` when it is not, and nothing is
    /// left of it. Whether it is what people signed is for others to say.
    pub fn finish(self, bundle: &Digest, volume: u16) -> Result<Option<PathBuf>> {
        self.file.sync_all().map_err(|e| Error::unwritten(format!("{} cannot be written", shown(&self.path)), &e))?;
        match Volume::open(&self.path) {
            Ok(found) if self.is_right(&found, bundle, volume) => {}
            Ok(_) => return self.discard(),
            Err(error) if error.kind() == Kind::Verification => return self.discard(),
            Err(error) => return Err(error),
        }
        let renamed = std::fs::rename(&self.path, &self.name);
        renamed.map_err(|e| Error::unwritten(format!("{} cannot be written", shown(&self.name)), &e))?;
        remove(&self.notes)?;
        sync_folder(self.name.parent().unwrap_or(Path::new(".")))?;
        Ok(Some(self.name))
    }

    fn is_right(&self, found: &Volume, bundle: &Digest, volume: u16) -> bool {
        let head = &found.head;
        Digest::of(&head.statement) == *bundle && head.volume == usize::from(volume) && super::edition(head) == self.edition
    }

    /// Removes what has come.
    pub fn discard(self) -> Result<Option<PathBuf>> {
        remove(&self.notes)?;
        remove(&self.path)?;
        Ok(None)
    }
}

/// What the map's file begins with: which volume it is of.
fn opening(header: &Header) -> Vec<u8> {
    let mut out = MARK.to_vec();
    out.extend_from_slice(header.bundle.as_bytes());
    out.extend_from_slice(&header.edition);
    out.extend_from_slice(&header.volume.to_le_bytes());
    out.extend_from_slice(&header.volumes.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&header.length.to_le_bytes());
    debug_assert!(out.len() as u64 <= CHUNK);
    out
}

fn open(path: &Path) -> Result<File> {
    let opened = File::options().create(true).truncate(false).read(true).write(true).open(path);
    opened.map_err(|e| Error::unwritten(format!("{} cannot be written", shown(path)), &e))
}

fn remove(path: &Path) -> Result<()> {
    std::fs::remove_file(path).map_err(|e| Error::unwritten(format!("{} cannot be removed", shown(path)), &e))
}

/// Two receivers of one volume would each forget what the other has.
fn alone(path: &Path, file: &File) -> Result<()> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(Error::failed(format!("{} is being written by another airlift", shown(path)))
            .hint("wait for the other one, or name another folder with --out")),
        // Not every file system has locks.
        Err(TryLockError::Error(e)) if e.kind() != std::io::ErrorKind::Unsupported => {
            Err(Error::io(format!("{} cannot be locked", shown(path)), &e))
        }
        _ => Ok(()),
    }
}
