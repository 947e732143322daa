//! The room's payload in a lock entry (`meta`): what a simple index and a report need to know of one file besides name and digest.

use super::filename::{self, Kind};
use crate::artifact::{Artifact, Descriptor, Digest};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// Longest text of one member, in bytes.
const LONGEST: usize = 4096;
/// Most dependencies of one file.
const MOST_DEPENDENCIES: usize = 10_000;

/// What the lock keeps about one file. It depends on the file and its index alone, never on the section that asked; only
/// `dependencies` tell what they resolved to in the section that comes first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Meta {
    /// `wheel` or `sdist`.
    pub kind: String,
    /// The index it comes from: its name in the manifest, `pypi` for the built-in one, else its URL. Absent for a file named by URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
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
    pub dependencies: Option<Vec<String>>,
    /// SHA-256 of the wheel's METADATA, where it was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_sha256: Option<String>,
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
    /// SHA-256 of its METADATA, where the lock knows it.
    pub metadata: Option<Digest>,
    /// Everything else.
    pub meta: Meta,
}

impl Entry {
    /// Reads a lock entry of this room; an entry that does not fit together is refused.
    pub fn read(artifact: &Artifact) -> Result<Self> {
        Self::checked(artifact).map_err(|e| e.about(artifact.label()))
    }

    fn checked(artifact: &Artifact) -> Result<Self> {
        let [Descriptor { digest, size, name: Some(filename), .. }] = &artifact.descriptors[..] else {
            return Err(Error::verification("a python artifact is one file with a name"));
        };
        let meta: Meta = serde_json::from_value(artifact.meta.clone())
            .map_err(|e| Error::verification("its details are not what this airlift understands").because(&e))?;
        meta.check()?;
        let kind = filename::check(filename, &artifact.name, &artifact.version)?;
        if (kind == Kind::Wheel) != (meta.kind == "wheel") || filename::normalised(&artifact.name).as_ref() != Some(&artifact.name) {
            return Err(Error::verification("name, kind and file name do not agree").with("file", filename));
        }
        let metadata = meta.metadata_sha256.as_deref().map(Digest::from_hex).transpose()?;
        Ok(Self {
            project: artifact.name.clone(),
            version: artifact.version.clone(),
            filename: filename.clone(),
            kind,
            digest: *digest,
            size: *size,
            metadata,
            meta,
        })
    }
}

impl Meta {
    fn check(&self) -> Result<()> {
        let texts = [&self.index, &self.requires_python, &self.yanked, &self.upload_time];
        let dependencies = self.dependencies.as_deref().unwrap_or_default();
        let too_long = texts.into_iter().flatten().chain(dependencies).any(|text| text.len() > LONGEST);
        if too_long || dependencies.len() > MOST_DEPENDENCIES || !matches!(self.kind.as_str(), "wheel" | "sdist") {
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
