//! What the rules found when a bundle was let in, as the store keeps it beside the bundle's record.

use crate::artifact::Digest;
use crate::error::Result;
use crate::policy::gate::{Gated, document};
use crate::store::{Store, read_bounded};

/// The file among those of a bundle's record.
pub const GATES: &str = "gates.json";
/// Longest that is read, in bytes.
const LONGEST: u64 = 256 << 20;

/// The document: the same findings give the same bytes.
pub fn bytes(gated: &Gated) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(&document(gated)).expect("documents have string keys only");
    bytes.push(b'\n');
    bytes
}

/// What was kept for a bundle; `None` where nothing was.
pub fn kept(store: &Store, bundle: &Digest) -> Result<Option<Vec<u8>>> {
    read_bounded(&store.bundle_folder(bundle).join(GATES), LONGEST)
}
