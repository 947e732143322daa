//! Comparing what the payload does not need with what was signed: parity, check values, spare volumes, copies of heads.

use super::capsule;
use super::code::SECTOR;
use super::table::pin;
use super::tail::Tail;
use crate::bundle::authentic::Authentic;
use crate::bundle::head::{Head, Room, render};
use crate::error::{Error, Result};
use crate::progress::{Progress, go_on};

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// What is not payload; the payload has been read already.
    Parity,
    /// Everything.
    All,
}

impl Authentic {
    /// The head of a volume as it was written, before anybody signed.
    pub(super) fn written_head(&self, volume: usize) -> Result<Vec<u8>> {
        let mut files = vec![];
        for name in self.statement.files.keys() {
            let carried = self.head().trust.iter().find(|(known, _)| known == name).map(|(_, bytes)| bytes.clone());
            files.push((name.clone(), carried.map_or_else(|| self.pinned(name), Ok)?));
        }
        Ok(render(self.statement_bytes(), volume, self.volumes.len(), &files, self.head().end))
    }

    /// A pinned file from the first volume that has it.
    fn pinned(&self, name: &str) -> Result<Vec<u8>> {
        let found = self.volumes.iter().map(|volume| volume.pinned(&self.statement, name));
        let mut failed = None;
        for found in found {
            match found {
                Ok(bytes) => return Ok(bytes),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        Err(failed.unwrap_or_else(|| Error::failed("a set of volumes has at least one")))
    }

    /// Reads what parity there is, and notes what is damaged.
    pub(in crate::bundle) fn examine(&self, extent: Extent, progress: &dyn Progress) -> Result<()> {
        let Some(mender) = &self.mender else { return Ok(()) };
        let absent: Vec<usize> = mender.damage().iter().filter(|(_, d)| d.absent).map(|(n, _)| *n).collect();
        for volume in (0..self.volumes.len()).filter(|n| !absent.contains(n)) {
            self.examine_checks(volume, progress)?;
            self.examine_blocks(volume, extent, progress)?;
            self.examine_heads(volume)?;
            self.examine_layout(volume)?;
        }
        Ok(())
    }

    /// Tar headers and padding behind the body.
    pub(in crate::bundle) fn examine_layout(&self, volume: usize) -> Result<()> {
        let Some(mender) = &self.mender else { return Ok(()) };
        for (at, bytes) in mender.table.layouts[volume].stretches() {
            self.compare(volume, at, &bytes);
        }
        Ok(())
    }

    /// Notes where a volume does not hold these bytes.
    pub(in crate::bundle) fn compare(&self, volume: usize, at: u64, bytes: &[u8]) {
        let mut found = vec![0; bytes.len()];
        let same = self.volumes[volume].file.fill_at(&mut found, at).is_ok() && found == bytes;
        if let Some(mender) = self.mender.as_ref().filter(|_| !same) {
            mender.note(volume, at, at + bytes.len() as u64);
        }
    }

    /// Both copies of the check values.
    fn examine_checks(&self, volume: usize, progress: &dyn Progress) -> Result<()> {
        let Some(mender) = &self.mender else { return Ok(()) };
        let mut block = vec![0; SECTOR as usize];
        for span in mender.table.layouts[volume].checks {
            for (n, pinned) in mender.table.pins[volume].iter().enumerate() {
                go_on(progress)?;
                let at = span.place(n as u64, 1).0;
                if self.volumes[volume].file.fill_at(&mut block, at).is_err() || pin(&block) != *pinned {
                    mender.note(volume, at, at + SECTOR);
                }
            }
        }
        Ok(())
    }

    /// The blocks of a spare volume and of parity, or all.
    fn examine_blocks(&self, volume: usize, extent: Extent, progress: &dyn Progress) -> Result<()> {
        let Some(mender) = &self.mender else { return Ok(()) };
        let layout = &mender.table.layouts[volume];
        let first = if extent == Extent::All || volume >= mender.table.data() { 0 } else { layout.grid.blocks };
        for block in first..layout.grid.all() {
            if block % 1024 == 0 {
                go_on(progress)?;
            }
            if !mender.is_whole(&self.volumes, volume, block) {
                let at = layout.place(block, 1).0;
                mender.note(volume, at, at + layout.filled(block) as u64);
            }
        }
        Ok(())
    }

    /// The head, its copy, and the last room.
    fn examine_heads(&self, number: usize) -> Result<()> {
        let Some(mender) = &self.mender else { return Ok(()) };
        let (volume, layout) = (&self.volumes[number], &mender.table.layouts[number]);
        let written = self.written_head(number)?;
        capsule::encode(&written, |index, block| {
            self.compare(number, layout.capsule.place(index, 1).0, block);
            Ok(())
        })?;
        let whole = Head::read(&volume.path, &*volume.file).ok().filter(|head| !matches!(head.room, Room::Unclear(_)));
        let unsigned = Head::read(&volume.path, &written)?.space as usize;
        let mut found = vec![0; unsigned];
        let same = whole.is_some() && volume.file.fill_at(&mut found, 0).is_ok() && found == written[..unsigned];
        if !same {
            mender.note_head(number);
        }
        if Tail::read(&volume.path, &*volume.file, layout.tail).is_ok_and(|tail| tail.is_sound()) {
            return Ok(());
        }
        mender.note(number, layout.tail, layout.length);
        Ok(())
    }
}
