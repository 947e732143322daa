//! What can be said of a package: from its record, and a little more from the archive where that is at hand.

use super::meta::Meta;
use super::package::info;
use crate::artifact::{Artifact, Blobs, Completeness, Description, Licence, Release, percent_encoded};
use crate::error::Result;
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Longest text that is taken over from a package, in bytes.
const LONGEST: usize = 300;

/// Describes an artifact; without its archive, from the record alone.
pub(super) fn describe(artifact: &Artifact, blobs: &dyn Blobs) -> Result<Description> {
    let meta = Meta::of(artifact)?;
    let blob = &artifact.descriptors[0];
    let file = blob.name.as_deref().unwrap_or_default();
    let read = blobs.open(&blob.digest)?.and_then(|archive| info(archive, file)).unwrap_or_default();
    Ok(describe_with(artifact, &meta, &read.about))
}

/// The same, once `about.json` is read.
pub(super) fn describe_with(artifact: &Artifact, meta: &Meta, about: &Map<String, Value>) -> Description {
    let blob = &artifact.descriptors[0];
    let file = blob.name.as_deref().unwrap_or_default();
    let (virtual_packages, dependencies): (BTreeSet<&str>, BTreeSet<&str>) = list(meta, "depends").partition(|spec| spec.starts_with("__"));
    Description {
        purl: purl(meta, file),
        summary: text(about, "summary"),
        licences: licences(meta),
        supplier: meta.channel.split('/').next().map(str::to_owned),
        dependencies: dependencies.iter().map(|spec| dependency(spec)).collect::<BTreeSet<_>>().into_iter().collect(),
        dependencies_known: if meta.record.get("depends").is_some() { Completeness::Complete } else { Completeness::Unknown },
        origins: blob.origins.clone(),
        properties: properties(meta, about, &virtual_packages),
    }
}

/// `pkg:conda/NAME@VERSION?build=…&channel=…&subdir=…&type=…`: the qualifiers of the type `conda`, sorted.
fn purl(meta: &Meta, file: &str) -> String {
    let part = |key: &str| percent_encoded(meta.text(key).unwrap_or_default());
    let (name, version, build) = (part("name").to_ascii_lowercase(), part("version"), part("build"));
    let kind = if file.strip_suffix(".conda").is_some() { "conda" } else { "tar.bz2" };
    let channel = percent_encoded(&meta.channel);
    format!("pkg:conda/{name}@{version}?build={build}&channel={channel}&subdir={}&type={kind}", percent_encoded(&meta.subdir))
}

/// The package URL of what a spec asks for: with a version where it names one build (`libfoo 1.0 h1_0`), which may come from any channel.
pub(super) fn dependency(spec: &str) -> String {
    let mut words = spec.split_whitespace();
    let name = words.next().unwrap_or_default();
    let name = name.rsplit("::").next().unwrap_or(name);
    let name = percent_encoded(&name.split(['=', '<', '>', '!', '~', '[']).next().unwrap_or(name).to_ascii_lowercase());
    let plain = |word: &&str| !word.contains(['*', '=', '<', '>', '!', '~', '|', ',', '[']);
    match (words.next().filter(plain), words.next().filter(plain)) {
        (Some(version), Some(build)) => format!("pkg:conda/{name}@{}?build={}", percent_encoded(version), percent_encoded(build)),
        _ => format!("pkg:conda/{name}"),
    }
}

fn licences(meta: &Meta) -> Vec<Licence> {
    let licence = |key: &str| meta.text(key).filter(|text| !text.is_empty()).map(|text| (key.to_owned(), text.to_owned()));
    let found = licence("license").or_else(|| licence("license_family"));
    found.into_iter().map(|(key, expression)| Licence { expression, source: format!("record {key}") }).collect()
}

fn properties(meta: &Meta, about: &Map<String, Value>, virtual_packages: &BTreeSet<&str>) -> BTreeMap<String, String> {
    let joined = |list: Vec<&str>| list.join(", ");
    let noarch = meta.text("noarch").unwrap_or_default();
    let all = [
        ("platform", if noarch.is_empty() { meta.subdir.clone() } else { format!("{} ({noarch})", meta.subdir) }),
        ("needs of the host", joined(virtual_packages.iter().copied().collect())),
        ("constrains", joined(list(meta, "constrains").collect())),
        ("licence family", meta.text("license_family").unwrap_or_default().to_owned()),
        ("home", text(about, "home").unwrap_or_default()),
        ("source", text(about, "dev_url").unwrap_or_default()),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).map(|(key, value)| (key.to_owned(), value)).collect()
}

/// The texts of a list in the record.
fn list<'a>(meta: &'a Meta, key: &str) -> impl Iterator<Item = &'a str> {
    meta.record.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// A text of a document, or the first of a list of texts: its first line.
fn text(about: &Map<String, Value>, key: &str) -> Option<String> {
    let value = about.get(key)?;
    let text = value.as_str().or_else(|| value.as_array()?.first()?.as_str())?;
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    Some(crate::error::plain(&line[..line.floor_char_boundary(LONGEST)]))
}

/// What the channel's index says of the archive: when it was made, in milliseconds, or in seconds in older records.
pub(super) fn release(artifact: &Artifact) -> Release {
    /// Later than this in seconds, or earlier than this in milliseconds, no package was made.
    const MILLISECONDS: i64 = 253_402_300_799;
    let stamp = Meta::of(artifact).ok().and_then(|meta| meta.record.get("timestamp")?.as_i64()).filter(|stamp| *stamp > 0);
    let time = |stamp: i64| if stamp > MILLISECONDS { Timestamp::from_millisecond(stamp) } else { Timestamp::from_second(stamp) };
    Release { published: stamp.and_then(|stamp| time(stamp).ok()), ..Release::default() }
}
