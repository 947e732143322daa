//! The catalogue of evidence, and which of it there is of one subject. What is there is named by the file it lies in.

use super::folder::Filed;
use super::texts::{EvidenceText, said};
use crate::report::Language;
use std::collections::BTreeMap;

macro_rules! catalogue {
    ($($name:ident)*) => {
        /// A piece of evidence of the catalogue.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "what each is stands in texts.toml, in every language")]
        pub enum Evidence { $($name),* }

        impl Evidence {
            /// The whole catalogue.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its code, such as `E4`.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }
        }
    };
}

catalogue!(E1 E2 E3 E4 E5 E6 E7 E8 E9 E10 E11 E12 E13 E14 E15 E16 E17 E18 E19 E20);

impl Evidence {
    /// By its code.
    pub fn named(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|evidence| evidence.code() == code)
    }

    /// What it is.
    pub fn title(self, language: Language) -> &'static str {
        self.text().title.of(language)
    }

    /// How a third party checks it.
    pub fn proof(self, language: Language) -> &'static str {
        self.text().proof.of(language)
    }

    fn text(self) -> &'static EvidenceText {
        said().evidence(self.code()).expect("a test asks for every piece of evidence")
    }
}

/// Where a piece of evidence lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The file.
    pub file: Filed,
    /// The events that are meant, where it is an event log; the first of them where there are many.
    pub events: Vec<u64>,
}

/// At least one reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct References(Vec<Reference>);

impl References {
    /// Some files; `None` where there are none.
    pub fn of(files: impl IntoIterator<Item = Filed>) -> Option<Self> {
        let all: Vec<Reference> = files.into_iter().map(|file| Reference { file, events: vec![] }).collect();
        if all.is_empty() { None } else { Some(Self(all)) }
    }

    /// One file.
    pub fn to(file: Filed) -> Self {
        Self(vec![Reference { file, events: vec![] }])
    }

    /// Events of a log.
    pub fn events(file: Filed, events: Vec<u64>) -> Self {
        Self(vec![Reference { file, events }])
    }

    /// The same and one more file.
    #[must_use]
    pub fn and(mut self, file: Filed) -> Self {
        self.0.push(Reference { file, events: vec![] });
        self
    }

    /// All of them.
    pub fn all(&self) -> &[Reference] {
        &self.0
    }
}

/// Why evidence is less than it could be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words of each stand in texts.toml, in every language")]
pub enum Reason {
    NotGathered,
    NoLog,
    NotCosigned,
    NobodyAsked,
    TooFewApprovals(u64, u64),
    NotInstalled,
    SomeReceipts(u64, u64),
    NotAllExamined(u64, u64),
    NoAdvisories,
    AdvisoriesUnusable,
    NotAllAsked(u64, u64),
    FindingsCut(u64, u64),
    NotHere(u64, u64),
    NothingAccepted,
    NobodyMay,
    OnePerson,
    CosignedUpTo(u64, u64),
    SomeChanges(u64, u64),
    NotAllNamed(u64, u64),
    NoPublisherSignatures,
    PublishersWrong(u64, u64),
    PublishersNotHere(u64, u64),
    PublishersUnjudged(u64, u64),
    PublishersUnsigned(u64, u64),
    PublishersUnlisted(u64, u64),
    PublishersCut(u64),
    NotAllLicensed(u64, u64),
    NoModels,
    NothingBefore,
    NotReviewed,
    NoCustodians,
    NoPolicy,
    PolicyNotInReview,
    SomeGates(u64, u64),
    NothingRefused,
    Once,
    NoManifest,
    VersionOnly,
    BuildNotSaid,
    TooFewSignatures(u64, u64),
    SignersRevoked(u64, u64),
}

impl Reason {
    /// One of each.
    pub const ALL: &'static [Self] = &[
        Self::NotGathered,
        Self::NoLog,
        Self::NotCosigned,
        Self::NobodyAsked,
        Self::TooFewApprovals(1, 2),
        Self::NotInstalled,
        Self::SomeReceipts(1, 2),
        Self::NotAllExamined(1, 2),
        Self::NoAdvisories,
        Self::AdvisoriesUnusable,
        Self::NotAllAsked(1, 2),
        Self::FindingsCut(1, 2),
        Self::NotHere(1, 2),
        Self::NothingAccepted,
        Self::NobodyMay,
        Self::OnePerson,
        Self::CosignedUpTo(1, 2),
        Self::SomeChanges(1, 2),
        Self::NotAllNamed(1, 2),
        Self::NoPublisherSignatures,
        Self::PublishersWrong(1, 2),
        Self::PublishersNotHere(1, 2),
        Self::PublishersUnjudged(1, 2),
        Self::PublishersUnsigned(1, 2),
        Self::PublishersUnlisted(1, 2),
        Self::PublishersCut(1),
        Self::NotAllLicensed(1, 2),
        Self::NoModels,
        Self::NothingBefore,
        Self::NotReviewed,
        Self::NoCustodians,
        Self::NoPolicy,
        Self::PolicyNotInReview,
        Self::SomeGates(1, 2),
        Self::NothingRefused,
        Self::Once,
        Self::NoManifest,
        Self::VersionOnly,
        Self::BuildNotSaid,
        Self::TooFewSignatures(1, 2),
        Self::SignersRevoked(1, 2),
    ];

    const fn name(self) -> (&'static str, u64, u64) {
        match self {
            Self::NotGathered => ("not-gathered", 0, 0),
            Self::NoLog => ("no-log", 0, 0),
            Self::NotCosigned => ("not-cosigned", 0, 0),
            Self::NobodyAsked => ("nobody-asked", 0, 0),
            Self::TooFewApprovals(n, m) => ("too-few-approvals", n, m),
            Self::NotInstalled => ("not-installed", 0, 0),
            Self::SomeReceipts(n, m) => ("some-receipts", n, m),
            Self::NotAllExamined(n, m) => ("not-all-examined", n, m),
            Self::NoAdvisories => ("no-advisories", 0, 0),
            Self::AdvisoriesUnusable => ("advisories-unusable", 0, 0),
            Self::NotAllAsked(n, m) => ("not-all-asked", n, m),
            Self::FindingsCut(n, m) => ("findings-cut", n, m),
            Self::NotHere(n, m) => ("not-here", n, m),
            Self::NothingAccepted => ("nothing-accepted", 0, 0),
            Self::NobodyMay => ("nobody-may", 0, 0),
            Self::OnePerson => ("one-person", 0, 0),
            Self::CosignedUpTo(n, m) => ("cosigned-up-to", n, m),
            Self::SomeChanges(n, m) => ("some-changes", n, m),
            Self::NotAllNamed(n, m) => ("not-all-named", n, m),
            Self::NoPublisherSignatures => ("no-publisher-signatures", 0, 0),
            Self::PublishersWrong(n, m) => ("publishers-wrong", n, m),
            Self::PublishersNotHere(n, m) => ("publishers-not-here", n, m),
            Self::PublishersUnjudged(n, m) => ("publishers-unjudged", n, m),
            Self::PublishersUnsigned(n, m) => ("publishers-unsigned", n, m),
            Self::PublishersUnlisted(n, m) => ("publishers-unlisted", n, m),
            Self::PublishersCut(n) => ("publishers-cut", n, 0),
            Self::NotAllLicensed(n, m) => ("not-all-licensed", n, m),
            Self::NoModels => ("no-models", 0, 0),
            Self::NothingBefore => ("nothing-before", 0, 0),
            Self::NotReviewed => ("not-reviewed", 0, 0),
            Self::NoCustodians => ("no-custodians", 0, 0),
            Self::NoPolicy => ("no-policy", 0, 0),
            Self::PolicyNotInReview => ("policy-not-in-review", 0, 0),
            Self::SomeGates(n, m) => ("some-gates", n, m),
            Self::NothingRefused => ("nothing-refused", 0, 0),
            Self::Once => ("once", 0, 0),
            Self::NoManifest => ("no-manifest", 0, 0),
            Self::VersionOnly => ("version-only", 0, 0),
            Self::BuildNotSaid => ("build-not-said", 0, 0),
            Self::TooFewSignatures(n, m) => ("too-few-signatures", n, m),
            Self::SignersRevoked(n, m) => ("signers-revoked", n, m),
        }
    }

    /// Its words.
    pub fn text(self, language: Language) -> String {
        let (name, n, m) = self.name();
        let text = said().reason(name).expect("a test asks for every reason").of(language);
        text.replace("{n}", &n.to_string()).replace("{m}", &m.to_string())
    }
}

/// How much of a piece of evidence there is. What is there has a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It is here.
    Present(References),
    /// Some of it is here; why not more.
    Partial(References, Vec<Reason>),
    /// Nothing of it is here.
    Absent(Reason),
    /// There is nothing it could be about.
    NotApplicable(Reason),
}

impl Found {
    /// Partial where there is a reason why it is not more, else present.
    pub fn but(references: References, reasons: Vec<Reason>) -> Self {
        if reasons.is_empty() { Self::Present(references) } else { Self::Partial(references, reasons) }
    }

    /// Where it lies; nothing where it is not here.
    pub fn references(&self) -> &[Reference] {
        match self {
            Self::Present(references) | Self::Partial(references, _) => references.all(),
            Self::Absent(_) | Self::NotApplicable(_) => &[],
        }
    }

    /// Why it is not more.
    pub fn reasons(&self) -> &[Reason] {
        match self {
            Self::Present(_) => &[],
            Self::Partial(_, reasons) => reasons,
            Self::Absent(reason) | Self::NotApplicable(reason) => std::slice::from_ref(reason),
        }
    }
}

/// Which evidence there is of one subject. What nobody gathered is absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gathered(BTreeMap<Evidence, Found>);

impl Default for Gathered {
    fn default() -> Self {
        Self(Evidence::ALL.iter().map(|evidence| (*evidence, Found::Absent(Reason::NotGathered))).collect())
    }
}

impl Gathered {
    /// Says what there is of a piece of evidence.
    pub fn note(&mut self, evidence: Evidence, found: Found) {
        self.0.insert(evidence, found);
    }

    /// What there is of it.
    pub fn of(&self, evidence: Evidence) -> &Found {
        self.0.get(&evidence).expect("every piece of evidence is there from the beginning")
    }

    /// All of it, in the order of the catalogue.
    pub fn all(&self) -> impl Iterator<Item = (Evidence, &Found)> {
        self.0.iter().map(|(evidence, found)| (*evidence, found))
    }
}
