//! The pull half of the OCI distribution protocol (distribution specification 1.1) over the union of the rooms, read-only.

use super::address::{Asked, Misaddressed};
use super::document::INDEX;
use super::registry::Registry;
use super::repository::{Listed, Repository};
use crate::artifact::Digest;
use crate::server::problem::METHODS;
use crate::server::{BlobReply, DocumentReply, blob, document};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};
use std::sync::Arc;

const DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
const NAMESPACE: HeaderName = HeaderName::from_static("oci-namespace");
const FILTERS: HeaderName = HeaderName::from_static("oci-filters-applied");
const VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");
/// How long clients and proxies may keep what a digest names: for ever.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// What a tag names changes with an import.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// The router; every path below the mount point is the protocol's, so there is one handler and it reads the path itself.
pub(super) fn router(registry: Arc<Registry>) -> Router {
    Router::new().fallback(answer).with_state(registry)
}

async fn answer(State(registry): State<Arc<Registry>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    // The door lets nothing else in; without it, this is no less a registry to read from.
    if parts.method != Method::GET && parts.method != Method::HEAD {
        return refused(StatusCode::METHOD_NOT_ALLOWED, "this registry is read-only");
    }
    let query = Query::read(&parts);
    let mut response = match Asked::parse(parts.uri.path()) {
        Ok(asked) => reply(&registry, &parts, asked, &query).await,
        Err(wrong) => misaddressed(wrong),
    };
    if let Some(namespace) = query.namespace.as_deref().and_then(|ns| HeaderValue::from_str(ns).ok()) {
        response.headers_mut().insert(NAMESPACE, namespace);
    }
    response
}

/// The parameters the protocol knows.
#[derive(Default)]
struct Query {
    namespace: Option<String>,
    number: Option<String>,
    last: Option<String>,
    artifact_type: Option<String>,
}

impl Query {
    fn read(parts: &Parts) -> Self {
        let mut query = Self::default();
        for (key, value) in url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
            let place = match &*key {
                "ns" => &mut query.namespace,
                "n" => &mut query.number,
                "last" => &mut query.last,
                "artifactType" => &mut query.artifact_type,
                _ => continue,
            };
            place.get_or_insert(value.into_owned());
        }
        query
    }
}

async fn reply(registry: &Arc<Registry>, parts: &Parts, asked: Asked, query: &Query) -> Response {
    let find = |name: &str| registry.find(name, query.namespace.as_deref());
    match asked {
        Asked::Version => version(parts),
        Asked::Catalog => {
            let names = registry.repositories.keys().map(String::as_str);
            listing(parts, query, &format!("{}/_catalog", registry.base), names, |names| json!({ "repositories": names }))
        }
        Asked::Tags(name) => match find(&name) {
            None => unknown_name(&name),
            Some(repository) => {
                let (tags, link) = (repository.tags.keys().map(String::as_str), format!("{}/{name}/tags/list", registry.base));
                listing(parts, query, &link, tags, |tags| json!({ "name": name, "tags": tags }))
            }
        },
        Asked::Manifest(name, reference) => manifest(registry, parts, find(&name), &reference),
        Asked::Blob(name, digest) => match find(&name).filter(|repository| repository.blobs.contains(&digest)) {
            None => unknown_blob(),
            Some(_) => bytes(registry, parts, digest, "application/octet-stream", FOR_EVER).unwrap_or_else(unknown_blob),
        },
        Asked::Referrers(name, digest) => referrers(registry, parts, &name, digest, query).await,
    }
}

/// The exact bytes under their exact type, whatever `Accept` says: another form would have another digest.
fn manifest(registry: &Registry, parts: &Parts, repository: Option<&Repository>, reference: &str) -> Response {
    let Some(repository) = repository else { return unknown_manifest(None) };
    let Some((digest, media_type)) = repository.manifest(reference) else { return unknown_manifest(repository.fault.as_deref()) };
    let keep = if reference.contains(':') { FOR_EVER } else { ASK_AGAIN };
    bytes(registry, parts, digest, media_type, keep).unwrap_or_else(|| unknown_manifest(None))
}

fn bytes(registry: &Registry, parts: &Parts, digest: Digest, media_type: &str, keep: HeaderValue) -> Option<Response> {
    let mut headers = HeaderMap::new();
    headers.insert(DIGEST, HeaderValue::from_str(&digest.to_string()).expect("a digest is ASCII"));
    headers.insert(header::CACHE_CONTROL, keep);
    let response = blob(parts, &registry.blobs, BlobReply { digest, media_type: media_type.to_owned(), headers });
    (response.status() != StatusCode::NOT_FOUND).then_some(response)
}

fn version(parts: &Parts) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(VERSION, HeaderValue::from_static("registry/2.0"));
    made(parts, &json!({}), "application/json", headers)
}

/// A sorted list in pages: `n` entries after `last` (distribution specification, "Listing Tags").
fn listing<'a>(
    parts: &Parts,
    query: &Query,
    path: &str,
    names: impl Iterator<Item = &'a str>,
    body: impl Fn(&[&str]) -> Value,
) -> Response {
    let number = match query.number.as_deref().map(str::parse::<usize>) {
        None => usize::MAX,
        Some(Ok(number)) => number,
        Some(Err(_)) => return error(StatusCode::BAD_REQUEST, "PAGINATION_NUMBER_INVALID", "`n` must be a number"),
    };
    let last = query.last.as_deref().unwrap_or_default();
    let mut rest = names.filter(|name| *name > last);
    let page: Vec<&str> = rest.by_ref().take(number).collect();
    let mut headers = HeaderMap::new();
    if let (Some(last), true) = (page.last(), rest.next().is_some()) {
        let mut link = url::form_urlencoded::Serializer::new(String::new());
        link.append_pair("n", &number.to_string()).append_pair("last", last);
        let namespace = query.namespace.as_deref();
        namespace.map(|ns| link.append_pair("ns", ns));
        let link = format!("<{path}?{}>; rel=\"next\"", link.finish());
        headers.extend(HeaderValue::from_str(&link).ok().map(|link| (header::LINK, link)));
    }
    made(parts, &body(&page), "application/json", headers)
}

/// Never a 404: clients would take it for a registry without the list, and remember.
async fn referrers(registry: &Arc<Registry>, parts: &Parts, name: &str, subject: Digest, query: &Query) -> Response {
    let (shared, name, namespace) = (registry.clone(), name.to_owned(), query.namespace.clone());
    let wanted = query.artifact_type.clone().filter(|kind| !kind.is_empty());
    let mut headers = HeaderMap::new();
    if wanted.is_some() {
        headers.insert(FILTERS, HeaderValue::from_static("artifactType"));
    }
    let read = move || {
        let found = shared.find(&name, namespace.as_deref()).and_then(|repository| repository.referrers(&subject));
        let listed: &[Listed] = found.map_or(&[], |found| found.listed(&*shared.blobs));
        let fits = |line: &&Listed| wanted.is_none() || line.artifact_type == wanted;
        json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": listed.iter().filter(fits).collect::<Vec<_>>() })
    };
    match tokio::task::spawn_blocking(read).await {
        Ok(list) => made(parts, &list, INDEX, headers),
        Err(_) => error(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN", "the list could not be made"),
    }
}

fn made(parts: &Parts, body: &Value, media_type: &str, mut headers: HeaderMap) -> Response {
    headers.insert(header::CACHE_CONTROL, ASK_AGAIN);
    let reply = DocumentReply { bytes: Bytes::from(body.to_string()), media_type: media_type.to_owned(), varies: false, headers };
    document(parts, reply)
}

fn misaddressed(wrong: Misaddressed) -> Response {
    match wrong {
        Misaddressed::Unknown => error(StatusCode::NOT_FOUND, "UNSUPPORTED", "no such endpoint"),
        Misaddressed::Name => error(StatusCode::BAD_REQUEST, "NAME_INVALID", "the repository name is not valid"),
        Misaddressed::Digest => error(StatusCode::BAD_REQUEST, "DIGEST_INVALID", "the digest is not valid"),
        Misaddressed::Foreign(true) => unknown_manifest(None),
        Misaddressed::Foreign(false) => unknown_blob(),
    }
}

fn unknown_name(name: &str) -> Response {
    error(StatusCode::NOT_FOUND, "NAME_UNKNOWN", &format!("{name} is not on this mirror"))
}

fn unknown_blob() -> Response {
    error(StatusCode::NOT_FOUND, "BLOB_UNKNOWN", "the blob is not in this repository")
}

fn unknown_manifest(fault: Option<&str>) -> Response {
    match fault {
        None => error(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN", "the manifest is not in this repository"),
        Some(fault) => error(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN", fault),
    }
}

/// A refusal of a request that the door does not let in, such as a push.
pub(in crate::server) fn refused(status: StatusCode, why: &str) -> Response {
    let mut response = error(status, "UNSUPPORTED", why);
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(header::ALLOW, METHODS);
    }
    response
}

/// An error in the protocol's own form ("Error Codes"): registry clients read no other.
fn error(status: StatusCode, code: &str, message: &str) -> Response {
    let body = json!({ "errors": [{ "code": code, "message": message, "detail": Value::Null }] }).to_string();
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CACHE_CONTROL, ASK_AGAIN)
        .header(VERSION, "registry/2.0")
        .body(Body::from(body))
        .expect("fixed headers are valid")
}
