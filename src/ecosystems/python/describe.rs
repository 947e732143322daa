//! What can be said of one file: from the lock alone, and more from the METADATA of a wheel that is at hand.

use super::filename::Kind;
use super::format::Entry;
use super::wheel;
use crate::artifact::{Artifact, Blobs, Completeness, Description, Release, UpstreamSignature, percent_encoded};
use crate::ecosystems::core_metadata::{CoreMetadata, first_line, licences, purl, supplier};
use crate::error::Result;

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
        purl: of_file(entry),
        summary: metadata.one("summary").map(first_line),
        licences: licences(metadata),
        supplier: supplier(metadata),
        dependencies: dependencies
            .into_iter()
            .flatten()
            .filter_map(|d| d.split_once("=="))
            .map(|(name, version)| purl(name, Some(version)))
            .collect(),
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

/// The package URL of a file: its name tells it from the others of the release.
fn of_file(entry: &Entry) -> String {
    format!("{}?file_name={}", purl(&entry.project, Some(&entry.version)), percent_encoded(&entry.filename))
}

/// What the index said of the file.
pub(super) fn release(artifact: &Artifact) -> Release {
    let Ok(entry) = Entry::read(artifact) else { return Release::default() };
    let signature = match entry.provenance {
        Some(_) => UpstreamSignature::Present,
        // Older locks did not look.
        None => UpstreamSignature::Unknown,
    };
    let published = entry.meta.upload_time.and_then(|time| time.parse().ok());
    Release { published, signature }
}
