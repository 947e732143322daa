//! What a room can say about an artifact to someone who has to judge it.

use std::collections::BTreeMap;

/// How much of something is known; reports count each state and never round up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Completeness {
    /// Everything there is to know was read.
    Complete,
    /// Some was read, some could not be.
    Partial,
    /// Nothing was read.
    #[default]
    Unknown,
}

/// A licence statement and where it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Licence {
    /// The text as declared: an SPDX expression where the source has one.
    pub expression: String,
    /// Where it stood, such as `METADATA License-Expression`.
    pub source: String,
}

/// The neutral account of one artifact.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Description {
    /// Package URL (ECMA-427).
    pub purl: String,
    /// One line of summary, as the publisher wrote it.
    pub summary: Option<String>,
    /// Declared licences.
    pub licences: Vec<Licence>,
    /// Who publishes it, as declared.
    pub supplier: Option<String>,
    /// Package URLs of direct dependencies.
    pub dependencies: Vec<String>,
    /// Whether the dependencies are all there.
    pub dependencies_known: Completeness,
    /// Where it came from.
    pub origins: Vec<String>,
    /// What else its room knows, by name, such as file formats; what is unknown is absent.
    pub properties: BTreeMap<String, String>,
}

/// What a lock keeps of how a publisher signed a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum UpstreamSignature {
    /// A signature is carried; what it is worth is not in the lock.
    Present,
    /// Signatures were looked for, and there are none.
    Absent,
    /// Nobody looked, or there is no way to tell.
    #[default]
    Unknown,
}

impl UpstreamSignature {
    /// The words in documents.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Present => "a signature that was not judged",
            Self::Absent => "no signature",
            Self::Unknown => "not known whether it is signed",
        }
    }
}

/// What is known of an artifact's release at its publisher, from the lock alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Release {
    /// When it was published, as the upstream's index claims.
    pub published: Option<jiff::Timestamp>,
    /// How it is signed.
    pub signature: UpstreamSignature,
}
