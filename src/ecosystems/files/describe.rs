//! What can be said of a plain file: a generic package URL with its checksum.

use crate::artifact::{Artifact, Description, percent_encoded as encoded};

pub(super) fn describe(artifact: &Artifact) -> Description {
    let blob = &artifact.descriptors[0];
    let name = encoded(artifact.name.rsplit('/').next().unwrap_or(&artifact.name));
    let version = if artifact.version == "unversioned" { String::new() } else { format!("@{}", encoded(&artifact.version)) };
    let origin = blob.origins.first().map(|o| format!("&download_url={}", encoded(o))).unwrap_or_default();
    Description {
        purl: format!("pkg:generic/{name}{version}?checksum=sha256:{}{origin}", blob.digest.hex()),
        origins: blob.origins.clone(),
        ..Description::default()
    }
}
