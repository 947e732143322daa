//! MessagePack, the writing half, as far as sharded indexes need it (the MessagePack specification, "Formats"; CEP 16).
//!
//! Every value has one form here, the shortest, and maps keep the order they come in: the same document always has the same bytes.

use serde_json::{Map, Value};

/// The keys under which a record holds digests that shards have as bytes, with their lengths.
const DIGESTS: [(&str, usize); 2] = [("sha256", 32), ("md5", 16)];

/// The head of a map of so many entries; each is a key and a value.
pub(super) fn map(out: &mut Vec<u8>, entries: usize) {
    head(out, entries, (0x80, 16), &[0xde, 0xdf]);
}

/// The head of a list of so many items.
pub(super) fn list(out: &mut Vec<u8>, items: usize) {
    head(out, items, (0x90, 16), &[0xdc, 0xdd]);
}

/// Text.
pub(super) fn text(out: &mut Vec<u8>, text: &str) {
    head(out, text.len(), (0xa0, 32), &[0xd9, 0xda, 0xdb]);
    out.extend_from_slice(text.as_bytes());
}

/// Bytes.
pub(super) fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    head(out, bytes.len(), (0, 0), &[0xc4, 0xc5, 0xc6]);
    out.extend_from_slice(bytes);
}

/// A number without a sign.
pub(super) fn number(out: &mut Vec<u8>, number: u64) {
    match number {
        0..0x80 => out.push(number as u8),
        0x80..=0xff => out.extend([0xcc, number as u8]),
        0x100..=0xffff => with(out, 0xcd, &(number as u16).to_be_bytes()),
        0x1_0000..=0xffff_ffff => with(out, 0xce, &(number as u32).to_be_bytes()),
        _ => with(out, 0xcf, &number.to_be_bytes()),
    }
}

/// A package's record: digests that stand in it as hex become bytes.
pub(super) fn record(out: &mut Vec<u8>, record: &Map<String, Value>) {
    map(out, record.len());
    for (key, entry) in record {
        text(out, key);
        match digest(key, entry) {
            Some(digest) => bytes(out, &digest),
            None => value(out, entry),
        }
    }
}

fn digest(key: &str, value: &Value) -> Option<Vec<u8>> {
    let (_, length) = DIGESTS.iter().find(|(name, _)| *name == key)?;
    data_encoding::HEXLOWER_PERMISSIVE.decode(value.as_str()?.as_bytes()).ok().filter(|digest| digest.len() == *length)
}

/// Any value. How deep it nests was bounded by whoever parsed it.
fn value(out: &mut Vec<u8>, any: &Value) {
    match any {
        Value::Null => out.push(0xc0),
        Value::Bool(known) => out.push(0xc2 + u8::from(*known)),
        Value::Number(any) => match (any.as_u64(), any.as_i64()) {
            (Some(positive), _) => number(out, positive),
            (None, Some(negative)) => with(out, 0xd3, &negative.to_be_bytes()),
            (None, None) => with(out, 0xcb, &any.as_f64().unwrap_or_default().to_be_bytes()),
        },
        Value::String(any) => text(out, any),
        Value::Array(items) => {
            list(out, items.len());
            items.iter().for_each(|item| value(out, item));
        }
        Value::Object(entries) => {
            map(out, entries.len());
            for (key, entry) in entries {
                text(out, key);
                value(out, entry);
            }
        }
    }
}

/// A length: within the first byte if it is below `short`, else behind one of `markers` in as few bytes as will do. Three markers are
/// for lengths of one, two and four bytes, two for those of two and four.
fn head(out: &mut Vec<u8>, length: usize, (fixed, short): (u8, usize), markers: &[u8]) {
    let (two, four) = (markers[markers.len() - 2], markers[markers.len() - 1]);
    match length {
        _ if length < short => out.push(fixed | length as u8),
        0..=0xff if markers.len() == 3 => out.extend([markers[0], length as u8]),
        0..=0xffff => with(out, two, &(length as u16).to_be_bytes()),
        _ => with(out, four, &(length as u32).to_be_bytes()),
    }
}

fn with(out: &mut Vec<u8>, marker: u8, bytes: &[u8]) {
    out.push(marker);
    out.extend_from_slice(bytes);
}
