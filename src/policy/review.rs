//! `docs/formats/policy.md`, "Review": what people are shown of a bundle before they approve it, in bytes that are the same whoever
//! writes them. Its digest is what an approval is for.

use super::rules::Finding;
use crate::artifact::Digest;
use crate::lock::LockDiff;
use serde_json::{Value, json};

/// Somebody whose signature on the bundle counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// Who.
    pub name: String,
    /// With which key, as `ssh-keygen -l` prints it.
    pub key: String,
    /// How the root says the key is kept.
    pub custody: &'static str,
}

/// The facts of a bundle, what would change, and what the policy says to it.
#[derive(Debug, Clone)]
pub struct Review {
    /// The bundle id.
    pub bundle: Digest,
    /// Toolkit name.
    pub name: String,
    /// Release line.
    pub line: String,
    /// Its epoch.
    pub epoch: u64,
    /// Its number.
    pub seq: u64,
    /// When it was made, as claimed.
    pub created: String,
    /// The fingerprint of the trust root that judged it.
    pub root: Digest,
    /// Who signed.
    pub signers: Vec<Signer>,
    /// How many people had to.
    pub threshold: usize,
    /// Number and id of the bundle of its line that is installed now.
    pub replaces: Option<(u64, Digest)>,
    /// What installing it would change.
    pub changes: LockDiff,
    /// How many artifacts, blobs and bytes it has.
    pub artifacts: usize,
    /// How many blobs.
    pub blobs: usize,
    /// Bytes of all blobs.
    pub bytes: u64,
    /// What the rules found.
    pub findings: Vec<Finding>,
    /// SHA-256 of the policy file; `None` without one.
    pub policy: Option<Digest>,
}

/// A review as a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewed {
    /// The exact bytes.
    pub bytes: Vec<u8>,
    /// SHA-256 of them: what people compare and approve.
    pub digest: Digest,
}

fn finding(finding: &Finding) -> Value {
    let mut value =
        json!({ "expected": finding.expected, "found": finding.found, "outcome": finding.outcome.word(), "rule": finding.rule });
    for (member, text) in [("subject", &finding.subject), ("exception", &finding.exception)] {
        if let Some(text) = text {
            value[member] = text.as_str().into();
        }
    }
    value
}

impl Review {
    /// The document: members sorted, indented by two spaces, one line feed at the end.
    pub fn document(&self) -> Reviewed {
        let signers: Vec<Value> = self.signers.iter().map(|s| json!({ "custody": s.custody, "key": s.key, "name": s.name })).collect();
        let findings = self.findings.iter().map(finding);
        let document = json!({
            "airlift-review": 1,
            "artifacts": self.artifacts,
            "blobs": self.blobs,
            "bundle": self.bundle.hex(),
            "bytes": self.bytes,
            "changes": self.changes.changes,
            "created": self.created,
            "epoch": self.epoch,
            "findings": findings.collect::<Vec<_>>(),
            "line": self.line,
            "name": self.name,
            "new-bytes": self.changes.new_bytes,
            "policy": self.policy.map(|d| d.hex()),
            "replaces": self.replaces.map(|(seq, bundle)| json!({ "bundle": bundle.hex(), "seq": seq })),
            "root": self.root.hex(),
            "seq": self.seq,
            "signers": signers,
            "threshold": self.threshold,
        });
        let mut bytes = serde_json::to_vec_pretty(&document).expect("a review has string keys only");
        bytes.push(b'\n');
        let digest = Digest::of(&bytes);
        Reviewed { bytes, digest }
    }
}
