//! A foreign judge beside ours: what it accepts we accept, and what we refuse because it was changed it refuses.

use super::{path, vector};
use crate::stock;
use airlift::publisher::keyless::{Form, Identity, Signed, TrustedRoot, WireEntry};
use airlift::publisher::{Pattern, dsse};
use data_encoding::BASE64;
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

const FILE: &str = "gcb_attestation_test-0.0.0.tar.gz";
const ISSUER: &str = "https://accounts.google.com";
const SIGNER: &str = "919436158236-compute@developer.gserviceaccount.com";

/// Whether ours takes it.
fn ours(attestation: &Value) -> bool {
    let bytes = |value: &Value| BASE64.decode(value.as_str().unwrap().as_bytes()).unwrap();
    let root = TrustedRoot::read(std::str::from_utf8(&vector("trusted_root.json")).unwrap()).unwrap();
    let identities = vec![Pattern::read(SIGNER).unwrap()];
    let identity = Identity { root: Arc::new(root), issuer: ISSUER.to_owned(), identities };
    let payload = bytes(&attestation["envelope"]["statement"]);
    let material = &attestation["verification_material"];
    let entry: Result<WireEntry, _> = serde_json::from_value(material["transparency_entries"][0].clone());
    let Some(entry) = entry.ok().and_then(WireEntry::into_domain) else { return false };
    let signed = Signed {
        form: Form::Envelope,
        bytes: &dsse("application/vnd.in-toto+json", &payload),
        payload: &payload,
        signature: &bytes(&attestation["envelope"]["signature"]),
        certificate: &bytes(&material["certificate"]),
        entry: &entry,
        envelope: None,
        timestamps: &[],
        must_be_placed: true,
    };
    identity.verify(&signed).is_ok()
}

const ENTRY: &str = "/verification_material/transparency_entries/0";

/// The attestation and each way in which a bit of it is another one.
fn all() -> Vec<(String, Value)> {
    let object: Value = serde_json::from_slice(&vector(&format!("{FILE}.provenance"))).unwrap();
    let good = object["attestation_bundles"][0]["attestations"][0].clone();
    let mut all = vec![("good".to_owned(), good.clone())];
    for pointer in [
        "/envelope/statement".to_owned(),
        "/envelope/signature".to_owned(),
        "/verification_material/certificate".to_owned(),
        format!("{ENTRY}/canonicalizedBody"),
        format!("{ENTRY}/inclusionPromise/signedEntryTimestamp"),
        format!("{ENTRY}/inclusionProof/hashes/0"),
        format!("{ENTRY}/inclusionProof/rootHash"),
    ] {
        let mut changed = good.clone();
        let value = changed.pointer_mut(&pointer).unwrap();
        let mut bytes = BASE64.decode(value.as_str().unwrap().as_bytes()).unwrap();
        let at = bytes.len() - 1 - usize::from(pointer.contains("statement")) * 20;
        bytes[at] ^= 1;
        *value = BASE64.encode(&bytes).into();
        all.push((pointer, changed));
    }
    let mut changed = good;
    let checkpoint = changed.pointer_mut(&format!("{ENTRY}/inclusionProof/checkpoint/envelope")).unwrap();
    *checkpoint = checkpoint.as_str().unwrap().replacen('7', "8", 1).into();
    all.push(("checkpoint".to_owned(), changed));
    all
}

#[test]
fn a_foreign_judge_agrees() {
    let Some(python) = stock::need_as("attestations", "python") else { return };
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/judge-attestations.py");
    for (what, attestation) in all() {
        let file = folder.path().join("attestation.json");
        std::fs::write(&file, attestation.to_string()).unwrap();
        let judged = |signer: &str, distribution: &str| {
            let mut command = Command::new(&python);
            command.env_clear().env("HOME", folder.path()).arg(&script);
            command.arg(path("trusted_root.json")).arg(&file).arg(path(distribution)).args([ISSUER, signer]);
            let out = command.output().unwrap();
            let told = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
            assert!([Some(0), Some(3)].contains(&out.status.code()), "{what}: {told}");
            out.status.success()
        };
        assert_eq!((judged(SIGNER, FILE), ours(&attestation)), (what == "good", what == "good"), "{what}");
        if what == "good" {
            assert!(!judged("someone@example.org", FILE), "another signer");
            assert!(!judged(SIGNER, "pypi_attestations-0.0.19.tar.gz"), "another file");
        }
    }
}
