//! The reading half of the hub's chunk protocol (Xet): stock clients refuse large files over plain HTTP, but not this way. Clients check
//! the lengths of what they get here, not its digests; the mirror has checked them.

use super::chunks::{CHUNK, CHUNKS, Contained, Container};
use super::route::Generation;
use crate::artifact::{Blobs, Descriptor};
use crate::server::{BlobReply, blob, problem};
use axum::response::Response;
use http::header::{ETAG, RANGE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Files above so many bytes are offered by chunks: what clients refuse over plain HTTP.
pub(super) const WALL: u64 = 50_000_000_000;
/// When the token ends, in seconds since 1970: it opens nothing that is not open.
const NEVER: u64 = 4_102_444_800;

/// The token with which a client asks for chunks, and where.
pub(super) fn token(root: &str) -> (Value, [(&'static str, String); 3]) {
    let store = format!("{root}/xet");
    let body = json!({ "casUrl": store, "accessToken": "anonymous", "exp": NEVER });
    let headers = [("x-xet-cas-url", store), ("x-xet-access-token", "anonymous".to_owned()), ("x-xet-token-expiration", NEVER.to_string())];
    (body, headers)
}

/// What makes a client ask for chunks: the file's name there, and where the token is.
pub(super) fn offer(headers: &mut HeaderMap, found: &Descriptor, token: &str) {
    let link = HeaderValue::try_from(format!("<{token}>; rel=\"xet-auth\""));
    if let (Ok(link), Ok(hash)) = (link, HeaderValue::try_from(found.digest.hex())) {
        headers.insert("x-xet-hash", hash);
        headers.insert("link", link);
    }
}

/// Which chunks of which containers make up a part of a file; `None` where the part begins behind the end.
pub(super) fn reconstruction(parts: &Parts, found: &Descriptor, root: &str, generation: Generation) -> Option<Value> {
    let (first, last) = range(parts, found.size)?;
    let (mut terms, mut places) = (Vec::new(), Map::new());
    for container in Container::holding(found.digest, found.size, first, last) {
        let from = first.max(container.start()) / CHUNK % CHUNKS;
        let to = (last - container.start()).div_euclid(CHUNK).min(CHUNKS - 1) + 1;
        let content = (to * CHUNK).min(container.content()) - from * CHUNK;
        let (hash, chunks) = (container.hash(), json!({ "start": from, "end": to }));
        let bytes = json!({ "start": container.place(from), "end": container.place(to) - 1 });
        let url = format!("{root}/xet/containers/{}/{}", found.digest.hex(), container.number);
        terms.push(json!({ "hash": hash, "unpacked_length": content, "range": chunks }));
        let place = match generation {
            Generation::First => json!([{ "range": chunks, "url": url, "url_range": bytes }]),
            Generation::Second => json!([{ "url": url, "ranges": [{ "chunks": chunks, "bytes": bytes }] }]),
        };
        places.insert(hash, place);
    }
    let key = if generation == Generation::First { "fetch_info" } else { "xorbs" };
    Some(json!({ "offset_into_first_range": first % CHUNK, "terms": terms, key: places }))
}

/// The part that is asked for, without what lies behind the end (RFC 9110, section 14.1.2; one range, from its first byte on).
fn range(parts: &Parts, size: u64) -> Option<(u64, u64)> {
    let wanted = parts.headers.get(RANGE).and_then(|v| v.to_str().ok()?.strip_prefix("bytes=")?.split_once('-'));
    let (first, last) = wanted.unwrap_or(("0", ""));
    let (first, last) = (first.parse().ok()?, last.parse().unwrap_or(u64::MAX).min(size.checked_sub(1)?));
    (first <= last).then_some((first, last))
}

/// A part of a container.
pub(super) fn container(parts: &Parts, blobs: &Arc<dyn Blobs>, found: &Descriptor, number: u64) -> Response {
    let container = Container { file: found.digest, size: found.size, number };
    if number >= found.size.div_ceil(CHUNK * CHUNKS) {
        return problem(StatusCode::NOT_FOUND, "the file has no such part", "");
    }
    let contained: Arc<dyn Blobs> = Arc::new(Contained { blobs: blobs.clone(), container });
    let tag = HeaderValue::try_from(format!("\"{}\"", container.hash())).expect("hex makes a header");
    let headers = HeaderMap::from_iter([(ETAG, tag)]);
    let mut response =
        blob(parts, &contained, BlobReply { digest: found.digest, media_type: "application/octet-stream".to_owned(), headers });
    // The digest is that of the file, of which a container is another form.
    response.headers_mut().remove("repr-digest");
    response
}
