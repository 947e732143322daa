//! `[conda.NAME]` in the manifest: its keys, and which of them go together.

#[cfg(feature = "upstream")]
use crate::error::{Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Packages of Conda channels, solved for each target or taken from a lock file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Section {
    /// The channels, the most important first: a name such as `conda-forge` or `conda-forge/label/dev`, a URL, or
    /// `{ name = "…", url = "…" }` for the name it is served under.
    pub channels: Vec<Channel>,
    /// What stands before the name of a channel; by default `https://conda.anaconda.org/`.
    pub channel_alias: Option<String>,
    /// Channels that are asked over plain HTTP: `["conda.example.org:8080"]`.
    pub plain_http: Vec<String>,
    /// Which channel a package may come from.
    pub priority: Priority,
    /// What must be there: `numpy >=2`, `r-base 4.4.*`, `conda-forge::libfoo`.
    pub specs: Vec<String>,
    /// Specs that narrow what is needed anyway, without asking for it.
    pub constraints: Vec<String>,
    /// Specs of what is never chosen, whoever requires it: `mkl`, `tensorflow >=2.16`, `conda-forge::qt`.
    pub exclude: Vec<String>,
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
    /// Whether to carry what builders ask for beside packages, where the channel publishes it.
    pub run_exports: bool,
    /// Ignore what was published after this instant, such as `2026-11-01T00:00:00Z`.
    pub exclude_newer: Option<String>,
    /// Ignore what was published less than so many days before the lock.
    pub cool_down_days: Option<u16>,
}

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a channel is a name, a URL, or { name = \"…\", url = \"…\" }")]
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

/// Where a section's packages come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source<'a> {
    /// A solver.
    Solved,
    /// A list of addresses, in this file.
    Explicit(&'a str),
    /// A lock file of another tool.
    Lock(&'a str),
}

/// Most entries of one list.
const MOST: usize = 10_000;

#[cfg(feature = "upstream")]
impl Section {
    /// Refuses keys that contradict each other; in the words of the manifest.
    pub(super) fn check(&self) -> Result<Source<'_>> {
        let asks = !self.specs.is_empty() || self.environment.is_some();
        let lists = [self.specs.len(), self.constraints.len(), self.exclude.len(), self.virtual_packages.len()];
        if lists.into_iter().any(|length| length > MOST) {
            return Err(Error::usage("a list is too long").with("expected", format!("at most {MOST} entries")));
        }
        let source = match (asks, &self.explicit, &self.conda_lock, &self.pixi_lock) {
            (true, None, None, None) => Source::Solved,
            (false, Some(file), None, None) => Source::Explicit(file),
            (false, None, Some(file), None) | (false, None, None, Some(file)) => Source::Lock(file),
            (false, None, None, None) => {
                return Err(
                    Error::usage("it asks for nothing").hint("give `specs`, `environment`, `explicit`, `conda-lock` or `pixi-lock`")
                );
            }
            _ => {
                return Err(Error::usage("`specs` and `environment`, `explicit`, `conda-lock` and `pixi-lock` exclude each other")
                    .hint("write one section for each: sections are merged in the lock"));
            }
        };
        if source != Source::Solved && !self.is_only_listed() {
            return Err(Error::usage("a list or lock file has decided already what a solver is told")
                .with("expected", "beside it: channels, channel-alias, environments, pip, plain-http, targets, run-exports"));
        }
        if !self.environments.is_empty() && self.pixi_lock.is_none() {
            return Err(Error::usage("`environments` belongs to `pixi-lock`"));
        }
        Ok(source)
    }

    /// Whether no key is set that only a solver heeds.
    fn is_only_listed(&self) -> bool {
        self.priority == Priority::default()
            && self.constraints.is_empty()
            && self.exclude.is_empty()
            && self.virtual_packages.is_empty()
            && self.exclude_newer.is_none()
            && self.cool_down_days.is_none()
    }

    /// The instant after which packages are ignored: the earlier one of `exclude-newer` and the cool-down.
    pub(super) fn newest(&self, now: jiff::Timestamp) -> Result<Option<jiff::Timestamp>> {
        let fixed = self.exclude_newer.as_deref().map(|text| {
            text.parse::<jiff::Timestamp>().map_err(|e| {
                Error::usage("`exclude-newer` is not an instant")
                    .because(&e)
                    .with("found", format!("{text:.60}"))
                    .hint("write it as 2026-11-01T00:00:00Z")
            })
        });
        let cooled = self.cool_down_days.map(|days| {
            let span = jiff::SignedDuration::from_hours(24 * i64::from(days));
            now.checked_sub(span).map_err(|e| Error::usage("`cool-down-days` reaches too far back").because(&e))
        });
        let both = [fixed.transpose()?, cooled.transpose()?];
        let whole = |time: jiff::Timestamp| jiff::Timestamp::from_second(time.as_second()).unwrap_or(time);
        Ok(both.into_iter().flatten().min().map(whole))
    }
}
