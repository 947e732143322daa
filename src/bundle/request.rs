//! `docs/formats/inventory.md`, "Request": blobs that are asked for once more, short enough to be typed.
//!
//! Words between spaces or line ends: `AIRLIFT-REQUEST-1`, then for each blob the first 40 bits of its SHA-256 and a check of 10 bits that
//! also knows its place, then `END-n`. Digits and capitals only, of Crockford's base32, so that a code of it stays small.

use crate::artifact::Digest;
use crate::error::{Error, Result};
use std::collections::BTreeSet;

/// Most blobs of a request.
pub const MAX_REQUESTED: usize = 10_000;
/// Longest request, in bytes.
pub const MAX_REQUEST_BYTES: u64 = 256 << 10;
const FIRST: &str = "AIRLIFT-REQUEST-1";
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The beginning of a digest.
type Start = [u8; 5];

/// Blobs that a receiver does not have; nothing by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    blobs: BTreeSet<Start>,
}

impl Request {
    /// A request for some blobs; `None` for more than anybody should ask for one by one.
    pub fn of<'d>(blobs: impl Iterator<Item = &'d Digest>) -> Option<Self> {
        let blobs: BTreeSet<Start> = blobs.map(start).collect();
        (blobs.len() <= MAX_REQUESTED).then_some(Self { blobs })
    }

    /// Whether a blob is asked for.
    pub fn holds(&self, blob: &Digest) -> bool {
        self.blobs.contains(&start(blob))
    }

    /// How many are asked for.
    pub fn len(&self) -> usize {
        self.blobs.len()
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.blobs.is_empty()
    }

    /// The words, in order.
    pub fn words(&self) -> impl Iterator<Item = String> {
        let blobs = (0..).zip(&self.blobs).map(|(n, blob)| word(n, *blob));
        std::iter::once(FIRST.to_owned()).chain(blobs).chain(std::iter::once(format!("END-{}", self.blobs.len())))
    }

    /// Reads what was carried back, or typed: letters may be small, and O, I and L stand for the digits they look like.
    pub fn parse(text: &str) -> Result<Self> {
        let mut words = text.split_whitespace().map(str::to_uppercase);
        let no_request = || Error::usage("this is not a request of airlift").with("expected", FIRST);
        let mut next = words.next().filter(|first| first == FIRST).and_then(|_| words.next()).ok_or_else(no_request)?;
        let mut request = Self::default();
        for n in 0..=MAX_REQUESTED {
            let wrong = || {
                Error::usage(format!("word {} of the request was not typed or read right", n + 2))
                    .with("found", format!("{next:.40}"))
                    .hint("compare it with what the other side shows, and check that none is missing before it")
            };
            if let Some(count) = next.strip_prefix("END-") {
                return if count == n.to_string() && words.next().is_none() { Ok(request) } else { Err(wrong()) };
            }
            let blob = blob(n, &next).filter(|blob| request.blobs.last().is_none_or(|last| last < blob)).ok_or_else(wrong)?;
            request.blobs.insert(blob);
            next = words.next().ok_or_else(|| Error::usage("the request ends too early").with("expected", "END and a number"))?;
        }
        Err(Error::usage("the request asks for too many blobs").with("expected", format!("at most {MAX_REQUESTED}")))
    }
}

fn start(digest: &Digest) -> Start {
    let bytes = digest.as_bytes();
    [bytes[0], bytes[1], bytes[2], bytes[3], bytes[4]]
}

/// Ten bits that another place or another blob would not have.
fn check(n: usize, blob: Start) -> u64 {
    let mut bytes = (n as u32).to_le_bytes().to_vec();
    bytes.extend_from_slice(&blob);
    let hash = Digest::of(&bytes);
    u64::from(u16::from_le_bytes([hash.as_bytes()[0], hash.as_bytes()[1]]) & 0x3ff)
}

fn word(n: usize, blob: Start) -> String {
    let bits = blob.iter().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte)) << 10 | check(n, blob);
    let mut out = String::with_capacity(11);
    for i in 0..10 {
        if i == 5 {
            out.push('-');
        }
        out.push(char::from(ALPHABET[(bits >> (45 - 5 * i)) as usize & 31]));
    }
    out
}

fn blob(n: usize, word: &str) -> Option<Start> {
    let (mut bits, mut count) = (0u64, 0);
    for byte in word.bytes().filter(|b| *b != b'-') {
        let seen = match byte {
            b'O' => b'0',
            b'I' | b'L' => b'1',
            other => other,
        };
        bits = bits << 5 | ALPHABET.iter().position(|a| *a == seen)? as u64;
        count += 1;
        if count > 10 {
            return None;
        }
    }
    let blob: Start = (bits >> 10).to_be_bytes()[3..].try_into().ok()?;
    (count == 10 && bits & 0x3ff == check(n, blob)).then_some(blob)
}

#[cfg(test)]
mod tests {
    use super::Request;
    use crate::artifact::Digest;

    #[test]
    fn a_request_is_read_as_it_was_typed_and_every_slip_is_seen() {
        let digests: Vec<Digest> = (0..20u8).map(|n| Digest::of(&[n])).collect();
        let request = Request::of(digests[..12].iter()).expect("few");
        let words: Vec<String> = request.words().collect();
        assert!(words.len() == 14 && words[1].len() == 11 && words[13] == "END-12", "{words:?}");
        assert_eq!(Request::parse(&words.join("\n")).expect("as it was written"), request);
        assert_eq!(Request::parse(&words.join("  ").to_lowercase().replace('0', "o")).expect("as people type"), request);
        assert!(request.holds(&digests[3]) && !request.holds(&digests[15]));
        for n in 1..13 {
            let mut swapped = words.clone();
            swapped.swap(n, if n == 12 { 1 } else { n + 1 });
            Request::parse(&swapped.join(" ")).expect_err("two words exchanged");
            let mut left_out = words.clone();
            left_out.remove(n);
            Request::parse(&left_out.join(" ")).expect_err("a word left out");
        }
        let mut typed = words.clone();
        let slip = if typed[4].starts_with('7') { "8" } else { "7" };
        typed[4].replace_range(0..1, slip);
        let error = Request::parse(&typed.join(" ")).expect_err("a slip");
        assert!(error.message().contains("word 5"), "{error}");
        for other in ["", "AIRLIFT-REQUEST-1", "AIRLIFT-REQUEST-2 END-0", "AIRLIFT-REQUEST-1 END-1", "AIRLIFT-REQUEST-1 END-0 x"] {
            Request::parse(other).expect_err(other);
        }
        assert!(Request::parse("airlift-request-1 end-0").expect("nothing").is_empty());
    }
}
