//! What gates are asked about: one subject for each artifact, in words that no ecosystem has for itself.

use crate::artifact::Release;
use crate::publisher::Judgement;
use crate::report::Unseen;
use jiff::Timestamp;

/// How severe a vulnerability is said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Least.
    Low,
    /// More.
    Medium,
    /// Much.
    High,
    /// Most.
    Critical,
}

impl Grade {
    /// All of them, by their words in policies.
    pub const WORDS: [(&'static str, Self); 4] =
        [("low", Self::Low), ("medium", Self::Medium), ("high", Self::High), ("critical", Self::Critical)];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        Self::WORDS[self as usize].0
    }
}

/// The licences that an artifact states.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Licences {
    /// Expressions of the SPDX list. Several were stated apart, so that all of them hold.
    pub expressions: Vec<String>,
    /// Statements that are no expressions.
    pub unread: Vec<String>,
    /// Whether nothing more can be known: the bytes were read, or are of a kind that states none.
    pub examined: bool,
}

/// A package inside an artifact, and the licences that it states.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contained {
    /// Its package URL; what people call it where none can be made.
    pub purl: String,
    /// Its licences.
    pub licences: Licences,
}

/// What lies inside an artifact.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inside {
    /// The packages that were found.
    pub packages: Vec<Contained>,
    /// What could not be looked into.
    pub unseen: Unseen,
}

/// The formats of the files of an artifact, by their content.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Formats {
    /// Those that were recognised.
    pub known: Vec<String>,
    /// Whether some files were not looked into.
    pub unread: bool,
}

/// How grave a finding of the scanner is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Worth knowing.
    Note,
    /// A person should look at it.
    Warning,
    /// Not what it claims to be.
    Error,
}

impl Weight {
    /// All of them, by their words in policies.
    pub const WORDS: [(&'static str, Self); 3] = [("note", Self::Note), ("warning", Self::Warning), ("error", Self::Error)];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        Self::WORDS[self as usize].0
    }
}

/// A finding of the scanner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanned {
    /// The scanner's rule.
    pub rule: String,
    /// How grave it is.
    pub weight: Weight,
    /// Where, and what.
    pub what: String,
}

impl Scanned {
    /// The scanner's rule of what it did not look into.
    pub const NOT_EXAMINED: &'static str = "not-examined";
}

/// What strict readers found in an artifact.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Look {
    /// The findings that are known one by one.
    pub findings: Vec<Scanned>,
    /// How many further notes, warnings and errors there were.
    pub more: [usize; 3],
    /// How many blobs are not here.
    pub absent: usize,
    /// How many reports about any artifact were not kept, because there were too many.
    pub cut: usize,
}

/// A share of one, in millionths: as fine as scores are published, and equal where they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u32);

impl Share {
    /// That of a number from 0 to 1.
    pub fn of(share: f32) -> Self {
        Self((f64::from(share.clamp(0.0, 1.0)) * 1e6).round() as u32)
    }

    /// As people write it: `9.7 %`.
    pub fn told(self) -> String {
        let digits = format!("{}.{:04}", self.0 / 10_000, self.0 % 10_000);
        format!("{} %", digits.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// A vulnerability of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weakness {
    /// Its identifier.
    pub id: String,
    /// Everything it is called, by whoever numbers vulnerabilities.
    pub names: Vec<String>,
    /// How severe it is; nobody said, where absent.
    pub grade: Option<Grade>,
    /// Whether the package itself is the attack.
    pub malicious: bool,
    /// Whether it is known to be exploited.
    pub exploited: bool,
    /// How likely it is to be exploited in the next 30 days; nobody said, where absent.
    pub likelihood: Option<Share>,
    /// What it is about, and what mends it, in a line.
    pub summary: String,
}

/// A package of an artifact, the artifact itself or what lies inside, beside the advisories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its package URL.
    pub purl: String,
    /// Why it could not be assessed, or not by every advisory; empty where it was.
    pub undetermined: Vec<String>,
    /// Why its content was not looked into, or not all of it; empty where it was, and where it has none.
    pub not_examined: Vec<String>,
    /// What is known to be wrong with it.
    pub weaknesses: Vec<Weakness>,
}

/// One artifact.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subject {
    /// Its ecosystem and name: `ecosystem/name`.
    pub name: String,
    /// Version, tag or revision.
    pub version: String,
    /// Package URL; empty where none can be made.
    pub purl: String,
    /// Length of its blobs together, in bytes.
    pub bytes: u64,
    /// Its licences.
    pub licences: Licences,
    /// What lies inside, where something is asked of it.
    pub inside: Inside,
    /// Formats of its files, where it is a thing that has formats to choose from; `None` for others.
    pub formats: Option<Formats>,
    /// What strict readers found; `None` where nobody has looked yet.
    pub scan: Option<Look>,
    /// What its publisher's index says; `None` where the artifact is only there for another one that is judged too, such as a signature.
    pub release: Option<Release>,
    /// What keys of the policy say of how its publisher signed it.
    pub signed: Judgement,
    /// Its packages beside the advisories; `None` where nobody has asked yet.
    pub packages: Option<Vec<Package>>,
    /// Of when it is, where it is a database of vulnerabilities that other programs ask.
    pub database: Option<Timestamp>,
}

impl Subject {
    /// What people call it.
    pub fn label(&self) -> String {
        format!("{} {}", self.name, self.version)
    }
}

/// The advisories that the packages were laid beside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Advised {
    /// No rule asks for them, and nobody named any.
    Unasked,
    /// Nobody asks for them here; they are asked before anything is decided.
    Later,
    /// They cannot be asked, and why: they are missing, too old, or not readable.
    Missing(String),
    /// They were asked.
    Held(Consulted),
}

/// The advisories that were asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Consulted {
    /// Each in a line: what it is, as of when, and where it lies.
    pub used: Vec<String>,
    /// The ecosystems that were asked about, and when the newest of their records was changed.
    pub newest: Vec<(String, Timestamp)>,
    /// Why it is not known which vulnerabilities are exploited, where that is so.
    pub exploited_unknown: Option<String>,
    /// Why it is not known how likely vulnerabilities are to be exploited, where that is so.
    pub likelihood_unknown: Option<String>,
}
