//! Whether a chart's provenance file is by a key that a policy names, and of this archive.

use super::meta::{Meta, provenance};
use super::provenance::{MOST_PROVENANCE_BYTES, named};
use crate::artifact::{Artifact, BlobRead, Blobs, Digest};
use crate::error::{Error, Result};
use crate::publisher::{By, Carried, Kind, Looked, Scheme, UpstreamKey, Verdict, Worth};
use std::io::Read;

/// The provenance file of a chart, and what the keys say of it.
pub(super) fn look(artifact: &Artifact, all: &[&UpstreamKey], blobs: &dyn Blobs) -> Result<Looked> {
    let keys: Vec<&UpstreamKey> = all.iter().copied().filter(|key| key.kind() == Kind::OpenPgp).collect();
    if let Err(error) = Meta::of(artifact) {
        return Ok(Looked::nothing(error.message()));
    }
    let none = (keys.is_empty() && !all.is_empty()).then(|| format!("none of kind {} is, which is what signs it", Kind::OpenPgp.word()));
    let Some(descriptor) = provenance(artifact) else {
        return Ok(Looked::nothing(none.unwrap_or_else(|| "no provenance file is carried".to_owned())));
    };
    let worth = match blobs.open(&descriptor.digest)? {
        None => Worth::NotHere("its provenance file is not here".to_owned()),
        Some(blob) => {
            let bytes = bytes(blob, artifact)?;
            let right = bytes.len() <= MOST_PROVENANCE_BYTES && Digest::of(&bytes) == descriptor.digest;
            Worth::judged(&keys, || {
                if right {
                    judge(&keys, &bytes, artifact)
                } else {
                    Err("its provenance file is too long, or other bytes than the lock says".to_owned())
                }
            })
        }
    };
    let signature = Carried { scheme: Scheme::ClearSigned, blobs: vec![descriptor.digest], at: 0, verdict: Verdict::signature(worth) };
    Ok(Looked { signatures: vec![signature], none, ..Looked::default() })
}

/// At most one byte more than is read of a provenance file.
fn bytes(blob: Box<dyn BlobRead>, artifact: &Artifact) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = blob.take(MOST_PROVENANCE_BYTES as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|e| Error::io(format!("the provenance file of {} cannot be read", artifact.label()), &e))?;
    Ok(bytes)
}

/// Which of the keys signed that this archive is theirs; else, why none did.
fn judge(keys: &[&UpstreamKey], provenance: &[u8], artifact: &Artifact) -> std::result::Result<By, String> {
    let mut why = Vec::new();
    for key in keys {
        match one(key, provenance, artifact) {
            Ok(by) => return Ok(by),
            Err(reason) => why.push(reason),
        }
    }
    Err(why.join("; "))
}

fn one(key: &UpstreamKey, provenance: &[u8], artifact: &Artifact) -> std::result::Result<By, String> {
    let archive = &artifact.descriptors[0];
    let file = archive.name.as_deref().unwrap_or_default();
    let (lines, by) = key.signed_lines(provenance).map_err(|why| format!("not by {}: {why}", key.label()))?;
    // Only what was signed is read.
    match named(lines.iter().map(String::as_str), file).map_err(|error| format!("by {by}, but {}", error.message()))? {
        Some(digest) if digest == archive.digest => Ok(by),
        Some(other) => Err(format!("by {by}, but of another content: {other} was signed, this is {}", archive.digest)),
        None => Err(format!("by {by}, but not of a file {file}")),
    }
}
