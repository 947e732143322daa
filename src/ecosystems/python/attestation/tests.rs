use super::*;
use crate::artifact::{Descriptor, InMemory, Learned};
use crate::publisher::keyless::{Identity, TrustedRoot};
use crate::publisher::{Judgement, Pattern};
use serde_json::{Value, json};
use std::sync::Arc;

const ROOT: &str = include_str!("../../../../tests/vectors/attestations/trusted_root.json");
const FILE: &str = "gcb_attestation_test-0.0.0.tar.gz";
const SDIST: &[u8] = include_bytes!("../../../../tests/vectors/attestations/gcb_attestation_test-0.0.0.tar.gz");
const PROVENANCE: &str = include_str!("../../../../tests/vectors/attestations/gcb_attestation_test-0.0.0.tar.gz.provenance");

struct One(Vec<u8>);

impl Blobs for One {
    fn open(&self, digest: &Digest) -> Result<Option<Box<dyn BlobRead>>> {
        let known = Digest::of(&self.0) == *digest || self.0.len() > MOST_BYTES;
        Ok(known.then(|| Box::new(InMemory::new(self.0.clone())) as Box<dyn BlobRead>))
    }

    fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        Ok((Digest::of(&self.0) == *digest).then_some(self.0.len() as u64))
    }
}

fn artifact(file: &str, content: &[u8], provenance: Option<&[u8]>) -> Artifact {
    let blob = |name: &str, media_type: &str, bytes: &[u8]| Descriptor {
        media_type: media_type.to_owned(),
        digest: Digest::of(bytes),
        size: bytes.len() as u64,
        name: Some(name.to_owned()),
        origins: vec!["https://index.example/x".to_owned()],
        learned: Learned::Upstream,
        side_digests: std::collections::BTreeMap::new(),
    };
    let beside = provenance.map(|bytes| blob(&format!("{file}{SUFFIX}"), MEDIA_TYPE, bytes));
    let descriptors = std::iter::once(blob(file, "application/gzip", content)).chain(beside).collect();
    Artifact {
        ecosystem: "python".to_owned(),
        sections: vec!["all".to_owned()],
        name: "gcb-attestation-test".to_owned(),
        version: "0.0.0".to_owned(),
        descriptors,
        subject: None,
        meta: json!({ "kind": if filename::Kind::of(file) == Some(filename::Kind::Wheel) { "wheel" } else { "sdist" } }),
    }
}

fn key(identity: &str) -> UpstreamKey {
    let pattern = |text: &str| Pattern::read(text).expect("a pattern");
    let root = Arc::new(TrustedRoot::read(ROOT).expect("a root"));
    let identity = Identity { root, issuer: "https://accounts.google.com".to_owned(), identities: vec![pattern(identity)] };
    UpstreamKey::keyless("Example".to_owned(), identity, vec![pattern("python/*")], vec![])
}

const SIGNER: &str = "919436158236-compute@developer.gserviceaccount.com";

fn judged(artifact: &Artifact, provenance: &[u8], identity: &str) -> Judgement {
    look(artifact, &[&key(identity)], &One(provenance.to_vec())).expect("a look").judgement()
}

fn wrong(judgement: &Judgement) -> &str {
    let Judgement::Wrong(why) = judgement else { panic!("{judgement:?}") };
    &why[0]
}

#[test]
fn a_published_attestation_names_who_published_this_file() {
    let bytes = PROVENANCE.as_bytes();
    let file = artifact(FILE, SDIST, Some(bytes));
    let Judgement::Verified(by) = judged(&file, bytes, SIGNER) else { panic!("not verified") };
    assert_eq!(by, [format!("Example (keyless, {SIGNER}, known to https://accounts.google.com, at 2025-04-21T15:02:27Z), publish/v1")]);
    assert!(wrong(&judged(&file, bytes, "someone@example.org")).contains(SIGNER));
    let other = artifact(FILE, b"other", Some(bytes));
    assert!(wrong(&judged(&other, bytes, SIGNER)).contains("but it is of another content"));
    let named = artifact("gcb_attestation_test-0.0.0.zip", SDIST, Some(bytes));
    assert!(matches!(judged(&named, bytes, SIGNER), Judgement::Verified(_)), "a source distribution is one whatever its packing");
    let named = artifact("gcb_attestation_test-0.0.0-py3-none-any.whl", SDIST, Some(bytes));
    assert!(wrong(&judged(&named, bytes, SIGNER)).contains("of another file"));
    assert!(matches!(judged(&artifact(FILE, SDIST, None), bytes, SIGNER), Judgement::Missing(_)));
    assert!(matches!(judged(&file, b"other bytes", SIGNER), Judgement::NotHere(_)));
    let long = vec![b' '; MOST_BYTES + 1];
    assert!(wrong(&judged(&file, &long, SIGNER)).contains("too long"));
    // Without anybody who would judge it, it is listed all the same.
    let looked = look(&file, &[], &One(bytes.to_vec())).expect("a look");
    let [one] = &looked.signatures[..] else { panic!("{looked:?}") };
    assert_eq!((one.scheme, &*one.blobs, one.at), (Scheme::Provenance, &[Digest::of(bytes)][..], 0));
    assert!(matches!(&one.verdict.worth, Worth::Unjudged(why) if why.contains("no identity of the policy is for it")), "{one:?}");
}

#[test]
fn an_attestation_of_something_else_is_a_finding() {
    let found = |file: &Artifact, provenance: &[u8]| {
        let mut found = Findings::default();
        lint(file, &mut InMemory::new(provenance.to_vec()), &mut found).expect("a look");
        found.list().iter().map(|finding| format!("{}: {}", finding.rule.name, finding.what)).collect::<Vec<_>>()
    };
    let bytes = PROVENANCE.as_bytes();
    assert!(found(&artifact(FILE, SDIST, Some(bytes)), bytes).is_empty());
    let other = found(&artifact(FILE, b"other", Some(bytes)), bytes);
    assert!(other.len() == 1 && other[0].starts_with("attestation: it is of another content"), "{other:?}");
    for (change, word) in [
        (&(|object: &mut Value| object["version"] = 2.into()) as &dyn Fn(&mut Value), "version 2"),
        (&|object| object["attestation_bundles"] = json!([]), "0 attestations"),
        (&|object| object["attestation_bundles"][0]["attestations"][0]["version"] = 2.into(), "version 2"),
        (&|object| object["attestation_bundles"][0]["attestations"][0]["envelope"]["statement"] = "?".into(), "no provenance object"),
        (&|object| object["attestation_bundles"][0]["attestations"][0]["envelope"]["statement"] = "e30=".into(), "cannot be read"),
        (
            &|object| object["attestation_bundles"][0]["attestations"][0]["verification_material"]["transparency_entries"] = json!([]),
            "exactly one entry",
        ),
    ] {
        let mut object: Value = serde_json::from_str(PROVENANCE).expect("JSON");
        change(&mut object);
        let changed = object.to_string().into_bytes();
        let found = found(&artifact(FILE, SDIST, Some(&changed)), &changed);
        assert!(found.len() == 1 && found[0].contains(word), "{word}: {found:?}");
    }
}

/// Statements as they would have to be signed: what each says about a file.
#[test]
fn statements_are_about_one_file_and_of_a_known_kind() {
    let file = Entry::read(&artifact(FILE, SDIST, None)).expect("an entry");
    let (publish, build) = (PREDICATES[0].0, PREDICATES[1].0);
    let about = |change: &dyn Fn(&mut Value)| {
        let subject = json!([{ "name": FILE, "digest": { "sha256": Digest::of(SDIST).hex() } }]);
        let mut statement = json!({ "_type": STATEMENT_TYPE, "subject": subject, "predicateType": publish, "predicate": null });
        change(&mut statement);
        let mut one = read(PROVENANCE.as_bytes()).expect("attestations").remove(0);
        one.payload = statement.to_string().into_bytes();
        one.about(&file)
    };
    assert_eq!(about(&|_| ()), Ok("publish/v1"));
    assert_eq!(about(&|statement| statement["predicate"] = json!({})), Ok("publish/v1"));
    assert_eq!(
        about(&|statement| {
            statement["predicateType"] = build.into();
            statement["predicate"] = json!({ "buildDefinition": {} });
        }),
        Ok("SLSA provenance v1")
    );
    assert_eq!(about(&|statement| statement["subject"][0]["name"] = "GCB.Attestation_Test-0.0.0.tar.gz".into()), Ok("publish/v1"));
    for (change, word) in [
        (&(|statement: &mut Value| statement["_type"] = "https://in-toto.io/Statement/v0.1".into()) as &dyn Fn(&mut Value), "another type"),
        (&|statement| statement["predicateType"] = "https://example.org/x".into(), "not judged"),
        (&|statement| statement["predicate"] = json!({ "more": 1 }), "more than publish/v1"),
        (&|statement| statement["subject"] = json!([]), "exactly one file"),
        (&|statement| statement["subject"] = json!([statement["subject"][0], statement["subject"][0]]), "exactly one file"),
        (&|statement| statement["subject"][0]["name"] = "other-0.0.0.tar.gz".into(), "another file"),
        (&|statement| statement["subject"][0]["digest"]["sha256"] = Digest::of(b"other").hex().into(), "another content"),
        (&|statement| statement["subject"][0]["digest"] = json!({ "sha512": "00" }), "cannot be read"),
        (&|statement| statement["more"] = 1.into(), "cannot be read"),
    ] {
        let why = about(change).expect_err(word);
        assert!(why.contains(word), "{word}: {why}");
    }
}
