//! `audit`: the packages of an inventory beside the advisories that are carried. What is missing, too old, not readable or without an order
//! of versions is an error or is counted; it is never an empty answer. Nothing is written.

use crate::advisories::vex::{self, LONGEST_DOCUMENT, Statement, Statements, Status, read_cyclonedx, read_openvex};
use crate::advisories::{
    Builder, Counts, EvidenceKind, Extent, Finding, Freshness, Package, Ranking, Rating, Reason, Snapshot, Subject, Taken, assess as ask,
};
use crate::artifact::{Artifact, BlobRead, Blobs, Digest};
use crate::ecosystems::find;
use crate::error::{Error, Kind, Result};
use crate::report::{Component, Examined, Inventory};
use jiff::{SignedDuration, Timestamp};
use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

/// Advisories and what helps to judge them, taken out of artifacts.
#[derive(Debug)]
pub struct Held {
    /// The advisories.
    pub snapshot: Snapshot,
    /// What puts findings in order.
    pub ranking: Ranking,
    /// What is said not to apply.
    pub statements: Statements,
    /// A digest over the digests of all that this was read from, where those are known.
    pub evidence: Option<Digest>,
}

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
    /// When it was said.
    pub timestamp: Timestamp,
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
    /// How many are what.
    pub counts: Counts,
    /// How many were not assessed whole, by reason.
    pub reasons: BTreeMap<String, usize>,
    /// The advisories that were asked, by ecosystem.
    pub taken: BTreeMap<String, Taken>,
}

/// Whether any of these artifacts is evidence about others.
pub fn has_evidence<A: Borrow<Artifact>>(artifacts: &[A]) -> bool {
    artifacts.iter().any(|artifact| evidence(artifact.borrow()).is_some())
}

fn evidence(artifact: &Artifact) -> Option<crate::advisories::Evidence> {
    find(&artifact.ecosystem).ok()?.evidence(artifact)
}

/// The newest evidence of each kind.
fn newest<A: Borrow<Artifact>>(artifacts: &[A]) -> BTreeMap<EvidenceKind, (Timestamp, &Artifact)> {
    let mut newest: BTreeMap<EvidenceKind, (Timestamp, &Artifact)> = BTreeMap::new();
    for artifact in artifacts.iter().map(Borrow::borrow) {
        if let Some(found) = evidence(artifact)
            && newest.get(&found.kind).is_none_or(|(time, _)| *time <= found.time)
        {
            newest.insert(found.kind, (found.time, artifact));
        }
    }
    newest
}

/// Refuses evidence that is of an earlier time than what is installed of its kind: it would hide what has become known since.
pub fn must_not_go_back<A: Borrow<Artifact>, B: Borrow<Artifact>>(incoming: &[A], installed: &[B]) -> Result<()> {
    let installed = newest(installed);
    for (kind, (time, artifact)) in newest(incoming) {
        let Some((held, _)) = installed.get(&kind).filter(|(held, _)| *held > time) else { continue };
        let error = Error::new(Kind::Policy, format!("{}: it would take the place of a later one", artifact.label()));
        return Err(error.with("installed", held).with("offered", time).hint("have the bundle made with advisories of today"));
    }
    Ok(())
}

impl Held {
    /// Reads the evidence that artifacts are; of two of a kind, the newer. Advisories that are named and not here are an error.
    pub fn of<A: Borrow<Artifact>>(artifacts: &[A], blobs: &dyn Blobs) -> Result<Self> {
        let (mut builder, mut ranking, mut statements) = (Builder::new(), Ranking::default(), Vec::new());
        let mut read = String::new();
        for (kind, (time, artifact)) in newest(artifacts) {
            let mut bytes = open(artifact, blobs)?;
            let label = artifact.label();
            artifact.descriptors.iter().for_each(|blob| read.push_str(&format!("{}\n", blob.digest)));
            match kind {
                EvidenceKind::Advisories(ecosystem) => builder.archive(&ecosystem, Some(time), &label, &mut *bytes)?,
                EvidenceKind::Exploited => ranking.read_exploited(&whole(&label, &mut *bytes)?)?,
                EvidenceKind::Likelihood => ranking.read_likelihood(bytes)?,
                EvidenceKind::Statements(_) => statements.extend(said(&label, &whole(&label, &mut *bytes)?)?),
            }
        }
        let evidence = Some(Digest::of(read.as_bytes()));
        Ok(Self { snapshot: builder.finish(), ranking, statements: Statements::new(statements), evidence })
    }

    /// Adds statements to those that are carried.
    #[must_use]
    pub fn with_statements(self, more: Vec<Statement>) -> Self {
        let all: Vec<_> = self.statements.iter().cloned().chain(more).collect();
        Self { statements: Statements::new(all), ..self }
    }

    /// Asks about everything in an inventory. An ecosystem of which packages are here and advisories are not, or too old ones, is an error.
    pub fn assess(&self, inventory: &Inventory, terms: &Terms) -> Result<Assessed> {
        let mut seen = BTreeSet::new();
        let mut all = Vec::new();
        for component in &inventory.components {
            all.extend(lines(component).into_iter().filter(|line| seen.insert(line.what())));
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
        let mut counts = answer.counts;
        let lowered = lines.iter().filter(|line| line.asked.is_some()).zip(&answer.packages);
        let lowered = lowered.filter(|(line, judged)| line.extent != judged.extent).count();
        (counts.assessed, counts.undetermined) = (counts.assessed - lowered, counts.undetermined + lowered);
        counts.not_assessable += lines.len() - subjects.len();
        let mut reasons = BTreeMap::new();
        for reason in lines.iter().flat_map(|line| &line.reasons) {
            *reasons.entry(reason.clone()).or_insert(0) += 1;
        }
        Ok(Assessed { lines, counts, reasons, taken: answer.taken })
    }

    fn found(&self, finding: &Finding<'_>, purl: &str, within: Option<&str>, terms: &Terms) -> Found {
        let subject = vex::Subject { purl, within };
        let heard = self.statements.heard(finding.names.iter().copied(), subject, terms.freshness.now, terms.lifetime);
        let said = |statement: &Statement| Said {
            status: statement.status,
            justification: statement.justification.map(vex::Justification::word),
            detail: statement.detail.clone(),
            author: statement.author.clone(),
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

/// Statements of a document: OpenVEX, or else CycloneDX.
pub fn said(label: &str, bytes: &[u8]) -> Result<Vec<Statement>> {
    read_openvex(label, bytes)
        .or_else(|error| read_cyclonedx(label, bytes).map(|said| said.statements).map_err(|other| error.because(&other)))
}

fn open(artifact: &Artifact, blobs: &dyn Blobs) -> Result<Box<dyn BlobRead>> {
    let digest = artifact.descriptors.first().map(|blob| blob.digest);
    let found = digest.map(|digest| blobs.open(&digest)).transpose()?.flatten();
    found.ok_or_else(|| {
        let error = Error::new(Kind::Incomplete, format!("{}: it is named, and its bytes are not here", artifact.label()));
        error.hint("fetch the lock, or import the bundle that has it")
    })
}

fn whole(label: &str, bytes: &mut dyn BlobRead) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    bytes.take(LONGEST_DOCUMENT as u64 + 1).read_to_end(&mut all).map_err(|e| Error::io(format!("{label} cannot be read"), &e))?;
    Ok(all)
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

/// Everything in a component that is a package, each package URL once.
fn lines(component: &Component) -> Vec<Line> {
    let (mut lines, mut seen) = (Vec::new(), BTreeSet::new());
    collect(component, None, &mut |line: Line| {
        if seen.insert((line.what(), line.purl.clone())) {
            lines.push(line);
        }
    });
    lines
}

fn collect(component: &Component, within: Option<&str>, take: &mut dyn FnMut(Line)) {
    let line = |asked: Option<Subject>, reasons: Vec<String>| Line {
        purl: component.purl.clone(),
        asked,
        within: within.map(str::to_owned),
        extent: Extent::NotAssessable,
        reasons,
        findings: vec![],
    };
    let unread: Option<String> = match &component.examined {
        Examined::Unreadable(_) => Some("it could not be read as what it should be".to_owned()),
        _ => None,
    };
    let asked = subjects(component);
    if let Some(inside) = &component.inside {
        if !inside.not_assessed.is_empty() || inside.components.is_empty() {
            take(line(None, vec!["not all of what is inside could be looked into".to_owned()]));
        }
    } else if asked.is_empty() {
        let kind =
            crate::artifact::Purl::read(&component.purl).map_or_else(|| "no package URL".to_owned(), |purl| format!("pkg:{}", purl.kind()));
        take(line(None, vec![unread.clone().unwrap_or_else(|| format!("no advisories are about {kind}"))]));
    }
    asked.into_iter().for_each(|subject| take(line(Some(subject), unread.iter().cloned().collect())));
    let outer = within.unwrap_or(&component.purl);
    component.nested().iter().for_each(|inner| collect(inner, Some(outer), &mut *take));
}

/// What is asked about a component. Advisories of some distributions name the source package, of others what was built from it: of RPM
/// packages both are asked.
fn subjects(component: &Component) -> Vec<Subject> {
    let property = |name: &str| component.properties.get(name).map(String::as_str);
    let source = property("source package").map(|name| match name.strip_suffix(".src.rpm") {
        Some(named) => (named.rsplitn(3, '-').last().unwrap_or(named), component.version.as_str()),
        None => (name, property("source version").unwrap_or(&component.version)),
    });
    let mut all: Vec<Subject> = Subject::of(&component.purl, source).into_iter().collect();
    if property("source package").is_some_and(|name| name.ends_with(".src.rpm")) {
        all.extend(Subject::of(&component.purl, None).filter(|own| !all.contains(own)));
    }
    all
}

/// A reason for people; without what differs from package to package, so that they can be counted.
fn reason(reason: &Reason<'_>) -> String {
    match reason {
        Reason::NoOrder => "no order of versions is known for its ecosystem".to_owned(),
        Reason::NoRelease => "the release of its distribution is not said".to_owned(),
        Reason::ReleaseNotHeld => "no record speaks of this release of its distribution".to_owned(),
        Reason::NoVersion => "its version is not one of its ecosystem".to_owned(),
        Reason::RecordVersion { record, .. } => format!("{record} has a version that cannot be compared with its own"),
        Reason::RecordCommits { record } => format!("{record} names commits only"),
        Reason::RecordSilent { record } => format!("{record} does not say which versions are affected"),
    }
}
