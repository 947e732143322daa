use super::people::{person, root, token};
use crate::host::{Host, arg};
use crate::world::{World, journal, key, noise};
use airlift::error::Kind;
use airlift::steps::trust::{Age, Edits, accept, accept_next, accepted, age, check_age, compare, next, reset, rotate, show, sign_root};
use airlift::store::Store;
use airlift::trust::{ROOT, Role, Signer, TrustRoot, pinned, sign, signature_name};
use std::path::{Path, PathBuf};

fn time(text: &str) -> jiff::Timestamp {
    text.parse().unwrap()
}

/// The example's root with both signatures, lying in a folder and accepted by a store.
fn founded(folder: &Path) -> (Store, PathBuf) {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("keys/example");
    let trust = folder.join("trust");
    std::fs::create_dir(&trust).unwrap();
    for entry in std::fs::read_dir(example).unwrap().map(|e| e.unwrap()) {
        if entry.file_name().to_str().unwrap().starts_with("root.") {
            std::fs::copy(entry.path(), trust.join(entry.file_name())).unwrap();
        }
    }
    let store = Store::open_or_create(&folder.join("store")).unwrap();
    accept(&journal(&store.writer().unwrap()), &trust.join("root.1.json"), &root().fingerprint().spoken()).unwrap();
    (store, trust)
}

fn boxed(name: &str) -> Box<dyn Signer> {
    Box::new(person(name))
}

/// The next root of a world with one signer, accepted by a store.
pub fn put_next(world: &World, store: &Store, edits: &Edits<'_>) -> TrustRoot {
    let next = next(&world.root, edits, time("2026-05-01T00:00:00Z")).unwrap();
    let signature = sign(&key(1), ROOT, next.bytes()).unwrap();
    std::fs::write(store.trust_folder().join(signature_name("root.2", "person1", key(1).public_key())), signature).unwrap();
    std::fs::write(store.trust_folder().join(next.file_name()), next.bytes()).unwrap();
    assert_eq!(old_root(store), next);
    next
}

/// `--refuse-expired` on the command line: no clock is behind the program, so that date has passed everywhere.
#[test]
fn expired_roots_are_refused_where_that_is_asked_for() {
    let (host, world) = (Host::new(), World::new());
    let receiver = world.receiver("receiver");
    put_next(&world, &receiver, &Edits { expires: Some(time("2026-06-01T00:00:00Z")), ..Edits::default() });
    let volume = world.pack(&world.lock("kit", &[noise(100, 1)]), "out", None, &[1]).remove(0);
    let store = ["--store", arg(receiver.root())];
    for command in ["verify", "import"] {
        host.fails(5, &[&store[..], &[command, arg(&volume), "--refuse-expired"]].concat(), &["test root 2 has expired", "trust rotate"]);
    }
    assert!(receiver.current().unwrap().is_none());
    for command in ["verify", "import"] {
        let ran = host.ok(&[&store[..], &[command, arg(&volume)]].concat());
        assert!(ran.err.contains("warning: test root 2 should have been replaced by 2026-06-01T00:00:00Z"), "{}", ran.err);
    }
}

#[test]
fn a_root_that_asks_for_approvals_is_not_passed_over() {
    let world = World::new();
    let receiver = world.receiver("receiver");
    put_next(&world, &receiver, &Edits { role: &["approve=person1".to_owned()], ..Edits::default() });
    let volumes = world.pack(&world.lock("kit", &[noise(100, 1)]), "out", None, &[1]);
    let refusal = world.import(&volumes, &receiver).unwrap_err();
    assert!(refusal.kind() == Kind::Policy && refusal.message().contains("approved by 0 of 1 people"), "{refusal}");
}

#[test]
fn a_root_is_replaced_and_the_next_is_accepted_by_signature() {
    let folder = tempfile::tempdir().unwrap();
    let (store, trust) = founded(folder.path());
    let dora = folder.path().join("dora.pub");
    std::fs::write(&dora, person("dora").public_line()).unwrap();
    let (add, remove) = ([format!("dora={}", dora.display())], ["bob".to_owned()]);
    let role = ["root=alice,carol,dora".to_owned(), "bundle=alice,carol,dora".to_owned(), "revoke=dora".to_owned()];
    let edits = Edits { add: &add, remove: &remove, role: &role, epoch: Some(1), ..Edits::default() };
    let (from, signatures) = pinned::beside(&trust.join("root.1.json")).unwrap();
    let out = folder.path().join("next");
    let shown = rotate((&from, &signatures), &edits, time("2026-06-01T00:00:00.5Z"), &out, &[boxed("alice")]).unwrap();
    assert_eq!((shown.tally.missing(), shown.before.as_ref().unwrap().missing(), shown.missing()), (1, 1, 1));
    let file = out.join("root.2.json");
    let refused = |words: &str| {
        let error = accept_next(&journal(&store.writer().unwrap()), &file).unwrap_err();
        assert!(error.kind() == Kind::Verification && error.to_string().contains(words), "{error}");
    };
    refused("signed by 1 of 2");
    // Dora is of the new root only; Bob, who leaves, of the old one only: both thresholds need both.
    assert_eq!(sign_root(&file, &person("dora")).unwrap().missing(), 1);
    refused("signed by 1 of 2");
    let shown = sign_root(&file, &person("bob")).unwrap();
    assert_eq!(shown.missing(), 0);
    assert!(out.join(format!("root.2.bob.{}.sshsig", person("bob").public_key().short())).exists());
    assert_eq!(sign_root(&file, &person("mallory")).unwrap_err().kind(), Kind::Usage);
    assert_eq!(accept_next(&journal(&store.writer().unwrap()), &file).unwrap().root, shown.root);
    assert_eq!(accepted(&store).unwrap().root, shown.root);
    assert_eq!(accepted(&store).unwrap().missing(), 0);
    let again = accept_next(&journal(&store.writer().unwrap()), &file).unwrap_err();
    assert!(again.kind() == Kind::Usage && again.message().contains("is not newer"), "{again}");
    assert_eq!(shown.root.terms().created, time("2026-06-01T00:00:00Z"));
}

#[test]
fn what_changes_is_said_before_anybody_signs() {
    let edits = Edits {
        remove: &["bob".to_owned()],
        threshold: &["root=1".to_owned()],
        bundle_rule: &["1=alice,carol".to_owned(), "1=carol@images:**,models:org/*".to_owned()],
        presence: &["root=pin".to_owned()],
        limits: &[("volumes".to_owned(), 3)],
        ..Edits::default()
    };
    let old = root();
    let new = next(&old, &edits, time("2026-06-01T00:00:00Z")).unwrap();
    let lines = compare(&old, &new);
    let has = |line: &str| assert!(lines.iter().any(|l| l == line), "{line}\n{}", lines.join("\n"));
    has("- root      2 of alice, bob, carol");
    has("+ root      1 of alice, carol (FIDO2 keys with PIN)");
    has("+ bundle    rule 2 1 of carol (for images:**, models:org/*)");
    has(&format!("- key       {} bob (file)", person("bob").public_key().fingerprint()));
    has("+ limit     volumes 3");
    has("+ expires   never");
    assert!(!lines.iter().any(|line| line.contains(&token("carol", 1).public_key().fingerprint())), "{lines:?}");
    assert!(compare(&old, &old).is_empty());
}

#[test]
fn edits_that_make_no_sense_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (_, trust) = founded(folder.path());
    let (root, signatures) = pinned::beside(&trust.join("root.1.json")).unwrap();
    let refused = |edits: &Edits<'_>, words: &str| {
        let error = rotate((&root, &signatures), edits, time("2026-06-01T00:00:00Z"), &trust, &[]).expect_err(words);
        assert!(error.kind() == Kind::Usage && error.to_string().contains(words), "{error}\nexpected: {words}");
    };
    let one = |text: &str| [text.to_owned()];
    refused(&Edits { remove: &one("mallory"), ..Edits::default() }, "has no principal mallory");
    refused(&Edits { add_key: &one("mallory=x"), ..Edits::default() }, "x");
    refused(&Edits { remove_key: &one("SHA256:x"), ..Edits::default() }, "has no key");
    refused(&Edits { threshold: &one("root=9"), ..Edits::default() }, "out of range");
    refused(&Edits { threshold: &one("approve=1"), ..Edits::default() }, "has no role approve");
    refused(&Edits { threshold: &one("king=1"), ..Edits::default() }, "a role is unknown");
    refused(&Edits { role: &one("root"), ..Edits::default() }, "ROLE=NAME,NAME");
    refused(&Edits { revoke_key: &one("SHA256:x=lost"), ..Edits::default() }, "not the fingerprint of a key");
    refused(&Edits { bundle_rule: &one("1=alice@x"), ..Edits::default() }, "names no ecosystem");
    let scoped = [one("1=alice"), one("1=bob@a:b")].concat();
    refused(&Edits { bundle_rule: &scoped, threshold: &one("bundle=1"), ..Edits::default() }, "several rules for bundles");
    assert!(!trust.join("root.2.json").exists());
    rotate((&root, &signatures), &Edits::default(), time("2026-06-01T00:00:00Z"), &trust, &[]).unwrap();
    refused(&Edits::default(), "exists already");
}

#[test]
fn an_expired_root_is_told_and_refused_only_where_the_receiver_says_so() {
    let world = World::new();
    let receiver = world.receiver("receiver");
    let volumes = world.pack(&world.lock("kit", &[noise(100, 1)]), "out", None, &[1]);
    let expiring =
        TrustRoot::write(&airlift::trust::Terms { expires: Some(time("2026-12-01T00:00:00Z")), ..root().terms().clone() }).unwrap();
    let early = Age { now: time("2026-11-30T00:00:00Z"), clock_behind: false };
    assert_eq!(check_age(&expiring, early, true).unwrap(), None);
    let late = Age { now: time("2026-12-01T00:00:00Z"), clock_behind: true };
    let told = check_age(&expiring, late, false).unwrap().unwrap();
    assert!(told.contains("should have been replaced by 2026-12-01T00:00:00Z; this host's clock is behind"), "{told}");
    assert_eq!(check_age(&expiring, late, true).unwrap_err().kind(), Kind::Policy);
    // The time is the latest that is known: no clock goes behind the program, nor behind what was accepted.
    let told = age(&receiver, time("1970-01-01T00:00:00Z")).unwrap();
    assert!(told.clock_behind && told.now > time("2026-10-01T00:00:00Z"), "{told:?}");
    assert_eq!(age(&receiver, time("2031-01-01T00:00:00Z")).unwrap(), Age { now: time("2031-01-01T00:00:00Z"), clock_behind: false });
    world.import(&volumes, &receiver).unwrap();
    let claimed = receiver.current().unwrap().unwrap().bundles[0].bundle;
    let path = receiver.bundle_folder(&claimed).join("bundle.json");
    let statement = std::fs::read_to_string(&path).unwrap().replace("2026-02-03", "2030-02-03");
    std::fs::write(&path, statement).unwrap();
    assert_eq!(age(&receiver, time("2026-12-01T00:00:00Z")).unwrap().now, time("2030-02-03T04:05:06Z"));
}

#[test]
fn a_lost_threshold_is_replaced_by_a_ceremony_and_marks_stay() {
    let (old, new) = (World::with_threshold(1, 1), other_domain());
    let receiver = old.receiver("receiver");
    let lock = old.lock("kit", &[noise(100, 1)]);
    old.import(&old.pack_as(&lock, "one", None, &[1], Some(7)), &receiver).unwrap();
    let file = new.path("root/root.1.json");
    let (typed_new, typed_old) = (new.root.fingerprint().spoken(), old.root.fingerprint().spoken());
    let attempt = |new: &str, old: &str, reason: &str| {
        reset(&journal(&receiver.writer().unwrap()), &file, (new, old), reason, time("2026-06-01T00:00:00Z"))
    };
    for (new, old, reason) in [(&typed_new, &typed_new, "fire"), (&typed_old, &typed_old, "fire"), (&typed_new, &typed_old, " ")] {
        assert!(attempt(new, old, reason).is_err());
        assert_eq!(accepted(&receiver).unwrap().root, old_root(&receiver));
    }
    let same = reset(
        &journal(&receiver.writer().unwrap()),
        &old.path("root/root.1.json"),
        (&typed_old, &typed_old),
        "x",
        time("2026-06-01T00:00:00Z"),
    );
    assert_eq!(same.unwrap_err().kind(), Kind::Policy);
    let done = attempt(&typed_new, &typed_old, "both tokens lost in the fire").unwrap();
    assert_eq!((done.retired.fingerprint(), done.reason.as_str()), (old.root.fingerprint(), "both tokens lost in the fire"));
    assert_eq!(accepted(&receiver).unwrap().root, new.root);
    let aside = receiver.trust_folder().join("retired").join(old.root.fingerprint().hex());
    assert_eq!(std::fs::read(aside.join("root.1.json")).unwrap(), old.root.bytes());
    assert!(std::fs::read_to_string(aside.join("reset.json")).unwrap().contains("both tokens lost in the fire"));
    // The old people are strangers now, and the new ones cannot go back in the line.
    let theirs = old.pack_as(&lock, "two", None, &[1], Some(8));
    assert_eq!(new.import(&theirs, &receiver).unwrap_err().kind(), Kind::Verification);
    let new_lock = new.lock("kit", &[noise(100, 2)]);
    let older = new.pack_as(&new_lock, "old", None, &[51], Some(6));
    assert!(new.import(&older, &receiver).unwrap_err().to_string().contains("rollback"));
    new.import(&new.pack_as(&new_lock, "next", None, &[51], Some(8)), &receiver).unwrap();
    assert_eq!(receiver.accepted().unwrap().len(), 2);
}

fn old_root(store: &Store) -> TrustRoot {
    pinned::load(&store.trust_folder()).unwrap().unwrap()
}

/// Another trust domain, of other people.
fn other_domain() -> World {
    World::named("rebuilt", 51)
}

#[test]
fn a_chain_goes_from_format_1_to_2() {
    let folder = tempfile::tempdir().unwrap();
    let (store, trust) = founded(folder.path());
    let (from, signatures) = pinned::beside(&trust.join("root.1.json")).unwrap();
    let edits = Edits { bundle_rule: &["2=alice,bob,carol".to_owned(), "1=bob@images:**".to_owned()], ..Edits::default() };
    rotate((&from, &signatures), &edits, time("2026-06-01T00:00:00Z"), &trust, &[boxed("alice"), boxed("bob")]).unwrap();
    let second = accept_next(&journal(&store.writer().unwrap()), &trust.join("root.2.json")).unwrap().root;
    assert_eq!(second.rules(Role::Bundle).len(), 2);
    assert!(second.bytes().starts_with(b"{\n  \"airlift-root\": 2,") && from.bytes().starts_with(b"{\n  \"airlift-root\": 1,"));
    assert_eq!(show(&trust.join("root.2.json")).unwrap().missing(), 0);
}
