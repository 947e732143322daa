//! What was carried back from a receiver: an inventory, or the receipt of an import.

use super::Site;
use crate::artifact::{Artifact, Digest};
use crate::bundle::BaseRef;
use crate::error::{Error, Kind, Result};
use crate::log::{HostInventory, Receipt, VerifierKey, kind};
use crate::store::Store;

/// A receiver by its inventory. What it lists is looked up among what was packed and fetched here.
pub fn by_inventory(bytes: &[u8], key: Option<&VerifierKey>, store: &Store) -> Result<Site> {
    let (inventory, id) = HostInventory::parse(bytes, key)?;
    let mut known: Vec<Artifact> = Vec::new();
    for sent in store.sent()? {
        known.extend(store.lock_sent(&sent)?.artifacts);
    }
    known.extend(store.held()?.into_iter().flat_map(|lock| lock.artifacts));
    let base = BaseRef::Inventory { id, site: inventory.key.name().to_owned(), snapshot: inventory.snapshot };
    Ok(Site::with_inventory(base, inventory.starts, known))
}

/// A receiver by the receipt that it installed a bundle, which was packed here.
pub fn by_receipt(bytes: &[u8], key: Option<&VerifierKey>, store: &Store) -> Result<Site> {
    let receipt = Receipt::parse(bytes)?;
    let event = match key {
        Some(key) => receipt.verify(key)?.0,
        None => receipt.unverified()?,
    };
    let bundle = event.subjects.iter().find(|subject| subject.what == "bundle").and_then(|subject| subject.digest);
    let bundle: Digest = bundle.filter(|_| event.kind == kind::IMPORT).ok_or_else(|| {
        Error::usage("the receipt is not of an import").with("found", &event.kind).hint("the inside keeps them in its store: log/receipts/")
    })?;
    let unknown = || {
        Error::new(Kind::Incomplete, "the receipt is of a bundle that is not remembered here")
            .with("bundle", bundle)
            .hint("give the bundle itself with --base, or an inventory: airlift inventory")
    };
    let sent = store.sent()?.into_iter().find(|sent| sent.id == bundle).ok_or_else(unknown)?;
    let mut site = Site::default();
    site.add(&store.lock_sent(&sent)?, (sent.id, sent.epoch, sent.seq));
    Ok(site)
}
