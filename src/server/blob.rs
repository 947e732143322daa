//! Blobs: GET and HEAD, ranges, conditional requests. What is served under a digest never changes and is never content-coded.

use super::condition::{Verdict, evaluate};
use super::problem::{failure, problem};
use super::range::{Wanted, wanted};
use super::transfer::{self, Refused};
use crate::artifact::{Blobs, Digest};
use crate::error::{Error, Result};
use axum::response::Response;
use http::header::{ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG};
use http::header::{CONTENT_SECURITY_POLICY, HeaderName};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use std::sync::Arc;

/// `Repr-Digest` (RFC 9530, section 3).
const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");

/// How a blob is presented.
#[derive(Debug, Clone)]
pub struct BlobReply {
    /// Which blob.
    pub digest: Digest,
    /// `Content-Type`.
    pub media_type: String,
    /// Further headers.
    pub headers: HeaderMap,
}

/// Answers with a blob: GET and HEAD, ranges, conditional requests.
pub fn blob(parts: &Parts, blobs: &Arc<dyn Blobs>, reply: BlobReply) -> Response {
    let digest = reply.digest;
    answer(parts, &**blobs, reply).unwrap_or_else(|error| failure(&error.about(digest)))
}

fn answer(parts: &Parts, blobs: &dyn Blobs, reply: BlobReply) -> Result<Response> {
    let digest = reply.digest;
    let Some(size) = blobs.size(&digest)? else { return Ok(absent(&digest)) };
    // Conditions and ranges are judged by the tag that the client has been given.
    let own = reply.headers.get(ETAG).and_then(|tag| tag.to_str().ok()).map(str::to_owned);
    let etag = own.unwrap_or_else(|| format!("\"{digest}\""));
    let mut response = Response::default();
    *response.headers_mut() = headers(reply, &etag);
    match evaluate(&parts.headers, &etag) {
        Verdict::Failed => return Ok(problem(StatusCode::PRECONDITION_FAILED, "the blob is another one", "")),
        Verdict::NotModified => {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return Ok(response);
        }
        Verdict::Proceed => {}
    }
    let (first, length) = match wanted(parts, &etag, size) {
        Wanted::Whole => (0, size),
        Wanted::Part { first, last } => {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            response.headers_mut().insert(CONTENT_RANGE, value(format!("bytes {first}-{last}/{size}")));
            (first, last - first + 1)
        }
        Wanted::Unsatisfiable => return Ok(unsatisfiable(size)),
    };
    response.headers_mut().insert(CONTENT_LENGTH, length.into());
    if parts.method != Method::HEAD {
        let Some(reader) = blobs.open(&digest)? else { return Ok(absent(&digest)) };
        match transfer::body(reader, first, length) {
            Ok(body) => *response.body_mut() = body,
            Err(Refused::Busy) => return Ok(busy()),
            Err(Refused::Unreadable(error)) => return Err(Error::io("the blob cannot be read", &error)),
        }
    }
    Ok(response)
}

/// What goes with the blob whatever part of it is sent; the room's own headers win.
fn headers(reply: BlobReply, etag: &str) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(12);
    let digest = data_encoding::BASE64.encode(reply.digest.as_bytes());
    headers.insert(CONTENT_TYPE, media_type(&reply.media_type));
    headers.insert(ETAG, value(etag.to_owned()));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    headers.insert(REPR_DIGEST, value(format!("sha-256=:{digest}:")));
    // A page or picture from a bundle must not script the mirror's own pages.
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox"));
    headers.extend(reply.headers);
    headers
}

/// A media type as the lock has it; one that is no header value is served as plain bytes.
pub(super) fn media_type(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("application/octet-stream"))
}

fn value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("digits, hex and base64 are valid header values")
}

fn absent(digest: &Digest) -> Response {
    problem(StatusCode::NOT_FOUND, "this mirror does not have the blob", &digest.to_string())
}

fn unsatisfiable(size: u64) -> Response {
    let detail = format!("The range begins behind the end: there are {size} bytes.");
    let mut response = problem(StatusCode::RANGE_NOT_SATISFIABLE, "no such range", &detail);
    response.headers_mut().insert(CONTENT_RANGE, value(format!("bytes */{size}")));
    response
}

fn busy() -> Response {
    problem(StatusCode::SERVICE_UNAVAILABLE, "too many transfers are running", "Try again in a moment.")
}
