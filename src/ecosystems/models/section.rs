//! The manifest section `[models.NAME]`.

use super::meta::Kind;
use serde::Deserialize;

/// `[models.NAME]`: a repository, or several as `items`.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Section {
    /// The repository on the hub: `owner/name`, or a name alone.
    pub repo: Option<String>,
    /// What it holds: `model`, the default, `dataset` or `space`.
    pub kind: Option<Kind>,
    /// Branch, tag or commit; `main` by default. The lock holds the commit.
    pub revision: Option<String>,
    /// Only files that one of these patterns matches; `*` stands for anything, slashes too. By default the whole commit.
    #[serde(default)]
    pub include: Vec<String>,
    /// No file that one of these patterns matches.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// A model that a registry holds as an OCI artifact, in place of `repo`: `ghcr.io/team/model:1.0`, with a digest where it is pinned.
    pub oci: Option<String>,
    /// Several repositories.
    #[serde(default)]
    pub items: Vec<Item>,
    /// Files of plain URLs that are served as the repository; no hub is asked.
    #[serde(default)]
    pub files: Vec<Plain>,
    /// Where the hub answers; the public one by default.
    pub hub: Option<String>,
    /// What happens with repositories that the files of these name: code, base models, tokenizers. By default the lock is refused.
    pub references: Option<References>,
    /// What happens with files whose loading runs what they say.
    #[serde(default)]
    pub pickles: Pickles,
}

/// One repository of a section.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Item {
    /// The repository on the hub: `owner/name`, or a name alone.
    #[serde(default)]
    pub repo: String,
    /// A model that a registry holds as an OCI artifact, in place of `repo`.
    pub oci: Option<String>,
    /// What it holds: `model`, the default, `dataset` or `space`.
    pub kind: Option<Kind>,
    /// Branch, tag or commit; `main` by default.
    pub revision: Option<String>,
    /// Only files that one of these patterns matches.
    #[serde(default)]
    pub include: Vec<String>,
    /// No file that one of these patterns matches.
    #[serde(default)]
    pub exclude: Vec<String>,
}

#[cfg(feature = "upstream")]
impl Item {
    /// What it holds.
    pub(super) fn kind(&self) -> Kind {
        self.kind.unwrap_or_default()
    }
}

/// A file of a plain URL.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Plain {
    /// Where the file is.
    pub url: String,
    /// Its SHA-256, 64 lower-case hex digits. Without it the file is downloaded and hashed when the manifest is locked.
    pub sha256: Option<String>,
    /// Its path in the repository; by default the last part of the URL.
    pub path: Option<String>,
}

/// What happens with a repository that a locked file names and the manifest does not ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum References {
    /// The lock is refused, and says what is missing.
    #[default]
    Refuse,
    /// It is locked too, whole, and what it names in turn.
    Follow,
    /// It is left out; the lock step and the description say so.
    Leave,
}

/// What happens with files that carry pickles: a program, which loading the file runs. They are recognised by their beginnings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Pickles {
    /// Nothing; files are not looked at.
    Allow,
    /// The lock step and the description name them.
    #[default]
    Note,
    /// The lock is refused, also where a file could not be looked at.
    Refuse,
}
