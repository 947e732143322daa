#![cfg_attr(not(feature = "upstream"), allow(dead_code, reason = "without the connected side, sections are only described to editors"))]
#![doc = include_str!("README.md")]
//!
//! # In the code
//!
//! In: a `[conda.NAME]` section, or a shelf. Out: one artifact for each package archive with its record as the channel had it, and
//! channels made of these records. Called through [`Ecosystem`] only. It never unpacks or runs a package, and never looks at the machine
//! it runs on: what a solve is told comes from the target.

mod catalog;
mod client;
mod describe;
mod examine;
mod index;
mod list;
#[cfg(feature = "upstream")]
mod lock;
mod made;
mod meta;
mod msgpack;
mod package;
mod route;
mod scan;
mod section;
mod serve;
#[cfg(test)]
mod tests;
#[cfg(feature = "upstream")]
mod together;

use super::{Ecosystem, Mirror, Snippet};
use crate::artifact::{Artifact, BlobRead, Blobs, Description, Descriptor, Release};
use crate::error::Result;
use crate::report::Component;
use crate::scan::Findings;
use crate::store::Shelf;
use axum::Router;
#[cfg(feature = "upstream")]
use {
    super::{LockRequest, Locked},
    futures::future::BoxFuture,
};

/// The room's name.
const NAME: &str = "conda";

/// The room for packages of Conda channels.
pub struct Conda;

impl Ecosystem for Conda {
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
        together::unite(first, second)
    }

    #[cfg(feature = "upstream")]
    fn check_together(&self, artifacts: &[&Artifact]) -> Result<()> {
        together::check(artifacts)
    }

    fn check(&self, artifact: &Artifact) -> Result<()> {
        meta::Meta::of(artifact).map(drop)
    }

    fn serve(&self, shelf: Shelf) -> Router {
        serve::router(&shelf)
    }

    /// conda puts the token behind host and port where it knows a channel by its address only, and before the channel's name where it
    /// knows the alias (`Channel.from_url`, `Channel.url`).
    fn takes_tokens_in_front(&self) -> bool {
        true
    }

    fn describe(&self, artifact: &Artifact, blobs: &dyn Blobs) -> Result<Description> {
        describe::describe(artifact, blobs)
    }

    fn release(&self, artifact: &Artifact) -> Release {
        describe::release(artifact)
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
