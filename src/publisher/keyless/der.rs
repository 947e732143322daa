//! DER (X.690) as far as certificates and timestamps need it: single-byte tags, definite lengths in their shortest form, nothing left over unseen.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BITS: u8 = 0x03;
pub(super) const OCTETS: u8 = 0x04;
pub(super) const OID: u8 = 0x06;
pub(super) const UTF8: u8 = 0x0c;
const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// Elements one behind the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

/// One element.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    /// With its tag and length.
    pub(super) whole: &'a [u8],
    pub(super) content: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next element, whatever it is; `None` where there is none that can be read.
    pub(super) fn next(&mut self) -> Option<Element<'a>> {
        let (&tag, &first) = (self.0.first()?, self.0.get(1)?);
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (length, head) = match first {
            0..=0x7f => (usize::from(first), 2),
            0x81 => (usize::from(*self.0.get(2)?), 3),
            0x82 => (usize::from(u16::from_be_bytes([*self.0.get(2)?, *self.0.get(3)?])), 4),
            _ => return None,
        };
        if (head == 3 && length < 0x80) || (head == 4 && length < 0x100) {
            return None;
        }
        let end = head + length;
        let (whole, content) = (self.0.get(..end)?, self.0.get(head..end)?);
        self.0 = &self.0[end..];
        Some(Element { tag, whole, content })
    }

    /// The content of the next element, which has to have that tag.
    pub(super) fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|element| element.tag == tag).map(|element| element.content)
    }

    /// The content of the next element where it has that tag; else nothing is read.
    pub(super) fn optional(&mut self, tag: u8) -> Option<&'a [u8]> {
        if self.0.first() == Some(&tag) { self.take(tag) } else { None }
    }
}

/// The content of the one element that bytes are, with nothing behind it.
pub(super) fn only(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    let mut reader = Reader(bytes);
    reader.take(tag).filter(|_| reader.is_empty())
}

/// An element around a content.
pub(super) fn wrapped(tag: u8, content: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(content.len()).ok()?;
    let [high, low] = length.to_be_bytes();
    let head = match length {
        0..=0x7f => vec![tag, low],
        0x80..=0xff => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    Some([&head[..], content].concat())
}

/// A time (RFC 5280, section 4.1.2.5) in seconds since 1970.
pub(super) fn seconds(element: Element<'_>) -> Option<i64> {
    digits(element.tag, std::str::from_utf8(element.content).ok()?.strip_suffix('Z')?)
}

/// A time of a timestamp (RFC 3161, section 2.4.2) in seconds since 1970; parts of seconds are read, and left out.
pub(super) fn moment(content: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(content).ok()?.strip_suffix('Z')?;
    let (whole, part) = text.split_once('.').map_or((text, None), |(whole, part)| (whole, Some(part)));
    let shortest = |part: &str| (1..=9).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()) && !part.ends_with('0');
    part.is_none_or(shortest).then(|| digits(GENERALIZED_TIME, whole)).flatten()
}

fn digits(tag: u8, text: &str) -> Option<i64> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let full = match (tag, text.len()) {
        // Two digits of a year: until 49 they are of this century.
        (UTC_TIME, 12) => format!("{}{text}", if text < "50" { "20" } else { "19" }),
        (GENERALIZED_TIME, 14) => text.to_owned(),
        _ => return None,
    };
    let part = |from: usize, to: usize| full.get(from..to)?.parse::<i8>().ok();
    let year = full.get(..4)?.parse().ok()?;
    let civil = DateTime::new(year, part(4, 6)?, part(6, 8)?, part(8, 10)?, part(10, 12)?, part(12, 14)?, 0).ok()?;
    TimeZone::UTC.to_timestamp(civil).ok().map(jiff::Timestamp::as_second)
}
