//! Deltas on several sticks, cut off in the middle, with parity, by the command line.

use super::{MIB, has, length, lock, shape, site, two, version};
use crate::host::{Host, arg};
use crate::world::{World, noise, state};
use airlift::bundle::{Redundancy, Request};
use airlift::error::Kind;
use airlift::steps::sign::sign;
use std::path::PathBuf;

/// Blobs of which the new ones do not get small: the streams span volumes.
fn large(n: u64) -> Vec<Vec<u8>> {
    let tail = |seed| noise(7 * MIB + 9, seed);
    let grown = |seed: u64| [noise(8 * MIB, seed), tail(seed * 10 + n)].concat();
    vec![grown(1), grown(2), noise(3 * MIB, 100 + n), noise(2 * MIB, 5)]
}

#[test]
fn recoded_blobs_come_stick_by_stick_in_any_order() {
    let world = World::new();
    let full = world.pack(&world.lock("kit", &large(1)), "one", None, &[1]);
    let delta = world.pack_shaped(&world.lock("kit", &large(2)), "two", Some(13 * MIB as u64), &shape(vec![site(&world, &[&full])]));
    assert!(delta.len() >= 2, "streams must span volumes for this test to mean anything: {}", length(&delta));
    let host = Host::new();
    let sticks: Vec<PathBuf> = (0..delta.len()).map(|n| world.path(&format!("stick{n}"))).collect();
    for (volume, stick) in delta.iter().zip(&sticks) {
        std::fs::create_dir_all(stick).expect("a folder");
        std::fs::copy(volume, stick.join(volume.file_name().expect("a name"))).expect("copied");
    }
    for (name, order) in [("forward", (0..delta.len()).collect::<Vec<_>>()), ("backward", (0..delta.len()).rev().collect())] {
        let receiver = world.receiver(name);
        world.import(&full, &receiver).expect("imported");
        let store = ["--store", arg(receiver.root())];
        for (n, stick) in order.iter().enumerate() {
            let ran = host.run(&[&store[..], &["import", arg(&sticks[*stick])]].concat());
            if n + 1 < delta.len() {
                ran.refused(3, &["still needed", "nothing was installed"]);
                // What the waiting blobs are made from is not pruned, though nothing installed would need it.
                host.ok(&[&store[..], &["gc", "--grace", "0"]].concat());
            } else {
                assert!(ran.err.contains("imported as snapshot 2"), "{ran:?}");
            }
        }
        for bytes in large(2) {
            assert!(receiver.has(&airlift::artifact::Digest::of(&bytes), bytes.len() as u64).expect("readable"));
        }
        host.ok(&[&store[..], &["scrub"]].concat());
        assert!(std::fs::read_dir(receiver.root().join("partial")).expect("a folder").next().is_none(), "nothing is left over");
        assert!(std::fs::read_dir(receiver.root().join("waiting")).expect("a folder").next().is_none(), "nothing waits any more");
    }
}

#[test]
fn parity_repairs_a_delta() {
    let world = World::new();
    let full = world.pack(&lock(&world, 1), "one", None, &[1]);
    let redundancy = Redundancy { permille: 100, spares: 1 };
    let made =
        world.try_shaped(&lock(&world, 2), "two", None, (None, None), (redundancy, &shape(vec![site(&world, &[&full])]))).expect("packed");
    sign(&made.statement, &made.volumes, &world.root, &crate::world::key(1)).expect("signed");
    let bundle = world.open(&made.volumes).expect("authentic");
    assert_eq!(bundle.statement.features, ["delta", "parity", "recoded"]);
    let frame = bundle.table.frames_of(bundle.table.blobs.iter().find(|b| b.is_recoded()).expect("one"))[0];
    let mut bytes = std::fs::read(&made.volumes[0]).expect("a volume");
    bytes[frame.offset as usize + 10] ^= 4;
    std::fs::write(&made.volumes[0], &bytes).expect("a volume");
    let receiver = world.receiver("receiver");
    world.import(&full, &receiver).expect("imported");
    world.import(&made.volumes, &receiver).expect("worked out on the way");
    has(&receiver, 2);
}

#[test]
fn a_blob_that_was_cut_off_is_made_again() {
    let world = World::new();
    let (full, delta) = two(&world);
    let receiver = world.receiver("receiver");
    world.import(&full, &receiver).expect("imported");
    let bytes = &version(2)[1];
    let partial = receiver.root().join("partial").join(airlift::artifact::Digest::of(bytes).hex());
    for left in [&bytes[..5 * MIB], &bytes[..], &noise(bytes.len() + 5, 9)[..], &noise(100, 3)] {
        std::fs::write(&partial, left).expect("what a kill leaves");
        let found = world.open(&delta).expect("authentic").needs(&receiver).expect("readable");
        assert!(found.bytes >= bytes.len() as u64, "it is written from its beginning");
    }
    world.import(&delta, &receiver).expect("imported");
    has(&receiver, 2);
}

#[test]
fn in_place_and_evidence_refuse_by_name() {
    let world = World::new();
    let (_, delta) = two(&world);
    let error = airlift::bundle::InPlace::new(world.open(&delta).expect("authentic")).map(|_| ()).expect_err("it has to be made again");
    assert!(error.kind() == Kind::Usage && error.to_string().contains("kit 2") && error.to_string().contains("import it"), "{error}");
}

#[test]
fn the_command_line_goes_the_whole_way() {
    let world = World::new();
    let (full, delta) = two(&world);
    let host = Host::new();
    let receiver = world.receiver("receiver");
    let store = ["--store", arg(receiver.root())];
    let run = |command: &[&str]| host.run(&[&store[..], command].concat());
    let request = world.path("request.txt");
    let refused = run(&["plan", arg(&delta[0]), "--request", arg(&request)]);
    assert!(
        refused.code == Some(3) && refused.err.contains("builds on 3 blobs") && refused.out.contains("kit 1 of line main"),
        "{refused:?}"
    );
    let words = std::fs::read_to_string(&request).expect("it was written");
    assert_eq!(Request::parse(&words).expect("readable").len(), 3);
    let before = state(receiver.root());
    run(&["import", arg(&delta[0])]).refused(3, &["files/blob-000 1"]);
    assert!(state(receiver.root()) == before);
    // Without its base a delta is compared as far as that goes, and what was not is said.
    let checked = run(&["verify", arg(&delta[0])]);
    assert!(checked.out.contains("made again 0 of 2") && checked.out.contains("every stored byte is as signed"), "{checked:?}");
    assert!(checked.code == Some(3) && checked.err.contains("not all of it could be verified"), "{checked:?}");
    host.ok(&[&store[..], &["import", arg(&full[0])]].concat());
    let checked = run(&["verify", arg(&delta[0])]);
    assert!(checked.out.contains("made again 2 of 2"), "{checked:?}");
    let shown = run(&["inspect", arg(&delta[0])]);
    assert!(shown.out.contains("builds on") && shown.out.contains("recoded"), "{shown:?}");
    host.ok(&[&store[..], &["import", arg(&delta[0])]].concat());
    has(&receiver, 2);
    // The sender packs by the command line, and says beforehand what it will cost.
    let lock_path = world.path("kit.lock");
    std::fs::write(&lock_path, lock(&world, 3).to_bytes()).expect("a lock");
    let sender = ["--store", arg(world.sender.root())];
    let pack = ["pack", arg(&lock_path), "--base", arg(&delta[0]), "--out", arg(&world.path("out"))].map(str::to_owned);
    let pack: Vec<&str> = pack.iter().map(String::as_str).collect();
    let told = host.run(&[&sender[..], &pack, &["--dry-run"]].concat());
    assert!(told.out.contains("left out") && told.out.contains("estimate") && !world.path("out").exists(), "{told:?}");
    host.ok(&[&sender[..], &pack].concat());
    assert!(length(&[world.path("out/kit-3.airlift")]) < MIB as u64);
}
