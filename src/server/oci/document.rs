//! Manifests and indexes: reading them strictly (OCI image specification 1.1, "Image Manifest", "Image Index"; Docker's schema 2).

use super::platform::Platform;
use super::unambiguous;
use crate::artifact::{Blobs, DOCKER_LIST, Digest, MANIFEST_TYPES, MOST_MANIFEST_BYTES};
pub use crate::artifact::{INDEX, MANIFEST};
use crate::error::{Error, Result};
use crate::publisher::{BUNDLE_ANNOTATION, CERTIFICATE_ANNOTATION, SIGNATURE_ANNOTATION};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::io::Read;

/// Most children of an index, and most layers of a manifest.
const MOST_ENTRIES: usize = 10_000;
/// Largest blob, in bytes: 4 TiB.
const LARGEST: u64 = 1 << 42;
const SCHEMA_1: &str = "application/vnd.docker.distribution.manifest.v1+";
/// Configurations that state a platform.
const IMAGE_CONFIGS: [&str; 2] = ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"];

/// A manifest or index that was read and checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// What it holds.
    pub shape: Shape,
    /// The manifest it refers to.
    pub subject: Option<Digest>,
    /// Its kind, where it states one.
    pub artifact_type: Option<String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
}

/// The two shapes there are.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A list of manifests.
    Index(Vec<Entry>),
    /// A configuration and layers.
    Manifest {
        /// The configuration.
        config: Box<Entry>,
        /// The layers, lowest first.
        layers: Vec<Entry>,
    },
}

/// A descriptor within a manifest or index.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Media type.
    pub media_type: String,
    /// SHA-256.
    pub digest: Digest,
    /// Length in bytes.
    pub size: u64,
    /// Platform, in an index.
    pub platform: Option<Platform>,
    /// Whether it names places outside the registry (`urls`: a foreign layer).
    pub foreign: bool,
    /// The manifest a build attestation is about (`BuildKit`).
    pub attests: Option<Digest>,
    /// The signature over it, where it is a payload that cosign signed.
    pub signature: Option<String>,
    /// The certificate and the entry in a log of signatures beside it, where it was signed without a key that stays.
    pub keyless: Option<(String, String)>,
    /// The file it holds, where it says so (`org.cncf.model.filepath`, `org.opencontainers.image.title`).
    pub title: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireDocument {
    schema_version: Option<u64>,
    media_type: Option<String>,
    artifact_type: Option<String>,
    config: Option<WireEntry>,
    layers: Option<Vec<WireEntry>>,
    manifests: Option<Vec<WireEntry>>,
    subject: Option<WireEntry>,
    annotations: Option<BTreeMap<String, String>>,
    fs_layers: Option<IgnoredAny>,
    blobs: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireEntry {
    media_type: String,
    digest: String,
    size: u64,
    platform: Option<WirePlatform>,
    urls: Option<Vec<String>>,
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct WirePlatform {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    variant: String,
}

/// Whether a media type is one of the four manifests that are carried.
pub fn is_manifest(media_type: &str) -> bool {
    MANIFEST_TYPES.contains(&media_type)
}

/// Whether a media type is Docker's schema 1, which is refused.
pub fn is_schema_1(media_type: &str) -> bool {
    media_type.starts_with(SCHEMA_1)
}

/// The bytes of a manifest or configuration, when they are at hand and not too many.
pub fn read(digest: Digest, blobs: &dyn Blobs) -> Option<Vec<u8>> {
    let blob = blobs.open(&digest).ok()??;
    let mut bytes = Vec::new();
    blob.take(MOST_MANIFEST_BYTES as u64 + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() <= MOST_MANIFEST_BYTES && Digest::of(&bytes) == digest).then_some(bytes)
}

impl Document {
    /// Reads the bytes of a manifest that is said to be of a media type.
    pub fn parse(bytes: &[u8], media_type: &str) -> Result<Self> {
        if bytes.len() > MOST_MANIFEST_BYTES {
            return Err(Error::verification("the manifest is too large").with("expected", format!("at most {MOST_MANIFEST_BYTES} bytes")));
        }
        check_type(media_type)?;
        unambiguous::check(bytes)?;
        let unreadable = |e| Error::verification("the manifest does not follow its specification").because(&e);
        let wire: WireDocument = serde_json::from_slice(bytes).map_err(unreadable)?;
        if wire.schema_version == Some(1) || wire.fs_layers.is_some() {
            return Err(schema_1());
        }
        if wire.schema_version != Some(2) {
            let found = wire.schema_version.map_or_else(|| "none".to_owned(), |v| v.to_string());
            return Err(Error::verification("the manifest has an unknown schemaVersion").with("expected", 2).with("found", found));
        }
        if let Some(inner) = wire.media_type.as_deref().filter(|inner| *inner != media_type) {
            let error = Error::verification("the manifest says it is of another media type than it was announced as");
            return Err(error.with("expected", media_type).with("found", format!("{inner:.120}")));
        }
        Self::from_wire(wire, matches!(media_type, INDEX | DOCKER_LIST))
    }

    fn from_wire(wire: WireDocument, index: bool) -> Result<Self> {
        let ambiguous = || {
            Error::verification("the manifest can be read as an image and as an index")
                .with("expected", "either `manifests`, or `config` and `layers`, as its media type says")
        };
        let shape = match (index, wire.manifests, wire.config) {
            (true, manifests, None) if wire.layers.is_none() && wire.blobs.is_none() => Shape::Index(entries(manifests)?),
            (false, None, Some(config)) if wire.blobs.is_none() => {
                let (config, layers) = (Box::new(config.into_domain()?), entries(wire.layers)?);
                if let Some(strange) = layers.iter().chain([&*config]).find(|e| is_manifest(&e.media_type)) {
                    return Err(Error::verification("a layer says it is a manifest").with("found", strange.digest));
                }
                Shape::Manifest { config, layers }
            }
            _ => return Err(ambiguous()),
        };
        wire.artifact_type.as_deref().filter(|t| !t.is_empty()).map_or(Ok(()), check_media_type)?;
        Ok(Self {
            shape,
            subject: wire.subject.map(WireEntry::into_domain).transpose()?.map(|entry| entry.digest),
            artifact_type: wire.artifact_type.filter(|t| !t.is_empty()),
            annotations: wire.annotations.unwrap_or_default(),
        })
    }

    /// The artifact type as the referrers list shows it: its own, else its configuration's media type.
    pub fn kind(&self) -> Option<&str> {
        match (&self.artifact_type, &self.shape) {
            (Some(kind), _) => Some(kind),
            (None, Shape::Manifest { config, .. }) => Some(&config.media_type),
            (None, Shape::Index(_)) => None,
        }
    }

    /// Configuration and layers of a manifest; nothing of an index.
    pub fn parts(&self) -> Vec<&Entry> {
        match &self.shape {
            Shape::Manifest { config, layers } => std::iter::once(&**config).chain(layers).collect(),
            Shape::Index(_) => vec![],
        }
    }

    /// The configuration, when it is one that states a platform and labels.
    pub fn image_config(&self) -> Option<&Entry> {
        match &self.shape {
            Shape::Manifest { config, .. } => Some(&**config).filter(|c| IMAGE_CONFIGS.contains(&c.media_type.as_str())),
            Shape::Index(_) => None,
        }
    }
}

impl WireEntry {
    fn into_domain(self) -> Result<Entry> {
        check_media_type(&self.media_type)?;
        if self.digest.starts_with("sha512:") {
            let error = Error::verification("the manifest names a blob by SHA-512; only SHA-256 is carried");
            return Err(error.with("found", format!("{:.40}…", self.digest)));
        }
        let digest = self.digest.parse().map_err(|e: Error| e.about("the manifest").of_kind(crate::error::Kind::Verification))?;
        if self.size > LARGEST {
            return Err(Error::verification("a blob is too large")
                .with("expected", format!("at most {LARGEST} bytes"))
                .with("found", self.size));
        }
        let said = |key: &str| self.annotations.as_ref().and_then(|a| a.get(key)).cloned();
        let title = said("org.cncf.model.filepath").or_else(|| said("org.opencontainers.image.title"));
        let attests = self.annotations.as_ref().and_then(|a| a.get("vnd.docker.reference.digest")).and_then(|d| d.parse().ok());
        Ok(Entry {
            media_type: self.media_type,
            digest,
            size: self.size,
            platform: self.platform.and_then(|p| Platform::new(&p.os, &p.architecture, &p.variant)),
            foreign: self.urls.is_some_and(|urls| !urls.is_empty()),
            attests,
            signature: said(SIGNATURE_ANNOTATION),
            keyless: said(CERTIFICATE_ANNOTATION).zip(said(BUNDLE_ANNOTATION)),
            title,
        })
    }
}

fn entries(wire: Option<Vec<WireEntry>>) -> Result<Vec<Entry>> {
    let wire = wire.unwrap_or_default();
    if wire.len() > MOST_ENTRIES {
        let error = Error::verification("the manifest lists too many things");
        return Err(error.with("expected", format!("at most {MOST_ENTRIES}")).with("found", wire.len()));
    }
    wire.into_iter().map(WireEntry::into_domain).collect()
}

fn check_type(media_type: &str) -> Result<()> {
    match media_type {
        known if is_manifest(known) => Ok(()),
        old if is_schema_1(old) => Err(schema_1()),
        other => Err(Error::verification("the manifest is of a media type that is not carried")
            .with("expected", "an OCI or Docker schema 2 image, index or manifest list")
            .with("found", if other.is_empty() { "none".to_owned() } else { format!("{other:.120}") })),
    }
}

fn schema_1() -> Error {
    Error::verification("the image is in Docker's schema 1, which current clients refuse")
        .hint("push it again with a current client, then lock the new digest")
}

/// RFC 6838, section 4.2.
fn check_media_type(text: &str) -> Result<()> {
    let word = |w: &str| {
        let first = w.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        first && w.len() <= 127 && w.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    match text.split_once('/') {
        Some((kind, subtype)) if word(kind) && word(subtype) => Ok(()),
        _ => Err(Error::verification("the manifest has a media type that is none").with("found", format!("{text:.120}"))),
    }
}
