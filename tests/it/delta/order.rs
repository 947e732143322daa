//! Bases that are missing, damaged or of another line, deltas out of order, a receiver ahead of its sender.

use super::{has, lock, shape, site, two, version};
use crate::host::{Host, arg};
use crate::world::{World, noise, state};
use airlift::artifact::Digest;
use airlift::error::Kind;
use airlift::steps::delta::Shape;
use airlift::steps::import::Imported;
use airlift::store::Store;
use std::path::Path;

fn blob_path(store: &Store, bytes: &[u8]) -> std::path::PathBuf {
    let hex = Digest::of(bytes).hex();
    store.root().join("blobs/sha256").join(&hex[..2]).join(hex)
}

fn untouched(before: &[(std::path::PathBuf, Vec<u8>)], root: &Path) {
    assert!(state(root) == before, "a refused delta left something behind");
}

#[test]
fn a_missing_base_is_named_and_nothing_changes() {
    let world = World::new();
    let (full, delta) = two(&world);
    let receiver = world.receiver("receiver");
    let before = state(receiver.root());
    let refusal = world.import(&delta, &receiver).expect_err("its base is not here");
    let text = refusal.to_string();
    assert_eq!(refusal.kind(), Kind::Incomplete);
    let id = world.open(&full).expect("authentic").id;
    for part in [
        "kit 2",
        "builds on 3 blobs",
        "files/blob-000 1",
        "what files/blob-001 1 is made from",
        "kit 1 of line main",
        &id.spoken(),
        "AIRLIFT-REQUEST-1",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    untouched(&before, receiver.root());
    world.import(&full, &receiver).expect("imported");
    world.import(&delta, &receiver).expect("now it is there");
    has(&receiver, 2);
}

#[test]
fn eight_that_are_missing_are_named_and_the_others_counted() {
    let world = World::new();
    for (count, more) in [(8, None), (9, Some("and 1 more")), (11, Some("and 3 more"))] {
        let name = format!("kit{count}");
        let old: Vec<Vec<u8>> = (0..count).map(|n| noise(300, 100 * count + n)).collect();
        let new = [old.clone(), vec![noise(300, 7)]].concat();
        let full = world.pack(&world.lock(&name, &old), &format!("{name}-1"), None, &[1]);
        let delta = world.pack_shaped(&world.lock(&name, &new), &format!("{name}-2"), None, &shape(vec![site(&world, &[&full])]));
        let refusal = world.import(&delta, &world.receiver(&format!("{name}-receiver"))).expect_err("its base is not here").to_string();
        let named = refusal.matches(", 300 bytes: ").count();
        assert!(named == 8 && refusal.contains(&format!("builds on {count} blobs")), "{refusal}");
        assert!(more.map_or(!refusal.contains(" more"), |more| refusal.contains(more)), "{count}: {refusal}");
    }
}

#[test]
fn a_request_brings_what_is_missing() {
    let world = World::new();
    let (full, delta) = two(&world);
    let receiver = world.receiver("receiver");
    world.import(&full, &receiver).expect("imported");
    // One blob is lost at the receiver, and told to nobody.
    std::fs::remove_file(blob_path(&receiver, &version(1)[0])).expect("it was there");
    let lacking = world.open(&delta).expect("authentic").lacking(&receiver).expect("readable");
    let request = lacking.request().expect("few");
    assert_eq!((lacking.len(), request.len()), (1, 1));
    let again = Shape { request, ..shape(vec![site(&world, &[&full])]) };
    let again = world.pack_shaped(&lock(&world, 2), "again", None, &again);
    world.import(&again, &receiver).expect("it brings that blob as well");
    has(&receiver, 2);
}

#[test]
fn a_damaged_base_is_told_apart_from_a_damaged_delta() {
    let world = World::new();
    let (full, delta) = two(&world);
    let receiver = world.receiver("receiver");
    world.import(&full, &receiver).expect("imported");
    let base = blob_path(&receiver, &version(1)[1]);
    let whole = std::fs::read(&base).expect("it is there");
    let mut damaged = whole.clone();
    damaged[5 << 20] ^= 1;
    std::fs::write(&base, &damaged).expect("written");
    let refusal = world.import(&delta, &receiver).expect_err("made from damaged bytes");
    assert!(refusal.kind() == Kind::Store && refusal.to_string().contains(&Digest::of(&whole).to_string()), "{refusal}");
    assert_eq!(receiver.current().expect("readable").expect("one").bundles[0].seq, 1);
    std::fs::write(&base, &whole).expect("written");
    world.import(&delta, &receiver).expect("the same command goes on");
    has(&receiver, 2);
}

#[test]
fn deltas_on_deltas_come_in_their_order() {
    let world = World::new();
    let (full, second) = two(&world);
    let third = world.pack_shaped(&lock(&world, 3), "three", None, &shape(vec![site(&world, &[&second])]));
    let receiver = world.receiver("receiver");
    world.import(&full, &receiver).expect("imported");
    let before = state(receiver.root());
    let refusal = world.import(&third, &receiver).expect_err("the second has to come first");
    assert!(refusal.kind() == Kind::Incomplete && refusal.to_string().contains("kit 2 of line main"), "{refusal}");
    untouched(&before, receiver.root());
    world.import(&second, &receiver).expect("imported");
    world.import(&third, &receiver).expect("imported");
    has(&receiver, 3);
    // On one medium they are taken in order, and the plan knows what comes before.
    let host = Host::new();
    let fresh = world.receiver("fresh");
    let store = ["--store", arg(fresh.root())];
    let places: Vec<&str> = [&third, &full, &second].iter().map(|volumes| arg(&volumes[0])).collect();
    host.ok(&[&store[..], &["plan"], &places].concat());
    host.ok(&[&store[..], &["import"], &places].concat());
    has(&fresh, 3);
}

#[test]
fn a_receiver_ahead_of_its_sender_is_no_base() {
    let world = World::new();
    let (full, delta) = two(&world);
    let ahead = world.pack(&lock(&world, 3), "three", None, &[1]);
    let receiver = world.receiver("receiver");
    world.import(&full, &receiver).expect("imported");
    world.import(&ahead, &receiver).expect("imported");
    let before = state(receiver.root());
    assert_eq!(world.import(&delta, &receiver).expect_err("older than what is installed").kind(), Kind::Policy);
    untouched(&before, receiver.root());
    // A newer delta on the old base is fine where the old blobs are still there.
    let newer = world.pack_shaped(&world.lock("kit", &version(4)), "four", None, &shape(vec![site(&world, &[&full])]));
    world.import(&newer, &receiver).expect("imported");
    has(&receiver, 4);
}

#[test]
fn a_base_of_another_line_counts_where_its_blobs_are_here() {
    let world = World::new();
    let other = world.pack(&world.lock("other", &version(1)), "other", None, &[1]);
    let delta = world.pack_shaped(&lock(&world, 2), "delta", None, &shape(vec![site(&world, &[&other])]));
    let (with, without) = (world.receiver("with"), world.receiver("without"));
    world.import(&other, &with).expect("imported");
    world.import(&delta, &with).expect("imported");
    has(&with, 2);
    let refusal = world.import(&delta, &without).expect_err("not here");
    assert!(refusal.to_string().contains("other 1 of line main"), "{refusal}");
}

#[test]
fn what_is_superseded_and_pruned_comes_again_and_changes_nothing() {
    let world = World::new();
    let (full, second) = two(&world);
    let third = world.pack_shaped(&lock(&world, 3), "three", None, &shape(vec![site(&world, &[&second])]));
    let receiver = world.receiver("receiver");
    for volumes in [&full, &second, &third] {
        world.import(volumes, &receiver).expect("imported");
    }
    for n in [1, 2] {
        std::fs::remove_file(blob_path(&receiver, &version(n)[1])).expect("superseded, and pruned");
    }
    assert!(matches!(world.import(&second, &receiver).expect("no damage"), Imported::Already { restored: 0, lacking: 1, .. }));
    let host = Host::new();
    let store = ["--store", arg(receiver.root())];
    let planned = host.ok(&[&store[..], &["--json", "plan", arg(&second[0])]].concat());
    assert!(planned.out.split_whitespace().collect::<String>().contains("\"would\":\"nothing\""), "{planned:?}");
    // The one that is installed is another matter.
    std::fs::remove_file(blob_path(&receiver, &version(3)[1])).expect("it was there");
    assert_eq!(world.import(&third, &receiver).expect_err("what it is made from is gone").kind(), Kind::Incomplete);
}

#[test]
fn what_another_line_builds_on_comes_first_whatever_its_name() {
    let world = World::new();
    let base = world.pack(&world.lock("kit", &version(1)), "kit", None, &[1]);
    let early = world.pack_shaped(&world.lock("alpha", &version(2)), "alpha", None, &shape(vec![site(&world, &[&base])]));
    let (host, receiver) = (Host::new(), world.receiver("receiver"));
    let store = ["--store", arg(receiver.root())];
    let places = [arg(&early[0]), arg(&base[0])];
    let request = world.path("request.txt");
    let planned = host.ok(&[&store[..], &["plan"], &places, &["--request", arg(&request)]].concat());
    assert!(planned.err.contains("request   0 blobs"), "{planned:?}");
    host.ok(&[&store[..], &["import"], &places].concat());
    has(&receiver, 2);
    let alone = world.receiver("alone");
    let planned = host.run(&["--store", arg(alone.root()), "--json", "plan", places[0]]);
    assert!(planned.out.split_whitespace().collect::<String>().contains("\"would\":\"lacking\""), "{planned:?}");
}

#[test]
fn an_installed_delta_comes_again_without_its_base() {
    let world = World::new();
    let (full, delta) = two(&world);
    let receiver = world.receiver("receiver");
    world.import(&full, &receiver).expect("imported");
    world.import(&delta, &receiver).expect("imported");
    // What goes missing before, what comes, and how many blobs come back or what is named as missing.
    for (why, gone, comes, expected) in [
        ("the old version is not needed any more", Some(&version(1)[1]), &delta, Ok(0)),
        ("what it is made from is gone", Some(&version(2)[1]), &delta, Err("kit 1")),
        ("what was accepted before gives back what it brought", None, &full, Ok(1)),
        ("it can be made again", None, &delta, Ok(1)),
        ("nothing is missing", None, &delta, Ok(0)),
    ] {
        if let Some(blob) = gone {
            std::fs::remove_file(blob_path(&receiver, blob)).expect("it was there");
        }
        match (world.import(comes, &receiver), expected) {
            (Ok(Imported::Already { restored, .. }), Ok(blobs)) => assert_eq!(restored, blobs, "{why}"),
            (Err(error), Err(named)) => assert!(error.kind() == Kind::Incomplete && error.to_string().contains(named), "{why}: {error}"),
            (other, _) => panic!("{why}: {other:?}"),
        }
    }
    has(&receiver, 2);
}

#[test]
fn what_is_superseded_and_pruned_comes_again_without_a_word_of_what_it_lacks() {
    let world = World::new();
    let (full, second) = two(&world);
    let third = world.pack_shaped(&lock(&world, 3), "three", None, &shape(vec![site(&world, &[&second])]));
    let receiver = world.receiver("receiver");
    for volumes in [&full, &second, &third] {
        world.import(volumes, &receiver).expect("imported");
    }
    let host = Host::new();
    let store = ["--store", arg(receiver.root())];
    host.ok(&[&store[..], &["gc", "--grace", "0", "--keep", "0"]].concat());
    assert!(!blob_path(&receiver, &version(2)[1]).exists() && !blob_path(&receiver, &version(1)[1]).exists(), "they were pruned");
    let before = state(receiver.root());
    let places = [arg(&second[0]), arg(&third[0])];
    host.ok(&[&store[..], &["plan"], &places].concat());
    let ran = host.ok(&[&store[..], &["import"], &places].concat());
    assert!(ran.err.contains("it builds on are gone") && ran.err.contains("nothing was changed"), "{ran:?}");
    untouched(&before, receiver.root());
    // What is installed is asked for as before.
    std::fs::remove_file(blob_path(&receiver, &version(3)[1])).expect("it was there");
    assert_eq!(world.import(&third, &receiver).expect_err("it cannot be made again").kind(), Kind::Incomplete);
}
