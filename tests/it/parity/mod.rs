//! Sets with parity: what is lost comes back, what cannot is said, and nothing else ever counts.

mod hostile;
mod repair;
mod sectors;
mod sticks;

use crate::world::{World, noise, text};
use airlift::bundle::{Redundancy, VolumeSet, find};
use airlift::steps::sign::sign;
use std::path::PathBuf;

pub const MIB: usize = 1 << 20;
pub const SECTOR: usize = 4096;

/// A signed set with parity, its volumes' bytes as they were written, and what it carries.
pub struct Protected {
    pub world: World,
    pub volumes: Vec<PathBuf>,
    pub bytes: Vec<Vec<u8>>,
    pub blobs: Vec<Vec<u8>>,
    pub head: usize,
}

pub fn blobs() -> Vec<Vec<u8>> {
    vec![noise(15 * MIB + 17, 1), text(13 * MIB, 2), noise(70_000, 3), b"small".to_vec(), Vec::new(), noise(9 * MIB, 10)]
}

/// Packs and signs; a number of its own for each, so that several fit into one world.
pub fn packed(world: &World, out: &str, volume_size: Option<u64>, redundancy: Redundancy) -> Vec<PathBuf> {
    let lock = world.lock("kit", &blobs());
    let written = world.try_protected(&lock, out, volume_size, (None, None), redundancy).expect("packed");
    sign(&written.statement, &written.volumes, &world.root, &crate::world::key(1)).expect("signed");
    written.volumes
}

impl Protected {
    pub fn new(volume_size: Option<u64>, permille: u64, spares: usize) -> Self {
        let world = World::new();
        let volumes = packed(&world, "out", volume_size, Redundancy { permille, spares });
        let bytes = volumes.iter().map(|p| std::fs::read(p).expect("a volume")).collect();
        let head = find(&volumes).expect("a set")[0].volumes[&0].head.end as usize;
        Self { world, volumes, bytes, blobs: blobs(), head }
    }

    /// Puts every volume back as it was.
    pub fn reset(&self) {
        for (path, bytes) in self.volumes.iter().zip(&self.bytes) {
            std::fs::write(path, bytes).expect("a volume");
        }
    }

    /// Changes a volume.
    pub fn change(&self, volume: usize, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = std::fs::read(&self.volumes[volume]).expect("a volume");
        change(&mut bytes);
        std::fs::write(&self.volumes[volume], bytes).expect("a volume");
    }

    pub fn folder(&self) -> Vec<PathBuf> {
        vec![self.world.path("out")]
    }

    pub fn set(&self) -> VolumeSet {
        find(&self.folder()).expect("readable").remove(0)
    }
}

/// Sectors of a length, one in a hundred by lot, the same on every run.
pub fn one_in_a_hundred(length: usize, seed: u64) -> Vec<usize> {
    let lots = noise(length / SECTOR * 8, seed);
    lots.chunks(8)
        .enumerate()
        .filter(|(_, lot)| u64::from_le_bytes((*lot).try_into().expect("8 bytes")) % 100 == 0)
        .map(|(n, _)| n * SECTOR)
        .collect()
}

/// Overwrites one sector in a hundred with something else.
pub fn scatter(bytes: &mut [u8], seed: u64) -> usize {
    let lost = one_in_a_hundred(bytes.len(), seed);
    for at in &lost {
        let junk = noise(SECTOR, seed ^ *at as u64 ^ 0x5eed);
        bytes[*at..at + SECTOR].copy_from_slice(&junk);
    }
    lost.len()
}
