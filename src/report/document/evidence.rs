//! What a statement of a report rests on. A statement without that cannot be built, written or read.

use super::text::outside;
use crate::artifact::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What sort of thing a statement rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Advisories as of a time.
    Advisories,
    /// Somebody's decision.
    Approval,
    /// An event of the log, by its index.
    Event,
    /// What the rules of a host found when something was let in.
    Gates,
    /// What rooms read of the artifacts' bytes; the digest is that of the subject.
    Inventory,
    /// A lock.
    Lock,
    /// The rules of a host.
    Policy,
    /// The signatures over a statement, named by their digest.
    Signatures,
    /// The list of what is installed.
    Snapshot,
    /// A bundle's statement.
    Statement,
    /// The program itself: what it does not do.
    Tool,
    /// A trust root.
    TrustRoot,
    /// The volumes on a medium.
    Volumes,
}

impl Source {
    /// The key in the data of a language.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Advisories => "advisory-data",
            Self::Approval => "approval",
            Self::Event => "event",
            Self::Gates => "gates",
            Self::Inventory => "inventory",
            Self::Lock => "lock",
            Self::Policy => "policy",
            Self::Signatures => "signatures",
            Self::Snapshot => "snapshot",
            Self::Statement => "statement",
            Self::Tool => "tool",
            Self::TrustRoot => "trust-root",
            Self::Volumes => "volumes",
        }
    }

    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Advisories,
        Self::Approval,
        Self::Event,
        Self::Gates,
        Self::Inventory,
        Self::Lock,
        Self::Policy,
        Self::Signatures,
        Self::Snapshot,
        Self::Statement,
        Self::Tool,
        Self::TrustRoot,
        Self::Volumes,
    ];
}

/// A reference to what a statement rests on: a digest, or a name that is not empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, try_from = "WireEvidence")]
pub struct Evidence {
    source: Source,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
}

/// What something rests on: a digest, or a name that is not empty.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Evidence", extend("anyOf" = named()))]
struct WireEvidence {
    source: Source,
    name: Option<String>,
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    sha256: Option<String>,
}

/// What the schema says of that: one of the two is there, and says something.
fn named() -> serde_json::Value {
    let one = |member: &str, form: serde_json::Value| serde_json::json!({ "required": [member], "properties": { member: form } });
    let (digest, name) = (serde_json::json!({ "type": "string" }), serde_json::json!({ "type": "string", "pattern": "\\S" }));
    serde_json::json!([one("sha256", digest), one("name", name)])
}

impl TryFrom<WireEvidence> for Evidence {
    type Error = String;

    fn try_from(wire: WireEvidence) -> Result<Self, String> {
        let digest = wire.sha256.as_deref().map(Digest::from_hex).transpose().map_err(|e| e.message().to_owned())?;
        let named = wire.name.as_deref().is_some_and(|name| !name.trim().is_empty());
        if digest.is_none() && !named {
            return Err("evidence names nothing: a digest, or a name, is needed".to_owned());
        }
        Ok(Self { source: wire.source, name: wire.name, sha256: digest.map(|d| d.hex()) })
    }
}

impl Evidence {
    /// Bytes, by their digest.
    pub fn of(source: Source, digest: Digest) -> Self {
        Self { source, name: None, sha256: Some(digest.hex()) }
    }

    /// Bytes, by their digest and what people call them.
    pub fn named(source: Source, name: &str, digest: Digest) -> Self {
        Self { source, name: Some(outside(name)), sha256: Some(digest.hex()) }
    }

    /// An event of the log.
    pub fn event(index: u64) -> Self {
        Self { source: Source::Event, name: Some(index.to_string()), sha256: None }
    }

    /// This program, for what it says of itself.
    pub fn tool() -> Self {
        Self { source: Source::Tool, name: Some(super::TOOL.to_owned()), sha256: None }
    }

    /// What sort of thing it is.
    pub const fn source(&self) -> Source {
        self.source
    }

    /// The name and the beginning of the digest, for people.
    pub fn label(&self) -> String {
        let digest = self.sha256.as_deref().map(|hex| hex.get(..12).unwrap_or(hex).to_owned());
        self.name.clone().into_iter().chain(digest).collect::<Vec<_>>().join(" ")
    }
}

/// Something that is said, and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Backed<T> {
    evidence: Evidence,
    said: T,
}

impl<T> Backed<T> {
    /// Says something because of something.
    pub const fn new(said: T, evidence: Evidence) -> Self {
        Self { evidence, said }
    }

    /// What is said.
    pub const fn said(&self) -> &T {
        &self.said
    }

    /// What it rests on.
    pub const fn evidence(&self) -> &Evidence {
        &self.evidence
    }
}

/// A sentence, by its key in the data of the languages, and the values that go into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sentence {
    /// The key, without `say.` in front.
    pub key: String,
    /// Values by name.
    pub values: BTreeMap<String, String>,
}

/// A sentence that rests on something.
pub type Claim = Backed<Sentence>;

impl Claim {
    /// A sentence of the languages' data, with values.
    pub fn say(key: &str, values: &[(&str, String)], evidence: Evidence) -> Self {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), outside(value))).collect();
        Self::new(Sentence { key: key.to_owned(), values }, evidence)
    }
}
