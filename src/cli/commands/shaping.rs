//! For whom a bundle is packed, and how small: the options of pack and build.

use crate::bundle::{MAX_REQUEST_BYTES, Request};
use crate::cli::Context;
use crate::error::{Error, Result, shown};
use crate::log::{HostInventory, MAX_INVENTORY_BYTES, VerifierKey};
use crate::steps::delta::{Profile, Shape, Site};
use crate::steps::delta::{by_inventory, by_receipt};
use crate::steps::verify::open_partly;
use crate::store::{Store, read_bounded};
use clap::Args;
use std::path::{Path, PathBuf};

/// For whom a bundle is, and how small it should be.
#[derive(Debug, Clone, Default, Args)]
pub struct Shaping {
    /// What a receiver has: a bundle, a folder of several, the receipt of an import, or an inventory. Given more than once, each is a receiver, and what all of them have is left out
    #[arg(long, value_name = "FILE|DIR")]
    pub base: Vec<PathBuf>,
    /// Blobs that a receiver asks for once more, as `airlift plan --request` writes them
    #[arg(long, value_name = "FILE", requires = "base")]
    pub request: Option<PathBuf>,
    /// The verifier key of the host whose inventories and receipts are given [default: any]
    #[arg(long, value_name = "KEY", requires = "base")]
    pub base_key: Option<String>,
    /// Recode everything: smaller, and slower to pack and to import
    #[arg(long, conflicts_with = "fast")]
    pub small: bool,
    /// Leave out what the receivers have, and recode nothing
    #[arg(long, requires = "base")]
    pub fast: bool,
}

impl Shaping {
    /// Whether nothing was asked for.
    pub fn is_none(&self) -> bool {
        self.base.is_empty() && self.request.is_none() && !self.small && !self.fast
    }

    /// What was asked for.
    pub fn shape(&self, store: &Store, context: &Context) -> Result<Shape> {
        let profile = match (self.small, self.fast) {
            (true, _) => Profile::Small,
            (_, true) => Profile::Fast,
            _ => Profile::Default,
        };
        let key = self.base_key.as_deref().map(VerifierKey::parse).transpose()?;
        let sites = self.base.iter().map(|place| site(place, key.as_ref(), store, context)).collect::<Result<Vec<_>>>()?;
        let request = self.request.as_deref().map(request).transpose()?.unwrap_or_default();
        Ok(Shape { sites, profile, request, ..Shape::default() })
    }
}

/// What one receiver has.
fn site(place: &Path, key: Option<&VerifierKey>, store: &Store, context: &Context) -> Result<Site> {
    if let Some(bytes) = small(place)? {
        if HostInventory::is_one(&bytes) {
            return by_inventory(&bytes, key, store).map_err(|e| e.about(shown(place)));
        }
        if bytes.starts_with(b"c2sp.org/tlog-proof") {
            return by_receipt(&bytes, key, store).map_err(|e| e.about(shown(place)));
        }
    }
    let root = context.accepted_root(store)?;
    let (bundles, mut refused) = open_partly(&[place.to_owned()], &root)?;
    match refused.is_empty() {
        true => Ok(Site::with_bundles(&bundles)),
        false => Err(refused.remove(0).with("base", shown(place))),
    }
}

/// A file that is no bundle, for one begins with its statement and is longer than this.
fn small(place: &Path) -> Result<Option<Vec<u8>>> {
    let volume = place.extension().is_some_and(|ending| ending == "airlift");
    if volume || !place.is_file() { Ok(None) } else { read_bounded(place, MAX_INVENTORY_BYTES) }
}

/// Reads a request.
fn request(path: &Path) -> Result<Request> {
    let missing = || Error::usage(format!("{}: there is no such request", shown(path)));
    let bytes = read_bounded(path, MAX_REQUEST_BYTES)?.ok_or_else(missing)?;
    Request::parse(&String::from_utf8_lossy(&bytes)).map_err(|e| e.about(shown(path)))
}
