//! The corruption matrix: for everything that is declared, flip, cut, swap, double, reorder. Each gives a typed error, none is accepted,
//! none changes the store.

use crate::world::{World, noise, state, text};
use airlift::bundle::find;
use airlift::error::{Error, Kind};
use std::path::{Path, PathBuf};

const MIB: usize = 1 << 20;

struct Set {
    world: World,
    volumes: Vec<PathBuf>,
    bytes: Vec<Vec<u8>>,
    head: usize,
}

fn set() -> Set {
    let world = World::new();
    let blobs = vec![noise(5 * MIB + 3, 1), text(9 * MIB, 2), noise(70_000, 3), b"small".to_vec(), noise(13 * MIB, 4)];
    let lock = world.lock("kit", &blobs);
    let volumes = world.pack(&lock, "out", Some(14 * MIB as u64), &[1]);
    assert!(volumes.len() > 1);
    let bytes = volumes.iter().map(|p| std::fs::read(p).expect("a volume")).collect();
    let head = find(&volumes).expect("a set")[0].volumes[&0].head.end as usize;
    Set { world, volumes, bytes, head }
}

impl Set {
    /// What verification says of volumes that were changed.
    fn judge(&self, changed: &[(usize, Vec<u8>)]) -> Result<(), Error> {
        for (n, bytes) in changed {
            std::fs::write(&self.volumes[*n], bytes).expect("a volume");
        }
        let outcome = self.world.verify(&self.volumes).map(|_| ());
        for (n, _) in changed {
            std::fs::write(&self.volumes[*n], &self.bytes[*n]).expect("a volume");
        }
        outcome
    }

    fn refused(&self, what: &str, changed: &[(usize, Vec<u8>)]) -> Error {
        let error = self.judge(changed).expect_err(what);
        assert!(matches!(error.kind(), Kind::Verification | Kind::Incomplete), "{what}: {error}");
        error
    }
}

fn flipped(bytes: &[u8], at: usize, bit: u8) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1 << bit;
    bytes
}

#[test]
fn the_undamaged_set_is_accepted() {
    set().judge(&[]).expect("nothing was changed");
}

#[test]
fn no_flipped_bit_of_a_head_is_accepted() {
    let set = set();
    // The room for signatures is zeros: a few places of it stand for the rest. Everything before it is walked in small odd steps.
    let space = set.head - (64 << 10);
    let places = (0..space).step_by(37).chain((space..set.head).step_by(4099));
    for (n, at) in places.enumerate() {
        set.refused(&format!("byte {at} of the head"), &[(0, flipped(&set.bytes[0], at, (n % 8) as u8))]);
    }
}

#[test]
fn no_flipped_bit_of_a_payload_is_accepted() {
    let set = set();
    for volume in 0..set.volumes.len() {
        let length = set.bytes[volume].len();
        let places =
            (set.head..set.head + 2048).step_by(101).chain((set.head..length).step_by(777_777)).chain(length - 1200..length).step_by(7);
        for at in places {
            let error = set.refused(&format!("byte {at} of volume {volume}"), &[(volume, flipped(&set.bytes[volume], at, 3))]);
            assert_eq!(error.kind(), Kind::Verification);
        }
    }
}

#[test]
fn damage_in_a_frame_is_named() {
    let set = set();
    let at = set.head + 3 * MIB;
    let error = set.refused("a frame", &[(0, flipped(&set.bytes[0], at, 0))]);
    let text = error.to_string();
    assert!(text.contains("files/blob-000 1") && text.contains("frame 1 of 2") && text.contains("blake3"), "{text}");
}

#[test]
fn cut_and_lengthened_volumes_are_refused() {
    let set = set();
    for volume in 0..set.volumes.len() {
        let whole = &set.bytes[volume];
        for length in [0, 1, 511, 512, 5000, set.head - 1, set.head, set.head + 1, whole.len() / 2, whole.len() - 1024, whole.len() - 1] {
            set.refused(&format!("volume {volume} cut to {length}"), &[(volume, whole[..length].to_vec())]);
        }
        let mut longer = whole.clone();
        longer.push(0);
        set.refused("one byte more", &[(volume, longer)]);
    }
}

#[test]
fn swapped_doubled_and_foreign_volumes_are_refused() {
    let set = set();
    set.refused("the second volume twice", &[(0, set.bytes[1].clone())]);
    let other = World::new();
    let foreign = other.pack(&other.lock("kit", &[noise(30 * MIB, 9)]), "out", Some(14 * MIB as u64), &[1]);
    let foreign = std::fs::read(&foreign[1]).expect("a volume");
    let outcome = set.judge(&[(1, foreign.clone())]).expect_err("a volume of another set");
    assert!(matches!(outcome.kind(), Kind::Usage | Kind::Incomplete | Kind::Verification), "{outcome}");
    // Payload of one volume under the head of another.
    let mut grafted = set.bytes[0].clone();
    let length = grafted.len().min(set.bytes[1].len());
    grafted[set.head..length].copy_from_slice(&set.bytes[1][set.head..length]);
    set.refused("the payload of another volume", &[(0, grafted)]);
}

#[test]
fn swapped_frames_are_refused() {
    let set = set();
    let mut bytes = set.bytes[0].clone();
    let first = set.head.next_multiple_of(4096) + 4096;
    let (a, b) = (first, first + 4 * MIB);
    let kept = bytes[a..a + 4096].to_vec();
    bytes.copy_within(b..b + 4096, a);
    bytes[b..b + 4096].copy_from_slice(&kept);
    set.refused("two stretches exchanged", &[(0, bytes)]);
}

#[test]
fn a_damaged_bundle_changes_nothing_in_the_store() {
    let set = set();
    let receiver = set.world.receiver("receiver");
    let names = |folder: &Path| {
        state(folder).into_iter().map(|(p, _)| p).filter(|p| !p.starts_with("blobs") && !p.starts_with("partial")).collect::<Vec<_>>()
    };
    let before = names(receiver.root());
    let last = set.bytes[1].len() - 2 * MIB;
    std::fs::write(&set.volumes[1], flipped(&set.bytes[1], last, 1)).expect("a volume");
    assert_eq!(set.world.import(&set.volumes, &receiver).expect_err("damaged").kind(), Kind::Verification);
    assert_eq!(names(receiver.root()), before, "nothing but unnamed blobs may be left");
    assert!(receiver.current().expect("readable").is_none());
    std::fs::write(&set.volumes[1], &set.bytes[1]).expect("a volume");
    set.world.import(&set.volumes, &receiver).expect("the same command goes on where it stopped");
}
