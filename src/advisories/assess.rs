//! Packages asked about, findings out: what is affected, what is not known, and what cannot be assessed. None of these is ever "clean".

use super::cvss::{Rating, Severity};
use super::ecosystem::Ecosystem;
use super::range::{Answer, Asked};
use super::ranking::{Exploited, Likelihood, Ranking};
use super::record::{Affected, Record};
use super::snapshot::{Freshness, Snapshot, Taken};
use crate::error::Result;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A package that is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Package<'a> {
    /// Its ecosystem in OSV's words, with the release of a distribution (`Debian:12`).
    pub ecosystem: &'a str,
    /// Its name, in any spelling its ecosystem takes for the same. Of a distribution, that of the source package.
    pub name: &'a str,
    /// Its version.
    pub version: &'a str,
}

/// Why an answer is not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason<'a> {
    /// No order of versions is known for the ecosystem.
    NoOrder,
    /// The release of the distribution is not said.
    NoRelease,
    /// The archive of its ecosystem was filtered, and not for it: what is not there may be known all the same.
    NotInArchive,
    /// No record here speaks of this release of the distribution, so that none could speak of the package.
    ReleaseNotHeld,
    /// The version is not one of its ecosystem's order.
    NoVersion,
    /// A record has a version in it that the one asked about cannot be compared with: it is none of the order, or only one of the two
    /// says which release of the package it is.
    RecordVersion {
        /// The record.
        record: &'a str,
        /// The text that is not such a version.
        text: &'a str,
    },
    /// A record names commits only.
    RecordCommits {
        /// The record.
        record: &'a str,
    },
    /// A record says of no version whether it is affected.
    RecordSilent {
        /// The record.
        record: &'a str,
    },
}

/// How far a package could be assessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// By every record about it.
    Assessed,
    /// Not by every record, or not at all, because a version is not known to its order or nothing is held of a release.
    Undetermined,
    /// Not at all, or not all of what is inside: nobody has looked into it.
    NotExamined,
    /// Not at all: nothing is known of its ecosystem's versions.
    NotAssessable,
}

impl Extent {
    /// That of one package that was asked about twice: what is not known of one answer is not known.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::NotExamined, _) | (_, Self::NotExamined) => Self::NotExamined,
            (Self::Assessed, Self::Assessed) => Self::Assessed,
            (Self::NotAssessable, Self::NotAssessable) => Self::NotAssessable,
            _ => Self::Undetermined,
        }
    }

    /// The same where something about the package itself is not known.
    #[must_use]
    pub const fn at_most_undetermined(self) -> Self {
        match self {
            Self::Assessed => Self::Undetermined,
            other => other,
        }
    }
}

impl Extent {
    /// The words for it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Assessed => "assessed",
            Self::Undetermined => "undetermined",
            Self::NotExamined => "not examined",
            Self::NotAssessable => "not assessable",
        }
    }
}

/// One vulnerability in one package, however many records speak of it. The texts are those of the snapshot.
#[derive(Debug, Clone)]
pub struct Finding<'a> {
    /// The first of the records, in the order of their identifiers.
    pub id: &'a str,
    /// Every identifier of the vulnerability, the records' own among them; sorted.
    pub names: Vec<&'a str>,
    /// The records that say so; sorted.
    pub records: Vec<&'a str>,
    /// The nearest later versions that are not affected, one a record at most.
    pub fixed: Vec<&'a str>,
    /// The most severe of what the records say.
    pub severity: &'a Severity,
    /// Whether the package itself is the attack.
    pub malicious: bool,
    /// What it is about, in a line.
    pub summary: &'a str,
    /// Where it is listed as exploited.
    pub exploited: Option<&'a Exploited>,
    /// How likely it is to be exploited.
    pub likelihood: Option<Likelihood>,
}

/// What is found about one package.
#[derive(Debug, Clone)]
pub struct Judged<'a> {
    /// The most severe first.
    pub findings: Vec<Finding<'a>>,
    /// How far it could be assessed.
    pub extent: Extent,
    /// Why not further; sorted.
    pub reasons: BTreeSet<Reason<'a>>,
    /// How many records about it were consulted.
    pub consulted: usize,
}

/// How many packages are what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Packages by every record about them.
    pub assessed: usize,
    /// Packages of which something is not known.
    pub undetermined: usize,
    /// What nobody has looked into, or not into all of it: images whose content is not here or could not be read.
    pub not_examined: usize,
    /// Packages of which nothing can be said.
    pub not_assessable: usize,
    /// Packages with findings, whatever else they are.
    pub affected: usize,
    /// Findings together.
    pub findings: usize,
}

/// The answer to a list of packages.
#[derive(Debug)]
pub struct Assessment<'a> {
    /// One for each package, in their order.
    pub packages: Vec<Judged<'a>>,
    /// How many are what.
    pub counts: Counts,
    /// What was consulted, by ecosystem.
    pub taken: BTreeMap<String, Taken>,
}

/// Asks a snapshot about packages. An ecosystem that has an order but no advisories here, or too old ones, is an error.
pub fn assess<'a>(snapshot: &'a Snapshot, packages: &[Package<'a>], freshness: &Freshness, ranking: &'a Ranking) -> Result<Assessment<'a>> {
    let mut taken: BTreeMap<String, Taken> = BTreeMap::new();
    for package in packages {
        let bare = super::ecosystem::base(package.ecosystem);
        let Some(known) = Ecosystem::of(bare) else { continue };
        if let Some(found) = snapshot.must_hold(bare, &known.normalised(package.name), freshness)? {
            // The oldest that was asked.
            let oldest = taken.entry(bare.to_owned()).or_insert(found);
            oldest.time = oldest.time.min(found.time);
        }
    }
    let packages: Vec<_> = packages.iter().map(|package| judge(snapshot, package, ranking)).collect();
    let mut counts = Counts::default();
    packages.iter().for_each(|judged| counts.add(judged.extent, judged.findings.len()));
    Ok(Assessment { packages, counts, taken })
}

impl Counts {
    /// Counts one more.
    pub fn add(&mut self, extent: Extent, findings: usize) {
        match extent {
            Extent::Assessed => self.assessed += 1,
            Extent::Undetermined => self.undetermined += 1,
            Extent::NotExamined => self.not_examined += 1,
            Extent::NotAssessable => self.not_assessable += 1,
        }
        self.affected += usize::from(findings > 0);
        self.findings += findings;
    }
}

impl<'a> Judged<'a> {
    fn nothing(reason: Reason<'a>) -> Self {
        Self { findings: Vec::new(), extent: Extent::NotAssessable, reasons: BTreeSet::from([reason]), consulted: 0 }
    }
}

fn judge<'a>(snapshot: &'a Snapshot, package: &Package<'a>, ranking: &'a Ranking) -> Judged<'a> {
    let Some(ecosystem) = Ecosystem::of(package.ecosystem) else { return Judged::nothing(Reason::NoOrder) };
    if ecosystem.released && !package.ecosystem.contains(':') {
        return Judged::nothing(Reason::NoRelease);
    }
    let name = ecosystem.normalised(package.name);
    let asked = Asked::new(package.version, ecosystem.order, ecosystem.semantic());
    let mut judged = Judged { findings: Vec::new(), extent: Extent::Assessed, reasons: BTreeSet::new(), consulted: 0 };
    judged.reasons.extend(snapshot.as_of(package.ecosystem, &name).is_none().then_some(Reason::NotInArchive));
    judged.reasons.extend((ecosystem.released && !snapshot.holds(package.ecosystem)).then_some(Reason::ReleaseNotHeld));
    judged.reasons.extend((!asked.is_known()).then_some(Reason::NoVersion));
    let mut hits = Vec::new();
    for (record, affected) in snapshot.about(package.ecosystem, &name).into_iter().filter(|(record, _)| record.withdrawn.is_none()) {
        judged.consulted += 1;
        match affected.judge(&asked) {
            Answer::Affected { fixed } => hits.push(Hit { record, affected, fixed }),
            Answer::NotAffected => {}
            // That the version itself is not known is said once, and not for every record.
            Answer::Unknown(_) if !asked.is_known() => {}
            Answer::Unknown(text) => drop(judged.reasons.insert(Reason::RecordVersion { record: &record.id, text })),
            Answer::Unsaid { commits: true } => drop(judged.reasons.insert(Reason::RecordCommits { record: &record.id })),
            Answer::Unsaid { commits: false } => drop(judged.reasons.insert(Reason::RecordSilent { record: &record.id })),
        }
    }
    if !judged.reasons.is_empty() {
        judged.extent = Extent::Undetermined;
    }
    judged.findings = grouped(hits).into_iter().map(|group| finding(&group, ranking)).collect();
    judged
        .findings
        .sort_by(|a, b| b.severity.rating.cmp(&a.severity.rating).then(b.severity.score.cmp(&a.severity.score)).then(a.id.cmp(b.id)));
    judged
}

/// One record that says a package is affected.
struct Hit<'a> {
    record: &'a Record,
    affected: &'a Affected,
    fixed: Option<&'a str>,
}

impl<'a> Hit<'a> {
    /// That of the package, where its band is known; else the record's, where that is; else the one that at least has a vector.
    fn severity(&self) -> &'a Severity {
        let both = [&self.affected.severity, &self.record.severity];
        let known = both.into_iter().find(|severity| severity.rating != Rating::Unknown);
        known.or_else(|| both.into_iter().find(|severity| severity.vector.is_some())).unwrap_or(&self.record.severity)
    }
}

/// Hits that share an identifier, directly or through others, are of one vulnerability.
fn grouped(hits: Vec<Hit<'_>>) -> Vec<Vec<Hit<'_>>> {
    let mut parents: Vec<usize> = (0..hits.len()).collect();
    let mut first: HashMap<&str, usize> = HashMap::new();
    for (at, hit) in hits.iter().enumerate() {
        for name in hit.record.names() {
            let other = *first.entry(name).or_insert(at);
            let (a, b) = (root(&mut parents, at), root(&mut parents, other));
            parents[a.max(b)] = a.min(b);
        }
    }
    let mut groups: BTreeMap<usize, Vec<Hit<'_>>> = BTreeMap::new();
    for (at, hit) in hits.into_iter().enumerate() {
        groups.entry(root(&mut parents, at)).or_default().push(hit);
    }
    groups.into_values().collect()
}

/// The first hit of a group; the way to it is shortened.
fn root(parents: &mut [usize], mut at: usize) -> usize {
    while parents[at] != at {
        parents[at] = parents[parents[at]];
        at = parents[at];
    }
    at
}

fn sorted<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut texts: Vec<_> = texts.collect();
    texts.sort_unstable();
    texts.dedup();
    texts
}

fn finding<'a>(group: &[Hit<'a>], ranking: &'a Ranking) -> Finding<'a> {
    let names = sorted(group.iter().flat_map(|hit| hit.record.names()));
    // Of two records of one identifier there is only one, so that the first is the same on every run.
    let first = group.iter().map(|hit| hit.record).min_by_key(|record| &record.id).expect("a group has a hit");
    // The identifiers of the upstream vulnerabilities are other vulnerabilities' names, but rank a distribution's advisory.
    let ranked = || names.iter().copied().chain(group.iter().flat_map(|hit| hit.record.upstream.iter().map(|name| &**name)));
    Finding {
        id: &first.id,
        records: sorted(group.iter().map(|hit| &*hit.record.id)),
        fixed: sorted(group.iter().filter_map(|hit| hit.fixed)),
        severity: group.iter().map(Hit::severity).max().expect("a group has a hit"),
        malicious: group.iter().any(|hit| hit.record.is_malicious()),
        summary: &first.summary,
        exploited: ranking.exploited(ranked()),
        likelihood: ranking.likelihood(ranked()),
        names,
    }
}
