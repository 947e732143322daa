//! The simple repository API over a shelf (PEP 503, 629, 658, 691, 700, 714, 740).
//!
//! `/simple/` has everything, `/index/<name>/simple/` what came from one index, so that versions which must not be mixed (CPU and CUDA
//! builds of one project) can be kept apart by clients as they were upstream. Links are relative: the router does not know where it
//! is mounted.

use super::attestation;
use super::cache::Cache;
use super::filename::Kind;
use super::format::Entry;
use super::page;
use super::pages::{Form, Pages, Site};
use super::wheel;
use crate::artifact::{Blobs, Digest};
use crate::ecosystems::core_metadata::normalised;
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::server::{self, BlobReply, DocumentReply};
use crate::store::Shelf;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, LOCATION};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// What METADATA documents may take in memory, in bytes.
const CACHED: usize = 16 << 20;
/// How many wheels are read for their METADATA at once: bounds memory together with the cap of one document.
const READERS: usize = 4;

struct Room {
    site: Site,
    blobs: Arc<dyn Blobs>,
    metadata: Cache,
    readers: Semaphore,
}

type Served = State<Arc<Room>>;

/// The room's routes.
pub fn router(shelf: &Shelf) -> Router {
    let readers = Semaphore::new(READERS);
    let room = Room { site: Site::new(shelf), blobs: shelf.blobs.clone(), metadata: Cache::new(CACHED), readers };
    Router::new()
        .route("/simple", get(async || moved("simple/", "")))
        .route("/simple/", get(list))
        .route("/simple/{project}", get(slashless))
        .route("/simple/{project}/", get(project))
        .route("/index/{index}/simple", get(async || moved("simple/", "")))
        .route("/index/{index}/simple/", get(index_list))
        .route("/index/{index}/simple/{project}", get(index_slashless))
        .route("/index/{index}/simple/{project}/", get(index_project))
        .route("/files/{prefix}/{digest}/{filename}", get(file))
        .with_state(Arc::new(room))
}

async fn list(State(room): Served, parts: Parts) -> Response {
    list_of(Some(&room.site.merged), &parts)
}

async fn index_list(State(room): Served, Path(index): Path<String>, parts: Parts) -> Response {
    list_of(room.site.indexes.get(&index), &parts)
}

async fn project(State(room): Served, Path(name): Path<String>, parts: Parts) -> Response {
    project_of(room, None, &name, &parts).await
}

async fn index_project(State(room): Served, Path((index, name)): Path<(String, String)>, parts: Parts) -> Response {
    project_of(room, Some(index), &name, &parts).await
}

async fn slashless(State(room): Served, Path(name): Path<String>, parts: Parts) -> Response {
    slashless_of(Some(&room.site.merged), &name, &parts)
}

async fn index_slashless(State(room): Served, Path((index, name)): Path<(String, String)>, parts: Parts) -> Response {
    slashless_of(room.site.indexes.get(&index), &name, &parts)
}

fn list_of(pages: Option<&Pages>, parts: &Parts) -> Response {
    let Some(pages) = pages else { return absent("no such index") };
    match form(parts) {
        Some((form, media_type)) => document(parts, pages.list(form), media_type),
        None => not_acceptable(),
    }
}

async fn project_of(room: Arc<Room>, index: Option<String>, name: &str, parts: &Parts) -> Response {
    let (Some(pages), Some(normal)) = (room.pages(index.as_deref()), normalised(name)) else { return absent("no such project") };
    if normal != name {
        return if pages.has(&normal) { moved(&format!("../{normal}/"), query(parts)) } else { absent("no such project") };
    }
    let Some((form, media_type)) = form(parts) else { return not_acceptable() };
    let made = if pages.is_made(&normal, form) {
        pages.project(&normal, form, &|_| None).transpose().map_err(Clone::clone)
    } else {
        made(room, index, normal, form).await
    };
    match made {
        Ok(Some(bytes)) => document(parts, bytes, media_type),
        Err(error) => failed(&error),
        Ok(None) => absent("no such project"),
    }
}

/// Makes a page where reading wheels holds nobody up.
async fn made(room: Arc<Room>, index: Option<String>, name: String, form: Form) -> Result<Option<Bytes>> {
    let reading = room.clone();
    let _turn = room.readers.acquire().await.map_err(|e| Error::failed("the server is going down").because(&e))?;
    let making = tokio::task::spawn_blocking(move || {
        let digest = |entry: &Entry| reading.metadata_digest(entry);
        reading.pages(index.as_deref())?.project(&name, form, &digest).map(|page| page.map_err(Clone::clone))
    });
    making.await.map_err(|e| Error::failed("making a page was given up").because(&e))?.transpose()
}

impl Room {
    /// The pages of an index by its name, or those of everything.
    fn pages(&self, index: Option<&str>) -> Option<&Pages> {
        match index {
            Some(index) => self.site.indexes.get(index),
            None => Some(&self.site.merged),
        }
    }

    /// The digest of a wheel's METADATA; `None` for what has none that can be read.
    fn metadata_digest(&self, entry: &Entry) -> Option<Digest> {
        if entry.kind != Kind::Wheel {
            return None;
        }
        read_metadata(self, entry).ok().flatten().map(|bytes| Digest::of(&bytes))
    }
}

fn slashless_of(pages: Option<&Pages>, name: &str, parts: &Parts) -> Response {
    match (pages, normalised(name)) {
        (Some(pages), Some(normal)) if pages.has(&normal) => moved(&format!("{normal}/"), query(parts)),
        _ => absent("no such project"),
    }
}

/// The form a client wants (PEP 691): what `format` in the query names, else what `Accept` prefers. HTML stands first, because that is
/// what clients from before the JSON form expect when they accept anything.
fn form(parts: &Parts) -> Option<(Form, &'static str)> {
    const OFFERS: [(Form, &str, &str); 5] = [
        (Form::Html, "text/html", "text/html; charset=utf-8"),
        (Form::Html, page::HTML, page::HTML),
        (Form::Json, page::JSON, page::JSON),
        (Form::Html, "application/vnd.pypi.simple.latest+html", page::HTML),
        (Form::Json, "application/vnd.pypi.simple.latest+json", page::JSON),
    ];
    let (form, _, media_type) = match wanted(query(parts)) {
        Some(wanted) => OFFERS.iter().find(|(_, offer, _)| *offer == wanted)?,
        None => &OFFERS[server::preferred(parts, &OFFERS.map(|(_, offer, _)| offer))?],
    };
    Some((*form, media_type))
}

/// The media type that `format` in a query names; a `+` is meant as one, although forms write a space that way.
fn wanted(query: &str) -> Option<String> {
    let value = query.split('&').find_map(|pair| pair.strip_prefix("format="))?;
    let value = value.replace('+', "%2B");
    let pair = format!("format={value}");
    url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned())
}

async fn file(State(room): Served, Path((prefix, hex, filename)): Path<(String, String, String)>, parts: Parts) -> Response {
    let digest = Digest::from_hex(&hex).ok().filter(|_| hex.starts_with(&prefix) && prefix.len() == 2);
    let Some(digest) = digest else { return absent("no such file") };
    if let Some(entry) = room.site.file(&digest, &filename) {
        let media_type = entry.kind.media_type(&entry.filename).to_owned();
        return server::blob(&parts, &room.blobs, BlobReply { digest, media_type, headers: HeaderMap::new() });
    }
    let attested = filename.strip_suffix(attestation::SUFFIX).and_then(|filename| room.site.file(&digest, filename)?.provenance);
    if let Some(provenance) = attested {
        let media_type = attestation::MEDIA_TYPE.to_owned();
        return server::blob(&parts, &room.blobs, BlobReply { digest: provenance.digest, media_type, headers: HeaderMap::new() });
    }
    let wheel = filename.strip_suffix(".metadata").and_then(|filename| room.site.file(&digest, filename));
    match wheel.filter(|entry| entry.kind == Kind::Wheel).cloned() {
        Some(entry) => match metadata(room, entry).await {
            Ok(Some(bytes)) => {
                let media_type = "text/plain; charset=utf-8".to_owned();
                server::document(&parts, DocumentReply { bytes, media_type, varies: false, headers: HeaderMap::new() })
            }
            Ok(None) => absent("no such file"),
            Err(error) => failed(&error),
        },
        None => absent("no such file"),
    }
}

async fn metadata(room: Arc<Room>, entry: Entry) -> Result<Option<Bytes>> {
    if let Some(bytes) = room.metadata.get(&entry.digest) {
        return Ok(Some(bytes));
    }
    let _turn = room.readers.acquire().await.map_err(|e| Error::failed("the server is going down").because(&e))?;
    let reading = room.clone();
    let read = tokio::task::spawn_blocking(move || read_metadata(&reading, &entry).map(|found| found.map(|bytes| (entry.digest, bytes))));
    let found = read.await.map_err(|e| Error::failed("reading a wheel was given up").because(&e))??;
    Ok(found.map(|(digest, bytes)| {
        room.metadata.put(digest, bytes.clone());
        bytes
    }))
}

fn read_metadata(room: &Room, entry: &Entry) -> Result<Option<Bytes>> {
    let Some(mut blob) = room.blobs.open(&entry.digest)? else { return Ok(None) };
    wheel::metadata(&entry.filename, &mut *blob).map(|bytes| Some(bytes.into()))
}

fn document(parts: &Parts, bytes: Bytes, media_type: &str) -> Response {
    server::document(parts, DocumentReply { bytes, media_type: media_type.to_owned(), varies: true, headers: HeaderMap::new() })
}

fn query(parts: &Parts) -> &str {
    parts.uri.query().unwrap_or_default()
}

/// A lasting redirect to a place relative to the one asked for.
fn moved(to: &str, query: &str) -> Response {
    let to = if query.is_empty() { to.to_owned() } else { format!("{to}?{query}") };
    let mut response = server::problem(StatusCode::MOVED_PERMANENTLY, "moved", "");
    match HeaderValue::from_str(&to) {
        Ok(location) => response.headers_mut().insert(LOCATION, location),
        Err(_) => return absent("no such page"),
    };
    response
}

/// Clients remember what is absent for as long as they may; the next import may bring it.
fn absent(what: &str) -> Response {
    let mut response = server::problem(StatusCode::NOT_FOUND, what, "it is not in this mirror");
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

fn not_acceptable() -> Response {
    let detail = format!("there are text/html, {} and {}", page::HTML, page::JSON);
    server::problem(StatusCode::NOT_ACCEPTABLE, "no such form of this document", &detail)
}

/// What is wrong with content is told; what is wrong with the host (paths, system errors) is nobody's business outside.
fn failed(error: &Error) -> Response {
    let detail = if error.kind() == ErrorKind::Verification { error.to_string() } else { String::new() };
    server::problem(StatusCode::INTERNAL_SERVER_ERROR, "this cannot be served", &detail)
}
