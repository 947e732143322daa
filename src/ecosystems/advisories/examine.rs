//! What can be said of advisories, with and without their bytes.

use super::database::Listing;
use super::meta::{Kind, Meta};
use crate::advisories::vex::{LONGEST_DOCUMENT, read_cyclonedx, read_openvex};
use crate::advisories::{Builder, Ranking};
use crate::artifact::{Artifact, BlobRead, Blobs, Description, percent_encoded as encoded};
use crate::ecosystems::is_here;
use crate::error::{Error, Result};
use crate::report::{Class, Component, Examined};
use std::io::Read;

pub(super) fn describe(artifact: &Artifact) -> Description {
    let digest = artifact.descriptors.first().map(|blob| format!("?checksum=sha256:{}", blob.digest.hex())).unwrap_or_default();
    let name = encoded(&artifact.name.replace('/', "-"));
    Description {
        purl: format!("pkg:generic/advisories-{name}@{}{digest}", encoded(&artifact.version)),
        summary: Some("What is known to be wrong with packages".to_owned()),
        origins: artifact.descriptors.iter().flat_map(|blob| blob.origins.clone()).collect(),
        ..Description::default()
    }
}

pub(super) fn examine(artifact: &Artifact, blobs: &dyn Blobs) -> Result<Component> {
    let meta = Meta::of(artifact)?;
    let mut component = Component { class: Class::Data, ..Component::of(artifact, describe(artifact)) };
    if matches!(meta.kind, Kind::Trivy | Kind::Grype) {
        return database(artifact, &meta, component, blobs);
    }
    let Some(mut bytes) = blobs.open(&artifact.descriptors[0].digest)? else { return Ok(component) };
    match read(&artifact.label(), &meta, &mut *bytes) {
        Ok(entries) => {
            component.examined = Examined::Read;
            component.properties.insert("entries".to_owned(), entries.to_string());
        }
        Err(error) => component.examined = Examined::Unreadable(error.message().to_owned()),
    }
    Ok(component)
}

/// A database of another program is not looked into; what stands beside it is read.
fn database(artifact: &Artifact, meta: &Meta, mut component: Component, blobs: &dyn Blobs) -> Result<Component> {
    if !is_here(artifact, blobs)? {
        return Ok(component);
    }
    component.examined = Examined::Opaque;
    let Some(mut bytes) = blobs.open(&artifact.descriptors[0].digest)?.filter(|_| meta.kind == Kind::Grype) else { return Ok(component) };
    let label = artifact.label();
    let archive = &artifact.descriptors[1];
    let said = whole(&label, &mut *bytes).and_then(|bytes| Listing::read(&label, &bytes));
    match said {
        Ok(said) if said.built == meta.time && said.checksum == archive.digest && Some(&said.file) == archive.name.as_ref() => {}
        Ok(_) => component.examined = Examined::Unreadable("its listing names another archive, or another time".to_owned()),
        Err(error) => component.examined = Examined::Unreadable(error.message().to_owned()),
    }
    Ok(component)
}

/// Reads a blob as what it should be; how many entries it has.
pub(super) fn read(label: &str, meta: &Meta, bytes: &mut dyn BlobRead) -> Result<usize> {
    if let (Kind::Osv, Some(ecosystem)) = (meta.kind, &meta.ecosystem) {
        let mut builder = Builder::new();
        match &meta.only {
            None => builder.archive(ecosystem, Some(meta.time), label, bytes)?,
            Some(only) => builder.filtered(ecosystem, Some(meta.time), &only.iter().cloned().collect(), label, bytes)?,
        }
        return Ok(builder.finish().taken().get(ecosystem).map_or(0, |taken| taken.records));
    }
    let mut ranking = Ranking::default();
    match meta.kind {
        Kind::Likelihood => ranking.read_likelihood(bytes)?,
        Kind::Exploited => ranking.read_exploited(&whole(label, bytes)?, Some(meta.time))?,
        _ => return statements(label, &whole(label, bytes)?),
    }
    Ok(ranking.entries())
}

/// OpenVEX, or else CycloneDX.
fn statements(label: &str, bytes: &[u8]) -> Result<usize> {
    read_openvex(label, bytes).map(|statements| statements.len()).or_else(|error| {
        let said = read_cyclonedx(label, bytes);
        said.map(|said| said.statements.len()).map_err(|other| error.because(&other))
    })
}

fn whole(label: &str, bytes: &mut dyn BlobRead) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    bytes.take(LONGEST_DOCUMENT as u64 + 1).read_to_end(&mut all).map_err(|e| Error::io(format!("{label} cannot be read"), &e))?;
    Ok(all)
}
