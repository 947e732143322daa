//! Files by path, with lists for people and programs.

use crate::artifact::{Descriptor, percent_decoded, percent_encoded};
use crate::server::page::{self, escape};
use crate::server::{BlobReply, DocumentReply, blob, document, preferred, problem};
use crate::store::Shelf;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

/// The list of digests of every folder, for `sha256sum -c`.
pub(super) const SUMS: &str = "SHA256SUMS";

/// The files of a shelf by path.
struct Tree {
    shelf: Shelf,
    files: BTreeMap<String, Descriptor>,
}

pub(super) fn router(shelf: Shelf) -> Router {
    // Of two bundles the newer one decides: it comes later.
    let files = shelf.artifacts.iter().map(|a| (a.name.clone(), a.descriptors[0].clone())).collect();
    let tree = Arc::new(Tree { shelf, files });
    Router::new().route("/", get(answer)).route("/{*path}", get(answer)).with_state(tree)
}

async fn answer(State(tree): State<Arc<Tree>>, parts: Parts) -> Response {
    let Some(path) = percent_decoded(parts.uri.path()) else {
        return problem(StatusCode::BAD_REQUEST, "Bad path", "the path is not percent-encoded UTF-8");
    };
    let path = path.trim_start_matches('/');
    if let Some(found) = tree.files.get(path) {
        return file(&tree, &parts, path, found);
    }
    match path.strip_suffix(SUMS).filter(|folder| folder.is_empty() || folder.ends_with('/')) {
        Some(folder) => sums(&tree, &parts, folder),
        None => list(&tree, &parts, path),
    }
}

fn file(tree: &Tree, parts: &Parts, path: &str, found: &Descriptor) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if parts.uri.query() == Some("download")
        && let Ok(value) =
            HeaderValue::from_str(&format!("attachment; filename*=UTF-8''{}", percent_encoded(path.rsplit('/').next().unwrap_or(path))))
    {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    let media_type = if path.to_ascii_lowercase().ends_with(".txt") { "text/plain; charset=utf-8" } else { "application/octet-stream" };
    blob(parts, &tree.shelf.blobs, BlobReply { digest: found.digest, media_type: media_type.to_owned(), headers })
}

/// `sha256sum -c` input for a folder and what is below it.
fn sums(tree: &Tree, parts: &Parts, folder: &str) -> Response {
    let mut text = String::new();
    for (path, found) in below(tree, folder) {
        let _ = writeln!(text, "{}  {}", found.digest.hex(), &path[folder.len()..]);
    }
    if text.is_empty() { missing(folder) } else { made(parts, text, "text/plain; charset=utf-8", false) }
}

fn below<'a>(tree: &'a Tree, folder: &'a str) -> impl Iterator<Item = (&'a String, &'a Descriptor)> {
    tree.files.range(folder.to_owned()..).take_while(move |(path, _)| path.starts_with(folder))
}

fn list(tree: &Tree, parts: &Parts, path: &str) -> Response {
    let folder = if path.is_empty() || path.ends_with('/') { path.to_owned() } else { format!("{path}/") };
    let entries = entries(tree, &folder);
    if entries.is_empty() && !folder.is_empty() {
        return missing(path);
    }
    if folder != path {
        return with_slash(path);
    }
    match preferred(parts, &["text/html", "application/json"]) {
        Some(1) => made(parts, as_json(&entries), "application/json", true),
        _ => made(parts, as_html(&folder, &entries), "text/html; charset=utf-8", true),
    }
}

/// The same folder under the name from which its relative links lead into it.
fn with_slash(path: &str) -> Response {
    let last = percent_encoded(path.rsplit('/').next().unwrap_or(path));
    let mut response = Response::default();
    *response.status_mut() = StatusCode::MOVED_PERMANENTLY;
    let place = HeaderValue::try_from(format!("./{last}/")).expect("percent-encoded text is ASCII");
    response.headers_mut().insert(header::LOCATION, place);
    response
}

/// Names directly in a folder; a folder among them ends in a slash and has no descriptor.
fn entries<'a>(tree: &'a Tree, folder: &'a str) -> Vec<(String, Option<&'a Descriptor>)> {
    let (mut seen, mut out) = (BTreeSet::new(), Vec::new());
    for (path, found) in below(tree, folder) {
        let rest = &path[folder.len()..];
        match rest.split_once('/') {
            Some((inner, _)) if seen.insert(inner) => out.push((format!("{inner}/"), None)),
            Some(_) => {}
            None => out.push((rest.to_owned(), Some(found))),
        }
    }
    out
}

fn as_json(entries: &[(String, Option<&Descriptor>)]) -> String {
    let list = entries.iter().map(|(name, found)| match found {
        Some(found) => serde_json::json!({ "name": name, "size": found.size, "sha256": found.digest.hex() }),
        None => serde_json::json!({ "name": name }),
    });
    list.collect::<serde_json::Value>().to_string()
}

fn as_html(folder: &str, entries: &[(String, Option<&Descriptor>)]) -> String {
    let title = escape(&format!("/{folder}"));
    let mut page =
        format!("<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>files {title}</title><h1>files {title}</h1><ul>");
    if !folder.is_empty() {
        page.push_str("<li><a href=\"../\">../</a>");
    }
    for (name, found) in entries {
        let (href, name) = (percent_encoded(name.trim_end_matches('/')), escape(name));
        let slash = if found.is_none() { "/" } else { "" };
        let _ = write!(page, "<li><a href=\"./{href}{slash}\">{name}</a>");
        if let Some(found) = found {
            let _ = write!(page, " {} bytes, <code>{}</code>", found.size, found.digest);
        }
    }
    page.push_str("</ul><p><a href=\"SHA256SUMS\">SHA256SUMS</a>");
    page
}

fn made(parts: &Parts, text: String, media_type: &str, varies: bool) -> Response {
    let headers = page::headers();
    document(parts, DocumentReply { bytes: Bytes::from(text), media_type: media_type.to_owned(), varies, headers })
}

fn missing(path: &str) -> Response {
    problem(StatusCode::NOT_FOUND, "Not in this mirror", &format!("there is no file or folder {path:.300}"))
}
