//! The corruption matrix: for everything that is declared, flip, cut, swap, double, reorder. Each gives a typed error, none is accepted,
//! none changes the store.

use crate::world::{World, noise, state, text};
use airlift::bundle::find;
use airlift::error::{Error, Kind};
use std::os::unix::fs::FileExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
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

/// A set so small that every byte of it can be damaged: text, noise, something short and nothing at all.
fn small_set() -> (World, PathBuf, Vec<u8>, usize) {
    let world = World::new();
    let lock = world.lock("small", &[text(3000, 1), noise(700, 2), b"small".to_vec(), Vec::new()]);
    let volume = world.pack(&lock, "out", None, &[1]).remove(0);
    let bytes = std::fs::read(&volume).expect("a volume");
    let head = find(std::slice::from_ref(&volume)).expect("a set")[0].volumes[&0].head.end as usize;
    (world, volume, bytes, head)
}

/// What became of damaged sets.
#[derive(Debug, Default)]
struct Figures {
    refused: usize,
    accepted: usize,
    panicked: usize,
    strange: usize,
}

/// Verifies a copy of the set for each of some bits, that one flipped.
fn flip(world: &World, bytes: &[u8], copy: &Path, bits: impl Iterator<Item = (usize, u8)>) -> Figures {
    std::fs::write(copy, bytes).expect("a volume");
    let file = std::fs::File::options().write(true).open(copy).expect("a volume");
    let mut figures = Figures::default();
    let places = [copy.to_owned()];
    for (at, bit) in bits {
        file.write_all_at(&[bytes[at] ^ 1 << bit], at as u64).expect("flipped");
        match catch_unwind(AssertUnwindSafe(|| world.verify(&places).map(|_| ()))) {
            Ok(Err(error)) if matches!(error.kind(), Kind::Verification | Kind::Incomplete) => figures.refused += 1,
            Ok(Err(error)) => {
                println!("byte {at}, bit {bit}: {error}");
                figures.strange += 1;
            }
            Ok(Ok(())) => {
                println!("byte {at}, bit {bit} was accepted");
                figures.accepted += 1;
            }
            Err(_) => figures.panicked += 1,
        }
        file.write_all_at(&bytes[at..=at], at as u64).expect("restored");
    }
    figures
}

/// Every bit of the head up to the room for signatures, every byte of that room and of everything behind the head.
#[test]
fn no_bit_of_a_small_set_can_change() {
    let (world, volume, bytes, head) = small_set();
    let room = head - (64 << 10);
    let bits: Vec<(usize, u8)> =
        (0..room).flat_map(|at| (0..8).map(move |bit| (at, bit))).chain((room..bytes.len()).map(|at| (at, (at % 8) as u8))).collect();
    let halves: Vec<Figures> = std::thread::scope(|scope| {
        let parts = [0, 1].map(|half| {
            let (world, bytes, bits) = (&world, &bytes, &bits);
            let copy = world.path(&format!("copy-{half}.airlift"));
            scope.spawn(move || flip(world, bytes, &copy, bits.iter().copied().skip(half).step_by(2)))
        });
        parts.map(|part| part.join().expect("the thread ends")).into()
    });
    let sum = |count: fn(&Figures) -> usize| halves.iter().map(count).sum::<usize>();
    let (refused, accepted, panicked, strange) = (sum(|f| f.refused), sum(|f| f.accepted), sum(|f| f.panicked), sum(|f| f.strange));
    println!(
        "{} bytes, head {head}: {} damaged sets, {refused} refused, {accepted} accepted, {panicked} panics, {strange} of another kind",
        bytes.len(),
        bits.len()
    );
    assert_eq!((refused, accepted, panicked, strange), (bits.len(), 0, 0, 0));
    drop(volume);
}

/// Each region of the small set, damaged, leaves a store without a snapshot, a record or a mark; the whole set then goes in.
#[test]
fn no_damaged_set_is_half_imported() {
    let (world, volume, bytes, head) = small_set();
    let kept = |folder: &Path| {
        state(folder).into_iter().filter(|(path, _)| !path.starts_with("blobs") && !path.starts_with("partial")).collect::<Vec<_>>()
    };
    let (before, mut imports) = (kept(world.receiver("receiver").root()), 0);
    for at in (0..head - (64 << 10)).step_by(97).chain((head..bytes.len()).step_by(61)) {
        std::fs::write(&volume, flipped(&bytes, at, (at % 8) as u8)).expect("a volume");
        // A store of its own for each: what an earlier import left would not be read again.
        let receiver = world.receiver("damaged");
        let outcome = catch_unwind(AssertUnwindSafe(|| world.import(std::slice::from_ref(&volume), &receiver)));
        assert!(matches!(outcome, Ok(Err(_))), "byte {at}: refused, and without a panic");
        assert!(receiver.current().expect("readable").is_none() && receiver.accepted().expect("readable").is_empty(), "byte {at}");
        assert_eq!(kept(receiver.root()), before, "byte {at}: nothing but blobs that nothing names may be left");
        std::fs::remove_dir_all(receiver.root()).expect("removed");
        imports += 1;
    }
    println!("{imports} imports of damaged sets, none of them half done");
    std::fs::write(&volume, &bytes).expect("a volume");
    world.import(&[volume], &world.receiver("receiver")).expect("the whole set");
}
