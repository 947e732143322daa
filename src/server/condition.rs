//! Conditional requests by entity tag (RFC 9110, section 13). There are no dates here: what is served never changes under its tag.

use http::HeaderMap;
use http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH, IF_RANGE};

/// What the request's conditions come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Answer as if there were no conditions.
    Proceed,
    /// The client has it: 304.
    NotModified,
    /// The client wanted another one: 412.
    Failed,
}

/// Evaluates `If-Match`, then `If-None-Match` (section 13.2.2) against the quoted strong tag of the selected representation.
pub fn evaluate(headers: &HeaderMap, etag: &str) -> Verdict {
    if headers.contains_key(IF_MATCH) && !lists(headers, &IF_MATCH, etag, false) {
        Verdict::Failed
    } else if headers.contains_key(IF_NONE_MATCH) && lists(headers, &IF_NONE_MATCH, etag, true) {
        Verdict::NotModified
    } else {
        Verdict::Proceed
    }
}

/// Whether a range may be answered: without `If-Range`, or when it names exactly this tag. A date never does, none was ever sent.
pub fn range_applies(headers: &HeaderMap, etag: &str) -> bool {
    let mut given = headers.get_all(IF_RANGE).iter();
    match (given.next(), given.next()) {
        (None, _) => true,
        (Some(value), None) => value.as_bytes().trim_ascii() == etag.as_bytes(),
        _ => false,
    }
}

fn lists(headers: &HeaderMap, name: &HeaderName, etag: &str, weakly: bool) -> bool {
    headers.get_all(name).iter().any(|line| line_lists(line.as_bytes(), etag.as_bytes(), weakly))
}

/// Looks for a tag in one line. Tags may contain commas, so the line is walked from quote to quote.
fn line_lists(line: &[u8], etag: &[u8], weakly: bool) -> bool {
    let mut rest = line.trim_ascii();
    if rest == b"*" {
        return true;
    }
    loop {
        rest = rest.trim_ascii_start();
        let weak = rest.starts_with(b"W/");
        let tag = if weak { &rest[2..] } else { rest };
        let Some(length) = quoted_length(tag) else { return false };
        if &tag[..length] == etag && (weakly || !weak) {
            return true;
        }
        rest = tag[length..].trim_ascii_start();
        match rest.strip_prefix(b",") {
            Some(more) => rest = more,
            None => return false,
        }
    }
}

/// Length of the quoted string that the bytes begin with.
fn quoted_length(bytes: &[u8]) -> Option<usize> {
    let inner = bytes.strip_prefix(b"\"")?;
    inner.iter().position(|b| *b == b'"').map(|end| end + 2)
}
