//! What a caller asks for: requirements, indexes, policies.

use std::fmt;
use std::path::PathBuf;

use crate::auth::Login;
use crate::documents::ReadMetadata;
use crate::target::Target;

/// How a resolver works, whatever it is asked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where answers of the indexes are kept between runs; created when absent. It must not be
    /// the cache of a `uv` somebody uses.
    pub cache_dir: PathBuf,
    /// Answer from the cache alone; a request that would need the network is refused.
    pub offline: bool,
    /// How often a request that failed in passing (5xx, 429, cut connection) is repeated.
    pub retries: u32,
}

/// What a resolver has its caller do.
#[derive(Debug, Clone)]
pub struct Callbacks {
    /// Takes the METADATA out of a wheel whose index does not serve it.
    pub read_metadata: ReadMetadata,
    /// Finds the credentials for a URL that no index of the request has any for.
    pub login: Login,
}

/// One resolution: for one target, from one set of indexes.
#[derive(Debug, Clone)]
pub struct Request {
    /// What must be there.
    pub requirements: Vec<Requirement>,
    /// PEP 508 requirements that narrow a package's versions if it is needed at all.
    pub constraints: Vec<String>,
    /// PEP 508 requirements that replace whatever else is asked of a package.
    pub overrides: Vec<String>,
    /// The environment to resolve for.
    pub target: Target,
    /// Further indexes, highest priority first; all come before the default index.
    pub indexes: Vec<Index>,
    /// The index asked last. `None`: the one uv has built in, see [`crate::default_index_url`].
    pub default_index: Option<Index>,
    /// No index is asked but those of `indexes` (`--no-index` of a requirements file).
    pub no_default: bool,
    /// Which index a package may come from when several have it.
    pub strategy: IndexStrategy,
    /// Whether source distributions may be chosen.
    pub sdists: SdistPolicy,
    /// Whether pre-releases may be chosen.
    pub prereleases: Prereleases,
    /// Ignore files uploaded later than this instant (RFC 3339). A file whose index gives no
    /// upload time is ignored too.
    pub exclude_newer: Option<String>,
    /// Packages whose wheels are ignored: their source distribution is taken.
    pub no_binary: Vec<String>,
    /// Refuse every package, needed directly or not, that comes without a hash.
    pub require_hashes: bool,
}

impl Request {
    /// A request for these requirements with the careful defaults: first index wins, no source
    /// distributions, pre-releases only where nothing else will do.
    pub fn new(target: Target, requirements: Vec<Requirement>) -> Self {
        Self {
            requirements,
            constraints: Vec::new(),
            overrides: Vec::new(),
            target,
            indexes: Vec::new(),
            default_index: None,
            no_default: false,
            strategy: IndexStrategy::default(),
            sdists: SdistPolicy::default(),
            prereleases: Prereleases::default(),
            exclude_newer: None,
            no_binary: Vec::new(),
            require_hashes: false,
        }
    }
}

/// One requirement and where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// PEP 508 text, for instance `torch[opt]>=2; python_version < "3.13"`.
    pub text: String,
    /// Accepted digests as `sha256:<hex>` (also sha384, sha512). When there are any, the
    /// requirement must pin one version with `==`, and only a file with one of them is taken.
    pub hashes: Vec<String>,
    /// Where it comes from, for messages: `requirements.txt:3`.
    pub origin: String,
}

impl Requirement {
    /// A requirement without hashes.
    pub fn new(text: impl Into<String>, origin: impl Into<String>) -> Self {
        Self { text: text.into(), hashes: Vec::new(), origin: origin.into() }
    }
}

/// A package index, PEP 503 (HTML) or PEP 691 (JSON).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Index {
    /// A name for messages.
    pub name: Option<String>,
    /// The base URL, `http` or `https`, without credentials: they have fields of their own.
    pub url: String,
    /// Use it only for the packages named in `packages`.
    pub explicit: bool,
    /// Packages that come from this index or not at all, however they are needed. This is the
    /// guard against dependency confusion.
    pub packages: Vec<String>,
    /// The URL is one page of links (`--find-links`), not an index of projects.
    pub flat: bool,
    /// User name for HTTP Basic; sent to the origin of `url` only.
    pub username: Option<String>,
    /// Password or token for HTTP Basic; sent to the origin of `url` only.
    pub password: Option<String>,
}

impl Index {
    /// An index without a name, pins or credentials.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }
}

/// Leaves the credentials out, so that no log or panic can show them.
impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Index")
            .field("name", &self.name)
            .field("url", &self.url)
            .field("explicit", &self.explicit)
            .field("packages", &self.packages)
            .field("flat", &self.flat)
            .field("credentials", &(self.username.is_some() || self.password.is_some()))
            .finish()
    }
}

/// Which index a package may come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IndexStrategy {
    /// The first index that has the package supplies all its versions: a public index cannot
    /// slip a higher version under a private name.
    #[default]
    FirstIndex,
    /// Every index is asked and the best version wins. Open to dependency confusion.
    UnsafeBestMatch,
}

/// Whether source distributions may be chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SdistPolicy {
    /// Wheels only.
    #[default]
    Refuse,
    /// Also source distributions whose metadata can be read without running them (PEP 643).
    /// What they need to be built is not part of the resolution: see
    /// [`crate::build_requirements`].
    Static,
}

/// Whether pre-releases may be chosen (PEP 440).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Prereleases {
    /// Where no stable version satisfies the requirements.
    #[default]
    IfNecessary,
    /// Only for packages whose own requirement names a pre-release, and there if necessary.
    Explicit,
    /// Like any other version.
    Allow,
    /// Never.
    Disallow,
}
