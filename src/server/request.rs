//! What a request must look like before a room sees it. Everything else is refused here, with one clear answer.

use super::oci;
use super::problem::{METHODS, problem};
use crate::artifact::percent_decoded;
use axum::body::Body;
use axum::response::Response;
use http::header::{ALLOW, CONNECTION, CONTENT_LENGTH, HOST};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, StatusCode, Uri, Version};

/// Longest path, in bytes as sent.
const LONGEST_PATH: usize = 4096;

type Refusal = (StatusCode, &'static str, &'static str);

/// Checks a request and leaves its target in origin form; an answer means that it goes no further. One that `asks` may be a POST and have
/// a body.
pub fn check(parts: &mut Parts, has_body: bool, asks: bool) -> Option<Response> {
    if parts.method == Method::OPTIONS && !has_body {
        return Some(options());
    }
    let checked = if asks { Ok(()) } else { check_method(&parts.method) }
        .and_then(|()| check_path(parts.uri.path()))
        .and_then(|()| check_host(parts))
        .and_then(|()| if asks { Ok(()) } else { check_body(parts, has_body) });
    if let Err((status, title, detail)) = checked {
        let refusal = worded(parts.uri.path(), status, title, detail);
        return Some(if has_body { last(parts, refusal) } else { refusal });
    }
    if parts.uri.scheme().is_some() && parts.version != Version::HTTP_2 {
        parts.uri = origin_form(&parts.uri);
    }
    None
}

fn options() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(ALLOW, METHODS);
    response
}

/// A refusal in words the client reads: those of registries know no problem bodies, and print what the protocol has for errors.
fn worded(path: &str, status: StatusCode, title: &str, detail: &str) -> Response {
    let registry = path.strip_prefix(oci::ROOT).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if registry { oci::refused(status, title) } else { problem(status, title, detail) }
}

/// A body that nobody will read ends the connection: what follows it cannot be told from it.
pub fn last(parts: &Parts, mut response: Response) -> Response {
    if parts.version != Version::HTTP_2 {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

fn check_method(method: &Method) -> Result<(), Refusal> {
    match *method {
        Method::GET | Method::HEAD => Ok(()),
        _ => Err((StatusCode::METHOD_NOT_ALLOWED, "this mirror is read-only", "It answers GET, HEAD and OPTIONS.")),
    }
}

fn check_body(parts: &Parts, has_body: bool) -> Result<(), Refusal> {
    if has_body || parts.headers.get_all(CONTENT_LENGTH).iter().any(|length| length.as_bytes() != b"0") {
        return Err((StatusCode::PAYLOAD_TOO_LARGE, "requests have no body here", ""));
    }
    Ok(())
}

/// One valid `Host` from HTTP/1.1 on (RFC 9112, section 3.2); a target in absolute form must agree with it, since this is no proxy.
fn check_host(parts: &Parts) -> Result<(), Refusal> {
    let mut hosts = parts.headers.get_all(HOST).iter();
    let host = hosts.next().map(HeaderValue::to_str);
    let authority = parts.uri.authority().map(http::uri::Authority::as_str);
    if hosts.next().is_some() {
        return Err((StatusCode::BAD_REQUEST, "more than one Host header", ""));
    }
    match (host, authority) {
        (Some(Err(_)), _) => Err((StatusCode::BAD_REQUEST, "the Host header is not a host", "")),
        (Some(Ok(host)), _) if !is_host(host) => Err((StatusCode::BAD_REQUEST, "the Host header is not a host", "")),
        (_, Some(authority)) if !is_host(authority) => Err((StatusCode::BAD_REQUEST, "the authority is not a host", "")),
        (Some(Ok(host)), Some(authority)) if !host.eq_ignore_ascii_case(authority) => {
            Err((StatusCode::MISDIRECTED_REQUEST, "this is a mirror, not a proxy", "Ask it for its own address."))
        }
        (None, _) if parts.version == Version::HTTP_11 => Err((StatusCode::BAD_REQUEST, "the Host header is missing", "")),
        _ => Ok(()),
    }
}

/// Whether text is a host with an optional port (RFC 3986, section 3.2), in the characters that need no escaping anywhere.
pub fn is_host(text: &str) -> bool {
    let fits = (1..=255).contains(&text.len());
    fits && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b))
}

/// Whether text is a path prefix in the same sense.
pub fn is_prefix(text: &str) -> bool {
    text.is_empty()
        || (text.starts_with('/') && text.len() <= 255 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~/".contains(&b)))
}

/// Refuses what could mean another path to another reader: dot segments, empty segments, control characters, backslashes, double
/// encoding. `%2F` inside a segment stays allowed: some clients send names that way.
fn check_path(path: &str) -> Result<(), Refusal> {
    let bad = |title| Err((StatusCode::BAD_REQUEST, title, ""));
    if path.len() > LONGEST_PATH {
        return Err((StatusCode::URI_TOO_LONG, "the path is too long", ""));
    }
    if !path.starts_with('/') {
        return bad("the path does not begin with a slash");
    }
    let Some(decoded) = percent_decoded(path) else { return bad("the path is not validly percent-encoded UTF-8") };
    if decoded.chars().any(|c| c.is_control() || c == '\\') {
        return bad("the path has a control character or a backslash");
    }
    if is_encoded(&decoded) {
        return bad("the path is percent-encoded twice");
    }
    let mut segments = decoded[1..].split('/').peekable();
    while let Some(segment) = segments.next() {
        if matches!(segment, "." | "..") || (segment.is_empty() && segments.peek().is_some()) {
            return bad("the path has an empty, `.` or `..` segment");
        }
    }
    Ok(())
}

/// Whether a decoded path still holds a percent-escape: every request for it is refused.
pub fn is_encoded(text: &str) -> bool {
    text.as_bytes().windows(3).any(|w| w[0] == b'%' && hex(w[1]).is_some() && hex(w[2]).is_some())
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

fn origin_form(uri: &Uri) -> Uri {
    let target = uri.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
    Uri::from(target)
}
