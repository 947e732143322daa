use super::people::{STATEMENT, person, principal, root, root_signatures, rule, signed, terms, token};
use airlift::error::Kind;
use airlift::trust::{
    BUNDLE, Chain, Custody, HeldKey, MAX_SIGNATURES, ROOT, Role, RootLimits, Signer, Terms, TrustRoot, Why, allowed_signers, signature_name,
};

#[test]
fn a_root_is_written_and_read_without_loss() {
    let root = root();
    let read = TrustRoot::parse(root.bytes()).unwrap();
    assert_eq!(read.terms(), &terms());
    assert_eq!(read.fingerprint(), airlift::artifact::Digest::of(root.bytes()));
    assert_eq!(root.file_name(), "root.1.json");
    assert_eq!(root.label(), "hospital.example root 1");
}

#[test]
fn terms_that_make_no_sense_are_refused() {
    type Damage = Box<dyn Fn(&mut Terms)>;
    let alice = person("alice").public_key().clone();
    let wrong: Vec<(&str, Damage)> = vec![
        ("a threshold is out of range", Box::new(|t| t.bundle[0].threshold = 0)),
        ("a threshold is out of range", Box::new(|t| t.bundle[0].threshold = 4)),
        ("a threshold is out of range", Box::new(|t| t.root = rule(1, &[]))),
        ("a role lists a principal twice", Box::new(|t| t.bundle = vec![rule(2, &["alice", "alice"])])),
        ("a role lists a principal the root does not have", Box::new(|t| t.bundle = vec![rule(1, &["mallory"])])),
        ("a principal is named twice", Box::new(|t| t.principals[1].name = "alice".into())),
        ("a key is listed twice", Box::new(|t| t.principals[1].keys = t.principals[0].keys.clone())),
        ("a key is listed twice", Box::new(|t| t.principals[2] = principal("carol", token("alice", 1).public_key()))),
        ("a principal has no key", Box::new(|t| t.principals[0].keys.clear())),
        ("`fido2` is for", Box::new(move |t| t.principals[0].keys = vec![HeldKey { key: alice.clone(), custody: Custody::Fido2 }])),
        ("`fido2` is for", Box::new(|t| t.principals[2].keys[0].custody = Custody::File)),
        ("names no principal", Box::new(|t| t.principals.clear())),
        ("the name of a principal is refused", Box::new(|t| t.principals[0].name = "Alice".into())),
        ("the name of a principal is refused", Box::new(|t| t.principals[0].name = "*".into())),
        ("the name of a principal is refused", Box::new(|t| t.principals[0].name = "a,b".into())),
        ("the name of a principal is refused", Box::new(|t| t.principals[0].name = "../alice".into())),
        ("the name of the trust domain is refused", Box::new(|t| t.name = "a b".into())),
        ("version 1 has no previous root", Box::new(|t| t.version = 0)),
        ("version 1 has no previous root", Box::new(|t| t.version = 2)),
        ("expires before it was made", Box::new(|t| t.expires = Some(t.created))),
        ("a limit of 0", Box::new(|t| t.limits = RootLimits { blobs: Some(0), ..RootLimits::default() })),
        ("is not in the strict form", Box::new(|t| t.epoch = 1 << 53)),
    ];
    for (words, damage) in wrong {
        let mut terms = terms();
        damage(&mut terms);
        let error = TrustRoot::write(&terms).expect_err(words);
        assert_eq!(error.kind(), Kind::Verification);
        assert!(error.message().contains(words), "{error}\nexpected: {words}");
    }
}

#[test]
fn two_people_are_two_people() {
    let root = root();
    let carol = token("carol", 5);
    let all = signed("bundle", BUNDLE, STATEMENT, &[("alice", &person("alice")), ("carol", &carol)]);
    let judged = root.judge(Role::Bundle, BUNDLE, STATEMENT, &all).unwrap();
    assert_eq!((judged.tally.people(), judged.tally.threshold, judged.root), (2, 2, root.fingerprint()));
    assert_eq!(judged.message, airlift::artifact::Digest::of(STATEMENT));
    let by = &judged.tally.signers;
    assert_eq!((by[0].principal.as_str(), by[0].custody, by[0].token), ("alice", Custody::File, None));
    assert_eq!((by[1].principal.as_str(), by[1].custody, by[1].token.unwrap().pin), ("carol", Custody::Fido2, true));
}

#[test]
fn one_person_with_two_keys_or_two_files_is_one_person() {
    let mut terms = terms();
    terms.principals[0].keys.push(HeldKey { key: person("alice at home").public_key().clone(), custody: Custody::Agent });
    let root = TrustRoot::write(&terms).unwrap();
    let mut all = signed("bundle", BUNDLE, STATEMENT, &[("alice", &person("alice")), ("alice", &person("alice at home"))]);
    all.push(("bundle.zoe.0000000000000000.sshsig".into(), all[0].1.clone()));
    let error = root.judge(Role::Bundle, BUNDLE, STATEMENT, &all).unwrap_err();
    assert_eq!((error.kind(), error.message()), (Kind::Verification, "signed by 1 of 2 signers"));
    assert_eq!(root.tally(Role::Bundle, BUNDLE, STATEMENT, &all).unwrap().missing(), 1);
}

#[test]
fn refusals_say_precisely_what_is_missing() {
    let root = root();
    let judge = |all: &[(String, Vec<u8>)]| root.judge(Role::Bundle, BUNDLE, STATEMENT, all).unwrap_err();
    assert_eq!(judge(&[]).message(), "unsigned");
    let mallory = person("mallory");
    let stranger = signed("bundle", BUNDLE, STATEMENT, &[("alice", &mallory)]);
    assert_eq!(judge(&stranger).message(), format!("signed by keys this root does not know: {}", mallory.public_key().fingerprint()));
    let one = signed("bundle", BUNDLE, STATEMENT, &[("alice", &person("alice")), ("mallory", &mallory)]);
    let error = judge(&one);
    assert_eq!(error.message(), "signed by 1 of 2 signers");
    let text = error.to_string();
    for part in
        [&person("alice").public_key().fingerprint(), &mallory.public_key().fingerprint(), "airlift sign", &root.fingerprint().spoken()]
    {
        assert!(text.contains(part), "{text}\nlacks {part}");
    }
}

#[test]
fn a_token_that_was_not_touched_does_not_count() {
    let root = root();
    let all = signed("bundle", BUNDLE, STATEMENT, &[("alice", &person("alice")), ("carol", &token("carol", 0))]);
    let error = root.judge(Role::Bundle, BUNDLE, STATEMENT, &all).unwrap_err();
    assert!(error.to_string().contains("the token of carol was not touched"), "{error}");
}

#[test]
fn a_principal_counts_in_its_own_roles_only() {
    let root = TrustRoot::write(&Terms { bundle: vec![rule(1, &["bob"])], ..terms() }).unwrap();
    let alice = signed("bundle", BUNDLE, STATEMENT, &[("alice", &person("alice"))]);
    let error = root.judge(Role::Bundle, BUNDLE, STATEMENT, &alice).unwrap_err();
    assert!(error.to_string().contains("alice is not in the role `bundle`"), "{error}");
    let both = signed("bundle", BUNDLE, STATEMENT, &[("alice", &person("alice")), ("bob", &person("bob"))]);
    let judged = root.judge(Role::Bundle, BUNDLE, STATEMENT, &both).unwrap();
    assert_eq!(judged.tally.uncounted[0].why, Why::NotInRole("alice".into()));
}

#[test]
fn one_damaged_signature_damages_the_set() {
    let root = root();
    let good = signed("bundle", BUNDLE, STATEMENT, &[("alice", &person("alice")), ("bob", &person("bob"))]);
    for extra in [
        ("bundle.carol.0.sshsig".to_owned(), b"junk".to_vec()),
        signed("bundle", BUNDLE, b"other bytes", &[("carol", &token("carol", 1))]).remove(0),
        signed("bundle", ROOT, STATEMENT, &[("carol", &token("carol", 1))]).remove(0),
    ] {
        let mut all = good.clone();
        all.push(extra.clone());
        let error = root.judge(Role::Bundle, BUNDLE, STATEMENT, &all).unwrap_err();
        assert_eq!(error.kind(), Kind::Verification);
        assert!(error.message().starts_with(&extra.0), "{error}");
    }
    let many = vec![good[0].clone(); MAX_SIGNATURES + 1];
    assert_eq!(root.judge(Role::Bundle, BUNDLE, STATEMENT, &many).unwrap_err().message(), "too many signatures");
}

#[test]
fn the_stock_tools_file_has_no_wildcard_and_one_namespace() {
    let text = allowed_signers(&root(), Role::Bundle, BUNDLE);
    assert_eq!(text.lines().count(), 3);
    assert!(!text.contains('*'));
    let alice = format!("alice namespaces=\"bundle.v1@airlift\" {}", person("alice").public_key().line());
    assert_eq!(text.lines().next().unwrap(), alice);
}

#[test]
fn signature_files_are_named_for_people() {
    let key = person("alice");
    let name = signature_name("bundle", "alice", key.public_key());
    assert_eq!(name, format!("bundle.alice.{}.sshsig", key.public_key().short()));
    assert_eq!(key.public_key().short().len(), 16);
}

fn second(change: impl Fn(&mut Terms)) -> TrustRoot {
    let mut terms = Terms { version: 2, previous: Some(root().fingerprint()), ..terms() };
    terms.principals[1] = principal("dora", person("dora").public_key());
    (terms.root, terms.bundle) = (rule(2, &["alice", "dora"]), vec![rule(2, &["alice", "dora"])]);
    change(&mut terms);
    TrustRoot::write(&terms).unwrap()
}

fn chain(second: &TrustRoot, signers: &[&str]) -> airlift::error::Result<Chain> {
    let first = root();
    let mut files = root_signatures(&first, &[("alice", &person("alice")), ("bob", &person("bob"))]);
    let keys: Vec<_> = signers.iter().map(|name| (*name, person(name))).collect();
    let signers: Vec<(&str, &dyn airlift::trust::Signer)> = keys.iter().map(|(name, key)| (*name, key as _)).collect();
    files.extend(root_signatures(second, &signers));
    files.push((first.file_name(), first.bytes().to_vec()));
    files.push((second.file_name(), second.bytes().to_vec()));
    Chain::read(files)
}

#[test]
fn a_chain_is_walked_when_both_thresholds_signed() {
    let good = chain(&second(|_| {}), &["alice", "bob", "dora"]).unwrap();
    assert_eq!(good.follow(&root()).unwrap().terms().version, 2);
    assert_eq!(good.follow(&second(|_| {})).unwrap().terms().version, 2);
    assert_eq!(good.anchor(1).unwrap(), root());
    assert_eq!(good.files().len(), 7);
    assert_eq!(good.fingerprints()[0], (1, root().fingerprint()));
    for (signers, words) in [(&["alice", "bob"][..], "signed by 1 of 2"), (&["alice", "dora"], "signed by 1 of 2"), (&[], "unsigned")] {
        let error = chain(&second(|_| {}), signers).unwrap().follow(&root()).unwrap_err();
        assert!(
            error.kind() == Kind::Verification && error.message().starts_with("root.2.json: ") && error.message().contains(words),
            "{error}"
        );
    }
}

#[test]
fn a_chain_that_does_not_follow_is_refused() {
    let follow = |second: &TrustRoot| chain(second, &["alice", "bob", "dora"]).unwrap().follow(&root()).unwrap_err().message().to_owned();
    assert!(follow(&second(|t| t.previous = Some(airlift::artifact::Digest::of(b"")))).contains("does not follow the root before it"));
    assert!(follow(&second(|t| t.name = "other.example".into())).contains("changes the trust domain's name"));
    let other = TrustRoot::write(&Terms { epoch: 4, ..terms() }).unwrap();
    let error = chain(&second(|_| {}), &["alice"]).unwrap().follow(&other).unwrap_err();
    assert!(error.message().contains("another trust root 1"), "{error}");
    let skipped = Chain::read([("root.3.json".to_owned(), b"{}".to_vec())]).unwrap();
    assert!(skipped.follow(&root()).unwrap_err().to_string().contains("root.2.json"));
}

#[test]
fn files_without_a_place_in_the_chain_are_refused() {
    let refused = |names: &[&str]| Chain::read(names.iter().map(|n| ((*n).to_owned(), b"x".to_vec()))).unwrap_err();
    for name in
        ["root.json", "root.01.json", "root.0.json", "root.1.txt", "root.1.ALICE.0123456789abcdef.sshsig", "root.1.a.0123.sshsig", "x"]
    {
        assert!(refused(&[name]).message().contains("has no place in it"), "{name}");
    }
    assert!(refused(&["root.1.json", "root.1.json"]).message().contains("there twice"));
    assert!(refused(&["root.1.a.0123456789abcdef.sshsig"]).message().contains("a root is missing"));
    let many: Vec<String> = (1..=300).map(|n| format!("root.{n}.json")).collect();
    assert!(refused(&many.iter().map(String::as_str).collect::<Vec<_>>()).message().contains("too many roots"));
}
