//! Sharded repodata (CEP 16): a small list of packages, and a document for each, named by the SHA-256 of its compressed bytes.

use super::download::unpacked;
use super::entry::{Entry, Record};
use super::packed::Walk;
use super::{Info, Reader, apart, resolved};
use crate::artifact::Digest;
use crate::error::{Error, Result};
use crate::upstream::shown;
use bytes::Bytes;
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use std::collections::{HashMap, HashSet};
use std::fmt;
use url::Url;

/// Longest list of shards, unpacked; that of the largest channels takes 2 MB.
const MOST_INDEX: usize = 64 << 20;
/// Longest shard, unpacked.
const MOST_SHARD: usize = 128 << 20;
/// Most records of a shard.
const MOST_RECORDS: usize = 200_000;
/// Deepest nesting of the list.
const DEPTH: usize = 12;
/// The version of the list that is known.
const VERSION: u64 = 1;

/// The list of shards of one platform.
pub struct Shards {
    names: HashMap<String, Digest>,
    base: Url,
}

#[derive(Deserialize)]
struct List {
    /// Writers may leave it out.
    version: Option<u64>,
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
        if let Some(version) = list.version.filter(|version| *version > VERSION) {
            return Err(super::too_new(url, VERSION, version));
        }
        let base = resolved(folder, list.info.shards_base_url.as_deref().or(Some("./shards/")))?;
        Ok((list.info, Self { names: list.shards.0, base }))
    }

    /// The entries of a package.
    pub async fn entries(&self, reader: &Reader<'_>, name: &str) -> Result<Vec<Entry>> {
        let Some(digest) = self.names.get(name) else { return Ok(vec![]) };
        let url = self.base.join(&format!("{}.msgpack.zst", digest.hex())).map_err(|e| Error::failed("not a URL").because(&e))?;
        let bytes = reader.shard(&url, digest).await?;
        let name = name.to_owned();
        apart(move || {
            let shard = Bytes::from(unpacked(&url, &bytes, MOST_SHARD)?);
            read(shard, &name).map_err(|why| Error::verification(format!("{}: not a shard of {name}: {why}", shown(&url))))
        })
        .await
    }
}

/// The entries of a shard.
fn read(shard: Bytes, name: &str) -> std::result::Result<Vec<Entry>, &'static str> {
    const BROKEN: &str = "it cannot be read";
    let (mut walk, mut entries, mut removed, mut known) = (Walk::new(shard), Vec::new(), HashSet::new(), HashSet::new());
    for _ in 0..walk.map().ok_or(BROKEN)? {
        let part = walk.text().ok_or(BROKEN)?;
        match part.as_str() {
            "packages" | "packages.conda" => records(&mut walk, "", false, &mut entries)?,
            "v3" => newer(&mut walk, &mut entries)?,
            "removed" => {
                for _ in 0..walk.list().ok_or(BROKEN)? {
                    removed.insert(walk.text().ok_or(BROKEN)?);
                }
            }
            _ => drop(walk.value().ok_or(BROKEN)?),
        }
        if !known.insert(part) {
            return Err("a part stands twice");
        }
    }
    if known.is_empty() {
        return Err("it is empty");
    }
    entries.retain(|entry| *super::whole::name(&entry.file) == *name && !removed.contains(&entry.file));
    Ok(entries)
}

/// The records of CEP 48, by kind of archive, without its ending.
fn newer(walk: &mut Walk, entries: &mut Vec<Entry>) -> std::result::Result<(), &'static str> {
    for _ in 0..walk.map().ok_or("its newer part is no map")? {
        match walk.text().ok_or("a kind of archive has no name")?.as_str() {
            "conda" => records(walk, ".conda", true, entries)?,
            "tar.bz2" => records(walk, ".tar.bz2", true, entries)?,
            _ => drop(walk.value().ok_or("it breaks off")?),
        }
    }
    Ok(())
}

fn records(walk: &mut Walk, ending: &str, newer: bool, entries: &mut Vec<Entry>) -> std::result::Result<(), &'static str> {
    for _ in 0..walk.map().ok_or("its packages are no map")? {
        let file = walk.text().ok_or("an archive has no name")? + ending;
        let record = Record::Packed(walk.value().ok_or("it breaks off")?);
        if entries.len() >= MOST_RECORDS {
            return Err("it has too many records");
        }
        entries.push(Entry { file, record, newer });
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
            // Requirements mean a package in lower case, however its channel writes it.
            let name = if name.bytes().any(|b| b.is_ascii_uppercase()) { name.to_ascii_lowercase() } else { name };
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
