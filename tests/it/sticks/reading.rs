//! What is read of a medium, and that it is not read again: after a stick was pulled in the middle, and when it comes a second time.

use super::{MIB, Sticks};
use crate::world::{World, journal, noise, verification};
use airlift::bundle::{Authentic, ReadAt, Verification, find};
use airlift::error::{Kind, Result};
use airlift::steps::import::{Imported, import};
use airlift::store::Store;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// A medium that counts what is read of it, and is pulled out after so many frames.
#[derive(Debug)]
struct Stick {
    file: Arc<dyn ReadAt>,
    frames: AtomicUsize,
    pulled_after: usize,
    bytes: Arc<AtomicU64>,
}

impl ReadAt for Stick {
    fn fill_at(&self, bytes: &mut [u8], at: u64) -> std::io::Result<()> {
        if bytes.len() >= MIB && self.frames.fetch_add(1, Ordering::Relaxed) >= self.pulled_after {
            return Err(std::io::Error::other("the device has gone"));
        }
        self.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.file.fill_at(bytes, at)
    }
}

/// Imports from one volume that is pulled out after so many frames; what was read of it besides its head.
fn from_stick(world: &World, store: &Store, volume: &PathBuf, pulled_after: usize) -> (Result<Imported>, u64) {
    let mut set = find(std::slice::from_ref(volume)).expect("readable").remove(0);
    let read = Arc::new(AtomicU64::new(0));
    for volume in set.volumes.values_mut() {
        let (file, bytes) = (Arc::clone(&volume.file), Arc::clone(&read));
        volume.file = Arc::new(Stick { file, frames: AtomicUsize::new(0), pulled_after, bytes });
    }
    let bundle = Authentic::open_partly(set, &world.root).expect("authentic");
    let head = read.swap(0, Ordering::Relaxed);
    assert!(head < MIB as u64, "{head} bytes were read before anybody asked for the payload");
    let writer = store.writer().expect("the lock");
    let outcome = import(bundle, &journal(&writer), &Verification { threads: 1, ..verification() });
    (outcome, read.load(Ordering::Relaxed))
}

#[test]
fn after_a_pulled_stick_what_was_finished_is_not_read_again() {
    let world = World::new();
    let blobs: Vec<_> = (0..6).map(|n| noise(4 * MIB, n)).collect();
    let volume = world.pack(&world.lock("kit", &blobs), "out", None, &[1]).remove(0);
    let (done, all) = from_stick(&world, &world.receiver("whole"), &volume, usize::MAX);
    assert!(matches!(done, Ok(Imported::Done { .. })) && all > 24 * MIB as u64, "{all}");
    for frames in 0..6 {
        let receiver = world.receiver(&format!("receiver{frames}"));
        let (pulled, _) = from_stick(&world, &receiver, &volume, frames);
        let pulled = pulled.expect_err("the stick was pulled");
        assert_eq!(pulled.kind(), Kind::Failed, "{pulled}");
        assert!(pulled.to_string().contains("cannot be read at byte") && pulled.to_string().contains("nothing was changed"), "{pulled}");
        assert!(receiver.current().expect("readable").is_none());
        let (again, rest) = from_stick(&world, &receiver, &volume, usize::MAX);
        assert!(matches!(again, Ok(Imported::Done { .. })), "{again:?}");
        assert_eq!(all - rest, (frames * 4 * MIB) as u64, "what was finished was read again");
    }
}

fn is_staged(outcome: &Result<Imported>, left: usize) {
    let Ok(Imported::Staged(staged)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(staged.needs.awaited().len(), left, "{outcome:?}");
}

#[test]
fn every_stick_is_read_once_and_not_again_when_it_comes_again() {
    for order in [[0, 1, 2], [1, 2, 0], [2, 1, 0]] {
        let sticks = Sticks::new();
        for (n, stick) in order.into_iter().enumerate() {
            let volume = &sticks.volumes[stick];
            let (outcome, read) = from_stick(&sticks.world, &sticks.receiver, volume, usize::MAX);
            let length = volume.metadata().expect("a volume").len();
            assert!(read <= length && read + (MIB as u64) > length, "stick {stick}: {read} of {length} bytes were read");
            if n == 2 {
                assert!(matches!(outcome, Ok(Imported::Done { .. })), "{outcome:?}");
                continue;
            }
            is_staged(&outcome, 2 - n);
            let (outcome, read) = from_stick(&sticks.world, &sticks.receiver, volume, usize::MAX);
            is_staged(&outcome, 2 - n);
            assert_eq!(read, 0, "stick {stick} was read again");
        }
        sticks.is_whole();
    }
}

#[test]
fn a_stick_pulled_while_a_part_is_kept_goes_on_where_it_was() {
    for stick in 0..3 {
        for frames in 0..4 {
            let sticks = Sticks::new();
            let volume = &sticks.volumes[stick];
            let (pulled, first) = from_stick(&sticks.world, &sticks.receiver, volume, frames);
            if let Ok(staged) = pulled {
                is_staged(&Ok(staged), 2);
                continue;
            }
            let (outcome, second) = from_stick(&sticks.world, &sticks.receiver, volume, usize::MAX);
            is_staged(&outcome, 2);
            let length = volume.metadata().expect("a volume").len();
            assert!(first + second < length + MIB as u64, "{first} and {second} of {length} bytes were read");
            let others: Vec<usize> = (1..=3).filter(|n| *n != stick + 1).collect();
            sticks.waits(&sticks.import(&others[..1]), &others[1..]);
            assert_eq!(sticks.import(&others[1..]).code, Some(0));
            sticks.is_whole();
        }
    }
}
