//! One binary for every test that sees airlift from outside.

mod arrows;
mod bundle;
mod corruption;
mod fetching;
mod images;
mod origin;
mod pypi;
mod python;
mod simple_index;
mod stock;
mod store;
mod tidy;
mod world;
