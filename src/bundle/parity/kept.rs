//! What was worked out and will be asked for by and by: the latest in memory, the rest, where there is a place for it, in a file without
//! a name. Whoever takes something out compares it with what was signed, wherever it was.

use super::code::SECTOR;
use rustix::fs::{Mode, OFlags};
use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// A volume and the number of a block on it; parity is numbered after the body.
pub type Place = (usize, u64);
/// A block's bytes.
pub type Block = Box<[u8]>;

/// Most blocks in the file: 4 GiB, and 64 MiB of memory to find them.
const MOST_SPILT: usize = 1 << 20;

/// The latest of what was worked out.
#[derive(Debug)]
pub struct Recent<T> {
    held: BTreeMap<Place, T>,
    order: VecDeque<Place>,
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self { held: BTreeMap::new(), order: VecDeque::new() }
    }
}

impl<T> Recent<T> {
    /// What is kept of a place.
    pub fn get(&self, place: Place) -> Option<&T> {
        self.held.get(&place)
    }

    /// Keeps one more, and gives back the oldest when there are more than `most`.
    pub fn keep(&mut self, place: Place, value: T, most: usize) -> Option<(Place, T)> {
        if self.held.insert(place, value).is_none() {
            self.order.push_back(place);
        }
        if self.order.len() <= most {
            return None;
        }
        self.order.pop_front().and_then(|oldest| self.held.remove(&oldest).map(|value| (oldest, value)))
    }
}

/// Blocks that no longer have a place in memory.
#[derive(Debug)]
pub struct Spilt {
    file: File,
    places: BTreeMap<Place, u32>,
}

impl Spilt {
    /// A file without a name in a folder; `None` where the file system has no such files.
    pub fn new(folder: &Path) -> Option<Self> {
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let file = rustix::fs::open(folder, flags, Mode::RUSR | Mode::WUSR).ok()?;
        Some(Self { file: File::from(file), places: BTreeMap::new() })
    }

    /// Writes a block; where that fails it is worked out once more when it is asked for.
    pub fn keep(&mut self, place: Place, block: &[u8]) {
        let number = self.places.len();
        let known = self.places.contains_key(&place) || number >= MOST_SPILT;
        if !known && self.file.write_all_at(block, number as u64 * SECTOR).is_ok() {
            self.places.insert(place, number as u32);
        }
    }

    /// Reads a block.
    pub fn get(&self, place: Place) -> Option<Block> {
        let number = *self.places.get(&place)?;
        let mut block = vec![0; SECTOR as usize].into_boxed_slice();
        self.file.read_exact_at(&mut block, u64::from(number) * SECTOR).ok()?;
        Some(block)
    }
}
