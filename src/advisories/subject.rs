//! From a package as an inventory names it (a package URL) to the ecosystem, name and version that advisories are asked about.

use crate::artifact::Purl;

/// What advisories are asked about: one package, in OSV's words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// The ecosystem, with the release of a distribution.
    pub ecosystem: String,
    /// The name; of a distribution, that of the source package.
    pub name: String,
    /// The version.
    pub version: String,
}

/// Types of package URLs whose packages are of one ecosystem, and what stands between namespace and name there.
const TYPES: [(&str, &str, &str); 15] = [
    ("pypi", "PyPI", "/"),
    ("npm", "npm", "/"),
    // The name of an ecosystem in the schema, which happens to look like a host's.
    ("cargo", concat!("crates", ".", "io"), "/"),
    ("golang", "Go", "/"),
    ("hex", "Hex", "/"),
    ("pub", "Pub", "/"),
    ("nuget", "NuGet", "/"),
    ("gem", "RubyGems", "/"),
    ("composer", "Packagist", "/"),
    ("maven", "Maven", ":"),
    ("cran", "CRAN", "/"),
    ("hackage", "Hackage", "/"),
    ("julia", "Julia", "/"),
    ("swift", "SwiftURL", "/"),
    ("bitnami", "Bitnami", "/"),
];

/// Distributions by their namespace in package URLs, and how a release of theirs is called.
const DISTRIBUTIONS: [(&str, &str, Release); 15] = [
    ("debian", "Debian", Release::First),
    ("ubuntu", "Ubuntu", Release::Ubuntu),
    ("alpine", "Alpine", Release::Alpine),
    ("rocky", "Rocky Linux", Release::First),
    ("almalinux", "AlmaLinux", Release::First),
    ("mageia", "Mageia", Release::First),
    ("wolfi", "Wolfi", Release::Rolling),
    ("chainguard", "Chainguard", Release::Rolling),
    ("azurelinux", "Azure Linux", Release::First),
    ("rhel", "Red Hat", Release::RedHat),
    ("sles", "SUSE", Release::Suse),
    ("sled", "SUSE", Release::Suse),
    ("sles_sap", "SUSE", Release::Suse),
    ("opensuse-leap", "openSUSE", Release::Leap),
    ("opensuse-tumbleweed", "openSUSE", Release::Tumbleweed),
];

#[derive(Debug, Clone, Copy)]
enum Release {
    /// The first number: `12`.
    First,
    /// Two numbers behind a `v`: `v3.19`.
    Alpine,
    /// Two numbers, with `LTS` behind those of April in an even year.
    Ubuntu,
    /// There are none.
    Rolling,
    /// The first number, of the main stream: `enterprise_linux:9`.
    RedHat,
    /// Two numbers, the second a service pack: `Linux Enterprise 15 SP5`; from 16 on both as they are.
    Suse,
    /// Two numbers: `Leap 15.5`.
    Leap,
    /// Always the same word.
    Tumbleweed,
}

impl Subject {
    /// What is asked about a package of this URL; `source` is the name and version of the package it was built from, where that is known.
    /// `None` where no ecosystem of advisories is known for it, or it has no version.
    pub fn of(purl: &str, source: Option<(&str, &str)>) -> Option<Self> {
        let purl = Purl::read(purl).filter(|purl| !purl.version().is_empty())?;
        if let Some((_, ecosystem, between)) = TYPES.iter().find(|(kind, ..)| *kind == purl.kind()) {
            let name = match purl.full_name().rsplit_once('/') {
                Some((namespace, name)) => format!("{namespace}{between}{name}"),
                None => purl.full_name().to_owned(),
            };
            return Some(Self { ecosystem: (*ecosystem).to_owned(), name, version: purl.version() });
        }
        let (namespace, name) = purl.full_name().split_once('/').filter(|_| ["deb", "apk", "rpm"].contains(&purl.kind()))?;
        let (_, ecosystem, release) = DISTRIBUTIONS.iter().find(|(known, ..)| *known == namespace)?;
        let distro = purl.qualifier("distro").unwrap_or_default();
        let said = distro.strip_prefix(namespace).and_then(|rest| rest.strip_prefix('-')).unwrap_or_default();
        let (name, version) =
            source.map_or_else(|| (name.to_owned(), purl.version()), |(name, version)| (name.to_owned(), version.to_owned()));
        let version = with_epoch(version, purl.qualifier("epoch").as_deref());
        Some(Self { ecosystem: released(ecosystem, *release, said), name, version })
    }
}

/// A version with the epoch that the package URL says apart, as those of RPM packages do. The name of a source package says none: what is
/// built from it has its epoch.
fn with_epoch(version: String, epoch: Option<&str>) -> String {
    match epoch.filter(|epoch| !epoch.is_empty() && *epoch != "0" && epoch.bytes().all(|b| b.is_ascii_digit())) {
        Some(epoch) if !version.contains(':') => format!("{epoch}:{version}"),
        _ => version,
    }
}

/// The ecosystem with its release; without, where the release was not said.
fn released(ecosystem: &str, release: Release, said: &str) -> String {
    let mut numbers = said.split('.').filter(|number| !number.is_empty());
    let (first, second) = (numbers.next(), numbers.next());
    match (release, first, second) {
        (Release::First, Some(first), _) => format!("{ecosystem}:{first}"),
        (Release::Alpine, Some(first), Some(second)) => format!("{ecosystem}:v{first}.{second}"),
        (Release::Ubuntu, Some(first), Some("04")) if first.ends_with(['0', '2', '4', '6', '8']) => format!("{ecosystem}:{first}.04:LTS"),
        (Release::Ubuntu, Some(first), Some(second)) => format!("{ecosystem}:{first}.{second}"),
        (Release::RedHat, Some(first), _) => format!("{ecosystem}:enterprise_linux:{first}"),
        (Release::Suse, Some(first @ ("11" | "12" | "15")), None | Some("0")) => format!("{ecosystem}:Linux Enterprise {first}"),
        (Release::Suse, Some(first @ ("11" | "12" | "15")), Some(second)) => format!("{ecosystem}:Linux Enterprise {first} SP{second}"),
        (Release::Suse, Some(first), Some(second)) => format!("{ecosystem}:Linux Enterprise {first}.{second}"),
        (Release::Leap, Some(first), Some(second)) => format!("{ecosystem}:Leap {first}.{second}"),
        (Release::Tumbleweed, ..) => format!("{ecosystem}:Tumbleweed"),
        _ => ecosystem.to_owned(),
    }
}
