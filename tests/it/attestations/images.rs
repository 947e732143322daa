//! Images that were signed without a key that stays, in both forms in which cosign attaches it.

use super::deployment::{Deployment, Holder, TIME};
use crate::upstream_keys::{Image, REPOSITORY, payload};
use airlift::artifact::Digest;
use airlift::policy::Outcome;
use rcgen::ExtendedKeyUsagePurpose::{CodeSigning, ServerAuth};
use serde_json::{Value, json};

pub const ISSUER: &str = "https://accounts.example";
pub const WHO: &str = "team@registry.example";

pub fn policy(root: &str, issuer: &str, identity: &str) -> String {
    format!(
        "[[trusted-root]]\nname = \"ours\"\njson = '''\n{root}'''\n[[upstream-identity]]\nname = \"Team\"\nartifacts = [\"images/*\"]\n\
         trusted-root = \"ours\"\nissuer = \"{issuer}\"\nidentities = [\"{identity}\"]\n"
    )
}

/// Both forms of a signature of the image of that digest.
fn both(deployment: &Deployment, holder: &Holder, digest: &Digest, time: i64) -> [Image; 2] {
    let payload = payload(digest, REPOSITORY);
    let annotations = deployment.annotations(holder, &payload, time);
    let bundle = deployment.bundle(holder, &statement(digest), time);
    [Image::new().annotated(&[(payload, annotations)]), Image::new().with_bundle(bundle.to_string().as_bytes())]
}

pub fn statement(digest: &Digest) -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1", "predicateType": "https://sigstore.dev/cosign/sign/v1", "predicate": {},
        "subject": [{ "digest": { "sha256": digest.hex() } }],
    })
}

#[test]
fn an_image_passes_by_the_identity_that_signed_it_and_by_no_other() {
    let (deployment, other) = (Deployment::new(), Deployment::new());
    let holder = deployment.holder(ISSUER, WHO, CodeSigning);
    let (root, digest) = (deployment.root(), Image::new().digest);
    for image in both(&deployment, &holder, &digest, TIME) {
        let (signed, wrong, told) = image.judged(&policy(&root, ISSUER, WHO));
        assert_eq!((signed, wrong), (Outcome::Passed, Outcome::Passed), "{told}");
        assert!(told.contains(&format!("signed by Team (keyless, {WHO}, known to {ISSUER}, at 2026-01-01T01:00:00Z)")), "{told}");
        for (policy, word) in [
            (policy(&root, ISSUER, "other@registry.example"), "team@registry.example signed it"),
            (policy(&root, "https://other.example", WHO), "https://accounts.example says who signed it"),
            (policy(&other.root(), ISSUER, WHO), "it is entered in a log that the trusted root does not know"),
        ] {
            let (signed, wrong, told) = image.judged(&policy);
            assert_eq!((signed, wrong), (Outcome::Passed, Outcome::Refused), "{told}");
            assert!(told.contains(word), "{word}: {told}");
        }
    }
}

#[test]
fn what_is_not_a_signature_of_this_image_by_a_certificate_that_held_is_refused() {
    let deployment = Deployment::new();
    let holder = deployment.holder(ISSUER, WHO, CodeSigning);
    let wrongly = deployment.holder(ISSUER, WHO, ServerAuth);
    let (policy, digest) = (policy(&deployment.root(), ISSUER, WHO), Image::new().digest);
    for (holder, digest, time, word) in [
        (&holder, &Digest::of(b"another image"), TIME, "but of another content"),
        (&wrongly, &digest, TIME, "RequiredEkuNotFound"),
        (&holder, &digest, TIME + 86_400, "CertExpired"),
        (&holder, &digest, TIME - 86_400, "CertNotValidYet"),
        (&holder, &digest, TIME + 86_400 * 365 * 20, "does not hold at that time"),
    ] {
        for image in both(&deployment, holder, digest, time) {
            let (signed, wrong, told) = image.judged(&policy);
            assert_eq!((signed, wrong), (Outcome::Passed, Outcome::Refused), "{word}: {told}");
            assert!(told.contains(word), "{word}: {told}");
        }
    }
    // Without its entry, or with the entry of another signature.
    let payload = payload(&digest, REPOSITORY);
    let mut alone = deployment.annotations(&holder, &payload, TIME);
    let entry = alone.as_object_mut().unwrap().remove("dev.sigstore.cosign/bundle").unwrap();
    let told = Image::new().annotated(&[(payload.clone(), alone.clone())]).judged(&policy).2;
    assert!(told.contains("not by Team"), "{told}");
    let mut swapped = deployment.annotations(&holder, &payload, TIME);
    swapped["dev.sigstore.cosign/bundle"] = entry;
    let told = Image::new().annotated(&[(payload.clone(), swapped)]).judged(&policy).2;
    assert!(told.contains("its entry in the log of signatures is about another signature"), "{told}");
    alone["dev.sigstore.cosign/bundle"] = "{}".into();
    let told = Image::new().annotated(&[(payload, alone)]).judged(&policy).2;
    assert!(told.contains("cannot be read"), "{told}");
    let mut unplaced = deployment.bundle(&holder, &statement(&digest), TIME);
    unplaced["verificationMaterial"]["tlogEntries"][0]["inclusionProof"] = Value::Null;
    let told = Image::new().with_bundle(unplaced.to_string().as_bytes()).judged(&policy).2;
    assert!(told.contains("there is no proof of it"), "{told}");
}
