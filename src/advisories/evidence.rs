//! What an artifact that is carried says about others.

use jiff::Timestamp;
use std::collections::BTreeSet;

/// What is in an artifact, for whoever assesses packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// What it is.
    pub kind: EvidenceKind,
    /// As of when: the time at which it was taken.
    pub time: Timestamp,
    /// The only packages it is about, by their names as they are compared; `None` where it is about all.
    pub only: Option<BTreeSet<String>>,
}

impl Evidence {
    /// Whether it says something about a package that another one speaks of too.
    pub fn overlaps(&self, other: &Self) -> bool {
        let shared = self.only.as_ref().zip(other.only.as_ref()).map(|(own, others)| !own.is_disjoint(others));
        self.kind == other.kind && shared.unwrap_or(true)
    }
}

impl EvidenceKind {
    /// Whether it is asked here, when packages are assessed.
    pub const fn is_asked(&self) -> bool {
        !matches!(self, Self::Database(_))
    }
}

/// The kinds of evidence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum EvidenceKind {
    /// The advisories of an ecosystem (without release), as an archive of OSV records.
    Advisories(String),
    /// The list of vulnerabilities that are known to be exploited.
    Exploited,
    /// The table of how likely vulnerabilities are to be exploited.
    Likelihood,
    /// Statements about vulnerabilities in products (VEX), by the name of the artifact.
    Statements(String),
    /// A database that other programs ask, by the name of the artifact: it is not asked here.
    Database(String),
}
