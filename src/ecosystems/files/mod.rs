#![doc = include_str!("README.md")]

mod describe;
mod examine;
#[cfg(feature = "upstream")]
mod lock;
mod serve;
#[cfg(test)]
mod tests;

use super::{Ecosystem, Mirror, Snippet};
use crate::artifact::{Artifact, Blobs, Description};
use crate::error::{Error, Result};
use crate::report::Component;
use crate::store::Shelf;
use axum::Router;
use serde::Deserialize;

/// The room for plain files.
pub struct Files;

/// `[files.NAME]`: one file, or several as `items`.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(not(feature = "upstream"), allow(dead_code, reason = "only locking reads it"))]
struct FilesSection {
    /// Where the file is.
    url: Option<String>,
    /// Its SHA-256, 64 lower-case hex digits. Without it the file is downloaded and hashed when the manifest is locked.
    sha256: Option<String>,
    /// The path it is served under; by default the section's name and the last part of the URL.
    path: Option<String>,
    /// Its version, for people and for `diff`.
    version: Option<String>,
    /// Other places that have the same bytes.
    #[serde(default)]
    mirrors: Vec<String>,
    /// Several files.
    #[serde(default)]
    items: Vec<FileItem>,
}

/// One file of a section.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(not(feature = "upstream"), allow(dead_code, reason = "only locking reads it"))]
struct FileItem {
    /// Where the file is.
    url: String,
    /// Its SHA-256, 64 lower-case hex digits.
    sha256: Option<String>,
    /// The path it is served under; by default the section's name and the last part of the URL.
    path: Option<String>,
    /// Its version.
    version: Option<String>,
    /// Other places that have the same bytes.
    #[serde(default)]
    mirrors: Vec<String>,
}

impl Ecosystem for Files {
    fn name(&self) -> &'static str {
        "files"
    }

    fn section_schema(&self) -> schemars::Schema {
        schemars::schema_for!(FilesSection)
    }

    #[cfg(feature = "upstream")]
    fn lock<'a>(&'a self, request: super::LockRequest<'a>) -> futures::future::BoxFuture<'a, Result<super::Locked>> {
        Box::pin(lock::lock(request))
    }

    #[cfg(feature = "upstream")]
    fn check_together(&self, artifacts: &[&Artifact]) -> Result<()> {
        lock::check_together(artifacts)
    }

    /// Only the path counts, which the lock has checked; a file is one blob.
    fn check(&self, artifact: &Artifact) -> Result<()> {
        match &artifact.descriptors[..] {
            [_] => Ok(()),
            more => Err(Error::verification(format!("{}: a file is one blob", artifact.label())).with("found", more.len())),
        }
    }

    fn serve(&self, shelf: Shelf) -> Router {
        serve::router(shelf)
    }

    fn describe(&self, artifact: &Artifact, _: &dyn Blobs) -> Result<Description> {
        Ok(describe::describe(artifact))
    }

    fn examine(&self, artifact: &Artifact, blobs: &dyn Blobs) -> Result<Component> {
        examine::examine(artifact, blobs)
    }

    fn client_config(&self, mirror: &Mirror) -> Vec<Snippet> {
        let ca = if mirror.own_ca { " --cacert ca.pem" } else { "" };
        let text = format!(
            "# goes on after a break; the list of files is at the same address without a name\ncurl{ca} -fLO -C - {}/files/{}/PATH\n",
            mirror.base, mirror.view
        );
        vec![Snippet { client: "curl", place: "shell".to_owned(), text }]
    }
}
