//! Channels over a shelf: indexes in the three forms that clients ask for, and packages.
//!
//! Channels stand beside each other (`/conda-forge`, `/bioconda`, labels below their channel), since relations between channels are
//! written as `../NAME` (CEP 42).

use super::catalog::{Catalog, Subdir};
use super::list;
use super::made::{Document, Made};
use super::meta::media_type;
use super::route::{File, Route, route, token};
use crate::artifact::Blobs;
use crate::error::{Error, Result};
use crate::server::{BlobReply, DocumentReply, Secret, blob, document, problem};
use crate::store::Shelf;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, RANGE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// What `.zst` documents are served as; never with a content coding, which clients would take off first.
const PACKED: &str = "application/zstd";
const JSON: &str = "application/json";
/// How many requests for documents are worked on at once: bounds memory and threads.
const MAKERS: usize = 4;

struct Room {
    catalog: Catalog,
    blobs: Arc<dyn Blobs>,
    makers: Semaphore,
}

pub(super) fn router(shelf: &Shelf) -> Router {
    let room = Room { catalog: Catalog::new(shelf), blobs: shelf.blobs.clone(), makers: Semaphore::new(MAKERS) };
    Router::new().fallback(answer).with_state(Arc::new(room))
}

async fn answer(room: State<Arc<Room>>, parts: Parts) -> Response {
    let secret = token(parts.uri.path()).map(|(token, _)| Secret(token.to_owned()));
    let mut response = answer_plain(room, parts).await;
    if let Some(secret) = secret {
        response.extensions_mut().insert(secret);
    }
    response
}

async fn answer_plain(State(room): State<Arc<Room>>, parts: Parts) -> Response {
    match route(parts.uri.path()) {
        Route::List(channel) => list::list(&room.catalog, &parts, channel.as_deref()),
        Route::File(channel, subdir, file) => match room.find(&channel, &subdir) {
            Ok(found) => match file {
                File::Package(file) => package(&room, &parts, found, &file),
                file => made(room, &parts, channel, subdir, file).await,
            },
            Err(absent) => *absent,
        },
        Route::Unknown => absent("a channel has no such address", ""),
    }
}

impl Room {
    fn find(&self, channel: &str, subdir: &str) -> std::result::Result<&Subdir, Box<Response>> {
        let known = |names: Vec<&str>| format!("It has: {}", names.join(", "));
        let platforms = self.catalog.channels.get(channel).ok_or_else(|| {
            let names = self.catalog.channels.keys().map(String::as_str).take(20).collect();
            Box::new(absent(&format!("this mirror has no channel {channel:.100}"), &known(names)))
        })?;
        platforms.get(subdir).ok_or_else(|| {
            let names = platforms.keys().map(String::as_str).collect();
            Box::new(absent(&format!("the channel {channel} has nothing for {subdir:.40} here"), &known(names)))
        })
    }
}

fn package(room: &Room, parts: &Parts, subdir: &Subdir, file: &str) -> Response {
    let Some(found) = subdir.file(file) else { return absent("the channel has no such file here", &format!("{file:.300}")) };
    let media_type = media_type(file).unwrap_or("application/octet-stream").to_owned();
    blob(parts, &room.blobs, BlobReply { digest: found.blob().digest, media_type, headers: HeaderMap::new() })
}

/// What is sent for a document.
enum Answer {
    /// Small and plain: may be coded on the way.
    Plain(Bytes),
    /// As it is, in parts if asked for.
    Whole(Document, &'static str),
    /// The same under an address that is its digest.
    Named(Document),
    /// There is none.
    Absent,
}

/// Makes a document where that holds nobody up.
async fn made(room: Arc<Room>, parts: &Parts, channel: String, subdir: String, file: File) -> Response {
    let Ok(_turn) = room.makers.acquire().await else { return failed() };
    let (making, in_parts) = (room.clone(), parts.headers.contains_key(RANGE));
    let made = tokio::task::spawn_blocking(move || match making.catalog.channels.get(&channel).and_then(|c| c.get(&subdir)) {
        Some(found) => prepared(found, &subdir, &file, in_parts),
        None => Ok(Answer::Absent),
    });
    match made.await.unwrap_or_else(|e| Err(Error::failed("making an index was given up").because(&e))) {
        Ok(answer) => answer.send(parts),
        Err(_) => failed(),
    }
}

fn prepared(subdir: &Subdir, name: &str, file: &File, in_parts: bool) -> Result<Answer> {
    let form = |made: &Made, packed: bool| match (&made.short, packed) {
        (_, true) => Answer::Whole(made.packed.clone(), PACKED),
        // Parts are parts of the bytes that the index names, not of a coding of them.
        (Some(short), false) if !in_parts => Answer::Plain(short.clone()),
        (_, false) => Answer::Whole(made.plain.clone(), JSON),
    };
    Ok(match file {
        File::ShardIndex => Answer::Whole(subdir.shards(name)?.index.clone(), PACKED),
        File::Shard(digest) => subdir.shard(name, digest)?.map_or(Answer::Absent, |shard| Answer::Named(Document::of(shard))),
        File::Repodata { packed } => form(subdir.repodata(name)?, *packed),
        File::RunExports { packed } => subdir.run_exports(name)?.map_or(Answer::Absent, |made| form(made, *packed)),
        File::Package(_) => Answer::Absent,
    })
}

impl Answer {
    fn send(self, parts: &Parts) -> Response {
        // Asked for again each time: a client that trusted an old index would ask for shards that the next import has replaced.
        let fresh = HeaderMap::from_iter([(CACHE_CONTROL, HeaderValue::from_static("no-cache"))]);
        match self {
            Self::Plain(bytes) => document(parts, DocumentReply { bytes, media_type: JSON.to_owned(), varies: false, headers: fresh }),
            Self::Whole(document, media_type) => document.send(parts, media_type, fresh),
            Self::Named(document) => document.send(parts, PACKED, HeaderMap::new()),
            Self::Absent => absent("the channel has no such document here", ""),
        }
    }
}

impl Document {
    fn send(self, parts: &Parts, media_type: &str, headers: HeaderMap) -> Response {
        let reply = BlobReply { digest: self.digest, media_type: media_type.to_owned(), headers };
        let blobs: Arc<dyn Blobs> = Arc::new(self);
        blob(parts, &blobs, reply)
    }
}

/// Clients remember what is absent for as long as they may; the next import may bring it. `problem` tells them to ask again.
fn absent(title: &str, detail: &str) -> Response {
    problem(StatusCode::NOT_FOUND, title, detail)
}

fn failed() -> Response {
    problem(StatusCode::INTERNAL_SERVER_ERROR, "the index cannot be made", "")
}
