//! What carried and installed things show to those who audit them: the catalogue of evidence, control packs, tables, OSCAL, and the
//! folder a third party gets (`docs/formats/evidence.md`).
//!
//! In: which evidence there is of one subject, each with the file it lies in ([`Gathered`]); the packs, which are data in `packs/`. Out:
//! rows whose status follows from the evidence alone ([`Assessed`]), as Markdown, CSV, JSON and OSCAL. Called by the step `evidence`.
//! Nothing here says that a demand is met: a row says which evidence is here, what that shows and what it does not. A [`Claim`] cannot
//! be made without [`References`], and those not without a file that was written ([`Filed`]). No clock, no network; the same input
//! gives the same bytes.

mod assess;
mod evidence;
mod folder;
mod oscal;
mod pack;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod texts;

pub use assess::{Assessed, Claim, Status};
pub use evidence::{Evidence, Found, Gathered, Reason, Reference, References};
pub use folder::{Filed, Folder};
pub use oscal::{About, OSCAL_VERSION, assessment_plan, assessment_results, component_definition};
pub use pack::{Control, ControlPack};
pub use table::{csv, json, markdown};
pub use text::Text;
pub use texts::{Said, said};
