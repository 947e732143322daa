//! Everything that a solve may need: the packages that are asked for, what they require, and so on.

use super::channel::Channel;
use super::index::{Entry, Index, Reader, Record};
use super::record::{Place, Seen, candidate};
use crate::error::{Error, Result};
use futures::future::FutureExt;
use futures::stream::{self, StreamExt, TryStreamExt};
use rattler_conda_types::RepoDataRecord;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Shards that are downloaded at the same time.
const AT_ONCE: usize = 32;
/// Into how many parts the records of a round are divided, to be read beside each other.
const READERS: usize = 4;
/// Most packages that one solve may reach, by name.
const MOST_NAMES: usize = 200_000;
/// Most records that one solve may reach: each takes some 2 kB.
const MOST_RECORDS: usize = 2_000_000;
/// Most reasons that are kept.
const MOST_REASONS: usize = 10;

/// What may be chosen from.
#[derive(Default)]
pub struct Found {
    /// Records by index, in the order of the indexes, in the parts they were read in.
    groups: Vec<Vec<Vec<RepoDataRecord>>>,
    /// Records as the indexes have them, by index and file.
    records: HashMap<(usize, String), Record>,
    /// What was passed over, and why: the first few, by file.
    pub passed: BTreeSet<String>,
    /// How much was passed over.
    pub passed_count: usize,
}

/// What became of some entries, by index. Records are large and many: they stay where they were first put.
struct Judged {
    records: Vec<Vec<RepoDataRecord>>,
    taken: Vec<(usize, Entry)>,
    passed: Vec<(usize, String, String)>,
}

impl Found {
    /// Collects from indexes all that these names reach.
    pub async fn gather(indexes: &[&Index], channels: &[Channel], reader: &Reader<'_>, names: BTreeSet<String>) -> Result<Self> {
        let mut found = Self { groups: indexes.iter().map(|_| vec![]).collect(), ..Self::default() };
        let places: Arc<[Place]> = indexes.iter().map(|index| index.place(&channels[index.channel])).collect();
        let mut seen: Vec<Seen> = (0..READERS).map(|_| Seen::default()).collect();
        let (mut known, mut next, mut count) = (names.clone(), names, 0);
        while !next.is_empty() {
            let entries = read(indexes, reader, &next).await?;
            count += entries.len();
            for judged in judge(&places, entries, &mut seen).await? {
                found.take(judged, indexes, channels);
            }
            let reached = seen.iter_mut().flat_map(|seen| std::mem::take(&mut seen.reached));
            next = reached.filter(|name| known.insert(name.clone())).collect();
            if known.len() > MOST_NAMES || count > MOST_RECORDS {
                return Err(Error::failed("the requirements reach too many packages")
                    .with("expected", format!("at most {MOST_NAMES} names and {MOST_RECORDS} records"))
                    .hint("name fewer packages in one section"));
            }
        }
        Ok(found)
    }

    fn take(&mut self, judged: Judged, indexes: &[&Index], channels: &[Channel]) {
        for (group, records) in self.groups.iter_mut().zip(judged.records) {
            group.push(records);
        }
        self.records.extend(judged.taken.into_iter().map(|(place, entry)| ((place, entry.file), entry.record)));
        self.passed_count += judged.passed.len();
        for (place, file, why) in judged.passed.into_iter().take(MOST_REASONS.saturating_sub(self.passed.len())) {
            let index = indexes[place];
            self.passed.insert(format!("{}/{}/{file:.200}: {why:.300}", channels[index.channel].name, index.subdir));
        }
    }

    /// The records of each index.
    pub fn groups(&self) -> impl Iterator<Item = impl Iterator<Item = &RepoDataRecord>> {
        self.groups.iter().map(|parts| parts.iter().flatten())
    }

    /// All records.
    pub fn all(&self) -> impl Iterator<Item = &RepoDataRecord> {
        self.groups().flatten()
    }

    /// The record of a chosen package as its index has it, and the place of the index.
    pub fn record(&self, record: &RepoDataRecord, indexes: &[&Index], channels: &[Channel]) -> Option<(usize, Record)> {
        let from = |index: &&Index| {
            index.subdir == record.package_record.subdir && record.channel.as_deref() == Some(channels[index.channel].url.as_str())
        };
        let place = indexes.iter().position(from)?;
        self.records.get(&(place, record.identifier.to_file_name())).map(|found| (place, found.clone()))
    }
}

/// The entries of names in all indexes, in the order of names, then indexes.
async fn read(indexes: &[&Index], reader: &Reader<'_>, names: &BTreeSet<String>) -> Result<Vec<(usize, Entry)>> {
    let mut work = Vec::with_capacity(names.len() * indexes.len());
    for name in names {
        for (place, index) in indexes.iter().enumerate() {
            work.push(async move { index.entries(reader, name).await.map(|entries| (place, entries)) }.boxed());
        }
    }
    let all: Vec<(usize, Vec<Entry>)> = stream::iter(work).buffered(AT_ONCE).try_collect().await?;
    Ok(all.into_iter().flat_map(|(place, entries)| entries.into_iter().map(move |entry| (place, entry))).collect())
}

/// Reads the records of entries, in parts beside each other; the order stays.
async fn judge(places: &Arc<[Place]>, mut entries: Vec<(usize, Entry)>, seen: &mut [Seen]) -> Result<Vec<Judged>> {
    let part = entries.len().div_ceil(seen.len());
    let mut work = Vec::new();
    for slot in seen.iter_mut() {
        let rest = entries.split_off(part.min(entries.len()));
        let (own, places, mut known) = (std::mem::replace(&mut entries, rest), places.clone(), std::mem::take(slot));
        work.push(tokio::task::spawn_blocking(move || {
            let mut judged =
                Judged { records: places.iter().map(|_| vec![]).collect(), taken: Vec::with_capacity(own.len()), passed: vec![] };
            for (place, entry) in own {
                match candidate(&entry, &places[place], &mut known) {
                    Ok(record) => {
                        judged.records[place].push(record);
                        judged.taken.push((place, entry));
                    }
                    Err(why) => judged.passed.push((place, entry.file, why)),
                }
            }
            (judged, known)
        }));
    }
    let mut all = Vec::new();
    for (work, slot) in work.into_iter().zip(seen) {
        let (judged, known) = work.await.map_err(|e| Error::failed("reading records was given up").because(&e))?;
        all.push(judged);
        *slot = known;
    }
    Ok(all)
}
