//! Advisories from a folder that somebody brought, asked about everything in an inventory.
//!
//! The folder has, for each ecosystem by its name in OSV's schema, a folder of records, a folder with `all.zip`, or `NAME.zip`; beside them may
//! lie `known_exploited_vulnerabilities.json`.

use crate::advisories::{Builder, Ecosystem, Extent, Freshness, Judged, Package as Asked, Ranking, Rating, Reason, Snapshot, assess};
use crate::artifact::BlobRead;
use crate::error::{Error, Kind, Result, shown};
use crate::policy::gate::{Grade, Package, Weakness};
use crate::report::{Component, Inventory, Purl};
use crate::store::read_bounded;
use jiff::{SignedDuration, Timestamp};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// The list of exploited vulnerabilities, as its publisher calls it.
const EXPLOITED: &str = "known_exploited_vulnerabilities.json";
/// Longest such list, in bytes.
const LONGEST: u64 = 64 << 20;

/// Types of package URLs whose packages are of one ecosystem, and what stands between namespace and name there.
const TYPES: [(&str, &str, &str); 12] = [
    ("pypi", "PyPI", "/"),
    ("npm", "npm", "/"),
    ("golang", "Go", "/"),
    ("hex", "Hex", "/"),
    ("pub", "Pub", "/"),
    ("nuget", "NuGet", "/"),
    ("gem", "RubyGems", "/"),
    ("composer", "Packagist", "/"),
    ("maven", "Maven", ":"),
    ("cran", "CRAN", "/"),
    ("hackage", "Hackage", "/"),
    ("julia", "Julia", "/"),
];

/// Advisories, ready to be asked.
#[derive(Debug)]
pub struct Known {
    snapshot: Snapshot,
    ranking: Ranking,
}

/// One thing that is asked about: which component it is of, and in whose words.
struct Line {
    component: usize,
    purl: String,
    asked: Option<(&'static str, String, String)>,
}

impl Known {
    /// Reads a folder of advisories. One that has none of any ecosystem is an error.
    pub fn read(folder: &Path) -> Result<Self> {
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
        Ok(Self { snapshot: builder.finish(), ranking })
    }

    /// What is known of the packages of each component, and as of when the oldest advisories that were asked are.
    pub fn ask(&self, inventory: &Inventory, now: Timestamp, most_days: u32) -> Result<(String, Vec<Vec<Package>>)> {
        let mut lines = Vec::new();
        for (at, component) in inventory.components.iter().enumerate() {
            component.walk(&mut |inner| lines.push(line(at, inner)));
        }
        let asked = |line: &Line| line.asked.clone();
        let subjects: Vec<_> = lines.iter().filter_map(asked).collect();
        let packages: Vec<_> = subjects.iter().map(|(ecosystem, name, version)| Asked { ecosystem, name, version }).collect();
        let freshness = Freshness { now, most_age: SignedDuration::from_hours(i64::from(most_days) * 24) };
        let answer = assess(&self.snapshot, &packages, &freshness, &self.ranking)?;
        let as_of = answer.taken.values().map(|taken| taken.time).min().map_or_else(String::new, |time| time.to_string());
        let mut judged = answer.packages.iter();
        let mut all = vec![vec![]; inventory.components.len()];
        for line in lines {
            let package = match line.asked.is_some().then(|| judged.next()).flatten() {
                Some(judged) => package(line.purl, judged),
                None => {
                    let undetermined = vec!["no advisories are known for packages of its kind".to_owned()];
                    Package { purl: line.purl, undetermined, weaknesses: vec![] }
                }
            };
            all[line.component].push(package);
        }
        Ok((as_of, all))
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

fn line(component: usize, inner: &Component) -> Line {
    let purl = Purl::read(&inner.purl).filter(|purl| !purl.version.is_empty());
    let asked = purl.and_then(|purl| {
        let (kind, ecosystem, between) = TYPES.iter().find(|(kind, ..)| *kind == purl.kind())?;
        let path = purl.base.strip_prefix("pkg:")?.strip_prefix(kind)?.strip_prefix('/')?;
        let name = crate::artifact::percent_decoded(path).unwrap_or_else(|| path.to_owned());
        let name = name.rsplit_once('/').map_or_else(|| name.clone(), |(namespace, name)| format!("{namespace}{between}{name}"));
        Some((*ecosystem, name, purl.version()))
    });
    Line { component, purl: inner.purl.clone(), asked }
}

fn package(purl: String, judged: &Judged<'_>) -> Package {
    let undetermined = if judged.extent == Extent::Assessed { vec![] } else { judged.reasons.iter().map(reason).collect() };
    let weaknesses = judged.findings.iter().map(|finding| Weakness {
        id: finding.id.to_owned(),
        grade: grade(finding.severity.rating),
        malicious: finding.malicious,
        exploited: finding.exploited.is_some(),
        summary: match &finding.fixed[..] {
            [] => finding.summary.to_owned(),
            fixed => format!("{} (mended in {})", finding.summary, fixed.join(", ")),
        },
    });
    Package { purl, undetermined, weaknesses: weaknesses.collect() }
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

fn reason(reason: &Reason<'_>) -> String {
    match reason {
        Reason::NoOrder => "no order of versions is known for its ecosystem".to_owned(),
        Reason::NoRelease => "the release of its distribution is not said".to_owned(),
        Reason::NoVersion => "its version is not one of its ecosystem".to_owned(),
        Reason::RecordVersion { record, .. } => format!("{record} has a version that cannot be compared with its own"),
        Reason::RecordCommits { record } => format!("{record} names commits only"),
        Reason::RecordSilent { record } => format!("{record} does not say which versions are affected"),
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
