//! Answers: blobs with ranges, small documents with validators, problems.

use crate::artifact::{Blobs, Digest};
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use std::sync::Arc;

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

/// Answers with a blob: GET and HEAD, ranges, conditional requests.
pub fn blob(parts: &Parts, blobs: &Arc<dyn Blobs>, reply: BlobReply) -> Response {
    let _ = (parts, blobs, reply);
    problem(StatusCode::NOT_IMPLEMENTED, "blob", "")
}

/// Answers with a document: GET and HEAD, conditional requests, gzip or zstd where accepted.
pub fn document(parts: &Parts, reply: DocumentReply) -> Response {
    let _ = (parts, reply);
    problem(StatusCode::NOT_IMPLEMENTED, "document", "")
}

/// A problem body (RFC 9457).
pub fn problem(status: StatusCode, title: &str, detail: &str) -> Response {
    let body = serde_json::json!({ "status": status.as_u16(), "title": title, "detail": detail }).to_string();
    Response::builder()
        .status(status)
        .header("content-type", "application/problem+json")
        .body(Body::from(body))
        .expect("fixed headers are valid")
}
