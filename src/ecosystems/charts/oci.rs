//! Charts in a registry: a manifest whose configuration is `Chart.yaml` and whose layer is the archive.

use super::meta::{CHART, CONFIG, INDEX, LEGACY_CHART, MANIFEST, PROVENANCE, is_file_name};
use super::provenance;
use super::repository::{Archive, At, Listed, MOST_ARCHIVE_BYTES, Repositories};
use crate::artifact::{Artifact, Descriptor, Digest, Learned, SideDigests, is_loopback_host};
use crate::error::{Error, Kind, Result};
use crate::upstream::keep;
use crate::upstream::oci::{Found, Repository};
use crate::upstream::{Body, Failure, Part as RangePart, Upstream};
use serde::Deserialize;
use url::Url;

/// Longest configuration, in bytes.
const MOST_CONFIG_BYTES: usize = 1 << 20;
/// Most children of an index that are looked at, and most layers of a manifest.
const MOST_PARTS: usize = 64;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    config: Part,
    #[serde(default)]
    layers: Vec<Part>,
}

#[derive(Debug, Deserialize)]
struct Index {
    #[serde(default)]
    manifests: Vec<Part>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    media_type: String,
    digest: String,
    size: u64,
}

fn open<'a>(from: &'a Repositories<'_>, host: &str, path: &str, chart: &str) -> Result<Repository<'a>> {
    let name = [path, chart].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
    if !name.split('/').all(super::place::is_component) {
        return Err(
            Error::usage(format!("{chart}: no registry can have a chart of that name")).with("expected", "lower-case letters and digits")
        );
    }
    // Stock clients do the same on loopback.
    let bare = host.split(':').next().unwrap_or(host);
    let mut plain = from.plain_http.clone();
    plain.extend(is_loopback_host(bare).then(|| host.to_owned()));
    Repository::new(from.request.upstream, host, &name, &[], &plain)
}

/// The versions of a chart by its tags; only the exact one where one is meant. `None` when there is no such repository.
pub(super) async fn versions(
    from: &Repositories<'_>,
    host: &str,
    path: &str,
    chart: &str,
    exact: Option<&str>,
) -> Result<Option<Vec<Listed>>> {
    let repository = open(from, host, path, chart)?;
    let listed = |tag: String| Listed { version: tag.replace('_', "+"), at: At::Tag(tag) };
    if let Some(exact) = exact {
        let tag = super::registry::tag(exact);
        if repository.find_manifest(&tag).await?.is_some() {
            return Ok(Some(vec![listed(tag)]));
        }
    }
    Ok(repository.tags().await?.map(|tags| tags.into_iter().map(listed).collect()))
}

/// The archive under a tag, with the manifests that lead to it as they are.
pub(super) async fn archive(
    from: &Repositories<'_>,
    host: &str,
    path: &str,
    chart: &str,
    tag: &str,
    pinned: Option<Digest>,
) -> Result<Archive> {
    let repository = open(from, host, path, chart)?;
    let root = repository.manifest(tag).await?;
    let mut manifests = vec![root.clone()];
    let manifest = match &*root.media_type {
        INDEX => {
            let (found, manifest) = child(&repository, &root).await?;
            manifests.push(found);
            manifest
        }
        MANIFEST => read(&root)?,
        other => return Err(strange("it is no chart").with("media type", format!("{other:.100}"))),
    };
    let chart_layers: Vec<&Part> = manifest.layers.iter().filter(|l| matches!(&*l.media_type, CHART | LEGACY_CHART)).collect();
    let [layer] = chart_layers[..] else {
        return Err(strange("it is no chart").with("expected", format!("one layer of {CHART}")).with("found", chart_layers.len()));
    };
    if manifest.config.media_type != CONFIG || manifest.layers.len() > MOST_PARTS || layer.size > MOST_ARCHIVE_BYTES {
        return Err(strange("it is no chart, or too large").with("configuration", format!("{:.100}", manifest.config.media_type)));
    }
    let bytes = blob(&repository, layer, MOST_ARCHIVE_BYTES as usize).await?;
    let digest = Digest::of(&bytes);
    if let Some(pinned) = pinned.filter(|pinned| *pinned != digest) {
        let error = Error::verification("the archive is not what it should be").with("expected", pinned).with("found", digest);
        return Err(error.hint("`sha256` or the index names another archive: ask whoever publishes the chart"));
    }
    let cache = from.request.cache;
    keep(cache, &digest, &bytes)?;
    // `Chart.yaml` says name and version; the lock checks them before it takes this file name.
    let file = Some(format!("{chart}-{}.tgz", tag.replace('_', "+"))).filter(|file| is_file_name(file));
    let file = file.ok_or_else(|| strange("its tag is no version").with("found", format!("{tag:.128}")))?;
    let learned = if pinned.is_some() { Learned::Pinned } else { Learned::Upstream };
    let mut blobs = vec![descriptor(&repository, CHART, layer, digest, Some(file.clone()), learned)];
    for part in std::iter::once(&manifest.config).chain(&manifest.layers).filter(|part| part.digest != layer.digest) {
        let content = blob(&repository, part, MOST_CONFIG_BYTES).await?;
        let found = Digest::of(&content);
        keep(cache, &found, &content)?;
        let is_provenance = part.media_type == PROVENANCE;
        if is_provenance {
            // One that speaks of another file name is carried too: the manifest lists it.
            let _ = provenance::check(&content, &file, digest)?;
        }
        let name = is_provenance.then(|| format!("{file}.prov"));
        blobs.push(descriptor(&repository, &part.media_type, part, found, name, Learned::Upstream));
    }
    let unproven = (!manifest.layers.iter().any(|l| l.media_type == PROVENANCE)).then(|| "no provenance file".to_owned());
    for found in &manifests {
        keep(cache, &found.digest, &found.bytes)?;
        let (media_type, size) = (found.media_type.clone(), found.bytes.len() as u64);
        let origins = repository.origins("manifests", &found.digest);
        let side_digests = SideDigests::new();
        blobs.push(Descriptor { media_type, digest: found.digest, size, name: None, origins, learned: Learned::Upstream, side_digests });
    }
    Ok(Archive { bytes, blobs, created: None, root: Some(root.digest), unproven, notes: vec![] })
}

/// The manifest of a chart within an index.
async fn child(repository: &Repository<'_>, root: &Found) -> Result<(Found, Manifest)> {
    let index: Index = serde_json::from_slice(&root.bytes).map_err(|e| strange("its index cannot be read").because(&e))?;
    for part in index.manifests.iter().take(MOST_PARTS).filter(|part| part.media_type == MANIFEST) {
        let digest: Digest = part.digest.parse().map_err(|e: Error| e.of_kind(Kind::Upstream))?;
        let found = repository.manifest(&digest.to_string()).await?;
        if let Ok(manifest) = read(&found)
            && manifest.config.media_type == CONFIG
        {
            return Ok((found, manifest));
        }
    }
    Err(strange("its index has no chart"))
}

fn read(found: &Found) -> Result<Manifest> {
    serde_json::from_slice(&found.bytes).map_err(|e| strange("its manifest cannot be read").because(&e))
}

async fn blob(repository: &Repository<'_>, part: &Part, most: usize) -> Result<Vec<u8>> {
    let digest: Digest = part.digest.parse().map_err(|e: Error| e.of_kind(Kind::Upstream).about("a part of the manifest"))?;
    let found = repository.small_blob(&digest, most).await?;
    if found.bytes.len() as u64 != part.size {
        let error = Error::verification(format!("{digest}: it is not as long as the manifest says"));
        return Err(error.with("expected", part.size).with("found", found.bytes.len()));
    }
    Ok(found.bytes)
}

fn descriptor(
    repository: &Repository<'_>,
    media_type: &str,
    part: &Part,
    digest: Digest,
    name: Option<String>,
    learned: Learned,
) -> Descriptor {
    let origins = repository.origins("blobs", &digest);
    Descriptor { media_type: media_type.to_owned(), digest, size: part.size, name, origins, learned, side_digests: SideDigests::new() }
}

fn strange(why: &str) -> Error {
    Error::new(Kind::Upstream, format!("what the registry has is refused: {why}"))
}

/// The bytes of a blob from one of its origins: of what came from a registry, as registries give it.
pub(super) async fn fetch(
    artifact: &Artifact,
    blob: &Descriptor,
    origin: &str,
    part: &RangePart,
    upstream: &Upstream,
) -> std::result::Result<Body, Failure> {
    if artifact.meta.get("root").is_some() {
        return crate::upstream::oci::fetch(upstream, blob, origin, part).await;
    }
    let url = Url::parse(origin).map_err(|e| Failure::permanent(Error::failed(format!("{origin:.200}: not a URL")).because(&e)))?;
    upstream.get(&url, part).await
}
