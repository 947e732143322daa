//! The corridor: one file per verb, each reads like the README.

pub mod keys;
pub mod trust;
