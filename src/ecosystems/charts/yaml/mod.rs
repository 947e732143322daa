//! YAML as Helm reads and writes it: go-yaml v2 below `sigs.k8s.io/yaml`, scalar for scalar.
//!
//! Reading gives JSON (that is what Helm makes of every document before it looks at it): YAML 1.1 booleans (`yes`, `on`), octal `0644`,
//! numbers with `_`, timestamps as strings, merge keys, the first document only. Writing is the block style of libyaml: sorted keys,
//! lists at the column of their key, lines folded at 80, and exactly the quotes that go-yaml sets. Input is hostile: depth, nodes and
//! what aliases multiply are bounded. Never reads a file, never panics.

mod emit;
mod read;
mod repair;
mod scalar;
mod style;
#[cfg(test)]
mod tests;

pub use emit::{to_string, to_string_indented};
pub use read::{parse, parse_at};
pub use scalar::{Scalar, resolve};
