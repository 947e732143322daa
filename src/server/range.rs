//! Byte ranges (RFC 9110, section 14): which part of a blob a request asks for.

use super::condition::range_applies;
use http::header::RANGE;
use http::request::Parts;
use http::{HeaderMap, Method};

/// The part of a representation to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// All of it: no range, or one that is to be ignored.
    Whole,
    /// From the first to the last byte, both included.
    Part {
        /// Offset of the first byte.
        first: u64,
        /// Offset of the last byte.
        last: u64,
    },
    /// A valid range that begins behind the end: 416.
    Unsatisfiable,
}

/// Reads `Range` and `If-Range`. Only GET has ranges (section 14.2); several ranges, other units and what does not parse are answered
/// with the whole, which every client must be ready for.
pub fn wanted(parts: &Parts, etag: &str, size: u64) -> Wanted {
    if parts.method != Method::GET || !range_applies(&parts.headers, etag) {
        return Wanted::Whole;
    }
    single(&parts.headers).and_then(|range| resolve(range, size)).unwrap_or(Wanted::Whole)
}

/// The text of the one range behind `bytes=`.
fn single(headers: &HeaderMap) -> Option<&str> {
    let mut lines = headers.get_all(RANGE).iter();
    let (unit, ranges) = lines.next()?.to_str().ok()?.trim().split_once('=')?;
    let alone = lines.next().is_none() && !ranges.contains(',');
    (alone && unit.eq_ignore_ascii_case("bytes")).then(|| ranges.trim())
}

fn resolve(range: &str, size: u64) -> Option<Wanted> {
    let (first, last) = range.split_once('-')?;
    let part = |first, last| Some(Wanted::Part { first, last });
    match (first, last) {
        ("", suffix) => match number(suffix)? {
            0 => Some(Wanted::Unsatisfiable),
            _ if size == 0 => Some(Wanted::Whole),
            suffix => part(size.saturating_sub(suffix), size - 1),
        },
        (first, last) => {
            let first = number(first)?;
            let last = if last.is_empty() { u64::MAX } else { number(last)? };
            match () {
                () if last < first => None,
                () if first >= size => Some(Wanted::Unsatisfiable),
                () => part(first, last.min(size - 1)),
            }
        }
    }
}

/// Digits only; more than 64 bits count as the largest number, which lies behind every end.
fn number(digits: &str) -> Option<u64> {
    let valid = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    valid.then(|| digits.parse().unwrap_or(u64::MAX))
}
