//! `[conda.NAME]` in the manifest: its keys, and which of them go together.

use crate::error::{Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use url::Url;

/// Packages of Conda channels, solved for each target or taken from a lock file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Section {
    /// The channels, the most important first: a name such as `conda-forge` or `conda-forge/label/dev`, a URL, or
    /// `{ name = "…", url = "…" }` for the name it is served under.
    pub channels: Vec<Channel>,
    /// What stands before the name of a channel; by default `https://conda.anaconda.org/`.
    pub channel_alias: Option<String>,
    /// Which channel a package may come from.
    pub priority: Priority,
    /// What must be there: `numpy >=2`, `r-base 4.4.*`, `conda-forge::libfoo`.
    pub specs: Vec<String>,
    /// Specs that narrow what is needed anyway, without asking for it.
    pub constraints: Vec<String>,
    /// An `environment.yml`, relative to the manifest: its channels and dependencies.
    pub environment: Option<String>,
    /// A list of package URLs that begins with `@EXPLICIT`, relative to the manifest: its packages are taken as they are.
    pub explicit: Option<String>,
    /// A `conda-lock.yml`, relative to the manifest: its packages are taken as they are.
    pub conda_lock: Option<String>,
    /// A `pixi.lock`, relative to the manifest: its packages are taken as they are.
    pub pixi_lock: Option<String>,
    /// Environments of `pixi-lock`; without them, all.
    pub environments: Vec<String>,
    /// What happens with Python packages of another index that the input asks for.
    pub pip: Pip,
    /// Names of the targets it is for; without them, all targets.
    pub targets: Option<Vec<String>>,
    /// Virtual packages beside those that follow from the target, or in place of them: `__glibc = "2.35"`, `__archspec = "1=zen4"`;
    /// an empty string takes one away.
    pub virtual_packages: BTreeMap<String, String>,
    /// Ignore what was published after this instant, such as `2026-11-01T00:00:00Z`.
    pub exclude_newer: Option<String>,
    /// Ignore what was published less than so many days before the lock.
    pub cool_down_days: Option<u16>,
}

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Channel {
    /// A name below the alias, or a URL.
    Short(String),
    /// A URL, and the name it is served under.
    Named(NamedChannel),
}

/// A URL, and the name it is served under.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct NamedChannel {
    /// The name it is served under.
    pub name: String,
    /// Where it is, without a platform.
    pub url: String,
}

/// Which channel a package may come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Priority {
    /// The first channel that has a package supplies all its versions.
    #[default]
    Strict,
    /// A later channel helps where the first cannot.
    Flexible,
    /// The best version of any channel wins: open to dependency confusion.
    Disabled,
}

/// What happens with Python packages of another index that the input asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Pip {
    /// The section is refused, and says which.
    #[default]
    Refuse,
    /// They are left out; the lock step says so.
    Leave,
}
