//! Everything that a solve may need: the packages that are asked for, what they require, and so on.

use super::channel::Channel;
use super::index::{Entry, Index, Reader};
use super::record::{Seen, candidate};
use crate::error::{Error, Result};
use bytes::Bytes;
use futures::future::FutureExt;
use futures::stream::{self, StreamExt, TryStreamExt};
use rattler_conda_types::{PackageName, RepoDataRecord};
use std::collections::{BTreeSet, HashMap};

/// Shards that are downloaded at the same time.
const AT_ONCE: usize = 32;
/// Most packages that one solve may reach, by name.
const MOST_NAMES: usize = 200_000;
/// Most reasons that are kept.
const MOST_REASONS: usize = 10;

/// What may be chosen from.
#[derive(Default)]
pub struct Found {
    /// Records by index, in the order of the indexes.
    pub groups: Vec<Vec<RepoDataRecord>>,
    /// Records as the indexes have them, by index and file.
    texts: HashMap<(usize, String), Bytes>,
    /// What was passed over, and why: the first few, by file.
    pub passed: BTreeSet<String>,
    /// How much was passed over.
    pub passed_count: usize,
}

impl Found {
    /// Collects from indexes all that these names reach.
    pub async fn gather(indexes: &[&Index], channels: &[Channel], reader: &Reader<'_>, names: BTreeSet<String>) -> Result<Self> {
        let mut found = Self { groups: indexes.iter().map(|_| vec![]).collect(), ..Self::default() };
        let (mut known, mut next, mut seen) = (names.clone(), names, Seen::default());
        while !next.is_empty() {
            let mut reached = BTreeSet::new();
            for (place, entries) in read(indexes, reader, &next).await? {
                found.take(place, indexes[place], channels, entries, &mut reached, &mut seen);
            }
            next = reached.into_iter().filter(|name| known.insert(name.clone())).collect();
            if known.len() > MOST_NAMES {
                return Err(Error::failed("the requirements reach too many packages")
                    .with("expected", format!("at most {MOST_NAMES} names"))
                    .hint("name fewer packages in one section"));
            }
        }
        Ok(found)
    }

    fn take(
        &mut self,
        place: usize,
        index: &Index,
        channels: &[Channel],
        entries: Vec<Entry>,
        reached: &mut BTreeSet<String>,
        seen: &mut Seen,
    ) {
        let channel = &channels[index.channel];
        for entry in entries {
            match candidate(&entry, index, channel, seen) {
                Ok(record) => {
                    let package = &record.package_record;
                    for requirement in package.depends.iter().chain(package.extra_depends.values().flatten()) {
                        let name = PackageName::normalized_name_from_matchspec_str(requirement);
                        if !name.is_empty() && !name.starts_with("__") && !reached.contains(&*name) {
                            reached.insert(name.into_owned());
                        }
                    }
                    self.texts.insert((place, entry.file), entry.record);
                    self.groups[place].push(record);
                }
                Err(why) => {
                    self.passed_count += 1;
                    if self.passed.len() < MOST_REASONS {
                        self.passed.insert(format!("{}/{}/{:.200}: {why:.300}", channel.name, index.subdir, entry.file));
                    }
                }
            }
        }
    }

    /// The record of a chosen package as its index has it, and the place of the index.
    pub fn text(&self, record: &RepoDataRecord, indexes: &[&Index], channels: &[Channel]) -> Option<(usize, Bytes)> {
        let from = |index: &&Index| {
            index.subdir == record.package_record.subdir && record.channel.as_deref() == Some(channels[index.channel].url.as_str())
        };
        let place = indexes.iter().position(from)?;
        self.texts.get(&(place, record.identifier.to_file_name())).map(|text| (place, text.clone()))
    }
}

/// The entries of names in all indexes, in the order of names, then indexes.
async fn read(indexes: &[&Index], reader: &Reader<'_>, names: &BTreeSet<String>) -> Result<Vec<(usize, Vec<Entry>)>> {
    let mut work = Vec::with_capacity(names.len() * indexes.len());
    for name in names {
        for (place, index) in indexes.iter().enumerate() {
            work.push(async move { index.entries(reader, name).await.map(|entries| (place, entries)) }.boxed());
        }
    }
    stream::iter(work).buffered(AT_ONCE).try_filter(|(_, entries)| std::future::ready(!entries.is_empty())).try_collect().await
}
