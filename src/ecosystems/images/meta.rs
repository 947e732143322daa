//! The room's payload in the lock: what an image is and what was looked for around it.

use crate::artifact::{Artifact, Digest};
use crate::error::{Error, Result};
use crate::server::oci::is_manifest;
use serde::{Deserialize, Serialize};

/// Most platforms, and most missing children, that are read.
const MOST: usize = 10_000;

/// `meta` of an artifact of this room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Meta {
    /// Registry and repository; the artifact's name.
    pub repository: String,
    /// Why it is here.
    pub role: Role,
    /// The tag it had, where it was found by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Digest of the manifest the tag names: the artifact's first blob.
    pub root: String,
    /// Media type of that manifest.
    pub media_type: String,
    /// Kind of a referrer, as the referrers list shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Platforms that are carried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub platforms: Vec<String>,
    /// Children of the index that are not carried: the index is sparse, not damaged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Missing>,
    /// What was found when signatures were looked for; images only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signatures: Option<Signatures>,
}

/// Why an artifact is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Role {
    /// The manifest asked for it.
    Image,
    /// Its manifest names its subject.
    Referrer,
    /// The index that lists referrers under the tag `sha256-<hex>`, where the registry has no referrers API.
    ReferrersTag,
    /// A tag of cosign: `sha256-<hex>.sig`, `.att` or `.sbom`.
    CosignTag,
}

/// A child of an index that is not carried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Missing {
    /// Its digest.
    pub digest: String,
    /// Its platform, where the index tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
}

/// What was found around an image and its platforms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Signatures {
    /// Tags of cosign.
    pub cosign: State,
    /// Referrers: how many, or why none.
    pub referrers: Referrers,
}

/// The outcome of looking for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    /// Found, and among the artifacts.
    Carried,
    /// Looked for, and not there.
    Absent,
    /// The section says not to look.
    NotLookedFor,
    /// The registry has no way to tell.
    Unsupported,
}

/// The outcome of looking for referrers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Referrers {
    /// How many are among the artifacts.
    Carried(u32),
    /// Why none is.
    None(State),
}

#[cfg(feature = "upstream")]
impl Signatures {
    /// The outcome of the section that looked; two that looked must have found the same.
    fn united(self, other: Self) -> Option<Self> {
        const UNASKED: Referrers = Referrers::None(State::NotLookedFor);
        let cosign = match (self.cosign, other.cosign) {
            (State::NotLookedFor, found) | (found, State::NotLookedFor) => found,
            (first, second) => (first == second).then_some(first)?,
        };
        let referrers = match (self.referrers, other.referrers) {
            (UNASKED, found) | (found, UNASKED) => found,
            (first, second) => (first == second).then_some(first)?,
        };
        Some(Self { cosign, referrers })
    }
}

impl Meta {
    /// The payload of an artifact, checked against the artifact itself.
    pub(super) fn of(artifact: &Artifact) -> Result<Self> {
        let wrong = |why: &str| Error::verification(format!("{}: its entry in the lock is refused: {why}", artifact.label()));
        let meta = Self::deserialize(&artifact.meta).map_err(|e| wrong("it is not that of an image").because(&e))?;
        let root: Digest = meta.root.parse().map_err(|e: Error| wrong("its digest").because(&e))?;
        let first = artifact.descriptors.first().ok_or_else(|| wrong("it has no manifest"))?;
        if first.digest != root || first.media_type != meta.media_type || !is_manifest(&meta.media_type) {
            return Err(wrong("its first blob is not its manifest").with("expected", root).with("found", first.digest));
        }
        let version = meta.tag.as_deref().unwrap_or(&meta.root);
        if meta.repository != artifact.name || version != artifact.version {
            return Err(wrong("name and tag disagree").with("found", format!("{} {version}", meta.repository)));
        }
        if meta.missing.len() > MOST || meta.platforms.len() > MOST {
            return Err(wrong("it lists too many children"));
        }
        Ok(meta)
    }

    /// What two sections know together that carry different platforms of one image, or of which only one looked for signatures; or a
    /// section that asks for a referrer of one of its own images.
    #[cfg(feature = "upstream")]
    pub(super) fn united(mut self, mut other: Self) -> Option<Self> {
        self.platforms.append(&mut other.platforms);
        self.platforms.sort();
        self.platforms.dedup();
        // Missing is what neither section carries.
        self.missing.retain(|child| other.missing.contains(child));
        self.signatures = match (self.signatures, other.signatures) {
            (Some(first), Some(second)) => Some(first.united(second)?),
            (first, second) => first.or(second),
        };
        // What was asked for by name and was found around an image as well is there because it was asked for.
        match (self.role, other.role) {
            (Role::Image, Role::Referrer) => other.role = Role::Image,
            (Role::Referrer, Role::Image) => self.role = Role::Image,
            _ => {}
        }
        let rest = |meta: &Self| (meta.repository.clone(), meta.role, meta.tag.clone(), meta.root.clone(), meta.artifact_type.clone());
        let same = rest(&self) == (other.repository, other.role, other.tag, other.root, other.artifact_type);
        (same && self.media_type == other.media_type).then_some(self)
    }

    /// The payload as it stands in the lock.
    pub(super) fn to_value(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("the payload has string keys only")
    }
}
