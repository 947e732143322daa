//! Bundles that carry only what the other side lacks, and blobs that are made again from others.

mod carried;
mod cost;
mod damage;
mod gap;
mod hostile;
mod limits;
mod lineage;
mod order;
mod rebuilt;
mod similar;

use crate::world::{World, noise, text};
use airlift::artifact::Digest;
use airlift::bundle::Encoding;
use airlift::lock::Lock;
use airlift::steps::delta::{Profile, Shape, Site};
use airlift::store::Store;
use std::io::Read;
use std::path::PathBuf;

const MIB: usize = 1 << 20;

/// Three versions of a toolkit: one blob stays, one changes a little, one is new each time, one is small.
pub fn version(n: u64) -> Vec<Vec<u8>> {
    let mut changing = noise(9 * MIB + 11, 1);
    for step in 1..n {
        let at = 4000 + step as usize * 700_000;
        changing.splice(at..at + 5, noise(40, 70 + step));
    }
    let listing: String = noise(15_000, 5).iter().map(|byte| format!("{byte:02x}")).collect();
    let listing = [text(500, n * 1000), listing.into_bytes()].concat();
    vec![noise(5 * MIB, 7), changing, listing, noise(100 + n as usize, 40 + n)]
}

pub fn lock(world: &World, n: u64) -> Lock {
    world.lock("kit", &version(n))
}

/// A receiver with these bundles.
pub fn site(world: &World, bundles: &[&[PathBuf]]) -> Site {
    let opened: Vec<_> = bundles.iter().map(|places| world.open(places).expect("authentic")).collect();
    Site::with_bundles(&opened)
}

pub fn shape(sites: Vec<Site>) -> Shape {
    Shape { sites, ..Shape::default() }
}

/// Full bundle 1, and delta 2 on top of it.
pub fn two(world: &World) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let full = world.pack(&lock(world, 1), "one", None, &[1]);
    let delta = world.pack_shaped(&lock(world, 2), "two", None, &shape(vec![site(world, &[&full])]));
    (full, delta)
}

/// That every blob of a version is in a store, as it was made.
pub fn has(store: &Store, n: u64) {
    for bytes in version(n) {
        let mut found = Vec::new();
        store.blob(&Digest::of(&bytes)).expect("readable").expect("it is there").read_to_end(&mut found).expect("readable");
        assert!(found == bytes, "a blob came out other than it went in");
    }
}

pub fn length(volumes: &[PathBuf]) -> u64 {
    volumes.iter().map(|path| path.metadata().expect("a volume").len()).sum()
}

#[test]
fn a_delta_carries_only_what_is_new_and_is_installed_whole() {
    let world = World::new();
    let (full, delta) = two(&world);
    assert!(length(&delta) < length(&full) / 20, "{} of {}", length(&delta), length(&full));
    let bundle = world.open(&delta).expect("authentic");
    assert_eq!(bundle.statement.features, ["delta", "recoded"]);
    assert_eq!(bundle.statement.base, [world.open(&full).expect("authentic").id.hex()]);
    assert_eq!(bundle.lock.blobs().len(), 4);
    let encodings: Vec<Encoding> = bundle.table.blobs.iter().map(|blob| blob.encoding).collect();
    assert_eq!(encodings, [Encoding::Recoded, Encoding::Recoded, Encoding::Stored]);
    let receiver = world.receiver("receiver");
    world.import(&full, &receiver).expect("imported");
    world.import(&delta, &receiver).expect("imported");
    has(&receiver, 2);
    assert_eq!(receiver.current().expect("readable").expect("one").bundles[0].seq, 2);
    assert!(std::fs::read_dir(receiver.root().join("partial")).expect("a folder").next().is_none(), "nothing is left over");
}

#[test]
fn the_same_delta_has_the_same_bytes() {
    let world = World::new();
    let (full, delta) = two(&world);
    let first = std::fs::read(&delta[0]).expect("a volume");
    let again = world.pack_shaped(&lock(&world, 2), "again", None, &shape(vec![site(&world, &[&full])]));
    assert!(std::fs::read(&again[0]).expect("a volume") == first);
    let other = world.pack(&lock(&world, 2), "full", None, &[1]);
    assert_eq!(world.open(&other).expect("authentic").statement.seq, 3, "a full bundle of the same lock is another bundle");
}

#[test]
fn fast_leaves_out_and_recodes_nothing_and_small_recodes_without_any_base() {
    let world = World::new();
    let full = world.pack(&lock(&world, 1), "one", None, &[1]);
    let fast = Shape { profile: Profile::Fast, ..shape(vec![site(&world, &[&full])]) };
    let fast = world.pack_shaped(&lock(&world, 2), "fast", None, &fast);
    let bundle = world.open(&fast).expect("authentic");
    assert!(bundle.statement.features == ["delta"] && bundle.table.blobs.len() == 3);
    // Two versions in one bundle: the second is made from the first.
    let both = [1, 2].map(|n| {
        let mut artifacts = lock(&world, n).artifacts;
        artifacts.iter_mut().for_each(|artifact| artifact.version = n.to_string());
        artifacts
    });
    let both = Lock::new("both".to_owned(), "main".to_owned(), Digest::of(b"manifest"), both.concat()).expect("a lock");
    let small = world.pack_shaped(&both, "small", None, &Shape { profile: Profile::Small, ..Shape::default() });
    let bundle = world.open(&small).expect("authentic");
    assert!(bundle.statement.features == ["recoded"] && bundle.statement.base.is_empty());
    assert!(length(&small) < 15 * MIB as u64, "{}", length(&small));
    let receiver = world.receiver("receiver");
    world.import(&small, &receiver).expect("a small bundle stands alone");
    has(&receiver, 1);
    has(&receiver, 2);
}

#[test]
fn several_receivers_get_what_all_of_them_can_use() {
    let world = World::new();
    let one = world.pack(&lock(&world, 1), "one", None, &[1]);
    let two = world.pack(&lock(&world, 2), "two", None, &[1]);
    let sites = vec![site(&world, &[&one]), site(&world, &[&two])];
    let delta = world.pack_shaped(&lock(&world, 3), "three", None, &shape(sites));
    let bundle = world.open(&delta).expect("authentic");
    // Only the blob that never changes is at both.
    assert_eq!(bundle.bases.refs.len(), 2);
    assert_eq!(bundle.lock.blobs().len() - bundle.table.blobs.len(), 1);
    for (name, base) in [("first", &one), ("second", &two)] {
        let receiver = world.receiver(name);
        world.import(base, &receiver).expect("imported");
        world.import(&delta, &receiver).expect("imported");
        has(&receiver, 3);
    }
}

#[test]
fn one_number_stands_for_one_bundle() {
    let world = World::new();
    let (full, delta) = two(&world);
    let (before, id) = (std::fs::read(&delta[0]).expect("a volume"), world.open(&delta).expect("authentic").id);
    // An old blob that was recoded from is pruned here: the same recipe comes to other bytes.
    let hex = Digest::of(&version(1)[1]).hex();
    let old = world.sender.root().join("blobs/sha256").join(&hex[..2]).join(hex);
    let kept = std::fs::read(&old).expect("it was there");
    std::fs::remove_file(&old).expect("it was there");
    let again = || {
        let shape = shape(vec![site(&world, &[&full])]);
        world.try_shaped(&lock(&world, 2), "two", None, (None, None), (airlift::bundle::Redundancy::default(), &shape))
    };
    let refusal = again().map(|written| written.id).expect_err("another bundle under its number").to_string();
    assert!(refusal.contains("--seq 3") && refusal.contains(&id.spoken()), "{refusal}");
    assert!(std::fs::read(&delta[0]).expect("a volume") == before, "the signed volume is as it was");
    assert_eq!(world.sender.last_packed("kit", "main").expect("readable").expect("one").bundle, id);
    std::fs::write(&old, kept).expect("written");
    assert_eq!(again().expect("as it was").id, id);
    // A site that has both, and two sites that have one each, are not the same.
    let (one, two) = (site(&world, &[&full, &delta]), [site(&world, &[&full]), site(&world, &[&delta])]);
    assert_ne!(shape(vec![one]).told(), shape(two.into()).told());
}

#[test]
fn a_damaged_base_is_seen_by_whoever_packs() {
    let world = World::new();
    let full = world.pack(&lock(&world, 1), "one", None, &[1]);
    let hex = Digest::of(&version(1)[1]).hex();
    let base = world.sender.root().join("blobs/sha256").join(&hex[..2]).join(&hex);
    let mut bytes = std::fs::read(&base).expect("it is there");
    bytes[5 << 20] ^= 1;
    std::fs::write(&base, bytes).expect("written");
    let shape = shape(vec![site(&world, &[&full])]);
    let made = world.try_shaped(&lock(&world, 2), "two", None, (None, None), (airlift::bundle::Redundancy::default(), &shape));
    let refusal = made.map(|written| written.id).expect_err("made from damaged bytes");
    assert!(refusal.kind() == airlift::error::Kind::Store && refusal.to_string().contains(&hex), "{refusal}");
}

#[test]
fn gc_keeps_what_the_last_bundle_was_recoded_from() {
    let world = World::new();
    two(&world);
    let old = Digest::of(&version(1)[1]);
    let far = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1 << 36);
    let prune = || world.sender.writer().expect("the lock").prune(0, far, false);
    prune().expect("pruned");
    assert!(world.sender.has(&old, version(1)[1].len() as u64).expect("readable"), "packing the delta again takes it");
    world.pack(&lock(&world, 3), "three", None, &[1]);
    prune().expect("pruned");
    assert!(!world.sender.has(&old, version(1)[1].len() as u64).expect("readable"), "nothing builds on it any more");
}
