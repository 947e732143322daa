//! Giving back the blocks of a volume that are lost, from what is left of it and of the others.
//!
//! A block is whole when its check value is the pinned one. A lost one is worked out from its column on its volume, else from the same
//! block of the other volumes. What comes out is compared with the frame's BLAKE3 before anybody gets it: check values only find damage.

use super::code::SECTOR;
use super::damage::Damage;
use super::kept::{Block, Place, Recent, Spilt};
use super::table::ParityTable;
use super::work::Work;
use crate::bundle::frames::Frame;
use crate::bundle::volumes::Volume;
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Most restored blocks that are kept in memory.
const KEPT_BLOCKS: usize = 8192;
/// Most blocks of check values that are kept.
const KEPT_CHECKS: usize = 2048;

/// The parity of a set that is being read, and what has been found out with it.
#[derive(Debug)]
pub struct Mender {
    /// How much there is, and where.
    pub table: ParityTable,
    state: Mutex<State>,
}

/// What has been found out.
#[derive(Debug, Default)]
pub struct State {
    /// By volume.
    pub damage: BTreeMap<usize, Damage>,
    /// Columns with too much damage, and how many blocks are too many.
    pub hopeless: BTreeMap<Place, u64>,
    restored: Recent<Block>,
    spilt: Option<Spilt>,
    checks: Recent<Option<Block>>,
}

impl Mender {
    /// With what is known to be damaged already.
    pub fn new(table: ParityTable, damage: BTreeMap<usize, Damage>) -> Self {
        Self { table, state: Mutex::new(State { damage, ..State::default() }) }
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        // What a panicking thread leaves is only ever used after comparison.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Names a folder for what does not fit into memory: without one, long stretches of damage are worked out again and again.
    pub fn spill_to(&self, folder: &Path) {
        self.locked().spilt = Spilt::new(folder);
    }

    /// What has been found to be damaged so far, by volume.
    pub fn damage(&self) -> BTreeMap<usize, Damage> {
        self.locked().damage.iter().filter(|(_, d)| d.is_some()).map(|(n, d)| (*n, d.clone())).collect()
    }

    /// Notes damage: a range of bytes of a volume.
    pub fn note(&self, volume: usize, from: u64, to: u64) {
        self.locked().note(volume, from, to);
    }

    /// Notes a head that its copy stood in for.
    pub fn note_head(&self, volume: usize) {
        self.locked().damage.entry(volume).or_default().head = true;
    }

    /// Works out the stored bytes of a frame. They are what was signed, or it is an error.
    pub fn frame(&self, volumes: &[Volume], frame: &Frame, out: &mut [u8]) -> Result<()> {
        let volume = usize::from(frame.volume);
        let layout = &self.table.layouts[volume];
        let (from, to) = (frame.offset - layout.body.start, frame.offset - layout.body.start + out.len() as u64);
        let (first, last) = (from / SECTOR, to.div_ceil(SECTOR));
        let mut state = self.locked();
        let mut work = Work { table: &self.table, volumes, state: &mut state };
        let bytes = work.blocks(volume, first, last - first)?;
        out.copy_from_slice(&bytes[(from - first * SECTOR) as usize..(to - first * SECTOR) as usize]);
        match *blake3::hash(out).as_bytes() == frame.blake3 {
            true => Ok(()),
            false => Err(Error::verification("every check value fits, and the frame is not what was signed")
                .hint("the parity was made of something else: copy the volume again from where it was made")),
        }
    }

    /// Whether a block is what its check value says.
    pub fn is_whole(&self, volumes: &[Volume], volume: usize, block: u64) -> bool {
        let mut state = self.locked();
        Work { table: &self.table, volumes, state: &mut state }.whole(volume, block).is_some()
    }
}

impl State {
    /// A block that was worked out before.
    pub fn restored(&self, place: Place) -> Option<Block> {
        self.restored.get(place).cloned().or_else(|| self.spilt.as_ref()?.get(place))
    }

    /// Keeps a block that was worked out.
    pub fn keep(&mut self, place: Place, block: Block) {
        let oldest = self.restored.keep(place, block, KEPT_BLOCKS);
        if let Some((spilt, (place, block))) = self.spilt.as_mut().zip(oldest) {
            spilt.keep(place, &block);
        }
    }

    /// Check values that were read before; those that are lost are `None` within.
    pub fn checks(&self, place: Place) -> Option<&Option<Block>> {
        self.checks.get(place)
    }

    /// Keeps check values, or that they are lost.
    pub fn keep_checks(&mut self, place: Place, values: Option<Block>) {
        self.checks.keep(place, values, KEPT_CHECKS);
    }

    /// Notes damage: a range of bytes of a volume.
    pub fn note(&mut self, volume: usize, from: u64, to: u64) {
        let damage = self.damage.entry(volume).or_default();
        if !damage.absent {
            damage.add(from, to);
        }
    }
}
