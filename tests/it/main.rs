//! Tests of the whole, in one binary.

mod pypi;
mod python;
mod simple_index;
mod stock;
