//! What was carried, in the words of those who must account for it: the inventory, and its forms as CycloneDX and SPDX documents.
//!
//! In: artifacts, and the [`Component`] that a room makes of each by reading it. Out: an [`Inventory`], whose components have references
//! of their own, edges that lead to other components where they can be found, and counts of what is known; and its bytes in a
//! [`Format`]. Called by the steps `sbom` and `report`. The same inventory gives the same bytes: nothing here knows a clock, names an
//! ecosystem or rounds up. What was not read is said to be so; what a publisher declared is never shown as something that was seen.

mod attached;
mod component;
pub mod controls;
mod cyclonedx;
mod difference;
pub mod document;
mod identity;
mod inside;
mod inventory;
mod language;
mod licence;
mod lines;
mod linking;
mod links;
mod model;
mod program;
#[cfg(test)]
#[path = "../../tests/it/promises/list.rs"]
pub(crate) mod promises;
mod spdx;
mod spdx3;
#[cfg(test)]
mod tests;
mod who;

pub use crate::artifact::Purl;
pub use attached::{Compared, Listed, MAX_LIST_BYTES, named};
pub use component::{Class, Component, Examined, Part, Requirement};
pub use difference::{Change, Difference};
pub use identity::uuid;
pub use inside::{Database, Inside, Reading, Unseen};
pub use inventory::{Counts, Inventory, Subject, SubjectKind};
pub use language::Language;
pub use licence::{
    Basis, Declared, Licensing, MAX_LICENCE_BYTES, Term, licence_list, normalised, recognised, satisfiable, text_key, without_vaguer,
};
pub use model::{Dataset, Model, Weights};
pub use program::of_program;

use crate::error::{Error, Result};
use std::io::Write;

/// A form of bill of materials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// CycloneDX 1.6 in JSON (ECMA-424).
    CycloneDx,
    /// SPDX 2.3 in JSON.
    Spdx,
    /// SPDX 3.0.1 in JSON-LD.
    Spdx3,
}

impl Format {
    /// Writes an inventory, component by component.
    pub fn write(self, inventory: &Inventory, out: &mut dyn Write) -> Result<()> {
        let written = match self {
            Self::CycloneDx => cyclonedx::write(inventory, out),
            Self::Spdx => spdx::write(inventory, out),
            Self::Spdx3 => spdx3::write(inventory, out),
        };
        written.and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()).map_err(|e| Error::unwritten("the bill of materials", &e))
    }
}
