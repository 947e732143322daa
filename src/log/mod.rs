//! The event log (`docs/formats/log.md`): what was changed on this host, in an order nobody can alter unseen.
//!
//! In: [`Draft`]s of the steps, under the store's writer lock. Out: one canonical line an event, the leaves of a Merkle tree (RFC 6962);
//! after each a checkpoint (C2SP `tlog-checkpoint`), signed with a key of the log's own; receipts that verify alone. Every step that
//! changes a store says so first, through a [`Journal`]: what cannot be logged is not done. The log holds pseudonyms; names lie beside it
//! and can be erased. It never asks a clock, a network or the environment, never removes an event, and reads its events as a stream.

mod check;
mod checkpoint;
mod cosign;
mod event;
mod export;
mod folder;
mod format;
mod identities;
mod inventory;
mod journal;
mod key;
mod merkle;
mod note;
mod receipt;
#[cfg(test)]
mod tests;
pub mod witnessed;

pub use check::{Checked, Remembered};
pub use checkpoint::{Checkpoint, read_paper};
pub use cosign::{CHECKPOINT, Cosignature, cosign, cosignature_name, cosignatures};
pub use event::{Clock, Draft, Event, Item, MAX_ITEMS, MAX_LINE_BYTES, Pointer, kind};
pub use export::{Form, shown};
pub use folder::EventLog;
pub use format::{line as event_line, parse as parse_event};
pub use identities::Identities;
pub use inventory::{Held, HostInventory, MAX_INVENTORY_BYTES, start};
pub use journal::{Journal, Scribe};
pub use key::LogKey;
pub use merkle::{RangeRoots, Tree, consistency_ranges, inclusion_ranges, leaf_hash, node_hash, verify_consistency, verify_inclusion};
pub use note::{Note, VerifierKey};
pub use receipt::{Growth, MAX_PROOF_BYTES, Receipt};
