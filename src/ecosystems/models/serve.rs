//! The reading half of the hub's protocol: accounts, trees, files. Paths and headers are those that stock clients demand.

use super::catalog::{Catalog, Commit, File, Repo};
use super::document;
use super::git::pointer;
use super::meta::Kind;
use super::route::{Route, Verb, route};
use super::xet;
use crate::artifact::percent_encoded;
use crate::server::{BlobReply, DocumentReply, base, blob, document as answer_with, problem};
use crate::store::Shelf;
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

const REPO_COMMIT: HeaderName = HeaderName::from_static("x-repo-commit");
const LINKED_ETAG: HeaderName = HeaderName::from_static("x-linked-etag");
const LINKED_SIZE: HeaderName = HeaderName::from_static("x-linked-size");
const ERROR_CODE: HeaderName = HeaderName::from_static("x-error-code");
const ERROR_MESSAGE: HeaderName = HeaderName::from_static("x-error-message");
const JSON: &str = "application/json; charset=utf-8";
/// Most repositories in one list.
const MOST_LISTED: usize = 1000;
/// Longest body, in bytes.
const MOST_BODY: usize = 1 << 20;
/// Most paths in one question, as on the hub.
const MOST_PATHS: usize = 1000;

struct Room {
    shelf: Shelf,
    catalog: Catalog,
}

pub(super) fn router(shelf: Shelf) -> Router {
    let room = Arc::new(Room { catalog: Catalog::new(&shelf), shelf });
    Router::new().fallback(answer).with_state(room)
}

/// One request: what is served, and how the client reaches it.
struct Asked<'a> {
    room: &'a Room,
    parts: &'a Parts,
    /// What came with it; only questions have one.
    body: Bytes,
    /// Where the room answers.
    root: Option<String>,
    /// Files above so many bytes are offered by chunks.
    wall: u64,
}

async fn answer(State(room): State<Arc<Room>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    // The door has read it already, within its bounds.
    let Ok(body) = to_bytes(body, MOST_BODY).await else { return problem(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long", "") };
    let root = base(&parts).map(|base| format!("{base}/{}/{}", super::NAME, percent_encoded(&room.shelf.view)));
    // Below this address every large file is offered by chunks.
    let (path, wall) = match parts.uri.path().strip_prefix("/.chunks").filter(|rest| rest.starts_with('/')) {
        Some(rest) => (rest, 0),
        None => (parts.uri.path(), xet::WALL),
    };
    let wall = if root.is_some() { wall } else { u64::MAX };
    Asked { room: &room, parts: &parts, body, root, wall }.answer(path)
}

impl Asked<'_> {
    fn answer(&self, path: &str) -> Response {
        let Self { room, parts, .. } = self;
        let route = route(&room.catalog, path);
        if parts.method == Method::POST && !matches!(route, Route::Api(_, _, Verb::Paths(_))) {
            return problem(StatusCode::METHOD_NOT_ALLOWED, "this mirror is read-only", "");
        }
        match route {
            Route::List(kind) => list(room, parts, kind),
            Route::Api(kind, name, verb) => match room.catalog.repo(kind, &name) {
                Some(repo) => self.api(repo, &verb),
                None => self.no_repo(kind, &name),
            },
            Route::File { kind, repo, revision, path, raw } => match room.catalog.repo(kind, &repo) {
                Some(found) => self.file(found, &revision, &path, raw),
                None => self.no_repo(kind, &repo),
            },
            Route::Reconstruction(hash, generation) => match (room.catalog.large(&hash), &self.root) {
                (Some(found), Some(root)) => match xet::reconstruction(parts, found, root, generation) {
                    Some(chunks) => json_document(parts, &chunks),
                    None => problem(StatusCode::RANGE_NOT_SATISFIABLE, "the range begins behind the end", ""),
                },
                _ => problem(StatusCode::NOT_FOUND, "this mirror does not have the file", ""),
            },
            Route::Container(hash, number) => match room.catalog.large(&hash) {
                Some(found) => xet::container(parts, &room.shelf.blobs, found, number),
                None => problem(StatusCode::NOT_FOUND, "this mirror does not have the file", ""),
            },
            Route::WhoAmI => refused(StatusCode::UNAUTHORIZED, "NotLoggedIn", "this mirror knows no accounts", None),
            Route::Unknown => refused(StatusCode::NOT_FOUND, "RouteUnknown", "this mirror has no such address", None),
        }
    }

    fn api(&self, repo: &Repo, verb: &Verb) -> Response {
        let parts = self.parts;
        let revision = match verb {
            Verb::Paths(_) if parts.method != Method::POST => {
                return refused(StatusCode::NOT_FOUND, "RouteUnknown", "this is asked with POST", None);
            }
            Verb::Revision(revision) | Verb::Tree(revision, _) | Verb::Commits(revision) | Verb::Paths(revision) => revision,
            Verb::Refs => return json_document(parts, &document::refs(repo)),
            Verb::AuthCheck => return json_document(parts, &json!({})),
            Verb::ChunkToken => return self.token(),
            Verb::Other => return refused(StatusCode::NOT_FOUND, "RouteUnknown", "this mirror does not answer that", None),
        };
        let Some((hash, commit)) = repo.commit(revision) else { return self.no_revision(repo, revision) };
        let listing = |expand| document::Listing { hash, expand, wall: self.wall };
        match verb {
            Verb::Paths(_) => match Question::read(parts, &self.body) {
                Ok(question) => json_document(parts, &document::paths(commit, &question.paths, listing(question.expand))),
                Err(why) => refused(StatusCode::BAD_REQUEST, "BadRequest", why, None),
            },
            Verb::Tree(_, folder) => match document::tree(commit, folder, flag(parts, "recursive"), listing(flag(parts, "expand"))) {
                Some(tree) => json_document(parts, &tree),
                None => no_entry(repo, hash, commit, folder),
            },
            Verb::Commits(_) => json_document(parts, &document::commits(hash)),
            _ => json_document(parts, &document::account(repo, hash, commit, flag(parts, "blobs"))),
        }
    }

    fn no_repo(&self, kind: Kind, name: &str) -> Response {
        if let Some(why) = self.room.catalog.fault(kind, name) {
            return faulty(why);
        }
        let message = format!("this mirror does not carry {}{name:.200}", kind.prefix());
        refused(StatusCode::NOT_FOUND, "RepoNotFound", &message, None)
    }

    fn no_revision(&self, repo: &Repo, revision: &str) -> Response {
        if let Some(why) = self.room.catalog.fault(repo.kind, &repo.id) {
            return faulty(why);
        }
        let known: Vec<&str> = repo.revisions.keys().chain(repo.commits.keys()).map(String::as_str).take(20).collect();
        let message = format!("this mirror does not carry revision {revision:.100} of {}; it has {}", repo.id, known.join(", "));
        refused(StatusCode::NOT_FOUND, "RevisionNotFound", &message, None)
    }

    fn token(&self) -> Response {
        let (body, headers) = xet::token(self.root.as_deref().unwrap_or_default());
        let mut response = json_document(self.parts, &body);
        for (name, value) in headers {
            response.headers_mut().insert(name, text(&value));
        }
        response
    }

    fn file(&self, repo: &Repo, revision: &str, path: &str, raw: bool) -> Response {
        let Some((hash, commit)) = repo.commit(revision) else { return self.no_revision(repo, revision) };
        let Some(file) = commit.files.get(path) else { return no_entry(repo, hash, commit, path) };
        let found = &file.blob;
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(REPO_COMMIT, text(hash));
        // Git holds pointers of large files; what plain URLs brought has never been in git.
        if raw && document::is_large(found) && !commit.is_made() {
            let bytes = Bytes::from(pointer(&found.digest, found.size));
            let media_type = "text/plain; charset=utf-8".to_owned();
            return answer_with(self.parts, DocumentReply { bytes, media_type, varies: false, headers });
        }
        identify(&mut headers, file);
        if let (true, Some(root)) = (found.size > self.wall && document::is_large(found), &self.root) {
            xet::offer(&mut headers, found, &format!("{root}/api/{}/{}/xet-read-token/{hash}", repo.kind.plural(), repo.id));
        }
        if revision != hash {
            // A branch moves with the next import.
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        }
        let media_type = found.media_type.clone();
        blob(self.parts, &self.room.shelf.blobs, BlobReply { digest: found.digest, media_type, headers })
    }
}

/// The tags under which clients keep the file: git's name, or the SHA-256 of a large one.
fn identify(headers: &mut HeaderMap, file: &File) {
    let found = &file.blob;
    if document::is_large(found) {
        let tag = text(&format!("\"{}\"", found.digest.hex()));
        headers.insert(LINKED_ETAG, tag.clone());
        headers.insert(LINKED_SIZE, found.size.into());
        headers.insert(ETAG, tag);
    } else {
        headers.insert(ETAG, text(&format!("\"{}\"", file.git)));
    }
}

fn list(room: &Room, parts: &Parts, kind: Kind) -> Response {
    let (mut search, mut author, mut limit) = (String::new(), None, MOST_LISTED);
    for (key, value) in url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
        match &*key {
            "search" => search = value.to_ascii_lowercase(),
            "author" => author = Some(format!("{value}/")),
            "limit" => limit = value.parse().unwrap_or(MOST_LISTED).min(MOST_LISTED),
            _ => {}
        }
    }
    let fits = |repo: &&Repo| repo.id.to_ascii_lowercase().contains(&search) && author.as_ref().is_none_or(|a| repo.id.starts_with(a));
    let repos = room.catalog.of_kind(kind).filter(fits).take(limit);
    let accounts = repos.filter_map(|repo| repo.commit("main").map(|(hash, commit)| (repo, hash, commit)));
    let listed = accounts.map(|(repo, hash, commit)| document::line(repo, hash, &commit.meta.card));
    let mut response = json_document(parts, &listed.collect());
    let faults: Vec<&str> = room.catalog.faults().filter(|(of, ..)| *of == kind).map(|(_, name, _)| name).collect();
    if !faults.is_empty() {
        let some = faults.iter().take(20).copied().collect::<Vec<_>>().join(", ");
        response
            .headers_mut()
            .insert(ERROR_MESSAGE, text(&format!("{} repositories have entries that are not served: {some}", faults.len())));
    }
    response
}

/// Which files and folders are asked for.
#[derive(Default, Deserialize)]
struct Question {
    paths: Vec<String>,
    #[serde(default)]
    expand: bool,
}

impl Question {
    /// From a form or JSON, as clients send either.
    fn read(parts: &Parts, body: &[u8]) -> Result<Self, &'static str> {
        let json = parts.headers.get(CONTENT_TYPE).is_some_and(|sort| sort.as_bytes().starts_with(b"application/json"));
        let question = if json {
            serde_json::from_slice(body).map_err(|_| "the body is not JSON with a list of paths")?
        } else {
            let mut question = Self::default();
            for (key, value) in url::form_urlencoded::parse(body) {
                match &*key {
                    "paths" => question.paths.push(value.into_owned()),
                    "expand" => question.expand = is_true(&value),
                    _ => {}
                }
            }
            question
        };
        if question.paths.len() > MOST_PATHS { Err("more than 1000 paths are asked for at once") } else { Ok(question) }
    }
}

/// A flag in the query, as the clients of several languages write it.
fn flag(parts: &Parts, name: &str) -> bool {
    let query = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
    query.into_iter().any(|(key, value)| key == name && is_true(&value))
}

fn is_true(value: &str) -> bool {
    matches!(value, "true" | "True" | "1")
}

fn json_document(parts: &Parts, value: &Value) -> Response {
    let (bytes, media_type) = (Bytes::from(value.to_string()), JSON.to_owned());
    let headers = HeaderMap::from_iter([(CACHE_CONTROL, HeaderValue::from_static("no-cache"))]);
    answer_with(parts, DocumentReply { bytes, media_type, varies: false, headers })
}

/// What is asked for may be in an entry of the lock that is refused: that is no absence for clients to remember.
fn faulty(why: &str) -> Response {
    refused(StatusCode::INTERNAL_SERVER_ERROR, "EntryRefused", why, None)
}

fn no_entry(repo: &Repo, hash: &str, commit: &Commit, path: &str) -> Response {
    let part = if commit.meta.whole { "" } else { ", of which this mirror carries a part" };
    let message = format!("{path:.300} is not in commit {hash} of {}{part}", repo.id);
    refused(StatusCode::NOT_FOUND, "EntryNotFound", &message, Some(hash))
}

/// A refusal in the words that clients turn into their own errors.
fn refused(status: StatusCode, code: &'static str, message: &str, commit: Option<&str>) -> Response {
    let mut response = problem(status, message, "");
    let headers = response.headers_mut();
    headers.insert(ERROR_CODE, HeaderValue::from_static(code));
    headers.insert(ERROR_MESSAGE, text(message));
    if let Some(commit) = commit {
        headers.insert(REPO_COMMIT, text(commit));
    }
    response
}

/// Text as a header may hold it.
fn text(text: &str) -> HeaderValue {
    let plain: String = text.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect();
    HeaderValue::try_from(plain).expect("graphic characters make a header")
}
