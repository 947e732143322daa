//! The room's payload in the lock: which chart of which repository, what `Chart.yaml` says, and the images it was found to use.

use super::section::is_chart_name;
use crate::artifact::{Artifact, Descriptor, Digest};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Most entries of any list that is read.
const MOST: usize = 10_000;
/// Longest `Chart.yaml`, as JSON, in bytes.
const MOST_METADATA_BYTES: usize = 1 << 20;

/// The archive of a chart, as registries call it.
pub(super) const CHART: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
/// The same before Helm 3.7.
pub(super) const LEGACY_CHART: &str = "application/tar+gzip";
/// Its provenance file.
pub(super) const PROVENANCE: &str = "application/vnd.cncf.helm.chart.provenance.v1.prov";
/// `Chart.yaml` as JSON.
pub(super) const CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";
/// A manifest (OCI image specification 1.1).
pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// An index of manifests.
pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// `meta` of an artifact of this room.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Meta {
    /// The repository as it is served: host and path. The artifact's name is this, a slash, and the chart's name.
    pub repository: String,
    /// The repository's own address.
    pub source: String,
    /// `Chart.yaml` as JSON.
    pub chart: Value,
    /// When the index says the version was added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// The manifest or index that the registry's tag names, for a chart of a registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// Charts that it needs and that are not in its archive.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<Dependency>,
    /// Charts that lie in its archive.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vendored: Vec<Vendored>,
    /// The images that were found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,
    /// What could not be rendered or read while images were looked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<String>,
    /// Values that make the chart pull from the mirror.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirects: Vec<Redirect>,
    /// Values that must be true for that: charts that otherwise refuse images of another registry than their publisher's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub switches: Vec<Vec<String>>,
}

/// A chart that another one needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Dependency {
    /// The repository as it is served.
    pub repository: String,
    /// Its own address.
    pub source: String,
    /// The chart.
    pub name: String,
    /// The version that was chosen.
    pub version: String,
}

/// A chart that lies in the archive of another one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Vendored {
    /// The chart.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// An image that a chart was found to use.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Image {
    /// The reference in its full form.
    pub reference: String,
    /// How it was found, such as `rendered: default, k8s 1.31, templates/deploy.yaml`.
    pub found: Vec<String>,
    /// Whether it is carried.
    pub carried: bool,
    /// Whether `redirects` make the chart pull it from the mirror; absent where no rendered document names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirected: Option<bool>,
}

/// A value that is set to make a chart pull from the mirror.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Redirect {
    /// The keys that lead to it.
    pub path: Vec<String>,
    /// What comes after the mirror's own name and a slash.
    pub value: String,
}

impl Meta {
    /// The payload of an artifact, checked against the artifact itself.
    pub(super) fn of(artifact: &Artifact) -> Result<Self> {
        let wrong = |why: &str| Error::verification(format!("{}: its entry in the lock is refused: {why}", artifact.label()));
        let meta = Self::deserialize(&artifact.meta).map_err(|e| wrong("it is not that of a chart").because(&e))?;
        let name = meta.text("name").unwrap_or_default();
        if !is_chart_name(name) || artifact.name != format!("{}/{name}", meta.repository) {
            return Err(wrong("repository and name disagree").with("found", format!("{:.100} {name:.100}", meta.repository)));
        }
        if !meta.repository.split('/').all(super::place::is_component) {
            return Err(wrong("the repository's name is malformed"));
        }
        if meta.text("version") != Some(&artifact.version) || !is_version(&artifact.version) {
            return Err(wrong("the version is not that of `Chart.yaml`, or malformed"));
        }
        let lists = [meta.dependencies.len(), meta.vendored.len(), meta.images.len(), meta.failures.len(), meta.redirects.len()];
        if lists.into_iter().any(|length| length > MOST) || meta.chart.to_string().len() > MOST_METADATA_BYTES {
            return Err(wrong("it lists too much"));
        }
        if meta.redirects.iter().any(|redirect| redirect.path.is_empty() || redirect.path.len() > 32) {
            return Err(wrong("a value that it sets has no name"));
        }
        match artifact.descriptors.first().and_then(|archive| archive.name.as_deref()) {
            Some(file) if is_file_name(file) => {}
            _ => return Err(wrong("its archive has no name")),
        }
        if let Some(root) = &meta.root
            && !artifact.descriptors.iter().any(|blob| blob.digest.to_string() == *root)
        {
            return Err(wrong("the manifest it names is not among its blobs"));
        }
        Ok(meta)
    }

    /// A text of `Chart.yaml`.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.chart.get(key)?.as_str().filter(|text| !text.is_empty())
    }

    /// An annotation of `Chart.yaml`.
    pub(super) fn annotation(&self, key: &str) -> Option<&str> {
        self.chart.get("annotations")?.get(key)?.as_str()
    }

    /// The digest of the manifest that the registry's tag names.
    pub(super) fn root(&self) -> Option<Digest> {
        self.root.as_ref()?.parse().ok()
    }

    /// What two sections know together of one chart.
    #[cfg(feature = "upstream")]
    pub(super) fn united(mut self, other: Self) -> Option<Self> {
        let rest =
            |meta: &Self| (meta.repository.clone(), meta.source.clone(), meta.chart.clone(), meta.created.clone(), meta.root.clone());
        if rest(&self) != rest(&other) {
            return None;
        }
        for image in other.images {
            match self.images.iter_mut().find(|known| known.reference == image.reference) {
                Some(known) => {
                    known.found.extend(image.found);
                    known.found.sort();
                    known.found.dedup();
                    known.carried |= image.carried;
                    // What one way to install the chart does not reach is not reached.
                    known.redirected = match (known.redirected, image.redirected) {
                        (Some(a), Some(b)) => Some(a && b),
                        (a, b) => a.or(b),
                    };
                }
                None => self.images.push(image),
            }
        }
        self.failures.extend(other.failures);
        self.redirects.extend(other.redirects);
        self.dependencies.extend(other.dependencies);
        self.sort();
        Some(self)
    }

    /// The order of the lock.
    #[cfg(feature = "upstream")]
    pub(super) fn sort(&mut self) {
        self.images.sort();
        self.failures.sort();
        self.failures.dedup();
        self.redirects.sort();
        self.redirects.dedup();
        // Of two values for one key the chart could be given only one.
        let mut seen = std::collections::BTreeSet::new();
        self.redirects.retain(|redirect| seen.insert(redirect.path.clone()));
        self.dependencies.sort();
        self.dependencies.dedup();
    }

    /// The payload as it stands in the lock.
    #[cfg(feature = "upstream")]
    pub(super) fn to_value(&self) -> Value {
        serde_json::to_value(self).expect("the payload has string keys only")
    }
}

/// The provenance file among the blobs of a chart.
pub(super) fn provenance(artifact: &Artifact) -> Option<&Descriptor> {
    artifact.descriptors.iter().find(|blob| blob.media_type == PROVENANCE)
}

/// Whether text can be a version: it becomes a part of file names, addresses and tags.
pub(super) fn is_version(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._+".contains(&b))
}

/// Whether text can be the name of an archive.
pub(super) fn is_file_name(text: &str) -> bool {
    text.len() <= 255
        && std::path::Path::new(text).extension().is_some_and(|ending| ending == "tgz")
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._+".contains(&b))
}
