//! What a bundle that is packed again says of those it was made from, and of those before them.

use super::hostile::resign;
use super::{lock, two, version};
use crate::host::{Host, arg};
use crate::world::{World, journal, key, noise, verification};
use airlift::artifact::Digest;
use airlift::bundle::{ANCESTORS, MAX_PARENTS, PARENTS, Parent, append_signature};
use airlift::error::Kind;
use airlift::steps::repack::merge;
use airlift::steps::sign::sign as sign_set;
use airlift::store::Store;
use airlift::trust::{BUNDLE, Signer, sign, signature_name};
use std::path::{Path, PathBuf};

/// Runs a command on a store and gives back the volumes it wrote into a folder.
fn made(host: &Host, store: &Store, command: &[&str], out: &str) -> Vec<PathBuf> {
    let out = host.path(out);
    let ran = host.run(&[&["--store", arg(store.root())], command, &["--out", arg(&out)]].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let mut volumes: Vec<PathBuf> = std::fs::read_dir(out).expect("a folder").map(|e| e.expect("readable").path()).collect();
    volumes.sort();
    volumes
}

fn signed(world: &World, volumes: Vec<PathBuf>) -> Vec<PathBuf> {
    let head = airlift::bundle::find(&volumes).expect("a set").remove(0).volumes.into_values().next().expect("one").head;
    sign_set(&head.statement, &volumes, &world.root, &key(1)).expect("signed");
    volumes
}

fn stranger(volume: &Path, statement: &[u8]) -> String {
    let name = format!("sig/{}", signature_name("bundle", "stranger", key(9).public_key()));
    let armour = sign(&key(9), BUNDLE, statement).expect("signed");
    append_signature(volume, &Digest::of(statement), &name, armour.as_bytes()).expect("there is room");
    name
}

#[test]
fn a_signature_that_nobody_counted_is_not_said_to_count() {
    let world = World::new();
    let (host, store) = (Host::new(), world.receiver("store"));
    let full = world.pack(&lock(&world, 1), "one", None, &[1]);
    let bundle = world.open(&full).expect("authentic");
    let unknown = stranger(&full[0], bundle.statement_bytes());
    let volumes = made(&host, &store, &["split", arg(&full[0]), "--volume-size", "14MB"], "cut");
    let cut = world.open(&signed(&world, volumes.clone())).expect("authentic");
    let parent = cut.parents().expect("readable").remove(0);
    let names: Vec<&String> = parent.signatures.iter().map(|(name, _)| name).collect();
    assert!(names.len() == 2 && names.contains(&&unknown), "the bytes are there for whoever judges them: {names:?}");
    assert!(parent.counted.files.len() == 1 && parent.counted.files[0] != unknown, "{:?}", parent.counted);
    assert_eq!(parent.counted.root, world.root.fingerprint().hex());
    assert!(host.ok(&["inspect", arg(&volumes[0])]).out.contains("2 signatures beside it, of which 1 counted"));
    // Whoever packs cannot say of a signature that it counted and leave it out.
    let mut text = String::from_utf8(airlift_parents(&cut)).expect("UTF-8");
    text = text.replace(&format!("\"{}\"\n", parent.counted.files[0]), "\"sig/none.sshsig\"\n");
    Parent::read_all(text.as_bytes()).expect_err("no such signature");
}

/// The exact bytes of a bundle's list of parents.
fn airlift_parents(bundle: &airlift::bundle::Authentic) -> Vec<u8> {
    bundle.lists_of_parents().expect("readable").remove(0).into_bytes()
}

#[test]
fn what_parents_were_made_from_is_carried_along_and_can_be_followed() {
    let world = World::new();
    let (host, store) = (Host::new(), world.receiver("store"));
    let full = world.pack(&lock(&world, 1), "one", None, &[1]);
    let first = signed(&world, made(&host, &store, &["split", arg(&full[0]), "--volume-size", "14MB"], "first"));
    let folder = host.path("first");
    let second = signed(&world, made(&host, &store, &["split", arg(&folder), "--volume-size", "15MB"], "second"));
    let folder = host.path("second");
    let third = made(&host, &store, &["split", arg(&folder), "--volume-size", "64MB"], "third");
    let unsigned = std::fs::read(&third[0]).expect("a volume");
    let bundle = world.open(&signed(&world, third.clone())).expect("authentic");
    let ids = [&second, &first, &full].map(|volumes| world.open(volumes).expect("authentic").id);
    assert_eq!(bundle.parents().expect("readable")[0].id, ids[0]);
    let ancestors: Vec<(usize, Digest)> = bundle.ancestors().expect("readable").into_iter().map(|(back, p)| (back, p.id)).collect();
    assert_eq!(ancestors, [(2, ids[1]), (3, ids[2])]);
    let shown = host.ok(&["inspect", arg(&third[0])]).out;
    assert!(shown.contains("2 back") && shown.contains(&ids[2].spoken()), "{shown}");
    // The next one's list is the text that its own statement pins.
    let lists = bundle.lists_of_parents().expect("readable");
    let pin = world.open(&second).expect("authentic").statement.files[PARENTS];
    assert_eq!((Digest::of(lists[1].as_bytes()), lists[1].len() as u64), (pin.sha256, pin.size));
    world.import(&third, &store).expect("imported");
    assert!(store.bundle_folder(&bundle.id).join(ANCESTORS).is_file(), "the record has it");
    // A list that no statement pins is refused, whoever signs it.
    let path = host.path("forged.airlift");
    std::fs::write(&path, &unsigned).expect("a volume");
    resign(&path, unsigned, ANCESTORS, |bytes| {
        let at = bytes.windows(10).position(|part| part == b"2026-02-03").expect("a time");
        bytes[at + 3] = b'5';
    });
    let refused = world.open(&[path]).map(|bundle| bundle.id).expect_err("another list");
    assert!(refused.kind() == Kind::Verification && refused.to_string().contains("ancestors"), "{refused}");
}

#[test]
fn what_nothing_was_taken_from_is_not_named() {
    let world = World::new();
    let (host, store) = (Host::new(), world.receiver("store"));
    let (full, delta) = two(&world);
    // A bundle between them that has nothing of what the last one names or is made from.
    let other = world.pack(&world.lock("kit", &[noise(50_000, 321)]), "other", None, &[1]);
    let last = world.pack(&lock(&world, 2), "last", None, &[1]);
    let ids = |volumes: &[PathBuf]| -> Vec<Digest> {
        world.open(volumes).expect("authentic").parents().expect("readable").iter().map(|parent| parent.id).collect()
    };
    let id = |volumes: &[PathBuf]| world.open(volumes).expect("authentic").id;
    let all = [arg(&full[0]), arg(&delta[0]), arg(&other[0]), arg(&last[0])];
    let merged = signed(&world, made(&host, &store, &[&["merge"], &all[..]].concat(), "merged"));
    assert_eq!(ids(&merged), [id(&last)], "the last has all of it");
    assert!(version(2).iter().all(|blob| store.has(&Digest::of(blob), blob.len() as u64).expect("readable")));
    let store = world.receiver("another");
    let folded = signed(&world, made(&host, &store, &["merge", arg(&full[0]), arg(&delta[0])], "folded"));
    assert_eq!(ids(&folded), [id(&full), id(&delta)]);
    // What the store has by now decides nothing.
    let again = signed(&world, made(&host, &store, &["merge", arg(&full[0]), arg(&delta[0])], "folded"));
    assert_eq!(id(&again), id(&folded));
}

#[test]
fn only_bundles_of_one_line_are_merged_and_no_more_than_can_be_named() {
    let world = World::new();
    let store = world.receiver("store");
    let full = world.pack(&world.lock("kit", &[noise(500, 1)]), "one", None, &[1]);
    let merged = |bundles: &[&[PathBuf]]| {
        let writer = store.writer().expect("the lock");
        let opened = bundles.iter().map(|volumes| world.open(volumes).expect("authentic")).collect();
        merge(opened, &journal(&writer), &verification()).map(|repacked| repacked.shape.parents.len()).map_err(|error| error.to_string())
    };
    let toolkit = world.pack(&world.lock("tools", &[noise(500, 2)]), "tools", None, &[1]);
    let mut beta = world.lock("kit", &[noise(500, 3)]);
    beta.line = "beta".to_owned();
    let line = world.pack(&beta, "beta", None, &[1]);
    for (other, label) in [(&toolkit, "tools 1 of line main"), (&line, "kit 1 of line beta")] {
        let refusal = merged(&[&full, other]).expect_err("two of them");
        for part in ["of several toolkits or lines", label, "kit 1 of line main"] {
            assert!(refusal.contains(part), "{part}: {refusal}");
        }
    }
    assert_eq!(merged(&[&full[..]; MAX_PARENTS]), Ok(1), "as many as can be named");
    let refusal = merged(&[&full[..]; MAX_PARENTS + 1]).expect_err("one more");
    assert!(refusal.contains("at most 64") && refusal.contains("65"), "{refusal}");
}
