//! What can be said about an image: package URL (ECMA-427, type `oci`), and what its annotations and labels declare.

use super::meta::{Meta, Referrers, Signatures, State};
use crate::artifact::{Artifact, Blobs, Completeness, Description, Licence, Release, UpstreamSignature};
use crate::error::Result;
use crate::server::oci::{Document, Shape, is_manifest, read};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Most manifests that are read for one description.
const MOST_READ: usize = 16;
const LICENCES: &str = "org.opencontainers.image.licenses";

/// Describes an artifact; without its blobs, from the lock alone.
pub(super) fn describe(artifact: &Artifact, blobs: &dyn Blobs) -> Result<Description> {
    let meta = Meta::of(artifact)?;
    let declared = declared(artifact, blobs);
    let first = |key: &str| declared.iter().find_map(|(_, values)| values.get(key)).filter(|v| !v.trim().is_empty());
    let mut licences: Vec<Licence> = Vec::new();
    let stated = declared.iter().filter_map(|(source, values)| Some((source, values.get(LICENCES)?)));
    for (source, expression) in stated.filter(|(_, expression)| !expression.trim().is_empty()) {
        if licences.iter().all(|known| known.expression != *expression) {
            licences.push(Licence { expression: expression.clone(), source: format!("{source} {LICENCES}") });
        }
    }
    let summary = first("org.opencontainers.image.description").or_else(|| first("org.opencontainers.image.title"));
    Ok(Description {
        purl: purl(&meta),
        summary: summary.and_then(|text| text.lines().map(str::trim).find(|line| !line.is_empty())).map(str::to_owned),
        licences,
        supplier: first("org.opencontainers.image.vendor").map(|text| text.trim().to_owned()),
        dependencies: vec![],
        dependencies_known: Completeness::Unknown,
        origins: artifact.descriptors.first().map(|root| root.origins.clone()).unwrap_or_default(),
        properties: BTreeMap::default(),
    })
}

/// `pkg:oci/NAME@sha256:…?repository_url=…&tag=…`; NAME is the last component, qualifiers in alphabetical order.
fn purl(meta: &Meta) -> String {
    let name = meta.repository.rsplit('/').next().unwrap_or_default();
    let architecture = match &meta.platforms[..] {
        [one] => one.split('/').nth(1).map(|architecture| format!("arch={}&", encode(architecture))).unwrap_or_default(),
        _ => String::new(),
    };
    let tag = meta.tag.as_ref().map(|tag| format!("&tag={}", encode(tag))).unwrap_or_default();
    format!("pkg:oci/{}@{}?{architecture}repository_url={}{tag}", encode(name), meta.root, encode(&meta.repository))
}

/// Percent-encodes what a package URL must not hold as it is; the colon stays.
pub(super) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'~' | b':' => out.push(char::from(b)),
            _ => {
                let _ = write!(out, "%{b:02X}");
            }
        }
    }
    out
}

/// Annotations of the manifests and labels of the configurations, the root's first, each with the place it stands in.
fn declared(artifact: &Artifact, blobs: &dyn Blobs) -> Vec<(&'static str, BTreeMap<String, String>)> {
    let (mut annotations, mut labels) = (vec![], vec![]);
    let manifests = artifact.descriptors.iter().filter(|blob| is_manifest(&blob.media_type)).take(MOST_READ);
    for blob in manifests {
        let Some(document) = read(blob.digest, blobs).and_then(|bytes| Document::parse(&bytes, &blob.media_type).ok()) else { continue };
        if let Some(config) = document.image_config() {
            labels.extend(read(config.digest, blobs).and_then(|bytes| label(&bytes)).map(|l| ("configuration label", l)));
        }
        let place = if matches!(document.shape, Shape::Index(_)) { "index annotation" } else { "manifest annotation" };
        annotations.push((place, document.annotations));
    }
    annotations.extend(labels);
    annotations
}

/// The labels of a configuration (OCI image specification 1.1, "Image Configuration", `config.Labels`).
fn label(bytes: &[u8]) -> Option<BTreeMap<String, String>> {
    #[derive(Deserialize)]
    struct Image {
        config: Config,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Config {
        labels: Option<BTreeMap<String, String>>,
    }
    serde_json::from_slice::<Image>(bytes).ok()?.config.labels
}

/// What was found when signatures were looked for. A referrer may be a signature or anything else, so that one says neither.
pub(super) fn release(artifact: &Artifact) -> Release {
    let nothing = |found: Referrers| matches!(found, Referrers::Carried(0) | Referrers::None(State::Absent | State::Unsupported));
    let signature = match Meta::of(artifact).ok().and_then(|meta| meta.signatures) {
        Some(Signatures { cosign: State::Carried, .. }) => UpstreamSignature::Present,
        Some(Signatures { cosign: State::Absent, referrers }) if nothing(referrers) => UpstreamSignature::Absent,
        _ => UpstreamSignature::Unknown,
    };
    Release { signature, ..Release::default() }
}
