//! The orders of versions, each as its specification has it: two texts in, which of them is earlier out.
//!
//! A text that an order does not know is not a version of it, and nothing is guessed: whoever asks has to say that it is undetermined.
//! Nothing here knows what the versions are for.

mod apk;
mod composer;
mod conda;
mod debian;
mod digits;
mod maven;
mod rpm;
mod segments;
mod semver;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Longest version that is read, in bytes.
pub const LONGEST_VERSION: usize = 256;

/// An order of versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// PEP 440.
    Pep440,
    /// Semantic Versioning 2.0.0.
    SemVer,
    /// Semantic Versioning with or without a `v` in front, as Go's modules have it.
    Go,
    /// NuGet: up to four numbers, without case.
    NuGet,
    /// Pub and Julia: Semantic Versioning where the build counts.
    Pub,
    /// Bitnami: Semantic Versioning where a number behind `-` is a revision, after the release.
    Bitnami,
    /// RubyGems.
    Gem,
    /// Composer: PHP's `version_compare` of the form that Composer gives a version.
    Composer,
    /// Numbers only: packages of R and of Haskell.
    Numbers,
    /// Maven's `ComparableVersion`.
    Maven,
    /// Debian Policy 5.6.12.
    Debian,
    /// `rpmvercmp`.
    Rpm,
    /// apk-tools.
    Apk,
    /// conda's `VersionOrder`.
    Conda,
}

/// A version in its order. Those of different orders cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Version(Parsed);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Parsed {
    Pep440(pep440_rs::Version),
    SemVer(semver::SemVer),
    Gem(segments::Gem),
    Composer(composer::Composer),
    Numbers(Vec<digits::Number>),
    Maven(maven::Maven),
    Debian(debian::Debian),
    Rpm(rpm::Rpm),
    Apk(apk::Apk),
    Conda(conda::Conda),
}

impl Order {
    /// Reads a version; `None` where this order does not know the text, or it is longer than [`LONGEST_VERSION`].
    pub fn parse(self, text: &str) -> Option<Version> {
        if text.is_empty() || text.len() > LONGEST_VERSION || !text.is_ascii() {
            return None;
        }
        let parsed = match self {
            Self::Pep440 => Parsed::Pep440(text.parse().ok()?),
            Self::SemVer => Parsed::SemVer(semver::parse(text, semver::Dialect::Plain)?),
            Self::Go => Parsed::SemVer(semver::parse(text, semver::Dialect::Prefixed)?),
            Self::NuGet => Parsed::SemVer(semver::parse(text, semver::Dialect::UpToFour)?),
            Self::Pub => Parsed::SemVer(semver::parse(text, semver::Dialect::BuildCounts)?),
            Self::Bitnami => Parsed::SemVer(semver::parse(text, semver::Dialect::Revised)?),
            Self::Gem => Parsed::Gem(segments::gem(text)?),
            Self::Composer => Parsed::Composer(composer::parse(text)?),
            Self::Numbers => Parsed::Numbers(segments::numbers(text)?),
            Self::Maven => Parsed::Maven(maven::parse(text)?),
            Self::Debian => Parsed::Debian(debian::parse(text)?),
            Self::Rpm => Parsed::Rpm(rpm::parse(text)?),
            Self::Apk => Parsed::Apk(apk::parse(text)?),
            Self::Conda => Parsed::Conda(conda::parse(text)?),
        };
        Some(Version(parsed))
    }

    /// A number that is the same for texts that mean one version, and for the same text; others share it by accident only.
    ///
    /// Where an order has many texts for a version and no form of its own (Debian, RPM), it is that of the text.
    pub fn fingerprint(self, text: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        match self.parse(text) {
            Some(version) => version.hash(&mut hasher),
            None => text.hash(&mut hasher),
        }
        hasher.finish()
    }
}

impl Version {
    /// Whether one of the two says so much less than the other that it cannot be said which is earlier: an RPM version without a release,
    /// beside one of the same version with one.
    pub fn leaves_open(&self, other: &Self) -> bool {
        matches!((&self.0, &other.0), (Parsed::Rpm(a), Parsed::Rpm(b)) if a.leaves_open(b))
    }

    /// Which of the two is earlier; `None` for versions of two orders.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        Some(match (&self.0, &other.0) {
            (Parsed::Pep440(a), Parsed::Pep440(b)) => a.cmp(b),
            (Parsed::SemVer(a), Parsed::SemVer(b)) => a.cmp(b),
            (Parsed::Gem(a), Parsed::Gem(b)) => a.cmp(b),
            (Parsed::Composer(a), Parsed::Composer(b)) => a.cmp(b),
            (Parsed::Numbers(a), Parsed::Numbers(b)) => a.cmp(b),
            (Parsed::Maven(a), Parsed::Maven(b)) => a.cmp(b),
            (Parsed::Debian(a), Parsed::Debian(b)) => a.cmp(b),
            (Parsed::Rpm(a), Parsed::Rpm(b)) => a.cmp(b),
            (Parsed::Apk(a), Parsed::Apk(b)) => a.cmp(b),
            (Parsed::Conda(a), Parsed::Conda(b)) => a.cmp(b),
            _ => return None,
        })
    }
}
