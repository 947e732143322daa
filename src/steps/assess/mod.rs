//! `audit`: the packages of an inventory beside the advisories that are carried. What is missing, too old, not readable or without an order
//! of versions is an error or is counted; it is never an empty answer. Nothing is written.

mod held;
mod lines;

pub use held::{Held, Origin, Place, Used, database_time, has_evidence, must_not_be_ahead, must_not_go_back, said};

use super::sbom::{Nowhere, look};
use crate::advisories::vex::{self, Statement, Status};
use crate::advisories::{Counts, Ecosystem, Extent, Finding, Freshness, Package, Rating, Reason, Subject, Taken, assess as ask};
use crate::artifact::Artifact;
use crate::error::{Error, Kind, Result};
use crate::report::Inventory;
use jiff::{SignedDuration, Timestamp};
use lines::lines;
use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

/// How long what somebody says of a finding holds, where nothing else is asked.
pub const STATEMENTS_HOLD: SignedDuration = SignedDuration::from_hours(24 * 90);

/// By which rules findings are told.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// What time it is, and how old advisories may be.
    pub freshness: Freshness,
    /// How long a statement holds.
    pub lifetime: SignedDuration,
}

/// What somebody says of a finding. It takes nothing away: who reads it decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// What is said.
    pub status: Status,
    /// Why.
    pub justification: Option<&'static str>,
    /// Why, in words, or what is to be done.
    pub detail: Option<String>,
    /// Who says it, by its own words.
    pub author: String,
    /// Who signed it, of the people whom the trust root names for that.
    pub signers: Vec<String>,
    /// Who answers for it, and its last day, where it says so.
    pub mark: Option<vex::Mark>,
    /// When it was said.
    pub timestamp: Timestamp,
}

impl Said {
    /// Who says what, and until when, in a line.
    pub fn told(&self) -> String {
        let who = match &self.signers[..] {
            [] => self.author.clone(),
            signers => format!("{}, signed by {}", self.author, signers.join(" and ")),
        };
        let why = self.justification.map(|why| format!(", {why}")).unwrap_or_default();
        let mark = self.mark.as_ref().map(|mark| format!(", {}", mark.told())).unwrap_or_default();
        format!("{who} says: {}{why}{mark}", self.status.word())
    }
}

/// One vulnerability of one package.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its first identifier.
    pub id: String,
    /// All its identifiers.
    pub names: Vec<String>,
    /// Later versions that are said to be free of it.
    pub fixed: Vec<String>,
    /// How severe it is.
    pub rating: Rating,
    /// Its base score, as text.
    pub score: Option<String>,
    /// Whether the package itself is the attack.
    pub malicious: bool,
    /// In a line.
    pub summary: String,
    /// The day it was listed as exploited.
    pub exploited: Option<String>,
    /// How likely it is to be exploited, 0 to 1.
    pub likelihood: Option<f32>,
    /// The statement about it that holds.
    pub said: Option<Said>,
    /// How many statements about it are too old or from the future.
    pub set_aside: usize,
}

impl Found {
    /// How likely it is to be exploited, in thousandths.
    pub fn per_mille(&self) -> Option<u64> {
        self.likelihood.map(|share| (share.clamp(0.0, 1.0) * 1000.0).round() as u64)
    }

    /// What comes first among findings: attacks, what is exploited, what is severe, what is likely to be exploited.
    pub fn rank(&self) -> impl Ord + use<> {
        (self.malicious, self.exploited.is_some(), self.rating, self.per_mille())
    }
}

#[cfg(test)]
impl Found {
    /// One for tests, of which nothing else is known.
    pub fn rated(id: &str, rating: Rating) -> Self {
        Self {
            id: id.to_owned(),
            names: vec![],
            fixed: vec![],
            rating,
            score: None,
            malicious: false,
            summary: String::new(),
            exploited: None,
            likelihood: None,
            said: None,
            set_aside: 0,
        }
    }
}

/// One package, and where it was met.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its package URL.
    pub purl: String,
    /// What was asked; `None` where nothing could be.
    pub asked: Option<Subject>,
    /// The artifact that it was found in.
    pub within: Option<String>,
    /// How far it could be assessed.
    pub extent: Extent,
    /// Why not further, for people.
    pub reasons: Vec<String>,
    /// The most severe first.
    pub findings: Vec<Found>,
}

/// The answer.
#[derive(Debug, Clone, Default)]
pub struct Assessed {
    /// The packages, each once in each artifact it was met in.
    pub lines: Vec<Line>,
    /// How many packages are what, each once in each artifact.
    pub counts: Counts,
    /// How many were not assessed whole, by reason.
    pub reasons: BTreeMap<String, usize>,
    /// The advisories that were asked, by ecosystem.
    pub taken: BTreeMap<String, Taken>,
    /// Why it is not known which vulnerabilities are exploited, where that is so.
    pub exploited_unknown: Option<String>,
    /// Why it is not known how likely vulnerabilities are to be exploited, where that is so.
    pub likelihood_unknown: Option<String>,
    /// The evidence that was read.
    pub used: Vec<Used>,
}

impl Held {
    /// Asks about everything in an inventory. An ecosystem of which packages are here and advisories are not, or too old ones, is an error.
    pub fn assess(&self, inventory: &Inventory, terms: &Terms) -> Result<Assessed> {
        let mut seen = BTreeSet::new();
        let mut all = Vec::new();
        for component in &inventory.components {
            // What has no package URL is told of each time: nothing says that two are one.
            let told = |line: &Line| line.purl.is_empty() || seen.insert((line.purl.clone(), line.what()));
            all.extend(lines(component).into_iter().filter(told));
        }
        self.asked(all, terms)
    }

    /// Asks about each component for itself: of two that are the same package, as two wheels of one version, each has its own answer.
    pub fn assess_each(&self, inventory: &Inventory, terms: &Terms) -> Result<(Assessed, Vec<Vec<Line>>)> {
        let of: Vec<Vec<Line>> = inventory.components.iter().map(lines).collect();
        let lengths: Vec<usize> = of.iter().map(Vec::len).collect();
        let assessed = self.asked(of.into_iter().flatten().collect(), terms)?;
        let mut rest = assessed.lines.iter().cloned();
        let each = lengths.into_iter().map(|length| rest.by_ref().take(length).collect()).collect();
        Ok((assessed, each))
    }

    fn asked(&self, mut lines: Vec<Line>, terms: &Terms) -> Result<Assessed> {
        let subjects: Vec<Subject> = lines.iter().filter_map(|line| line.asked.clone()).collect();
        let packages: Vec<_> = subjects.iter().map(package).collect();
        let answer = ask(&self.snapshot, &packages, &terms.freshness, &self.ranking)?;
        for (line, judged) in lines.iter_mut().filter(|line| line.asked.is_some()).zip(&answer.packages) {
            // What stands on the line already is why not all of it could be read.
            line.extent = if line.reasons.is_empty() { judged.extent } else { judged.extent.at_most_undetermined() };
            line.reasons.extend(judged.reasons.iter().map(reason));
            line.findings = judged.findings.iter().map(|finding| self.found(finding, &line.purl, line.within.as_deref(), terms)).collect();
        }
        let mut reasons = BTreeMap::new();
        let mut told = BTreeSet::new();
        for (at, line) in lines.iter().enumerate() {
            let unnamed = line.purl.is_empty().then_some(at);
            for reason in line.reasons.iter().filter(|reason| told.insert((*reason, &line.purl, &line.within, unnamed))) {
                *reasons.entry(reason.clone()).or_insert(0) += 1;
            }
        }
        let counts = counted(&lines);
        let exploited_unknown = self.ranking.exploited_unknown(&terms.freshness);
        let likelihood_unknown = self.ranking.likelihood_unknown(&terms.freshness);
        let used = self.used.clone();
        Ok(Assessed { lines, counts, reasons, taken: answer.taken, exploited_unknown, likelihood_unknown, used })
    }

    fn found(&self, finding: &Finding<'_>, purl: &str, within: Option<&str>, terms: &Terms) -> Found {
        let subject = vex::Subject { purl, within };
        let heard = self.statements.heard(finding.names.iter().copied(), subject, terms.freshness.now, terms.lifetime);
        let said = |statement: &Statement| Said {
            status: statement.status,
            justification: statement.justification.map(vex::Justification::word),
            detail: statement.detail.clone(),
            author: statement.author.clone(),
            signers: statement.signers.clone(),
            mark: statement.mark.clone(),
            timestamp: statement.timestamp,
        };
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Found {
            id: finding.id.to_owned(),
            names: owned(&finding.names),
            fixed: owned(&finding.fixed),
            rating: finding.severity.rating,
            score: finding.severity.score.map(|score| score.to_string()),
            malicious: finding.malicious,
            summary: finding.summary.to_owned(),
            exploited: finding.exploited.map(|listed| listed.added.to_string()),
            likelihood: finding.likelihood.map(|likelihood| likelihood.probability),
            said: heard.holds.map(said),
            set_aside: heard.set_aside.len(),
        }
    }
}

impl Assessed {
    /// How many findings are of this rating or a higher one. Those that nobody rated, and packages that are attacks, are of any.
    pub fn at_least(&self, least: Rating) -> usize {
        let counts = |found: &&Found| found.rating >= least || found.rating == Rating::Unknown || found.malicious;
        self.lines.iter().flat_map(|line| &line.findings).filter(counts).count()
    }

    /// Refuses findings of this rating or a higher one.
    pub fn refuse(&self, least: Rating) -> Result<()> {
        match self.at_least(least) {
            0 => Ok(()),
            found => {
                let error = Error::new(Kind::Policy, "packages are known to be affected by vulnerabilities");
                Err(error.with("found", found).with("least", least.word()).hint("take later versions in, or ask for less with --fail-on"))
            }
        }
    }
}

/// How many packages are what, each once in each artifact, whatever it was asked as: by several questions, what they come to together.
fn counted(lines: &[Line]) -> Counts {
    let mut packages: BTreeMap<_, (Extent, BTreeSet<&str>)> = BTreeMap::new();
    for (at, line) in lines.iter().enumerate() {
        let unnamed = line.purl.is_empty().then_some(at);
        let package = packages.entry((&line.purl, &line.within, unnamed)).or_insert((line.extent, BTreeSet::new()));
        package.0 = package.0.with(line.extent);
        package.1.extend(line.findings.iter().map(|found| found.id.as_str()));
    }
    let mut counts = Counts::default();
    packages.values().for_each(|(extent, findings)| counts.add(*extent, findings.len()));
    counts
}

fn package(subject: &Subject) -> Package<'_> {
    Package { ecosystem: &subject.ecosystem, name: &subject.name, version: &subject.version }
}

impl Line {
    /// What is asked, and where.
    fn what(&self) -> (String, Option<String>) {
        (self.asked.as_ref().map_or_else(|| self.purl.clone(), |asked| format!("{asked:?}")), self.within.clone())
    }
}

/// The names of all packages that advisories can be asked about in some artifacts, as far as their entries in the lock say, by ecosystem and
/// in the form in which they are compared: what archives are filtered for.
pub fn names_in<A: Borrow<Artifact>>(artifacts: &[A]) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for artifact in artifacts {
        let component = look(artifact.borrow(), &Nowhere)?;
        for subject in lines(&component).into_iter().filter_map(|line| line.asked) {
            let Some(known) = Ecosystem::of(&subject.ecosystem) else { continue };
            names.entry(known.name().to_owned()).or_default().insert(known.normalised(&subject.name));
        }
    }
    Ok(names)
}

/// A reason for people; without what differs from package to package, so that they can be counted.
fn reason(reason: &Reason<'_>) -> String {
    match reason {
        Reason::NoOrder => "no order of versions is known for its ecosystem".to_owned(),
        Reason::NoRelease => "the release of its distribution is not said".to_owned(),
        Reason::NotInArchive => "the archive of its ecosystem was filtered for other packages".to_owned(),
        Reason::ReleaseNotHeld => "no record speaks of this release of its distribution".to_owned(),
        Reason::NoVersion => "its version is not one of its ecosystem".to_owned(),
        Reason::RecordVersion { record, .. } => format!("{record} has a version that cannot be compared with its own"),
        Reason::RecordCommits { record } => format!("{record} names commits only"),
        Reason::RecordSilent { record } => format!("{record} does not say which versions are affected"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(id: &str, rating: Rating, exploited: bool, likelihood: Option<f32>) -> Found {
        Found { exploited: exploited.then(|| "2026-01-01".to_owned()), likelihood, ..Found::rated(id, rating) }
    }

    /// Two packages that were built from one are two, in the counts too; two questions about one package are one.
    #[test]
    fn packages_are_counted_each_once_in_each_artifact() {
        let line = |purl: &str, within: Option<&str>, extent, ids: &[&str]| Line {
            purl: purl.to_owned(),
            asked: None,
            within: within.map(str::to_owned),
            extent,
            reasons: vec![],
            findings: ids.iter().map(|id| found(id, Rating::High, false, None)).collect(),
        };
        let all = [
            line("pkg:deb/debian/zlib1g@1", Some("image"), Extent::Assessed, &["A", "B"]),
            line("pkg:deb/debian/zlib1g-dev@1", Some("image"), Extent::Assessed, &["A", "B"]),
            line("pkg:deb/debian/zlib1g@1", Some("other image"), Extent::Assessed, &["A"]),
            line("pkg:rpm/a@1", None, Extent::Assessed, &["C"]),
            line("pkg:rpm/a@1", None, Extent::Undetermined, &["C", "D"]),
            line("", None, Extent::NotAssessable, &[]),
            line("", None, Extent::NotAssessable, &[]),
        ];
        let counts = counted(&all);
        assert_eq!((counts.assessed, counts.undetermined, counts.not_examined, counts.not_assessable), (3, 1, 0, 2));
        assert_eq!((counts.affected, counts.findings), (4, 7));
    }

    #[test]
    fn of_equal_severity_what_is_exploited_comes_first_then_what_is_likely_to_be() {
        let mut all = [
            found("unscored", Rating::High, false, None),
            found("likely", Rating::High, false, Some(0.9)),
            found("exploited", Rating::High, true, Some(0.001)),
            found("medium", Rating::Medium, false, Some(1.0)),
            found("less likely", Rating::High, false, Some(0.4567)),
        ];
        all.sort_by_key(|found| std::cmp::Reverse(found.rank()));
        let ids = all.each_ref().map(|found| found.id.as_str());
        assert_eq!(ids, ["exploited", "likely", "less likely", "unscored", "medium"]);
        assert_eq!(all.each_ref().map(Found::per_mille), [Some(1), Some(900), Some(457), None, Some(1000)]);
        assert_eq!(found("out of bounds", Rating::Low, false, Some(7.0)).per_mille(), Some(1000));
    }
}
