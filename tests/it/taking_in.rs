//! Importing after a power failure, and while the trust root changes.

use crate::world::{World, journal, key, noise, verification};
use airlift::artifact::Digest;
use airlift::error::Kind;
use airlift::lock::Lock;
use airlift::steps::import::{Imported, import};
use airlift::trust::{ROOT, Role, Signer, TrustRoot, sign, signature_name};

const MIB: usize = 1 << 20;

#[test]
fn what_a_power_failure_left_of_a_blob_is_not_blamed_on_the_medium() {
    for length in [5 * MIB, 8 * MIB] {
        let world = World::new();
        let bytes = noise(length, 1);
        let volumes = world.pack(&world.lock("kit", std::slice::from_ref(&bytes)), "out", None, &[1]);
        for left in [3, 4 * MIB, 4 * MIB + 1, length] {
            let receiver = world.receiver(&format!("receiver-{left}"));
            std::fs::write(receiver.root().join("partial").join(Digest::of(&bytes).hex()), vec![0; left]).expect("a file");
            let outcome = world.import(&volumes, &receiver);
            let Imported::Done { .. } = outcome.unwrap_or_else(|e| panic!("{left} zeros: {e}")) else { panic!("not new") };
        }
    }
}

#[test]
fn a_damaged_medium_is_named_after_a_power_failure_too() {
    let world = World::new();
    let bytes = noise(5 * MIB, 1);
    let volumes = world.pack(&world.lock("kit", std::slice::from_ref(&bytes)), "out", None, &[1]);
    let receiver = world.receiver("receiver");
    std::fs::write(receiver.root().join("partial").join(Digest::of(&bytes).hex()), vec![0; MIB]).expect("a file");
    let mut volume = std::fs::read(&volumes[0]).expect("a volume");
    let at = volume.len() - MIB;
    volume[at] ^= 1;
    std::fs::write(&volumes[0], volume).expect("a volume");
    let refusal = world.import(&volumes, &receiver).expect_err("damaged").to_string();
    assert!(refusal.contains("frame 2 of 2 does not match"), "{refusal}");
}

/// A second root of which a person is no longer part, signed by all of the first.
fn without(root: &TrustRoot, gone: &str, people: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut terms = root.terms().clone();
    (terms.version, terms.previous) = (2, Some(root.fingerprint()));
    terms.principals.retain(|p| p.name != gone);
    for rule in [&mut terms.root, &mut terms.bundle[0]] {
        rule.principals.retain(|p| p != gone);
    }
    let next = TrustRoot::write(&terms).expect("a root");
    let signatures = people.iter().map(|n| {
        let armour = sign(&key(*n), ROOT, next.bytes()).expect("signed").into_bytes();
        (signature_name("root.2", &format!("person{n}"), key(*n).public_key()), armour)
    });
    signatures.chain([(next.file_name(), next.bytes().to_vec())]).collect()
}

#[test]
fn a_bundle_opened_before_a_newer_root_came_is_judged_by_that_root() {
    let world = World::with_threshold(2, 1);
    let mallorys = world.pack(&world.lock("kit", &[noise(100, 1)]), "out", None, &[2]);
    let alices = world.pack(&world.lock("tool", &[noise(100, 2)]), "out", None, &[1]);
    let receiver = world.receiver("receiver");
    let opened = [world.open(&mallorys).expect("signed by root 1"), world.open(&alices).expect("signed by root 1")];
    for (name, bytes) in without(&world.root, "person2", &[1]) {
        std::fs::write(receiver.trust_folder().join(name), bytes).expect("a file");
    }
    assert_eq!(airlift::steps::trust::accepted(&receiver).expect("accepted").root.people(Role::Bundle), ["person1"]);
    let [of_mallory, of_alice] = opened;
    let refusal =
        import(of_mallory, &journal(&receiver.writer().expect("the lock")), &verification()).expect_err("person2 is no longer trusted");
    assert_eq!(refusal.kind(), Kind::Verification);
    assert!(receiver.current().expect("readable").is_none(), "it was installed");
    let done = import(of_alice, &journal(&receiver.writer().expect("the lock")), &verification()).expect("person1 still is");
    let Imported::Done { judged, .. } = done else { panic!("not new") };
    assert_eq!(judged.tally.signers[0].principal, "person1");
}

#[test]
fn what_will_not_be_served_is_told() {
    let world = World::new();
    let plain = world.lock("kit", &[noise(100, 1), noise(100, 2)]);
    let mut artifacts = plain.artifacts.clone();
    "novel".clone_into(&mut artifacts[1].ecosystem);
    let lock = Lock::new("kit".to_owned(), "main".to_owned(), Digest::of(b"manifest"), artifacts).expect("a lock");
    let receiver = world.receiver("receiver");
    let Imported::Done { notes, .. } = world.import(&world.pack(&lock, "out", None, &[1]), &receiver).expect("imported") else {
        panic!("not new")
    };
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0].starts_with("novel: 1 entry cannot be served: blob-001 1; "), "{notes:?}");
}
