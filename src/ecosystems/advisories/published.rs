//! Databases of other scanners → artifacts: the very bytes that their publishers serve, by the digests that they tell, with the time they
//! say they are of.

use super::database::{LAYERS, LISTING, LONGEST_LISTING, Listing, updated};
use super::lock::{Downloaded, MOST_ARCHIVE, address};
use super::meta::{Kind, Meta};
use crate::advisories::MOST_AHEAD;
use crate::artifact::{Artifact, Descriptor, Digest, Learned, SideDigests, is_loopback_host};
use crate::ecosystems::LockRequest;
use crate::error::{Error, Result};
use crate::server::oci::{Document, Entry, Shape};
use crate::upstream::oci::{Found, Reference, Repository};
use crate::upstream::{learned_path, shown};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

/// A database of trivy in a registry, by its tag.
pub(super) async fn trivy(text: &str, request: &LockRequest<'_>) -> Result<Artifact> {
    locked_trivy(text, request).await.map_err(|error| error.about(text))
}

async fn locked_trivy(text: &str, request: &LockRequest<'_>) -> Result<Artifact> {
    let reference = Reference::parse(text)?;
    let Some(tag) = &reference.tag else {
        return Err(Error::usage("trivy asks for its databases by tag").hint("name it with its tag: ghcr.io/aquasecurity/trivy-db:2"));
    };
    // Stock clients do the same on loopback.
    let bare = reference.registry.split(':').next().unwrap_or_default();
    let plain: Vec<String> = is_loopback_host(bare).then(|| reference.registry.clone()).into_iter().collect();
    let repository = Repository::new(request.upstream, &reference.registry, &reference.repository, &[], &plain)?;
    let root = repository.manifest(&reference.wanted()).await?;
    let (parts, layer) = parts(&root)?;
    let pinned = if reference.digest.is_some() { Learned::Pinned } else { Learned::Upstream };
    let origins = repository.origins("manifests", &root.digest);
    let mut descriptors = vec![descriptor(&root.media_type, root.digest, root.bytes.len() as u64, origins, pinned)];
    let mut seen = BTreeSet::from([root.digest]);
    for part in parts.iter().filter(|part| seen.insert(part.digest)) {
        let origins = repository.origins("blobs", &part.digest);
        descriptors.push(descriptor(&part.media_type, part.digest, part.size, origins, Learned::Upstream));
    }
    let database = descriptors.iter().find(|blob| blob.digest == layer).expect("its layer is one of its parts");
    let sums = request.upstream.learn_blob(database, request.cache, request.progress).await?;
    let (label, size) = (text.to_owned(), sums.size);
    let file = open(request, &sums.sha256)?;
    let reading = tokio::task::spawn_blocking(move || updated(&label, &mut Downloaded(file, size)));
    let time = reading.await.map_err(|e| Error::failed("the database could not be read").because(&e))??;
    artifact(format!("trivy/{}:{tag}", reference.name()), Kind::Trivy, time, descriptors, request)
}

/// Configuration and layers of the manifest of a database, and the digest of the layer that is the database.
fn parts(root: &Found) -> Result<(Vec<Entry>, Digest)> {
    let wrong = |why: &str| Error::verification(format!("it is not a database of trivy: {why}"));
    let document = Document::parse(&root.bytes, &root.media_type)?;
    let Shape::Manifest { config, layers } = document.shape else {
        return Err(wrong("it is an index").with("expected", "a manifest").with("found", &root.media_type));
    };
    let databases: Vec<Digest> = layers.iter().filter(|layer| LAYERS.contains(&&*layer.media_type)).map(|layer| layer.digest).collect();
    let [digest] = databases[..] else {
        let found = layers.iter().map(|layer| format!("{:.100}", layer.media_type)).take(4).collect::<Vec<_>>().join(", ");
        return Err(wrong("it has not one layer of one").with("expected", LAYERS.join(" or ")).with("found", found));
    };
    Ok((std::iter::once(*config).chain(layers).collect(), digest))
}

/// The newest database of grype, by its publisher's listing; with a note where the publisher does not go on with it.
pub(super) async fn grype(text: &str, request: &LockRequest<'_>) -> Result<(Artifact, Option<String>)> {
    let url = address(text)?;
    if Path::new(url.path()).extension().is_none_or(|ending| ending != "json") {
        let error = Error::usage("`grype` names no listing").with("found", format!("{text:.200}"));
        return Err(error.hint(format!("name the file itself, such as …/databases/v6/{LISTING}")));
    }
    let listed = request.upstream.learn(&url, request.cache, LONGEST_LISTING).await?;
    let path = learned_path(request.cache, &listed.sha256);
    let bytes = std::fs::read(&path).map_err(|e| Error::io(format!("{} cannot be read", path.display()), &e))?;
    let listing = Listing::read(&shown(&url), &bytes)?;
    let mut beside = url.clone();
    let segments = beside.path_segments_mut();
    segments.map_err(|()| Error::usage(format!("{text:.200} has no path")))?.pop().push(&listing.file);
    let archive = request.upstream.learn_shown(&beside, request.cache, MOST_ARCHIVE, request.progress).await?;
    if archive.sha256 != listing.checksum {
        let error = Error::verification(format!("{}: it is not what its listing says", shown(&beside)));
        let error = error.with("expected", listing.checksum).with("found", archive.sha256);
        return Err(error.hint("the publisher may be in the middle of an update: lock again in a while"));
    }
    let named = |name: &str, blob: Descriptor| Descriptor { name: Some(name.to_owned()), ..blob };
    let (index, packed) = ("application/json", "application/octet-stream");
    let index = descriptor(index, listed.sha256, listed.size, vec![url.to_string()], Learned::Downloaded);
    let packed = descriptor(packed, archive.sha256, archive.size, vec![beside.to_string()], Learned::Upstream);
    let descriptors = vec![named(LISTING, index), named(&listing.file, packed)];
    let ended = ["deprecated", "eol"].contains(&&*listing.status);
    let note = ended.then(|| format!("grype's publisher calls the databases of model {} {}", listing.model, listing.status));
    Ok((artifact(format!("grype/{}", listing.model), Kind::Grype, listing.built, descriptors, request)?, note))
}

fn descriptor(media_type: &str, digest: Digest, size: u64, origins: Vec<String>, learned: Learned) -> Descriptor {
    Descriptor { media_type: media_type.to_owned(), digest, size, name: None, origins, learned, side_digests: SideDigests::new() }
}

fn artifact(name: String, kind: Kind, time: Timestamp, descriptors: Vec<Descriptor>, request: &LockRequest<'_>) -> Result<Artifact> {
    if time.duration_since(request.now) > MOST_AHEAD {
        let error = Error::verification(format!("{name}: it says it is from the future, and would keep every later one out"));
        let error = error.with("expected", format!("no later than {}", request.now)).with("found", time);
        return Err(error.hint("set this host's clock, or take it anew where it is right"));
    }
    let meta = Meta { kind, ecosystem: None, time, only: None };
    Ok(Artifact {
        ecosystem: "advisories".to_owned(),
        sections: vec![request.section.name.clone()],
        name,
        version: time.to_string(),
        descriptors,
        subject: None,
        meta: serde_json::to_value(meta).expect("words and a time can always be written"),
    })
}

fn open(request: &LockRequest<'_>, digest: &Digest) -> Result<File> {
    let path = learned_path(request.cache, digest);
    File::open(&path).map_err(|e| Error::io(format!("{} cannot be read", path.display()), &e))
}
