//! The store (`docs/formats/store.md`): a directory of blobs by digest, accepted bundles, and numbered snapshots.
//!
//! In: blobs (checked while they are written), accepted bundle heads, snapshots. Out: blobs, the current [`Snapshot`], [`Shelf`]s for
//! the server. Many processes may read; one [`Writer`] at a time holds the lock. Every change becomes visible by one atomic rename of
//! `current`, so that a store opens after a kill at any instant with the old or the new snapshot. It never interprets `meta`, never
//! talks to a network, and never deletes what a snapshot, a held lock, a reader's lease or a bundle that waits for its volumes still names.

mod blobs;
mod direct;
mod files;
mod format;
mod held;
mod intake;
mod layout;
mod lease;
mod packed;
mod prune;
mod record;
mod scratch;
mod scrub;
mod sent;
mod shelf;
mod snapshot;
mod space;
mod stretch;
mod waiting;

pub use blobs::StoredBlob;
pub use direct::DirectFile;
pub use files::{create_folder, read_bounded, remove, sync_folder, write_atomic, write_named};
pub use layout::{Store, Writer};
pub use lease::Lease;
pub use packed::LastPacked;
pub use prune::Pruned;
pub use scratch::unnamed;
pub use scrub::{Fault, Scrubbed};
pub use sent::Sent;
pub use shelf::{Shelf, View};
pub use snapshot::{Installed, Snapshot, Staged};
pub use space::{check_space, free_space, shortage_of, shortfall};
pub use stretch::Stretch;
pub use waiting::Waiting;
