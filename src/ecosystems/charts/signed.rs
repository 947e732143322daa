//! Whether a chart's provenance file is by a key that a policy names, and of this archive.

use super::meta::{Meta, provenance};
use super::provenance::{MOST_PROVENANCE_BYTES, named};
use crate::artifact::{Artifact, Blobs, Digest};
use crate::error::{Error, Result};
use crate::publisher::{Judgement, Kind, UpstreamKey};
use std::io::Read;

/// What the keys say of a chart.
pub(super) fn judge(artifact: &Artifact, keys: &[&UpstreamKey], blobs: &dyn Blobs) -> Result<Judgement> {
    let missing = |why: &str| Ok(Judgement::Missing(why.to_owned()));
    let keys: Vec<&UpstreamKey> = keys.iter().copied().filter(|key| key.kind() == Kind::OpenPgp).collect();
    if keys.is_empty() {
        return missing(&format!("none of kind {} is, which is what signs it", Kind::OpenPgp.word()));
    }
    if let Err(error) = Meta::of(artifact) {
        return missing(error.message());
    }
    let Some(descriptor) = provenance(artifact) else {
        return missing("no provenance file is carried");
    };
    let Some(blob) = blobs.open(&descriptor.digest)? else {
        return Ok(Judgement::NotHere("its provenance file is not here".to_owned()));
    };
    let mut bytes = Vec::new();
    let read = blob.take(MOST_PROVENANCE_BYTES as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|e| Error::io(format!("the provenance file of {} cannot be read", artifact.label()), &e))?;
    if bytes.len() > MOST_PROVENANCE_BYTES || Digest::of(&bytes) != descriptor.digest {
        return Ok(Judgement::Wrong(vec!["its provenance file is too long, or other bytes than the lock says".to_owned()]));
    }
    let archive = &artifact.descriptors[0];
    let file = archive.name.as_deref().unwrap_or_default();
    Ok(Judgement::of(keys.iter().map(|key| one(key, &bytes, file, archive.digest)).collect()))
}

fn one(key: &UpstreamKey, provenance: &[u8], file: &str, archive: Digest) -> std::result::Result<String, String> {
    let by = key.label();
    let lines = key.signed_lines(provenance).map_err(|why| format!("not by {by}: {why}"))?;
    // Only what was signed is read.
    match named(lines.iter().map(String::as_str), file).map_err(|error| format!("by {by}, but {}", error.message()))? {
        Some(digest) if digest == archive => Ok(by),
        Some(other) => Err(format!("by {by}, but of another content: {other} was signed, this is {archive}")),
        None => Err(format!("by {by}, but not of a file {file}")),
    }
}
