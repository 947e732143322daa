//! For whom a bundle is packed, and how small: the options of pack and build.

use crate::bundle::{MAX_REQUEST_BYTES, Request};
use crate::cli::Context;
use crate::error::{Error, Result, shown};
use crate::steps::delta::{Profile, Shape, Site};
use crate::steps::verify::open_partly;
use crate::store::{Store, read_bounded};
use clap::Args;
use std::path::{Path, PathBuf};

/// For whom a bundle is, and how small it should be.
#[derive(Debug, Clone, Default, Args)]
pub struct Shaping {
    /// What a receiver has: a bundle, or a folder of several. Given more than once, each is a receiver, and what all of them have is left out
    #[arg(long, value_name = "BUNDLE")]
    pub base: Vec<PathBuf>,
    /// Blobs that a receiver asks for once more, as `airlift plan --request` writes them
    #[arg(long, value_name = "FILE", requires = "base")]
    pub request: Option<PathBuf>,
    /// Recode everything: smaller, and slower to pack and to import
    #[arg(long, conflicts_with = "fast")]
    pub small: bool,
    /// Leave out what the receivers have, and recode nothing
    #[arg(long, requires = "base")]
    pub fast: bool,
}

impl Shaping {
    /// What was asked for.
    pub fn shape(&self, store: &Store, context: &Context) -> Result<Shape> {
        let profile = match (self.small, self.fast) {
            (true, _) => Profile::Small,
            (_, true) => Profile::Fast,
            _ => Profile::Default,
        };
        let sites = self.base.iter().map(|place| site(place, store, context)).collect::<Result<Vec<_>>>()?;
        let request = self.request.as_deref().map(request).transpose()?.unwrap_or_default();
        Ok(Shape { sites, profile, request })
    }
}

/// What one receiver has.
fn site(place: &Path, store: &Store, context: &Context) -> Result<Site> {
    let root = context.accepted_root(store)?;
    let (bundles, mut refused) = open_partly(&[place.to_owned()], &root)?;
    match refused.is_empty() {
        true => Ok(Site::with_bundles(&bundles)),
        false => Err(refused.remove(0).with("base", shown(place))),
    }
}

/// Reads a request.
fn request(path: &Path) -> Result<Request> {
    let missing = || Error::usage(format!("{}: there is no such request", shown(path)));
    let bytes = read_bounded(path, MAX_REQUEST_BYTES)?.ok_or_else(missing)?;
    Request::parse(&String::from_utf8_lossy(&bytes)).map_err(|e| e.about(shown(path)))
}
