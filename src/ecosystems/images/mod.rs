#![cfg_attr(not(feature = "upstream"), allow(dead_code, reason = "without the connected side, sections are only described to editors"))]
#![doc = include_str!("README.md")]
//!
//! # In the code
//!
//! In: an `[images.NAME]` section, or a shelf. Out: one artifact for each repository and tag (or digest), one for each referrer and each
//! tag of cosign, and repositories of them for [`crate::server::oci`]. Manifests are blobs like any other: their exact bytes are carried
//! and served, never written again. Called through [`Ecosystem`] only. It never follows the `urls` of a layer.

#[cfg(feature = "upstream")]
mod answer;
#[cfg(feature = "upstream")]
mod attached;
mod client;
mod describe;
mod examine;
mod inside;
#[cfg(feature = "upstream")]
mod lock;
mod meta;
#[cfg(feature = "upstream")]
mod reference;
mod scan;
mod section;
mod serve;
#[cfg(test)]
mod tests;
#[cfg(feature = "upstream")]
mod together;
#[cfg(feature = "upstream")]
mod tree;

use super::{Ecosystem, Mirror, Snippet, cosign};
use crate::artifact::{Artifact, BlobRead, Blobs, Description, Descriptor, Release};
use crate::error::Result;
use crate::publisher::{Looked, UpstreamKey};
use crate::report::Component;
use crate::scan::Findings;
use crate::server::oci::Repository;
use crate::store::Shelf;
use std::collections::BTreeMap;
#[cfg(feature = "upstream")]
use {
    super::{LockRequest, Locked, Want, WantKind},
    crate::upstream::{Body, Failure, Part, Upstream, oci},
    futures::future::BoxFuture,
    serde::Deserialize,
};

/// The room's name.
const NAME: &str = "images";

/// The room for container images and other OCI artifacts.
pub struct Images;

impl Ecosystem for Images {
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
    fn answers(&self, kind: WantKind) -> bool {
        kind == WantKind::ContainerImage
    }

    #[cfg(feature = "upstream")]
    fn answer<'a>(&'a self, request: LockRequest<'a>, wants: &'a [Want]) -> BoxFuture<'a, Result<Locked>> {
        Box::pin(answer::answer(request, wants))
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
        _: &'a Artifact,
        blob: &'a Descriptor,
        origin: &'a str,
        part: &'a Part,
        upstream: &'a Upstream,
    ) -> BoxFuture<'a, std::result::Result<Body, Failure>> {
        Box::pin(oci::fetch(upstream, blob, origin, part))
    }

    fn check(&self, artifact: &Artifact) -> Result<()> {
        meta::Meta::of(artifact).map(drop)
    }

    fn repositories(&self, content: &Shelf) -> BTreeMap<String, Repository> {
        serve::repositories(content)
    }

    fn is_registry(&self) -> bool {
        true
    }

    fn describe(&self, artifact: &Artifact, blobs: &dyn Blobs) -> Result<Description> {
        describe::describe(artifact, blobs)
    }

    fn release(&self, artifact: &Artifact) -> Release {
        describe::release(artifact)
    }

    fn stands_beside(&self, artifact: &Artifact) -> bool {
        meta::Meta::of(artifact).is_ok_and(|meta| meta.role != meta::Role::Image)
    }

    fn signed(&self, artifact: &Artifact, beside: &[&Artifact], keys: &[&UpstreamKey], blobs: &dyn Blobs) -> Result<Looked> {
        // What the room refuses has no repository that a signature could name.
        match meta::Meta::of(artifact) {
            Ok(meta) => cosign::look(&artifact.descriptors[0], &meta.repository, beside, keys, blobs),
            Err(error) => Ok(Looked::nothing(error.message())),
        }
    }

    fn examine(&self, artifact: &Artifact, blobs: &dyn Blobs) -> Result<Component> {
        examine::examine(artifact, blobs)
    }

    fn scan_blob(&self, artifact: &Artifact, blob: &Descriptor, bytes: &mut dyn BlobRead, found: &mut Findings) -> Result<()> {
        scan::blob(artifact, blob, bytes, found)
    }

    fn scan_artifact(&self, artifact: &Artifact, blobs: &dyn Blobs, found: &mut Findings) -> Result<()> {
        scan::whole(artifact, blobs, found)
    }

    fn client_config(&self, mirror: &Mirror) -> Vec<Snippet> {
        client::snippets(mirror)
    }
}
