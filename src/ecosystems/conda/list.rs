//! Lists of channels and platforms, for people and programs: no client of channels asks for one.

use super::catalog::Catalog;
use crate::server::page::{self, escape};
use crate::server::{DocumentReply, document, preferred, problem};
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use std::fmt::Write;

/// The channels, or the platforms of one.
pub(super) fn list(catalog: &Catalog, parts: &Parts, channel: Option<&str>) -> Response {
    let Some(channel) = channel else {
        let rows = catalog.channels.iter().map(|(name, platforms)| (name.as_str(), platforms.values().map(|s| s.all().count()).sum()));
        return shown(parts, "channels", "", &rows.collect::<Vec<_>>());
    };
    let Some(platforms) = catalog.channels.get(channel) else {
        return problem(StatusCode::NOT_FOUND, "this mirror has no such channel or address", &format!("{channel:.200}"));
    };
    if !parts.uri.path().ends_with('/') {
        return with_slash(channel);
    }
    let rows: Vec<_> = platforms.iter().map(|(name, subdir)| (name.as_str(), subdir.all().count())).collect();
    shown(parts, channel, "repodata.json", &rows)
}

/// The same list under the name from which its relative links lead into it.
fn with_slash(channel: &str) -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::MOVED_PERMANENTLY;
    let place = format!("./{}/", channel.rsplit('/').next().unwrap_or(channel));
    if let Ok(place) = HeaderValue::try_from(place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}

/// Names with how many packages each has; `below` is what lies behind a name.
fn shown(parts: &Parts, title: &str, below: &str, rows: &[(&str, usize)]) -> Response {
    let (text, media_type) = match preferred(parts, &["text/html", "application/json"]) {
        Some(1) => (rows.iter().map(|(name, packages)| json!({ "name": name, "packages": packages })).collect::<Value>().to_string(), JSON),
        _ => (html(title, below, rows), "text/html; charset=utf-8"),
    };
    let reply = DocumentReply { bytes: Bytes::from(text), media_type: media_type.to_owned(), varies: true, headers: page::headers() };
    document(parts, reply)
}

const JSON: &str = "application/json";

fn html(title: &str, below: &str, rows: &[(&str, usize)]) -> String {
    let title = escape(title);
    let mut page = format!("<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title><h1>{title}</h1><ul>");
    for (name, packages) in rows {
        let name = escape(name);
        let _ = write!(page, "<li><a href=\"./{name}/{below}\">{name}</a> {packages}");
    }
    page
}
