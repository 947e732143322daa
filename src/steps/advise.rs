//! Which advisories are asked: those of a folder that somebody brought, else of each kind the newest among those that are carried with what
//! is judged and those that are installed.
//!
//! A folder has, for each ecosystem by its name in OSV's schema, a folder of records, a folder with `all.zip`, or `NAME.zip`; beside them
//! may lie `known_exploited_vulnerabilities.json` and `epss_scores-current.csv.gz`.

use super::assess::{Assessed, Found, Held, Line, Origin, Place, STATEMENTS_HOLD, Terms, Used, has_evidence};
use super::import::latest;
use super::vex::counting;
use crate::advisories::vex::{Statement, Statements};
use crate::advisories::{Builder, Ecosystem, EvidenceKind, Extent, Freshness, Ranking, Rating, Taken};
use crate::artifact::{Artifact, BlobRead, Blobs, Digest};
use crate::error::{Error, Kind, Result, shown};
use crate::policy::gate::{Consulted, Grade, Package, Share, Weakness};
use crate::report::Inventory;
use crate::store::{Store, read_bounded};
use jiff::{SignedDuration, Timestamp};
use std::borrow::Borrow;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// The list of exploited vulnerabilities, as its publisher calls it.
const EXPLOITED: &str = "known_exploited_vulnerabilities.json";
/// The table of scores, as its publisher calls it.
const LIKELIHOOD: &str = "epss_scores-current.csv.gz";
/// Longest such list or table, in bytes.
const LONGEST: u64 = 64 << 20;

/// What is asked beside what is carried and installed.
#[derive(Clone, Copy, Default)]
pub struct Beside<'a> {
    /// Advisories that somebody brought, which take the place of the others.
    pub folder: Option<&'a Held>,
    /// Statements.
    pub statements: &'a [Statement],
}

/// The newest evidence of each kind among some artifacts and what is installed, with the statements that are kept there and others; `None`
/// where there are no advisories.
pub fn at_hand<A: Borrow<Artifact>>(
    artifacts: &[A],
    blobs: &dyn Blobs,
    installed: Option<&Store>,
    more: &[Statement],
) -> Result<Option<Held>> {
    let carried: Vec<&Artifact> = artifacts.iter().map(Borrow::borrow).collect();
    let here = installed.map(latest).transpose()?.unwrap_or_default();
    let here: Vec<&Artifact> = here.iter().map(|artifact| &**artifact).collect();
    if !has_evidence(&carried) && !has_evidence(&here) {
        return Ok(None);
    }
    // Of what is in both, the one that was installed is read: its bytes are here.
    let mut places: Vec<Place<'_>> = Vec::new();
    places.extend(installed.map(|store| Place { artifacts: &here, blobs: store, origin: Origin::Installed }));
    places.push(Place { artifacts: &carried, blobs, origin: Origin::Carried });
    Held::over(&places)?.with_kept(installed, more).map(Some)
}

/// What advisories say of the packages of each component of an inventory, and which they were.
pub struct Advice {
    /// What was asked.
    pub consulted: Consulted,
    /// The packages, by component.
    pub packages: Vec<Vec<Package>>,
}

impl Held {
    /// Adds the statements that are kept where something is installed, and others.
    pub fn with_kept(self, installed: Option<&Store>, more: &[Statement]) -> Result<Self> {
        let kept = installed.map(counting).transpose()?.unwrap_or_default();
        let mut held = self.with_statements(more.to_vec());
        for (digest, statements) in kept {
            let time = statements.iter().map(|statement| statement.timestamp).max();
            let (kind, label) = (EvidenceKind::Statements("vex".to_owned()), "vex".to_owned());
            held.used.push(Used { kind, label, time, digest: Some(digest), origin: Origin::Installed });
            held = held.with_statements(statements);
        }
        Ok(held)
    }

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
        let snapshot = builder.finish();
        let of = |(name, taken): (&String, &Taken)| {
            let (kind, label) = (EvidenceKind::Advisories(name.clone()), name.clone());
            Used { kind, label, time: Some(taken.time), digest: None, origin: Origin::Folder }
        };
        let mut used: Vec<Used> = snapshot.taken().iter().map(of).collect();
        if let Some(list) = read_bounded(&folder.join(EXPLOITED), LONGEST)? {
            ranking.read_exploited(&list, None)?;
            used.push(Used {
                kind: EvidenceKind::Exploited,
                label: EXPLOITED.to_owned(),
                time: ranking.exploited_time(),
                digest: Some(Digest::of(&list)),
                origin: Origin::Folder,
            });
        }
        if let Some(table) = read_bounded(&folder.join(LIKELIHOOD), LONGEST)? {
            ranking.read_likelihood(&table[..])?;
            let (time, digest) = (ranking.likelihood_time(), Some(Digest::of(&table)));
            used.push(Used { kind: EvidenceKind::Likelihood, label: LIKELIHOOD.to_owned(), time, digest, origin: Origin::Folder });
        }
        Ok(Self { snapshot, ranking, statements: Statements::new(vec![]), evidence: None, used })
    }

    /// What is known of the packages of each component.
    pub fn advice(&self, inventory: &Inventory, now: Timestamp, most_days: u32) -> Result<Advice> {
        let freshness = Freshness { now, most_age: SignedDuration::from_hours(i64::from(most_days) * 24) };
        let (assessed, each) = self.assess_each(inventory, &Terms { freshness, lifetime: STATEMENTS_HOLD })?;
        let used = self.used.iter().map(Used::told).collect();
        let Assessed { exploited_unknown, likelihood_unknown, taken, .. } = assessed;
        let newest = taken.into_iter().map(|(ecosystem, taken)| (ecosystem, taken.newest)).collect();
        let consulted = Consulted { used, newest, exploited_unknown, likelihood_unknown };
        Ok(Advice { consulted, packages: each.iter().map(|lines| lines.iter().map(package).collect()).collect() })
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
    let reasons = |wanted: bool| if wanted { line.reasons.clone() } else { vec![] };
    let undetermined = reasons(matches!(line.extent, Extent::Undetermined | Extent::NotAssessable));
    let weaknesses = line.findings.iter().map(|found| Weakness {
        id: found.id.clone(),
        names: found.names.clone(),
        grade: grade(found.rating),
        malicious: found.malicious,
        exploited: found.exploited.is_some(),
        likelihood: found.likelihood.map(Share::of),
        summary: summary(found),
    });
    let not_examined = reasons(line.extent == Extent::NotExamined);
    Package { purl: line.purl.clone(), undetermined, not_examined, weaknesses: weaknesses.collect() }
}

/// What it is, where it is mended, and what somebody says of it, which takes nothing away.
fn summary(found: &Found) -> String {
    let mended = if found.fixed.is_empty() { String::new() } else { format!(" (mended in {})", found.fixed.join(", ")) };
    let said = found.said.as_ref().map(|said| format!(" ({})", said.told()));
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
