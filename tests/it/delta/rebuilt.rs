//! `verify` makes again what is made from other blobs of the same medium, and says by name what it could not make.

use super::hostile::resign;
use super::{MIB, lock, shape, site, two, version};
use crate::host::{Host, Ran, arg};
use crate::world::{World, noise, state, verification};
use airlift::artifact::{Blobs, Digest};
use airlift::bundle::{Encoding, Redundancy, Scratch};
use airlift::error::Kind;
use airlift::lock::Lock;
use airlift::report::document::{Carriage, EncodingRow, Report};
use airlift::steps::delta::{Profile, Shape};
use airlift::steps::sign::sign;
use airlift::steps::verify::verify_in;
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// Three versions of a toolkit in one bundle: the later ones are made from the earlier ones, which it carries itself.
fn all_in_one(world: &World) -> PathBuf {
    let versions = [1, 2, 3].map(|n| {
        let mut artifacts = lock(world, n).artifacts;
        artifacts.iter_mut().for_each(|artifact| artifact.version = n.to_string());
        artifacts
    });
    let all = Lock::new("all".to_owned(), "main".to_owned(), Digest::of(b"manifest"), versions.concat()).expect("a lock");
    let small = Shape { profile: Profile::Small, ..Shape::default() };
    let made = world.try_shaped(&all, "all", None, (None, None), (Redundancy::default(), &small)).expect("packed");
    made.volumes[0].clone()
}

fn signed(world: &World, volume: PathBuf) -> PathBuf {
    let volumes = [volume];
    let head = airlift::bundle::find(&volumes).expect("a set").remove(0).volumes.into_values().next().expect("one").head;
    sign(&head.statement, &volumes, &world.root, &crate::world::key(1)).expect("signed");
    volumes.into_iter().next().expect("one")
}

#[test]
fn what_is_made_from_blobs_of_the_same_bundle_is_made_and_compared() {
    let world = World::new();
    let volume = signed(&world, all_in_one(&world));
    let bundle = world.open(std::slice::from_ref(&volume)).expect("authentic");
    let carried: Vec<Digest> = bundle.table.blobs.iter().map(|blob| blob.digest).collect();
    let inner = bundle.bases.recoded.values().filter(|bases| bases.iter().any(|(base, _)| carried.contains(base))).count();
    assert!(inner >= 2, "nothing is made from a blob of the same bundle: {:?}", bundle.bases.recoded);
    let (host, receiver) = (Host::new(), world.receiver("receiver"));
    let before = state(receiver.root());
    let ran = host.ok(&["--store", arg(receiver.root()), "--json", "verify", arg(&volume)]);
    let told: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!((&told[0]["verified"], &told[0]["not-made"]), (&true.into(), &0.into()), "{told}");
    assert_eq!(told[0]["recoded"], bundle.bases.recoded.len());
    assert!(state(receiver.root()) == before, "nothing is left behind");
    // The bases are gone from the disk when the last blob was made from them.
    let file = tempfile::tempfile_in(world.folder.path()).expect("a file");
    let seen: File = file.try_clone().expect("the same file");
    let bundles = [bundle];
    let scratch = Scratch::new(Ok(file), &bundles, None).expect("room");
    let [bundle] = bundles;
    let verified = verify_in(bundle, &verification(), &scratch).expect("as signed");
    assert!(verified.unbuilt().is_empty());
    let (length, kept) = (seen.metadata().expect("a file").len(), seen.metadata().expect("a file").blocks() * 512);
    assert!(length > 8 * MIB as u64 && kept < MIB as u64, "{kept} of {length} bytes are still on the disk");
    assert!(scratch.open(&Digest::of(&version(1)[1])).expect("readable").is_none(), "what was given back is not there any more");
}

#[test]
fn a_byte_that_was_changed_under_a_new_checksum_is_found_by_name() {
    let world = World::new();
    for (encoding, artifact) in [(Encoding::Recoded, "files/blob-001 2"), (Encoding::Stored, "files/blob-001 1")] {
        drop(std::fs::remove_dir_all(world.sender.root().join("packed")));
        drop(std::fs::remove_dir_all(world.path("all")));
        let volume = all_in_one(&world);
        // Its tables are read from a signed copy; what is changed has no signature yet.
        let copy = world.path("copy.airlift");
        std::fs::copy(&volume, &copy).expect("copied");
        let bundle = world.open(&[signed(&world, copy)]).expect("authentic");
        let blob = bundle.table.blobs.iter().find(|b| b.encoding == encoding && bundle.owner(&b.digest) == artifact).expect("one");
        let number = blob.first + blob.frames - 1;
        let frame = bundle.table.frames_of(blob)[blob.frames - 1];
        let mut bytes = std::fs::read(&volume).expect("a volume");
        let stored = &mut bytes[frame.offset as usize..][..frame.stored as usize];
        let middle = stored.len() / 2;
        stored[middle] ^= 1;
        let record = 24 + bundle.table.blobs.len() * 48 + number * 48;
        let sum = *blake3::hash(stored).as_bytes();
        resign(&volume, bytes, "frames.bin", |table| table[record..record + 32].copy_from_slice(&sum));
        let receiver = world.receiver(&format!("receiver-{encoding:?}"));
        let ran = Host::new().run(&["--store", arg(receiver.root()), "verify", "--keep-going", arg(&volume)]);
        ran.refused(4, &[artifact, "every frame is as signed, but the blob is not"]);
    }
}

#[test]
fn what_cannot_be_made_is_named_and_the_bundle_is_not_called_verified() {
    let world = World::new();
    let (full, delta) = two(&world);
    let (host, receiver) = (Host::new(), world.receiver("receiver"));
    let run = |places: &[&str]| host.run(&[&["--store", arg(receiver.root()), "--json", "verify"], places].concat());
    let alone = run(&[arg(&delta[0])]);
    assert_eq!(alone.code, Some(3), "{alone:?}");
    assert!(alone.err.contains("2 of 2 recoded blobs") && alone.err.contains("files/blob-001 1"), "{alone:?}");
    let told: serde_json::Value = serde_json::from_str(&alone.out).expect("JSON");
    let changed = Digest::of(&version(2)[1]).hex();
    assert_eq!((&told[0]["verified"], &told[0]["not-made"]), (&false.into(), &2.into()), "{told}");
    assert!(told[0]["unbuilt"].as_array().expect("a list").iter().any(|blob| blob["sha256"] == changed.as_str()), "{told}");
    // What it builds on may lie on the medium beside it.
    let beside = run(&[arg(&full[0]), arg(&delta[0])]);
    assert_eq!(beside.code, Some(0), "{beside:?}");
    let told: serde_json::Value = serde_json::from_str(&beside.out).expect("JSON");
    assert_eq!((&told[1]["verified"], &told[1]["not-made"]), (&true.into(), &0.into()), "{told}");
}

#[test]
fn where_nothing_can_be_kept_that_is_the_reason() {
    let world = World::new();
    let volume = signed(&world, all_in_one(&world));
    let (host, receiver) = (Host::new(), world.receiver("receiver"));
    std::fs::remove_dir(receiver.root().join("partial")).expect("an empty folder");
    let verify = ["--store", arg(receiver.root()), "verify", arg(&volume)];
    let with = |folder: &str| Ran::of(host.command(&verify).env("TMPDIR", folder).output().expect("airlift runs"));
    let ran = with("/nowhere");
    assert!(ran.code == Some(3) && ran.err.contains("there is no place for what they are made from"), "{ran:?}");
    let elsewhere = world.path("elsewhere");
    std::fs::create_dir(&elsewhere).expect("a folder");
    let ran = with(arg(&elsewhere));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(std::fs::read_dir(&elsewhere).expect("a folder").count(), 0, "nothing is left behind");
}

#[test]
fn what_the_store_has_is_not_kept_again() {
    let world = World::new();
    let full = world.pack(&world.lock("kit", &version(1)), "one", None, &[1]);
    let delta = world.pack_shaped(&lock(&world, 2), "two", None, &shape(vec![site(&world, &[&full])]));
    let receiver = world.receiver("receiver");
    world.import(&full, &receiver).expect("imported");
    let bundles = [world.open(&full).expect("authentic"), world.open(&delta).expect("authentic")];
    let file = tempfile::tempfile_in(world.folder.path()).expect("a file");
    let seen = file.try_clone().expect("the same file");
    let scratch = Scratch::new(Ok(file), &bundles, Some(&receiver)).expect("room");
    for bundle in bundles {
        assert!(verify_in(bundle, &verification(), &scratch).expect("as signed").unbuilt().is_empty());
    }
    assert_eq!(seen.metadata().expect("a file").len(), 0);
    // A base whose bytes went bad in the store is told as that.
    let hex = Digest::of(&version(1)[1]).hex();
    let path = receiver.root().join("blobs/sha256").join(&hex[..2]).join(hex);
    std::fs::write(&path, noise(version(1)[1].len(), 77)).expect("written");
    let bundles = [world.open(&delta).expect("authentic")];
    let scratch = Scratch::new(tempfile::tempfile(), &bundles, Some(&receiver)).expect("room");
    let [bundle] = bundles;
    assert_eq!(verify_in(bundle, &verification(), &scratch).expect_err("a damaged base").kind(), Kind::Store);
}

#[test]
fn a_report_of_a_delta_says_what_each_way_of_carrying_saved() {
    let world = World::new();
    let (full, delta) = two(&world);
    let (host, receiver) = (Host::new(), world.receiver("receiver"));
    let report = |args: &[&str]| {
        let command = [&["--store", arg(receiver.root()), "report", arg(&delta[0]), "--at", "2026-03-01T00:00:00Z"], args].concat();
        host.ok(&command).out
    };
    let document = |args: &[&str]| Report::parse(report(&[&["--format", "json"], args].concat()).as_bytes()).expect("a report");
    let alone = document(&[]);
    assert!(alone.not_checked.iter().any(|claim| claim.said().key == "payload-partly"), "{:?}", alone.not_checked);
    world.import(&full, &receiver).expect("imported");
    let there = document(&[]);
    assert!(there.not_checked.iter().all(|claim| !claim.said().key.starts_with("payload")), "{:?}", there.not_checked);
    let rows = there.encodings.as_ref().expect("a list").said().clone();
    let of = |way| rows.iter().find(|row| row.encoding == way).copied();
    let blobs = version(2);
    let (changed, listing, small) = (blobs[1].len() as u64, blobs[2].len() as u64, blobs[3].len() as u64);
    let recoded = of(Carriage::Recoded).expect("two");
    assert_eq!((recoded.blobs, recoded.bytes), (2, changed + listing));
    assert!(recoded.carried > 0 && recoded.carried < recoded.bytes / 20, "{recoded:?}");
    assert_eq!(of(Carriage::Stored), Some(EncodingRow { encoding: Carriage::Stored, blobs: 1, bytes: small, carried: small }));
    let left_out = EncodingRow { encoding: Carriage::LeftOut, blobs: 1, bytes: 5 * MIB as u64, carried: 0 };
    assert_eq!((of(Carriage::LeftOut), of(Carriage::Zstd)), (Some(left_out), None));
    for (language, words) in [("en", "Bytes as carried"), ("de", "Bytes auf den Teilen"), ("it", "Byte sui volumi")] {
        for format in ["html", "markdown", "csv"] {
            let shown = report(&["--language", language, "--format", format]);
            assert!(shown.contains(words), "{language} {format}: {shown}");
        }
    }
    assert_eq!(document(&["--outgoing"]).encodings, there.encodings);
}

/// A frame of zstd is unpacked into a file, for which verify may have no place though the old version is at hand.
#[test]
fn what_is_made_from_frames_counts_as_not_made_where_they_cannot_be_unpacked() {
    let world = World::new();
    let frame = |n: u64| zstd::bulk::compress(&version(n)[2], 3).expect("a frame");
    let full = world.pack(&world.lock("kit", &[frame(1)]), "one", None, &[1]);
    let delta = world.pack_shaped(&world.lock("kit", &[frame(2)]), "two", None, &shape(vec![site(&world, &[&full])]));
    let bundle = world.open(&delta).expect("authentic");
    assert_eq!(bundle.table.blobs[0].encoding, Encoding::Recoded);
    let receiver = world.receiver("receiver");
    world.import(&full, &receiver).expect("imported");
    let (volume, whole) = (&delta[0], std::fs::read(&delta[0]).expect("a volume"));
    let verified = || {
        let bundles = [world.open(&delta).expect("authentic")];
        let scratch = Scratch::new(Err(std::io::ErrorKind::Unsupported.into()), &bundles, Some(&receiver)).expect("readable");
        let [bundle] = bundles;
        verify_in(bundle, &verification(), &scratch)
    };
    assert!(verified().expect("as signed").unbuilt().is_empty(), "there is room where the store is");
    let partial = receiver.root().join("partial");
    std::fs::remove_dir(&partial).expect("an empty folder");
    let with = |files: Vec<File>| {
        let bundles = [world.open(&delta).expect("authentic")];
        let scratch =
            Scratch::new(Err(std::io::ErrorKind::Unsupported.into()), &bundles, Some(&receiver)).expect("readable").with_files(files);
        let [bundle] = bundles;
        let unbuilt = verify_in(bundle, &verification(), &scratch).expect("as signed").unbuilt().len();
        let left = (0..3).map_while(|_| scratch.scratch().ok()).map(|file| file.metadata().expect("a file").len()).collect::<Vec<_>>();
        (unbuilt, left)
    };
    assert_eq!(with(vec![]), (1, vec![]));
    assert_eq!(with(vec![tempfile::tempfile().expect("a file")]), (0, vec![0]), "it was opened before, and is there for the next one");
    let unbuilt = verified().expect("every stored byte is as signed");
    assert_eq!(unbuilt.unbuilt(), [Digest::of(&frame(2))]);
    let refusal = airlift::steps::verify::refuse_unbuilt(&unbuilt, None).expect_err("it was not made");
    assert!(refusal.kind() == Kind::Incomplete && refusal.to_string().contains("1 of 1 recoded blobs"), "{refusal}");
    // Its stored bytes are compared all the same.
    let place = bundle.table.frames_of(&bundle.table.blobs[0])[0].offset as usize;
    let mut damaged = whole.clone();
    damaged[place + 40] ^= 1;
    std::fs::write(volume, &damaged).expect("written");
    let refusal = verified().map(|verified| verified.unbuilt().len()).expect_err("damaged");
    assert_eq!(refusal.kind(), Kind::Verification, "{refusal}");
    // No place for any file at all is no reason to fail an import that has one.
    std::fs::write(volume, &whole).expect("written");
    std::fs::create_dir(&partial).expect("a folder");
    world.import(&delta, &receiver).expect("imported");
}
