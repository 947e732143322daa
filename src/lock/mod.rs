//! The lock (`docs/formats/lock.md`): exactly what a manifest means, one artifact a line, canonical bytes.
//!
//! In: artifacts as the rooms resolved them, or the bytes of a lock. Out: a [`Lock`], its canonical bytes, and the [`LockDiff`] of two.
//! A lock read from bytes is refused unless writing it again gives the same bytes, so that one meaning has one digest. Called by the
//! lock, fetch, pack, verify and report steps and by `bundle`. It never resolves, downloads or interprets `meta`.

mod canonical;
mod diff;
mod format;

pub use canonical::canonical;
pub use diff::{Change, LockDiff};
pub use format::{Lock, MAX_LOCK_BYTES};
