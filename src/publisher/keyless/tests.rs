use super::certificate::Certificate;
use super::*;
use crate::publisher::dsse;
use data_encoding::BASE64;
use serde_json::{Value, json};

/// Published attestations and the root of the deployment that made them; `tests/vectors/attestations/README.md` says where they come from.
const ROOT: &str = include_str!("../../../tests/vectors/attestations/trusted_root.json");
const MAIL: &str = include_str!("../../../tests/vectors/attestations/gcb_attestation_test-0.0.0.tar.gz.provenance");
const WORKFLOW: &str = include_str!("../../../tests/vectors/attestations/pypi_attestations-0.0.19.tar.gz.provenance");
const PIPELINE: &str =
    include_str!("../../../tests/vectors/attestations/circleci_sign_publish_example-0.0.1.dev137-py3-none-any.whl.provenance");
const BUILT: &str = include_str!("../../../tests/vectors/attestations/pypi_attestations-0.0.19.tar.gz.slsa.attestation");
const ACCOUNTS: &str = "https://accounts.google.com";
const MAILED: &str = "919436158236-compute@developer.gserviceaccount.com";
const ACTIONS: &str = "https://token.actions.githubusercontent.com";
const RELEASED: &str = "https://github.com/trailofbits/pypi-attestations/.github/workflows/release.yml@refs/tags/v0.0.19";

fn first(provenance: &str) -> Value {
    serde_json::from_str::<Value>(provenance).expect("JSON")["attestation_bundles"][0]["attestations"][0].clone()
}

fn root(change: impl FnOnce(&mut Value)) -> TrustedRoot {
    let mut root: Value = serde_json::from_str(ROOT).expect("JSON");
    change(&mut root);
    TrustedRoot::read(&root.to_string()).expect("a trusted root")
}

fn identity(issuer: &str, identities: &[&str]) -> Identity {
    let identities = identities.iter().map(|text| Pattern::read(text).expect("a pattern")).collect();
    Identity { root: Arc::new(root(|_| ())), issuer: issuer.to_owned(), identities }
}

fn bytes(value: &Value) -> Vec<u8> {
    BASE64.decode(value.as_str().expect("text").as_bytes()).expect("base64")
}

/// What an identity says of an attestation as it is in JSON.
fn judged(attestation: &Value, identity: &Identity) -> Result<Signer, Refusal> {
    let payload = bytes(&attestation["envelope"]["statement"]);
    let material = &attestation["verification_material"];
    let entry: Result<WireEntry, _> = serde_json::from_value(material["transparency_entries"][0].clone());
    let entry = entry.ok().and_then(WireEntry::into_domain).ok_or(Refusal::Malformed("the entry"))?;
    identity.verify(&Signed {
        form: Form::Envelope,
        bytes: &dsse("application/vnd.in-toto+json", &payload),
        payload: &payload,
        signature: &bytes(&attestation["envelope"]["signature"]),
        certificate: &bytes(&material["certificate"]),
        entry: &entry,
        envelope: None,
        timestamps: &[],
        must_be_placed: true,
    })
}

#[test]
fn published_attestations_are_by_whom_their_certificates_say() {
    for (attestation, issuer, expected, time) in [
        (first(MAIL), ACCOUNTS, MAILED, 1_745_247_747),
        (first(WORKFLOW), ACTIONS, RELEASED, 1_733_354_041),
        (serde_json::from_str(BUILT).expect("JSON"), ACTIONS, RELEASED, 1_733_354_041),
    ] {
        let signer = judged(&attestation, &identity(issuer, &[expected])).expect(expected);
        assert_eq!(signer.identity, expected);
        assert!((signer.time - time).abs() < 600, "{}", signer.time);
        let whole = expected.split('@').next().expect("a name");
        assert!(judged(&attestation, &identity(issuer, &[&format!("{whole}@*")])).is_ok());
        let other = judged(&attestation, &identity(issuer, &["someone@example.org", &expected[..expected.len() - 1]]));
        assert_eq!(other, Err(Refusal::Identity(expected.to_owned())));
        assert_eq!(judged(&attestation, &identity("https://issuer.example", &[expected])), Err(Refusal::Issuer(issuer.to_owned())));
    }
    let pipeline = judged(&first(PIPELINE), &identity("https://issuer.example", &["https://circleci.com/*"]));
    assert!(matches!(&pipeline, Err(Refusal::Issuer(found)) if found == "https://oidc.circleci.com"), "{pipeline:?}");
}

const STATEMENT: &str = "/envelope/statement";
const SIGNATURE: &str = "/envelope/signature";
const CERTIFICATE: &str = "/verification_material/certificate";
const ENTRY: &str = "/verification_material/transparency_entries/0";

fn at(inside: &str) -> String {
    format!("{ENTRY}/{inside}")
}

/// One bit of what is in base64 at that place, at a byte counted from the end.
fn flipped(pointer: &str, from_end: usize) -> Value {
    let mut attestation = first(MAIL);
    let value = attestation.pointer_mut(pointer).expect(pointer);
    let mut content = bytes(value);
    let at = content.len() - from_end;
    content[at] ^= 1;
    *value = BASE64.encode(&content).into();
    attestation
}

fn set(pointer: &str, value: impl Into<Value>) -> Value {
    let mut attestation = first(MAIL);
    *attestation.pointer_mut(pointer).expect(pointer) = value.into();
    attestation
}

/// Every part that a verdict rests on, changed: which check refuses it.
#[test]
fn each_change_is_refused_by_the_check_that_is_for_it() {
    let by = identity(ACCOUNTS, &[MAILED]);
    let checkpoint = first(MAIL).pointer(&at("inclusionProof/checkpoint/envelope")).and_then(Value::as_str).expect("text").to_owned();
    let other = first(WORKFLOW);
    let matrix = [
        ("payload", flipped(STATEMENT, 20), Refusal::Signature),
        ("signature", flipped(SIGNATURE, 1), Refusal::Signature),
        ("certificate", flipped(CERTIFICATE, 1), Refusal::OtherEntry("certificate")),
        ("another certificate", set(CERTIFICATE, other.pointer(CERTIFICATE).expect("one").clone()), Refusal::Signature),
        ("another entry", set(ENTRY, other.pointer(ENTRY).expect("one").clone()), Refusal::OtherEntry("content")),
        ("SET", flipped(&at("inclusionPromise/signedEntryTimestamp"), 1), Refusal::EntryTimestamp),
        ("time", set(&at("integratedTime"), "1745247748"), Refusal::EntryTimestamp),
        ("index", set(&at("logIndex"), "1"), Refusal::EntryTimestamp),
        ("log", flipped(&at("logId/keyId"), 1), Refusal::UnknownLog),
        ("no time", set(&at("integratedTime"), "0"), Refusal::Untimed("its entry has no time, and the log's signature over one")),
        ("no SET", set(&at("inclusionPromise"), Value::Null), Refusal::Untimed("its entry has a time that the log did not sign")),
        ("no proof", set(&at("inclusionProof"), Value::Null), Refusal::Inclusion("there is no proof of it")),
        ("proof", flipped(&at("inclusionProof/hashes/0"), 1), Refusal::Inclusion("the proof does not lead to the tree's root")),
        ("place", set(&at("inclusionProof/logIndex"), "1"), Refusal::Inclusion("the proof does not lead to the tree's root")),
        ("root", flipped(&at("inclusionProof/rootHash"), 1), Refusal::Checkpoint("it signed another tree")),
        ("size", set(&at("inclusionProof/treeSize"), "9"), Refusal::Checkpoint("it signed another tree")),
        (
            "checkpoint",
            set(&at("inclusionProof/checkpoint/envelope"), checkpoint.replacen('7', "8", 1)),
            Refusal::Checkpoint("none of its signatures is by the log's key"),
        ),
        (
            "checkpoint's signature",
            set(&at("inclusionProof/checkpoint/envelope"), checkpoint.replace("wNI9", "wNI8")),
            Refusal::Checkpoint("none of its signatures is by the log's key"),
        ),
        ("no checkpoint", set(&at("inclusionProof/checkpoint/envelope"), ""), Refusal::Checkpoint("it cannot be read")),
    ];
    for (what, attestation, refusal) in matrix {
        assert_eq!(judged(&attestation, &by), Err(refusal), "{what}");
    }
    assert!(judged(&first(MAIL), &by).is_ok(), "unchanged");
}

/// A root that is not this deployment's, or no longer, or not yet.
#[test]
fn what_the_trusted_root_does_not_have_is_refused() {
    let judged = |change: &dyn Fn(&mut Value)| {
        let root = Arc::new(root(change));
        judged(&first(MAIL), &Identity { root, ..identity(ACCOUNTS, &[MAILED]) })
    };
    let early = json!({ "start": "2020-01-01T00:00:00Z", "end": "2024-01-01T00:00:00Z" });
    let chain = |why: &str| Err(Refusal::Chain(why.to_owned()));
    assert_eq!(judged(&|root| root["certificateAuthorities"][1]["validFor"] = early.clone()), chain("none of them is for that time"));
    assert_eq!(judged(&|root| root["tlogs"][0]["publicKey"]["validFor"] = early.clone()), Err(Refusal::UnknownLog));
    let unlisted = Err(Refusal::Unlisted("no promise is by a log of the trusted root about this certificate"));
    assert_eq!(judged(&|root| root["ctlogs"][1]["publicKey"]["validFor"] = early.clone()), unlisted);
    let key = |root: &mut Value, logs: &str| root[logs][0]["publicKey"]["rawBytes"].clone();
    assert_eq!(judged(&|root| root["ctlogs"][1]["publicKey"]["rawBytes"] = key(root, "tlogs")), unlisted);
    assert_eq!(judged(&|root| root["tlogs"][0]["publicKey"]["rawBytes"] = key(root, "ctlogs")), Err(Refusal::EntryTimestamp));
    // Authorities of timestamps issue nothing else.
    let others = |root: &mut Value| root["certificateAuthorities"][1]["certChain"] = root["timestampAuthorities"][0]["certChain"].clone();
    let refused = judged(&others);
    assert!(matches!(refused, Err(Refusal::Chain(_))), "{refused:?}");
    let turned = |root: &mut Value| {
        root["certificateAuthorities"][1]["certChain"]["certificates"].as_array_mut().expect("a list").reverse();
    };
    assert_eq!(judged(&turned), chain("it names another issuer"));
}

/// A certificate of which any byte is another one is not the authority's, whatever the entry would say.
#[test]
fn no_byte_of_a_certificate_may_be_another() {
    let root = root(|_| ());
    let whole = bytes(&first(MAIL)["verification_material"]["certificate"]);
    let verified = |bytes: &[u8], time| Certificate::read(bytes).and_then(|read| chain::verify(bytes, &read, time, &root));
    assert_eq!(verified(&whole, 1_745_247_747), Ok(()));
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0x10;
        assert!(verified(&changed, 1_745_247_747).is_err(), "byte {at}");
        assert!(verified(&whole[..at], 1_745_247_747).is_err(), "{at} bytes");
    }
    // Made, and gone, minutes around the signature.
    for time in [1_745_247_747 - 3600, 1_745_247_747 + 3600] {
        assert!(
            matches!(verified(&whole, time), Err(Refusal::Chain(why)) if why.contains("Expired") || why.contains("NotValidYet")),
            "{time}"
        );
    }
}

/// No damage is a panic, and none passes.
#[test]
fn no_byte_of_an_attestation_may_be_another() {
    let by = identity(ACCOUNTS, &[MAILED]);
    let places =
        [STATEMENT, SIGNATURE, &at("canonicalizedBody"), &at("inclusionPromise/signedEntryTimestamp"), &at("inclusionProof/hashes/3")];
    for pointer in places {
        let length = bytes(first(MAIL).pointer(pointer).expect(pointer)).len();
        for from_end in (1..=length).step_by(if length > 500 { 7 } else { 1 }) {
            assert!(judged(&flipped(pointer, from_end), &by).is_err(), "{pointer}, {from_end} bytes from its end");
        }
    }
    let checkpoint = first(MAIL).pointer(&at("inclusionProof/checkpoint/envelope")).and_then(Value::as_str).expect("text").to_owned();
    for at_byte in (0..checkpoint.len()).filter(|at| checkpoint.is_char_boundary(*at)) {
        let mut changed = checkpoint.clone();
        changed.replace_range(at_byte..checkpoint.ceil_char_boundary(at_byte + 1), "~");
        assert!(judged(&set(&at("inclusionProof/checkpoint/envelope"), changed), &by).is_err(), "character at {at_byte}");
    }
}

#[test]
fn what_is_no_trusted_root_is_said_to_be_none() {
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut root: Value = serde_json::from_str(ROOT).expect("JSON");
        change(&mut root);
        TrustedRoot::read(&root.to_string()).expect_err("no trusted root")
    };
    for (change, word) in [
        (&(|root: &mut Value| root["mediaType"] = "text/plain".into()) as &dyn Fn(&mut Value), "media type"),
        (&|root| root["ctlogs"] = json!([]), "logs of certificates"),
        (&|root| root["tlogs"] = json!([]), "logs of signatures"),
        (&|root| root["tlogs"][0]["hashAlgorithm"] = "SHA1".into(), "hashes by SHA1"),
        (&|root| root["tlogs"][0]["publicKey"]["rawBytes"] = "AAAA".into(), "the key of a log"),
        (&|root| root["tlogs"][0]["logId"]["keyId"] = "AAAA".into(), "32 bytes"),
        (&|root| root["certificateAuthorities"][0]["certChain"]["certificates"] = json!([]), "no certificates"),
        (&|root| root["certificateAuthorities"][0]["certChain"]["certificates"][0]["rawBytes"] = "MAA=".into(), "cannot be read"),
        (&|root| root["certificateAuthorities"][0]["validFor"] = json!({ "start": "soon" }), "no trusted root in JSON"),
    ] {
        let why = changed(change);
        assert!(why.contains(word), "{word}: {why}");
    }
    assert!(TrustedRoot::read(&" ".repeat(MAX_ROOT_BYTES + 1)).is_err_and(|why| why.contains("longer")));
    assert_eq!(TrustedRoot::read(ROOT).expect("a root").authorities.len(), 2);
}

/// A bundle of the newer services of the staging deployment: an entry without a time, and a timestamp.
const NEWER: &str = include_str!("../../../tests/vectors/attestations/a.dsse.staging-rekor-v2.sigstore.json");
const STAGING: &str = include_str!("../../../tests/vectors/attestations/staging_trusted_root.json");
const BEACON: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";

fn newer(bundle: &Value) -> Result<Signer, Refusal> {
    let payload = bytes(&bundle["dsseEnvelope"]["payload"]);
    let material = &bundle["verificationMaterial"];
    let entry: WireEntry = serde_json::from_value(material["tlogEntries"][0].clone()).expect("an entry");
    let timestamps: WireTimestamps = serde_json::from_value(material["timestampVerificationData"].clone()).expect("timestamps");
    let identities = vec![Pattern::read(BEACON).expect("a pattern")];
    let root = Arc::new(TrustedRoot::read(STAGING).expect("a trusted root"));
    Identity { root, issuer: ACTIONS.to_owned(), identities }.verify(&Signed {
        form: Form::Envelope,
        bytes: &dsse("application/vnd.in-toto+json", &payload),
        payload: &payload,
        signature: &bytes(&bundle["dsseEnvelope"]["signatures"][0]["sig"]),
        certificate: &bytes(&material["certificate"]["rawBytes"]),
        entry: &entry.into_domain().expect("an entry"),
        envelope: None,
        timestamps: &timestamps.into_domain(),
        must_be_placed: true,
    })
}

#[test]
fn what_the_newer_services_made_is_by_whom_its_certificate_says() {
    let bundle: Value = serde_json::from_str(NEWER).expect("JSON");
    assert_eq!(newer(&bundle), Ok(Signer { identity: BEACON.to_owned(), time: 1_778_700_213 }));
    let mut alone = bundle.clone();
    alone["verificationMaterial"]["timestampVerificationData"] = json!({});
    assert!(matches!(newer(&alone), Err(Refusal::Untimed(why)) if why.contains("no authority's timestamp")));
    // No byte of the timestamp may be another, nor may one be missing.
    let place = "/verificationMaterial/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp";
    let whole = bytes(bundle.pointer(place).expect("a timestamp"));
    let (root, signature) = (TrustedRoot::read(STAGING).expect("a root"), bytes(&bundle["dsseEnvelope"]["signatures"][0]["sig"]));
    assert_eq!(root.stamped(&whole, &signature), Ok(1_778_700_213));
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0x10;
        assert!(root.stamped(&changed, &signature).is_err(), "byte {at}");
        assert!(root.stamped(&whole[..at], &signature).is_err(), "{at} bytes");
    }
    // Of another deployment, and at another time.
    assert!(matches!(self::root(|_| ()).stamped(&whole, &signature), Err(Refusal::Timestamp(why)) if why.contains("by no authority")));
}
