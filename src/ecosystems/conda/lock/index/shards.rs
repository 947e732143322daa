//! Sharded repodata (CEP 16): a small list of packages, and a document for each, named by the SHA-256 of its compressed bytes.

use super::download::unpacked;
use super::value::Strict;
use super::{Entry, Info, Reader, resolved};
use crate::artifact::Digest;
use crate::error::{Error, Result};
use crate::upstream::shown;
use bytes::Bytes;
use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use std::collections::HashMap;
use std::fmt;
use url::Url;

/// Longest list of shards, unpacked.
const MOST_INDEX: usize = 256 << 20;
/// Longest shard, unpacked.
const MOST_SHARD: usize = 128 << 20;
/// Deepest nesting of a shard: its parts, the archives, the record and what is in it.
const DEPTH: usize = 12;

/// The list of shards of one platform.
pub struct Shards {
    names: HashMap<String, Digest>,
    base: Url,
}

#[derive(Deserialize)]
struct List {
    info: Info,
    shards: Names,
}

impl Shards {
    /// Reads the list.
    pub fn parse(url: &Url, bytes: &[u8], folder: &Url) -> Result<(Info, Self)> {
        let bytes = unpacked(url, bytes, MOST_INDEX)?;
        let mut reader = rmp_serde::Deserializer::from_read_ref(&bytes);
        reader.set_max_depth(DEPTH);
        let list =
            List::deserialize(&mut reader).map_err(|e| Error::verification(format!("{}: not a list of shards", shown(url))).because(&e))?;
        let base = resolved(folder, list.info.shards_base_url.as_deref().or(Some("./shards/")))?;
        Ok((list.info, Self { names: list.shards.0, base }))
    }

    /// The entries of a package.
    pub async fn entries(&self, reader: &Reader<'_>, name: &str) -> Result<Vec<Entry>> {
        let Some(digest) = self.names.get(name) else { return Ok(vec![]) };
        let url = self.base.join(&format!("{}.msgpack.zst", digest.hex())).map_err(|e| Error::failed("not a URL").because(&e))?;
        let bytes = reader.shard(&url, digest).await?;
        let wrong = |why: &str| Error::verification(format!("{}: not a shard of {name}: {why}", shown(&url)));
        let bytes = unpacked(&url, &bytes, MOST_SHARD)?;
        let mut reader = rmp_serde::Deserializer::from_read_ref(&bytes);
        reader.set_max_depth(DEPTH * 2);
        let shard = Strict { depth: DEPTH }.deserialize(&mut reader).map_err(|e| wrong("it cannot be read").because(&e))?;
        let Value::Object(mut shard) = shard else { return Err(wrong("it is no map")) };
        let removed = shard.remove("removed").unwrap_or_default();
        let removed: Vec<&str> = removed.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut entries = Vec::new();
        for part in ["packages", "packages.conda"] {
            records(shard.remove(part), "", false, &mut entries).map_err(wrong)?;
        }
        if let Some(Value::Object(mut newer)) = shard.remove("v3") {
            for (kind, ending) in [("conda", ".conda"), ("tar.bz2", ".tar.bz2")] {
                records(newer.remove(kind), ending, true, &mut entries).map_err(wrong)?;
            }
        }
        entries.retain(|entry| super::whole::name(&entry.file) == name && !removed.contains(&entry.file.as_str()));
        Ok(entries)
    }
}

fn records(part: Option<Value>, ending: &str, newer: bool, entries: &mut Vec<Entry>) -> std::result::Result<(), &'static str> {
    match part {
        None | Some(Value::Null) => {}
        Some(Value::Object(records)) => entries.extend(records.into_iter().map(|(file, record)| Entry {
            file: format!("{file}{ending}"),
            record: Bytes::from(record.to_string()),
            newer,
        })),
        Some(_) => return Err("its packages are no map"),
    }
    Ok(())
}

/// Package names with the digests of their shards, no name twice.
struct Names(HashMap<String, Digest>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_map(Listed).map(Self)
    }
}

struct Listed;

impl<'de> Visitor<'de> for Listed {
    type Value = HashMap<String, Digest>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of names and digests")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> std::result::Result<Self::Value, A::Error> {
        let mut names = HashMap::new();
        while let Some(name) = members.next_key::<String>()? {
            let Raw(digest) = members.next_value()?;
            if names.insert(name, Digest::from_bytes(digest)).is_some() {
                return Err(de::Error::custom("a name stands twice"));
            }
        }
        Ok(names)
    }
}

/// 32 raw bytes.
struct Raw([u8; 32]);

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Bytes32;
        impl Visitor<'_> for Bytes32 {
            type Value = Raw;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("32 bytes")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> std::result::Result<Raw, E> {
                bytes.try_into().map(Raw).map_err(|_| E::invalid_length(bytes.len(), &self))
            }
        }
        deserializer.deserialize_bytes(Bytes32)
    }
}
