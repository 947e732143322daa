//! What the lock keeps of an artifact of this room.

use super::database::{LISTING, is_file, tagged};
use crate::advisories::{Evidence, EvidenceKind, base};
use crate::artifact::{Artifact, Descriptor};
use crate::error::{Error, Result};
use crate::server::oci::is_manifest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What an artifact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    /// The records of an ecosystem.
    Osv,
    /// The list of those that are exploited.
    Exploited,
    /// The table of scores.
    Likelihood,
    /// A document of statements.
    Statements,
    /// A database of trivy: what a registry has under a tag.
    Trivy,
    /// A database of grype: a listing, and the archive that it names.
    Grype,
}

/// The payload in the lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Meta {
    pub kind: Kind,
    /// The ecosystem, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ecosystem: Option<String>,
    /// When it was taken.
    pub time: Timestamp,
    /// The only packages it was filtered for, by their names as they are compared, sorted; of an archive that is carried whole, none are named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Vec<String>>,
}

/// Most blobs of a database in a registry.
const MOST_BLOBS: usize = 64;
/// Most packages that an archive is filtered for.
const MOST_NAMES: usize = 100_000;
/// Longest name of a package, in bytes.
const LONGEST_NAME: usize = 512;

impl Kind {
    /// Whether these can be its blobs; what is expected where not.
    fn check(self, blobs: &[Descriptor]) -> std::result::Result<(), &'static str> {
        let (fits, expected) = match self {
            Self::Trivy => {
                let manifest = blobs.first().is_some_and(|blob| is_manifest(&blob.media_type));
                (manifest && (2..=MOST_BLOBS).contains(&blobs.len()), "a manifest, and what it names")
            }
            Self::Grype => {
                let named = |at: usize| blobs.get(at).and_then(|blob| blob.name.as_deref()).unwrap_or_default();
                (blobs.len() == 2 && named(0) == LISTING && is_file(named(1)), "a listing and an archive")
            }
            Self::Osv | Self::Exploited | Self::Likelihood | Self::Statements => (blobs.len() == 1, "one blob"),
        };
        if fits { Ok(()) } else { Err(expected) }
    }
}

impl Meta {
    /// That of an artifact; an error where the room could not serve it.
    pub fn of(artifact: &Artifact) -> Result<Self> {
        let wrong = |why: &str| Error::verification(format!("{}: {why}", artifact.label()));
        let meta: Self = serde_json::from_value(artifact.meta.clone()).map_err(|e| wrong("its details cannot be read").because(&e))?;
        meta.kind.check(&artifact.descriptors).map_err(|expected| {
            wrong("its blobs are not those of its kind").with("expected", expected).with("found", artifact.descriptors.len())
        })?;
        let whole = |name: &String| base(name) == name && crate::artifact::check_name("ecosystem", name).is_ok() && !name.contains('/');
        if (meta.kind == Kind::Osv) != meta.ecosystem.is_some() || !meta.ecosystem.iter().all(whole) {
            return Err(wrong("it does not say which ecosystem it is about").hint("make the lock anew"));
        }
        if let Some(only) = &meta.only {
            let fits = |name: &String| !name.is_empty() && name.len() <= LONGEST_NAME && crate::error::plain(name) == *name;
            let sorted = only.is_sorted_by(|a, b| a < b) && only.iter().all(fits);
            if meta.kind != Kind::Osv || only.is_empty() || only.len() > MOST_NAMES || !sorted {
                return Err(wrong("it does not say for which packages it was filtered").hint("make the lock anew"));
            }
        }
        if !meta.is_named(&artifact.name) {
            let error = wrong("its name is that of another kind of evidence").with("expected", meta.name("…"));
            return Err(error.with("found", &artifact.name).hint("make the lock anew"));
        }
        Ok(meta)
    }

    /// The name of an artifact of this kind; `document` is that of a document of statements.
    pub fn name(&self, document: &str) -> String {
        match (self.kind, &self.ecosystem) {
            (Kind::Osv, ecosystem) if self.only.is_some() => format!("osv-filtered/{}", ecosystem.as_deref().unwrap_or_default()),
            (Kind::Osv, ecosystem) => format!("osv/{}", ecosystem.as_deref().unwrap_or_default()),
            (Kind::Exploited, _) => "exploited.json".to_owned(),
            (Kind::Likelihood, _) => "likelihood.csv.gz".to_owned(),
            (Kind::Statements, _) => format!("statements/{document}"),
            (Kind::Trivy, _) => format!("trivy/{document}"),
            (Kind::Grype, _) => format!("grype/{document}"),
        }
    }

    /// Whether a name belongs to its kind, so that nothing is served in the place of something else.
    fn is_named(&self, name: &str) -> bool {
        match self.kind {
            Kind::Trivy => name.strip_prefix("trivy/").and_then(tagged).is_some(),
            Kind::Grype => {
                name.strip_prefix("grype/v").is_some_and(|n| (1..=3).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit()))
            }
            _ => {
                let document = name.rsplit('/').next().unwrap_or_default();
                !document.is_empty() && name == self.name(document)
            }
        }
    }

    /// What it says about others.
    pub fn evidence(self, artifact: &Artifact) -> Evidence {
        let kind = match self.kind {
            Kind::Osv => EvidenceKind::Advisories(self.ecosystem.unwrap_or_default()),
            Kind::Exploited => EvidenceKind::Exploited,
            Kind::Likelihood => EvidenceKind::Likelihood,
            Kind::Statements => EvidenceKind::Statements(artifact.name.clone()),
            Kind::Trivy | Kind::Grype => EvidenceKind::Database(artifact.name.clone()),
        };
        Evidence { kind, time: self.time, only: self.only.map(|only| only.into_iter().collect()) }
    }
}
