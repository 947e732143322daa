//! The pull half of the OCI distribution protocol (distribution specification 1.1): several rooms serve repositories under one `/v2/`.
//!
//! In: [`Repository`]s by the name they are served under, from each room. Out: one router over their union, and the strict reading of
//! manifests ([`Document`]) that rooms need when they lock and describe. The serve step puts the union together; rooms declare their
//! repositories and never see the protocol. It never chooses what a client gets by `Accept`, never follows the `urls` of a layer, serves
//! a blob only under a repository that has it, and where two rooms hold different things under one name it serves neither of them.

mod address;
mod answer;
mod document;
mod made;
mod platform;
mod registry;
mod repository;
#[cfg(test)]
mod tests;
mod unambiguous;

pub(super) use answer::refused;

pub use address::{is_name, served_name};
pub use document::{Document, Entry, INDEX, MANIFEST, Shape, is_manifest, is_schema_1, read};
pub use platform::Platform;
pub use registry::{ROOT, Registry};
pub use repository::{Referrer, Repository};
