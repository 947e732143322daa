//! How entries of logs of signatures are written: as JSON of `protobuf-specs`, in bundles and in attestations of packages alike, and in the
//! older form that stands in annotations of images.

use super::entry::Entry;
use super::tree::Proof;
use crate::artifact::Digest;
use data_encoding::{BASE64, HEXLOWER};
use serde::{Deserialize, Deserializer};

/// Most hashes of a proof: as many as a tree can be deep.
const MOST_HASHES: usize = 64;

/// Bytes in base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base64(pub Vec<u8>);

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        BASE64.decode(text.as_bytes()).map(Self).map_err(|_| serde::de::Error::custom("not base64"))
    }
}

/// A number, which JSON of protocol buffers writes as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Plain(u64),
    Text(String),
}

/// JSON of protocol buffers leaves out a number that is 0.
impl Default for Number {
    fn default() -> Self {
        Self::Plain(0)
    }
}

impl Number {
    fn read(&self) -> Option<u64> {
        match self {
            Self::Plain(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
        }
    }
}

/// An entry, as bundles and attestations have it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireEntry {
    #[serde(default)]
    log_index: Number,
    log_id: WireId,
    integrated_time: Option<Number>,
    inclusion_promise: Option<WirePromise>,
    inclusion_proof: Option<WireProof>,
    canonicalized_body: Base64,
}

/// The name of a log: the digest of its key.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireId {
    pub(super) key_id: Base64,
}

/// A certificate, as DER.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireCertificate {
    /// Its bytes.
    pub raw_bytes: Base64,
}

/// Timestamps of authorities.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct WireTimestamps {
    rfc3161_timestamps: Vec<WireTimestamp>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireTimestamp {
    signed_timestamp: Base64,
}

impl WireTimestamps {
    /// Each, as DER.
    pub fn into_domain(self) -> Vec<Vec<u8>> {
        self.rfc3161_timestamps.into_iter().map(|one| one.signed_timestamp.0).collect()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WirePromise {
    signed_entry_timestamp: Base64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireProof {
    #[serde(default)]
    log_index: Number,
    root_hash: Base64,
    tree_size: Number,
    hashes: Vec<Base64>,
    checkpoint: WireCheckpoint,
}

#[derive(Deserialize)]
struct WireCheckpoint {
    envelope: String,
}

impl WireEntry {
    /// The entry; `None` where its parts are not what they should be.
    pub fn into_domain(self) -> Option<Entry> {
        let time = match self.integrated_time {
            Some(number) => Some(i64::try_from(number.read()?).ok()?).filter(|time| *time > 0),
            None => None,
        };
        Some(Entry {
            log: digest(self.log_id.key_id)?,
            index: self.log_index.read()?,
            time,
            body: self.canonicalized_body.0,
            timestamp: self.inclusion_promise.map(|promise| promise.signed_entry_timestamp.0),
            proof: match self.inclusion_proof {
                Some(proof) => Some(proof.into_domain()?),
                None => None,
            },
        })
    }
}

impl WireProof {
    fn into_domain(self) -> Option<Proof> {
        let few = self.hashes.len() <= MOST_HASHES;
        let hashes = few.then(|| self.hashes.into_iter().map(digest).collect::<Option<Vec<_>>>()).flatten()?;
        Some(Proof {
            index: self.log_index.read()?,
            size: self.tree_size.read()?,
            root: digest(self.root_hash)?,
            hashes,
            checkpoint: self.checkpoint.envelope,
        })
    }
}

fn digest(bytes: Base64) -> Option<Digest> {
    bytes.0.try_into().ok().map(Digest::from_bytes)
}

/// An entry, as the annotation `dev.sigstore.cosign/bundle` has it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Annotated {
    signed_entry_timestamp: Base64,
    payload: AnnotatedPayload,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnnotatedPayload {
    body: Base64,
    integrated_time: i64,
    log_index: u64,
    #[serde(rename = "logID")]
    log_id: String,
}

/// Reads the older form; it tells no place in the tree.
pub fn annotated(text: &str) -> Option<Entry> {
    let Annotated { signed_entry_timestamp, payload } = serde_json::from_str(text).ok()?;
    let log = HEXLOWER.decode(payload.log_id.as_bytes()).ok()?.try_into().ok().map(Digest::from_bytes)?;
    let (index, time) = (payload.log_index, Some(payload.integrated_time));
    Some(Entry { log, index, time, body: payload.body.0, timestamp: Some(signed_entry_timestamp.0), proof: None })
}
