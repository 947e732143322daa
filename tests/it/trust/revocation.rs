use super::people::{STATEMENT, person, principal, root, root_signatures, rule, signed, terms, token};
use crate::host::{Host, arg};
use crate::stock::need;
use crate::world::{World, journal, key, noise};
use airlift::artifact::Digest;
use airlift::error::Kind;
use airlift::steps::trust::{Edits, Revoking, apply, impact, last_good, read, revoke, revoked_file, trusted};
use airlift::trust::{
    BUNDLE, Chain, Mark, REVOKE, ROOT, Reason, Revocation, RevocationTerms, Revoked, Role, Signer, Terms, TrustRoot, allowed_signers,
    pinned, sign,
};
use std::process::Command;

fn revoked(name: &str, last_good: Vec<Mark>) -> RevocationTerms {
    RevocationTerms {
        domain: "hospital.example".into(),
        root: root().fingerprint(),
        revoked: Revoked { key: person(name).public_key().id(), reason: Reason::Compromised, last_good },
        time: "2026-05-01T00:00:00Z".parse().unwrap(),
    }
}

fn good(id: Digest) -> Mark {
    Mark { name: "mlops".into(), line: "main".into(), epoch: 0, seq: 7, id }
}

fn by(root: &TrustRoot, signer: &dyn Signer, terms: &RevocationTerms) -> airlift::error::Result<Revocation> {
    let bytes = terms.to_bytes();
    Revocation::judge(root, &bytes, sign(signer, REVOKE, &bytes).unwrap().as_bytes())
}

/// Whether a key of the example still counts for bundles.
fn counts(root: &TrustRoot, name: &str, message: &[u8]) -> bool {
    let signatures = signed("bundle", BUNDLE, message, &[(name, &person(name))]);
    root.tally(Role::Bundle, BUNDLE, message, &signatures).unwrap().people() == 1
}

#[test]
fn one_key_of_the_right_role_or_the_key_itself_revokes() {
    let narrow = Terms { root: rule(1, &["bob"]), revoke: Some(rule(1, &["carol"])), bundle: vec![rule(1, &["alice", "bob"])], ..terms() };
    let root = TrustRoot::write(&narrow).unwrap();
    for signer in [&person("bob") as &dyn Signer, &token("carol", 1), &person("alice")] {
        let revocation = by(&root, signer, &revoked("alice", vec![])).unwrap();
        let root = root.clone().with_revocations(vec![revocation]);
        assert!(!counts(&root, "alice", STATEMENT) && counts(&root, "bob", STATEMENT));
        let refusal = root.judge(Role::Bundle, BUNDLE, STATEMENT, &signed("bundle", BUNDLE, STATEMENT, &[("alice", &person("alice"))]));
        assert!(refusal.unwrap_err().to_string().contains("this key of alice was revoked as compromised"));
    }
    let refused = |signer: &dyn Signer, terms: &RevocationTerms, words: &str| {
        let error = by(&root, signer, terms).expect_err(words);
        assert!(error.kind() == Kind::Verification && error.to_string().contains(words), "{error}");
    };
    refused(&person("alice"), &revoked("bob", vec![]), "may not revoke other keys");
    refused(&person("mallory"), &revoked("bob", vec![]), "does not know the key");
    refused(&token("carol", 0), &revoked("bob", vec![]), "was not touched");
    refused(&person("bob"), &RevocationTerms { domain: "other.example".into(), ..revoked("alice", vec![]) }, "another trust domain");
}

#[test]
fn a_document_has_one_form_and_damage_is_refused() {
    let root = root();
    let document = revoked("alice", vec![good(Digest::of(b"seven"))]).to_bytes();
    let judge = |bytes: &[u8]| Revocation::judge(&root, bytes, sign(&person("bob"), REVOKE, bytes).unwrap().as_bytes());
    judge(&document).unwrap();
    let text = String::from_utf8(document.clone()).unwrap();
    assert!(text.len() + 300 < 1024, "{} bytes", text.len());
    for (from, to) in [
        ("\"airlift-revoke\":1", "\"airlift-revoke\":2"),
        ("{\"air", "{ \"air"),
        ("compromised", "bored"),
        ("2026-05-01T00:00:00Z", "2026-05-01T00:00:00.5Z"),
        ("\"seq\":7", "\"seq\":0"),
        ("\"name\":\"mlops\"", "\"name\":\"../mlops\""),
        ("\"epoch\":0", "\"epoch\":0,\"more\":1"),
        ("SHA256:", "sha256:"),
    ] {
        assert!(text.contains(from), "{from}");
        assert_eq!(judge(text.replacen(from, to, 1).as_bytes()).expect_err(to).kind(), Kind::Verification);
    }
    let armour = sign(&person("bob"), REVOKE, &document).unwrap();
    let mut flipped = document.clone();
    flipped[30] ^= 1;
    assert!(Revocation::judge(&root, &flipped, armour.as_bytes()).is_err());
    assert!(Revocation::judge(&root, &document, sign(&person("bob"), ROOT, &document).unwrap().as_bytes()).is_err());
    let many: Vec<_> = (0..9).map(|n| Mark { name: format!("{n}{}", "x".repeat(40)), ..good(Digest::of(b"x")) }).collect();
    let long = by(&root, &person("bob"), &revoked("alice", many)).unwrap_err();
    assert!(long.message().contains("too long for one code"), "{long}");
}

#[test]
fn what_is_typed_is_what_was_signed() {
    let wide = Terms { revoke: Some(rule(1, &["carol"])), ..terms() };
    let root = TrustRoot::write(&wide).unwrap();
    let keys = [person("alice").public_key().clone(), person("bob").public_key().clone(), token("carol", 1).public_key().clone()];
    let terms = revoked("alice", vec![good(Digest::of(b"seven"))]);
    for signer in [&person("bob") as &dyn Signer, &person("alice"), &token("carol", 5)] {
        let revocation = by(&root, signer, &terms).unwrap();
        let text = revocation.text().unwrap();
        assert!(text.lines().count() <= 18 && text.len() < 650, "{text}");
        let typed = text.to_lowercase().replace('0', "o").replace(['\n', ' '], "");
        let again = Revocation::from_text(&root, &keys, &typed).unwrap();
        assert_eq!((again.terms(), again.by()), (revocation.terms(), revocation.by()));
        assert_eq!(again.files(), revocation.files());
    }
    let text = by(&root, &person("bob"), &terms).unwrap().text().unwrap();
    let refused = |keys: &[_], text: &str, words: &str| {
        let error = Revocation::from_text(&root, keys, text).expect_err(words);
        assert!(error.to_string().contains(words), "{error}");
    };
    refused(&[], &text, "a key that no accepted root knows");
    refused(&keys, &text.replacen(&text[..3], "ZZZ", 1), "row 1 of the typed text");
    refused(&keys, &text[..text.len() / 2], "row");
    refused(&keys, &airlift::artifact::typed_rows(b"something else"), "not a revocation");
}

#[test]
fn what_its_owner_stands_by_still_counts_and_nothing_else() {
    let root = root();
    let (spared, other) = (b"bundle seven".as_slice(), b"another bundle seven".as_slice());
    let revocation = by(&root, &person("bob"), &revoked("alice", vec![good(Digest::of(spared))])).unwrap();
    let known = root.clone().with_revocations(vec![revocation]);
    assert!(counts(&known, "alice", spared) && !counts(&known, "alice", other));
    // Two revocations: only what both spare.
    let stricter = by(&root, &person("bob"), &revoked("alice", vec![])).unwrap();
    let both = known.clone().with_revocations([known.revocations(), &[stricter]].concat());
    assert!(!counts(&both, "alice", spared));
    // What this host accepted before is not taken back.
    let accepted = both.with_accepted([Digest::of(other)].into());
    assert!(counts(&accepted, "alice", other) && !counts(&accepted, "alice", spared));
}

/// Root 2 without changes but its number, signed by some.
fn second(people: &[&str]) -> (TrustRoot, Vec<(String, Vec<u8>)>) {
    let root = TrustRoot::write(&Terms { version: 2, previous: Some(root().fingerprint()), epoch: 1, ..terms() }).unwrap();
    let keys: Vec<_> = people.iter().map(|name| (*name, person(name))).collect();
    let signers: Vec<(&str, &dyn Signer)> = keys.iter().map(|(name, key)| (*name, key as _)).collect();
    let mut files = root_signatures(&root, &signers);
    files.push((root.file_name(), root.bytes().to_vec()));
    (root, files)
}

#[test]
fn a_revoked_key_makes_no_further_root_and_unmakes_none() {
    let (next, files) = second(&["alice", "bob"]);
    let early = by(&root(), &person("bob"), &revoked("alice", vec![])).unwrap();
    let knows = root().with_revocations(vec![early]);
    let refusal = Chain::read(files.clone()).unwrap().follow(&knows).unwrap_err();
    assert!(refusal.to_string().contains("this key of alice was revoked"), "{refusal}");
    // Its maker knew root 2: there the key was good.
    let late = by(&root(), &person("bob"), &RevocationTerms { root: next.fingerprint(), ..revoked("alice", vec![]) }).unwrap();
    let followed = Chain::read(files.clone()).unwrap().follow(&root().with_revocations(vec![late.clone()])).unwrap();
    assert_eq!(followed, next.clone().with_revocations(vec![late.clone()]));
    assert!(!counts(&followed, "alice", STATEMENT));
    // It travels in a bundle beside the roots.
    let carried = Chain::read(files.clone().into_iter().chain(late.files())).unwrap();
    assert_eq!(carried.follow(&root()).unwrap().revocations(), [late]);
    assert_eq!(carried.files().len(), 5);
    let strangers = by(
        &TrustRoot::write(&Terms {
            principals: vec![principal("mallory", person("mallory").public_key())],
            root: rule(1, &["mallory"]),
            bundle: vec![rule(1, &["mallory"])],
            ..terms()
        })
        .unwrap(),
        &person("mallory"),
        &revoked("bob", vec![]),
    )
    .unwrap();
    let harmless = Chain::read(files.into_iter().chain(strangers.files())).unwrap().follow(&root()).unwrap();
    assert!(harmless.revocations().is_empty());
}

#[test]
fn revocations_are_bounded_and_too_many_change_nothing() {
    let said = |n: u64| {
        let line = Mark { seq: n, ..good(Digest::of(&n.to_be_bytes())) };
        by(&root(), &person("bob"), &revoked("alice", vec![line])).unwrap()
    };
    let all: Vec<Revocation> = (1..=65).map(said).collect();
    let files = |all: &[Revocation]| all.iter().flat_map(Revocation::files).collect::<Vec<_>>();
    assert_eq!(Chain::read(files(&all[..64])).unwrap().follow(&root()).unwrap().revocations().len(), 64);
    assert!(Chain::read(files(&all)).unwrap_err().to_string().contains("at most 256 roots, 64 revocations"));
    let refusal = Chain::read(files(&all[..64])).unwrap().follow(&root().with_revocations(vec![all[64].clone()])).unwrap_err();
    assert!(refusal.to_string().contains("too many revocations"), "{refusal}");
}

#[test]
fn no_root_takes_a_revocation_back() {
    let alice = Revoked { key: person("alice").public_key().id(), reason: Reason::Lost, last_good: vec![] };
    let first = TrustRoot::write(&Terms { revoked: vec![alice.clone()], ..terms() }).unwrap();
    let follow = |revoked: Vec<Revoked>| {
        let next = TrustRoot::write(&Terms { version: 2, previous: Some(first.fingerprint()), revoked, ..terms() }).unwrap();
        let mut files = root_signatures(&next, &[("bob", &person("bob")), ("carol", &token("carol", 1))]);
        files.push((next.file_name(), next.bytes().to_vec()));
        Chain::read(files).unwrap().follow(&first)
    };
    follow(vec![alice.clone()]).unwrap();
    for changed in [
        vec![],
        vec![Revoked { last_good: vec![good(Digest::of(b"x"))], ..alice.clone() }],
        vec![Revoked { reason: Reason::Retired, ..alice }],
    ] {
        assert!(follow(changed).unwrap_err().message().contains("takes a revocation back"));
    }
    // Signatures of a key that the root itself revokes do not count, though the key is still listed for what is spared.
    assert!(!counts(&first, "alice", STATEMENT));
}

fn of_person(world: &World, n: u8, last_good: Vec<Mark>) -> Revocation {
    let fingerprint = key(n).public_key().fingerprint();
    let revoking = Revoking { key: &fingerprint, reason: Reason::Compromised, last_good, time: "2026-05-01T00:00:00Z".parse().unwrap() };
    revoke(&world.root, revoking, &key(1)).unwrap()
}

#[test]
fn the_impact_list_is_right_and_a_revoked_key_admits_nothing_new() {
    let world = World::with_threshold(3, 1);
    let receiver = world.receiver("receiver");
    let pack = |toolkit: &str, seq: u64, people: &[u8]| {
        let blob = noise(100, seq + u64::from(people[0]) * 100);
        let volumes = world.pack_as(&world.lock(toolkit, &[blob]), &format!("{toolkit}-{seq}"), None, people, Some(seq));
        (airlift::bundle::find(&volumes).unwrap()[0].volumes[&0].head.statement.clone(), volumes)
    };
    let bundles = [pack("kit", 1, &[2]), pack("kit", 2, &[2, 3]), pack("kit", 3, &[3]), pack("tool", 1, &[2])];
    for (_, volumes) in &bundles {
        world.import(volumes, &receiver).unwrap();
    }
    let mine = last_good(&receiver, "kit@main:2").unwrap();
    assert_eq!(mine.id, Digest::of(&bundles[1].0));
    let revocation = of_person(&world, 2, vec![mine]);
    let before = impact(&receiver, &revocation.revoked().key).unwrap();
    let after = apply(&journal(&receiver.writer().unwrap()), &revocation).unwrap();
    assert_eq!((before.said.len(), after.said.len()), (0, 1));
    for (told, spared) in [(&before, false), (&after, true)] {
        let lines: Vec<_> =
            told.bundles.iter().map(|b| (b.installed.name.as_str(), b.installed.seq, b.served, b.stands, b.spared)).collect();
        assert_eq!(lines, [("kit", 1, false, false, false), ("kit", 2, false, true, spared), ("tool", 1, true, false, false)]);
        assert_eq!(told.bundles[2].artifacts[0].descriptors[0].digest, Digest::of(&noise(100, 201)));
        assert_eq!((told.roots.as_slice(), told.unread.len()), (&[1][..], 0));
    }
    let nobody = impact(&receiver, &Digest::of(b"x")).unwrap();
    assert!(nobody.bundles.is_empty() && nobody.roots.is_empty());
    // What is installed stays; the medium of yesterday changes nothing; what is new is refused.
    let count = receiver.accepted().unwrap().len();
    let root = trusted(&receiver).unwrap();
    let open = |volumes: &[std::path::PathBuf]| airlift::steps::verify::open_one(volumes, &root);
    open(&bundles[0].1).unwrap();
    let (_, new) = pack("tool", 2, &[2]);
    let refusal = open(&new).unwrap_err();
    assert!(refusal.kind() == Kind::Verification && refusal.to_string().contains("was revoked as compromised"), "{refusal}");
    // The same for a bundle that was opened by a root that did not know yet.
    let early = world.open(&new).unwrap();
    let late = airlift::steps::import::import(early, &journal(&receiver.writer().unwrap()), &crate::world::verification()).unwrap_err();
    assert!(late.to_string().contains("was revoked as compromised"), "{late}");
    open(&pack("tool", 3, &[2, 3]).1).unwrap();
    assert_eq!(receiver.accepted().unwrap().len(), count);
    // Nor does it sign on a host that knows.
    let (statement, volumes) = pack("tool", 4, &[3]);
    let refusal = airlift::steps::sign::sign(&statement, &volumes, &root, &key(2)).unwrap_err();
    assert!(refusal.kind() == Kind::Policy && refusal.message().contains("was revoked"), "{refusal}");
    std::fs::remove_dir_all(receiver.bundle_folder(&Digest::of(&bundles[2].0)).join("sig")).unwrap();
    assert_eq!(impact(&receiver, &revocation.revoked().key).unwrap().unread.len(), 1);
}

/// Each bundle by the root that let it in: a later one may ask for more, and an earlier one for less.
#[test]
fn who_would_have_been_enough_is_asked_of_the_root_that_let_it_in() {
    let world = World::with_threshold(2, 1);
    let receiver = world.receiver("receiver");
    let pack = |seq: u64| world.pack_as(&world.lock("kit", &[noise(100, seq)]), &format!("kit-{seq}"), None, &[1, 2], Some(seq));
    world.import(&pack(1), &receiver).unwrap();
    super::rotation::put_next(&world, &receiver, &Edits { threshold: &["bundle=2".to_owned()], ..Edits::default() });
    world.import(&pack(2), &receiver).unwrap();
    let stands = || impact(&receiver, &key(2).public_key().id()).unwrap().bundles.iter().map(|b| b.stands).collect::<Vec<_>>();
    assert_eq!(stands(), [true, false]);
    // Where the log tells nothing, by the newest.
    std::fs::write(receiver.root().join("log/checkpoint"), "damaged").unwrap();
    assert_eq!(stands(), [false, false]);
}

#[test]
fn a_revocation_reaches_receivers_by_stick() {
    let world = World::with_threshold(3, 1);
    let receiver = world.receiver("receiver");
    apply(&journal(&world.sender.writer().unwrap()), &of_person(&world, 2, vec![])).unwrap();
    let theirs = world.pack_as(&world.lock("kit", &[noise(100, 1)]), "one", None, &[2], Some(1));
    let ours = world.pack_as(&world.lock("kit", &[noise(100, 2)]), "two", None, &[3], Some(2));
    // The bundle carries the revocation of its own signer.
    assert!(world.import(&theirs, &receiver).unwrap_err().to_string().contains("was revoked"));
    assert!(trusted(&receiver).unwrap().revocations().is_empty());
    world.import(&ours, &receiver).unwrap();
    assert_eq!(trusted(&receiver).unwrap().revocations().len(), 1);
    // The next root has it inside, and then the document is not needed any more.
    let next = airlift::steps::trust::next(
        &trusted(&receiver).unwrap(),
        &airlift::steps::trust::Edits::default(),
        "2026-06-01T00:00:00Z".parse().unwrap(),
    )
    .unwrap();
    assert_eq!(next.terms().revoked[0].key, key(2).public_key().id());
    let out = world.path("next");
    std::fs::create_dir(&out).unwrap();
    let name = airlift::trust::signature_name("root.2", "person1", key(1).public_key());
    std::fs::write(out.join(name), sign(&key(1), ROOT, next.bytes()).unwrap()).unwrap();
    std::fs::write(out.join(next.file_name()), next.bytes()).unwrap();
    airlift::steps::trust::accept_next(&journal(&receiver.writer().unwrap()), &out.join(next.file_name())).unwrap();
    let root = trusted(&receiver).unwrap();
    assert!(root.revocations().is_empty() && !root.said_against(key(2).public_key()).is_empty());
    // A stick that still carries it brings nothing back.
    let third = world.pack_as(&world.lock("kit", &[noise(100, 3)]), "three", None, &[3], Some(3));
    world.import(&third, &receiver).unwrap();
    assert!(trusted(&receiver).unwrap().revocations().is_empty());
}

#[test]
fn stock_tools_refuse_what_was_revoked() {
    let Some(keygen) = need("ssh-keygen") else { return };
    let world = World::with_threshold(2, 1);
    let store = world.receiver("receiver");
    apply(&journal(&store.writer().unwrap()), &of_person(&world, 2, vec![])).unwrap();
    let root = trusted(&store).unwrap();
    let folder = world.path("stock");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("allowed"), allowed_signers(&root, Role::Bundle, BUNDLE)).unwrap();
    std::fs::write(folder.join("revoked"), revoked_file(&root, &store.trust_folder()).unwrap()).unwrap();
    std::fs::write(folder.join("message"), STATEMENT).unwrap();
    for (n, fits) in [(1, true), (2, false)] {
        std::fs::write(folder.join("it"), sign(&key(n), BUNDLE, STATEMENT).unwrap()).unwrap();
        let verify = |more: &[&str]| {
            let mut command = Command::new(&keygen);
            command.args(["-Y", "verify", "-f", "allowed", "-I", &format!("person{n}"), "-n", BUNDLE, "-s", "it"]).args(more);
            let ran = command.current_dir(&folder).stdin(std::fs::File::open(folder.join("message")).unwrap()).output().unwrap();
            (ran.status.success(), String::from_utf8_lossy(&ran.stderr).into_owned())
        };
        assert!(verify(&[]).0);
        let (verified, told) = verify(&["-r", "revoked"]);
        assert_eq!(verified, fits, "person{n}: {told}");
    }
    // The document itself is checked by the stock tool as well.
    let revocation = &root.revocations()[0];
    let [(_, armour), (_, document)] = revocation.files();
    for (name, bytes) in [("it", armour), ("message", document), ("allowed", allowed_signers(&root, Role::Root, REVOKE).into_bytes())] {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
    let mut command = Command::new(&keygen);
    command.args(["-Y", "verify", "-f", "allowed", "-I", revocation.by().0, "-n", REVOKE, "-s", "it"]);
    let ran = command.current_dir(&folder).stdin(std::fs::File::open(folder.join("message")).unwrap()).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

/// The whole way by command line: a text on paper takes a stolen key out on another host.
#[test]
fn a_stolen_key_is_revoked_by_typed_text() {
    let (host, world) = (Host::new(), World::with_threshold(2, 1));
    let receiver = world.receiver("receiver");
    world.import(&world.pack_as(&world.lock("kit", &[noise(100, 1)]), "one", None, &[2], Some(1)), &receiver).unwrap();
    key(1).write(&host.path("person1"), airlift::trust::Protection::Plain).unwrap();
    let stolen = key(2).public_key().fingerprint();
    let revoke = ["--store", arg(world.sender.root()), "trust", "revoke", "--key-fingerprint", &stolen, "--reason", "compromised"];
    let made = host.ok(&[&revoke[..], &["--key", "person1", "--allow-plain-key", "--out", "out"]].concat());
    let rows: Vec<&str> = made.out.lines().skip(1).take_while(|line| !line.is_empty()).collect();
    assert!(rows.iter().all(|row| row.split(' ').count() <= 5) && made.out.contains('█'), "{}", made.out);
    let text = rows.join(" ").to_lowercase();
    let store = ["--store", arg(receiver.root())];
    let listed = host.ok(&[&store[..], &["trust", "impact", &stolen]].concat()).out;
    let applied = host.ok(&[&store[..], &["trust", "apply-revocation", "--text", &text]].concat()).out;
    // Before, nothing is said against the key; everything else is the same.
    assert_eq!(listed.replace("it is not revoked: this is what rests on it", "it is revoked as compromised"), applied);
    assert_ne!(listed, applied);
    let digest = Digest::of(&noise(100, 1)).to_string();
    for words in
        ["signed 1 bundle that", "kit 1 (main line)", "served now, not enough people without this key", "files/blob-000 1", &digest]
    {
        assert!(applied.contains(words), "{words}\n{applied}");
    }
    let shown = host.ok(&[&store[..], &["trust", "show"]].concat()).out;
    assert!(shown.contains(&format!("revoked    {stolen} (compromised)")), "{shown}");
    assert!(host.ok(&[&store[..], &["status"]].concat()).out.contains("admitted by a revoked key"));
    assert!(host.ok(&[&store[..], &["trust", "revoked-keys"]].concat()).out.contains(&key(2).public_key().line()));
    let new = world.pack_as(&world.lock("kit", &[noise(100, 2)]), "two", None, &[2], Some(2)).remove(0);
    host.fails(4, &[&store[..], &["verify", arg(&new)]].concat(), &["revoked as compromised"]);
    // From the file, on yet another host; and twice is no matter.
    let third = world.receiver("third");
    let file = std::fs::read_dir(host.path("out")).unwrap().map(|e| e.unwrap().path()).find(|p| p.extension().unwrap() == "json").unwrap();
    for _ in 0..2 {
        host.ok(&["--store", arg(third.root()), "trust", "apply-revocation", arg(&file)]);
    }
    assert_eq!(trusted(&third).unwrap().revocations(), trusted(&receiver).unwrap().revocations());
    host.fails(
        4,
        &[&store[..], &["trust", "apply-revocation", "--text", &text.replacen('a', "b", 1)]].concat(),
        &["of the typed text is not right"],
    );
    let typed = host.write("typed.txt", &text);
    assert!(read(&third, &trusted(&third).unwrap(), &typed).is_ok() && pinned::stored(&third.trust_folder()).is_ok());
}
