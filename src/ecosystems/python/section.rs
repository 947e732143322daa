//! `[python.NAME]` in the manifest: its keys, and which of them go together.

use crate::error::{Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeSet;
use url::Url;

/// Python packages, resolved for each target by uv's resolver.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct PythonSection {
    /// What must be there, as PEP 508 requirements: `jupyterlab`, `torch>=2.4`.
    pub requirements: Vec<String>,
    /// Files in pip's format, relative to the manifest; hashes in them are enforced.
    pub requirements_files: Vec<String>,
    /// A `pylock.toml` (PEP 751), relative to the manifest: its files are taken as they are, nothing is resolved.
    pub pylock: Option<String>,
    /// A `uv.lock`, relative to the manifest: its files are taken as they are, nothing is resolved.
    pub uv_lock: Option<String>,
    /// Extras of the project in `pylock` or `uv-lock`.
    pub extras: Vec<String>,
    /// Dependency groups (PEP 735) of the project in `pylock` or `uv-lock`; without them, its default ones.
    pub groups: Vec<String>,
    /// Requirements that narrow versions of what is needed anyway.
    pub constraints: Vec<String>,
    /// Constraints files in pip's format, relative to the manifest.
    pub constraints_files: Vec<String>,
    /// Requirements that take the place of whatever else is asked of a package.
    pub overrides: Vec<String>,
    /// Names of the targets it is for; without them, all targets that have `python`.
    pub targets: Option<Vec<String>>,
    /// Whether pre-releases may be chosen.
    pub prereleases: Prereleases,
    /// Ignore what was uploaded after this instant, such as `2026-11-01T00:00:00Z`.
    pub exclude_newer: Option<String>,
    /// Ignore what was uploaded less than so many days before the lock.
    pub cool_down_days: Option<u16>,
    /// Whether source distributions may be carried; what they need to be built is carried with them.
    pub sdists: Sdists,
    /// Packages taken as source distributions even where wheels exist; needs `sdists = "carry"`.
    pub no_binary: Vec<String>,
    /// Further indexes, asked in this order before the default one.
    pub indexes: Vec<IndexTable>,
    /// The URL of the index that is asked last, in place of the built-in one.
    pub default_index: Option<String>,
    /// Indexes and hosts of files that are asked over plain HTTP: `["packages.example.org:8080"]`.
    pub plain_http: Vec<String>,
    /// Which index a package may come from.
    pub index_strategy: IndexStrategy,
}

/// One `[[python.NAME.indexes]]` table. Credentials never stand here: they come from the netrc file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct IndexTable {
    /// Its name: lower-case letters, digits, `-`, `_`, `.`. Inside, its packages are also served under `index/<name>/simple/`.
    pub name: String,
    /// Its URL, `https` or `http`, such as `https://packages.example.org/simple/`.
    pub url: String,
    /// Packages that come from this index or not at all, however they are needed.
    #[serde(default)]
    pub packages: Vec<String>,
    /// Whether nothing but `packages` comes from it; true when `packages` is given.
    pub explicit: Option<bool>,
}

/// Whether pre-releases may be chosen (PEP 440).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Prereleases {
    /// Where no stable version will do.
    #[default]
    IfNecessary,
    /// Where a requirement names one.
    Explicit,
    /// Always.
    Allow,
    /// Never.
    Disallow,
}

/// Whether source distributions may be carried.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sdists {
    /// Wheels only: nothing has to be built inside.
    #[default]
    Refuse,
    /// Also source distributions whose metadata is static (PEP 643), with their build requirements.
    Carry,
}

/// Which index a package may come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IndexStrategy {
    /// The first index that has the package supplies all its versions.
    #[default]
    FirstIndex,
    /// The best version of any index wins: open to dependency confusion.
    UnsafeBestMatch,
}

/// Most entries of one list.
const MOST: usize = 10_000;
/// Names of indexes that mean something already.
const TAKEN: [&str; 2] = ["pypi", "default"];

impl PythonSection {
    /// Refuses keys that contradict each other; in the words of the manifest.
    pub fn check(&self) -> Result<()> {
        let resolved = !self.requirements.is_empty() || !self.requirements_files.is_empty();
        match (resolved, &self.pylock, &self.uv_lock) {
            (true, None, None) => self.check_resolved()?,
            (false, Some(_), None) | (false, None, Some(_)) => self.check_locked()?,
            (false, None, None) => {
                return Err(Error::usage("it asks for nothing").hint("give `requirements`, `requirements-files`, `pylock` or `uv-lock`"));
            }
            _ => {
                return Err(Error::usage("`pylock`, `uv-lock` and `requirements` exclude each other")
                    .hint("write one section for each: sections are merged in the lock"));
            }
        }
        let longest = [&self.requirements, &self.constraints, &self.overrides, &self.no_binary].into_iter().map(Vec::len).max();
        if longest.unwrap_or(0) > MOST || self.indexes.len() > 100 {
            return Err(Error::usage("a list is too long").with("expected", format!("at most {MOST} entries, 100 indexes")));
        }
        self.check_indexes()
    }

    fn check_resolved(&self) -> Result<()> {
        if !self.extras.is_empty() || !self.groups.is_empty() {
            return Err(Error::usage("`extras` and `groups` belong to `pylock` and `uv-lock`")
                .hint("write the extra into the requirement: name[extra]"));
        }
        if !self.no_binary.is_empty() && self.sdists == Sdists::Refuse {
            return Err(Error::usage("`no-binary` asks for source distributions, which are refused").hint("add sdists = \"carry\""));
        }
        Ok(())
    }

    /// A lock file has decided everything that these keys decide.
    fn check_locked(&self) -> Result<()> {
        let unset = Self {
            pylock: self.pylock.clone(),
            uv_lock: self.uv_lock.clone(),
            extras: self.extras.clone(),
            groups: self.groups.clone(),
            targets: self.targets.clone(),
            sdists: self.sdists,
            indexes: self.indexes.clone(),
            default_index: self.default_index.clone(),
            plain_http: self.plain_http.clone(),
            ..Self::default()
        };
        if *self == unset {
            return Ok(());
        }
        Err(Error::usage("a lock file has decided already what a resolver is told")
            .with("expected", "beside `pylock` or `uv-lock`: extras, groups, targets, sdists, indexes, default-index, plain-http"))
    }

    fn check_indexes(&self) -> Result<()> {
        let mut names: BTreeSet<&str> = TAKEN.into();
        for index in &self.indexes {
            let about = |e: Error| e.about(format!("index {:.80}", index.name));
            if !is_word(&index.name) {
                return Err(about(Error::usage("its name is refused"))
                    .with("expected", "lower-case letters, digits, `-`, `_` or `.`, a letter or digit first"));
            }
            if !names.insert(&index.name) {
                return Err(about(Error::usage("the name is taken")).hint("give each index a name of its own, other than pypi and default"));
            }
            index_url(&index.url).map_err(about)?;
            if index.explicit == Some(true) && index.packages.is_empty() {
                return Err(about(Error::usage("`explicit` without `packages`: nothing would ever come from it"))
                    .hint("name the packages: packages = [\"torch\"]"));
            }
        }
        self.default_index.as_deref().map_or(Ok(()), |url| index_url(url).map(drop).map_err(|e| e.about("default-index")))
    }
}

impl IndexTable {
    /// Whether it is asked for its own packages only.
    pub fn is_explicit(&self) -> bool {
        self.explicit.unwrap_or(!self.packages.is_empty())
    }
}

/// The URL of an index, which must not hold a secret: a manifest is shown, copied and kept.
pub fn index_url(text: &str) -> Result<Url> {
    let url = Url::parse(text).map_err(|e| Error::usage("not a URL").because(&e).with("found", format!("{:.40}", without_user(text))))?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(Error::usage("the URL must begin with https:// or http://").with("found", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::usage("the URL contains credentials")
            .hint(format!("put them into the netrc file: machine {} login NAME password TOKEN", url.host_str().unwrap_or_default())));
    }
    Ok(url)
}

/// Whatever stands before an `@` may be a secret.
fn without_user(text: &str) -> &str {
    text.rsplit_once('@').map_or(text, |(_, rest)| rest)
}

fn is_word(name: &str) -> bool {
    let inside = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
    name.len() <= 64 && name.bytes().all(inside) && name.starts_with(|c: char| c.is_ascii_alphanumeric())
}
