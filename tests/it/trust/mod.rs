//! Keys, signatures, roots and order, from outside.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod attacker;
mod model;
mod people;
mod pinned;
mod properties;
mod revocation;
mod roots;
mod rotation;
mod scopes;
mod sequence;
mod signatures;
mod steps;
mod stock_agent;
mod stock_keygen;
mod vectors;
