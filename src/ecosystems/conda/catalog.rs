//! What a shelf holds, by channel, platform and file name.

use super::index::{self, Shards};
use super::made::Made;
use super::meta::{Meta, Relations};
use crate::artifact::{Artifact, Descriptor, Digest};
use crate::error::{Error, Result};
use crate::store::Shelf;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// The channels of a shelf.
#[derive(Default)]
pub(super) struct Catalog {
    /// By name.
    pub channels: BTreeMap<String, Channel>,
}

/// The platforms of one channel by name; every channel has `noarch`, which makes it one (CEP 26).
pub(super) type Channel = BTreeMap<String, Subdir>;

/// The packages of one platform, and what is made of their records: each document once, and only when it is asked for.
#[derive(Default)]
pub(super) struct Subdir {
    /// By name in lower case, then by file name.
    pub packages: BTreeMap<String, BTreeMap<String, Package>>,
    /// What its channel is built upon, as references that lead to channels of this shelf.
    pub relations: Relations,
    repodata: OnceLock<Result<Made>>,
    run_exports: OnceLock<Result<Option<Made>>>,
    shards: OnceLock<Result<Shards>>,
}

/// The platform that every channel has.
pub(super) const NOARCH: &str = "noarch";

/// One archive with its record.
pub(super) struct Package(Arc<Artifact>);

impl Catalog {
    /// Reads a shelf; an entry that is not one of a package is not served.
    pub(super) fn new(shelf: &Shelf) -> Self {
        let (mut catalog, mut relations) = (Self::default(), BTreeMap::new());
        for artifact in &shelf.artifacts {
            let Ok(meta) = Meta::of(artifact) else { continue };
            let (Some(name), Some(file)) = (meta.text("name"), artifact.descriptors[0].name.clone()) else { continue };
            // Clients look for names in lower case, however a channel writes them.
            let name = name.to_ascii_lowercase();
            for empty in meta.beside {
                catalog.channels.entry(empty).or_default().entry(NOARCH.to_owned()).or_default();
            }
            // Of two bundles the newer one decides: it comes later.
            relations.extend(meta.relations);
            let channel = catalog.channels.entry(meta.channel).or_default();
            channel.entry(NOARCH.to_owned()).or_default();
            channel.entry(meta.subdir).or_default().packages.entry(name).or_default().insert(file, Package(artifact.clone()));
        }
        relations.iter().for_each(|(channel, relations)| catalog.relate(channel, relations));
        catalog
    }

    /// Has the platforms of a channel say what it is built upon. Only channels that are here: clients go where a relation leads, and stop
    /// when nothing is there.
    fn relate(&mut self, channel: &str, relations: &Relations) {
        let up = "../".repeat(channel.split('/').count());
        let references = relations.map(|name| self.channels.contains_key(name).then(|| format!("{up}{name}")));
        for subdir in self.channels.get_mut(channel).into_iter().flat_map(BTreeMap::values_mut) {
            subdir.relations.clone_from(&references);
        }
    }
}

impl Subdir {
    /// A package by its file name.
    pub(super) fn file(&self, file: &str) -> Option<&Package> {
        // `name-version-build.ending`; only the name may hold a dash, but what a record says counts.
        let mut dashes = file.match_indices('-').rev().skip(1).map(|(at, _)| at);
        dashes.find_map(|at| self.packages.get(&file[..at].to_ascii_lowercase())?.get(file))
    }

    /// The whole index; `name` is the platform's.
    pub(super) fn repodata(&self, name: &str) -> Result<&Made> {
        let made = self.repodata.get_or_init(|| Made::new(|out| index::repodata(name, self, out)).map_err(|e| unmade(&e)));
        made.as_ref().map_err(Clone::clone)
    }

    /// Run exports, if any are known.
    pub(super) fn run_exports(&self, name: &str) -> Result<Option<&Made>> {
        let made = self.run_exports.get_or_init(|| {
            let known = self.all().any(|(_, package)| package.run_exports().is_some());
            known.then(|| Made::new(|out| index::run_exports(name, self, out)).map_err(|e| unmade(&e))).transpose()
        });
        made.as_ref().map(Option::as_ref).map_err(Clone::clone)
    }

    /// The sharded index.
    pub(super) fn shards(&self, name: &str) -> Result<&Shards> {
        let made = self.shards.get_or_init(|| index::shards(name, self).map_err(|e| unmade(&e)));
        made.as_ref().map_err(Clone::clone)
    }

    /// A shard by its digest, made again.
    pub(super) fn shard(&self, name: &str, digest: &Digest) -> Result<Option<Vec<u8>>> {
        let Some(files) = self.shards(name)?.packages.get(digest).and_then(|package| self.packages.get(package)) else { return Ok(None) };
        index::shard(files).map(Some).map_err(|e| unmade(&e))
    }

    /// All packages with their file names, in the order of names.
    pub(super) fn all(&self) -> impl Iterator<Item = (&String, &Package)> {
        self.packages.values().flatten()
    }
}

impl Package {
    /// The archive.
    pub(super) fn blob(&self) -> &Descriptor {
        &self.0.descriptors[0]
    }

    /// The record as it was solved with. Digest and length are added where the channel did not say them: clients check what they know.
    pub(super) fn record(&self) -> Cow<'_, Map<String, Value>> {
        let Some(record) = self.0.meta.get("record").and_then(Value::as_object) else { return Cow::Owned(Map::new()) };
        let known = |key: &str| record.get(key).is_some_and(|value| !value.is_null());
        if known("sha256") && known("size") {
            return Cow::Borrowed(record);
        }
        let mut record = record.clone();
        record.insert("sha256".to_owned(), self.blob().digest.hex().into());
        record.insert("size".to_owned(), self.blob().size.into());
        Cow::Owned(record)
    }

    /// What the package adds to the requirements of those built against it, where that is known.
    pub(super) fn run_exports(&self) -> Option<&Value> {
        self.0.meta.get("run-exports")
    }
}

fn unmade(error: &std::io::Error) -> Error {
    Error::io("an index cannot be made", error)
}
