//! Problem bodies (RFC 9457): what went wrong, for programs and for people.

use crate::error::Error;
use axum::body::Body;
use axum::response::Response;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};

/// The methods that are answered.
pub(super) const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

/// Why an answer is not what was asked for: travels with the response to the access log, never to the client.
#[derive(Debug, Clone)]
pub(super) struct Cause(pub(super) String);

/// A problem body (RFC 9457).
pub fn problem(status: StatusCode, title: &str, detail: &str) -> Response {
    let mut fields = serde_json::json!({ "type": "about:blank", "status": status.as_u16(), "title": title });
    if !detail.is_empty() {
        fields["detail"] = detail.into();
    }
    let body = format!("{fields}\n");
    let length = body.len();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(CONTENT_LENGTH, length.into());
    // What is absent now may come with the next import.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, METHODS);
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("2"));
    }
    response
}

/// A 500 for a failure of ours: the client is told that it failed, the access log why.
pub fn failure(error: &Error) -> Response {
    let detail = "The reason is in the mirror's access log.";
    let mut response = problem(StatusCode::INTERNAL_SERVER_ERROR, "the mirror could not read this", detail);
    response.extensions_mut().insert(Cause(error.to_string()));
    response
}
