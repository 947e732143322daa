//! The room for Python packages: wheels and source distributions from simple repositories (PEP 503, PEP 691).
//!
//! In: a `[python.NAME]` section (connected side), a shelf of locked files (inside). Out: one artifact a file with its digest and size,
//! found by uv's resolver in the nested package `resolve` for targets given as data; a simple index for pip, uv, poetry and pdm;
//! descriptions with licences from METADATA; client snippets. The registration slice calls it, nothing else. It never runs Python,
//! never builds a source distribution, never looks at the machine it runs on, and writes nothing outside the resolver's cache.
#![doc = include_str!("README.md")]
#![allow(clippy::doc_markdown, reason = "the README is for people who read PyPI as a name")]

mod attestation;
mod cache;
mod client;
mod describe;
mod examine;
mod filename;
mod format;
#[cfg(feature = "upstream")]
mod links;
#[cfg(feature = "upstream")]
mod lock;
mod page;
mod pages;
mod scan;
mod section;
mod serve;
#[cfg(test)]
mod tests;
mod version;
mod wheel;

use super::{Ecosystem, Mirror, Snippet};
use crate::artifact::{Artifact, BlobRead, Blobs, Description, Descriptor, Release};
use crate::error::Result;
use crate::publisher::{Looked, UpstreamKey};
use crate::report::Component;
use crate::scan::Findings;
use crate::store::Shelf;
use axum::Router;
pub use section::PythonSection;

/// The room for Python packages.
pub struct Python;

impl Ecosystem for Python {
    fn name(&self) -> &'static str {
        "python"
    }

    fn section_schema(&self) -> schemars::Schema {
        schemars::schema_for!(PythonSection)
    }

    #[cfg(feature = "upstream")]
    fn lock<'a>(&'a self, request: super::LockRequest<'a>) -> futures::future::BoxFuture<'a, Result<super::Locked>> {
        Box::pin(lock::lock(request))
    }

    #[cfg(feature = "upstream")]
    fn unite(&self, first: &serde_json::Value, second: &serde_json::Value) -> Option<serde_json::Value> {
        let read = |value: &serde_json::Value| serde_json::from_value::<format::Meta>(value.clone()).ok();
        let united = read(first)?.unite(&read(second)?)?;
        serde_json::to_value(united).ok()
    }

    fn check(&self, artifact: &Artifact) -> Result<()> {
        format::Entry::read(artifact).map(drop)
    }

    fn serve(&self, stock: Shelf) -> Router {
        serve::router(&stock)
    }

    fn describe(&self, artifact: &Artifact, blobs: &dyn Blobs) -> Result<Description> {
        describe::describe(artifact, blobs)
    }

    fn release(&self, artifact: &Artifact) -> Release {
        describe::release(artifact)
    }

    fn signed(&self, artifact: &Artifact, _: &[&Artifact], keys: &[&UpstreamKey], blobs: &dyn Blobs) -> Result<Looked> {
        attestation::look(artifact, keys, blobs)
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
