//! `airlift repair`: the exact bytes, or nothing.

use super::{MIB, Protected, packed, scatter};
use crate::host::{Host, arg};
use crate::world::{World, state};
use airlift::bundle::Redundancy;
use airlift::error::{Error, Kind};
use airlift::progress::Silent;
use airlift::steps::repair::repair;

fn repaired(set: &Protected, out: Option<&str>) -> Result<usize, Error> {
    let out = out.map(|out| set.world.path(out));
    repair(set.world.open(&set.folder())?, out.as_deref(), 2, &Silent).map(|repaired| repaired.written.len())
}

#[test]
fn two_runs_give_the_same_bytes() {
    let world = World::new();
    for (size, permille, spares) in [(None, 50, 0), (Some(24 * MIB as u64), 100, 2), (Some(24 * MIB as u64), 0, 1)] {
        let (one, two) = (format!("one-{permille}"), format!("two-{permille}"));
        packed(&world, &one, size, Redundancy { permille, spares });
        packed(&world, &two, size, Redundancy { permille, spares });
        assert!(state(&world.path(&one)) == state(&world.path(&two)), "two runs gave different volumes");
    }
}

#[test]
fn volumes_get_their_exact_bytes_back() {
    let set = Protected::new(Some(24 * MIB as u64), 50, 1);
    let all = set.volumes.len();
    for lost in 0..all {
        set.reset();
        for volume in 0..all {
            set.change(volume, |bytes| assert!(scatter(bytes, volume as u64 + 30) > 0));
        }
        std::fs::remove_file(&set.volumes[lost]).expect("removed");
        let out = format!("repaired-{lost}");
        assert_eq!(repaired(&set, Some(&out)).expect("repaired"), all);
        for (path, bytes) in set.volumes.iter().zip(&set.bytes) {
            let found = std::fs::read(set.world.path(&out).join(path.file_name().expect("a name"))).expect("a volume");
            let differs = found.iter().zip(bytes).position(|(a, b)| a != b);
            assert!(found == *bytes, "{} without {lost} differs at {differs:?}", path.display());
        }
        assert_eq!(std::fs::read_dir(set.world.path(&out)).expect("a folder").count(), all, "something else was left");
        set.world.verify(&[set.world.path(&out)]).expect("it is whole");
    }
}

#[test]
fn a_repair_in_place_takes_the_damaged_volume_away() {
    let set = Protected::new(None, 50, 0);
    set.change(0, |bytes| assert!(scatter(bytes, 5) > 0));
    assert_eq!(repaired(&set, None).expect("repaired"), 1);
    assert!(std::fs::read(&set.volumes[0]).expect("a volume") == set.bytes[0], "other bytes than before");
    assert_eq!(repaired(&set, None).expect("nothing to do"), 0);
}

#[test]
fn what_cannot_be_repaired_is_left_as_it_is() {
    let set = Protected::new(None, 50, 0);
    set.change(0, |bytes| bytes[set.head + MIB..set.head + 9 * MIB].fill(0));
    let before = state(&set.world.path("out"));
    let refusal = repaired(&set, None).expect_err("too much is lost");
    assert_eq!(refusal.kind(), Kind::Verification, "{refusal}");
    assert!(state(&set.world.path("out")) == before, "something was written");
    let refusal = repaired(&set, Some("elsewhere")).expect_err("too much is lost");
    assert_eq!(refusal.kind(), Kind::Verification, "{refusal}");
    assert!(state(&set.world.path("elsewhere")).is_empty(), "something was written");
}

#[test]
fn a_set_without_parity_is_refused() {
    let world = World::new();
    let volumes = world.pack(&world.lock("kit", &super::blobs()), "plain", None, &[1]);
    let refusal = repair(world.open(&volumes).expect("authentic"), Some(&world.path("out")), 2, &Silent).expect_err("no parity");
    assert_eq!(refusal.kind(), Kind::Usage, "{refusal}");
}

#[test]
fn scripts_are_told_what_was_repaired() {
    let (host, set) = (Host::new(), Protected::new(Some(20 * MIB as u64), 0, 1));
    std::fs::remove_file(&set.volumes[1]).expect("removed");
    let (store, folder) = (set.world.receiver("receiver"), set.world.path("out"));
    let on = |command| ["--store", arg(store.root()), command, arg(&folder)];
    let verified = host.run(&on("verify"));
    assert!(verified.code == Some(3) && verified.err.contains("what is here is enough"), "{}", verified.err);
    let imported = &host.json(&on("import"))[0][0];
    let told = imported["repaired"].as_array().expect("a list");
    assert!(told.len() == 1 && told[0].as_str().is_some_and(|line| line.starts_with("volume 2: not here")), "{imported}");
    let out = set.world.path("repaired");
    let repaired = &host.json(&[&on("repair")[..], &["--out", arg(&out)]].concat())[0]["repaired"];
    assert!(repaired[0]["volume"] == 2 && repaired[0]["absent"] == true && repaired[1].is_null(), "{repaired}");
    let volume = out.join(set.volumes[1].file_name().expect("a name"));
    assert!(std::fs::read(volume).expect("a volume") == set.bytes[1], "other bytes than before");
    for (percent, fine) in [("0", false), ("0.1%", true), ("100", true), ("100.1", false), ("-5", false), ("5%%", false), ("1.25", false)] {
        let told = host.run(&["pack", "no.lock", "--out", "x", &format!("--parity={percent}")]).err;
        assert_eq!(told.contains("expected a percentage"), !fine, "{percent}: {told}");
    }
}
