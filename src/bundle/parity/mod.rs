//! Parity (`docs/formats/bundle.md`, "Parity"): what lets a set stand lost sectors and lost volumes.
//!
//! In: volumes that are being written or read, and how much of it is wanted. Out: blocks given back, and words about what was damaged.
//! Only `bundle/` calls it. Check values and the code find and mend damage and prove nothing: what was mended counts when it has the
//! BLAKE3 that was signed. Memory is bounded whatever the volumes' length.

mod capsule;
mod code;
mod damage;
mod examine;
mod gather;
mod kept;
mod layout;
mod mender;
mod rebuild;
mod salvage;
mod seal;
mod table;
mod tail;
#[cfg(test)]
mod tests;
mod work;

pub use damage::Damage;
pub use examine::Extent;
pub use gather::{Gathered, absent, gather, salvage};
pub use mender::Mender;
pub use rebuild::{Repaired, repair};
pub use seal::{Target, body, head, seal, spares};
pub use table::{MOST_PERMILLE, ParityTable, Redundancy, ends};
pub use tail::{TAIL, Tail};
