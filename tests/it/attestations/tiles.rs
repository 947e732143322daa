//! A log of signatures of version 2 of its own (Rekor, tiles): a key of Ed25519, a tree of two entries, no time. And bundles with an entry of it.

use super::deployment::{Deployment, Holder};
use airlift::artifact::Digest;
use airlift::log::{leaf_hash, node_hash};
use airlift::publisher::dsse;
use data_encoding::BASE64;
use rcgen::{KeyPair, PKCS_ED25519, PublicKeyData, SigningKey};
use serde_json::{Value, json};

const NAME: &str = "log2.example";

pub struct Tiles {
    key: KeyPair,
}

impl Tiles {
    pub fn new() -> Self {
        Self { key: KeyPair::generate_for(&PKCS_ED25519).unwrap() }
    }

    /// By what it is known (C2SP `signed-note`): name, kind and key.
    fn id(&self) -> Digest {
        Digest::of(&[NAME.as_bytes(), b"\n\x01", self.key.public_key_raw()].concat())
    }

    /// How a trusted root has it.
    pub fn known(&self) -> Value {
        json!({
            "baseUrl": format!("https://{NAME}"), "hashAlgorithm": "SHA2_256",
            "publicKey": {
                "rawBytes": BASE64.encode(&self.key.subject_public_key_info()), "keyDetails": "PKIX_ED25519",
                "validFor": { "start": "2020-01-01T00:00:00Z" },
            },
            "logId": { "keyId": BASE64.encode(self.id().as_bytes()) },
        })
    }

    /// An entry as a bundle has it.
    pub fn entry(&self, body: &Value) -> Value {
        let beside = leaf_hash(b"another entry");
        let root = node_hash(&beside, &leaf_hash(body.to_string().as_bytes()));
        let tree = format!("{NAME}\n2\n{}\n", BASE64.encode(root.as_bytes()));
        let signature = BASE64.encode(&[&self.id().as_bytes()[..4], &self.key.sign(tree.as_bytes()).unwrap()].concat());
        let witness = BASE64.encode(&[7; 76]);
        json!({
            "logIndex": "1", "logId": { "keyId": BASE64.encode(self.id().as_bytes()) },
            "kindVersion": { "kind": body["kind"], "version": body["apiVersion"] },
            "inclusionProof": {
                "logIndex": "1", "treeSize": "2", "rootHash": BASE64.encode(root.as_bytes()), "hashes": [BASE64.encode(beside.as_bytes())],
                "checkpoint": { "envelope": format!("{tree}\n\u{2014} witness.example {witness}\n\u{2014} {NAME} {signature}\n") },
            },
            "canonicalizedBody": BASE64.encode(body.to_string().as_bytes()),
        })
    }
}

/// What is entered of an envelope: a digest of what was signed (`hashedrekord`), or of the payload (`dsse`).
pub fn body(holder: &Holder, payload: &str, signature: &str, kind: &str) -> Value {
    let verifier =
        json!({ "keyDetails": "PKIX_ECDSA_P256_SHA_256", "x509Certificate": { "rawBytes": BASE64.encode(&holder.certificate) } });
    let signature = json!({ "content": signature, "verifier": verifier });
    let hash = |bytes: &[u8]| json!({ "algorithm": "SHA2_256", "digest": BASE64.encode(Digest::of(bytes).as_bytes()) });
    let spec = match kind {
        "dsse" => json!({ "dsseV002": { "payloadHash": hash(payload.as_bytes()), "signatures": [signature] } }),
        _ => {
            let signed = dsse("application/vnd.in-toto+json", payload.as_bytes());
            json!({ "hashedRekordV002": { "data": hash(&signed), "signature": signature } })
        }
    };
    json!({ "apiVersion": "0.0.2", "kind": kind, "spec": spec })
}

impl Deployment {
    /// A bundle around a statement as cosign 3 and sigstore-python 4 make it with the newer services: an entry without a time, and a timestamp.
    pub fn newer_bundle(&self, holder: &Holder, statement: &Value, kind: &str, time: &str) -> Value {
        let payload = statement.to_string();
        let (envelope, signature) = holder.envelope(&payload);
        let stamp = self.stamper.stamps(&BASE64.decode(signature.as_bytes()).unwrap(), time);
        self.newer(holder, &envelope, &self.tiles.entry(&body(holder, &payload, &signature, kind)), &[stamp])
    }

    pub fn newer(&self, holder: &Holder, envelope: &Value, entry: &Value, stamps: &[Vec<u8>]) -> Value {
        let stamps = stamps.iter().map(|stamp| json!({ "signedTimestamp": BASE64.encode(stamp) })).collect::<Vec<_>>();
        json!({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "certificate": { "rawBytes": BASE64.encode(&holder.certificate) }, "tlogEntries": [entry],
                "timestampVerificationData": { "rfc3161Timestamps": stamps },
            },
            "dsseEnvelope": envelope,
        })
    }
}
