//! What is known of each ecosystem that advisories speak of: its order of versions, how names are written, whether a release is named.
//!
//! The names are data, those of the OSV schema. One that is not in the table has no order here, so that its packages cannot be assessed.

use super::order::Order;

/// How names of packages are brought into one form before they are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    /// As they are.
    Exact,
    /// Without case.
    Folded,
    /// Without case, and runs of `-`, `_` and `.` as one `-` (PEP 503).
    Dashed,
}

/// One ecosystem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ecosystem {
    name: &'static str,
    /// The order of its versions.
    pub order: Order,
    names: Names,
    /// Whether versions can only be judged together with the release of a distribution.
    pub released: bool,
}

const fn plain(name: &'static str, order: Order, names: Names) -> Ecosystem {
    Ecosystem { name, order, names, released: false }
}

const fn distribution(name: &'static str, order: Order) -> Ecosystem {
    Ecosystem { name, order, names: Names::Exact, released: true }
}

/// The ecosystems of OSV's schema 1.7 whose order is known exactly.
const KNOWN: [Ecosystem; 34] = [
    plain("PyPI", Order::Pep440, Names::Dashed),
    plain("npm", Order::SemVer, Names::Exact),
    // The name of an ecosystem in the schema, which happens to look like a host's.
    plain(concat!("crates", ".", "io"), Order::SemVer, Names::Exact),
    plain("Go", Order::Go, Names::Exact),
    plain("Hex", Order::SemVer, Names::Exact),
    plain("Pub", Order::Pub, Names::Exact),
    plain("NuGet", Order::NuGet, Names::Folded),
    plain("RubyGems", Order::Gem, Names::Exact),
    plain("Packagist", Order::Composer, Names::Folded),
    plain("Maven", Order::Maven, Names::Exact),
    plain("CRAN", Order::Numbers, Names::Exact),
    plain("Bioconductor", Order::Numbers, Names::Exact),
    plain("Hackage", Order::Numbers, Names::Exact),
    plain("Julia", Order::Pub, Names::Exact),
    plain("SwiftURL", Order::SemVer, Names::Folded),
    plain("GitHub Actions", Order::SemVer, Names::Folded),
    plain("Bitnami", Order::Bitnami, Names::Exact),
    plain("VSCode", Order::SemVer, Names::Folded),
    plain("Wolfi", Order::Apk, Names::Exact),
    plain("Chainguard", Order::Apk, Names::Exact),
    plain("MinimOS", Order::Apk, Names::Exact),
    distribution("Debian", Order::Debian),
    distribution("Ubuntu", Order::Debian),
    distribution("Alpine", Order::Apk),
    distribution("Alpaquita", Order::Apk),
    distribution("Red Hat", Order::Rpm),
    distribution("Rocky Linux", Order::Rpm),
    distribution("AlmaLinux", Order::Rpm),
    distribution("SUSE", Order::Rpm),
    distribution("openSUSE", Order::Rpm),
    distribution("Mageia", Order::Rpm),
    distribution("openEuler", Order::Rpm),
    distribution("Photon OS", Order::Rpm),
    distribution("Azure Linux", Order::Rpm),
];

/// The ecosystem without its release or registry: `Debian` of `Debian:12`.
pub fn base(ecosystem: &str) -> &str {
    ecosystem.split_once(':').map_or(ecosystem, |(base, _)| base)
}

/// The release of a distribution that an ecosystem is a part of, where records name parts: the repositories of Red Hat's main stream
/// (`Red Hat:enterprise_linux:9::baseos`), the products and modules of SUSE with their phases of support (`SUSE:Linux Enterprise Module for
/// Basesystem 15 SP5`, `SUSE:Linux Enterprise Server 15 SP5-LTSS`). Which of them a package came from, nothing on a host says.
pub fn release_of(ecosystem: &str) -> Option<String> {
    if let Some((release, _)) = ecosystem.split_once("::").filter(|(release, _)| release.starts_with("Red Hat:enterprise_linux:")) {
        return Some(release.to_owned());
    }
    let product = ecosystem.strip_prefix("SUSE:Linux Enterprise ")?;
    let mut words: Vec<&str> = product.split(' ').collect();
    let last = words.pop()?.split('-').next()?;
    let is_pack = last.strip_prefix("SP").is_some_and(is_number);
    let version = if is_pack { words.pop()? } else { last };
    let known = version.split('.').all(is_number);
    known.then(|| format!("SUSE:Linux Enterprise {version}{}", if is_pack { format!(" {last}") } else { String::new() }))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

impl Ecosystem {
    /// Looks an ecosystem up, with or without what follows its colon; `None` where its order is not known.
    pub fn of(ecosystem: &str) -> Option<&'static Self> {
        KNOWN.iter().find(|known| known.name == base(ecosystem))
    }

    /// The order by which ranges of type `SEMVER` are read: the dialect of the ecosystem where it has one.
    pub fn semantic(&self) -> Order {
        match self.order {
            dialect @ (Order::SemVer | Order::Go | Order::NuGet | Order::Pub | Order::Bitnami) => dialect,
            _ => Order::SemVer,
        }
    }

    /// A package's name in the one form in which names are compared.
    pub fn normalised(&self, name: &str) -> String {
        match self.names {
            Names::Exact => name.to_owned(),
            Names::Folded => name.to_lowercase(),
            Names::Dashed => {
                let parts = name.split(['-', '_', '.']).filter(|part| !part.is_empty());
                parts.map(str::to_lowercase).collect::<Vec<_>>().join("-")
            }
        }
    }

    /// All of them.
    pub fn all() -> &'static [Self] {
        &KNOWN
    }

    /// Its name in OSV's schema.
    pub fn name(&self) -> &'static str {
        self.name
    }
}
