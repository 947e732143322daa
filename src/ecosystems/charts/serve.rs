//! A classic repository over a shelf: `index.yaml`, archives, provenance files, and for each chart the values that point it at the mirror.

use super::catalog::{Catalog, Chart};
use super::redirects;
use crate::artifact::{percent_decoded, percent_encoded};
use crate::server::page::{self, escape};
use crate::server::{BlobReply, DocumentReply, base, blob, document, problem};
use crate::store::Shelf;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::header::CACHE_CONTROL;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use std::fmt::Write;
use std::sync::Arc;

struct Room {
    shelf: Shelf,
    catalog: Catalog,
}

pub(super) fn router(shelf: Shelf) -> Router {
    let room = Arc::new(Room { catalog: Catalog::new(&shelf), shelf });
    Router::new().fallback(answer).with_state(room)
}

/// What a path asks for; `repository` is empty for what is there of all of them.
enum Asked<'a> {
    Page,
    Index { repository: &'a str },
    Archive { repository: &'a str, path: &'a str },
    Values { repository: &'a str, stem: &'a str },
    Nothing,
}

impl<'a> Asked<'a> {
    /// Read from its end: the name of a repository has slashes.
    fn parse(path: &'a str) -> Self {
        if path.is_empty() {
            return Self::Page;
        }
        let (before, last) = path.rsplit_once('/').unwrap_or(("", path));
        if last == "index.yaml" {
            return Self::Index { repository: before };
        }
        if let Some(stem) = last.strip_suffix(".yaml")
            && let Some(before) = before.strip_suffix("values").filter(|before| before.is_empty() || before.ends_with('/'))
        {
            return Self::Values { repository: before.trim_end_matches('/'), stem };
        }
        // `charts/FILE`, or `charts/NAME/VERSION/FILE`.
        let parts: Vec<&str> = path.split('/').collect();
        for tail in [1, 3] {
            if let Some(at) = parts.len().checked_sub(tail + 1).filter(|at| parts[*at] == "charts") {
                let length: usize = parts[..at].iter().map(|part| part.len() + 1).sum();
                return Self::Archive { repository: path[..length].trim_end_matches('/'), path: &path[length + "charts/".len()..] };
            }
        }
        Self::Nothing
    }
}

async fn answer(State(room): State<Arc<Room>>, parts: Parts) -> Response {
    let Some(path) = percent_decoded(parts.uri.path()) else {
        return problem(StatusCode::BAD_REQUEST, "Bad path", "the path is not percent-encoded UTF-8");
    };
    match Asked::parse(path.trim_start_matches('/')) {
        Asked::Page => list(&room, &parts),
        Asked::Index { repository } => match room.catalog.index(repository) {
            Some(index) => made(&parts, index.to_string(), "application/yaml"),
            None => absent(&format!("there are no charts of {repository:.300}")),
        },
        Asked::Archive { repository, path } => archive(&room, &parts, repository, path),
        Asked::Values { repository, stem } => match room.catalog.named(repository, stem) {
            Some((name, version, chart)) => values(&room, &parts, name, version, chart),
            None => absent(&format!("there is no one chart {stem:.300}")),
        },
        Asked::Nothing => absent("index.yaml lists what there is"),
    }
}

fn archive(room: &Room, parts: &Parts, repository: &str, path: &str) -> Response {
    let headers = HeaderMap::new();
    let bare = path.strip_suffix(".prov");
    let Some(chart) = room.catalog.at(repository, bare.unwrap_or(path)) else {
        return absent(&format!("there is no chart {path:.300}"));
    };
    match (bare, &chart.provenance) {
        (None, _) => {
            let reply = BlobReply { digest: chart.archive.digest, media_type: "application/gzip".to_owned(), headers };
            blob(parts, &room.shelf.blobs, reply)
        }
        (Some(_), Some(provenance)) => {
            let reply = BlobReply { digest: provenance.digest, media_type: "text/plain; charset=utf-8".to_owned(), headers };
            blob(parts, &room.shelf.blobs, reply)
        }
        (Some(_), None) => absent("the chart came without a provenance file"),
    }
}

fn values(room: &Room, parts: &Parts, name: &str, version: &str, chart: &Chart) -> Response {
    let Some(base) = base(parts) else {
        return problem(StatusCode::BAD_REQUEST, "No host", "the request does not say how this mirror is reached");
    };
    let text = redirects::values(&base, &room.shelf.view, name, version, &chart.meta);
    let headers = HeaderMap::from_iter([(CACHE_CONTROL, HeaderValue::from_static("no-cache"))]);
    let media_type = "application/yaml".to_owned();
    document(parts, DocumentReply { bytes: Bytes::from(text), media_type, varies: false, headers })
}

/// The charts for people.
fn list(room: &Room, parts: &Parts) -> Response {
    let mut text = String::from("<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>charts</title><h1>charts</h1>");
    for repository in room.catalog.repositories() {
        let _ = write!(text, "<h2><a href=\"./{0}/index.yaml\">{1}</a></h2><ul>", encoded(repository), escape(repository));
        for (name, version, chart) in room.catalog.charts(repository) {
            let archive = format!("./{}/charts/{}", encoded(repository), encoded(&chart.path));
            let values = format!("./{}/values/{}.yaml", encoded(repository), percent_encoded(&format!("{name}-{version}")));
            let shown = escape(&format!("{name} {version}"));
            let _ = write!(text, "<li><a href=\"{archive}\">{shown}</a> <a href=\"{values}\">values</a>");
        }
        text.push_str("</ul>");
    }
    let (media_type, headers) = ("text/html; charset=utf-8".to_owned(), page::headers());
    document(parts, DocumentReply { bytes: Bytes::from(text), media_type, varies: false, headers })
}

fn encoded(path: &str) -> String {
    path.split('/').map(percent_encoded).collect::<Vec<_>>().join("/")
}

fn made(parts: &Parts, text: String, media_type: &str) -> Response {
    let headers = HeaderMap::from_iter([(CACHE_CONTROL, HeaderValue::from_static("no-cache"))]);
    document(parts, DocumentReply { bytes: Bytes::from(text), media_type: media_type.to_owned(), varies: false, headers })
}

fn absent(detail: &str) -> Response {
    problem(StatusCode::NOT_FOUND, "Not in this mirror", detail)
}
