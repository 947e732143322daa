#![doc = include_str!("README.md")]

mod client;
#[cfg_attr(not(feature = "upstream"), allow(dead_code, reason = "only locking looks into an archive"))]
mod database;
mod examine;
#[cfg(feature = "upstream")]
mod lock;
mod meta;
#[cfg(feature = "upstream")]
mod published;
mod serve;
#[cfg(test)]
mod tests;

use super::{Ecosystem, Mirror, Snippet};
use crate::advisories::Evidence;
use crate::artifact::{Artifact, Blobs, Description};
use crate::error::Result;
use crate::report::Component;
use crate::server::oci::Repository;
use crate::store::Shelf;
use axum::Router;
use meta::Meta;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The room for advisories, and for what is said about them.
pub struct Advisories;

/// `[advisories.NAME]`.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(not(feature = "upstream"), allow(dead_code, reason = "only locking reads it"))]
struct AdvisoriesSection {
    /// The ecosystems whose advisories are carried, in OSV's words and without release: `PyPI`, `npm`, `Debian`.
    #[serde(default)]
    ecosystems: Vec<String>,
    /// Where the archive of an ecosystem is, with `{ecosystem}` in the place of its name; by default, OSV's own publication.
    source: Option<String>,
    /// Whether only the records that concern packages of this lock are carried, with those they are aliases of.
    #[serde(default)]
    only_locked: bool,
    /// Where CISA's list of vulnerabilities that are known to be exploited is (JSON).
    exploited: Option<String>,
    /// Where FIRST's table of how likely vulnerabilities are to be exploited is (EPSS; CSV, packed with gzip or not).
    likelihood: Option<String>,
    /// Where documents are that say what does not apply (VEX): OpenVEX or CycloneDX.
    #[serde(default)]
    statements: Vec<String>,
    /// Databases of trivy, as references to what a registry has: `ghcr.io/aquasecurity/trivy-db:2`, `ghcr.io/aquasecurity/trivy-java-db:1`.
    #[serde(default)]
    trivy: Vec<String>,
    /// Where the listing of grype's newest database is (`…/databases/v6/latest.json`); the archive that it names lies beside it.
    grype: Option<String>,
}

impl Ecosystem for Advisories {
    fn name(&self) -> &'static str {
        "advisories"
    }

    fn section_schema(&self) -> schemars::Schema {
        schemars::schema_for!(AdvisoriesSection)
    }

    #[cfg(feature = "upstream")]
    fn lock<'a>(&'a self, request: super::LockRequest<'a>) -> futures::future::BoxFuture<'a, Result<super::Locked>> {
        Box::pin(lock::lock(request))
    }

    #[cfg(feature = "upstream")]
    fn waits(&self, section: &crate::manifest::Section) -> bool {
        section.parse::<AdvisoriesSection>().is_ok_and(|section| section.only_locked)
    }

    #[cfg(feature = "upstream")]
    fn fetch<'a>(
        &'a self,
        artifact: &'a Artifact,
        blob: &'a crate::artifact::Descriptor,
        origin: &'a str,
        part: &'a crate::upstream::Part,
        upstream: &'a crate::upstream::Upstream,
    ) -> futures::future::BoxFuture<'a, std::result::Result<crate::upstream::Body, crate::upstream::Failure>> {
        Box::pin(lock::fetch(artifact, blob, origin, part, upstream))
    }

    fn check(&self, artifact: &Artifact) -> Result<()> {
        Meta::of(artifact).map(drop)
    }

    fn serve(&self, shelf: Shelf) -> Router {
        serve::router(shelf)
    }

    fn repositories(&self, shelf: &Shelf) -> BTreeMap<String, Repository> {
        serve::repositories(shelf)
    }

    fn describe(&self, artifact: &Artifact, _: &dyn Blobs) -> Result<Description> {
        Ok(examine::describe(artifact))
    }

    fn examine(&self, artifact: &Artifact, blobs: &dyn Blobs) -> Result<Component> {
        examine::examine(artifact, blobs)
    }

    fn evidence(&self, artifact: &Artifact) -> Option<Evidence> {
        Meta::of(artifact).ok().map(|meta| meta.evidence(artifact))
    }

    fn client_config(&self, mirror: &Mirror) -> Vec<Snippet> {
        client::usual(mirror)
    }

    fn carried_config(&self, mirror: &Mirror, shelf: &Shelf) -> Vec<Snippet> {
        client::carried(mirror, shelf)
    }
}
