#![cfg_attr(not(feature = "upstream"), allow(dead_code, reason = "without the connected side, sections are only described to editors"))]
#![doc = include_str!("README.md")]
//!
//! # In the code
//!
//! In: a `[charts.NAME]` section, or a shelf. Out: one artifact for each chart, the images it uses as wants for the room that carries
//! images, and the charts as a classic repository and in the mirror's registry. Called through [`Ecosystem`] only. It never runs Helm,
//! never changes an archive, never carries an image itself, and never passes over in silence what it could not render.

#[cfg(feature = "upstream")]
pub mod archive;
mod catalog;
#[cfg(feature = "upstream")]
pub mod chart;
mod client;
mod describe;
mod examine;
#[cfg(feature = "upstream")]
mod functions;
#[cfg(feature = "upstream")]
mod images;
#[cfg(feature = "upstream")]
mod index;
#[cfg(feature = "upstream")]
mod lock;
mod meta;
mod metadata;
#[cfg(feature = "upstream")]
mod oci;
#[cfg(feature = "upstream")]
mod package;
mod place;
mod precedence;
#[cfg_attr(not(feature = "upstream"), allow(dead_code, reason = "only locking compares the file with the archive that it learns"))]
mod provenance;
mod redirects;
mod registry;
#[cfg(feature = "upstream")]
pub mod render;
#[cfg(feature = "upstream")]
mod repository;
#[cfg(feature = "upstream")]
mod resolve;
mod scan;
#[cfg(feature = "upstream")]
mod schema;
mod section;
mod serve;
mod signed;
#[cfg(feature = "upstream")]
mod template;
#[cfg(test)]
mod tests;
#[cfg(feature = "upstream")]
mod together;
#[cfg(feature = "upstream")]
pub mod values;
#[cfg(feature = "upstream")]
mod ways;
#[cfg(feature = "upstream")]
pub mod yaml;

use super::{Ecosystem, Mirror, Snippet};
use crate::artifact::{Artifact, BlobRead, Blobs, Description, Descriptor, Release};
use crate::error::Result;
use crate::publisher::{Looked, UpstreamKey};
use crate::report::Component;
use crate::scan::Findings;
use crate::server::oci::Repository;
use crate::store::Shelf;
use axum::Router;
use std::collections::BTreeMap;
#[cfg(feature = "upstream")]
use {
    super::{LockRequest, Locked},
    crate::upstream::{Body, Failure, Part, Upstream},
    futures::future::BoxFuture,
    serde::Deserialize,
};

/// The room's name.
const NAME: &str = "charts";

/// The room for Helm charts.
pub struct Charts;

/// The images that an archive is found to use when it is installed with its own values: all that the lock step looks at, for a measurement.
#[cfg(feature = "upstream")]
pub fn find_images(archive: &[u8]) -> Result<Vec<String>> {
    let package = package::Package::open(archive)?;
    let subject = package::Subject { package: &package, api_versions: &[], helm_version: "3.18.0" };
    let ways = [images::Way { name: "default".to_owned(), values: serde_json::Map::new() }];
    let found = images::find(&subject, &ways, &[], &section::ImagePolicy::default())?;
    Ok(found.images.into_iter().map(|image| image.reference).collect())
}

impl Ecosystem for Charts {
    fn name(&self) -> &'static str {
        NAME
    }

    fn section_schema(&self) -> schemars::Schema {
        schemars::schema_for!(section::Section)
    }

    #[cfg(feature = "upstream")]
    fn lock<'a>(&'a self, request: LockRequest<'a>) -> BoxFuture<'a, Result<Locked>> {
        Box::pin(lock::lock(request))
    }

    #[cfg(feature = "upstream")]
    fn unite(&self, first: &serde_json::Value, second: &serde_json::Value) -> Option<serde_json::Value> {
        let read = |value: &serde_json::Value| meta::Meta::deserialize(value).ok();
        read(first)?.united(read(second)?).map(|meta| meta.to_value())
    }

    #[cfg(feature = "upstream")]
    fn check_together(&self, artifacts: &[&Artifact]) -> Result<()> {
        together::check(artifacts)
    }

    #[cfg(feature = "upstream")]
    fn fetch<'a>(
        &'a self,
        artifact: &'a Artifact,
        blob: &'a Descriptor,
        origin: &'a str,
        part: &'a Part,
        upstream: &'a Upstream,
    ) -> BoxFuture<'a, std::result::Result<Body, Failure>> {
        Box::pin(oci::fetch(artifact, blob, origin, part, upstream))
    }

    fn check(&self, artifact: &Artifact) -> Result<()> {
        meta::Meta::of(artifact).map(drop)
    }

    fn serve(&self, shelf: Shelf) -> Router {
        serve::router(shelf)
    }

    fn repositories(&self, shelf: &Shelf) -> BTreeMap<String, Repository> {
        registry::repositories(shelf)
    }

    fn describe(&self, artifact: &Artifact, _: &dyn Blobs) -> Result<Description> {
        describe::describe(artifact)
    }

    fn release(&self, artifact: &Artifact) -> Release {
        describe::release(artifact)
    }

    fn signed(&self, artifact: &Artifact, _: &[&Artifact], keys: &[&UpstreamKey], blobs: &dyn Blobs) -> Result<Looked> {
        signed::look(artifact, keys, blobs)
    }

    fn examine(&self, artifact: &Artifact, blobs: &dyn Blobs) -> Result<Component> {
        examine::examine(artifact, blobs)
    }

    fn scan_blob(&self, artifact: &Artifact, blob: &Descriptor, bytes: &mut dyn BlobRead, found: &mut Findings) -> Result<()> {
        scan::blob(artifact, blob, bytes, found)
    }

    fn client_config(&self, mirror: &Mirror) -> Vec<Snippet> {
        client::snippets(mirror)
    }

    fn carried_config(&self, mirror: &Mirror, shelf: &Shelf) -> Vec<Snippet> {
        client::values(mirror, shelf)
    }
}
