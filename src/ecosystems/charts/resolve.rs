//! One chart: its version chosen, its archive here and checked, and what it needs beside it, as `helm dependency build` would find it.

use super::meta::{Dependency, is_version};
use super::package::{Missing, Package, Range};
use super::place::Place;
use super::precedence::{compare, is_pre_release};
use super::repository::{Archive, Listed, Repositories};
use super::section::is_chart_name;
use crate::artifact::Digest;
use crate::error::{Error, Kind, Result};
use futures::future::BoxFuture;
use std::collections::{BTreeMap, BTreeSet};

/// Charts that need charts that need charts: this deep.
const DEEPEST: usize = 8;
/// Most charts that one chart needs, all together.
const MOST_DEPENDENCIES: usize = 100;

/// What is asked for.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// The repository.
    pub place: Place,
    /// The chart.
    pub chart: String,
    /// A version or range.
    pub version: Option<String>,
    /// Whether pre-releases count.
    pub pre_releases: bool,
    /// The digest of the archive.
    pub pinned: Option<Digest>,
}

/// A chart that was found.
pub(super) struct Resolved {
    /// Where.
    pub place: Place,
    /// Its archive.
    pub archive: Archive,
    /// What is in it, with the charts it needs.
    pub package: Package,
    /// The charts it needs that are not in its archive.
    pub dependencies: Vec<Dependency>,
}

impl Resolved {
    /// The chart's name.
    pub(super) fn name(&self) -> &str {
        &self.package.metadata().name
    }

    /// Its version.
    pub(super) fn version(&self) -> &str {
        &self.package.metadata().version
    }
}

/// Everything found on the way to one chart.
pub(super) struct Resolver<'a> {
    /// Where things are asked.
    pub from: &'a Repositories<'a>,
    /// Charts that are needed by the one that was asked for, and not in its archive.
    pub needed: Vec<Resolved>,
    /// What a person should know.
    pub notes: Vec<String>,
    /// Charts without a provenance file, by why there is none.
    pub unproven: BTreeMap<String, BTreeSet<String>>,
    /// The charts whose needs are looked at, outermost first.
    stack: Vec<String>,
}

impl<'a> Resolver<'a> {
    /// With nothing found yet.
    pub(super) fn new(from: &'a Repositories<'a>) -> Self {
        Self { from, needed: vec![], notes: vec![], unproven: BTreeMap::new(), stack: vec![] }
    }

    /// Finds a chart, and all that it needs.
    pub(super) fn resolve<'r>(&'r mut self, asked: &'r Asked) -> BoxFuture<'r, Result<Resolved>> {
        Box::pin(async move {
            let listed = self.choose(asked).await?;
            let archive = self.from.archive(&asked.place, &asked.chart, &listed, asked.pinned).await;
            let archive = archive.map_err(|e| e.about(format!("{} {:.100}", asked.chart, listed.version)))?;
            let package = Package::open(&archive.bytes).map_err(|e| e.about(format!("{} {:.100}", asked.chart, listed.version)))?;
            self.notes.extend(archive.notes.iter().map(|note| format!("{} {}: {note}", asked.chart, listed.version)));
            if let Some(why) = archive.unproven.clone() {
                self.unproven.entry(why).or_default().insert(format!("{} {}", asked.chart, listed.version));
            }
            let mut resolved = Resolved { place: asked.place.clone(), archive, package, dependencies: vec![] };
            agree(&resolved, asked, &listed)?;
            self.complete(&mut resolved).await?;
            Ok(resolved)
        })
    }

    async fn choose(&mut self, asked: &Asked) -> Result<Listed> {
        let exact = asked.version.as_deref().filter(|version| is_exact(version));
        let list = self.from.versions(&asked.place, &asked.chart, exact, &mut self.notes).await?;
        let wanted = asked.version.as_deref().unwrap_or("*");
        let same = |listed: &&Listed| listed.version == wanted || exact.is_some() && bare(&listed.version) == bare(wanted);
        if let Some(found) = list.iter().find(same) {
            return Ok(found.clone());
        }
        let constraint = Range::parse(wanted).map_err(|why| {
            Error::usage(format!("{}: \"{wanted:.100}\" is no version and no range", asked.chart))
                .with("found", why)
                .hint("such as \"^4.2\"")
        })?;
        let fits = |listed: &&Listed| is_version(&listed.version) && constraint.admits(&listed.version, asked.pre_releases);
        if let Some(found) = list.iter().filter(fits).max_by(|a, b| compare(&a.version, &b.version)) {
            return Ok(found.clone());
        }
        let mut known: Vec<&str> = list.iter().map(|listed| listed.version.as_str()).collect();
        known.sort_by(|a, b| compare(b, a));
        let error = Error::new(Kind::Upstream, format!("{}: no version fits {wanted:.100} in {}", asked.chart, asked.place.address()));
        let error = error.with("there is", known.iter().take(10).copied().collect::<Vec<_>>().join(", "));
        let only_pre = !asked.pre_releases && known.iter().all(|version| is_pre_release(version));
        Err(if only_pre { error.hint("there are only pre-releases: pre-releases = true takes them") } else { error })
    }

    /// Finds what a chart needs and does not bring.
    async fn complete(&mut self, resolved: &mut Resolved) -> Result<()> {
        let label = format!("{} {}", resolved.name(), resolved.version());
        if self.stack.contains(&key(resolved)) || self.stack.len() >= DEEPEST {
            let path = self.stack.join(" → ");
            let error = Error::new(Kind::Upstream, format!("{label}: the charts it needs need it in turn, or nest too deeply"));
            return Err(error.with("found", format!("{path} → {}", key(resolved))));
        }
        self.stack.push(key(resolved));
        for needed in resolved.package.missing() {
            let found = self.need(&needed).await.map_err(|e| e.about(format!("{label} needs {}", needed.name)))?;
            let (repository, source) = (found.place.served(), found.place.address());
            let (name, version) = (found.name().to_owned(), found.version().to_owned());
            resolved.dependencies.push(Dependency { repository, source, name, version });
            resolved.package.add(found.package.clone());
            self.needed.push(found);
            if self.needed.len() > MOST_DEPENDENCIES {
                return Err(Error::new(Kind::Upstream, format!("{label}: it needs too many charts")));
            }
        }
        self.stack.pop();
        Ok(())
    }

    async fn need(&mut self, needed: &Missing) -> Result<Resolved> {
        let Missing { name, version, repository } = needed;
        if !is_chart_name(name) {
            return Err(Error::new(Kind::Upstream, "this is no chart's name").with("found", format!("{name:.100}")));
        }
        if repository.is_empty() {
            return Err(Error::new(Kind::Upstream, "it is not in `charts/` of the archive, and no repository is named")
                .hint("the archive is incomplete: whoever publishes it must package it with its dependencies"));
        }
        let place = Place::parse(repository, &self.from.plain_http).map_err(|e| e.of_kind(Kind::Upstream))?;
        let version = Some(version.clone()).filter(|version| !version.is_empty());
        self.resolve(&Asked { place, chart: name.clone(), version, pre_releases: false, pinned: None }).await
    }
}

fn key(resolved: &Resolved) -> String {
    format!("{}/{}", resolved.place.served(), resolved.name())
}

/// A whole version, to be taken as it stands.
fn is_exact(text: &str) -> bool {
    let numbers = bare(text).split(['-', '+']).next().unwrap_or_default();
    numbers.split('.').count() == 3
        && numbers.split('.').all(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        && is_version(text)
}

fn bare(version: &str) -> &str {
    version.strip_prefix('v').unwrap_or(version)
}

/// The archive must hold what was asked for: clients that find something else in it refuse it, or take it for something else.
fn agree(resolved: &Resolved, asked: &Asked, listed: &Listed) -> Result<()> {
    let (name, version) = (resolved.name(), resolved.version());
    if name == asked.chart && is_version(version) && bare(version) == bare(&listed.version) {
        return Ok(());
    }
    Err(Error::verification(format!("{} {:.100}: the archive holds another chart than its repository says", asked.chart, listed.version))
        .with("expected", format!("{} {:.100}", asked.chart, listed.version))
        .with("found", format!("{name:.100} {version:.100}")))
}
