//! Numbers that are never handed out twice, names that are told apart, leftovers that are swept, and the limits of a root.

use crate::host::Host;
use crate::world::{World, noise};
use airlift::error::Kind;
use airlift::trust::RootLimits;
use std::fs::File;
use std::path::Path;

const MIB: usize = 1 << 20;

fn seq(world: &World, folder: &str, seed: u64, asked: (Option<u64>, Option<u64>)) -> Result<String, Kind> {
    let lock = world.lock("kit", &[noise(100, seed)]);
    let written = world.try_pack(&lock, folder, None, asked).map_err(|e| e.kind())?;
    Ok(written.volumes[0].file_name().expect("a name").to_string_lossy().into_owned())
}

#[test]
fn a_number_that_was_handed_out_is_not_given_to_another_bundle() {
    let world = World::new();
    assert_eq!(seq(&world, "a", 1, (None, None)), Ok("kit-1.airlift".to_owned()));
    assert_eq!(seq(&world, "b", 2, (None, None)), Ok("kit-2.airlift".to_owned()));
    for reused in [1, 2] {
        assert_eq!(seq(&world, "c", 3, (None, Some(reused))), Err(Kind::Usage), "{reused}");
    }
    assert_eq!(seq(&world, "d", 2, (None, Some(2))), Ok("kit-2.airlift".to_owned()), "nothing has changed");
    assert_eq!(seq(&world, "e", 3, (None, Some(7))), Ok("kit-7.airlift".to_owned()), "numbers may be left out");
}

#[test]
fn a_number_that_no_reader_takes_is_refused_before_anything_is_written() {
    const LARGEST: u64 = (1 << 53) - 1;
    let world = World::new();
    for asked in [(None, Some(0)), (None, Some(LARGEST + 1)), (None, Some(u64::MAX)), (Some(u64::MAX), None)] {
        assert_eq!(seq(&world, "a", 1, asked), Err(Kind::Usage), "{asked:?}");
    }
    assert!(!world.path("a").exists() && world.sender.last_packed("kit", "main").expect("readable").is_none());
    assert_eq!(seq(&world, "a", 1, (None, Some(LARGEST))), Ok(format!("kit-{LARGEST}.airlift")));
    assert_eq!(seq(&world, "a", 2, (None, None)), Err(Kind::Usage), "there is no next number");
    let host = Host::new();
    for (option, value) in [("--seq", "0"), ("--seq", "9007199254740992"), ("--epoch", "9007199254740992")] {
        host.fails(2, &["pack", "kit.lock", "--out", "x", option, value], &[value, "9007199254740991"]);
    }
    let previous = format!("0:{}", "0".repeat(64));
    host.fails(2, &["pack", "kit.lock", "--out", "x", "--previous", &previous], &["NUMBER:ID"]);
}

#[test]
fn a_damaged_packed_record_says_what_to_do() {
    let world = World::new();
    seq(&world, "a", 1, (None, None)).expect("packed");
    std::fs::write(world.sender.root().join("packed/kit@main.json"), "{\"seq\":18446744073709551615}").expect("a file");
    let refusal = world.sender.last_packed("kit", "main").expect_err("damaged");
    assert!(refusal.kind() == Kind::Store && refusal.hints()[0].contains("--seq"), "{refusal}");
}

#[test]
fn an_epoch_starts_at_1_and_is_one_the_root_allows() {
    let world = World::new();
    assert_eq!(seq(&world, "a", 1, (None, None)), Ok("kit-1.airlift".to_owned()));
    assert_eq!(seq(&world, "a", 1, (Some(1), None)), Err(Kind::Policy), "the root's epoch is 0");
    // A builder that has not accepted a root yet packs; nobody of this root signs it.
    std::fs::remove_dir_all(world.sender.trust_folder()).expect("removed");
    assert_eq!(seq(&world, "b", 1, (Some(1), None)), Ok("kit-1.airlift".to_owned()), "numbers start again");
    let lock = world.lock("kit", &[noise(100, 1)]);
    let written = world.try_pack(&lock, "b", None, (Some(1), None)).expect("packed");
    let refusal =
        airlift::steps::sign::sign(&written.statement, &written.volumes, &world.root, &crate::world::key(1)).expect_err("epoch 1");
    assert_eq!(refusal.kind(), Kind::Policy);
    assert_eq!(seq(&world, "c", 2, (None, None)), Ok("kit-2.airlift".to_owned()));
    assert_eq!(seq(&world, "c", 3, (Some(0), None)), Err(Kind::Usage), "an epoch never goes back");
}

#[test]
fn a_toolkit_whose_name_begins_alike_is_another() {
    let world = World::new();
    std::fs::create_dir(world.path("out")).expect("a folder");
    for other in ["kit-1.5-1.airlift", "kit-1.0001.airlift", "kit-1.abc.airlift"] {
        std::fs::write(world.path("out").join(other), "of another toolkit").expect("a file");
    }
    assert_eq!(seq(&world, "out", 1, (None, None)), Ok("kit-1.airlift".to_owned()));
    std::fs::write(world.path("out/kit-2.001.airlift"), "ours").expect("a file");
    assert_eq!(seq(&world, "out", 2, (None, None)), Err(Kind::Usage));
}

fn hidden(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("readable").file_name().into_string().expect("UTF-8"));
    names.filter(|name| name.starts_with('.')).collect()
}

#[test]
fn what_a_killed_packing_left_is_swept_and_what_another_writes_is_not() {
    let world = World::new();
    let out = world.path("out");
    std::fs::create_dir(&out).expect("a folder");
    for n in 1..=10 {
        std::fs::write(out.join(format!(".kit-1.{n:03}.unfinished")), "left").expect("a file");
    }
    std::fs::write(out.join(".kit@edge-1.001.unfinished"), "of another line").expect("a file");
    assert_eq!(seq(&world, "out", 1, (None, None)), Ok("kit-1.airlift".to_owned()));
    assert_eq!(hidden(&out), [".kit@edge-1.001.unfinished"]);
    let theirs = out.join(".kit-2.001.unfinished");
    std::fs::write(&theirs, "being written").expect("a file");
    let held = File::options().write(true).open(&theirs).expect("a file");
    held.try_lock().expect("nobody else has it");
    assert_eq!(seq(&world, "out", 2, (None, None)), Err(Kind::Store));
    assert_eq!(std::fs::read(&theirs).expect("still there"), b"being written");
    drop(held);
    assert_eq!(seq(&world, "out", 2, (None, None)), Ok("kit-2.airlift".to_owned()));
}

#[test]
fn no_signer_exceeds_the_limits_of_the_root() {
    let contents = [noise(20 * MIB, 1), noise(1000, 2)];
    let bytes = contents.iter().map(|c| c.len() as u64).sum::<u64>();
    let reached = [("bundle-bytes", bytes), ("blobs", 2), ("blob-bytes", 20 << 20), ("frame-bytes", 4 << 20), ("volumes", 2)];
    assert_eq!(reached.map(|(name, _)| name), RootLimits::NAMES);
    for (name, most) in reached {
        for (most, allowed) in [(most, true), (most - 1, false)] {
            let mut limits = RootLimits::default();
            assert!(limits.set(name, most));
            let world = World::with_limits(1, 1, limits);
            let volumes = world.pack(&world.lock("kit", &contents), "out", Some(14 * MIB as u64), &[1]);
            let outcome = world.open(&volumes).map(|_| ()).map_err(|e| e.kind());
            assert_eq!(outcome, if allowed { Ok(()) } else { Err(Kind::Policy) }, "{name} {most}");
        }
    }
}

#[test]
fn limits_are_given_when_a_domain_is_founded() {
    let host = Host::new();
    host.ok(&["key", "generate", "alice", "--no-passphrase"]);
    let init = ["trust", "init", "test", "--principal", "alice=alice.pub", "--threshold", "1"];
    host.ok(&[&init[..], &["--limit", "bundle-bytes=2TB", "--limit", "volumes=20"]].concat());
    let root: serde_json::Value = serde_json::from_slice(&std::fs::read(host.path("trust/root.1.json")).expect("a root")).expect("JSON");
    assert_eq!(root["limits"], serde_json::json!({ "bundle-bytes": 2_000_000_000_000_u64, "volumes": 20 }));
    for wrong in ["bytes=3", "volumes", "volumes=0", "volumes=many"] {
        host.fails(2, &[&init[..], &["--out", "other", "--limit", wrong]].concat(), &[]);
    }
}
