//! The toolkit manifest (`docs/formats/manifest.md`): what a person wants, in TOML.
//!
//! In: the text of a manifest and the names of the ecosystems there are. Out: a [`Manifest`] with its targets, and one [`Section`] per
//! `[ecosystem.name]` table, still in TOML: the room parses its own section type from it. Every error names the line, and for an unknown
//! key the nearest known one. Only the lock step and the command line call this. It never reads another file, resolves nothing, and
//! knows no ecosystem by name.

mod format;
mod position;
mod schema;

pub use format::{Manifest, Section};
pub use schema::schema;
