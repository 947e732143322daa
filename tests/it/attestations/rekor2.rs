//! Bundles of the newer services: an entry of a log of version 2, which tells no time, and a timestamp of an authority (RFC 3161). What we accept a
//! foreign judge accepts; each part that is another one is refused by what it is.

use super::deployment::{Deployment, Holder};
use super::images::{ISSUER, WHO, policy, statement};
use super::stamper::{Flaw, SIGNS, STAMPS, Stamper};
use super::tiles::body;
use crate::stock;
use crate::upstream_keys::Image;
use airlift::artifact::Digest;
use airlift::policy::Outcome;
use data_encoding::BASE64;
use rcgen::ExtendedKeyUsagePurpose::CodeSigning;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

const TIME: &str = "20260101010000Z";
/// What sigstore's own library does not look at: the number of an entry beside that of its proof, names below a tree, which certificate a timestamp says it is
/// by, and how strictly one is written.
const STRICTER: [&str; 4] = [
    "it is for another place than the entry's",
    "none of its signatures is by the log's key",
    "what the authority signed cannot be read",
    "signed by another certificate than the authority's",
];

/// A deployment, somebody who signs, and what was signed.
struct Scene {
    deployment: Deployment,
    holder: Holder,
    payload: String,
    envelope: Value,
    signature: String,
}

impl Scene {
    fn new() -> Self {
        let deployment = Deployment::new();
        let holder = deployment.holder(ISSUER, WHO, CodeSigning);
        let payload = statement(&Image::new().digest).to_string();
        let (envelope, signature) = holder.envelope(&payload);
        Self { deployment, holder, payload, envelope, signature }
    }

    fn bytes(&self) -> Vec<u8> {
        BASE64.decode(self.signature.as_bytes()).unwrap()
    }

    fn body(&self, kind: &str) -> Value {
        body(&self.holder, &self.payload, &self.signature, kind)
    }

    fn with(&self, body: &Value, stamps: &[Vec<u8>]) -> Value {
        self.deployment.newer(&self.holder, &self.envelope, &self.deployment.tiles.entry(body), stamps)
    }

    fn stamped(&self, stamps: &[Vec<u8>]) -> Value {
        self.with(&self.body("hashedrekord"), stamps)
    }

    fn good(&self) -> Value {
        self.stamped(&[self.deployment.stamper.stamps(&self.bytes(), TIME)])
    }

    fn flawed(&self, flaw: Flaw) -> Value {
        self.stamped(&[self.deployment.stamper.stamps_with(&self.bytes(), TIME, Some(flaw))])
    }

    /// The same with another value at a place.
    fn set(&self, pointer: &str, value: impl Into<Value>) -> Value {
        let mut bundle = self.good();
        *bundle.pointer_mut(pointer).expect(pointer) = value.into();
        bundle
    }

    /// An entry of something else than it should be.
    fn entered(&self, change: impl FnOnce(&mut Value)) -> Value {
        let mut body = self.body("hashedrekord");
        change(&mut body["spec"]["hashedRekordV002"]);
        self.with(&body, &[self.deployment.stamper.stamps(&self.bytes(), TIME)])
    }

    /// With another authority of timestamps in the root.
    fn by(&self, stamper: &Stamper) -> (Value, Value) {
        let mut root = self.root();
        root["timestampAuthorities"] = json!([stamper.known()]);
        (self.stamped(&[stamper.stamps(&self.bytes(), TIME)]), root)
    }

    fn root(&self) -> Value {
        serde_json::from_str(&self.deployment.root()).unwrap()
    }
}

fn ours(root: &Value, bundle: &Value) -> (Outcome, Outcome, String) {
    Image::new().with_bundle(bundle.to_string().as_bytes()).judged(&policy(&root.to_string(), ISSUER, WHO))
}

/// Whether sigstore's own library takes it; `None` where that is not here.
fn theirs(root: &Value, bundle: &Value) -> Option<bool> {
    let python = stock::need_as("attestations", "python")?;
    let folder = tempfile::tempdir().unwrap();
    let [at, beside] = ["root.json", "bundle.json"].map(|name| folder.path().join(name));
    std::fs::write(&at, root.to_string()).unwrap();
    std::fs::write(&beside, bundle.to_string()).unwrap();
    let mut command = Command::new(python);
    command.env_clear().env("HOME", folder.path()).arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/judge-bundle.py"));
    let out = command.arg(at).arg(beside).args([ISSUER, WHO]).output().unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!([Some(0), Some(3)].contains(&out.status.code()), "{told}");
    Some(out.status.success())
}

#[test]
fn bundles_of_the_newer_services_pass_here_and_with_a_foreign_judge() {
    let scene = Scene::new();
    let (root, two) = (scene.root(), scene.deployment.stamper.stamps(&scene.bytes(), "20260101020000.25Z"));
    for (bundle, time) in [
        (scene.good(), "01:00:00"),
        (scene.stamped(std::slice::from_ref(&two)), "02:00:00"),
        (scene.stamped(&[scene.deployment.stamper.stamps(&scene.bytes(), TIME), two]), "01:00:00"),
    ] {
        let (signed, wrong, told) = ours(&root, &bundle);
        assert_eq!((signed, wrong), (Outcome::Passed, Outcome::Passed), "{told}");
        assert!(told.contains(&format!("signed by Team (keyless, {WHO}, known to {ISSUER}, at 2026-01-01T{time}Z)")), "{told}");
        assert_ne!(theirs(&root, &bundle), Some(false), "{bundle}");
    }
    // What they do not judge: an entry of the other kind.
    let other = scene.with(&scene.body("dsse"), &[scene.deployment.stamper.stamps(&scene.bytes(), TIME)]);
    assert_eq!(ours(&root, &other).1, Outcome::Passed);
    // Older bundles with a timestamp: all times count.
    let mut older = scene.deployment.bundle(&scene.holder, &statement(&Image::new().digest), super::deployment::TIME);
    let signature = BASE64.decode(older["dsseEnvelope"]["signatures"][0]["sig"].as_str().unwrap().as_bytes()).unwrap();
    for (time, outcome) in [(TIME, Outcome::Passed), ("20260301010000Z", Outcome::Refused)] {
        let stamp = json!({ "signedTimestamp": BASE64.encode(&scene.deployment.stamper.stamps(&signature, time)) });
        older["verificationMaterial"]["timestampVerificationData"] = json!({ "rfc3161Timestamps": [stamp] });
        assert_eq!(ours(&root, &older).1, outcome, "{time}");
        assert_ne!(theirs(&root, &older), Some(outcome != Outcome::Passed), "{time}");
    }
    older["verificationMaterial"]["timestampVerificationData"] = json!({ "rfc3161Timestamps": [{ "signedTimestamp": "MAA=" }] });
    assert_eq!(ours(&root, &older).1, Outcome::Passed, "one that proves nothing takes nothing from the log's time");
}

const ENTRY: &str = "/verificationMaterial/tlogEntries/0";

/// Each part of a timestamp and of what it is trusted by.
#[test]
fn a_timestamp_is_refused_by_what_is_wrong_with_it() {
    let (scene, stranger) = (Scene::new(), Deployment::new());
    let root = scene.root();
    let stamps = |signature: &[u8], time: &str| scene.stamped(&[scene.deployment.stamper.stamps(signature, time)]);
    let without = |change: &dyn Fn(&mut Value)| {
        let mut root = scene.root();
        change(&mut root);
        (scene.good(), root)
    };
    let here = |bundle: Value| (bundle, root.clone());
    let ended = json!({ "start": "2020-01-01T00:00:00Z", "end": "2026-01-01T00:59:59Z" });
    let matrix = [
        (here(scene.stamped(&[])), "no authority's timestamp is with it"),
        (here(stamps(b"another signature", TIME)), "it is of another signature"),
        (here(stamps(&scene.bytes(), "20251231235959Z")), "not by an authority of the trusted root: CertNotValidYet"),
        (here(stamps(&scene.bytes(), "20260102000001Z")), "CertExpired"),
        (here(stamps(&scene.bytes(), "20260101010000.250Z")), "what the authority signed cannot be read"),
        (here(stamps(&scene.bytes(), "202601010100Z")), "what the authority signed cannot be read"),
        (here(scene.stamped(&[stranger.stamper.stamps(&scene.bytes(), TIME)])), "signed by another certificate than the authority's"),
        (without(&|root| root["timestampAuthorities"] = json!([])), "it is by no authority of the trusted root"),
        (
            without(&|root| root["timestampAuthorities"][0]["validFor"] = ended.clone()),
            "the trusted root has its authority for another time",
        ),
        (
            without(&|root| root["timestampAuthorities"][0]["certChain"]["certificates"].as_array_mut().unwrap().truncate(1)),
            "names another issuer",
        ),
        (
            without(&|root| {
                root["timestampAuthorities"][0]["certChain"]["certificates"][1] =
                    stranger.stamper.known()["certChain"]["certificates"][1].clone();
            }),
            "is not good: ",
        ),
        (scene.by(&Stamper::of(SIGNS, true, 2026)), "not for timestamps alone"),
        (scene.by(&Stamper::of(STAMPS, false, 2026)), "not for timestamps alone"),
        (scene.by(&Stamper::of(STAMPS, true, 2027)), "is not good: CertNotValidYet"),
        (here(scene.flawed(Flaw::Refused)), "the authority did not grant it"),
        (here(scene.flawed(Flaw::AnotherType)), "what the authority signed cannot be read"),
        (here(scene.flawed(Flaw::AnotherContent)), "the authority signed something else"),
        (here(scene.flawed(Flaw::AnotherCertificate)), "signed by another certificate than the authority's"),
        (here(scene.flawed(Flaw::NoCertificate)), "what the authority signed cannot be read"),
        (here(scene.flawed(Flaw::AnotherHash)), "the authority signed something else"),
        (here(scene.flawed(Flaw::TwoSigners)), "what the authority signed cannot be read"),
        (here(scene.stamped(&vec![b"0".to_vec(); 9])), "there are more than 8"),
    ];
    for ((bundle, root), word) in &matrix {
        let (signed, wrong, told) = ours(root, bundle);
        assert_eq!((signed, wrong), (Outcome::Passed, Outcome::Refused), "{word}: {told}");
        assert!(told.contains(word), "{word}: {told}");
        assert!(STRICTER.contains(word) || theirs(root, bundle) != Some(true), "{word}: a foreign judge takes it");
    }
    // No byte of one may be another.
    let stamp = scene.deployment.stamper.stamps(&scene.bytes(), TIME);
    let trusted = airlift::publisher::keyless::TrustedRoot::read(&root.to_string()).unwrap();
    assert!(trusted.stamped(&stamp, &scene.bytes()).is_ok());
    for at in 0..stamp.len() {
        let mut changed = stamp.clone();
        changed[at] ^= 0x10;
        assert!(trusted.stamped(&changed, &scene.bytes()).is_err(), "byte {at}");
        assert!(trusted.stamped(&stamp[..at], &scene.bytes()).is_err(), "{at} bytes");
    }
}

/// Each part of an entry, of its place, and of what the log is known by.
#[test]
fn an_entry_of_a_log_without_times_is_refused_by_what_is_wrong_with_it() {
    let (scene, stranger) = (Scene::new(), Deployment::new());
    let other = stranger.holder(ISSUER, WHO, CodeSigning);
    let at = |inside: &str| format!("{ENTRY}/{inside}");
    let tree = scene.good().pointer(&at("inclusionProof/checkpoint/envelope")).unwrap().as_str().unwrap().to_owned();
    let signed = |text: String| scene.set(&at("inclusionProof/checkpoint/envelope"), text);
    let zeroes = BASE64.encode(&[0; 32]);
    let matrix = [
        (scene.set(&at("inclusionProof"), Value::Null), "there is no proof of it"),
        (scene.set(&at("inclusionProof/hashes/0"), zeroes.clone()), "the proof does not lead to the tree's root"),
        (scene.set(&at("inclusionProof/rootHash"), zeroes.clone()), "it signed another tree"),
        (scene.set(&at("inclusionProof/treeSize"), "3"), "it signed another tree"),
        (scene.set(&at("inclusionProof/logIndex"), "0"), "it is for another place than the entry's"),
        (scene.set(&at("logIndex"), "0"), "it is for another place than the entry's"),
        (scene.set(&at("logId/keyId"), zeroes.clone()), "a log that the trusted root does not know"),
        (scene.set(&at("canonicalizedBody"), "e30="), "about another kind of thing, or cannot be read"),
        (signed(tree.replace("\u{2014} log2.example ", "\u{2014} log3.example ")), "none of its signatures is by the log's key"),
        (signed(tree.replace("log2.example", "log3.example")), "none of its signatures is by the log's key"),
        (signed(tree.replacen("\n2\n", "\n3\n", 1)), "none of its signatures is by the log's key"),
        (signed(tree.split_inclusive("\n\n").next().unwrap().to_owned()), "none of its signatures is by the log's key"),
        (signed(tree.replacen("\n\n", "\n", 1)), "it cannot be read"),
        (scene.entered(|entry| entry["data"]["digest"] = zeroes.clone().into()), "about another content"),
        (scene.entered(|entry| entry["data"]["algorithm"] = "SHA2_512".into()), "about another content"),
        (scene.entered(|entry| entry["signature"]["content"] = "AAAA".into()), "about another signature"),
        (
            scene.entered(|entry| entry["signature"]["verifier"]["x509Certificate"]["rawBytes"] = BASE64.encode(&other.certificate).into()),
            "about another certificate",
        ),
        (
            scene.entered(|entry| {
                entry["signature"]["verifier"] = json!({ "keyDetails": "PKIX_ECDSA_P256_SHA_256", "publicKey": { "rawBytes": "AAAA" } });
            }),
            "about another certificate",
        ),
        (scene.entered(|entry| entry["signature"]["verifier"]["keyDetails"] = "PKIX_ED25519".into()), "about another certificate"),
    ];
    let root = scene.root();
    for (bundle, word) in &matrix {
        let (signed, wrong, told) = ours(&root, bundle);
        assert_eq!((signed, wrong), (Outcome::Passed, Outcome::Refused), "{word}: {told}");
        assert!(told.contains(word), "{word}: {told}");
        assert!(STRICTER.contains(word) || theirs(&root, bundle) != Some(true), "{word}: a foreign judge takes it");
    }
    // The log's own: its time, its key, its name.
    let good = scene.good();
    type Change<'a> = &'a dyn Fn(&mut Value);
    let ended = json!({ "start": "2020-01-01T00:00:00Z", "end": "2026-01-01T00:59:59Z" });
    for (change, word) in [
        (&(|log: &mut Value| log["publicKey"]["validFor"] = ended.clone()) as Change<'_>, "a log that the trusted root does not know"),
        (
            &|log| log["publicKey"]["rawBytes"] = stranger.tiles.known()["publicKey"]["rawBytes"].clone(),
            "none of its signatures is by the log's key",
        ),
        (&|log| log["logId"] = stranger.tiles.known()["logId"].clone(), "a log that the trusted root does not know"),
    ] {
        let mut root = scene.root();
        change(&mut root["tlogs"][1]);
        let told = ours(&root, &good).2;
        assert!(told.contains(word), "{word}: {told}");
    }
    assert_eq!(ours(&root, &good).1, Outcome::Passed);
    // About another image: who signed it did not sign this one.
    let elsewhere = scene.deployment.newer_bundle(&scene.holder, &statement(&Digest::of(b"another")), "hashedrekord", TIME);
    assert!(ours(&root, &elsewhere).2.contains("but of another content"));
}
