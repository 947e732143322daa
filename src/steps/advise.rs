//! Which advisories are asked: those of a folder that somebody brought, else those that are carried with what is judged, else those that
//! are installed.
//!
//! A folder has, for each ecosystem by its name in OSV's schema, a folder of records, a folder with `all.zip`, or `NAME.zip`; beside them
//! may lie `known_exploited_vulnerabilities.json`.

use super::assess::{Found, Held, Line, STATEMENTS_HOLD, Terms, has_evidence};
use super::import::latest;
use crate::advisories::vex::Statements;
use crate::advisories::{Builder, Ecosystem, Extent, Freshness, Ranking, Rating};
use crate::artifact::{Artifact, BlobRead, Blobs};
use crate::error::{Error, Kind, Result, shown};
use crate::policy::gate::{Grade, Package, Weakness};
use crate::report::Inventory;
use crate::store::{Store, read_bounded};
use jiff::{SignedDuration, Timestamp};
use std::borrow::Borrow;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// The list of exploited vulnerabilities, as its publisher calls it.
const EXPLOITED: &str = "known_exploited_vulnerabilities.json";
/// Longest such list, in bytes.
const LONGEST: u64 = 64 << 20;

/// The advisories among some artifacts, else those that are installed; `None` where there are none.
pub fn at_hand<A: Borrow<Artifact>>(artifacts: &[A], blobs: &dyn Blobs, installed: Option<&Store>) -> Result<Option<Held>> {
    if has_evidence(artifacts) {
        return Held::of(artifacts, blobs).map(Some);
    }
    let Some(store) = installed else { return Ok(None) };
    let here = latest(store)?;
    if has_evidence(&here) { Held::of(&here, store).map(Some) } else { Ok(None) }
}

impl Held {
    /// Reads a folder of advisories. One that has none of any ecosystem is an error.
    pub fn of_folder(folder: &Path) -> Result<Self> {
        let mut builder = Builder::new();
        let mut found = false;
        for ecosystem in Ecosystem::all() {
            found |= take(folder, ecosystem.name(), &mut builder)?;
        }
        if !found {
            let error = Error::new(Kind::Incomplete, format!("{}: there are no advisories in it", shown(folder)));
            return Err(error.with("expected", "a folder or an archive for each ecosystem, such as PyPI/all.zip"));
        }
        let mut ranking = Ranking::default();
        if let Some(list) = read_bounded(&folder.join(EXPLOITED), LONGEST)? {
            ranking.read_exploited(&list)?;
        }
        Ok(Self { snapshot: builder.finish(), ranking, statements: Statements::new(vec![]), evidence: None })
    }

    /// What is known of the packages of each component, and as of when the oldest advisories that were asked are.
    pub fn packages(&self, inventory: &Inventory, now: Timestamp, most_days: u32) -> Result<(String, Vec<Vec<Package>>)> {
        let freshness = Freshness { now, most_age: SignedDuration::from_hours(i64::from(most_days) * 24) };
        let (assessed, each) = self.assess_each(inventory, &Terms { freshness, lifetime: STATEMENTS_HOLD })?;
        let as_of = assessed.taken.values().map(|taken| taken.time).min().map_or_else(String::new, |time| time.to_string());
        Ok((as_of, each.iter().map(|lines| lines.iter().map(package).collect()).collect()))
    }
}

fn take(folder: &Path, name: &str, builder: &mut Builder) -> Result<bool> {
    let (records, beside) = (folder.join(name), folder.join(format!("{name}.zip")));
    for archive in [records.join("all.zip"), beside] {
        if archive.is_file() {
            let mut file = Archive::open(&archive)?;
            builder.archive(name, None, &shown(&archive), &mut file)?;
            return Ok(true);
        }
    }
    if records.is_dir() {
        builder.folder(name, None, &records)?;
    }
    Ok(records.is_dir())
}

fn package(line: &Line) -> Package {
    let undetermined = if line.extent == Extent::Assessed { vec![] } else { line.reasons.clone() };
    let weaknesses = line.findings.iter().map(|found| Weakness {
        id: found.id.clone(),
        grade: grade(found.rating),
        malicious: found.malicious,
        exploited: found.exploited.is_some(),
        summary: summary(found),
    });
    Package { purl: line.purl.clone(), undetermined, weaknesses: weaknesses.collect() }
}

/// What it is, where it is mended, and what somebody says of it, which takes nothing away.
fn summary(found: &Found) -> String {
    let mended = if found.fixed.is_empty() { String::new() } else { format!(" (mended in {})", found.fixed.join(", ")) };
    let said = found.said.as_ref().map(|said| format!(" ({} says: {})", said.author, said.status.word()));
    format!("{}{mended}{}", found.summary, said.unwrap_or_default())
}

const fn grade(rating: Rating) -> Option<Grade> {
    match rating {
        Rating::Unknown => None,
        Rating::None | Rating::Low => Some(Grade::Low),
        Rating::Medium => Some(Grade::Medium),
        Rating::High => Some(Grade::High),
        Rating::Critical => Some(Grade::Critical),
    }
}

/// An archive on this machine.
struct Archive {
    file: File,
    size: u64,
}

impl Archive {
    fn open(path: &Path) -> Result<Self> {
        let wrong = |e: std::io::Error| Error::io(format!("{} cannot be read", shown(path)), &e);
        let file = File::open(path).map_err(wrong)?;
        let size = file.metadata().map_err(wrong)?.len();
        Ok(Self { file, size })
    }
}

impl Read for Archive {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Seek for Archive {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.file.seek(to)
    }
}

impl BlobRead for Archive {
    fn size(&self) -> u64 {
        self.size
    }
}
