//! Channels that only go one way: what `docs/formats/stream.md` promises, by the library, by the program, and across a link that has no
//! way back.

mod hostile;
mod link;
mod pipe;
mod records;

use crate::world::{World, noise, text};
use airlift::artifact::Digest;
use airlift::bundle::Volume;
use airlift::stream::{Assembly, Bounds, Cut, Scanner, Shape};
use std::path::{Path, PathBuf};

const MIB: usize = 1 << 20;

/// A world with a bundle of one volume of about 300 kB.
fn small() -> (World, PathBuf) {
    let world = World::new();
    let lock = world.lock("kit", &[noise(200_000, 1), text(50_000, 2)]);
    let volumes = world.pack(&lock, "out", None, &[1]);
    (world, volumes[0].clone())
}

/// A world with a bundle of two volumes, of about 14 and 10 MB.
fn large() -> (World, Vec<PathBuf>) {
    let world = World::new();
    let volumes = world.pack(&world.lock("kit", &[noise(22 * MIB, 1)]), "out", Some(14 * MIB as u64), &[1]);
    assert_eq!(volumes.len(), 2);
    (world, volumes)
}

/// The records of volumes, as one round has them.
fn records(volumes: &[PathBuf], packet: u64, recovery: u8) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    for path in volumes {
        let volume = Volume::open(path).expect("a volume");
        let cut = Cut::new(&volume, volumes.len(), Shape::new(packet, recovery).expect("a shape")).expect("a volume");
        let mut emit = |record: &[u8]| {
            out.push(record.to_vec());
            Ok(())
        };
        cut.run(&mut emit).expect("it can be read");
    }
    out
}

fn id(volume: &Path) -> Digest {
    Digest::of(&Volume::open(volume).expect("a volume").head.statement)
}

const BOUNDS: Bounds = Bounds { bundle: None, bytes: 1 << 40 };

/// A receiver in a folder.
struct Receiver {
    scanner: Scanner,
    assembly: Assembly,
    folder: PathBuf,
}

impl Receiver {
    fn new(folder: PathBuf) -> Self {
        Self::bounded(folder, BOUNDS)
    }

    fn bounded(folder: PathBuf, bounds: Bounds) -> Self {
        std::fs::create_dir_all(&folder).expect("a folder");
        Self { scanner: Scanner::default(), assembly: Assembly::new(&folder, bounds), folder }
    }

    /// Takes some bytes in pieces of one length.
    fn pour(&mut self, bytes: &[u8], piece: usize) -> airlift::error::Result<()> {
        for piece in bytes.chunks(piece) {
            self.scanner.feed(piece);
            while let Some(found) = self.scanner.record() {
                self.assembly.take(&found)?;
            }
        }
        Ok(())
    }

    fn takes<'a>(&mut self, records: impl IntoIterator<Item = &'a Vec<u8>>) {
        records.into_iter().for_each(|record| self.pour(record, usize::MAX).expect("room"));
    }

    /// The names in the folder that are not hidden.
    fn names(&self) -> Vec<String> {
        let entries = self.folder.read_dir().expect("a folder").map(|e| e.expect("readable").file_name().into_string().expect("UTF-8"));
        let mut names: Vec<String> = entries.filter(|name| !name.starts_with('.')).collect();
        names.sort();
        names
    }

    /// That everything is here, byte for byte, and nothing else.
    fn holds(&self, volumes: &[PathBuf]) {
        assert!(self.assembly.is_complete(), "{:?} {:?}", self.assembly.missing(), self.assembly.tally());
        assert_eq!(self.folder.read_dir().expect("a folder").count(), volumes.len());
        for ((_, received), sent) in self.assembly.volumes().iter().zip(volumes) {
            assert!(std::fs::read(received).expect("it is here") == std::fs::read(sent).expect("it is there"), "{}", received.display());
        }
    }
}

/// Numbers below `below`, the same on every run.
fn chance(seed: u64, below: u64) -> impl FnMut() -> u64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % below
    }
}
