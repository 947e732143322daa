//! The payload of a model that a registry holds: which artifact it is, and what its configuration says of it.

use super::meta::Looked;
use super::words::{text, texts};
use crate::artifact::{Artifact, Digest};
use crate::error::{Error, Result};
use crate::server::oci::is_manifest;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The configuration of a CNCF ModelPack.
const MODEL_PACK: &str = "application/vnd.cncf.model.config.v1+json";
/// The configuration of a KitOps ModelKit.
const MODEL_KIT: &str = "application/vnd.kitops.modelkit.config.v1+json";

/// `meta` of an artifact that a registry holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Carried {
    /// Registry and repository; the artifact's name.
    pub oci: String,
    /// The tag it had, where it was found by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Digest of its manifest: the artifact's first blob.
    pub root: String,
    /// What kind of artifact its manifest says that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Why it is here, where it is not the model but something that stands beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside: Option<Role>,
    /// What its configuration says.
    #[serde(default)]
    pub about: About,
    /// What the beginnings of its files showed, where they were looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked: Option<Looked>,
}

/// What stands beside a model: signatures, attestations, bills of materials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Role {
    /// A tag of cosign's: `sha256-<hex>.sig`, `.att` or `.sbom`.
    CosignTag,
    /// Its manifest names its subject.
    Referrer,
    /// The index that lists referrers under the tag `sha256-<hex>`.
    ReferrersTag,
}

/// What a configuration says of a model.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct About {
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who publishes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// Its licences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub licences: Vec<String>,
    /// Its format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Its architecture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// The number of its parameters, as it is written there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<String>,
    /// What it was made from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub base_models: Vec<String>,
}

impl Carried {
    /// Whether the payload is of this kind.
    pub(super) fn is_of(artifact: &Artifact) -> bool {
        artifact.meta.get("oci").is_some()
    }

    /// The payload of an artifact, checked against the artifact itself.
    pub(super) fn of(artifact: &Artifact) -> Result<Self> {
        let wrong = |why: &str| Error::verification(format!("{}: its entry in the lock is refused: {why}", artifact.label()));
        let meta = Self::deserialize(&artifact.meta).map_err(|e| wrong("it is not that of an artifact of a registry").because(&e))?;
        let root: Digest = meta.root.parse().map_err(|e: Error| wrong("its digest").because(&e))?;
        let first = artifact.descriptors.first().filter(|first| first.digest == root && is_manifest(&first.media_type));
        if first.is_none() {
            return Err(wrong("its first blob is not its manifest").with("expected", root));
        }
        let version = meta.tag.as_deref().unwrap_or(&meta.root);
        if meta.oci != artifact.name || version != artifact.version {
            return Err(wrong("name and tag disagree").with("found", format!("{} {version}", meta.oci)));
        }
        Ok(meta)
    }

    /// What two sections know together, of which one may not have looked at the files.
    #[cfg(feature = "upstream")]
    pub(super) fn united(mut self, mut other: Self) -> Option<Self> {
        let looked = Looked::together(self.looked.take(), other.looked.take());
        (self == other).then_some(Self { looked, ..self })
    }

    /// The payload as it stands in the lock.
    #[cfg(feature = "upstream")]
    pub(super) fn to_value(&self) -> Value {
        serde_json::to_value(self).expect("the payload has string keys only")
    }
}

impl About {
    /// Reads a configuration of one of the kinds that are known; of another, nothing.
    pub(super) fn read(media_type: &str, bytes: &[u8]) -> Self {
        let value: Value = serde_json::from_slice(bytes).unwrap_or_default();
        let word = |path: &str| value.pointer(path).and_then(text);
        let words = |path: &str| value.pointer(path).map(texts).unwrap_or_default();
        match media_type {
            MODEL_PACK => Self {
                title: word("/descriptor/title").or_else(|| word("/descriptor/name")),
                description: word("/descriptor/description"),
                vendor: word("/descriptor/vendor"),
                licences: words("/descriptor/licenses"),
                format: word("/config/format"),
                architecture: word("/config/architecture"),
                parameters: word("/config/paramSize"),
                base_models: vec![],
            },
            MODEL_KIT => Self {
                title: word("/package/name"),
                description: word("/package/description").or_else(|| word("/model/description")),
                vendor: words("/package/authors").into_iter().next(),
                licences: [words("/package/license"), words("/model/license")].concat(),
                format: word("/model/format"),
                architecture: word("/model/framework"),
                parameters: word("/model/parameters"),
                base_models: word("/model/path").filter(|path| looks_like_a_reference(path)).into_iter().collect(),
            },
            // What Docker's model runner pushes.
            _ => Self {
                format: word("/config/format"),
                architecture: word("/config/architecture"),
                parameters: word("/config/parameters"),
                ..Self::default()
            },
        }
    }
}

/// A model kit may be built on another one, which it names in place of a path.
fn looks_like_a_reference(path: &str) -> bool {
    let (host, rest) = path.split_once('/').unwrap_or_default();
    host.contains('.') && !host.starts_with('.') && rest.contains(':')
}
