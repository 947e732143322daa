//! The room's payload in a lock entry (`meta`): what a simple index and a report need to know of one file besides name and digest.

use super::attestation;
use super::filename::{self, Kind};
use crate::artifact::{Artifact, Descriptor, Digest};
use crate::ecosystems::core_metadata::normalised;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Longest text of one member, in bytes.
const LONGEST: usize = 4096;
/// Most dependencies of one file.
const MOST_DEPENDENCIES: usize = 10_000;

/// What the lock keeps about one file. Where several targets or sections want the file, it is what they know together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Meta {
    /// `wheel` or `sdist`.
    pub kind: String,
    /// The indexes it comes from, sorted: the name in the manifest, `pypi` for the built-in one, else the URL. None for a file named by
    /// its own URL.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub indexes: BTreeSet<String>,
    /// Whether someone asked for it, not only other packages.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub requested: bool,
    /// `Requires-Python` (core metadata specification).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requires_python: Option<String>,
    /// Why it was withdrawn (PEP 592), empty when no reason was given; absent when it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yanked: Option<String>,
    /// When it was uploaded (RFC 3339, UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload_time: Option<String>,
    /// The direct dependencies as they were resolved, `name==version`, sorted; absent where the source of the lock does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dependencies: Option<BTreeSet<String>>,
}

/// A provenance object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provenance {
    /// Its bytes.
    pub digest: Digest,
    /// Its length in bytes.
    pub size: u64,
}

/// One file of the shelf, read and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Normalised project name.
    pub project: String,
    /// Version, as locked.
    pub version: String,
    /// File name.
    pub filename: String,
    /// What sort of file it is.
    pub kind: Kind,
    /// Its bytes.
    pub digest: Digest,
    /// Its length in bytes.
    pub size: u64,
    /// What its index attests of it (PEP 740), where that is carried.
    pub provenance: Option<Provenance>,
    /// Everything else.
    pub meta: Meta,
}

impl Entry {
    /// Reads a lock entry of this room; an entry that does not fit together is refused.
    pub fn read(artifact: &Artifact) -> Result<Self> {
        Self::checked(artifact).map_err(|e| e.about(artifact.label()))
    }

    fn checked(artifact: &Artifact) -> Result<Self> {
        let wrong = || Error::verification("a python artifact is one file with a name, and what is attested of it");
        let Some((Descriptor { digest, size, name: Some(filename), .. }, beside)) = artifact.descriptors.split_first() else {
            return Err(wrong());
        };
        let provenance = match beside {
            [] => None,
            [one] if is_provenance(one, filename) => Some(Provenance { digest: one.digest, size: one.size }),
            _ => return Err(wrong()),
        };
        let meta: Meta = serde_json::from_value(artifact.meta.clone())
            .map_err(|e| Error::verification("its details are not what this airlift understands").because(&e))?;
        meta.check()?;
        let kind = filename::check(filename, &artifact.name, &artifact.version)?;
        if (kind == Kind::Wheel) != (meta.kind == "wheel") || normalised(&artifact.name).as_ref() != Some(&artifact.name) {
            return Err(Error::verification("name, kind and file name do not agree").with("file", filename));
        }
        Ok(Self {
            project: artifact.name.clone(),
            version: artifact.version.clone(),
            filename: filename.clone(),
            kind,
            digest: *digest,
            size: *size,
            provenance,
            meta,
        })
    }
}

/// Whether a blob is what is attested of the file of that name.
fn is_provenance(blob: &Descriptor, filename: &str) -> bool {
    let named = blob.name.as_deref().and_then(|name| name.strip_suffix(attestation::SUFFIX)) == Some(filename);
    named && blob.media_type == attestation::MEDIA_TYPE && blob.size <= attestation::MOST_BYTES as u64
}

impl Meta {
    /// What two sections know together of one file; `None` where they contradict each other.
    #[cfg_attr(not(feature = "upstream"), allow(dead_code, reason = "only locking unites"))]
    pub fn unite(&self, other: &Self) -> Option<Self> {
        if self.kind != other.kind {
            return None;
        }
        let dependencies = [&self.dependencies, &other.dependencies].into_iter().flatten();
        Some(Self {
            kind: self.kind.clone(),
            indexes: self.indexes.union(&other.indexes).cloned().collect(),
            requested: self.requested || other.requested,
            requires_python: one(&self.requires_python, &other.requires_python)?,
            // A mirror may not know that a release was withdrawn, or when it was made.
            yanked: self.yanked.clone().max(other.yanked.clone()),
            upload_time: [&self.upload_time, &other.upload_time].into_iter().flatten().min().cloned(),
            dependencies: dependencies.cloned().reduce(|mut all, more| {
                all.extend(more);
                all
            }),
        })
    }

    fn check(&self) -> Result<()> {
        let texts = [&self.requires_python, &self.yanked, &self.upload_time];
        let lists = self.dependencies.iter().flatten().chain(&self.indexes);
        let too_long = texts.into_iter().flatten().chain(lists).any(|text| text.len() > LONGEST);
        let too_many = self.dependencies.as_ref().map_or(0, BTreeSet::len).max(self.indexes.len()) > MOST_DEPENDENCIES;
        if too_long || too_many || !matches!(self.kind.as_str(), "wheel" | "sdist") {
            return Err(Error::verification("its details are out of bounds"));
        }
        match &self.upload_time {
            Some(time) if time.parse::<jiff::Timestamp>().is_err() => {
                Err(Error::verification("its upload time is not one (RFC 3339)").with("found", format!("{time:.40}")))
            }
            _ => Ok(()),
        }
    }
}

/// The value both have, or the one that one of them has; `None` for two values.
#[allow(clippy::option_option, clippy::ref_option, reason = "the outer one says whether they agree")]
#[cfg_attr(not(feature = "upstream"), allow(dead_code, reason = "only locking unites"))]
fn one(first: &Option<String>, second: &Option<String>) -> Option<Option<String>> {
    match (first, second) {
        (Some(a), Some(b)) if a != b => None,
        _ => Some(first.as_ref().or(second.as_ref()).cloned()),
    }
}
