//! What comes out of a resolution or a lock file.

/// The packages one target needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolution {
    /// One entry a package, sorted by name.
    pub packages: Vec<Package>,
    /// What a person should know, though it is no failure: a yanked version, an extra that a
    /// package does not have.
    pub warnings: Vec<String>,
}

/// One package at one version, as one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// The normalised name (PEP 503).
    pub name: String,
    /// The version (PEP 440), with the local part when it has one: `2.9.1+cpu`.
    pub version: String,
    /// The file to fetch.
    pub file: File,
    /// Name and version of the packages it depends on here, markers evaluated; sorted.
    pub dependencies: Vec<(String, String)>,
    /// Its extras that are in use and bring in something; sorted.
    pub extras: Vec<String>,
    /// URL of the index it comes from, without credentials. `None`: from a URL of its own.
    pub index: Option<String>,
    /// Whether it was asked for itself, not only needed by others.
    pub requested: bool,
}

/// A wheel or source distribution and what the index or lock file says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The file name.
    pub filename: String,
    /// Where it is, `http` or `https`, without credentials and without a fragment.
    pub url: String,
    /// SHA-256 in lower-case hex. `None`: nobody tells; fetch the file to learn it.
    pub sha256: Option<String>,
    /// Size in bytes. `None`: nobody tells (HTML indexes never do).
    pub size: Option<u64>,
    /// `Requires-Python` of the file (PEP 440 specifiers).
    pub requires_python: Option<String>,
    /// The reason for which it was withdrawn (PEP 592), empty when none is given. `None`: it
    /// was not.
    pub yanked: Option<String>,
    /// When it was uploaded (RFC 3339, UTC).
    pub upload_time: Option<String>,
    /// Wheel or source distribution.
    pub kind: FileKind,
    /// Whether the index serves the file's metadata beside it (PEP 658).
    pub has_metadata: bool,
    /// Stronger digests that the index or lock file tells, `sha384:<hex>` or `sha512:<hex>`; the
    /// file must have them all. To be checked by whoever fetches it.
    pub stronger: Vec<String>,
    /// What the requirements demand: of each group of digests (`sha256:<hex>` or stronger) the file
    /// must have one. A group that holds `sha256` is met by it; every other one is to be checked
    /// against the bytes, because an index that tells several digests may lie in one of them.
    pub accepted: Vec<Vec<String>>,
}

/// The two sorts of files on an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A built distribution (`.whl`).
    Wheel,
    /// A source distribution (`.tar.gz`, `.zip`).
    Sdist,
}
