//! Tests of the whole, in one binary.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod pypi;
mod python;
mod python_clients;
mod simple_index;
mod stock;
