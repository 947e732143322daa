//! The only way out: one HTTP client for everything the connected side asks of the network (feature `upstream`).
//!
//! In: URLs from manifests and locks, credentials bound to their origin. Out: bounded documents, and [`Body`] streams that say at which
//! offset they begin. Failures are [`Failure`]s that know whether trying again can help and how long the server asked to wait. Rooms
//! and the fetch step call it; `server`, and everything that runs inside, never does. It writes nothing to disk and decides nothing
//! about digests: the fetch step checks every byte.

mod client;
mod credentials;
mod failure;
mod learn;
pub mod oci;
mod part;
mod plain;
mod retry;
#[cfg(test)]
mod tests;

pub use client::{Head, Settings, Upstream};
pub use credentials::{Credential, Credentials, is_loopback};
pub use failure::{Failure, shown};
pub use learn::{Sums, keep, learned_path};
pub use part::{Body, Part, Validator};
pub use plain::check_plain;
pub use retry::{Backoff, Notice};
