//! `docs/formats/manifest.md`, version 1: reading.

use super::position::explain;
use crate::artifact::{Architecture, Digest, Libc, Target, Version, check_word};
use crate::error::{Error, Kind, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// The version this code reads and writes.
pub const VERSION: u32 = 1;
/// Longest manifest, in bytes.
const LONGEST: usize = 1 << 20;

/// A toolkit: its name, its release line, the machines it is for, and what is wanted on them.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// Toolkit name; names the bundle files.
    pub name: String,
    /// Release line: bundles of one line are numbered without gaps and never go back.
    pub line: String,
    /// Machines, by their order of name.
    pub targets: Vec<Target>,
    /// What is wanted, by ecosystem and name.
    pub sections: Vec<Section>,
    /// SHA-256 of the manifest's text.
    pub digest: Digest,
}

/// One `[ecosystem.name]` table, not yet interpreted.
#[derive(Debug, Clone)]
pub struct Section {
    /// The ecosystem, as registered.
    pub ecosystem: String,
    /// The section's own name.
    pub name: String,
    text: Arc<str>,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Head {
    /// Format version of this manifest; 1.
    airlift: u32,
    /// Toolkit name: lower-case letters, digits, `-`, `_`, `.`.
    name: String,
    /// Release line the bundles are numbered in.
    #[serde(default = "main_line")]
    line: String,
    /// The machines the toolkit is for.
    #[serde(default)]
    targets: BTreeMap<String, WireTarget>,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WireTarget {
    /// `linux-x86_64` or `linux-aarch64`.
    #[schemars(with = "String")]
    platform: Spanned<String>,
    /// Python release, such as `3.11` or `3.12.4`.
    #[schemars(with = "Option<String>")]
    python: Option<Spanned<String>>,
    /// Oldest GNU libc that must be supported, such as `2.28`.
    #[schemars(with = "Option<String>")]
    glibc: Option<Spanned<String>>,
    /// Oldest musl that must be supported, such as `1.2`; instead of `glibc`.
    #[schemars(with = "Option<String>")]
    musl: Option<Spanned<String>>,
    /// CUDA release of the machine's driver, such as `12.4`.
    #[schemars(with = "Option<String>")]
    cuda: Option<Spanned<String>>,
}

fn main_line() -> String {
    "main".to_owned()
}

impl Manifest {
    /// Reads a manifest; `ecosystems` are the tables it may have.
    pub fn parse(text: &str, ecosystems: &[&str]) -> Result<Self> {
        if text.len() > LONGEST {
            return Err(Error::usage("the manifest is too large")
                .with("expected", "at most 1 MiB")
                .with("found", format!("{} bytes", text.len())));
        }
        let table = DeTable::parse(text).map_err(|e| explain(text, &e, &[]))?;
        check_version(text, table.get_ref())?;
        let (rooms, head): (Vec<_>, Vec<_>) = table.get_ref().iter().partition(|(key, _)| ecosystems.contains(&key.get_ref().as_ref()));
        let head: DeTable<'_> = head.into_iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let span = table.span();
        let head: Head = read(text, Spanned::new(span, DeValue::Table(head)), ecosystems)?;
        debug_assert_eq!(head.airlift, VERSION, "check_version has seen it");
        word("toolkit name", &head.name)?;
        word("release line", &head.line)?;
        let (mut sections, shared) = (Vec::new(), Arc::from(text));
        for (key, value) in rooms {
            sections.extend(sections_of(&shared, key.get_ref(), value)?);
        }
        sections.sort_by(|a, b| (&a.ecosystem, &a.name).cmp(&(&b.ecosystem, &b.name)));
        if sections.is_empty() {
            return Err(Error::usage(format!("the manifest of {} asks for nothing", head.name))
                .hint(format!("add a section, such as [{}.NAME]", ecosystems.first().copied().unwrap_or("ECOSYSTEM"))));
        }
        Ok(Self { name: head.name, line: head.line, targets: targets(text, head.targets)?, sections, digest: Digest::of(text.as_bytes()) })
    }

    /// The targets a section names, or all of them when it names none.
    pub fn targets_for(&self, section: &Section, wanted: Option<&[String]>) -> Result<Vec<Target>> {
        let Some(wanted) = wanted else { return Ok(self.targets.clone()) };
        let known: BTreeSet<&str> = self.targets.iter().map(|t| t.name.as_str()).collect();
        for name in wanted {
            if !known.contains(name.as_str()) {
                let near = super::position::nearest(name, known.iter().copied());
                let error = Error::usage(format!("{}: no target is called {name}", section.label()));
                return Err(near.map_or(error.clone(), |n| error.hint(format!("did you mean {n}?"))));
            }
        }
        Ok(self.targets.iter().filter(|t| wanted.contains(&t.name)).cloned().collect())
    }
}

impl Section {
    /// `[ecosystem.name]`, as messages name it.
    pub fn label(&self) -> String {
        format!("[{}.{}]", self.ecosystem, self.name)
    }

    /// Reads the room's own section type; unknown keys are errors with line and nearest key.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T> {
        let table = DeTable::parse(&self.text).map_err(|e| explain(&self.text, &e, &[]))?;
        let body = table.get_ref().get(self.ecosystem.as_str()).and_then(|room| room.get_ref().get(self.name.as_str()).cloned());
        let body = body.ok_or_else(|| Error::failed(format!("{} is not in its own manifest", self.label())))?;
        read(&self.text, body, &[]).map_err(|e| e.about(self.label()))
    }
}

/// A manifest of another version is told apart from one with wrong keys, whatever else it holds.
fn check_version(text: &str, table: &DeTable<'_>) -> Result<()> {
    let Some(value) = table.get("airlift") else { return Ok(()) };
    match u32::deserialize(ValueDeserializer::from(value.clone())) {
        Ok(found) if found != VERSION => {
            let line = super::position::line(text, value.span().start);
            Err(Error::usage(format!("line {line}: the manifest has a format version this airlift does not know"))
                .with("expected", format!("airlift = {VERSION}"))
                .with("found", format!("airlift = {found}"))
                .hint("a newer airlift may read it"))
        }
        _ => Ok(()),
    }
}

fn read<T: DeserializeOwned>(text: &str, value: Spanned<DeValue<'_>>, also: &[&str]) -> Result<T> {
    T::deserialize(ValueDeserializer::from(value)).map_err(|e| explain(text, &e, also))
}

fn sections_of(text: &Arc<str>, ecosystem: &str, value: &Spanned<DeValue<'_>>) -> Result<Vec<Section>> {
    let wrong = |span: std::ops::Range<usize>| {
        let line = super::position::line(text, span.start);
        Error::usage(format!("line {line}: `{ecosystem}` must hold named sections"))
            .hint(format!("write [{ecosystem}.NAME] above the keys"))
    };
    let table = value.get_ref().as_table().ok_or_else(|| wrong(value.span()))?;
    let mut sections = Vec::new();
    for (name, body) in table {
        if !body.get_ref().is_table() {
            return Err(wrong(name.span()));
        }
        word("section name", name.get_ref())?;
        sections.push(Section { ecosystem: ecosystem.to_owned(), name: name.get_ref().to_string(), text: text.clone() });
    }
    Ok(sections)
}

fn word(what: &str, word: &str) -> Result<()> {
    check_word(what, word).map_err(|e| e.of_kind(Kind::Usage))
}

fn targets(text: &str, wire: BTreeMap<String, WireTarget>) -> Result<Vec<Target>> {
    wire.into_iter()
        .map(|(name, wire)| {
            word("target name", &name)?;
            target(text, name.clone(), &wire).map_err(|e| e.about(format!("[targets.{name}]")))
        })
        .collect()
}

fn target(text: &str, name: String, wire: &WireTarget) -> Result<Target> {
    let at = |value: &Spanned<String>, e: Error| e.about(super::position::place(text, value.span().start));
    let architecture = match wire.platform.get_ref().as_str() {
        "linux-x86_64" => Architecture::X86_64,
        "linux-aarch64" => Architecture::Aarch64,
        other => {
            let known = "linux-x86_64 or linux-aarch64";
            let error = Error::usage("the platform is not known").with("expected", known).with("found", format!("{other:.40}"));
            return Err(at(&wire.platform, error));
        }
    };
    let read = |value: &Spanned<String>| Version::from_str(value.get_ref()).map_err(|e| at(value, e));
    let version = |value: &Option<Spanned<String>>| value.as_ref().map(read).transpose();
    let libc = match (version(&wire.glibc)?, version(&wire.musl)?) {
        (Some(_), Some(_)) => return Err(Error::usage("a target has one C library").hint("keep either `glibc` or `musl`")),
        (None, Some(musl)) => Libc::Musl(musl),
        (glibc, None) => Libc::Glibc(glibc.unwrap_or(Version { major: 2, minor: 28, patch: None })),
    };
    Ok(Target { name, architecture, libc, python: version(&wire.python)?, cuda: version(&wire.cuda)? })
}
