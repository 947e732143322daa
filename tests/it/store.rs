//! The store under bad luck: two writers, leftovers of a crash, damage, pruning, rolling back.

use crate::world::{World, noise, state};
use airlift::artifact::{BlobIntake, Blobs, Digest};
use airlift::error::Kind;
use airlift::error::Result;
use airlift::progress::Silent;
use airlift::steps::import::Imported;
use airlift::store::{Snapshot, Store, Writer};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// Serves another snapshot, as rolling back does.
fn switch(writer: &Writer, number: u64) -> Result<Snapshot> {
    writer.install(writer.choose(number)?)
}

#[test]
fn one_writer_at_a_time() {
    let world = World::new();
    let held = world.sender.writer().expect("the lock");
    let refusal = world.sender.writer().expect_err("two writers");
    assert_eq!(refusal.kind(), Kind::Store);
    drop(held);
    world.sender.writer().expect("the lock is free again");
}

#[test]
fn a_blob_is_checked_before_it_is_there() {
    let world = World::new();
    let writer = world.sender.writer().expect("the lock");
    let bytes = noise(100_000, 1);
    let digest = Digest::of(&bytes);
    let mut sink = writer.receive(&digest, bytes.len() as u64).expect("room").expect("not there");
    sink.write(&bytes[..50_000]).expect("room");
    sink.write(&noise(50_000, 2)).expect("room");
    assert_eq!(sink.finish().expect_err("wrong bytes").kind(), Kind::Verification);
    assert!(world.sender.blob(&digest).expect("readable").is_none());
    let mut sink = writer.receive(&digest, bytes.len() as u64).expect("room").expect("not there");
    assert_eq!(sink.offset(), 0, "wrong bytes must not be gone on with");
    assert_eq!(sink.write(&noise(100_001, 2)).expect_err("too long").kind(), Kind::Verification);
    sink.write(&bytes[..70_000]).expect("room");
    drop(sink);
    let mut sink = writer.receive(&digest, bytes.len() as u64).expect("room").expect("not there");
    assert_eq!(sink.offset(), 70_000, "what was received is kept");
    sink.write(&bytes[70_000..]).expect("room");
    sink.finish().expect("the right bytes");
    assert!(world.sender.blob(&digest).expect("readable").is_none(), "its bytes may not be on the disk yet");
    assert!(writer.receive(&digest, 100_000).expect("room").is_none(), "it need not be sent again");
    writer.settle().expect("room");
    assert_eq!(world.sender.blob(&digest).expect("readable").expect("there").file().metadata().expect("a file").len(), 100_000);
}

#[test]
fn leftovers_of_a_crash_are_not_seen() {
    let world = World::new();
    let volumes = world.pack(&world.lock("kit", &[noise(1000, 1)]), "out", None, &[1]);
    let receiver = world.receiver("receiver");
    // A snapshot file that was written while its pointer was not, a half-written pointer, a record that was never renamed.
    std::fs::write(receiver.root().join("snapshots/1.json"), b"half a snap").expect("a file");
    std::fs::write(receiver.root().join("current.new"), b"half").expect("a file");
    std::fs::create_dir_all(receiver.root().join("bundles").join(format!("{}.new", Digest::of(b"x").hex()))).expect("a folder");
    let receiver = Store::open(receiver.root()).expect("the store opens");
    assert!(receiver.current().expect("readable").is_none());
    world.import(&volumes, &receiver).expect("imported");
    assert_eq!(receiver.current().expect("readable").expect("a snapshot").number, 1);
}

#[test]
fn rolling_back_and_pruning() {
    let world = World::new();
    let receiver = world.receiver("receiver");
    let blobs = [noise(1000, 1), noise(1000, 2), noise(1000, 3)];
    for (n, bytes) in blobs.iter().enumerate() {
        let volumes = world.pack(&world.lock("kit", std::slice::from_ref(bytes)), &format!("out{n}"), None, &[1]);
        world.import(&volumes, &receiver).expect("imported");
    }
    let writer = receiver.writer().expect("the lock");
    let later = SystemTime::now() + Duration::from_secs(3600);
    assert_eq!(writer.prune(1, SystemTime::UNIX_EPOCH, true).expect("pruned").blobs, 0, "young blobs stay");
    let lease = receiver.lease(1).expect("leased");
    assert_eq!(writer.prune(1, later, false).expect("pruned").blobs, 0, "a leased snapshot keeps its blobs");
    drop(lease);
    assert_eq!(writer.prune(1, later, false).expect("pruned").blobs, 1);
    assert_eq!(switch(&writer, 1).expect_err("its blobs are gone").kind(), Kind::Incomplete);
    assert_eq!(switch(&writer, 2).expect("still whole").number, 2);
    assert_eq!(receiver.current().expect("readable").expect("a snapshot").number, 2);
    assert_eq!(switch(&writer, 9).expect_err("no such snapshot").kind(), Kind::Usage);
}

/// Bundles 1 to `count` of a line, each with a blob of its own.
fn line_of(world: &World, count: u64) -> Vec<Vec<PathBuf>> {
    (1..=count).map(|n| world.pack(&world.lock("kit", &[noise(1000, n)]), &format!("line{n}"), None, &[1])).collect()
}

#[test]
fn a_lost_snapshot_list_lowers_no_mark() {
    let world = World::new();
    let receiver = world.receiver("receiver");
    let line = line_of(&world, 2);
    let fork = world.pack_as(&world.lock("kit", &[noise(1000, 9)]), "fork", None, &[1], Some(2));
    line.iter().for_each(|volumes| drop(world.import(volumes, &receiver).expect("imported")));
    switch(&receiver.writer().expect("the lock"), 1).expect("whole");
    assert_eq!(world.import(&fork, &receiver).expect_err("a fork").kind(), Kind::Policy);
    std::fs::remove_file(receiver.root().join("snapshots/2.json")).expect("removed");
    let refusal = world.import(&fork, &receiver).expect_err("nobody knows any more what was accepted");
    assert!(refusal.kind() == Kind::Store && refusal.to_string().contains("snapshot 2"), "{refusal}");
    let faults = receiver.scrub(2, &Silent).expect("scrubbed").faults;
    assert!(faults.len() == 1 && faults[0].place == "snapshots/2.json", "{faults:?}");
}

#[test]
fn a_lost_pointer_lowers_no_mark() {
    let world = World::new();
    let receiver = world.receiver("receiver");
    let line = line_of(&world, 3);
    line[1..].iter().for_each(|volumes| drop(world.import(volumes, &receiver).expect("imported")));
    let (current, before) = (receiver.root().join("current"), state(receiver.root()));
    for set_back in [None, Some("{\"snapshot\":0,\"highest\":0}\n"), Some("garbage")] {
        std::fs::remove_file(&current).expect("removed");
        if let Some(text) = set_back {
            std::fs::write(&current, text).expect("a file");
        }
        let later = SystemTime::now() + Duration::from_secs(3600);
        let pruned = receiver.writer().expect("the lock").prune(0, later, false).map(|_| ());
        let outcomes =
            [world.import(&line[0], &receiver).map(|_| ()), receiver.current().map(|_| ()), receiver.snapshots().map(|_| ()), pruned];
        for outcome in outcomes {
            let refusal = outcome.expect_err("nobody knows any more what was accepted");
            assert!(refusal.kind() == Kind::Store && refusal.hints()[0].contains("{\"snapshot\":N,\"highest\":N}"), "{refusal}");
        }
        let faults = receiver.scrub(2, &Silent).expect("scrubbed").faults;
        assert!(faults.len() == 1 && faults[0].place == "current", "{faults:?}");
        std::fs::write(&current, "{\"snapshot\":2,\"highest\":2}\n").expect("a file");
        assert!(state(receiver.root()) == before, "something was changed or removed");
    }
    assert_eq!(world.import(&line[0], &receiver).expect_err("older").kind(), Kind::Policy);
}

#[test]
fn a_snapshot_that_never_was_is_no_damage() {
    let world = World::new();
    let receiver = world.receiver("receiver");
    let refused = |number: u64| receiver.snapshot(number).expect_err("there is none");
    assert!(refused(1).kind() == Kind::Usage && refused(1).hints() == ["nothing has been imported yet"], "{:?}", refused(1));
    line_of(&world, 1).iter().for_each(|volumes| drop(world.import(volumes, &receiver).expect("imported")));
    for never in [0, 2, u64::MAX] {
        let error = refused(never);
        assert_eq!((error.kind(), error.message()), (Kind::Usage, format!("there is no snapshot {never} here").as_str()));
        assert_eq!(error.context(), [("newest", "1".to_owned())]);
    }
}

#[test]
fn a_pointer_beyond_all_bounds_is_damage() {
    let world = World::new();
    let receiver = world.receiver("receiver");
    line_of(&world, 1).iter().for_each(|volumes| drop(world.import(volumes, &receiver).expect("imported")));
    std::fs::write(receiver.root().join("current"), b"{\"snapshot\":1,\"highest\":9007199254740991}\n").expect("a file");
    assert_eq!(receiver.snapshots().expect_err("damage").kind(), Kind::Store);
    assert_eq!(receiver.scrub(2, &Silent).expect("scrubbed").faults.len(), 100);
}

#[test]
fn pruning_keeps_what_rolling_back_goes_to() {
    let world = World::new();
    let receiver = world.receiver("receiver");
    let line = line_of(&world, 3);
    line[..2].iter().for_each(|volumes| drop(world.import(volumes, &receiver).expect("imported")));
    switch(&receiver.writer().expect("the lock"), 1).expect("whole");
    world.import(&line[2], &receiver).expect("imported");
    assert_eq!(receiver.current().expect("readable").expect("a snapshot").parent, Some(1));
    let writer = receiver.writer().expect("the lock");
    let pruned = writer.prune(1, SystemTime::now() + Duration::from_secs(3600), false).expect("pruned");
    assert_eq!((pruned.blobs, pruned.snapshots), (1, vec![1, 3]));
    assert_eq!(switch(&writer, 1).expect("whole").number, 1);
}

#[test]
fn pruning_refuses_when_a_list_is_unreadable() {
    let world = World::new();
    let receiver = world.receiver("receiver");
    let volumes = world.pack(&world.lock("kit", &[noise(1000, 1)]), "out", None, &[1]);
    world.import(&volumes, &receiver).expect("imported");
    let installed = receiver.current().expect("readable").expect("a snapshot").bundles[0].clone();
    std::fs::write(receiver.bundle_folder(&installed.bundle).join("lock.json"), b"{}").expect("a file");
    let later = SystemTime::now() + Duration::from_secs(3600);
    assert_eq!(receiver.writer().expect("the lock").prune(0, later, false).expect_err("unreadable").kind(), Kind::Store);
    assert!(Blobs::size(&receiver, &Digest::of(&noise(1000, 1))).expect("readable").is_some(), "nothing was removed");
}

#[test]
fn scrubbing_finds_damage_and_takes_it_out() {
    let world = World::new();
    let bytes = noise(100_000, 1);
    world.lock("kit", &[bytes.clone(), noise(100, 2)]);
    let hex = Digest::of(&bytes).hex();
    let path = world.sender.root().join("blobs/sha256").join(&hex[..2]).join(&hex);
    let mut damaged = bytes;
    damaged[5000] ^= 1;
    std::fs::write(&path, damaged).expect("a file");
    let scrubbed = world.sender.scrub(2, &Silent).expect("scrubbed");
    assert_eq!((scrubbed.blobs, scrubbed.faults.len()), (2, 1));
    assert!(scrubbed.faults[0].place.contains(&hex));
    world.sender.writer().expect("the lock").discard(&scrubbed.faults).expect("removed");
    assert!(!path.exists());
}

#[test]
fn damage_in_the_store_is_found_while_packing() {
    let world = World::new();
    let bytes = noise(9_000_000, 1);
    let lock = world.lock("kit", std::slice::from_ref(&bytes));
    let hex = Digest::of(&bytes).hex();
    let path = world.sender.root().join("blobs/sha256").join(&hex[..2]).join(&hex);
    let file = std::fs::File::options().write(true).open(path).expect("a blob");
    std::os::unix::fs::FileExt::write_all_at(&file, b"damage", 5_000_000).expect("written");
    let packed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| world.pack(&lock, "out", None, &[1])));
    assert!(packed.is_err(), "a damaged blob was packed");
    assert_eq!(std::fs::read_dir(world.path("out")).expect("a folder").count(), 0, "nothing half written may be left");
}

#[test]
fn an_unfinished_blob_that_is_too_long_is_begun_again() {
    let world = World::new();
    let digest = Digest::of(b"small");
    std::fs::write(world.sender.root().join("partial").join(digest.hex()), [7; 100]).expect("a file");
    let writer = world.sender.writer().expect("the lock");
    let mut sink = writer.receive(&digest, 5).expect("room").expect("not there");
    assert_eq!(sink.offset(), 0);
    sink.write(b"small").expect("room");
    sink.finish().expect("the right bytes");
    drop(writer);
    assert!(world.sender.has(&digest, 5).expect("readable"));
}

#[test]
fn importing_again_brings_back_what_is_missing() {
    let world = World::new();
    let bytes = noise(1000, 1);
    let volumes = world.pack(&world.lock("kit", &[bytes.clone(), noise(1000, 2)]), "out", None, &[1]);
    let receiver = world.receiver("receiver");
    world.import(&volumes, &receiver).expect("imported");
    let hex = Digest::of(&bytes).hex();
    std::fs::remove_file(receiver.root().join("blobs/sha256").join(&hex[..2]).join(&hex)).expect("removed");
    let installed = receiver.current().expect("readable").expect("a snapshot").bundles[0].clone();
    std::fs::write(receiver.bundle_folder(&installed.bundle).join("lock.json"), b"damaged").expect("a file");
    assert!(matches!(world.import(&volumes, &receiver).expect("brought back"), Imported::Already { restored: 1, .. }));
    assert!(receiver.has(&Digest::of(&bytes), 1000).expect("readable"));
    receiver.lock_of(&installed).expect("the record is whole again");
    assert_eq!(receiver.current().expect("readable").expect("a snapshot").number, 1);
}

#[test]
fn importing_again_does_not_take_a_cut_blob_for_whole() {
    let world = World::new();
    let bytes = noise(1000, 1);
    let volumes = world.pack(&world.lock("kit", std::slice::from_ref(&bytes)), "out", None, &[1]);
    let receiver = world.receiver("receiver");
    world.import(&volumes, &receiver).expect("imported");
    let hex = Digest::of(&bytes).hex();
    std::fs::write(receiver.root().join("blobs/sha256").join(&hex[..2]).join(&hex), &bytes[..999]).expect("a file");
    let refusal = world.import(&volumes, &receiver).expect_err("a cut blob");
    assert!(refusal.kind() == Kind::Store && refusal.hints()[0].contains("scrub --discard"), "{refusal}");
    let faults = receiver.scrub(2, &Silent).expect("scrubbed").faults;
    assert_eq!(receiver.writer().expect("the lock").discard(&faults).expect("removed"), 1);
    assert!(matches!(world.import(&volumes, &receiver).expect("brought back"), Imported::Already { restored: 1, .. }));
    assert!(receiver.scrub(2, &Silent).expect("scrubbed").faults.is_empty());
}

#[test]
fn what_is_here_already_is_not_called_read() {
    let world = World::new();
    let receiver = world.receiver("receiver");
    for (name, taken_now) in [("kit", 2), ("other", 0)] {
        let volumes = world.pack(&world.lock(name, &[noise(1000, 1), noise(1000, 2)]), name, None, &[1]);
        let outcome = world.import(&volumes, &receiver).expect("imported");
        assert!(matches!(outcome, Imported::Done { taken, .. } if taken == taken_now), "{outcome:?}");
    }
}

#[test]
fn a_store_whose_creation_was_cut_off_is_finished() {
    let world = World::new();
    let path = world.path("half");
    std::fs::create_dir_all(path.join("blobs/sha256")).expect("a folder");
    std::fs::write(path.join("airlift-store.json.new"), b"half").expect("a file");
    std::fs::create_dir(path.join("lost+found")).expect("a folder, as at the root of a file system");
    Store::open_or_create(&path).expect("the store is made");
    let foreign = world.path("foreign");
    std::fs::create_dir_all(&foreign).expect("a folder");
    std::fs::write(foreign.join("letter.txt"), b"dear").expect("a file");
    assert_eq!(Store::open_or_create(&foreign).expect_err("somebody else's folder").kind(), Kind::Store);
}

#[test]
fn a_damaged_record_is_put_right_by_importing_again() {
    let world = World::new();
    let receiver = world.receiver("receiver");
    let volumes = world.pack(&world.lock("kit", &[noise(1000, 1)]), "out", None, &[1]);
    world.import(&volumes, &receiver).expect("imported");
    let installed = receiver.current().expect("readable").expect("a snapshot").bundles[0].clone();
    std::fs::write(receiver.bundle_folder(&installed.bundle).join("lock.json"), b"{}").expect("a file");
    assert_eq!(receiver.lock_of(&installed).expect_err("damaged").kind(), Kind::Store);
    let again = world.import(&volumes, &receiver).expect("imported again");
    assert!(matches!(again, Imported::Already { restored: 0, rewritten: true, .. }), "{again:?}");
    assert!(receiver.scrub(2, &Silent).expect("scrubbed").faults.is_empty());
}

#[test]
fn in_latest_the_newest_bundle_comes_last_whatever_its_versions() {
    let world = World::new();
    let receiver = world.receiver("receiver");
    for (name, version) in [("old", "9.0"), ("new", "10.0")] {
        let mut lock = world.lock(name, &[noise(1000, version.len() as u64)]);
        version.clone_into(&mut lock.artifacts[0].version);
        world.import(&world.pack(&lock, name, None, &[1]), &receiver).expect("imported");
    }
    let snapshot = receiver.current().expect("readable").expect("a snapshot");
    let latest = receiver.views(&snapshot).expect("readable").remove(0);
    let versions: Vec<_> = latest.shelf("files").artifacts.iter().map(|a| a.version.clone()).collect();
    assert_eq!((latest.name.as_str(), versions), ("latest", vec!["9.0".to_owned(), "10.0".to_owned()]));
}
