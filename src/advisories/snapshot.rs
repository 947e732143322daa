//! A set of advisories as of one time for each ecosystem, ready to be asked by name.

use super::ecosystem::{base, release_of};
use super::format;
use super::record::{Affected, Record};
use super::source;
use crate::artifact::BlobRead;
use crate::error::{Error, Kind, Result, shown};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

/// What is held of one ecosystem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// As of when: the later of the newest change of a record and the time that was given.
    pub time: Timestamp,
    /// When the newest of the records was changed: a mirror that stands still is fetched today, and its records are not of today.
    pub newest: Timestamp,
    /// How many records, those that were withdrawn among them.
    pub records: usize,
}

/// How old a snapshot may be.
#[derive(Debug, Clone, Copy)]
pub struct Freshness {
    /// The time it is now.
    pub now: Timestamp,
    /// Oldest snapshot that is used.
    pub most_age: SignedDuration,
}

/// How far evidence may lie in the future: clocks differ, but not by more than this.
pub const MOST_AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// Advisories, to be asked by ecosystem and name.
#[derive(Debug, Default)]
pub struct Snapshot {
    records: Vec<Record>,
    index: HashMap<Box<str>, HashMap<Box<str>, Vec<Place>>>,
    /// The ecosystems that records speak of with a release.
    released: BTreeSet<String>,
    taken: BTreeMap<String, Taken>,
    covers: BTreeMap<String, Covers>,
}

/// Which packages of an ecosystem the records here are about, and as of when.
#[derive(Debug, Clone, Default)]
struct Covers {
    /// All of them.
    whole: Option<Timestamp>,
    /// These, by archives that were filtered.
    only: HashMap<Box<str>, Timestamp>,
}

/// Which of a record's packages, of which record.
type Place = (u32, u32);

/// Most names, versions and events that a snapshot keeps: what its memory, and the time to ask it, grow with.
pub(super) const MOST_KEPT: usize = 50_000_000;

/// A snapshot being put together.
#[derive(Debug)]
pub struct Builder {
    records: Vec<Record>,
    places: HashMap<Box<str>, usize>,
    taken: BTreeMap<String, Taken>,
    covers: BTreeMap<String, Covers>,
    kept: usize,
    pub(super) most_kept: usize,
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl Builder {
    /// Nothing yet.
    pub fn new() -> Self {
        Self { records: Vec::new(), places: HashMap::new(), taken: BTreeMap::new(), covers: BTreeMap::new(), kept: 0, most_kept: MOST_KEPT }
    }

    /// Takes in the published archive of an ecosystem (without release: `Debian`), as of `given`; `what` names it in errors.
    pub fn archive(&mut self, ecosystem: &str, given: Option<Timestamp>, what: &str, archive: &mut dyn BlobRead) -> Result<()> {
        let mut dump = Dump::new(ecosystem);
        source::archive(what, archive, |named, bytes| self.take(&mut dump, named, bytes))?;
        self.close(dump, given, None, what)
    }

    /// Takes in an archive that was filtered for some packages, by their names as they are compared.
    pub fn filtered(
        &mut self,
        ecosystem: &str,
        given: Option<Timestamp>,
        only: &BTreeSet<String>,
        what: &str,
        archive: &mut dyn BlobRead,
    ) -> Result<()> {
        let mut dump = Dump::new(ecosystem);
        source::archive(what, archive, |named, bytes| self.take(&mut dump, named, bytes))?;
        self.close(dump, given, Some(only), what)
    }

    /// Takes in a folder with a record a file.
    pub fn folder(&mut self, ecosystem: &str, given: Option<Timestamp>, folder: &Path) -> Result<()> {
        let mut dump = Dump::new(ecosystem);
        source::folder(folder, |named, bytes| self.take(&mut dump, named, bytes))?;
        self.close(dump, given, None, &shown(folder))
    }

    fn take(&mut self, dump: &mut Dump, named: &str, bytes: &[u8]) -> Result<()> {
        let record = format::parse(named, bytes)?;
        // Only records of this ecosystem say how much of it is here: others may speak of it in passing.
        if record.affected.iter().any(|affected| base(&affected.ecosystem) == dump.ecosystem) {
            dump.records += 1;
        }
        dump.newest = dump.newest.max(Some(record.modified));
        match self.places.get(&record.id) {
            Some(&place) if self.records[place].modified >= record.modified => {}
            Some(&place) => {
                self.keep(named, record.weight(), self.records[place].weight())?;
                self.records[place] = record;
            }
            None => {
                self.keep(named, record.weight(), 0)?;
                self.places.insert(record.id.clone(), self.records.len());
                self.records.push(record);
            }
        }
        Ok(())
    }

    /// Counts what comes and what goes, and refuses what is too much for one snapshot.
    fn keep(&mut self, named: &str, comes: usize, goes: usize) -> Result<()> {
        self.kept = self.kept.saturating_sub(goes).saturating_add(comes);
        if self.kept > self.most_kept {
            let error = Error::verification(format!("{named}: with it, one snapshot of advisories holds too much"));
            let expected = format!("at most {} names, versions and events", self.most_kept);
            return Err(error.with("expected", expected).with("found", self.kept).hint("ask about fewer ecosystems at a time"));
        }
        Ok(())
    }

    fn close(&mut self, dump: Dump, given: Option<Timestamp>, only: Option<&BTreeSet<String>>, what: &str) -> Result<()> {
        let (Some(newest), true) = (dump.newest, dump.records > 0) else {
            let error = Error::new(Kind::Incomplete, format!("{what}: there is no advisory of {} in it", dump.ecosystem));
            return Err(error.hint("an empty snapshot says nothing: take it anew"));
        };
        if let Some(given) = given.filter(|given| newest.duration_since(*given) > MOST_AHEAD) {
            let error = Error::verification(format!("{what}: a record in it was changed after it was taken"));
            let error = error.with("expected", format!("no later than {given}")).with("found", newest);
            return Err(error.hint("take it anew, where the clock is right"));
        }
        let taken = Taken { time: given.map_or(newest, |given| given.max(newest)), newest, records: dump.records };
        let covers = self.covers.entry(dump.ecosystem.clone()).or_default();
        match only {
            None => covers.whole = covers.whole.max(Some(taken.time)),
            Some(only) => only.iter().for_each(|name| covers.add(name, taken.time)),
        }
        let kept = self.taken.entry(dump.ecosystem).or_insert(taken);
        *kept = Taken { time: kept.time.max(taken.time), newest: kept.newest.max(taken.newest), records: kept.records.max(taken.records) };
        Ok(())
    }

    /// The snapshot of all that was taken in.
    pub fn finish(self) -> Snapshot {
        let mut index: HashMap<Box<str>, HashMap<Box<str>, Vec<Place>>> = HashMap::new();
        for (record, held) in self.records.iter().enumerate() {
            for (at, affected) in held.affected.iter().enumerate() {
                let release = release_of(&affected.ecosystem).map(String::into_boxed_str);
                for ecosystem in std::iter::once(affected.ecosystem.clone()).chain(release) {
                    let names = index.entry(ecosystem).or_default();
                    names.entry(affected.name.clone()).or_default().push((record as u32, at as u32));
                }
            }
        }
        let released = index.keys().filter(|key| key.contains(':')).map(|key| base(key).to_owned()).collect();
        Snapshot { records: self.records, index, released, taken: self.taken, covers: self.covers }
    }
}

impl Covers {
    fn add(&mut self, name: &str, time: Timestamp) {
        let held = self.only.entry(name.into()).or_insert(time);
        *held = time.max(*held);
    }

    fn of(&self, name: &str) -> Option<Timestamp> {
        self.whole.max(self.only.get(name).copied())
    }
}

/// One archive or folder while it is read.
struct Dump {
    ecosystem: String,
    records: usize,
    newest: Option<Timestamp>,
}

impl Dump {
    fn new(ecosystem: &str) -> Self {
        Self { ecosystem: base(ecosystem).to_owned(), records: 0, newest: None }
    }
}

impl Snapshot {
    /// What is held, by ecosystem.
    pub fn taken(&self) -> &BTreeMap<String, Taken> {
        &self.taken
    }

    /// All records, in the order in which they were taken in.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// What is said of a package, its name normalised: by its ecosystem as it is, and by the one without a release.
    pub fn about(&self, ecosystem: &str, name: &str) -> Vec<(&Record, &Affected)> {
        let bare = Some(base(ecosystem)).filter(|bare| *bare != ecosystem);
        let places = std::iter::once(ecosystem).chain(bare).filter_map(|key| self.index.get(key)?.get(name)).flatten();
        let held = places.map(|&(record, at)| {
            let record = &self.records[record as usize];
            (record, &record.affected[at as usize])
        });
        held.collect()
    }

    /// Whether any record speaks of this release of an ecosystem, or all of them of the ecosystem as a whole.
    pub fn holds(&self, ecosystem: &str) -> bool {
        let bare = base(ecosystem);
        self.index.contains_key(ecosystem) || (!self.released.contains(bare) && self.index.contains_key(bare))
    }

    /// As of when the records about a package are, its name normalised; `None` where none were taken in that would speak of it.
    pub fn as_of(&self, ecosystem: &str, name: &str) -> Option<Timestamp> {
        self.covers.get(base(ecosystem))?.of(name)
    }

    /// Refuses to answer for an ecosystem that is not held, or where the advisories about a package are too old, or from the future. `None`
    /// where the ecosystem is held, but not for this package.
    pub fn must_hold(&self, ecosystem: &str, name: &str, freshness: &Freshness) -> Result<Option<Taken>> {
        let ecosystem = base(ecosystem);
        let (Some(taken), Some(covers)) = (self.taken.get(ecosystem), self.covers.get(ecosystem)) else {
            let held = self.taken.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            let error = Error::new(Kind::Incomplete, format!("there are no advisories for {ecosystem}"));
            let held = if held.is_empty() { "none".to_owned() } else { held };
            return Err(error.with("found", format!("advisories for: {held}")).hint("bring a snapshot of them across, and ask again"));
        };
        let Some(time) = covers.of(name) else { return Ok(None) };
        freshness.check(ecosystem, time)?;
        Ok(Some(Taken { time, ..*taken }))
    }
}

impl Freshness {
    fn check(&self, ecosystem: &str, time: Timestamp) -> Result<()> {
        let age = self.now.duration_since(time);
        if age > self.most_age {
            let error = Error::new(Kind::Policy, format!("the advisories for {ecosystem} are too old"));
            let error = error.with("expected", format!("at most {} hours old", self.most_age.as_hours()));
            let found = format!("as of {time}, {} hours old", age.as_hours());
            return Err(error.with("found", found).hint("bring a newer snapshot across, or allow this age"));
        }
        if -age > MOST_AHEAD {
            let error = Error::new(Kind::Policy, format!("the advisories for {ecosystem} are from the future"));
            let error = error.with("expected", format!("no later than {}", self.now)).with("found", time);
            return Err(error.hint("set this host's clock, or take the snapshot anew"));
        }
        Ok(())
    }
}
