//! Lists of packages that publishers attach, laid beside what was found: of referrers, and of attestations that an image carries.

use crate::artifact::{Artifact, Blobs, Descriptor, Digest};
use crate::error::Result;
use crate::report::{Component, Listed, MAX_LIST_BYTES, named};
use std::collections::BTreeSet;
use std::io::Read;

/// Most lists that are read.
const MOST: usize = 10_000;
/// Media types of what may be a list, alone or in an attestation.
const MAYBE: [&str; 5] = [
    "application/vnd.in-toto+json",
    "application/vnd.dsse.envelope.v1+json",
    "application/vnd.cyclonedx+json",
    "application/spdx+json",
    "text/spdx+json",
];

/// Compares every list among the blobs of some artifacts with the components it is about. What is not here, or no list, says nothing.
pub fn compare(artifacts: &[&Artifact], blobs: &dyn Blobs, components: &mut [Component]) -> Result<()> {
    let mut seen = BTreeSet::new();
    for artifact in artifacts {
        for blob in artifact.descriptors.iter().filter(|blob| may_be_a_list(blob)) {
            if seen.len() >= MOST || !seen.insert((blob.digest, artifact.subject)) {
                continue;
            }
            let Some(listed) = read(blob, blobs)?.as_deref().and_then(Listed::read) else { continue };
            let about: BTreeSet<Digest> = match listed.about.is_empty() {
                true => artifact.subject.into_iter().collect(),
                false => listed.about.iter().copied().collect(),
            };
            for digest in about {
                if let Some(component) = named(components, digest).filter(|component| component.inside.is_some()) {
                    let compared = listed.beside(blob.digest, component);
                    component.compared.push(compared);
                }
            }
        }
    }
    Ok(())
}

fn may_be_a_list(blob: &Descriptor) -> bool {
    let plain = blob.media_type.split(';').next().unwrap_or_default().trim();
    MAYBE.contains(&plain) && blob.size <= MAX_LIST_BYTES
}

/// The bytes of a blob that is here and is what its digest says.
fn read(blob: &Descriptor, blobs: &dyn Blobs) -> Result<Option<Vec<u8>>> {
    let Some(opened) = blobs.open(&blob.digest)? else { return Ok(None) };
    let mut bytes = Vec::new();
    let read = opened.take(blob.size).read_to_end(&mut bytes);
    Ok(read.is_ok().then_some(bytes).filter(|bytes| Digest::of(bytes) == blob.digest))
}
