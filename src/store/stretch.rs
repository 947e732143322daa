//! Stretches: frames of a blob that came before those in front of them, kept as they were on their volume until the others are here.
//!
//! They lie under `partial/`, named by blob, bundle and volume: only with that bundle's frame table can they be read, and each frame is
//! compared with it when it is. What the file holds beyond whole frames was cut off and is overwritten.

use super::files::{remove, sync_folder};
use super::layout::{Store, Writer};
use crate::artifact::Digest;
use crate::error::{Error, Result};
use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// The frames of one blob on one volume, being kept.
#[derive(Debug)]
pub struct Stretch {
    file: File,
    path: PathBuf,
    length: u64,
}

impl Store {
    /// Where the frames of a blob on a volume, from 0, of a bundle are kept.
    pub fn stretch_path(&self, blob: &Digest, bundle: &Digest, volume: usize) -> PathBuf {
        self.root().join("partial").join(format!("{}.{}.{:03}", blob.hex(), bundle.hex(), volume + 1))
    }
}

/// The blob that a file under `partial/` is of.
pub(super) fn blob_of(path: &Path) -> Option<Digest> {
    let name = path.file_name()?.to_str()?;
    Digest::from_hex(name.split_once('.').map_or(name, |(blob, _)| blob)).ok()
}

impl Writer {
    /// Opens a stretch of which so many bytes are whole frames; what follows them is given up.
    pub fn stretch(&self, path: &Path, whole: u64) -> Result<Stretch> {
        let wrong = |e: &std::io::Error| Error::unwritten(format!("{} cannot be written", path.display()), e);
        let file = File::options().create(true).truncate(false).write(true).open(path).map_err(|e| wrong(&e))?;
        file.set_len(whole).map_err(|e| wrong(&e))?;
        Ok(Stretch { file, path: path.to_owned(), length: whole })
    }

    /// Removes the stretches of these blobs, which are not needed any more.
    pub fn forget_stretches(&self, blobs: &BTreeSet<Digest>) -> Result<()> {
        let folder = self.store().root().join("partial");
        let wrong = |e: &std::io::Error| Error::io(format!("{} cannot be listed", folder.display()), e);
        for entry in folder.read_dir().map_err(|e| wrong(&e))? {
            let path = entry.map_err(|e| wrong(&e))?.path();
            if path.extension().is_some() && blob_of(&path).is_some_and(|blob| blobs.contains(&blob)) {
                remove(&path)?;
            }
        }
        Ok(())
    }
}

impl Stretch {
    /// Takes the stored bytes of the next frame.
    pub fn write(&mut self, stored: &[u8]) -> Result<()> {
        let written = self.file.write_all_at(stored, self.length);
        written.map_err(|e| Error::unwritten(format!("{} cannot be written", self.path.display()), &e))?;
        self.length += stored.len() as u64;
        Ok(())
    }

    /// Makes it durable: its volume may be taken away.
    pub fn settle(self) -> Result<()> {
        self.file.sync_data().map_err(|e| Error::unwritten(format!("{} cannot be written", self.path.display()), &e))?;
        sync_folder(self.path.parent().unwrap_or(Path::new(".")))
    }
}
