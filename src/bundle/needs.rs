//! What a store still needs of a set: which volumes, how much of each, and how much room it takes.

use super::authentic::Authentic;
use super::frames::BlobEntry;
use super::portion::Portion;
use crate::artifact::PIECE;
use crate::error::Result;
use crate::store::Store;

/// Where a volume is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It is here.
    Here,
    /// It is not here, and parity stands in for it.
    MadeUpFor,
    /// It is not here.
    Missing,
}

/// One volume of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeNeed {
    /// Its file name.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
    /// Where it is.
    pub presence: Presence,
    /// Bytes of its payload that the store needs; with none, the volume is not needed.
    pub bytes: u64,
}

impl VolumeNeed {
    /// Whether nothing can be installed before it comes.
    pub fn is_awaited(&self) -> bool {
        self.presence == Presence::Missing && self.bytes > 0
    }
}

/// What a store needs of a set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// How many blobs the store lacks.
    pub blobs: usize,
    /// Bytes that are still to be written for them, also by later runs.
    pub bytes: u64,
    /// All volumes, in order.
    pub volumes: Vec<VolumeNeed>,
    /// What can be taken in now, in the order of the payload: index of the blob in the frame table, and how much of it.
    pub portions: Vec<(usize, Portion)>,
}

impl Needs {
    /// The volumes that have to come first.
    pub fn awaited(&self) -> Vec<&VolumeNeed> {
        self.volumes.iter().filter(|volume| volume.is_awaited()).collect()
    }
}

impl Authentic {
    /// Compares the set with what a store has. The frames of unfinished blobs that are kept count as had; they are checked when the blob
    /// is finished. Nothing of the payload is read.
    pub fn needs(&self, store: &Store) -> Result<Needs> {
        let mut needs = Needs { volumes: self.volume_needs(), ..Needs::default() };
        for (index, blob) in self.table.blobs.iter().enumerate() {
            if !store.lacks(&blob.digest, blob.size)? {
                continue;
            }
            // What is there of a recoded blob spares nothing: it is made again from its beginning.
            let partial = Some(store.partial_size(&blob.digest)).filter(|there| *there <= blob.size && !blob.is_recoded()).unwrap_or(0);
            let from = if partial == blob.size { blob.frames } else { (partial / PIECE as u64) as usize };
            needs.blobs += 1;
            needs.bytes += blob.size - partial;
            for (n, frame) in self.table.frames_of(blob).iter().enumerate().skip(from) {
                if self.kept.get(blob.first + n).is_none() {
                    needs.volumes[usize::from(frame.volume)].bytes += u64::from(frame.stored);
                }
            }
            for portion in self.portions(blob, from) {
                needs.bytes += self.extra(blob, portion);
                needs.portions.push((index, portion));
            }
        }
        Ok(needs)
    }

    /// The volumes and where each of them is; none is needed for anything yet.
    pub fn volume_needs(&self) -> Vec<VolumeNeed> {
        let damage = self.damage();
        let presence = |n: usize| match damage.get(&n).is_some_and(|d| d.absent) {
            _ if self.lacks_volume(n) => Presence::Missing,
            true => Presence::MadeUpFor,
            false => Presence::Here,
        };
        let sizes = self.statement.volumes.iter().enumerate();
        sizes.map(|(n, size)| VolumeNeed { name: self.statement.volume_name(n), size: *size, presence: presence(n), bytes: 0 }).collect()
    }

    /// What can be taken of a blob whose first `from` frames are had. A recoded one is not made again before everything is here: what
    /// it is made from may be what is missing.
    fn portions(&self, blob: &BlobEntry, from: usize) -> Vec<Portion> {
        let gap = (from..blob.frames).find(|n| !self.at_hand(blob.first + n));
        let new = |volume: usize, mut frames: std::ops::Range<usize>| {
            !self.lacks_volume(volume) && frames.any(|n| self.kept.get(blob.first + n).is_none())
        };
        let runs = self.runs(blob).into_iter().filter(|(volume, frames)| new(*volume, frames.clone()));
        let gap = match gap {
            _ if blob.is_recoded() => return runs.map(|(volume, _)| Portion::Stretch(volume)).collect(),
            None => return vec![Portion::Whole],
            Some(gap) => gap,
        };
        let behind = runs.filter(|(_, frames)| frames.start > gap);
        let beginning = (gap > from).then_some(Portion::Beginning(gap));
        beginning.into_iter().chain(behind.map(|(volume, _)| Portion::Stretch(volume))).collect()
    }

    /// What a portion takes besides the blob it will be part of.
    fn extra(&self, blob: &BlobEntry, portion: Portion) -> u64 {
        let Portion::Stretch(on) = portion else { return 0 };
        let frames = self.table.frames_of(blob).iter().enumerate();
        let new = frames.filter(|(n, frame)| usize::from(frame.volume) == on && self.kept.get(blob.first + n).is_none());
        new.map(|(_, frame)| u64::from(frame.stored)).sum()
    }
}
