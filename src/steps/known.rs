//! What advisories say of everything installed once newer ones came: what is new of it, by name, and what is not known any more.
//!
//! Kept beside each snapshot that brought advisories (`docs/formats/store.md`), so that a report can say later what has become known since. It
//! can be worked out again: what is lost or damaged of it is as if it had not been kept.

use super::advise::at_hand;
use super::assess::{Assessed, Found, Line, STATEMENTS_HOLD, Terms, has_evidence};
use super::import::latest;
use super::sbom::{Stocktaking, of_snapshot};
use crate::advisories::Freshness;
use crate::artifact::Purl;
use crate::error::Result;
use crate::store::{Snapshot, Store, create_folder, read_bounded, write_atomic};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

const VERSION: u32 = 1;
/// Longest that is kept, in bytes.
const LONGEST: usize = 64 << 20;
/// Most snapshots before one in which what was kept is looked for.
const MOST_BACK: usize = 1024;
/// Days that what was known before is taken for what it was, however old the advisories were.
const ANY_AGE: i64 = 36_500;

/// A finding, told apart from others: which vulnerability, of which package, whichever version.
pub type Key = (String, String);

/// What was known before and after an import.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Kept {
    airlift_known: u32,
    /// SHA-256 of the snapshot's list: of another snapshot of that number it says nothing.
    list: String,
    /// What was known before; nothing where that could not be asked.
    had: Option<BTreeSet<Key>>,
    has: BTreeSet<Key>,
}

/// What came out when everything installed was asked about again.
pub struct Rescanned {
    /// All of it.
    pub assessed: Assessed,
    /// Where it is in the answer: line and finding, the gravest first. `None` where it is not known what was known before.
    pub new: Option<Vec<(usize, usize)>>,
    /// What was known before of packages that are still here, and is not any more.
    pub fixed: Option<Vec<Key>>,
}

impl Rescanned {
    /// What is new, with the package it is of.
    pub fn newly_known(&self) -> impl Iterator<Item = (&Line, &Found)> {
        let places = self.new.iter().flatten();
        places.map(|(line, found)| (&self.assessed.lines[*line], &self.assessed.lines[*line].findings[*found]))
    }
}

/// The package of a line without its version.
pub fn package(line: &Line) -> String {
    Purl::read(&line.purl).map_or_else(|| line.purl.clone(), |purl| purl.base())
}

/// What was found, version apart.
pub fn keys(assessed: &Assessed) -> BTreeSet<Key> {
    let of = |line: &Line| line.findings.iter().map(|found| (found.id.clone(), package(line))).collect::<Vec<_>>();
    assessed.lines.iter().flat_map(of).collect()
}

/// Those of what was known that are not found any more, of packages that are still here.
pub fn gone(had: &BTreeSet<Key>, assessed: &Assessed) -> Vec<Key> {
    let (now, here): (BTreeSet<Key>, BTreeSet<String>) = (keys(assessed), assessed.lines.iter().map(package).collect());
    had.iter().filter(|key| here.contains(&key.1) && !now.contains(*key)).cloned().collect()
}

/// What is known of everything that is installed, before something else is: what was kept when it was asked, else by the advisories that are
/// installed, whatever their age.
pub fn before(store: &Store, by: Stocktaking<'_>, now: Timestamp) -> Result<BTreeSet<Key>> {
    let Some(current) = store.current()? else { return Ok(BTreeSet::new()) };
    if let Some(kept) = read(store, current.number) {
        return Ok(kept.has);
    }
    Ok(ask(store, &current, by, now, ANY_AGE)?.map(|assessed| keys(&assessed)).unwrap_or_default())
}

/// Asks about everything installed, since newer advisories came, and keeps what came out; `None` where no advisories are installed.
pub fn rescan(store: &Store, had: Option<BTreeSet<Key>>, by: Stocktaking<'_>, now: Timestamp, days: i64) -> Result<Option<Rescanned>> {
    let Some(current) = store.current()? else { return Ok(None) };
    let Some(assessed) = ask(store, &current, by, now, days)? else { return Ok(None) };
    let new = had.as_ref().map(|had| new_since(had, &assessed));
    let fixed = had.as_ref().map(|had| gone(had, &assessed));
    keep(store, &current, had, keys(&assessed))?;
    Ok(Some(Rescanned { assessed, new, fixed }))
}

/// What was known before the newest advisories of a snapshot came, and with which snapshot they did; `None` where that was not kept.
pub fn since(store: &Store, number: u64) -> Option<(u64, BTreeSet<Key>)> {
    let (number, kept) = (1..=number).rev().take(MOST_BACK).find_map(|number| Some((number, read(store, number)?)))?;
    Some((number, kept.had?))
}

fn ask(store: &Store, current: &Snapshot, by: Stocktaking<'_>, now: Timestamp, days: i64) -> Result<Option<Assessed>> {
    let installed = latest(store)?;
    if !has_evidence(&installed) {
        return Ok(None);
    }
    let Some(held) = at_hand(&installed, store, Some(store), &[])? else { return Ok(None) };
    let inventory = by.run(of_snapshot(current, store)?, &installed, store)?;
    let freshness = Freshness { now, most_age: SignedDuration::from_hours(24 * days) };
    held.assess(&inventory, &Terms { freshness, lifetime: STATEMENTS_HOLD }).map(Some)
}

fn new_since(had: &BTreeSet<Key>, assessed: &Assessed) -> Vec<(usize, usize)> {
    let mut new = Vec::new();
    for (n, line) in assessed.lines.iter().enumerate() {
        let package = package(line);
        let of = line.findings.iter().enumerate().filter(|(_, found)| !had.contains(&(found.id.clone(), package.clone())));
        new.extend(of.map(|(at, _)| (n, at)));
    }
    new.sort_by_key(|(n, at)| std::cmp::Reverse(assessed.lines[*n].findings[*at].rank()));
    new
}

fn read(store: &Store, number: u64) -> Option<Kept> {
    let bytes = read_bounded(&store.known_path(number), LONGEST as u64).ok()??;
    let kept: Kept = serde_json::from_slice(&bytes).ok()?;
    let own = kept.airlift_known == VERSION && store.snapshot_digest(number).is_ok_and(|list| list.hex() == kept.list);
    own.then_some(kept)
}

fn keep(store: &Store, current: &Snapshot, had: Option<BTreeSet<Key>>, has: BTreeSet<Key>) -> Result<()> {
    let kept = Kept { airlift_known: VERSION, list: store.snapshot_digest(current.number)?.hex(), had, has };
    let mut bytes = serde_json::to_vec(&kept).expect("it has string keys only");
    bytes.push(b'\n');
    if bytes.len() > LONGEST {
        return Ok(());
    }
    let path = store.known_path(current.number);
    create_folder(path.parent().unwrap_or(store.root()))?;
    write_atomic(&path, &bytes)
}
