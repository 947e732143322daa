//! Attestations of images without a key that stays: below cosign's tag `.att`, and as bundles that refer to the image.

use super::deployment::{Deployment, Holder, TIME};
use super::images::{ISSUER, WHO, policy};
use crate::upstream_keys::Image;
use airlift::artifact::Digest;
use airlift::policy::Outcome;
use rcgen::ExtendedKeyUsagePurpose::CodeSigning;
use serde_json::{Value, json};

const PROVENANCE: &str = "https://slsa.dev/provenance/v1";
const KINDS: [(&str, &str); 3] = [("dsse", "0.0.1"), ("intoto", "0.0.1"), ("intoto", "0.0.2")];

fn attested(digest: &Digest, predicate: &str) -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v0.1", "predicateType": predicate, "predicate": { "builder": { "id": "here" } },
        "subject": [{ "name": "other", "digest": { "sha1": "00" } }, { "name": "app", "digest": { "sha256": digest.hex() } }],
    })
}

/// A policy that takes provenance for a signature.
fn counting(root: &str, identity: &str) -> String {
    format!("{}attestations = [\"{PROVENANCE}\"]\n", policy(root, ISSUER, identity))
}

struct Scene {
    deployment: Deployment,
    holder: Holder,
    digest: Digest,
}

impl Scene {
    fn new() -> Self {
        let deployment = Deployment::new();
        let holder = deployment.holder(ISSUER, WHO, CodeSigning);
        Self { deployment, holder, digest: Image::new().digest }
    }

    /// In every form: by the kinds of entries below the tag, and as bundles of both versions of the log.
    fn all(&self, statement: &Value) -> Vec<Image> {
        let tagged = |kind| Image::new().attested(&[self.deployment.attestation(&self.holder, statement, kind, TIME)]);
        let bundles = [
            self.deployment.bundle(&self.holder, statement, TIME),
            self.deployment.newer_bundle(&self.holder, statement, "hashedrekord", "20260101010000Z"),
        ];
        KINDS.into_iter().map(tagged).chain(bundles.map(|bundle| Image::new().with_bundle(bundle.to_string().as_bytes()))).collect()
    }
}

#[test]
fn an_attestation_is_judged_by_the_identity_that_made_it() {
    let scene = Scene::new();
    let root = scene.deployment.root();
    for image in scene.all(&attested(&scene.digest, PROVENANCE)) {
        let (signed, wrong, told) = image.judged(&counting(&root, WHO));
        assert_eq!((signed, wrong), (Outcome::Passed, Outcome::Passed), "{told}");
        let by = format!("signed by Team (keyless, {WHO}, known to {ISSUER}, at 2026-01-01T01:00:00Z), SLSA provenance v1");
        assert!(told.contains(&by), "{told}");
        let (signed, wrong, told) = image.judged(&counting(&root, "other@registry.example"));
        assert_eq!((signed, wrong), (Outcome::Passed, Outcome::Refused), "{told}");
        assert!(told.contains("team@registry.example signed it"), "{told}");
        let (signed, wrong, told) = image.judged(&policy(&root, ISSUER, WHO));
        assert_eq!((signed, wrong), (Outcome::Refused, Outcome::Passed), "no signature by itself: {told}");
    }
    for image in scene.all(&attested(&Digest::of(b"another image"), PROVENANCE)) {
        let (_, wrong, told) = image.judged(&counting(&root, WHO));
        assert!(wrong == Outcome::Refused && told.contains("but of another content"), "{told}");
    }
    for image in scene.all(&attested(&scene.digest, "https://spdx.dev/Document")) {
        let (signed, wrong, told) = image.judged(&counting(&root, WHO));
        assert_eq!((signed, wrong), (Outcome::Refused, Outcome::Passed), "of another type: {told}");
    }
}

/// Each part of an envelope and its annotations.
#[test]
fn an_attestation_is_refused_by_what_is_wrong_with_it() {
    let (scene, stranger) = (Scene::new(), Deployment::new());
    let (policy, statement) = (counting(&scene.deployment.root(), WHO), attested(&scene.digest, PROVENANCE));
    let other = attested(&scene.digest, "https://slsa.dev/provenance/v1.1");
    let refused = |bytes: &[u8], annotations: &Value, word: &str| {
        let (signed, wrong, told) = Image::new().attested(&[(bytes.to_vec(), annotations.clone())]).judged(&policy);
        assert_eq!((signed, wrong), (Outcome::Passed, Outcome::Refused), "{word}: {told}");
        assert!(told.contains(word), "{word}: {told}");
    };
    for kind in KINDS {
        let (good, annotations) = scene.deployment.attestation(&scene.holder, &statement, kind, TIME);
        let envelope: Value = serde_json::from_slice(&good).unwrap();
        let changed = |change: &dyn Fn(&mut Value)| {
            let mut envelope = envelope.clone();
            change(&mut envelope);
            envelope.to_string().into_bytes()
        };
        let beside = |key: &str, value: Value| {
            let mut annotations = annotations.clone();
            annotations[key] = value;
            annotations
        };
        let again = scene.deployment.attestation(&scene.holder, &statement, kind, TIME);
        let elsewhere = scene.deployment.attestation(&scene.holder, &other, kind, TIME).1;
        let strange = stranger.attestation(&scene.holder, &statement, kind, TIME);
        let late = scene.deployment.attestation(&scene.holder, &statement, kind, TIME + 86_400);
        refused(&changed(&|one| one["signatures"][0]["sig"] = "AAAA".into()), &annotations, "the key of its certificate did not make it");
        refused(&changed(&|one| one["signatures"] = json!([])), &annotations, "its envelope has not exactly one signature");
        let first = envelope["signatures"][0].clone();
        refused(&changed(&|one| one["signatures"] = json!([first, first])), &annotations, "its envelope has not exactly one signature");
        refused(&good, &beside("dev.sigstore.cosign/bundle", elsewhere["dev.sigstore.cosign/bundle"].clone()), "about another content");
        refused(&strange.0, &strange.1, "it is entered in a log that the trusted root does not know");
        refused(&good, &beside("dev.sigstore.cosign/bundle", "{}".into()), "its entry in a log of signatures cannot be read");
        refused(&good, &beside("dev.sigstore.cosign/certificate", "PEM".into()), "its certificate cannot be read");
        refused(&good, &json!({ "dev.cosignproject.cosign/signature": "" }), "not by Team");
        refused(&late.0, &late.1, "CertExpired");
        // The same content signed twice: the entry is about one of them.
        assert_ne!(again.0, good);
        let what = if kind == ("intoto", "0.0.1") { "about another content" } else { "about another signature" };
        refused(&again.0, &annotations, what);
        // The older kind is about the envelope byte by byte.
        let spaced = [&good[..], b" "].concat();
        let outcome = Image::new().attested(&[(spaced, annotations.clone())]).judged(&policy).1;
        assert_eq!(outcome == Outcome::Refused, kind == ("intoto", "0.0.1"), "{kind:?}");
        // By somebody else with the same name in another deployment.
        let holder = stranger.holder(ISSUER, WHO, CodeSigning);
        let (bytes, annotations) = scene.deployment.attestation(&holder, &statement, kind, TIME);
        refused(&bytes, &annotations, "its certificate is not by an authority of the trusted root");
    }
}
