//! Images to put into registries: small, real in form, different in every layer.

use super::registry::Registry;
use airlift::artifact::Digest;
use serde_json::{Value, json};

pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
pub const MANIFEST_V2: &str = "application/vnd.docker.distribution.manifest.v2+json";
pub const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// A manifest that has been put somewhere.
#[derive(Debug, Clone)]
pub struct Put {
    pub media_type: &'static str,
    pub digest: Digest,
    pub size: usize,
}

impl Put {
    pub fn descriptor(&self) -> Value {
        json!({ "mediaType": self.media_type, "digest": self.digest.to_string(), "size": self.size })
    }

    pub fn on(&self, os: &str, architecture: &str) -> Value {
        let mut descriptor = self.descriptor();
        descriptor["platform"] = json!({ "os": os, "architecture": architecture });
        descriptor
    }
}

pub fn blob(media_type: &str, bytes: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": Digest::of(bytes).to_string(), "size": bytes.len() })
}

pub fn put(registry: &Registry, repository: &str, tag: Option<&str>, media_type: &'static str, document: &Value) -> Put {
    let bytes = serde_json::to_vec(document).unwrap();
    Put { media_type, digest: registry.manifest(repository, tag, media_type, &bytes), size: bytes.len() }
}

pub fn config(architecture: &str) -> Vec<u8> {
    let labels = json!({ "org.opencontainers.image.licenses": "MIT" });
    json!({ "os": "linux", "architecture": architecture, "config": { "Labels": labels } }).to_string().into_bytes()
}

/// A manifest with one layer of its own and one that all share.
pub fn manifest_of(registry: &Registry, repository: &str, architecture: &str) -> Value {
    let (config, own) = (config(architecture), format!("layer of {architecture}").into_bytes());
    for bytes in [&config[..], &own, b"shared layer"] {
        registry.blob(repository, bytes);
    }
    json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "config": blob(CONFIG, &config),
        "layers": [blob(LAYER, b"shared layer"), blob(LAYER, &own)],
    })
}

pub fn single(registry: &Registry, repository: &str, tag: Option<&str>, architecture: &str) -> Put {
    let document = manifest_of(registry, repository, architecture);
    put(registry, repository, tag, MANIFEST, &document)
}

/// An index of amd64, arm64 and the build attestation of each.
pub fn index(registry: &Registry, repository: &str, tag: &str) -> (Put, Vec<Put>) {
    let mut children = Vec::new();
    let mut entries = Vec::new();
    for architecture in ["amd64", "arm64"] {
        let image = single(registry, repository, None, architecture);
        let statement = format!("attestation of {architecture}").into_bytes();
        registry.blob(repository, &statement);
        registry.blob(repository, b"{}");
        let attestation = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": blob(CONFIG, b"{}"), "layers": [blob("application/vnd.in-toto+json", &statement)],
        });
        let attestation = put(registry, repository, None, MANIFEST, &attestation);
        let mut listed = attestation.on("unknown", "unknown");
        listed["annotations"] = json!({
            "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": image.digest.to_string(),
        });
        entries.extend([image.on("linux", architecture), listed]);
        children.extend([image, attestation]);
    }
    let document = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries });
    (put(registry, repository, Some(tag), INDEX, &document), children)
}

/// An artifact that refers to a manifest.
pub fn referrer(registry: &Registry, repository: &str, kind: &str, subject: &Put) -> Put {
    registry.blob(repository, b"{}");
    let content = format!("{kind} of {}", subject.digest).into_bytes();
    registry.blob(repository, &content);
    let document = json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": kind, "config": blob("application/vnd.oci.empty.v1+json", b"{}"),
        "layers": [blob(kind, &content)], "subject": subject.descriptor(), "annotations": { "org.example.kind": kind },
    });
    put(registry, repository, None, MANIFEST, &document)
}

/// Puts the list of referrers where the API serves it.
pub fn list(registry: &Registry, repository: &str, subject: &Digest, referrers: &[&Put]) {
    let entries: Vec<Value> = referrers.iter().map(|r| r.descriptor()).collect();
    let list = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries });
    registry.put(format!("/v2/{repository}/referrers/{subject}"), INDEX, &serde_json::to_vec(&list).unwrap());
}
