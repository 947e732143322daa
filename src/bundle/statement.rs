//! `docs/formats/bundle.md`, "Statement", version 1: the only thing that signers sign, as exact bytes.

use super::bases::MAX_BASES;
use crate::artifact::{Digest, Limits, check_name, check_word, parse_versioned, set_name};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Longest statement, in bytes.
pub const MAX_STATEMENT_BYTES: usize = 1 << 20;
/// Most volumes of a set.
pub const MAX_VOLUMES: usize = 999;
const VERSION: u32 = 1;
/// The feature of sets that can repair themselves.
pub const PARITY: &str = "parity";
/// The feature of bundles that leave out what the receiver is taken to have.
pub const DELTA: &str = "delta";
/// The feature of bundles with blobs that have to be made again.
pub const RECODED: &str = "recoded";
/// The feature of bundles that were made from others.
pub const REPACKED: &str = "repacked";
/// What this version knows.
const FEATURES: [&str; 4] = [DELTA, PARITY, RECODED, REPACKED];

/// Size and SHA-256 of a file in the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// SHA-256.
    #[serde(with = "hex")]
    pub sha256: Digest,
    /// Length in bytes.
    pub size: u64,
}

/// The bundle this one follows in its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Previous {
    /// Its id.
    #[serde(with = "hex")]
    pub bundle: Digest,
    /// Its number.
    pub seq: u64,
}

/// What a bundle says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    #[serde(rename = "airlift-bundle")]
    version: u32,
    /// Ids of the bundles and inventories it builds on: what all of them have need not be in it. Empty for a full bundle.
    pub base: Vec<String>,
    /// Creation time as its maker claims it (RFC 3339, UTC); an input, so that builds reproduce.
    pub created: String,
    /// Epoch of the line; raising it restarts the numbers.
    pub epoch: u64,
    /// Features a reader must know to read this bundle.
    pub features: Vec<String>,
    /// Every file of the head but the statement and its signatures.
    pub files: BTreeMap<String, Pin>,
    /// Release line.
    pub line: String,
    /// Toolkit name.
    pub name: String,
    /// The bundle before it in the line.
    pub previous: Option<Previous>,
    /// Number in the line, from 1.
    pub seq: u64,
    /// The program that wrote it.
    pub tool: String,
    /// Length of each volume in bytes, in order.
    pub volumes: Vec<u64>,
}

impl Statement {
    /// A statement of the current version.
    pub(super) fn draft(name: &str, line: &str, created: &str, tool: &str) -> Self {
        Self {
            version: VERSION,
            base: vec![],
            created: created.to_owned(),
            epoch: 0,
            features: vec![],
            files: BTreeMap::new(),
            line: line.to_owned(),
            name: name.to_owned(),
            previous: None,
            seq: 1,
            tool: tool.to_owned(),
            volumes: vec![],
        }
    }

    /// The bytes to sign.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("a statement has string keys only");
        bytes.push(b'\n');
        bytes
    }

    /// Reads bytes whose signatures have been judged.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let limits = Limits { bytes: MAX_STATEMENT_BYTES, depth: 6 };
        let statement: Self = parse_versioned("the bundle's statement", bytes, limits, "airlift-bundle", VERSION)?;
        statement.check_features()?;
        check_word("toolkit name", &statement.name)?;
        check_word("release line", &statement.line)?;
        check_name("tool", &statement.tool)?;
        if statement.created.parse::<jiff::Timestamp>().is_err() {
            return Err(
                Error::verification("the bundle's creation time is not RFC 3339").with("found", format!("{:.60}", statement.created))
            );
        }
        if statement.seq == 0 || statement.volumes.is_empty() || statement.volumes.len() > MAX_VOLUMES {
            return Err(Error::verification("the bundle's number or its count of volumes is out of range"));
        }
        Ok(statement)
    }

    /// Refuses features that this version does not know, by name, and those that contradict the rest of the statement.
    fn check_features(&self) -> Result<()> {
        let unknown: Vec<&str> = self.features.iter().map(String::as_str).filter(|f| !FEATURES.contains(f)).collect();
        if !unknown.is_empty() {
            return Err(Error::verification("the bundle needs a newer airlift")
                .with("expected", format!("no features but {}", FEATURES.join(", ")))
                .with("found", format!("features {:.120}", unknown.join(", "))));
        }
        let contradicts = |what: &str| {
            Err(Error::verification(format!("the bundle's statement contradicts itself: {what} is a feature and a table, or neither")))
        };
        if !self.features.is_sorted_by(|a, b| a < b) {
            return Err(Error::verification("the bundle's statement names a feature twice, or not in their order"));
        }
        if self.has(PARITY) != self.files.contains_key(super::head::PARITY) {
            return contradicts("parity");
        }
        if (self.has(DELTA) || self.has(RECODED)) != self.files.contains_key(super::head::BASES) {
            return contradicts("what it builds on");
        }
        if self.has(REPACKED) != self.files.contains_key(super::head::PARENTS) {
            return contradicts("what it was made from");
        }
        if self.files.contains_key(super::head::ANCESTORS) && !self.has(REPACKED) {
            return contradicts("what its parents were made from");
        }
        if self.has(DELTA) == self.base.is_empty() || self.base.len() > MAX_BASES {
            return contradicts("a delta");
        }
        self.base.iter().try_for_each(|id| Digest::from_signed(id).map(|_| ()))
    }

    /// Whether the bundle has a feature.
    pub fn has(&self, feature: &str) -> bool {
        self.features.iter().any(|f| f == feature)
    }

    /// Whether the set has parity.
    pub fn has_parity(&self) -> bool {
        self.has(PARITY)
    }

    /// `NAME SEQ`, as messages name the bundle.
    pub fn label(&self) -> String {
        format!("{} {}", self.name, self.seq)
    }

    /// The file name of a volume, from 0.
    pub fn volume_name(&self, index: usize) -> String {
        let set = set_name(&self.name, &self.line, self.seq);
        match self.volumes.len() {
            1 => format!("{set}.airlift"),
            _ => format!("{set}.{:03}.airlift", index + 1),
        }
    }
}

/// Digests as 64 hex digits, the key already saying the algorithm.
mod hex {
    use crate::artifact::Digest;
    use serde::{Deserialize, Deserializer, Serializer, de};

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature serde wants")]
    pub(super) fn serialize<S: Serializer>(digest: &Digest, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&digest.hex())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Digest, D::Error> {
        let text = String::deserialize(deserializer)?;
        Digest::from_hex(&text).map_err(|e| de::Error::custom(e.message()))
    }
}
