//! What a store keeps of blobs that span volumes which were not all here at once: frames as they are on their volume. They are read in
//! its place, each compared with the signed table.

use super::authentic::Authentic;
use super::frames::{BlobEntry, Frame};
use super::volumes::read_at;
use crate::error::Result;
use crate::store::Store;
use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where frames lie that came earlier, by their index in the table.
#[derive(Debug, Clone, Default)]
pub struct Kept(BTreeMap<usize, Place>);

/// Where one frame lies.
#[derive(Debug, Clone)]
pub struct Place {
    path: Arc<Path>,
    at: u64,
}

impl Place {
    /// The file it lies in.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the stored bytes of a frame of that length.
    pub fn read(&self, bytes: &mut [u8]) -> Result<()> {
        let file = File::open(&self.path);
        let file = file.map_err(|e| crate::error::Error::io(format!("{} cannot be read", self.path.display()), &e))?;
        read_at(&self.path, &file, bytes, self.at)
    }
}

impl Kept {
    /// Where a frame lies, by its index in the table.
    pub fn get(&self, frame: usize) -> Option<&Place> {
        self.0.get(&frame)
    }
}

/// How many frames, and of how many bytes, lie whole in the first `length` bytes of a stretch.
pub fn whole_frames(frames: &[Frame], length: u64) -> (usize, u64) {
    let (mut count, mut end) = (0, 0);
    for frame in frames {
        if end + u64::from(frame.stored) > length {
            break;
        }
        (count, end) = (count + 1, end + u64::from(frame.stored));
    }
    (count, end)
}

impl Authentic {
    /// Looks up what a store keeps of the blobs that span volumes, and of recoded ones; nothing is read of it.
    #[must_use]
    pub fn with_kept(mut self, store: &Store) -> Self {
        let mut kept = Kept::default();
        for blob in &self.table.blobs {
            let runs = self.runs(blob);
            for (volume, frames) in runs.iter().filter(|_| runs.len() > 1 || blob.is_recoded()) {
                let path = self.stretch_path(store, blob, *volume);
                let length = path.metadata().map_or(0, |m| m.len());
                let run = &self.table.frames_of(blob)[frames.clone()];
                let (path, mut at): (Arc<Path>, u64) = (path.into(), 0);
                for (n, frame) in run.iter().enumerate().take(whole_frames(run, length).0) {
                    kept.0.insert(blob.first + frames.start + n, Place { path: Arc::clone(&path), at });
                    at += u64::from(frame.stored);
                }
            }
        }
        self.kept = kept;
        self
    }

    /// Where a store keeps the frames of a blob on one volume of this bundle.
    pub(super) fn stretch_path(&self, store: &Store, blob: &BlobEntry, volume: usize) -> PathBuf {
        store.stretch_path(&blob.digest, &self.id, volume)
    }

    /// The volumes a blob lies on, each with those of its frames that are there, counted from the blob's first.
    pub(super) fn runs(&self, blob: &BlobEntry) -> Vec<(usize, Range<usize>)> {
        let mut runs: Vec<(usize, Range<usize>)> = Vec::new();
        for (n, frame) in self.table.frames_of(blob).iter().enumerate() {
            match runs.last_mut() {
                Some((volume, frames)) if *volume == usize::from(frame.volume) => frames.end = n + 1,
                _ => runs.push((usize::from(frame.volume), n..n + 1)),
            }
        }
        runs
    }

    /// Whether a frame can be read, by its index in the table: its volume is here or made up for, or the frame came earlier.
    pub(super) fn at_hand(&self, frame: usize) -> bool {
        !self.lacks_volume(usize::from(self.table.frames[frame].volume)) || self.kept.get(frame).is_some()
    }
}
