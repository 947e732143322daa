//! One advisory, with as much of it as matching and reports need.

use super::cvss::Severity;
use super::order::Version;
use super::range::{Answer, Asked, Range};
use crate::error::Result;
use jiff::Timestamp;
use std::cmp::Ordering;

/// Most versions said to be fixed that are looked at for one that is; records whose parts contradict each other so often name none.
const MOST_FIXES: usize = 64;

/// An advisory.
#[derive(Debug, Clone)]
pub struct Record {
    /// Its identifier in its database.
    pub id: Box<str>,
    /// When it was changed last.
    pub modified: Timestamp,
    /// When it was taken back, if it was: it then says nothing of any version.
    pub withdrawn: Option<Timestamp>,
    /// Identifiers of the same vulnerability elsewhere.
    pub aliases: Box<[Box<str>]>,
    /// Identifiers of vulnerabilities that have to do with it.
    pub related: Box<[Box<str>]>,
    /// Identifiers of the vulnerabilities that a distribution's advisory is about.
    pub upstream: Box<[Box<str>]>,
    /// What it is about, in a line.
    pub summary: Box<str>,
    /// How severe it is said to be.
    pub severity: Severity,
    /// The packages it speaks of by name.
    pub affected: Box<[Affected]>,
}

impl Record {
    /// Reads a record in OSV's form; `what` names it in errors.
    pub fn parse(what: &str, bytes: &[u8]) -> Result<Self> {
        super::format::parse(what, bytes)
    }

    /// Its identifier and its aliases.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&*self.id).chain(self.aliases.iter().map(|name| &**name))
    }

    /// How much it keeps: names, versions and events.
    pub(super) fn weight(&self) -> usize {
        let names = 1 + self.aliases.len() + self.related.len() + self.upstream.len();
        names + self.affected.iter().map(Affected::weight).sum::<usize>()
    }

    /// Whether the package itself is the attack, rather than a fault in it.
    pub fn is_malicious(&self) -> bool {
        self.id.starts_with("MAL-")
    }
}

/// What an advisory says of one package.
#[derive(Debug, Clone)]
pub struct Affected {
    /// The ecosystem as the record writes it, with its release.
    pub ecosystem: Box<str>,
    /// The package's name, in the form in which names are compared.
    pub name: Box<str>,
    /// Its package URL, where the record has one.
    pub purl: Option<Box<str>>,
    /// How severe it is for this package, where the record says so.
    pub severity: Severity,
    pub(super) ranges: Box<[Range]>,
    /// Whether there are ranges of commits, or of another kind that no version can be compared with.
    pub(super) commits: bool,
    /// Fingerprints of the versions it names, sorted. They can only make a version affected that no one named, never the other way.
    pub(super) enumerated: Box<[u64]>,
}

impl Affected {
    /// What the ranges alone say of a version.
    pub fn judge_by_ranges<'a>(&'a self, version: &Asked<'a>) -> Answer<'a> {
        self.ranges.iter().fold(Answer::NotAffected, |answer, range| answer.or(range.judge(version)))
    }

    /// Whether a version is affected: by name first, then by the ranges, of which one is enough.
    pub fn judge<'a>(&'a self, version: &Asked<'a>) -> Answer<'a> {
        let named = self.enumerated.binary_search(&version.fingerprint()).is_ok();
        let answer = if named { Answer::Affected { fixed: None } } else { Answer::NotAffected };
        // Versions that are named are a whole answer, beside commits too; commits alone are none.
        let unsaid = self.ranges.is_empty() && self.enumerated.is_empty();
        match answer.or(self.judge_by_ranges(version)) {
            Answer::Affected { .. } => Answer::Affected { fixed: self.fixed_after(version) },
            answer if unsaid => answer.or(Answer::Unsaid { commits: self.commits }),
            answer => answer,
        }
    }

    /// The nearest later version that is said to be fixed and that nothing else in the record says is affected.
    fn fixed_after<'a>(&'a self, version: &Asked<'a>) -> Option<&'a str> {
        version.read().find_map(|(order, from)| {
            let after = |bound: &Version| {
                let fixes = self.ranges.iter().filter_map(|range| range.fixed_after(order, bound));
                fixes.min_by(|(a, _), (b, _)| a.compare(b).unwrap_or(Ordering::Equal))
            };
            let mut next = after(from);
            for _ in 0..MOST_FIXES {
                let (at, text) = next?;
                if self.is_free(&version.instead(text)) {
                    return Some(text);
                }
                next = after(at);
            }
            None
        })
    }

    /// Whether neither a range nor a name says anything but that it is not affected.
    fn is_free(&self, version: &Asked<'_>) -> bool {
        let named = self.enumerated.binary_search(&version.fingerprint()).is_ok();
        !named && self.ranges.iter().all(|range| range.judge(version) == Answer::NotAffected)
    }

    /// How much it keeps.
    fn weight(&self) -> usize {
        1 + self.enumerated.len() + self.ranges.iter().map(Range::weight).sum::<usize>()
    }
}
