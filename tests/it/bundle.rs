//! A bundle from end to end: written, taken apart with stock tools, verified, imported, served in place.

use crate::stock::need;
use crate::world::{World, noise, state, text};
use airlift::artifact::{Blobs, Digest};
use airlift::bundle::{InPlace, find};
use airlift::error::Kind;
use airlift::steps::import::Imported;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::{Command, Stdio};

const MIB: usize = 1 << 20;

fn blobs() -> Vec<Vec<u8>> {
    vec![noise(15 * MIB + 17, 1), text(13 * MIB, 2), noise(70_000, 3), b"small".to_vec(), Vec::new(), text(4 * MIB, 9), noise(4 * MIB, 10)]
}

#[test]
fn what_was_packed_is_imported() {
    let world = World::new();
    let lock = world.lock("kit", &blobs());
    let volumes = world.pack(&lock, "out", None, &[1]);
    assert_eq!(volumes.len(), 1);
    let receiver = world.receiver("receiver");
    let Imported::Done { snapshot, .. } = world.import(&volumes, &receiver).expect("imported") else { panic!("not new") };
    assert_eq!(snapshot.number, 1);
    for bytes in blobs() {
        let mut found = Vec::new();
        receiver.blob(&Digest::of(&bytes)).expect("readable").expect("there").read_to_end(&mut found).expect("readable");
        assert!(found == bytes, "a blob came out other than it went in");
    }
    assert!(matches!(world.import(&volumes, &receiver).expect("a replay is no error"), Imported::Already { restored: 0, .. }));
}

#[test]
fn the_same_lock_gives_the_same_bytes() {
    let world = World::new();
    let lock = world.lock("kit", &blobs());
    for (volume_size, folder) in [(None, "one"), (Some(14 * MIB as u64), "many")] {
        let first: Vec<_> = world.pack(&lock, folder, volume_size, &[1]).iter().map(|p| std::fs::read(p).expect("a volume")).collect();
        let again: Vec<_> = world.pack(&lock, "again", volume_size, &[1]).iter().map(|p| std::fs::read(p).expect("a volume")).collect();
        assert!(first == again, "two runs gave different volumes");
    }
}

#[test]
fn volumes_come_in_any_order_from_several_places() {
    let world = World::new();
    let lock = world.lock("kit", &blobs());
    let volumes = world.pack(&lock, "out", Some(16 * MIB as u64), &[1]);
    assert!(volumes.len() >= 2, "a blob must span volumes for this test to mean anything");
    std::fs::create_dir_all(world.path("stick")).expect("a folder");
    let moved = world.path("stick").join(volumes[0].file_name().expect("a name"));
    std::fs::rename(&volumes[0], &moved).expect("moved");
    let places = [world.path("out"), world.path("stick")];
    world.verify(&places).expect("all volumes are here");
    let missing = world.verify(&[world.path("out")]).expect_err("volume 1 is on the stick");
    assert_eq!(missing.kind(), Kind::Incomplete);
    assert!(missing.to_string().contains("volume 1 of"), "{missing}");
    let copy = world.path("stick/copy.airlift");
    std::fs::copy(&moved, copy).expect("copied");
    world.verify(&places).expect("a second copy of a volume does no harm");
}

#[test]
fn volumes_of_two_bundles_are_told_apart() {
    let world = World::new();
    let one = world.pack(&world.lock("kit", &blobs()), "out", Some(16 * MIB as u64), &[1]);
    let two = world.pack(&world.lock("kit", &[noise(30 * MIB, 77)]), "out2", Some(16 * MIB as u64), &[1]);
    let mixed = [one[0].clone(), two[1].clone()];
    assert_eq!(find(&mixed).expect("both have heads").len(), 2);
    assert_eq!(world.verify(&mixed).expect_err("two bundles").kind(), Kind::Usage);
    let renamed = world.path("swap");
    std::fs::create_dir_all(&renamed).expect("a folder");
    for (from, to) in [(&one[0], &one[1]), (&one[1], &one[0])] {
        std::fs::copy(from, renamed.join(to.file_name().expect("a name"))).expect("copied");
    }
    for volume in one.iter().skip(2) {
        std::fs::copy(volume, renamed.join(volume.file_name().expect("a name"))).expect("copied");
    }
    world.verify(&[renamed]).expect("names of files carry no meaning");
}

#[test]
fn signatures_decide() {
    let world = World::with_threshold(2, 2);
    let lock = world.lock("kit", &[noise(10, 1)]);
    let unsigned = world.pack(&lock, "unsigned", None, &[]);
    let refusal = world.verify(&unsigned).expect_err("nobody signed");
    assert_eq!(refusal.kind(), Kind::Verification);
    let one = world.pack(&lock, "one", None, &[1]);
    let refusal = world.verify(&one).expect_err("one of two signed");
    assert_eq!(refusal.kind(), Kind::Verification);
    assert!(refusal.to_string().contains("of 2"), "{refusal}");
    let twice = world.pack(&lock, "twice", None, &[1, 1]);
    assert_eq!(world.verify(&twice).expect_err("one person, twice").kind(), Kind::Verification);
    let both = world.pack(&lock, "both", None, &[1, 2]);
    world.verify(&both).expect("both signed");
    let stranger = World::new();
    let strange = stranger.pack(&stranger.lock("kit", &[noise(10, 1)]), "out", None, &[1]);
    assert_eq!(world.verify(&strange).expect_err("another domain's bundle").kind(), Kind::Verification);
}

#[test]
fn an_older_bundle_is_refused_and_changes_nothing() {
    let world = World::new();
    let old = world.pack(&world.lock("kit", &[noise(100, 1)]), "old", None, &[1]);
    let new = world.pack(&world.lock("kit", &[noise(100, 2)]), "new", None, &[1]);
    let receiver = world.receiver("receiver");
    world.import(&new, &receiver).expect("imported");
    let before = state(receiver.root());
    let refusal = world.import(&old, &receiver).expect_err("older than what is installed");
    assert_eq!(refusal.kind(), Kind::Policy);
    assert!(state(receiver.root()) == before, "a refused bundle left something behind");
    let fork = world.pack_as(&world.lock("kit", &[noise(100, 3)]), "fork", None, &[1], Some(2));
    assert_eq!(world.import(&fork, &receiver).expect_err("another bundle with the same number").kind(), Kind::Policy);
    assert!(state(receiver.root()) == before, "a refused bundle left something behind");
}

#[test]
fn a_bundle_is_read_in_place() {
    let world = World::new();
    let lock = world.lock("kit", &blobs());
    let volumes = world.pack(&lock, "out", Some(16 * MIB as u64), &[1]);
    let medium = InPlace::new(world.open(&volumes).expect("authentic")).expect("well-formed");
    for bytes in blobs() {
        let mut blob = medium.open(&Digest::of(&bytes)).expect("readable").expect("there");
        assert_eq!(blob.size(), bytes.len() as u64);
        let from = bytes.len() / 3;
        blob.seek(SeekFrom::Start(from as u64)).expect("seekable");
        let mut found = Vec::new();
        blob.read_to_end(&mut found).expect("readable");
        assert!(found == bytes[from..], "bytes in place differ");
    }
}

#[test]
fn many_read_a_bundle_in_place_at_once() {
    let world = World::new();
    let contents: Vec<Vec<u8>> = (0..10).map(|n| if n % 3 == 0 { text(9 * MIB, n) } else { noise(9 * MIB + n as usize, n + 1) }).collect();
    let volumes = world.pack(&world.lock("kit", &contents), "out", Some(30 * MIB as u64), &[1]);
    let medium = InPlace::new(world.open(&volumes).expect("authentic")).expect("well-formed");
    std::thread::scope(|scope| {
        for (n, bytes) in contents.iter().enumerate() {
            let medium = &medium;
            scope.spawn(move || {
                let mut blob = medium.open(&Digest::of(bytes)).expect("readable").expect("there");
                // Pieces of odd length, so that frames are come back to after others have been read.
                let (mut at, mut piece) = (0, vec![0; 300_000 + n * 7919]);
                while at < bytes.len() {
                    let read = blob.read(&mut piece).expect("readable");
                    assert!(piece[..read] == bytes[at..at + read], "bytes in place differ");
                    at += read;
                }
            });
        }
    });
}

#[test]
fn a_second_person_signs_later_without_touching_the_payload() {
    let world = World::with_threshold(2, 2);
    let lock = world.lock("kit", &[noise(5 * MIB, 1)]);
    let volumes = world.pack(&lock, "out", None, &[1]);
    let before = std::fs::read(&volumes[0]).expect("a volume");
    let set = find(&volumes).expect("a set").remove(0);
    let (head, end) = (set.volumes[&0].head.statement.clone(), set.volumes[&0].head.end as usize);
    airlift::steps::sign::sign(&head, &volumes, &world.root, &crate::world::key(2)).expect("signed");
    let after = std::fs::read(&volumes[0]).expect("a volume");
    assert!(before[end..] == after[end..] && before.len() == after.len(), "the payload was touched");
    world.verify(&volumes).expect("both signed");
}

#[test]
fn interrupted_signing_harms_nothing_and_is_made_good() {
    let world = World::with_threshold(2, 1);
    let volumes = world.pack(&world.lock("kit", &[noise(MIB, 1)]), "out", None, &[1]);
    let whole = std::fs::read(&volumes[0]).expect("a volume");
    let sign = |person| {
        let head = find(&volumes).expect("a set").remove(0).volumes.remove(&0).expect("a volume").head;
        airlift::steps::sign::sign(&head.statement, &volumes, &world.root, &crate::world::key(person)).expect("signed");
    };
    sign(2);
    let signed = std::fs::read(&volumes[0]).expect("a volume");
    let space = signed.iter().zip(&whole).position(|(a, b)| a != b).expect("a signature was added") / 512 * 512;
    // The header that makes the signature visible was not written any more.
    let mut interrupted = signed.clone();
    interrupted[space..space + 512].copy_from_slice(&whole[space..space + 512]);
    std::fs::write(&volumes[0], &interrupted).expect("a volume");
    assert_eq!(world.verify(&volumes).expect("the first signature counts").bundle().judged.tally.people(), 1);
    // Not even all of the signature was written.
    interrupted[space + 700..].copy_from_slice(&whole[space + 700..]);
    std::fs::write(&volumes[0], &interrupted).expect("a volume");
    let refusal = world.verify(&volumes).expect_err("neither zeros nor a signature");
    assert!(refusal.kind() == Kind::Verification && refusal.to_string().contains("airlift sign"), "{refusal}");
    sign(2);
    assert!(std::fs::read(&volumes[0]).expect("a volume") == signed, "signing again makes good what was interrupted");
}

#[test]
fn stock_tools_take_a_bundle_apart() {
    let tools = ["tar", "zstd", "sha256sum", "ssh-keygen"].map(need);
    if tools.iter().any(Option::is_none) {
        return;
    }
    let world = World::new();
    let lock = world.lock("kit", &blobs());
    let volumes = world.pack(&lock, "out", Some(16 * MIB as u64), &[1]);
    let folder = world.path("taken");
    std::fs::create_dir_all(&folder).expect("a folder");
    for volume in &volumes {
        run(Command::new("tar").args(["--warning=no-timestamp", "-xf"]).arg(volume).current_dir(&folder));
    }
    for bytes in blobs().iter().filter(|b| !b.is_empty()) {
        let hex = Digest::of(bytes).hex();
        let script = "set -e; c=cat; ls blobs/$0.zst* >/dev/null 2>&1 && c='zstd -dcq'; cat blobs/$0* | $c | sha256sum";
        let out = Command::new("sh").args(["-c", script, &hex]).current_dir(&folder).output().expect("sh runs");
        assert!(String::from_utf8_lossy(&out.stdout).starts_with(&hex), "{hex}: {out:?}");
    }
    let allowed = airlift::steps::trust::signers_file(&world.root);
    std::fs::write(folder.join("allowed_signers"), allowed).expect("a file");
    let signature = std::fs::read_dir(folder.join("sig")).expect("signatures").filter_map(|e| Some(e.ok()?.path()));
    let mut signature = signature;
    let signature = signature.find(|p| p.extension().is_some_and(|e| e == "sshsig")).expect("a signature");
    let mut check = Command::new("ssh-keygen");
    check.args(["-Y", "verify", "-f", "allowed_signers", "-I", "person1", "-n", "bundle.v1@airlift", "-s"]).arg(signature);
    run(check.current_dir(&folder).stdin(Stdio::from(std::fs::File::open(folder.join("bundle.json")).expect("the statement"))));
    check_pins(&folder);
}

fn check_pins(folder: &Path) {
    let statement: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("bundle.json")).expect("the statement")).expect("JSON");
    for (name, pin) in statement["files"].as_object().expect("pins") {
        let found = Digest::of(&std::fs::read(folder.join(name)).expect("a pinned file")).hex();
        assert_eq!(pin["sha256"], found, "{name}");
    }
}

fn run(command: &mut Command) {
    let out = command.output().expect("the tool runs");
    assert!(out.status.success(), "{command:?}: {}", String::from_utf8_lossy(&out.stderr));
}

#[test]
fn an_interrupted_signing_is_put_right_by_signing_again() {
    let world = World::with_threshold(2, 2);
    let volumes = world.pack(&world.lock("kit", &[noise(100, 1)]), "out", None, &[1]);
    let head = find(&volumes).expect("a set")[0].volumes[&0].head.clone();
    let file = std::fs::File::options().write(true).open(&volumes[0]).expect("a volume");
    std::os::unix::fs::FileExt::write_all_at(&file, b"half a signature", head.space + 512).expect("written");
    assert_eq!(find(&volumes).expect_err("the room is not zeros").kind(), Kind::Verification);
    airlift::steps::sign::sign(&head.statement, &volumes, &world.root, &crate::world::key(2)).expect("signed");
    world.verify(&volumes).expect("both signed");
}

#[test]
fn a_header_with_a_path_in_it_is_an_error_and_no_panic() {
    let world = World::new();
    for name in ["../x", "/x", "a/../b", "bundle.json/", ".."] {
        let mut block = *tar::Header::new_ustar().as_bytes();
        block[..name.len()].copy_from_slice(name.as_bytes());
        let path = world.path("evil.airlift");
        std::fs::write(&path, [&block[..], &[0; 4096]].concat()).expect("a file");
        assert_eq!(find(&[path]).expect_err(name).kind(), Kind::Verification);
    }
}

#[test]
fn another_cut_of_the_same_lock_is_another_bundle() {
    let world = World::new();
    let lock = world.lock("kit", &[noise(15 * MIB, 1)]);
    let one = world.pack(&lock, "out", None, &[1]);
    let two = world.pack(&lock, "out", Some(14 * MIB as u64), &[1]);
    assert!(one[0].ends_with("kit-1.airlift") && two[0].ends_with("kit-2.001.airlift"), "{one:?} {two:?}");
    let receiver = world.receiver("receiver");
    world.import(&one, &receiver).expect("imported");
    world.import(&two, &receiver).expect("the next number, not a fork");
}

#[test]
fn packing_again_keeps_what_others_signed() {
    let world = World::with_threshold(2, 2);
    let lock = world.lock("kit", &[noise(100, 1)]);
    world.pack(&lock, "out", None, &[1, 2]);
    let again = world.pack(&lock, "out", None, &[]);
    world.verify(&again).expect("both signatures are still there");
}

#[test]
fn a_broken_file_beside_a_good_set_does_no_harm() {
    let world = World::new();
    let volumes = world.pack(&world.lock("kit", &[noise(100, 1)]), "out", None, &[1]);
    std::fs::write(world.path("out/broken.airlift"), b"nothing of use").expect("a file");
    world.verify(&[world.path("out")]).expect("the good set is found");
    std::fs::remove_file(&volumes[0]).expect("removed");
    assert_eq!(world.verify(&[world.path("out")]).expect_err("only the broken one is left").kind(), Kind::Verification);
}
