//! airlift: lock, fetch, pack, verify, import and serve a toolkit across an air gap.
//!
//! The pipeline on one page: a [`manifest`] says what a person wants; the lock step turns it into a [`lock`], every blob with digest
//! and size; fetch brings the blobs into a [`store`]; pack writes them into a signed [`bundle`]. Inside, verify checks the bundle
//! against a [`trust`] root, import takes it into a store, serve answers stock clients from it. [`scan`] reads strictly what is
//! carried and tells what is wrong with it; [`advisories`] say which versions something is known to be wrong with; a [`report`] says what
//! is in it; [`ecosystems`] hold everything that is particular to one kind of package; [`steps`] has one file per verb.
//! `docs/architecture.md` has the rules, a test keeps them.

pub mod advisories;
pub mod artifact;
pub mod bundle;
pub mod cli;
pub mod ecosystems;
pub mod error;
pub mod link;
pub mod lock;
pub mod log;
pub mod manifest;
pub mod policy;
pub mod progress;
pub mod publisher;
pub mod recode;
pub mod report;
pub mod scan;
pub mod server;
pub mod steps;
pub mod store;
pub mod stream;
pub mod trust;
#[cfg(feature = "upstream")]
pub mod upstream;
