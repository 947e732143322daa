//! `index.yaml`: the versions of one chart, read from a stream of events so that an index of a whole company costs no more than its text.

use crate::error::{Error, Kind, Result};
use saphyr_parser::{Event, Parser, ScalarStyle};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// Longest index, in bytes.
pub(super) const MOST_INDEX_BYTES: usize = 64 << 20;
/// Most versions of one chart.
const MOST_VERSIONS: usize = 50_000;
/// Most values in the entries of one chart.
const MOST_VALUES: usize = 4_000_000;
/// Deepest nesting of an entry.
const DEEPEST: usize = 32;
/// The keys of an entry that are read.
const READ: [&str; 5] = ["name", "version", "urls", "digest", "created"];

/// One version of a chart, as far as the index tells it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    /// The version as the index writes it.
    #[serde(deserialize_with = "scalar")]
    pub version: String,
    /// Where the archive is; only the first counts, as for Helm.
    #[serde(default, deserialize_with = "list")]
    pub urls: Vec<String>,
    /// SHA-256 of the archive, in hex.
    #[serde(default, deserialize_with = "optional")]
    pub digest: Option<String>,
    /// When it was added.
    #[serde(default, deserialize_with = "optional")]
    pub created: Option<String>,
}

/// A scalar as text: YAML knows numbers where people mean text.
fn scalar<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<String, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(serde::de::Error::custom("a text is expected")),
    }
}

fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<String>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text).filter(|text| !text.is_empty())),
        _ => Err(serde::de::Error::custom("a text is expected")),
    }
}

fn list<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Vec<String>, D::Error> {
    Ok(Option::<Vec<String>>::deserialize(deserializer)?.unwrap_or_default())
}

/// The versions of a chart; `None` when the index does not have it. Entries that cannot be read are counted, not taken.
pub(super) fn versions(index: &[u8], chart: &str) -> Result<Option<(Vec<Entry>, usize)>> {
    let start = index.iter().position(|b| !b.is_ascii_whitespace());
    let found = match start.map(|at| index[at]) {
        Some(b'{') => from_json(index, chart)?,
        Some(b'<') | None => return Err(broken("it is a page, or empty").hint("check the address: <repository>/index.yaml is read")),
        Some(_) => Events::new(std::str::from_utf8(index).map_err(|e| broken("it is not UTF-8").because(&e))?).entries(chart)?,
    };
    let Some(found) = found else { return Ok(None) };
    let Value::Array(list) = found else { return Err(broken("the versions of the chart are not a list").with("chart", chart)) };
    if list.len() > MOST_VERSIONS {
        return Err(broken("it lists too many versions").with("expected", format!("at most {MOST_VERSIONS}")));
    }
    let all = list.len();
    let entries: Vec<Entry> = list.into_iter().filter_map(|entry| Entry::deserialize(entry).ok()).collect();
    if entries.is_empty() && all > 0 {
        return Err(broken("no version of the chart can be read").with("chart", chart).with("expected", "`version` and `urls`"));
    }
    let unread = all - entries.len();
    Ok(Some((entries, unread)))
}

fn broken(why: &str) -> Error {
    Error::new(Kind::Upstream, format!("the index of the repository is refused: {why}"))
}

/// The part of a JSON index that matters: the rest is skipped, not kept.
fn from_json(index: &[u8], chart: &str) -> Result<Option<Value>> {
    let mut reader = serde_json::Deserializer::from_slice(index);
    let found = Picked { path: &["entries", chart] }.deserialize(&mut reader);
    let found = found.and_then(|found| reader.end().map(|()| found)).map_err(|e| broken("it is not JSON").because(&e))?;
    match found {
        Found::Absent(0) => Err(broken("it has no `entries`")),
        Found::Absent(_) => Ok(None),
        Found::There(value) => Ok(Some(value)),
    }
}

#[derive(Clone, Copy)]
struct Picked<'a> {
    path: &'a [&'a str],
}

enum Found {
    /// The keys of the path that are there.
    Absent(usize),
    There(Value),
}

impl<'de> DeserializeSeed<'de> for Picked<'_> {
    type Value = Found;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Found, D::Error> {
        if self.path.is_empty() { Value::deserialize(deserializer).map(Found::There) } else { deserializer.deserialize_any(self) }
    }
}

impl<'de> Visitor<'de> for Picked<'_> {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E>(self) -> std::result::Result<Found, E> {
        Ok(Found::Absent(0))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> std::result::Result<Found, A::Error> {
        let mut found = None;
        while let Some(key) = members.next_key::<String>()? {
            if key != self.path[0] {
                members.next_value::<IgnoredAny>()?;
            } else if found.is_none() {
                found = Some(members.next_value_seed(Picked { path: &self.path[1..] })?);
            } else {
                return Err(serde::de::Error::custom(format!("key {key:?} comes twice")));
            }
        }
        Ok(match found {
            None => Found::Absent(0),
            Some(Found::Absent(deep)) => Found::Absent(deep + 1),
            Some(there) => there,
        })
    }
}

/// A YAML index as it is read.
struct Events<'a> {
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
    values: usize,
}

impl<'a> Events<'a> {
    fn new(text: &'a str) -> Self {
        Self { parser: Parser::new_from_str(text), values: 0 }
    }

    fn next(&mut self) -> Result<Event<'a>> {
        match self.parser.next_event() {
            Some(Ok((event, _))) => Ok(event),
            Some(Err(error)) => Err(broken("it is not YAML").because(&error)),
            None => Err(broken("it ends too early")),
        }
    }

    fn entries(mut self, chart: &str) -> Result<Option<Value>> {
        loop {
            match self.next()? {
                Event::StreamStart | Event::DocumentStart(_) => {}
                Event::MappingStart(..) => break,
                _ => return Err(broken("it is not a mapping")),
            }
        }
        let mut found = None;
        while let Some(key) = self.key()? {
            if key == "entries" {
                if found.is_some() {
                    return Err(broken("`entries` comes twice"));
                }
                found = Some(self.chart(chart)?);
            } else {
                self.skip()?;
            }
        }
        found.ok_or_else(|| broken("it has no `entries`"))
    }

    /// The next key of a mapping; `None` at its end.
    fn key(&mut self) -> Result<Option<String>> {
        match self.next()? {
            Event::Scalar(text, ..) => Ok(Some(text.into_owned())),
            Event::MappingEnd => Ok(None),
            _ => Err(broken("a key is no text")),
        }
    }

    /// Below `entries`: the value of the chart, read; everything else, skipped.
    fn chart(&mut self, chart: &str) -> Result<Option<Value>> {
        match self.next()? {
            Event::MappingStart(..) => {}
            Event::Scalar(text, ..) if matches!(&*text, "" | "~" | "null") => return Ok(None),
            _ => return Err(broken("`entries` is not a mapping")),
        }
        let mut found = None;
        while let Some(key) = self.key()? {
            if key != chart {
                self.skip()?;
            } else if found.is_some() {
                return Err(broken("the chart is listed twice").with("chart", chart));
            } else {
                let event = self.next()?;
                found = Some(self.value(event, 0)?);
            }
        }
        Ok(found)
    }

    /// Passes over one value, however deep.
    fn skip(&mut self) -> Result<()> {
        let mut depth = 0_usize;
        loop {
            match self.next()? {
                Event::MappingStart(..) | Event::SequenceStart(..) => depth += 1,
                Event::MappingEnd | Event::SequenceEnd => depth -= 1,
                Event::StreamEnd | Event::DocumentEnd => return Err(broken("it ends too early")),
                _ => {}
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }

    fn value(&mut self, event: Event<'a>, depth: usize) -> Result<Value> {
        self.values += 1;
        if depth > DEEPEST || self.values > MOST_VALUES {
            return Err(broken("an entry is nested too deeply or has too much in it"));
        }
        match event {
            // A version that looks like a number is one to nobody: text is kept as it stands.
            Event::Scalar(text, style, ..) => match (&*text, style) {
                ("" | "~" | "null", ScalarStyle::Plain) => Ok(Value::Null),
                (text, _) => Ok(Value::String(text.to_owned())),
            },
            Event::SequenceStart(..) => {
                let mut list = Vec::new();
                loop {
                    match self.next()? {
                        Event::SequenceEnd => return Ok(Value::Array(list)),
                        event => list.push(self.value(event, depth + 1)?),
                    }
                }
            }
            Event::MappingStart(..) => {
                let mut map = Map::new();
                while let Some(key) = self.key()? {
                    let event = self.next()?;
                    // What other tools wrote once and refer to says nothing that is read here.
                    if matches!(event, Event::Alias(_)) && READ.contains(&key.as_str()) {
                        return Err(broken("an entry refers to another place of the document"));
                    }
                    let value = self.value(event, depth + 1)?;
                    map.insert(key, value);
                }
                Ok(Value::Object(map))
            }
            Event::Alias(_) => Ok(Value::Null),
            _ => Err(broken("it ends too early")),
        }
    }
}
