//! Documents that are made, not stored: indexes, lists, pages. Small, with validators, coded where the client likes it.

use super::accept::coding;
use super::blob::media_type;
use super::coding::{encoded, hash};
use super::condition::{Verdict, evaluate};
use super::problem::problem;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, VARY};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};

/// A small document that is made, not stored.
#[derive(Debug, Clone)]
pub struct DocumentReply {
    /// The body, before any content coding.
    pub bytes: Bytes,
    /// `Content-Type`.
    pub media_type: String,
    /// Whether another `Accept` would have got another document (`Vary`).
    pub varies: bool,
    /// Further headers.
    pub headers: HeaderMap,
}

/// Answers with a document: GET and HEAD, conditional requests, gzip or zstd where accepted.
pub fn document(parts: &Parts, reply: DocumentReply) -> Response {
    let hash = hash(&reply.bytes);
    let wanted = coding(parts);
    let (coded, bytes) = match encoded(&reply.bytes, hash, wanted) {
        Some(bytes) => (wanted.name(), bytes),
        None => (None, reply.bytes.clone()),
    };
    let etag = etag(&hash, coded);
    let mut response = Response::default();
    *response.headers_mut() = headers(reply, &etag);
    match evaluate(&parts.headers, &etag) {
        Verdict::Failed => return problem(StatusCode::PRECONDITION_FAILED, "the document is another one", ""),
        Verdict::NotModified => {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        Verdict::Proceed => {}
    }
    if let Some(coding) = coded {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    response.headers_mut().insert(CONTENT_LENGTH, bytes.len().into());
    if parts.method != Method::HEAD {
        *response.body_mut() = Body::from(bytes);
    }
    response
}

/// 128 bits of the content's hash. A strong tag names bytes, so that each coding has its own (RFC 9110, section 8.8.3.3).
fn etag(hash: &blake3::Hash, coding: Option<&str>) -> String {
    let hex = data_encoding::HEXLOWER.encode(&hash.as_bytes()[..16]);
    coding.map_or_else(|| format!("\"{hex}\""), |coding| format!("\"{hex}-{coding}\""))
}

/// What goes with the document, modified or not; the room's own headers win.
fn headers(reply: DocumentReply, etag: &str) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(12);
    let vary = if reply.varies { "Accept, Accept-Encoding" } else { "Accept-Encoding" };
    headers.insert(CONTENT_TYPE, media_type(&reply.media_type));
    headers.insert(ETAG, HeaderValue::from_str(etag).expect("hex is a valid header value"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    headers.insert(VARY, HeaderValue::from_static(vary));
    headers.extend(reply.headers);
    headers
}
