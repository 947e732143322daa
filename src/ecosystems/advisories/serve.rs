//! The layout in which stock tools keep advisories, so that what is served can be copied into place.

use super::database::tagged;
use super::meta::{Kind, Meta};
use crate::artifact::{Artifact, Descriptor, Digest, percent_decoded};
use crate::server::oci::{Repository, served_name};
use crate::server::{BlobReply, DocumentReply, blob, document, page, problem};
use crate::store::Shelf;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The folders in which releases of osv-scanner look for `ECOSYSTEM/all.zip`, the newer first.
pub(super) const FOLDERS: [&str; 2] = ["osv-scalibr", "osv-scanner"];

struct Tree {
    shelf: Shelf,
    /// By path; one blob may have several.
    files: BTreeMap<String, Descriptor>,
    /// When each was taken, by its name.
    times: BTreeMap<String, String>,
}

pub(super) fn router(shelf: Shelf) -> Router {
    let (files, times) = files(shelf.artifacts.iter().map(|artifact| &**artifact));
    let tree = Arc::new(Tree { shelf, files, times });
    Router::new().route("/", get(answer)).route("/{*path}", get(answer)).with_state(tree)
}

/// By what the one of two that is served is chosen: the later, and of two of one time always the same.
type Rank = (Timestamp, Digest);

/// What is served at which path, and when each artifact of which something is served was taken.
pub(super) fn files<'a>(artifacts: impl Iterator<Item = &'a Artifact>) -> (BTreeMap<String, Descriptor>, BTreeMap<String, String>) {
    let mut newest: BTreeMap<String, (Rank, &Descriptor)> = BTreeMap::new();
    let mut times: BTreeMap<&str, Timestamp> = BTreeMap::new();
    for artifact in artifacts {
        let Ok(meta) = Meta::of(artifact) else { continue };
        // Whichever bundle it came with.
        let rank = (meta.time, artifact.descriptors[0].digest);
        for (path, blob) in paths(artifact, &meta) {
            if newest.get(&path).is_none_or(|(known, _)| *known < rank) {
                newest.insert(path, (rank, blob));
            }
        }
        let time = times.entry(&artifact.name).or_insert(meta.time);
        *time = meta.time.max(*time);
    }
    let times = times.into_iter().map(|(name, time)| (name.to_owned(), time.to_string())).collect();
    (newest.into_iter().map(|(path, (_, blob))| (path, blob.clone())).collect(), times)
}

/// Where the blobs of an artifact are served. What a registry had is served by [`repositories`].
fn paths<'a>(artifact: &'a Artifact, meta: &Meta) -> Vec<(String, &'a Descriptor)> {
    let first = &artifact.descriptors[0];
    match (meta.kind, &meta.ecosystem) {
        // Stock tools cannot tell what an archive was filtered for, and would find nothing about everything else.
        (Kind::Osv, Some(ecosystem)) if meta.only.is_some() => vec![(format!("osv-filtered/{ecosystem}/all.zip"), first)],
        // The first is as OSV publishes it.
        (Kind::Osv, Some(ecosystem)) => std::iter::once(format!("{ecosystem}/all.zip"))
            .chain(FOLDERS.map(|folder| format!("{folder}/{ecosystem}/all.zip")))
            .map(|path| (path, first))
            .collect(),
        (Kind::Grype, _) => {
            let named = artifact.descriptors.iter().filter_map(|blob| Some((blob.name.as_deref()?, blob)));
            named.map(|(name, blob)| (format!("{}/{name}", artifact.name), blob)).collect()
        }
        (Kind::Trivy, _) => vec![],
        _ => vec![(artifact.name.clone(), first)],
    }
}

/// Databases that a registry had, under their own references, for the registry that all rooms share.
pub(super) fn repositories(shelf: &Shelf) -> BTreeMap<String, Repository> {
    let mut all: BTreeMap<String, Repository> = BTreeMap::new();
    let mut newest: BTreeMap<&str, Rank> = BTreeMap::new();
    for artifact in &shelf.artifacts {
        let Some(meta) = Meta::of(artifact).ok().filter(|meta| meta.kind == Kind::Trivy) else { continue };
        let reference = artifact.name.strip_prefix("trivy/").and_then(|reference| Some((reference, tagged(reference)?)));
        let Some((reference, (name, tag))) = reference else { continue };
        let repository = all.entry(served_name(name)).or_default();
        artifact.descriptors.iter().for_each(|blob| repository.carry(blob));
        let rank = (meta.time, artifact.descriptors[0].digest);
        if newest.get(reference).is_none_or(|known| *known < rank) {
            newest.insert(reference, rank);
            repository.tags.insert(tag.to_owned(), rank.1);
        }
    }
    all
}

/// The ecosystems of a shelf.
pub(super) fn ecosystems(shelf: &Shelf) -> impl Iterator<Item = String> + use<'_> {
    let mut all: Vec<_> =
        shelf.artifacts.iter().filter_map(|artifact| Meta::of(artifact).ok().filter(|meta| meta.only.is_none())?.ecosystem).collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter()
}

async fn answer(State(tree): State<Arc<Tree>>, parts: Parts) -> Response {
    let Some(path) = percent_decoded(parts.uri.path()) else {
        return problem(StatusCode::BAD_REQUEST, "Bad path", "the path is not percent-encoded UTF-8");
    };
    let path = path.trim_start_matches('/');
    match tree.files.get(path) {
        Some(found) => {
            let media_type = match path.rsplit('.').next() {
                Some("zip") => "application/zip",
                Some("json") => "application/json",
                _ => "application/octet-stream",
            }
            .to_owned();
            blob(&parts, &tree.shelf.blobs, BlobReply { digest: found.digest, media_type, headers: HeaderMap::new() })
        }
        None if path.is_empty() => list(&tree, &parts),
        None => problem(StatusCode::NOT_FOUND, "Not in this mirror", &format!("there are no advisories {path:.300}")),
    }
}

/// What there is, for people and programs.
fn list(tree: &Tree, parts: &Parts) -> Response {
    let files: Vec<_> = tree
        .files
        .iter()
        .map(|(path, found)| serde_json::json!({ "path": path, "size": found.size, "sha256": found.digest.hex() }))
        .collect();
    let text = serde_json::json!({ "carried": files, "taken": tree.times }).to_string();
    document(
        parts,
        DocumentReply { bytes: Bytes::from(text), media_type: "application/json".to_owned(), varies: false, headers: page::headers() },
    )
}
