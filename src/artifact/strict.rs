//! Strict JSON for everything that is signed or pinned: RFC 8259 without its ambiguities.
//!
//! UTF-8 without a byte order mark, no duplicate keys (`serde_json` keeps the last silently), no floats, integers below 2^53, bounded
//! depth, no control or bidirectional characters in strings but the line feed, and not that one in names. Unknown members are refused by the wire types (`deny_unknown_fields`).

use crate::error::{Error, Result};
use serde::de::{self, DeserializeOwned, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeSet;
use std::fmt;

/// Caps applied before and while parsing.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Longest document, in bytes.
    pub bytes: usize,
    /// Deepest nesting of arrays and objects.
    pub depth: usize,
}

/// Largest integer that every JSON reader agrees on (RFC 7493, section 2.2).
pub const LARGEST: u64 = (1 << 53) - 1;

/// Checks the profile over the whole buffer, then parses the same buffer into a wire type.
pub fn parse_strict<T: DeserializeOwned>(what: &str, bytes: &[u8], limits: Limits) -> Result<T> {
    check_profile(what, bytes, limits)?;
    serde_json::from_slice(bytes).map_err(|e| not_strict(what, &e))
}

/// The same for a document whose format version stands in `member`: a newer one is told apart from a damaged one, whatever else it holds.
pub fn parse_versioned<T: DeserializeOwned>(what: &str, bytes: &[u8], limits: Limits, member: &str, version: u32) -> Result<T> {
    check_profile(what, bytes, limits)?;
    let found = Member(member).deserialize(&mut serde_json::Deserializer::from_slice(bytes)).ok().flatten();
    match found {
        Some(found) if found != u64::from(version) => {
            let newer = if found > u64::from(version) { "needs a newer airlift" } else { "has a format version that never was" };
            let error = Error::verification(format!("{what} {newer}")).with("expected", format!("format version {version}"));
            Err(error.with("found", format!("format version {found}")).hint("read it with the airlift that wrote it, or a later one"))
        }
        _ => serde_json::from_slice(bytes).map_err(|e| not_strict(what, &e)),
    }
}

fn not_strict(what: &str, error: &serde_json::Error) -> Error {
    Error::verification(format!("{what} is not in the strict form")).because(error)
}

fn check_profile(what: &str, bytes: &[u8], limits: Limits) -> Result<()> {
    if bytes.len() > limits.bytes {
        return Err(Error::verification(format!("{what} is too large"))
            .with("expected", format!("at most {} bytes", limits.bytes))
            .with("found", format!("{} bytes", bytes.len())));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    Profile { depth: limits.depth }.deserialize(&mut reader).and_then(|()| reader.end()).map_err(|e| not_strict(what, &e))
}

/// Finds one member of an object, when it is a whole number, and keeps nothing else.
struct Member<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for Member<'_> {
    type Value = Option<u64>;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Option<u64>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Member<'_> {
    type Value = Option<u64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> std::result::Result<Option<u64>, A::Error> {
        let mut found = None;
        while let Some(key) = members.next_key::<String>()? {
            if key == self.0 {
                found = members.next_value::<serde_json::Value>()?.as_u64();
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// Walks a value and keeps nothing: only the rules are checked.
#[derive(Clone, Copy)]
struct Profile {
    depth: usize,
}

impl Profile {
    fn deeper<E: de::Error>(self) -> std::result::Result<Self, E> {
        self.depth.checked_sub(1).map(|depth| Self { depth }).ok_or_else(|| E::custom("nested too deeply"))
    }
}

impl<'de> DeserializeSeed<'de> for Profile {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> std::result::Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Profile {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("strict JSON: no floats, no duplicate keys, bounded depth")
    }

    fn visit_bool<E>(self, _: bool) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> std::result::Result<(), E> {
        if value > LARGEST { Err(E::custom("integer above 2^53-1")) } else { Ok(()) }
    }

    fn visit_str<E: de::Error>(self, text: &str) -> std::result::Result<(), E> {
        if crate::error::plain(text) == text { Ok(()) } else { Err(E::custom("control or bidirectional characters in a string")) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<(), A::Error> {
        let inner = self.deeper()?;
        while items.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> std::result::Result<(), A::Error> {
        let inner = self.deeper()?;
        let mut keys = BTreeSet::new();
        while let Some(key) = members.next_key::<String>()? {
            inner.visit_str::<A::Error>(&key)?;
            if key.contains('\n') {
                return Err(de::Error::custom("a line feed in the name of a member"));
            }
            members.next_value_seed(inner)?;
            if !keys.insert(key) {
                return Err(de::Error::custom("duplicate key"));
            }
        }
        Ok(())
    }
}
