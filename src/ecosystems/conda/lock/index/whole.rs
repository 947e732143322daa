//! `repodata.json` (CEP 36): hundreds of thousands of records, of which a solve reaches a few hundred names. It is walked once, and only
//! where each record stands is kept.

use super::download::start;
use super::entry::{Entry, Record};
use super::{Info, too_new};
use crate::error::{Error, Result};
use crate::upstream::shown;
use bytes::Bytes;
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use url::Url;

/// Most records of an index.
const MOST: usize = 5_000_000;
/// The newest form that is known (CEP 15, 36): later ones may mean something else with the same words.
const VERSION: u64 = 2;

/// A whole index, and where in it each package stands.
pub struct Whole {
    text: Bytes,
    names: HashMap<Box<str>, usize>,
    places: Vec<Vec<Place>>,
    removed: HashSet<Box<str>>,
}

/// Where a record stands: offsets and lengths of file name and record. An index is shorter than 4 GiB.
struct Place {
    file: (u32, u32),
    record: (u32, u32),
    /// What the file name lacks, and whether it stands in the newer part.
    ending: &'static str,
    newer: bool,
}

impl Whole {
    /// Walks an index.
    pub fn parse(url: &Url, bytes: Vec<u8>) -> Result<(Info, Self)> {
        let text = Bytes::from(bytes);
        let mut found = Found { text: &text, ..Found::default() };
        let mut reader = serde_json::Deserializer::from_slice(&text);
        let walked = Top { found: &mut found }.deserialize(&mut reader).and_then(|()| reader.end());
        walked.map_err(|e| {
            Error::verification(format!("{}: not an index of a channel", shown(url))).because(&e).with("found", start(&text))
        })?;
        if let Some(version) = found.version.filter(|version| *version > VERSION) {
            return Err(too_new(url, VERSION, version));
        }
        let (info, names, places, removed) = (found.info, found.names, found.places, found.removed);
        Ok((info, Self { text, names, places, removed }))
    }

    /// The entries of a package by its name in lower case.
    pub fn entries(&self, name: &str) -> Vec<Entry> {
        let part = |(from, length): (u32, u32)| self.text.slice(from as usize..from as usize + length as usize);
        let entry = |place: &Place| {
            let file = format!("{}{}", String::from_utf8_lossy(&part(place.file)), place.ending);
            Entry { file, record: Record::Json(part(place.record)), newer: place.newer }
        };
        let entries = self.names.get(name).into_iter().flat_map(|at| &self.places[*at]).map(entry);
        entries.filter(|entry| !self.removed.contains(entry.file.as_str())).collect()
    }
}

/// The name of the package in the name of its archive: what stands before the last two dashes, in lower case, as requirements mean it.
pub fn name(file: &str) -> Cow<'_, str> {
    let name = file.rsplitn(3, '-').nth(2).unwrap_or(file);
    if name.bytes().any(|b| b.is_ascii_uppercase()) { name.to_ascii_lowercase().into() } else { name.into() }
}

#[derive(Default)]
struct Found<'de> {
    text: &'de [u8],
    info: Info,
    names: HashMap<Box<str>, usize>,
    places: Vec<Vec<Place>>,
    /// The name that stood last: an index is sorted, so that the next is mostly the same.
    last: Cow<'de, str>,
    at: usize,
    count: usize,
    removed: HashSet<Box<str>>,
    version: Option<u64>,
}

impl<'de> Found<'de> {
    fn add(&mut self, file: &'de str, record: &'de RawValue, ending: &'static str, newer: bool) {
        let place = |part: &str| ((part.as_ptr() as usize - self.text.as_ptr() as usize) as u32, part.len() as u32);
        let place = Place { file: place(file), record: place(record.get()), ending, newer };
        let name = name(file);
        let at = if name == self.last { self.at } else { self.names.get(&*name).copied().unwrap_or(self.places.len()) };
        if at == self.places.len() {
            self.names.insert((&*name).into(), at);
            self.places.push(vec![]);
        }
        self.places[at].push(place);
        (self.last, self.at) = (name, at);
    }
}

struct Top<'a, 'de> {
    found: &'a mut Found<'de>,
}

impl<'de> DeserializeSeed<'de> for Top<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Top<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `packages` or `packages.conda`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> std::result::Result<(), A::Error> {
        let mut known = HashSet::new();
        while let Some(key) = members.next_key::<String>()? {
            match key.as_str() {
                "info" => self.found.info = members.next_value::<Option<Info>>()?.unwrap_or_default(),
                "packages" | "packages.conda" => {
                    members.next_value_seed(Records { found: &mut *self.found, ending: "", newer: false })?;
                }
                "removed" => self.found.removed = members.next_value::<Option<HashSet<Box<str>>>>()?.unwrap_or_default(),
                "repodata_version" => self.found.version = members.next_value()?,
                "v3" => members.next_value_seed(Newer { found: &mut *self.found })?,
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
            if !known.insert(key) {
                return Err(de::Error::custom("a part stands twice"));
            }
        }
        if known.contains("packages") || known.contains("packages.conda") || known.contains("v3") {
            return Ok(());
        }
        Err(de::Error::custom("neither `packages` nor `packages.conda`"))
    }
}

/// A map of archives.
struct Records<'a, 'de> {
    found: &'a mut Found<'de>,
    ending: &'static str,
    newer: bool,
}

impl<'de> DeserializeSeed<'de> for Records<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Records<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of archives")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> std::result::Result<(), A::Error> {
        while let Some(file) = members.next_key_seed(Key)? {
            let record: &'de RawValue = members.next_value()?;
            self.found.count += 1;
            if self.found.count > MOST {
                return Err(de::Error::custom("too many records"));
            }
            if let Some(file) = file {
                self.found.add(file, record, self.ending, self.newer);
            }
        }
        Ok(())
    }
}

/// The name of an archive. One that is written with escapes is none: all that it may hold stands for itself.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Option<&'de str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Option<&'de str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of an archive")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> std::result::Result<Self::Value, E> {
        Ok(Some(name))
    }

    fn visit_str<E>(self, _: &str) -> std::result::Result<Self::Value, E> {
        Ok(None)
    }
}

/// The records of CEP 48, by kind of archive, without its ending.
struct Newer<'a, 'de> {
    found: &'a mut Found<'de>,
}

impl<'de> DeserializeSeed<'de> for Newer<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Newer<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of kinds of archives")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> std::result::Result<(), A::Error> {
        while let Some(kind) = members.next_key::<String>()? {
            let ending = match kind.as_str() {
                "conda" => ".conda",
                "tar.bz2" => ".tar.bz2",
                _ => {
                    members.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            members.next_value_seed(Records { found: &mut *self.found, ending, newer: true })?;
        }
        Ok(())
    }
}
