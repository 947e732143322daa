//! One binary for every test that sees airlift from outside.

mod stock;
mod trust;
