//! The layout in which stock tools keep advisories, so that what is served can be copied into place.

use super::meta::{Kind, Meta};
use crate::artifact::{Artifact, Descriptor, percent_decoded, percent_encoded};
use crate::ecosystems::{Mirror, Snippet};
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
use std::fmt::Write as _;
use std::sync::Arc;

/// The folders in which releases of osv-scanner look for `ECOSYSTEM/all.zip`, the newer first.
const FOLDERS: [&str; 2] = ["osv-scalibr", "osv-scanner"];

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

/// What is served at which path, and when each artifact of which something is served was taken.
pub(super) fn files<'a>(artifacts: impl Iterator<Item = &'a Artifact>) -> (BTreeMap<String, Descriptor>, BTreeMap<String, String>) {
    let mut newest: BTreeMap<String, (Timestamp, &Artifact)> = BTreeMap::new();
    for artifact in artifacts {
        let Ok(meta) = Meta::of(artifact) else { continue };
        for path in paths(&artifact.name, &meta) {
            // Of two, the one that was taken later is served, whichever bundle it came with; of two of one time always the same.
            let rank = (meta.time, artifact.descriptors[0].digest);
            if newest.get(&path).is_none_or(|(time, known)| (*time, known.descriptors[0].digest) < rank) {
                newest.insert(path, (meta.time, artifact));
            }
        }
    }
    let times = newest.values().map(|(time, artifact)| (artifact.name.clone(), time.to_string())).collect();
    (newest.into_iter().map(|(path, (_, artifact))| (path, artifact.descriptors[0].clone())).collect(), times)
}

/// Where an artifact is served.
fn paths(name: &str, meta: &Meta) -> Vec<String> {
    match (meta.kind, &meta.ecosystem) {
        // Stock tools cannot tell what an archive was filtered for, and would find nothing about everything else.
        (Kind::Osv, Some(ecosystem)) if meta.only.is_some() => vec![format!("osv-filtered/{ecosystem}/all.zip")],
        // The first is as OSV publishes it.
        (Kind::Osv, Some(ecosystem)) => {
            std::iter::once(format!("{ecosystem}/all.zip")).chain(FOLDERS.map(|folder| format!("{folder}/{ecosystem}/all.zip"))).collect()
        }
        _ => vec![name.to_owned()],
    }
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
            let media_type = if path.rsplit('.').next() == Some("zip") { "application/zip" } else { "application/octet-stream" }.to_owned();
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

/// The folders of osv-scanner, filled from the mirror.
pub(super) fn snippet(mirror: &Mirror, ecosystems: &[String]) -> Snippet {
    let ca = if mirror.own_ca { " --cacert ca.pem" } else { "" };
    let mut text = "# releases of osv-scanner differ in the folder and the variable\nexport OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY=\"$HOME/.cache/osv\"\nexport OSV_SCALIBR_LOCAL_DB_CACHE_DIRECTORY=\"$HOME/.cache/osv\"\n".to_owned();
    for ecosystem in ecosystems {
        let encoded = percent_encoded(ecosystem);
        for folder in FOLDERS {
            let place = format!("{folder}/{ecosystem}/all.zip");
            let _ = writeln!(
                text,
                "curl{ca} -fL --create-dirs -o \"$HOME/.cache/osv/{place}\" {}/advisories/{}/{folder}/{encoded}/all.zip",
                mirror.base, mirror.view
            );
        }
    }
    text.push_str("osv-scanner scan source --offline -L requirements.txt\n");
    Snippet { client: "osv-scanner", place: "shell".to_owned(), text }
}
