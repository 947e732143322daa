//! Inventories, receipts and requests that are carried back, and bundles that are packed again.

use super::{MIB, has, length, lock, two, version};
use crate::host::{Host, arg};
use crate::world::{World, journal, key};
use airlift::artifact::Digest;
use airlift::log::HostInventory;
use airlift::steps::inventory::take;
use airlift::store::Store;
use airlift::trust::SecretKey;
use std::path::PathBuf;

/// A host with the sender's store, and a signing key for it.
struct Sender {
    host: Host,
    store: PathBuf,
}

impl Sender {
    fn new(world: &World) -> Self {
        let host = Host::new();
        let _: SecretKey = key(1);
        Self { store: world.sender.root().to_owned(), host }
    }

    fn run(&self, command: &[&str]) -> crate::host::Ran {
        self.host.run(&[&["--store", arg(&self.store)], command].concat())
    }

    fn ok(&self, command: &[&str]) -> crate::host::Ran {
        self.host.ok(&[&["--store", arg(&self.store)], command].concat())
    }
}

fn signed(world: &World, path: PathBuf) -> Vec<PathBuf> {
    let volumes: Vec<PathBuf> = match path.is_dir() {
        true => std::fs::read_dir(&path).expect("a folder").map(|e| e.expect("readable").path()).collect(),
        false => vec![path],
    };
    let head = airlift::bundle::find(&volumes).expect("a set").remove(0).volumes.into_values().next().expect("one").head;
    airlift::steps::sign::sign(&head.statement, &volumes, &world.root, &key(1)).expect("signed");
    volumes
}

#[test]
fn an_inventory_is_carried_back_and_built_on() {
    let world = World::new();
    let (full, _) = two(&world);
    let receiver = world.receiver("receiver");
    world.import(&full, &receiver).expect("imported");
    // One blob has been lost there, and the inventory knows.
    let lost = Digest::of(&version(1)[0]).hex();
    std::fs::remove_file(receiver.root().join("blobs/sha256").join(&lost[..2]).join(&lost)).expect("it was there");
    let taken = take(&journal(&receiver.writer().expect("the lock"))).expect("listed");
    assert_eq!(taken.inventory.starts.len(), 3);
    assert_eq!(HostInventory::parse(&taken.bytes, Some(&taken.inventory.key)).expect("right"), (taken.inventory.clone(), taken.digest));
    for at in (0..taken.bytes.len()).step_by(13) {
        let mut bytes = taken.bytes.clone();
        bytes[at] ^= 1;
        assert!(!HostInventory::parse(&bytes, None).is_ok_and(|(_, id)| id == taken.digest), "byte {at}");
    }
    let sender = Sender::new(&world);
    let (file, lock_file) = (sender.host.write("a.inventory", &taken.bytes), sender.host.write("kit.lock", lock(&world, 2).to_bytes()));
    let key = taken.inventory.key.to_string();
    sender.ok(&["pack", arg(&lock_file), "--base", arg(&file), "--base-key", &key, "--out", "out"]);
    let other = airlift::log::VerifierKey::new("another/log", *taken.inventory.key.point()).expect("a key").to_string();
    let refused = sender.run(&["pack", arg(&lock_file), "--base", arg(&file), "--base-key", &other, "--out", "none"]);
    refused.refused(4, &["of another host", "another/log"]);
    let delta = signed(&world, sender.host.path("out"));
    let bundle = world.open(&delta).expect("authentic");
    assert!(bundle.statement.base == [taken.digest.hex()] && bundle.statement.features == ["delta", "recoded"]);
    assert!(bundle.table.blobs.iter().any(|blob| blob.digest.hex() == lost), "what was lost comes again");
    assert!(length(&delta) < 7 * MIB as u64);
    world.import(&delta, &receiver).expect("imported");
    has(&receiver, 2);
}

#[test]
fn an_import_writes_what_is_carried_back() {
    let world = World::new();
    let (full, delta) = two(&world);
    let (receiver, sender) = (world.receiver("receiver"), Sender::new(&world));
    let store = ["--store", arg(receiver.root())];
    let import = |more: &[&str]| sender.host.run(&[&store[..], &["import"], more].concat());
    // Where no file can be, nothing is imported.
    import(&[arg(&full[0]), "--inventory", "none/a.inventory"]).refused(2, &["no inventory can be written there"]);
    assert!(receiver.current().expect("readable").is_none());
    let ran = import(&[arg(&full[0])]);
    let last = ran.err.lines().last().expect("a last line");
    assert!(last.starts_with("carry ") && last.contains("snapshot-1.tlog-proof back"), "{ran:?}");
    // A delta whose base is there already: the inventory has both.
    let ran = import(&["--json", arg(&delta[0]), "--inventory", "a.inventory"]);
    let told: serde_json::Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {ran:?}"));
    let bytes = std::fs::read(sender.host.path("a.inventory")).expect("written");
    let (inventory, id) = HostInventory::parse(&bytes, None).expect("right");
    assert_eq!((inventory.snapshot, inventory.starts.len(), inventory.bundles.len()), (2, 4, 1));
    assert_eq!(told[0]["inventory"]["inventory"], id.hex(), "{told}");
    let again = import(&[arg(&delta[0]), "--inventory", "b.inventory"]);
    assert!(again.err.lines().last().is_some_and(|line| line.contains("pack LOCK --base b.inventory")), "{again:?}");
    // It is all that the sender needs for the next one.
    let lock_file = sender.host.write("kit.lock", lock(&world, 3).to_bytes());
    sender.ok(&["pack", arg(&lock_file), "--base", "a.inventory", "--out", "out"]);
    let made = signed(&world, sender.host.path("out"));
    assert!(length(&made) < MIB as u64, "{}", length(&made));
    world.import(&made, &receiver).expect("imported");
    has(&receiver, 3);
}

#[test]
fn what_waits_for_other_sticks_writes_no_inventory() {
    let world = World::new();
    let cut = world.pack(&lock(&world, 1), "cut", Some(13 * MIB as u64), &[1]);
    assert!(cut.len() > 1, "{cut:?}");
    let (receiver, sender) = (world.receiver("receiver"), Sender::new(&world));
    let stick = sender.host.path("stick");
    std::fs::create_dir(&stick).expect("a folder");
    std::fs::copy(&cut[0], stick.join(cut[0].file_name().expect("a name"))).expect("copied");
    let ran = sender.host.run(&["--store", arg(receiver.root()), "import", "stick", "--inventory", "a.inventory"]);
    ran.refused(3, &["no inventory was written", "still needed"]);
    assert!(!sender.host.path("a.inventory").exists());
}

#[test]
fn the_receipt_of_an_import_is_enough_for_a_base() {
    let world = World::new();
    let (full, delta) = two(&world);
    let receiver = world.receiver("receiver");
    world.import(&full, &receiver).expect("imported");
    let sender = Sender::new(&world);
    let lock_file = sender.host.write("kit.lock", lock(&world, 3).to_bytes());
    let receipt = receiver.root().join("log/receipts/snapshot-1.tlog-proof");
    sender.ok(&["pack", arg(&lock_file), "--base", arg(&receipt), "--out", "out"]);
    let made = signed(&world, sender.host.path("out"));
    assert_eq!(world.open(&made).expect("authentic").statement.base, world.open(&delta).expect("authentic").statement.base);
    world.import(&made, &receiver).expect("imported");
    has(&receiver, 3);
}

#[test]
fn deltas_are_folded_cut_anew_and_taken_apart() {
    let world = World::new();
    let (full, delta) = two(&world);
    let sender = Sender::new(&world);
    // A host that has nothing but the volumes.
    let fresh = world.receiver("fresh");
    let run = |command: &[&str]| sender.host.run(&[&["--store", arg(fresh.root())], command].concat());
    run(&["merge", arg(&delta[0]), "--out", "none"]).refused(3, &["what it builds on is not here", "kit 1 of line main"]);
    let merged = run(&["merge", arg(&delta[0]), arg(&full[0]), "--out", "merged"]);
    assert_eq!(merged.code, Some(0), "{merged:?}");
    let merged = signed(&world, sender.host.path("merged"));
    let bundle = world.open(&merged).expect("authentic");
    assert!(bundle.statement.features == ["repacked"] && bundle.statement.seq == 3 && bundle.table.blobs.len() == 4);
    let parents = bundle.parents().expect("readable");
    let ids = [&full, &delta].map(|volumes| world.open(volumes).expect("authentic").id);
    assert_eq!(parents.iter().map(|p| p.id).collect::<Vec<_>>(), ids);
    assert!(parents.iter().all(|p| p.signatures.len() == 1 && p.counted.files.len() == 1), "their signatures are evidence");
    let alone = world.receiver("alone");
    world.import(&merged, &alone).expect("it stands alone");
    has(&alone, 2);
    assert!(alone.bundle_folder(&bundle.id).join("parents.json").is_file(), "the record names them");
    assert!(run(&["inspect", arg(&merged[0])]).out.contains("made from"));
    // Cut anew, a delta stays a delta; its base is not needed for that.
    let cutter = world.receiver("cutter");
    let cut = sender.host.run(&["--store", arg(cutter.root()), "split", arg(&delta[0]), "--out", "cut", "--volume-size", "14MB"]);
    assert_eq!(cut.code, Some(0), "{cut:?}");
    assert!(cut.err.contains("not made again"), "whoever signs it is told: {cut:?}");
    let cut = signed(&world, sender.host.path("cut"));
    let bundle = world.open(&cut).expect("authentic");
    assert_eq!(bundle.statement.features, ["delta", "recoded", "repacked"]);
    let again = sender.host.run(&["--store", arg(cutter.root()), "split", arg(&delta[0]), "--out", "cut", "--volume-size", "14MB"]);
    assert_eq!(again.code, Some(0), "{again:?}");
    let cut = signed(&world, sender.host.path("cut"));
    assert_eq!(world.open(&cut).expect("authentic").id, bundle.id, "what is packed again the same way keeps its number");
    let receiver = world.receiver("receiver");
    world.import(&full, &receiver).expect("imported");
    world.import(&cut, &receiver).expect("imported");
    has(&receiver, 2);
    // One artifact, made again from the base that is named.
    let one = run(&["extract", arg(&delta[0]), "--artifact", "files/blob-001", "--base", arg(&full[0]), "--out", "files"]);
    assert_eq!(one.code, Some(0), "{one:?}");
    let bytes = &version(2)[1];
    assert!(std::fs::read(sender.host.path("files/blob-001")).expect("a file") == *bytes);
    assert_eq!(std::fs::read_dir(sender.host.path("files")).expect("a folder").count(), 1, "nothing else is left");
    let empty = world.receiver("empty");
    sender
        .host
        .run(&["--store", arg(empty.root()), "extract", arg(&delta[0]), "--artifact", "files/blob-001", "--out", "no"])
        .refused(3, &["is not here"]);
}

#[test]
fn what_is_taken_out_is_what_the_lock_says_wherever_it_comes_from() {
    let world = World::new();
    let (full, delta) = two(&world);
    let sender = Sender::new(&world);
    let receiver = world.receiver("receiver");
    world.import(&full, &receiver).expect("imported");
    world.import(&delta, &receiver).expect("imported");
    let blob = |bytes: &[u8]| {
        let hex = Digest::of(bytes).hex();
        receiver.root().join("blobs/sha256").join(&hex[..2]).join(hex)
    };
    let extract = |artifact: &str, out: &str| {
        sender.host.run(&["--store", arg(receiver.root()), "extract", arg(&delta[0]), "--artifact", artifact, "--out", out])
    };
    let (new, kept) = (&version(2)[1], &version(2)[0]);
    // Bytes of the same length under the blob's name: the bundle has the right ones.
    for wrong in [vec![7; new.len()], vec![7; 9]] {
        std::fs::write(blob(new), &wrong).expect("written");
        let out = format!("right-{}", wrong.len());
        let ran = extract("files/blob-001", &out);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(std::fs::read(sender.host.path(&out).join("blob-001")).expect("a file") == *new);
    }
    // What the bundle leaves out can only come from the store.
    std::fs::write(blob(kept), vec![7; kept.len()]).expect("written");
    extract("files/blob-000", "none").refused(7, &["is damaged", "scrub"]);
    assert_eq!(std::fs::read_dir(sender.host.path("none")).expect("a folder").count(), 0, "nothing is left");
    // A folder that somebody prepared on the medium is not taken for one of ours.
    let prepared = sender.host.path("stick/.airlift-extract-0/store");
    let planted = Store::open_or_create(&prepared).expect("a store").root().join("blobs/sha256").join(&Digest::of(new).hex()[..2]);
    std::fs::create_dir_all(&planted).expect("a folder");
    std::fs::write(planted.join(Digest::of(new).hex()), vec![6; new.len()]).expect("written");
    std::fs::create_dir_all(sender.host.path("stick/.airlift-extract")).expect("a folder");
    assert_eq!(extract("files/blob-001", "stick").code, Some(0));
    assert!(std::fs::read(sender.host.path("stick/blob-001")).expect("a file") == *new);
    // Where one name is taken, no file is written.
    std::fs::create_dir_all(sender.host.path("taken")).expect("a folder");
    std::os::unix::fs::symlink("elsewhere", sender.host.path("taken/blob-002")).expect("a link");
    let both = ["--artifact", "files/blob-001", "--artifact", "files/blob-002"];
    let ran = sender.host.run(&[&["--store", arg(receiver.root()), "extract", arg(&delta[0]), "--out", "taken"], &both[..]].concat());
    ran.refused(2, &["is there already"]);
    assert_eq!(std::fs::read_dir(sender.host.path("taken")).expect("a folder").count(), 1, "nothing was written");
}
