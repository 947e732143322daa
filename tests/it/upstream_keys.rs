//! Signatures of publishers by the keys of a policy, as openssl makes them: at the gates, and across the gap.

use crate::host::{Host, arg};
use crate::images::pictures::{MANIFEST, blob, put, single};
use crate::images::registry::Registry;
use crate::stock::need;
use airlift::artifact::{Artifact, BlobRead, Blobs, Descriptor, Digest, InMemory, Learned};
use airlift::error::Result;
use airlift::lock::Lock;
use airlift::policy::gate::{Gated, rules};
use airlift::policy::{Outcome, Policy};
use airlift::progress::Silent;
use airlift::steps::gates::{Gates, of_lock};
use airlift::steps::sbom;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
pub const ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
pub const REPOSITORY: &str = "registry.example/team/app";
const SIGNED: [&str; 3] = ["--key", "alice", "--allow-plain-key"];

/// Blobs in memory.
#[derive(Default, Clone)]
struct Held(BTreeMap<Digest, Vec<u8>>);

impl Blobs for Held {
    fn open(&self, digest: &Digest) -> Result<Option<Box<dyn BlobRead>>> {
        Ok(self.0.get(digest).map(|bytes| Box::new(InMemory::new(bytes.clone())) as Box<dyn BlobRead>))
    }

    fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        Ok(self.0.get(digest).map(|bytes| bytes.len() as u64))
    }
}

impl Held {
    fn put(&mut self, media_type: &str, bytes: &[u8]) -> Descriptor {
        let digest = Digest::of(bytes);
        self.0.insert(digest, bytes.to_vec());
        Descriptor {
            media_type: media_type.to_owned(),
            digest,
            size: bytes.len() as u64,
            name: None,
            origins: vec!["https://registry.example/v2".to_owned()],
            learned: Learned::Upstream,
            side_digests: BTreeMap::new(),
        }
    }
}

/// An artifact of the room of images, its manifest first.
fn artifact(role: &str, tag: &str, subject: Option<Digest>, blobs: Vec<Descriptor>) -> Artifact {
    let meta = json!({
        "repository": REPOSITORY, "role": role, "tag": tag, "root": blobs[0].digest.to_string(), "media-type": blobs[0].media_type,
    });
    Artifact {
        ecosystem: "images".to_owned(),
        sections: vec!["all".to_owned()],
        name: REPOSITORY.to_owned(),
        version: tag.to_owned(),
        descriptors: blobs,
        subject,
        meta,
    }
}

/// An image and what stands beside it.
pub struct Image {
    held: Held,
    artifacts: Vec<Artifact>,
    pub digest: Digest,
}

impl Image {
    pub fn new() -> Self {
        let mut held = Held::default();
        let config = held.put("application/vnd.oci.image.config.v1+json", br#"{"os":"linux","architecture":"amd64"}"#);
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "layers": [],
            "config": { "mediaType": config.media_type, "digest": config.digest.to_string(), "size": config.size },
        });
        let manifest = held.put(MANIFEST, manifest.to_string().as_bytes());
        let digest = manifest.digest;
        Self { held, artifacts: vec![artifact("image", "1", None, vec![manifest, config])], digest }
    }

    /// The same with signatures, each a payload and what is in the annotation.
    fn signed(self, signatures: &[(Vec<u8>, String)]) -> Self {
        let annotated =
            |(payload, signature): &(Vec<u8>, String)| (payload.clone(), json!({ "dev.cosignproject.cosign/signature": signature }));
        self.annotated(&signatures.iter().map(annotated).collect::<Vec<_>>())
    }

    /// The same with payloads and all that stands beside each.
    pub fn annotated(self, signatures: &[(Vec<u8>, Value)]) -> Self {
        self.tagged(SIMPLE_SIGNING, "sig", signatures)
    }

    /// The same with envelopes and all that stands beside each, as cosign attaches attestations.
    pub fn attested(self, envelopes: &[(Vec<u8>, Value)]) -> Self {
        self.tagged(ENVELOPE, "att", envelopes)
    }

    fn tagged(mut self, media_type: &str, ending: &str, signatures: &[(Vec<u8>, Value)]) -> Self {
        let config = self.held.put("application/vnd.oci.image.config.v1+json", b"{}");
        let mut blobs = vec![config.clone()];
        let mut layers = Vec::new();
        for (payload, annotations) in signatures {
            let layer = self.held.put(media_type, payload);
            layers.push(json!({
                "mediaType": media_type, "digest": layer.digest.to_string(), "size": layer.size,
                "annotations": annotations,
            }));
            blobs.push(layer);
        }
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "layers": layers,
            "config": { "mediaType": config.media_type, "digest": config.digest.to_string(), "size": config.size },
        });
        blobs.insert(0, self.held.put(MANIFEST, manifest.to_string().as_bytes()));
        let tag = format!("sha256-{}.{ending}", self.digest.hex());
        self.artifacts.push(artifact("cosign-tag", &tag, Some(self.digest), blobs));
        self
    }

    /// The same with a bundle in a manifest that names the image as its subject, as cosign 3 attaches them.
    pub fn with_bundle(mut self, bundle: &[u8]) -> Self {
        let config = self.held.put("application/vnd.oci.empty.v1+json", b"{}");
        let layer = self.held.put(BUNDLE, bundle);
        let part = |blob: &Descriptor| json!({ "mediaType": blob.media_type, "digest": blob.digest.to_string(), "size": blob.size });
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": BUNDLE, "config": part(&config), "layers": [part(&layer)],
            "subject": part(&self.artifacts[0].descriptors[0]),
        });
        let manifest = self.held.put(MANIFEST, manifest.to_string().as_bytes());
        let root = manifest.digest.to_string();
        let mut referrer = artifact("referrer", &root, Some(self.digest), vec![manifest, config, layer]);
        referrer.meta.as_object_mut().unwrap().remove("tag");
        self.artifacts.push(referrer);
        self
    }

    fn gate(&self, policy: &Policy) -> Gated {
        let now = "2026-11-10T00:00:00Z".parse().unwrap();
        let lock = Lock::new("kit".to_owned(), "main".to_owned(), Digest::of(b"manifest"), self.artifacts.clone()).unwrap();
        let gates = Gates {
            policy,
            now,
            as_of: now,
            advisories: None,
            statements: &[],
            installed: None,
            threads: 1,
            hash: true,
            progress: &Silent,
        };
        gates.run(sbom::of_lock(&lock), &self.artifacts, &self.held).unwrap()
    }

    /// What the two rules come to, and everything they say.
    pub fn judged(&self, policy: &str) -> (Outcome, Outcome, String) {
        let gated = self.gate(&Policy::parse(format!("airlift-policy = 1\n{policy}").as_bytes()).unwrap());
        let of = |rule| gated.rules.iter().find(|ruled| ruled.rule == rule).map_or(Outcome::Passed, |ruled| ruled.worst);
        let told = gated.told().iter().map(|finding| finding.found.clone()).collect::<Vec<_>>().join("\n");
        (of(rules::SIGNATURE), of(rules::WRONG_SIGNATURE), told)
    }
}

/// A key of openssl's in a folder of its own.
pub struct Signer {
    folder: tempfile::TempDir,
    ed25519: bool,
}

impl Signer {
    pub fn new(algorithm: &[&str]) -> Self {
        let signer = Self { folder: tempfile::TempDir::new().unwrap(), ed25519: algorithm.contains(&"ed25519") };
        signer.openssl(&[&["genpkey", "-out", "key.pem"], algorithm].concat());
        signer.openssl(&["pkey", "-in", "key.pem", "-pubout", "-out", "pub.pem"]);
        signer
    }

    pub fn p256() -> Self {
        Self::new(&["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"])
    }

    fn openssl(&self, args: &[&str]) {
        run(Command::new("openssl").args(args).current_dir(self.folder.path()));
    }

    pub fn public(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("pub.pem")).unwrap()
    }

    /// A signature over bytes, in base64.
    fn sign(&self, bytes: &[u8]) -> String {
        std::fs::write(self.folder.path().join("payload"), bytes).unwrap();
        match self.ed25519 {
            true => self.openssl(&["pkeyutl", "-sign", "-rawin", "-inkey", "key.pem", "-in", "payload", "-out", "signature"]),
            false => self.openssl(&["dgst", "-sha256", "-sign", "key.pem", "-out", "signature", "payload"]),
        }
        data_encoding::BASE64.encode(&std::fs::read(self.folder.path().join("signature")).unwrap())
    }

    /// The payload that cosign documents, and the signature over it.
    pub fn signs(&self, digest: &Digest, repository: &str) -> (Vec<u8>, String) {
        let payload = payload(digest, repository);
        let signature = self.sign(&payload);
        (payload, signature)
    }

    /// The key as a table of a policy.
    pub fn table(&self, name: &str, artifacts: &str) -> String {
        let key = self.public();
        format!("[[upstream-key]]\nname = \"{name}\"\nartifacts = [\"{artifacts}\"]\nkind = \"cosign\"\nkey = '''\n{key}'''\n")
    }
}

pub fn payload(digest: &Digest, repository: &str) -> Vec<u8> {
    let critical = json!({
        "identity": { "docker-reference": repository }, "image": { "docker-manifest-digest": digest.to_string() },
        "type": "cosign container image signature",
    });
    json!({ "critical": critical, "optional": null }).to_string().into_bytes()
}

fn run(command: &mut Command) {
    let out = command.output().unwrap();
    assert!(out.status.success(), "{command:?}: {}", String::from_utf8_lossy(&out.stderr));
}

const KEYED: &str = "images/registry.example/team/*";

#[test]
fn an_image_passes_by_the_key_it_was_signed_with_and_by_no_other() {
    let Some(_) = need("openssl") else { return };
    let other = Signer::p256();
    for algorithm in [&["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"][..], &["-algorithm", "ed25519"], &["-algorithm", "RSA"]]
    {
        let signer = Signer::new(algorithm);
        let image = Image::new();
        let signature = signer.signs(&image.digest, REPOSITORY);
        let image = image.signed(&[signature]);
        for asked in ["", "[artifacts]\nupstream-signatures = \"present\"\n", "[artifacts]\nupstream-signatures = \"verified\"\n"] {
            let (signed, wrong, told) = image.judged(&format!("{asked}{}", signer.table("Team", KEYED)));
            assert_eq!((signed, wrong), (Outcome::Passed, Outcome::Passed), "{told}");
            assert!(told.contains("signed by Team (cosign, sha256:") && told.contains("1 of them not asked"), "{told}");
            let (signed, wrong, told) = image.judged(&format!("{asked}{}", other.table("Other", KEYED)));
            assert_eq!((signed, wrong), (Outcome::Passed, Outcome::Refused), "{told}");
            assert!(told.contains("not by Other (cosign, sha256:"), "{told}");
        }
        let verified = "[artifacts]\nupstream-signatures = \"verified\"\nunknown-signature = \"refused\"\n";
        let (_, _, told) = image.judged(&format!("{verified}{}", signer.table("Team", "images/registry.example/elsewhere/*")));
        assert!(told.contains("not known whether it is signed"), "a key for something else is none for it: {told}");
        let both = format!("{}{}", other.table("Other", KEYED), signer.table("Team", KEYED));
        assert_eq!(image.judged(&both).1, Outcome::Passed, "one of two keys is enough");
    }
}

#[test]
fn what_is_not_the_publishers_signature_of_this_image_is_refused() {
    let Some(_) = need("openssl") else { return };
    let signer = Signer::p256();
    let policy = format!("[artifacts]\nupstream-signatures = \"present\"\n{}", signer.table("Team", KEYED));
    let elsewhere = Digest::of(b"another image");
    let digest = Image::new().digest;
    let good = signer.signs(&digest, REPOSITORY);
    for (signature, word) in [
        (signer.signs(&elsewhere, REPOSITORY), "but of another content"),
        (signer.signs(&digest, "registry.example/team/other"), "but as registry.example/team/other"),
        ((payload(&digest, "registry.example/team/app2"), good.1.clone()), "not by Team"),
        ((good.0.clone(), "not base64!".to_owned()), "not base64"),
        ((good.0.clone(), String::new()), "not by Team"),
        ((b"{}".to_vec(), signer.sign(b"{}")), "not one of cosign's"),
        ((vec![b' '; 100_000], good.1.clone()), "longer than"),
    ] {
        let (signed, wrong, told) = Image::new().signed(std::slice::from_ref(&signature)).judged(&policy);
        assert_eq!((signed, wrong), (Outcome::Passed, Outcome::Refused), "{told}");
        assert!(told.contains(word), "{word}: {told}");
        let (signed, wrong, told) = Image::new().signed(&[signature, good.clone()]).judged(&policy);
        assert_eq!((signed, wrong), (Outcome::Passed, Outcome::Passed), "beside one that holds: {told}");
    }
    let tagged = signer.signs(&digest, &format!("{REPOSITORY}:1"));
    assert_eq!(Image::new().signed(&[tagged]).judged(&policy).1, Outcome::Passed);
}

/// Missing signatures refuse, those that are not here are not assessed, and a manifest that cannot be read is not taken for none.
#[test]
fn what_is_missing_is_refused_and_what_is_not_here_is_not_assessed() {
    let Some(_) = need("openssl") else { return };
    let signer = Signer::p256();
    let table = signer.table("Team", KEYED);
    let (signed, wrong, told) = Image::new().judged(&table);
    assert_eq!((signed, wrong), (Outcome::Refused, Outcome::Passed));
    assert!(told.contains("a key is for it, and no signature is carried"), "{told}");
    let digest = Image::new().digest;
    let mut image = Image::new().signed(&[signer.signs(&digest, REPOSITORY)]);
    let manifest = image.artifacts[1].descriptors[0].digest;
    let taken = image.held.0.remove(&manifest).unwrap();
    assert_eq!(image.judged(&table).0, Outcome::NotAssessed);
    image.held.0.insert(manifest, [&taken[..], b" "].concat());
    let (_, wrong, told) = image.judged(&table);
    assert!(wrong == Outcome::Refused && told.contains("cannot be read as a manifest"), "{told}");
    // A review knows the lock alone.
    let policy = Policy::parse(format!("airlift-policy = 1\n{table}").as_bytes()).unwrap();
    let now = "2026-11-10T00:00:00Z".parse().unwrap();
    let found = of_lock(&policy, &image.artifacts, now, now).unwrap();
    assert_eq!(found.iter().find(|f| f.rule == "artifacts.signature").unwrap().outcome, Outcome::NotAssessed);
    let found = of_lock(&policy, &image.artifacts[..1], now, now).unwrap();
    assert_eq!(found.iter().find(|f| f.rule == "artifacts.signature").unwrap().outcome, Outcome::Refused);
    // What nobody here judges lets nothing pass either.
    let files = signer.table("Team", "images/*").replace("images/*", "files/*");
    let world = crate::world::World::new();
    let found = of_lock(
        &Policy::parse(format!("airlift-policy = 1\n{files}").as_bytes()).unwrap(),
        &world.lock("kit", &[vec![1]]).artifacts,
        now,
        now,
    );
    assert!(
        found.unwrap().iter().any(|f| f.found.contains("signatures of such artifacts are not judged") && f.outcome == Outcome::Refused)
    );
}

/// An envelope around a statement about a digest.
pub fn envelope(signer: &Signer, digest: &Digest, predicate: &str) -> Value {
    let kind = "application/vnd.in-toto+json";
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1", "subject": [{ "digest": { "sha256": digest.hex() } }], "predicateType": predicate, "predicate": {},
    });
    let statement = statement.to_string();
    let signed = format!("DSSEv1 {} {kind} {} {statement}", kind.len(), statement.len());
    json!({
        "payload": data_encoding::BASE64.encode(statement.as_bytes()), "payloadType": kind,
        "signatures": [{ "keyid": "", "sig": signer.sign(signed.as_bytes()) }],
    })
}

fn bundle(signer: &Signer, digest: &Digest, predicate: &str) -> Vec<u8> {
    let envelope = envelope(signer, digest, predicate);
    json!({ "mediaType": BUNDLE, "verificationMaterial": { "publicKey": { "hint": "" } }, "dsseEnvelope": envelope })
        .to_string()
        .into_bytes()
}

#[test]
fn bundles_that_refer_to_an_image_are_judged_like_tags() {
    let Some(_) = need("openssl") else { return };
    let (signer, other) = (Signer::p256(), Signer::p256());
    let (team, stranger) = (signer.table("Team", KEYED), other.table("Other", KEYED));
    let digest = Image::new().digest;
    let signs = "https://sigstore.dev/cosign/sign/v1";
    let image = Image::new().with_bundle(&bundle(&signer, &digest, signs));
    let (signed, wrong, told) = image.judged(&team);
    assert!((signed, wrong) == (Outcome::Passed, Outcome::Passed) && told.contains("signed by Team"), "{told}");
    assert_eq!(image.judged(&stranger).1, Outcome::Refused);
    let moved = Image::new().with_bundle(&bundle(&signer, &Digest::of(b"another image"), signs));
    assert!(moved.judged(&team).2.contains("but of another content"));
    let attested = Image::new().with_bundle(&bundle(&signer, &digest, "https://slsa.dev/provenance/v1"));
    let (signed, wrong, told) = attested.judged(&team);
    assert_eq!((signed, wrong), (Outcome::Refused, Outcome::Passed), "an attestation is no signature: {told}");
    assert!(told.contains("no signature is carried: 1 attestations are, which the policy takes for none"), "{told}");
}

/// Attestations by a key, in both forms: they count for signatures where the policy says of which types, and by its keys alone.
#[test]
fn attestations_count_for_signatures_where_the_policy_says_so() {
    let Some(_) = need("openssl") else { return };
    let (signer, other) = (Signer::p256(), Signer::p256());
    let (digest, provenance) = (Image::new().digest, "https://slsa.dev/provenance/v0.2");
    let none = json!({ "dev.cosignproject.cosign/signature": "", "predicateType": provenance });
    let both = |digest: &Digest, predicate: &str| {
        let alone = envelope(&signer, digest, predicate).to_string().into_bytes();
        [Image::new().attested(&[(alone, none.clone())]), Image::new().with_bundle(&bundle(&signer, digest, predicate))]
    };
    let counting = |signer: &Signer, types: &str| format!("{}attestations = [\"{types}\"]\n", signer.table("Team", KEYED));
    let slsa = "https://slsa.dev/provenance/*";
    for image in both(&digest, provenance) {
        let (signed, wrong, told) = image.judged(&counting(&signer, slsa));
        assert_eq!((signed, wrong), (Outcome::Passed, Outcome::Passed), "{told}");
        assert!(told.contains("signed by Team (cosign, sha256:") && told.contains("), SLSA provenance v0.2"), "{told}");
        let (signed, wrong, told) = image.judged(&counting(&other, slsa));
        assert_eq!((signed, wrong), (Outcome::Passed, Outcome::Refused), "{told}");
        for policy in [signer.table("Team", KEYED), other.table("Team", KEYED), counting(&signer, "https://spdx.dev/Document")] {
            let (signed, wrong, told) = image.judged(&policy);
            assert_eq!((signed, wrong), (Outcome::Refused, Outcome::Passed), "{told}");
            assert!(told.contains("which the policy takes for none"), "{told}");
        }
    }
    for image in both(&Digest::of(b"another image"), provenance) {
        let (_, wrong, told) = image.judged(&counting(&signer, slsa));
        assert!(wrong == Outcome::Refused && told.contains("but of another content"), "{told}");
    }
    // Beside a signature one says more, and takes nothing from it.
    let beside = Image::new().attested(&[(b"no envelope".to_vec(), none.clone())]).signed(&[signer.signs(&digest, REPOSITORY)]);
    assert_eq!(beside.judged(&counting(&signer, slsa)).1, Outcome::Passed);
    let mut changed = envelope(&signer, &digest, provenance);
    changed["payloadType"] = "text/plain".into();
    for (bytes, word) in [(b"no envelope".to_vec(), "no envelope"), (changed.to_string().into_bytes(), "its envelope holds no statement")] {
        let (_, wrong, told) = Image::new().attested(&[(bytes, none.clone())]).judged(&signer.table("Team", KEYED));
        assert!(wrong == Outcome::Refused && told.contains(word), "{told}");
    }
    let parsed = |more: &str| Policy::parse(format!("airlift-policy = 1\n{}{more}", signer.table("Team", KEYED)).as_bytes());
    assert!(parsed("attestations = [\"*\"]\n").unwrap_err().to_string().contains("takes any attestation for a signature"));
    assert!(parsed("attestations = []\n").is_err());
}

/// Puts a signature where cosign puts it.
pub fn attach(registry: &Registry, repository: &str, subject: &Digest, (payload, signature): &(Vec<u8>, String)) {
    tagged(registry, repository, subject, payload, &json!({ "dev.cosignproject.cosign/signature": signature }));
}

/// The same with all that stands beside a payload.
pub fn tagged(registry: &Registry, repository: &str, subject: &Digest, payload: &[u8], annotations: &Value) {
    laid(registry, repository, &format!("sha256-{}.sig", subject.hex()), blob(SIMPLE_SIGNING, payload), payload, annotations);
}

/// Puts an attestation where cosign puts it.
pub fn attest(registry: &Registry, repository: &str, subject: &Digest, envelope: &[u8]) {
    let annotations = json!({ "dev.cosignproject.cosign/signature": "" });
    laid(registry, repository, &format!("sha256-{}.att", subject.hex()), blob(ENVELOPE, envelope), envelope, &annotations);
}

fn laid(registry: &Registry, repository: &str, tag: &str, mut layer: Value, payload: &[u8], annotations: &Value) {
    registry.blob(repository, b"{}");
    registry.blob(repository, payload);
    layer["annotations"] = annotations.clone();
    let config = blob("application/vnd.oci.image.config.v1+json", b"{}");
    let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer] });
    put(registry, repository, Some(tag), MANIFEST, &manifest);
}

fn accept(host: &Host, root: &Path) {
    let shown = host.json(&["trust", "show", arg(root)]);
    host.ok(&["trust", "accept", arg(root), "--fingerprint", shown[0]["spoken"].as_str().unwrap()]);
}

/// What is said of a bundle that was not verified, by which policy.
fn inspected_by_policies(host: &Host, team: &Path, stranger: &Path) {
    let judged = |args: &[&str]| host.json(&[&["inspect"], args].concat()).remove(0)[0]["upstream-signatures"]["judged"].clone();
    let by_team = json!({ "valid": 1, "wrong": {}, "not-judged": {}, "unsigned": 0 });
    assert_eq!(judged(&["out", "--policy", arg(team)]), by_team);
    let by_stranger = judged(&["out", "--policy", arg(stranger)]);
    let reason = by_stranger["wrong"].as_object().unwrap().iter().next().unwrap();
    assert!(reason.0.starts_with("not by stranger (cosign, sha256:") && reason.1 == 1 && by_stranger["valid"] == 0, "{by_stranger}");
    let shown = host.ok(&["inspect", "out", "--policy", arg(stranger)]).out;
    assert!(
        shown.contains("  judged    0 valid, 1 wrong, 0 not judged, 0 not signed as is asked\n            1 wrong: not by stranger"),
        "{shown}"
    );
    let elsewhere = host.write("elsewhere.toml", std::fs::read_to_string(team).unwrap().replace("/team/*", "/elsewhere/*"));
    let unkeyed = judged(&["out", "--policy", arg(&elsewhere)]);
    assert_eq!(unkeyed["not-judged"], json!({ "no key and no identity of the policy is for it": 1 }));
    // By the policy in force where none is named.
    host.ok(&["policy", "set", arg(team)]);
    assert_eq!(judged(&["out"]), by_team);
    let none = host.write("none.toml", "airlift-policy = 1\n");
    assert_eq!(judged(&["out", "--policy", arg(&none)]), json!({ "nobody": "the policy names no key and no identity of a publisher" }));
    std::fs::write(host.store().join("policy.toml"), "damaged").unwrap();
    assert_eq!(judged(&["out", "--policy", arg(team)]), by_team);
    assert!(judged(&["out"])["nobody"].is_string(), "a store that is damaged is no reason not to look");
    host.fails(2, &["inspect", "out", "--policy", "nowhere.toml"], &["nowhere.toml"]);
    host.ok(&["policy", "clear"]);
    // Nothing is read for whom nobody here has ever heard of.
    let far = Host::new();
    let (out, team) = (host.path("out"), arg(team));
    let unknown = far.json(&["inspect", arg(&out), "--policy", team]).remove(0)[0]["upstream-signatures"]["judged"].clone();
    assert_eq!(unknown, json!({ "nobody": "no trust root is accepted here, by which the bundle would be believed" }));
}

/// From a registry to what is installed: the same keys decide before a volume is written and before anything is installed.
#[test]
fn keys_decide_on_both_sides_of_the_gap() {
    let Some(_) = need("openssl") else { return };
    let (registry, signer, other) = (Registry::start(), Signer::p256(), Signer::p256());
    let image = single(&registry, "team/app", Some("1"), "amd64");
    let repository = format!("{}/team/app", registry.host);
    attach(&registry, "team/app", &image.digest, &signer.signs(&image.digest, &repository));
    let host = Host::new();
    host.ok(&["key", "generate", "alice", "--no-passphrase"]);
    host.ok(&[&["trust", "init", "test", "--principal", "alice=alice.pub", "--threshold", "1"], &SIGNED[..]].concat());
    accept(&host, &host.path("trust/root.1.json"));
    let section = format!("references = [\"{repository}:1\"]\nplain-http = [\"{}\"]\n", registry.host);
    let targets = "[targets.linux]\nplatform = \"linux-x86_64\"\n";
    host.write("kit.toml", format!("airlift = 1\nname = \"kit\"\n{targets}[images.all]\n{section}"));
    let keyed = format!("images/{}/team/*", registry.host);
    let policy = |name: &str, key: &Signer, more: &str| {
        let text = format!("airlift-policy = 1\n[artifacts]\nupstream-signatures = \"verified\"\n{}{more}", key.table(name, &keyed));
        host.write(&format!("{name}.toml"), text)
    };
    let (team, stranger) = (policy("team", &signer, ""), policy("stranger", &other, ""));
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let days = (today.saturating_sub(jiff::ToSpan::days(1)), today.saturating_add(jiff::ToSpan::days(100)));
    let exception = format!(
        "[[exception]]\nrule = \"artifacts.wrong-signature\"\nsubject = \"images/{repository}\"\nowner = \"Alice\"\nreason = \"they rotate\"\n\
         granted = \"{}\"\nexpires = \"{}\"\n",
        days.0, days.1
    );
    let excepted = policy("excepted", &other, &exception);
    let build =
        |policy: &Path, out: &'static str| host.run(&[&["build", "kit.toml", "--out", out, "--policy", arg(policy)], &SIGNED[..]].concat());
    let refused = build(&stranger, "none");
    assert!(refused.code == Some(5) && refused.err.contains("artifacts.wrong-signature") && !host.path("none").exists(), "{refused:?}");
    let built = build(&team, "out");
    assert_eq!(built.code, Some(0), "{built:?}");
    let inspected = host.json(&["inspect", "out"]).remove(0)[0]["upstream-signatures"].clone();
    let nobody = json!({ "nobody": "there is no policy here" });
    let carried = json!({ "present": 1, "absent": 0, "unknown": 0, "judged": nobody });
    assert_eq!(inspected, carried, "the signature itself is not counted");
    let shown = host.ok(&["inspect", "out"]).out;
    let words = "1 artifact signed by their publishers, 0 not, 0 not said; nobody judged them: there is no policy here";
    assert!(shown.contains(words), "{shown}");
    inspected_by_policies(&host, &team, &stranger);
    let shown = host.ok(&["gate", "out", "--policy", arg(&team)]);
    assert!(shown.out.contains("signed by team (cosign, sha256:"), "{}", shown.out);
    let document: Value = host.json(&["gate", "out", "--policy", arg(&excepted)]).remove(0);
    assert_eq!(document["outcome"], "excepted");
    let far = Host::new();
    accept(&far, &host.path("trust/root.1.json"));
    let out = host.path("out");
    // What the keys say is counted in reports; without a key nothing is.
    let told = |args: &[&str]| -> (Vec<Value>, String) {
        let report = far.json(&[&["report"], args].concat()).remove(0);
        let tiles = ["signed-by-key", "wrongly-signed", "unsigned-despite-key"];
        let trust = report["trust"].as_array().unwrap();
        let of = |tile: &str| trust.iter().find(|counted| counted["said"]["tile"] == tile).map(|counted| counted["said"]["count"].clone());
        (tiles.into_iter().filter_map(of).collect(), report["not-checked"].to_string())
    };
    let (tiles, unchecked) = told(&[arg(&out)]);
    assert!(tiles.is_empty() && unchecked.contains("no-upstream-signatures"), "{tiles:?} {unchecked}");
    far.ok(&["policy", "set", arg(&team)]);
    let (tiles, unchecked) = told(&[arg(&out)]);
    assert!(tiles == [1, 0, 0] && !unchecked.contains("no-upstream-signatures"), "{tiles:?} {unchecked}");
    far.ok(&["policy", "set", arg(&stranger)]);
    assert_eq!(told(&[arg(&out)]).0, [0, 1, 0]);
    let lock = host.path("kit.lock");
    let (tiles, unchecked) = told(&["--lock", arg(&lock)]);
    assert!(tiles == [Value::Null, Value::Null, Value::Null] && unchecked.contains("keys-unjudged"), "{tiles:?} {unchecked}");
    assert!(far.ok(&["report", "--language", "de", arg(&out)]).out.contains("**1** von anderen oder über anderes unterschrieben"));
    let refused = far.run(&["import", arg(&out)]);
    assert!(refused.code == Some(5) && refused.err.contains("artifacts.wrong-signature"), "{refused:?}");
    assert_eq!(far.json(&["status"])[0]["snapshot"], Value::Null, "nothing is installed");
    far.ok(&["policy", "set", arg(&team)]);
    far.ok(&["import", arg(&out)]);
    far.ok(&["gate"]);
    assert_eq!((told(&[]).0, told(&["--receipt", "1"]).0), (vec![1.into(), 0.into(), 0.into()], vec![1.into(), 0.into(), 0.into()]));
}
