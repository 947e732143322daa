//! An approval is evidence of the bundle and the domain that it names, and of no other.

use super::*;
use crate::policy::{APPROVE, Policy};
use crate::trust::{Custody, HeldKey, Principal, ROOT, RootLimits, Rule, SecretKey, Signer, Terms, pinned, sign};

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32], "").expect("a key")
}

/// A store that has accepted a root: `ada` signs, `bob` approves.
fn store(place: &tempfile::TempDir) -> Store {
    let person = |name: &str, seed| Principal {
        name: name.to_owned(),
        keys: vec![HeldKey { key: key(seed).public_key().clone(), custody: Custody::File }],
    };
    let rule = |name: &str| Rule::new(1, vec![name.to_owned()]);
    let terms = Terms {
        version: 1,
        epoch: 0,
        previous: None,
        created: "2026-01-01T00:00:00Z".parse().expect("a time"),
        expires: None,
        name: "site".to_owned(),
        principals: vec![person("ada", 1), person("bob", 2)],
        root: rule("ada"),
        bundle: vec![rule("ada")],
        approve: Some(rule("bob")),
        revoke: None,
        report: None,
        limits: RootLimits::default(),
        revoked: vec![],
    };
    let root = TrustRoot::write(&terms).expect("a root");
    let store = Store::open_or_create(&place.path().join("store")).expect("a store");
    let name = signature_name("root.1", "ada", key(1).public_key());
    let signature = sign(&key(1), ROOT, root.bytes()).expect("a signature").into_bytes();
    pinned::accept(&store.trust_folder(), root.bytes(), &[(name, signature)], &root.fingerprint().spoken()).expect("it is accepted");
    store
}

fn carried() -> Carried {
    let statement_bytes = br#"{"airlift-bundle":1,"base":[],"created":"2026-01-01T00:00:00Z","epoch":0,"features":[],"files":{},
            "line":"main","name":"kit","previous":null,"seq":1,"tool":"airlift","volumes":[1]}"#;
    let lock = Lock { name: "kit".to_owned(), line: "main".to_owned(), manifest: Digest::of(b"manifest"), artifacts: vec![] };
    Carried {
        id: Digest::of(b"bundle"),
        statement: Statement::parse(statement_bytes).expect("a statement"),
        statement_bytes: statement_bytes.to_vec(),
        lock_bytes: lock.to_bytes(),
        lock,
        signatures: vec![],
        review: None,
        gates: None,
        before: None,
    }
}

/// What somebody approved is one bundle in one domain, whatever folder their word is put into.
#[test]
fn an_approval_of_another_bundle_is_no_evidence_of_this_one() {
    let place = tempfile::tempdir().expect("a folder");
    let (store, carried) = (store(&place), carried());
    let mut folder = Folder::begin(&place.path().join("pack")).expect("a place");
    let mut notes =
        Notes { hand: crate::steps::evidence::hand::ByHand::default(), transcript: vec![], policy: None, rules: Policy::default() };
    let trusting = Trusting::lay(&store, None, &mut folder, &mut notes).expect("the roots");
    let signers = Tally { threshold: 1, signers: vec![], uncounted: vec![], rules: vec![] };
    let told = notes.transcript.len();
    let mut counted = |bundle: &[u8], domain: &str| {
        let approval = Approval {
            bundle: Digest::of(bundle),
            review: Digest::of(b"review"),
            domain: domain.to_owned(),
            decision: Decision::Approve,
            reason: String::new(),
            created: "2026-01-02T00:00:00Z".parse().expect("a time"),
        };
        let bytes = approval.to_bytes().expect("an approval");
        let armour = sign(&key(2), APPROVE, &bytes).expect("a signature").into_bytes();
        let stem = signature_name("approval", "bob", key(2).public_key()).trim_end_matches(".sshsig").to_owned();
        approve::keep(&store.approvals_folder(&carried.id), &Pairs::from([(stem, (bytes, armour))])).expect("it is kept");
        let decided = carried.decisions(&trusting, &mut notes, &store, &signers, &trusting.newest).expect("decisions");
        decided.iter().map(|decided| decided.who.clone()).collect::<Vec<_>>()
    };
    assert_eq!(counted(b"bundle", "site"), ["bob"]);
    assert!(counted(b"another bundle", "site").is_empty());
    assert!(counted(b"bundle", "another-site").is_empty());
    assert_eq!(notes.transcript.len(), told + 2, "why they are not here is told: {:?}", notes.transcript);
}
