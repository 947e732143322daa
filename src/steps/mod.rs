//! The corridor: one file per verb, each reads like the README.
//!
//! In: plain options, the doors and the store. Out: plain results. The command line calls these and prints what they give back; a
//! program that embeds airlift calls them as well. They never touch a terminal, the environment or the current directory, and
//! `verify`, `import` and `serve` never use `upstream` or `link`.

pub mod advise;
pub mod approve;
pub mod assess;
pub mod client;
pub mod delta;
pub mod evidence;
pub mod extract;
#[cfg(feature = "upstream")]
pub mod fetch;
mod fetched;
pub mod gates;
pub mod import;
pub mod inspect;
pub mod inventory;
pub mod keys;
pub mod known;
#[cfg(feature = "upstream")]
pub mod lock;
pub mod log;
pub mod pack;
pub mod plan;
pub mod policy;
pub mod predecessors;
mod reading;
pub mod receive;
pub mod repack;
pub mod repair;
pub mod report;
pub mod review;
pub mod sbom;
pub mod scan;
pub mod send;
pub mod serve;
pub mod sign;
pub mod staging;
pub mod trust;
pub mod upkeep;
pub mod verify;
pub mod vex;

pub use fetched::Fetched;
