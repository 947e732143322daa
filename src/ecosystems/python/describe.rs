//! What can be said of one file: from the lock alone, and more from the METADATA of a wheel that is at hand.

use super::core_metadata::CoreMetadata;
use super::filename::Kind;
use super::format::Entry;
use super::wheel;
use crate::artifact::{Artifact, Blobs, Completeness, Description, Licence, percent_encoded};
use crate::error::Result;
use std::fmt::Write;

/// The description of a lock entry of this room. A wheel whose METADATA cannot be read is described from the lock alone: what is
/// wrong with it is for the scanners to say.
pub fn describe(artifact: &Artifact, blobs: &dyn Blobs) -> Result<Description> {
    let entry = Entry::read(artifact)?;
    Ok(describe_with(&entry, &metadata(&entry, blobs)?, artifact))
}

/// The same, once METADATA is read.
pub(super) fn describe_with(entry: &Entry, metadata: &CoreMetadata, artifact: &Artifact) -> Description {
    let dependencies = entry.meta.dependencies.as_ref();
    Description {
        purl: purl(&entry.project, &entry.version, Some(&entry.filename)),
        summary: metadata.one("summary").map(first_line),
        licences: licences(metadata),
        supplier: supplier(metadata),
        dependencies: dependencies.into_iter().flatten().filter_map(|d| d.split_once("==")).map(|(n, v)| purl(n, v, None)).collect(),
        dependencies_known: if dependencies.is_some() { Completeness::Complete } else { Completeness::Unknown },
        origins: artifact.descriptors.iter().flat_map(|d| d.origins.iter().cloned()).collect(),
        properties: std::collections::BTreeMap::default(),
    }
}

fn metadata(entry: &Entry, blobs: &dyn Blobs) -> Result<CoreMetadata> {
    if entry.kind != Kind::Wheel {
        return Ok(CoreMetadata::default());
    }
    let Some(mut blob) = blobs.open(&entry.digest)? else { return Ok(CoreMetadata::default()) };
    Ok(wheel::metadata(&entry.filename, &mut *blob).map(|bytes| CoreMetadata::read(&bytes)).unwrap_or_default())
}

/// The expression where there is one (PEP 639); else what older metadata says, each with its source.
pub(super) fn licences(metadata: &CoreMetadata) -> Vec<Licence> {
    let licence = |text: &str, source: &str| Licence { expression: text.to_owned(), source: format!("METADATA {source}") };
    if let Some(expression) = metadata.one("license-expression") {
        return vec![licence(expression, "License-Expression")];
    }
    let classifiers = metadata.all("classifier").filter_map(|c| c.strip_prefix("License :: ").and_then(|c| c.rsplit(" :: ").next()));
    let mut found: Vec<Licence> = classifiers.map(|c| licence(c, "Classifier")).collect();
    found.extend(metadata.one("license").map(|text| licence(&first_line(text), "License")));
    found
}

pub(super) fn supplier(metadata: &CoreMetadata) -> Option<String> {
    let fields = ["author", "author-email", "maintainer", "maintainer-email"];
    fields.into_iter().find_map(|field| metadata.one(field)).map(first_line)
}

/// A licence text may stand where a name should: its first line tells which.
pub(super) fn first_line(text: &str) -> String {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
    line[..line.floor_char_boundary(300)].to_owned()
}

/// The package URL (ECMA-427, type `pypi`).
pub fn purl(name: &str, version: &str, filename: Option<&str>) -> String {
    let mut out = format!("pkg:pypi/{}@{}", percent_encoded(name), percent_encoded(version));
    if let Some(filename) = filename {
        let _ = write!(out, "?file_name={}", percent_encoded(filename));
    }
    out
}
