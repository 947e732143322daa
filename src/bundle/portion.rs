//! Taking in what is here of a set that is not all here: whole blobs, beginnings of blobs, and stretches from their middle.

use super::authentic::Authentic;
use super::frames::BlobEntry;
use super::kept::whole_frames;
use super::reader::{Delivery, FrameReader};
use crate::artifact::Digest;
use crate::error::{Error, Kind, Result};
use crate::progress::go_on;
use crate::store::{Writer, remove};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

/// How much of a blob can be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Portion {
    /// All of it: it becomes a blob of the store.
    Whole,
    /// Its first so many frames: they become an unfinished blob.
    Beginning(usize),
    /// Its frames on that volume, from 0: they are kept as they are until those in front of them are here.
    Stretch(usize),
}

impl Portion {
    /// Bytes of content of a blob that are in it.
    pub fn content(self, bundle: &Authentic, blob: &BlobEntry) -> u64 {
        let frames = match self {
            Self::Whole => 0..blob.frames,
            Self::Beginning(upto) => 0..upto,
            Self::Stretch(on) => bundle.runs(blob).into_iter().find(|(volume, _)| *volume == on).map_or(0..0, |(_, frames)| frames),
        };
        frames.map(|n| blob.content_length(n) as u64).sum()
    }
}

impl FrameReader {
    /// Takes in a portion of a blob; each frame of what is less than a blob is compared with the signed table first.
    pub fn take(&mut self, to: &Delivery<'_>, writer: &Writer, blob: &BlobEntry, portion: Portion) -> Result<()> {
        match portion {
            Portion::Whole => self.deliver(to, blob),
            Portion::Beginning(upto) => self.begin(to, blob, upto),
            Portion::Stretch(volume) => self.keep_stretch(to, writer, blob, volume),
        }
    }

    fn begin(&mut self, to: &Delivery<'_>, blob: &BlobEntry, upto: usize) -> Result<()> {
        let Some(mut sink) = to.intake.receive(&blob.digest, blob.size)? else { return Ok(()) };
        match self.fill(to, blob, sink.as_mut(), to.progress, (upto, true))? {
            true => sink.keep(),
            false => Ok(()),
        }
    }

    fn keep_stretch(&mut self, to: &Delivery<'_>, writer: &Writer, blob: &BlobEntry, volume: usize) -> Result<()> {
        let Some((_, frames)) = to.bundle.runs(blob).into_iter().find(|(on, _)| *on == volume) else { return Ok(()) };
        let path = to.bundle.stretch_path(writer.store(), blob, volume);
        let run = &to.bundle.table.frames_of(blob)[frames.clone()];
        let (there, length) = whole_frames(run, path.metadata().map_or(0, |m| m.len()));
        let mut stretch = writer.stretch(&path, length)?;
        for n in frames.skip(there) {
            go_on(to.progress)?;
            if to.stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            stretch.write(self.stored(to.bundle, blob, n, true)?)?;
            to.progress.advance(to.phase, blob.content_length(n) as u64);
        }
        stretch.settle()
    }

    /// Reads a frame of a volume that is not here from what was kept of it. What is damaged of that is given up, so that the next run asks
    /// for the volume again.
    pub(super) fn read_kept(&mut self, bundle: &Authentic, blob: &BlobEntry, n: usize) -> Result<()> {
        let frame = &bundle.table.frames_of(blob)[n];
        let again = |what: &str| {
            let name = bundle.statement.volume_name(usize::from(frame.volume));
            Error::new(Kind::Incomplete, format!("{}: {what} of {} is damaged", bundle.statement.label(), bundle.owner(&blob.digest)))
                .with("expected", format!("{name}, once more"))
                .hint("plug that volume in again and run the same command (nothing was installed)")
        };
        let Some(place) = bundle.kept.get(blob.first + n) else { return Err(again("what the store kept of the beginning")) };
        let right = place.read(self.room(frame)).is_ok() && *blake3::hash(self.room(frame)).as_bytes() == frame.blake3;
        if right {
            return Ok(());
        }
        remove(place.path())?;
        Err(again("what the store kept of a part"))
    }
}

impl Authentic {
    /// Removes what was kept of blobs that are whole now, or begin beyond it.
    pub fn forget_kept(&self, writer: &Writer) -> Result<()> {
        let mut done = BTreeSet::<Digest>::new();
        for blob in &self.table.blobs {
            let runs = self.runs(blob);
            if runs.len() < 2 && !blob.is_recoded() {
                continue;
            }
            if writer.store().has(&blob.digest, blob.size)? {
                done.insert(blob.digest);
                continue;
            }
            let begun = if blob.is_recoded() { 0 } else { writer.store().partial_size(&blob.digest) / crate::artifact::PIECE as u64 };
            for (volume, _) in runs.into_iter().filter(|(_, frames)| frames.end as u64 <= begun) {
                remove(&self.stretch_path(writer.store(), blob, volume))?;
            }
        }
        if done.is_empty() { Ok(()) } else { writer.forget_stretches(&done) }
    }
}
