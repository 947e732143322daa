use super::people::{person, principal, root, root_signatures, rule, terms};
use airlift::error::Kind;
use airlift::trust::pinned::{accept, advance, beside, check_fingerprint, load, none_yet, stored};
use airlift::trust::{Chain, Signer, Terms, TrustRoot};
use std::path::Path;

type Signatures = Vec<(String, Vec<u8>)>;

fn signed() -> (TrustRoot, Signatures) {
    let root = root();
    let signatures = root_signatures(&root, &[("alice", &person("alice")), ("bob", &person("bob"))]);
    (root, signatures)
}

fn accept_first(folder: &Path) -> TrustRoot {
    let (root, signatures) = signed();
    accept(folder, root.bytes(), &signatures, &root.fingerprint().spoken()).unwrap()
}

/// Root 2, signed by old and new people alike.
fn successor() -> (TrustRoot, Signatures) {
    let mut terms = Terms { version: 2, previous: Some(root().fingerprint()), ..terms() };
    terms.principals.push(principal("dora", person("dora").public_key()));
    terms.bundle = vec![rule(1, &["dora"])];
    let root = TrustRoot::write(&terms).unwrap();
    let signatures = root_signatures(&root, &[("alice", &person("alice")), ("bob", &person("bob"))]);
    (root, signatures)
}

#[test]
fn a_typed_root_is_accepted_and_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("trust");
    assert_eq!(load(&inner).unwrap(), None);
    assert_eq!(none_yet().kind(), Kind::Verification);
    let root = accept_first(&inner);
    assert_eq!(load(&inner).unwrap(), Some(root.clone()));
    let (lying, signatures) = beside(&inner.join("root.1.json")).unwrap();
    assert_eq!((lying, signatures.len()), (root, 2));
    accept_first(&inner);
}

#[test]
fn another_fingerprint_is_refused_naming_both() {
    let folder = tempfile::tempdir().unwrap();
    let (root, signatures) = signed();
    let typed = "7Q2KD-0M4XF-9PBSW-T1H8C";
    let error = accept(folder.path(), root.bytes(), &signatures, typed).unwrap_err();
    assert_eq!(error.kind(), Kind::Verification);
    assert!(error.to_string().contains(typed) && error.to_string().contains(&root.fingerprint().spoken()), "{error}");
    assert_eq!(load(folder.path()).unwrap(), None);
    for nonsense in ["", "yes", "7Q2KD-0M4XF-9PBSW-T1H8U", "7Q2KD", "é", &"0".repeat(63)] {
        assert_eq!(check_fingerprint(&root.fingerprint(), nonsense).expect_err(nonsense).kind(), Kind::Usage);
    }
}

#[test]
fn a_root_without_enough_of_its_own_signers_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (root, signatures) = signed();
    let error = accept(folder.path(), root.bytes(), &signatures[..1], &root.fingerprint().hex()).unwrap_err();
    assert_eq!((error.kind(), error.message()), (Kind::Verification, "root.1.json: signed by 1 of 2 signers"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_host_has_one_trust_domain() {
    let folder = tempfile::tempdir().unwrap();
    let accepted = accept_first(folder.path());
    let other = TrustRoot::write(&Terms { name: "other.example".into(), ..terms() }).unwrap();
    let signatures = root_signatures(&other, &[("alice", &person("alice")), ("bob", &person("bob"))]);
    let error = accept(folder.path(), other.bytes(), &signatures, &other.fingerprint().spoken()).unwrap_err();
    assert_eq!(error.kind(), Kind::Policy);
    assert!(error.to_string().contains("hospital.example root 1") && error.to_string().contains("other.example root 1"), "{error}");
    assert_eq!(load(folder.path()).unwrap(), Some(accepted));
}

#[test]
fn roots_advance_by_signature() {
    let folder = tempfile::tempdir().unwrap();
    let first = accept_first(folder.path());
    let (second, signatures) = successor();
    let chain = Chain::read(signatures.clone().into_iter().chain([(second.file_name(), second.bytes().to_vec())])).unwrap();
    assert_eq!(advance(folder.path(), &first, &chain).unwrap(), second);
    assert_eq!(load(folder.path()).unwrap(), Some(second.clone()));
    assert_eq!(stored(folder.path()).unwrap().fingerprints().len(), 2);
    accept_first(folder.path());
    assert_eq!(load(folder.path()).unwrap(), Some(second), "accepting an old root again must not step back");
}

#[test]
fn a_typed_successor_is_taken_beside_its_accepted_root() {
    let folder = tempfile::tempdir().unwrap();
    accept_first(folder.path());
    let (second, signatures) = successor();
    accept(folder.path(), second.bytes(), &signatures, &second.fingerprint().spoken()).unwrap();
    assert_eq!(load(folder.path()).unwrap(), Some(second));
}

#[test]
fn a_crash_while_keeping_leaves_the_old_root() {
    let folder = tempfile::tempdir().unwrap();
    let first = accept_first(folder.path());
    let (_, signatures) = successor();
    for (name, bytes) in &signatures {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    std::fs::write(folder.path().join("root.2.json.new"), b"{").unwrap();
    assert_eq!(load(folder.path()).unwrap(), Some(first));
}

#[test]
fn a_damaged_folder_trusts_nobody() {
    for damage in ["root.1.json", "signature"] {
        let folder = tempfile::tempdir().unwrap();
        accept_first(folder.path());
        let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().path()).collect();
        let victim = names.iter().find(|p| p.ends_with(damage) || (damage == "signature" && p.extension().unwrap() == "sshsig")).unwrap();
        let mut bytes = std::fs::read(victim).unwrap();
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
        std::fs::write(victim, bytes).unwrap();
        let error = load(folder.path()).unwrap_err();
        assert_eq!(error.kind(), Kind::Store);
        assert!(error.message().starts_with("the accepted trust roots: "), "{error}");
    }
}
