//! Artifacts and descriptors: domain types, without serialisation (the wire form is `lock::format`).

use super::Digest;
use std::collections::BTreeMap;

/// How the digest and size of a blob came to be known before (or instead of) trusting its download.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Learned {
    /// The upstream's own index or manifest told digest and size.
    Upstream,
    /// A person pinned the digest in the manifest or in a lock file given as input.
    Pinned,
    /// The upstream told no digest: the bytes were downloaded and hashed at lock time (trust on first download).
    Downloaded,
}

impl Learned {
    /// The word in the lock.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Upstream => "upstream",
            Self::Pinned => "pinned",
            Self::Downloaded => "downloaded",
        }
    }
}

/// Other digests of the same bytes, by algorithm name (`sha512`, `sha1`, `md5`, `git-blob-sha1`), as lower-case hex.
pub type SideDigests = BTreeMap<String, String>;

/// One blob of an artifact: what it is, its identity, its size, where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// Media type (RFC 6838).
    pub media_type: String,
    /// SHA-256 of the bytes.
    pub digest: Digest,
    /// Length in bytes.
    pub size: u64,
    /// File name within the artifact, where the ecosystem has one.
    pub name: Option<String>,
    /// Where the bytes can be had, best first; never with credentials.
    pub origins: Vec<String>,
    /// How digest and size were learned.
    pub learned: Learned,
    /// Digests by other algorithms, where a protocol needs them.
    pub side_digests: SideDigests,
}

/// One named, versioned thing of one ecosystem.
#[derive(Debug, Clone, PartialEq)]
pub struct Artifact {
    /// The ecosystem's name: the room that understands `meta`.
    pub ecosystem: String,
    /// The manifest sections that asked for it, sorted.
    pub sections: Vec<String>,
    /// Name in the ecosystem's own grammar.
    pub name: String,
    /// Version, tag or revision.
    pub version: String,
    /// The blobs, in the order the room wants them.
    pub descriptors: Vec<Descriptor>,
    /// The artifact this one refers to (OCI `subject`): signatures, SBOMs, attestations.
    pub subject: Option<Digest>,
    /// The room's own payload; opaque outside it.
    pub meta: serde_json::Value,
}

impl Artifact {
    /// `ecosystem/name version`, as messages name it.
    pub fn label(&self) -> String {
        format!("{}/{} {}", self.ecosystem, self.name, self.version)
    }

    /// Sum of the sizes of all blobs.
    pub fn size(&self) -> u64 {
        self.descriptors.iter().fold(0, |sum, d| sum.saturating_add(d.size))
    }
}
