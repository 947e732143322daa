//! The evidence that is asked: of each kind the newest there is, wherever it lies, and which that was.

use crate::advisories::vex::{LONGEST_DOCUMENT, Statement, Statements, read_cyclonedx, read_openvex};
use crate::advisories::{Builder, Evidence, EvidenceKind, MOST_AHEAD, Ranking, Snapshot};
use crate::artifact::{Artifact, BlobRead, Blobs, Digest};
use crate::ecosystems::find;
use crate::error::{Error, Kind, Result};
use jiff::Timestamp;
use std::borrow::Borrow;
use std::collections::BTreeMap;
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
    /// What was read, by kind.
    pub used: Vec<Used>,
}

/// Where evidence lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Among what is judged.
    Carried,
    /// Among what is installed here.
    Installed,
    /// In a folder that somebody named.
    Folder,
}

impl Origin {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Carried => "carried",
            Self::Installed => "installed",
            Self::Folder => "folder",
        }
    }
}

/// Evidence that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// What it is.
    pub kind: EvidenceKind,
    /// What it is called.
    pub label: String,
    /// As of when; for a folder, what the data itself says.
    pub time: Option<Timestamp>,
    /// SHA-256 of its bytes, where that is known.
    pub digest: Option<Digest>,
    /// Where it lies.
    pub origin: Origin,
}

impl Used {
    /// All of it in a line.
    pub fn told(&self) -> String {
        let time = self.time.map(|time| format!(" as of {time}")).unwrap_or_default();
        format!("{}{time} ({})", self.label, self.origin.word())
    }
}

/// Artifacts, and where their bytes are.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The artifacts.
    pub artifacts: &'a [&'a Artifact],
    /// Where their bytes are.
    pub blobs: &'a dyn Blobs,
    /// What the place is.
    pub origin: Origin,
}

/// Evidence that may be read.
#[derive(Clone, Copy)]
struct Candidate<'a> {
    artifact: &'a Artifact,
    blobs: &'a dyn Blobs,
    origin: Origin,
}

/// Whether any of these artifacts is evidence about others that is asked here.
pub fn has_evidence<A: Borrow<Artifact>>(artifacts: &[A]) -> bool {
    artifacts.iter().any(|artifact| evidence(artifact.borrow()).is_some_and(|found| found.kind.is_asked()))
}

/// As of when a database is that other programs ask; `None` for everything else.
pub fn database_time(artifact: &Artifact) -> Option<Timestamp> {
    evidence(artifact).filter(|found| !found.kind.is_asked()).map(|found| found.time)
}

fn evidence(artifact: &Artifact) -> Option<Evidence> {
    find(&artifact.ecosystem).ok()?.evidence(artifact)
}

fn digest(artifact: &Artifact) -> Option<Digest> {
    artifact.descriptors.first().map(|blob| blob.digest)
}

/// What is read: of each kind the newest evidence; of one time all that differs, in the order of its digests. Archives that were filtered
/// for some packages are read beside an older one of all packages, and beside each other.
fn newest<'a>(candidates: impl Iterator<Item = Candidate<'a>>) -> Vec<(Evidence, Candidate<'a>)> {
    let mut kinds: BTreeMap<EvidenceKind, Vec<(Evidence, Candidate<'a>)>> = BTreeMap::new();
    for candidate in candidates {
        let Some(found) = evidence(candidate.artifact).filter(|found| found.kind.is_asked()) else { continue };
        let all = kinds.entry(found.kind.clone()).or_default();
        let known = |(other, one): &(Evidence, Candidate<'_>)| *other == found && digest(one.artifact) == digest(candidate.artifact);
        if !all.iter().any(known) {
            all.push((found, candidate));
        }
    }
    for all in kinds.values_mut() {
        let whole = all.iter().filter(|(found, _)| found.only.is_none()).map(|(found, _)| found.time).max();
        all.retain(|(found, _)| if found.only.is_none() { Some(found.time) == whole } else { Some(found.time) > whole });
        all.sort_by_key(|(_, one)| digest(one.artifact));
    }
    kinds.into_values().flatten().collect()
}

/// All evidence among artifacts, with its name.
fn all<A: Borrow<Artifact>>(artifacts: &[A]) -> Vec<(Evidence, String)> {
    let found = artifacts.iter().map(Borrow::borrow).filter_map(|artifact| Some((evidence(artifact)?, artifact.label())));
    found.collect()
}

/// Refuses evidence that is of an earlier time than what is installed about the same packages: it would hide what has become known since.
pub fn must_not_go_back<A: Borrow<Artifact>, B: Borrow<Artifact>>(incoming: &[A], installed: &[B]) -> Result<()> {
    let installed = all(installed);
    for (offered, label) in all(incoming) {
        let later = |held: &&(Evidence, String)| held.0.time > offered.time && held.0.overlaps(&offered);
        let Some((held, _)) = installed.iter().find(later) else { continue };
        let error = Error::new(Kind::Policy, format!("{label}: it would take the place of a later one"));
        return Err(error.with("installed", held.time).with("offered", offered.time).hint("have the bundle made with advisories of today"));
    }
    Ok(())
}

/// Refuses evidence of a time that has not come: nothing later could ever take its place.
pub fn must_not_be_ahead<A: Borrow<Artifact>>(incoming: &[A], now: Timestamp) -> Result<()> {
    for (Evidence { time, .. }, label) in all(incoming) {
        if time.duration_since(now) > MOST_AHEAD {
            let error = Error::new(Kind::Policy, format!("{label}: it is from the future, and would keep every later one out"));
            let error = error.with("expected", format!("no later than {now}")).with("found", time);
            return Err(error.hint("set this host's clock, or have the bundle made anew where the clock is right"));
        }
    }
    Ok(())
}

impl Held {
    /// Reads the evidence that artifacts are. Advisories that are named and not here are an error.
    pub fn of<A: Borrow<Artifact>>(artifacts: &[A], blobs: &dyn Blobs) -> Result<Self> {
        let artifacts: Vec<&Artifact> = artifacts.iter().map(Borrow::borrow).collect();
        Self::over(&[Place { artifacts: &artifacts, blobs, origin: Origin::Carried }])
    }

    /// Reads the newest evidence of each kind, wherever it lies. Where several are of one time, all of them are asked.
    pub fn over(places: &[Place<'_>]) -> Result<Self> {
        let (mut builder, mut ranking, mut statements) = (Builder::new(), Ranking::default(), Vec::new());
        let (mut read, mut used) = (String::new(), Vec::new());
        let candidates = places
            .iter()
            .flat_map(|place| place.artifacts.iter().map(|artifact| Candidate { artifact, blobs: place.blobs, origin: place.origin }));
        for (Evidence { kind, time, only }, Candidate { artifact, blobs, origin }) in newest(candidates) {
            let mut bytes = open(artifact, blobs)?;
            let label = artifact.label();
            artifact.descriptors.iter().for_each(|blob| read.push_str(&format!("{}\n", blob.digest)));
            match (&kind, &only) {
                (EvidenceKind::Advisories(ecosystem), None) => builder.archive(ecosystem, Some(time), &label, &mut *bytes)?,
                (EvidenceKind::Advisories(ecosystem), Some(only)) => builder.filtered(ecosystem, Some(time), only, &label, &mut *bytes)?,
                (EvidenceKind::Exploited, _) => ranking.read_exploited(&whole(&label, &mut *bytes)?, Some(time))?,
                (EvidenceKind::Likelihood, _) => ranking.read_likelihood(bytes)?,
                (EvidenceKind::Statements(_), _) => statements.extend(said(&label, &whole(&label, &mut *bytes)?)?),
                (EvidenceKind::Database(_), _) => {}
            }
            let label = format!("{}/{}", artifact.ecosystem, artifact.name);
            used.push(Used { kind, label, time: Some(time), digest: digest(artifact), origin });
        }
        let evidence = Some(Digest::of(read.as_bytes()));
        Ok(Self { snapshot: builder.finish(), ranking, statements: Statements::new(statements), evidence, used })
    }

    /// Adds statements to those that are carried.
    #[must_use]
    pub fn with_statements(self, more: Vec<Statement>) -> Self {
        let all: Vec<_> = self.statements.iter().cloned().chain(more).collect();
        Self { statements: Statements::new(all), ..self }
    }
}

/// Statements of a document: OpenVEX, or else CycloneDX.
pub fn said(label: &str, bytes: &[u8]) -> Result<Vec<Statement>> {
    read_openvex(label, bytes)
        .or_else(|error| read_cyclonedx(label, bytes).map(|said| said.statements).map_err(|other| error.because(&other)))
}

fn open(artifact: &Artifact, blobs: &dyn Blobs) -> Result<Box<dyn BlobRead>> {
    let found = digest(artifact).map(|digest| blobs.open(&digest)).transpose()?.flatten();
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
