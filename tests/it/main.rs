//! One binary for every test that sees airlift from outside.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::case_sensitive_file_extension_comparisons, reason = "names that the tests themselves chose")]

mod advisories;
mod airgap;
mod arrows;
mod bounds;
mod bundle;
mod charts;
mod cli;
mod conda;
mod conda_lock;
mod corruption;
mod dependencies;
mod diode;
mod faults;
mod fetching;
mod fuzz;
mod host;
mod images;
mod log;
mod medium;
mod models;
mod origin;
mod packing;
mod parity;
mod pypi;
mod python;
mod python_clients;
mod python_inputs;
mod readme;
mod rooms;
mod sbom;
mod scan;
mod server;
mod signing;
mod simple_index;
mod sticks;
mod stock;
mod stopping;
mod store;
mod taking_in;
mod tidy;
mod toolkit;
mod trust;
mod vectors;
mod world;
