//! The same attacker against a real store and real volumes: whatever they put on the medium, not one byte of the store changes.

use crate::world::{World, journal, key, noise, state};
use airlift::artifact::Digest;
use airlift::bundle::{append_signature, find};
use airlift::steps::import::import;
use airlift::steps::sign::sign;
use airlift::steps::trust::trusted;
use airlift::steps::verify::open_each;
use airlift::trust::{BUNDLE, ROOT, Rule, Signer, Terms, TrustRoot, sign as armour, signature_name};
use std::path::{Path, PathBuf};

/// Person 1's key is stolen, and two of three must sign.
struct Attack {
    world: World,
    old: Vec<Vec<PathBuf>>,
    receiver: airlift::store::Store,
}

impl Attack {
    fn new() -> Self {
        let world = World::with_threshold(3, 2);
        let receiver = world.receiver("receiver");
        let pack =
            |seq: u64, people: &[u8]| world.pack_as(&world.lock("kit", &[noise(100, seq)]), &format!("kit-{seq}"), None, people, Some(seq));
        let old = vec![pack(1, &[1, 2]), pack(2, &[2, 3]), pack(3, &[1, 3])];
        for volumes in &old {
            world.import(volumes, &receiver).unwrap();
        }
        Self { world, old, receiver }
    }

    /// A bundle of the attacker's own making, signed with the stolen key.
    fn forge(&self, seq: u64) -> PathBuf {
        let volumes = self.world.pack_as(&self.world.lock("kit", &[noise(100, 77)]), &format!("forged-{seq}"), None, &[1], Some(seq));
        volumes[0].clone()
    }

    fn statement(path: &Path) -> Vec<u8> {
        find(&[path.to_owned()]).unwrap()[0].volumes[&0].head.statement.to_vec()
    }

    /// Imports whatever lies in a place, as the command does; the store must not change.
    fn changes_nothing(&self, place: &Path, why: &str) {
        let before = state(self.receiver.root());
        let root = trusted(&self.receiver).unwrap();
        if let Ok((bundles, _)) = open_each(&[place.to_owned()], &root) {
            for bundle in bundles {
                let _ = import(bundle, &journal(&self.receiver.writer().unwrap()), &crate::world::verification());
            }
        }
        assert!(state(self.receiver.root()) == before, "{why} changed the store");
    }
}

#[test]
fn whatever_lies_on_the_medium_the_store_stays_as_it_is() {
    let attack = Attack::new();
    for seq in [1, 2, 3, 4, 5, 900] {
        attack.changes_nothing(&attack.forge(seq), "a bundle signed with one key");
    }
    for (n, volumes) in attack.old.iter().enumerate() {
        attack.changes_nothing(&volumes[0], "an old bundle");
        // Another signature that fits does not make it new, and honest ones that fit other bundles do not make a forged one good.
        sign(&Attack::statement(&volumes[0]), volumes, &attack.world.root, &key(1)).unwrap();
        attack.changes_nothing(&volumes[0], "an old bundle with a further signature");
        let forged = attack.forge(10 + n as u64);
        let id = Digest::of(&Attack::statement(&forged));
        let honest = find(volumes).unwrap()[0].volumes[&0].head.signatures.clone();
        for (name, bytes) in honest.iter().filter(|(name, _)| !name.contains("person1")) {
            append_signature(&forged, &id, name, bytes).unwrap();
        }
        attack.changes_nothing(&forged, "a forged bundle with honest signatures of another");
    }
    let forged = attack.forge(20);
    let (statement, id) = (Attack::statement(&forged), Digest::of(&Attack::statement(&forged)));
    for name in ["person2", "person3"] {
        let again = armour(&key(1), BUNDLE, &statement).unwrap();
        append_signature(&forged, &id, &format!("sig/{}", signature_name("bundle", name, key(1).public_key())), again.as_bytes()).unwrap();
    }
    attack.changes_nothing(&forged, "one key under three names");
}

#[test]
fn a_root_of_the_attackers_own_does_not_get_in_with_a_bundle() {
    let attack = Attack::new();
    // The attacker's own host believes in a second root in which person 1 is enough.
    let first = &attack.world.root;
    let mut terms = Terms { version: 2, previous: Some(first.fingerprint()), epoch: 5, ..first.terms().clone() };
    (terms.root, terms.bundle) = (Rule::new(1, vec!["person1".into()]), vec![Rule::new(1, vec!["person1".into()])]);
    let second = TrustRoot::write(&terms).unwrap();
    let trust = attack.world.sender.trust_folder();
    std::fs::write(trust.join(signature_name("root.2", "person1", key(1).public_key())), armour(&key(1), ROOT, second.bytes()).unwrap())
        .unwrap();
    std::fs::write(trust.join("root.2.json"), second.bytes()).unwrap();
    let chain = airlift::trust::pinned::stored(&trust).unwrap();
    let files: Vec<_> = chain.files().into_iter().map(|(name, bytes)| (format!("trust/{name}"), bytes.to_vec())).collect();
    assert_eq!(files.len(), 6);
    let lock = attack.world.lock("kit", &[noise(100, 78)]);
    std::fs::remove_dir_all(attack.world.sender.root().join("packed")).unwrap();
    let fetched = airlift::steps::Fetched::of(lock, &attack.world.sender).unwrap();
    // Packing asks the host's own root, which the attacker's program would not: the epoch is left as it is.
    std::fs::remove_file(trust.join("root.2.json")).unwrap();
    let out = attack.world.path("rooted");
    let writer = attack.world.sender.writer().unwrap();
    let request = airlift::steps::pack::PackRequest {
        fetched: &fetched,
        journal: &journal(&writer),
        out: &out,
        volume_size: None,
        redundancy: airlift::bundle::Redundancy::default(),
        threads: 1,
        created: "2026-02-03T04:05:06Z".into(),
        created_given: true,
        epoch: None,
        seq: Some(4),
        previous: None,
        shape: &airlift::steps::delta::Shape::default(),
        trust: files,
        progress: &airlift::progress::Silent,
    };
    let (written, _) = airlift::steps::pack::pack(&request).unwrap();
    sign(&written.statement, &written.volumes, &second, &key(1)).unwrap();
    attack.changes_nothing(&out, "a root signed with one key");
    // With a second person it is a root as any other: the test can fail.
    sign(&written.statement, &written.volumes, &attack.world.root, &key(2)).unwrap();
    attack.changes_nothing(&out, "an honest signature over the bundle, and none over the root,");
}
