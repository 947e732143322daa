//! Plain files: anything that has a URL (installers, archives, documents).

use super::{Ecosystem, Mirror, Snippet};
use crate::artifact::{Artifact, Blobs, Description};
use crate::error::{Error, Result};
use crate::store::Shelf;
use axum::Router;

/// The room for plain files.
pub struct Files;

impl Ecosystem for Files {
    fn name(&self) -> &'static str {
        "files"
    }
    fn section_schema(&self) -> schemars::Schema {
        schemars::Schema::default()
    }
    #[cfg(feature = "upstream")]
    fn lock<'a>(&'a self, _: super::LockRequest<'a>) -> futures::future::BoxFuture<'a, Result<super::Locked>> {
        Box::pin(async { Err(Error::failed("")) })
    }
    fn serve(&self, _: Shelf) -> Router {
        Router::new()
    }
    fn describe(&self, _: &Artifact, _: &dyn Blobs) -> Result<Description> {
        Err(Error::failed(""))
    }
    fn client_config(&self, _: &Mirror) -> Vec<Snippet> {
        vec![]
    }
}
