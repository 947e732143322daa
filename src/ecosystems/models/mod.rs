#![cfg_attr(not(feature = "upstream"), allow(dead_code, reason = "without the connected side, sections are only described to editors"))]
#![doc = include_str!("README.md")]
//!
//! # In the code
//!
//! In: a `[models.NAME]` section, or a shelf. Out: one artifact for each commit of a repository, its files named blobs, and the reading
//! half of the hub's protocol over them; and repositories for [`crate::server::oci`], with each commit as a ModelPack. Called through [`Ecosystem`] only. It never runs or loads what a repository holds, never lists
//! a file that is not carried, and never sends a client to the hub's own chunk store.

#[cfg(feature = "upstream")]
mod card;
mod carried;
mod catalog;
mod chunks;
mod client;
#[cfg(feature = "upstream")]
mod commit;
mod describe;
mod document;
mod examine;
#[cfg(feature = "upstream")]
mod fetch;
mod format;
mod front_matter;
mod git;
#[cfg(feature = "upstream")]
mod hub;
#[cfg(feature = "upstream")]
mod lock;
#[cfg(feature = "upstream")]
mod look;
mod meta;
#[cfg(feature = "upstream")]
mod named;
mod pack;
#[cfg(feature = "upstream")]
mod pattern;
mod pickle;
#[cfg(feature = "upstream")]
mod plain;
#[cfg(feature = "upstream")]
mod reference;
#[cfg(feature = "upstream")]
mod registry;
mod route;
mod scan;
mod section;
mod serve;
#[cfg(test)]
mod tests;
#[cfg(feature = "upstream")]
mod together;
mod weights;
mod words;
mod xet;

use super::{Ecosystem, Mirror, Snippet, cosign};
use crate::artifact::{Artifact, BlobRead, Blobs, Description, Descriptor};
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
const NAME: &str = "models";

/// The room for models and datasets of a hub.
pub struct Models;

/// Whether an artifact may be served.
#[cfg(feature = "upstream")]
fn check(artifact: &Artifact) -> Result<()> {
    Models
        .check(artifact)
        .map_err(|error| error.of_kind(crate::error::Kind::Policy).hint("leave out, with `exclude`, the files that say so"))
}

impl Ecosystem for Models {
    fn name(&self) -> &'static str {
        NAME
    }

    fn section_schema(&self) -> schemars::Schema {
        schemars::schema_for!(section::Section)
    }

    #[cfg(feature = "upstream")]
    fn lock<'a>(&'a self, request: LockRequest<'a>) -> BoxFuture<'a, Result<Locked>> {
        Box::pin(async move {
            let locked = lock::lock(request).await?;
            // What serving would refuse is refused here, where something can be done about it.
            locked.artifacts.iter().try_for_each(check)?;
            Ok(locked)
        })
    }

    #[cfg(feature = "upstream")]
    fn unite(&self, first: &serde_json::Value, second: &serde_json::Value) -> Option<serde_json::Value> {
        if let (Ok(first), Ok(second)) = (carried::Carried::deserialize(first), carried::Carried::deserialize(second)) {
            return first.united(second).map(|meta| meta.to_value());
        }
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
        Box::pin(fetch::fetch(artifact, blob, origin, part, upstream))
    }

    fn check(&self, artifact: &Artifact) -> Result<()> {
        if carried::Carried::is_of(artifact) { carried::Carried::of(artifact).map(drop) } else { meta::Meta::of(artifact).map(drop) }
    }

    fn serve(&self, shelf: Shelf) -> Router {
        serve::router(shelf)
    }

    fn is_question(&self, path: &str) -> bool {
        route::is_question(path)
    }

    fn repositories(&self, shelf: &Shelf) -> BTreeMap<String, Repository> {
        pack::repositories(shelf)
    }

    fn describe(&self, artifact: &Artifact, blobs: &dyn Blobs) -> Result<Description> {
        describe::describe(artifact, blobs)
    }

    fn stands_beside(&self, artifact: &Artifact) -> bool {
        carried::Carried::is_of(artifact) && carried::Carried::of(artifact).is_ok_and(|carried| carried.beside.is_some())
    }

    fn signed(&self, artifact: &Artifact, beside: &[&Artifact], keys: &[&UpstreamKey], blobs: &dyn Blobs) -> Result<Looked> {
        if !carried::Carried::is_of(artifact) {
            return Ok(Looked::nothing("signatures of a hub's repositories are not judged"));
        }
        match carried::Carried::of(artifact) {
            Ok(carried) => cosign::look(&artifact.descriptors[0], &carried.oci, beside, keys, blobs),
            Err(error) => Ok(Looked::nothing(error.message())),
        }
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
}
