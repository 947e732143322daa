//! What the inventory says of an image: what it declares, its platforms, and what lies inside each.

use super::describe::{describe, encode};
use super::inside;
use super::meta::{Meta, Role};
use crate::artifact::{Artifact, Blobs, Completeness, Digest};
use crate::error::Result;
use crate::publisher::{DSSE_ENVELOPE, SIMPLE_SIGNING};
use crate::report::{Class, Component, Examined, Inside};
use crate::server::oci::{Document, Platform, Shape, is_manifest, read};
use std::collections::BTreeMap;

/// Most platforms of one image that are looked into.
const MOST_PLATFORMS: usize = 64;

/// The layers that cosign makes: signatures, attestations, bills of materials.
const STATEMENTS: [&str; 7] = [
    SIMPLE_SIGNING,
    DSSE_ENVELOPE,
    "application/vnd.cyclonedx+json",
    "application/vnd.cyclonedx+xml",
    "application/vnd.syft+json",
    "text/spdx",
    "text/spdx+json",
];

/// The component of an artifact of this room.
pub(super) fn examine(artifact: &Artifact, blobs: &dyn Blobs) -> Result<Component> {
    let meta = Meta::of(artifact)?;
    let mut component = Component::of(artifact, describe(artifact, blobs)?);
    // What stands beside an image, such as a signature, needs nothing and holds nothing that runs.
    component.class = if meta.role == Role::Image { Class::Container } else { Class::Data };
    if !super::super::is_here(artifact, blobs)? {
        return Ok(component);
    }
    let documents = documents(artifact, blobs);
    let Some(root) = artifact.descriptors.first().and_then(|blob| documents.get(&blob.digest)) else {
        component.examined = Examined::Unreadable("its manifest cannot be read".to_owned());
        return Ok(component);
    };
    component.examined = Examined::Opaque;
    match &root.shape {
        Shape::Index(_) if meta.role == Role::Image => component.inside = Some(platforms(artifact, &meta, &documents, blobs)?),
        Shape::Manifest { .. } if meta.role != Role::Image && is_statement(root) => {}
        Shape::Manifest { .. } => component.inside = platform(root, blobs)?,
        Shape::Index(_) => {}
    }
    if component.inside.is_some() {
        component.examined = Examined::Read;
        // An image brings everything it needs but a kernel.
        component.declared = Completeness::Complete;
    }
    Ok(component)
}

/// Whether a manifest only holds what cosign says about another one: it has the configuration of an image, and nothing that could be run.
fn is_statement(document: &Document) -> bool {
    let Shape::Manifest { layers, .. } = &document.shape else { return false };
    !layers.is_empty() && layers.iter().all(|layer| STATEMENTS.contains(&layer.media_type.as_str()))
}

fn documents(artifact: &Artifact, blobs: &dyn Blobs) -> BTreeMap<Digest, Document> {
    let manifests = artifact.descriptors.iter().filter(|blob| is_manifest(&blob.media_type));
    let document = |blob: &crate::artifact::Descriptor| Document::parse(&read(blob.digest, blobs)?, &blob.media_type).ok();
    manifests.filter_map(|blob| Some((blob.digest, document(blob)?))).collect()
}

/// What lies inside one platform; `None` for an artifact that is no image.
fn platform(document: &Document, blobs: &dyn Blobs) -> Result<Option<Inside>> {
    let Shape::Manifest { layers, .. } = &document.shape else { return Ok(None) };
    match document.image_config() {
        Some(_) => inside::look(&layers.iter().collect::<Vec<_>>(), blobs).map(Some),
        None => Ok(None),
    }
}

/// The platforms of an index that are carried, each with what lies inside it.
fn platforms(artifact: &Artifact, meta: &Meta, documents: &BTreeMap<Digest, Document>, blobs: &dyn Blobs) -> Result<Inside> {
    let mut all = Inside { listed: true, ..Inside::default() };
    all.not_assessed =
        meta.missing.iter().map(|m| format!("{} ({}) is not carried", m.digest, m.platform.as_deref().unwrap_or("no platform"))).collect();
    all.not_carried = all.not_assessed.len();
    let entries = documents.values().filter_map(|d| if let Shape::Index(entries) = &d.shape { Some(entries) } else { None }).flatten();
    // What attests something of a platform is none (BuildKit lists it as `unknown/unknown`).
    let entries = entries.filter(|entry| entry.attests.is_none() && !entry.platform.as_ref().is_some_and(Platform::is_unknown));
    for entry in entries {
        let Some(document) = documents.get(&entry.digest) else {
            if artifact.descriptors.iter().any(|blob| blob.digest == entry.digest) {
                all.not_assessed.push(format!("the manifest {} cannot be read", entry.digest));
            }
            continue;
        };
        let Some(inside) = platform(document, blobs)? else { continue };
        if all.components.len() == MOST_PLATFORMS {
            all.not_assessed.push(format!("more than {MOST_PLATFORMS} platforms"));
            break;
        }
        let platform = entry.platform.as_ref().map(ToString::to_string).unwrap_or_default();
        let name = meta.repository.rsplit('/').next().unwrap_or_default();
        let architecture = platform.split('/').nth(1).map(|a| format!("arch={}&", encode(a))).unwrap_or_default();
        all.components.push(Component {
            class: Class::Container,
            name: artifact.name.clone(),
            version: entry.digest.to_string(),
            purl: format!("pkg:oci/{}@{}?{architecture}repository_url={}", encode(name), entry.digest, encode(&meta.repository)),
            declared: Completeness::Complete,
            examined: Examined::Read,
            found_by: artifact.descriptors.first().map(|root| format!("index {}", root.digest)),
            inside: Some(inside),
            properties: [("platform".to_owned(), platform)].into(),
            ..Component::default()
        });
    }
    Ok(all)
}
