//! Keys, signatures, roots and order, from outside.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod people;
mod pinned;
mod properties;
mod roots;
mod sequence;
mod signatures;
mod steps;
mod stock_agent;
mod stock_keygen;
mod vectors;
