//! `docs/formats/inventory.md`: what a host has, said so short that it can be carried back, with the proof that its log says the same.
//!
//! A body of strict JSON, then the receipt of the event that names the body's digest. Of each blob the first 8 bytes of its SHA-256 stand
//! in it: enough to tell blobs apart that somebody else knows, and nothing depends on it, since the receiver of a delta looks again.

use super::event::kind;
use super::note::VerifierKey;
use super::receipt::Receipt;
use crate::artifact::{Digest, Limits, check_name, check_word, parse_versioned};
use crate::error::{Error, Result};
use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Longest inventory, in bytes: five million blobs.
pub const MAX_INVENTORY_BYTES: u64 = 64 << 20;
const VERSION: u32 = 1;
/// What ends a body.
const END: &[u8] = b"\n}\n";
const COPY_AGAIN: &str = "copy it again from where it was made";

/// The beginning of a blob's SHA-256.
pub type Start = [u8; 8];

/// A bundle that is installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Held {
    /// Its id, in hex.
    pub bundle: String,
    /// Epoch of its line.
    pub epoch: u64,
    /// Release line.
    pub line: String,
    /// SHA-256 of its lock, in hex.
    pub lock: String,
    /// Toolkit name.
    pub name: String,
    /// Number in the line.
    pub seq: u64,
}

/// What a host has by one snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostInventory {
    /// The verifier key of its log; the name in it is the host's.
    pub key: VerifierKey,
    /// When it was made, as the host's clock said (RFC 3339).
    pub made: String,
    /// The snapshot.
    pub snapshot: u64,
    /// What is installed by it.
    pub bundles: Vec<Held>,
    /// The blobs of these that are there.
    pub starts: BTreeSet<Start>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(rename = "airlift-inventory")]
    version: u32,
    blobs: String,
    bundles: Vec<Held>,
    count: u64,
    key: String,
    made: String,
    snapshot: u64,
}

/// The beginning of a digest.
pub fn start(blob: &Digest) -> Start {
    blob.as_bytes().first_chunk().copied().unwrap_or_default()
}

impl HostInventory {
    /// The body: what the event names the digest of.
    pub fn body(&self) -> Vec<u8> {
        let starts: Vec<u8> = self.starts.iter().flatten().copied().collect();
        let wire = Wire {
            version: VERSION,
            blobs: BASE64.encode(&starts),
            bundles: self.bundles.clone(),
            count: self.starts.len() as u64,
            key: self.key.to_string(),
            made: self.made.clone(),
            snapshot: self.snapshot,
        };
        let mut bytes = serde_json::to_vec_pretty(&wire).expect("an inventory has string keys only");
        bytes.push(b'\n');
        bytes
    }

    /// Whether bytes begin like an inventory.
    pub fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(b"{\n  \"airlift-inventory\"")
    }

    /// Reads an inventory with its proof, and gives back the digest of its body. The proof is judged by `key`, or without one by the key
    /// that the inventory names itself: then it says that the host's log has it, and not whose host that is.
    pub fn parse(bytes: &[u8], key: Option<&VerifierKey>) -> Result<(Self, Digest)> {
        let what = "the inventory";
        let end = bytes.windows(END.len()).position(|w| w == END).map(|at| at + END.len());
        let cut = || Error::verification("the inventory is not whole").hint(COPY_AGAIN);
        let (body, proof) = end.and_then(|end| bytes.split_at_checked(end)).ok_or_else(cut)?;
        let found = Self::parse_body(what, body)?;
        let digest = Digest::of(body);
        if key.is_some_and(|key| *key != found.key) {
            return Err(Error::verification("the inventory is of another host")
                .with("expected", key.map_or("", VerifierKey::name))
                .with("found", found.key.name()));
        }
        let (event, _) =
            Receipt::parse(proof).and_then(|receipt| receipt.verify(&found.key)).map_err(|e| e.about(what).hint(COPY_AGAIN))?;
        let named = event.kind == kind::INVENTORY && event.subjects.iter().any(|s| s.what == "inventory" && s.digest == Some(digest));
        if named { Ok((found, digest)) } else { Err(Error::verification("the inventory is not the one its proof is of").hint(COPY_AGAIN)) }
    }

    fn parse_body(what: &str, body: &[u8]) -> Result<Self> {
        let limits = Limits { bytes: MAX_INVENTORY_BYTES as usize, depth: 4 };
        let wire: Wire = parse_versioned(what, body, limits, "airlift-inventory", VERSION)?;
        let wrong = |found: String| {
            let expected = format!("{} beginnings of digests in base64, of 8 bytes each, each once and in order", wire.count);
            Error::verification("the inventory contradicts itself").with("expected", expected).with("found", found).hint(COPY_AGAIN)
        };
        let bytes = BASE64.decode(wire.blobs.as_bytes()).map_err(|error| wrong(error.to_string()))?;
        let (starts, rest) = bytes.as_chunks::<8>();
        if !rest.is_empty() || starts.len() as u64 != wire.count {
            return Err(wrong(format!("{} bytes", bytes.len())));
        }
        if let Some(at) = starts.windows(2).position(|pair| pair[0] >= pair[1]) {
            return Err(wrong(format!("beginning {} is not above the one before it", at + 2)));
        }
        for held in &wire.bundles {
            check_word("toolkit name", &held.name)?;
            check_word("release line", &held.line)?;
            Digest::from_signed(&held.bundle).and_then(|_| Digest::from_signed(&held.lock))?;
        }
        check_name("time of an inventory", &wire.made)?;
        let starts = starts.iter().copied().collect();
        Ok(Self { key: VerifierKey::parse(&wire.key)?, made: wire.made, snapshot: wire.snapshot, bundles: wire.bundles, starts })
    }
}
