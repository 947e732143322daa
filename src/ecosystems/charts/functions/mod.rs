//! The functions of Helm's templates: Go's own, Sprig's, Helm's, in files by theme.
//!
//! Each theme has a table of [`Entry`] rows. What needs a cluster, a network or the environment answers as `helm template` does
//! without them: `lookup` an empty map, `getHostByName` nothing, `env` is not there. What is random comes from the engine's seed, so
//! that a lock stays the same. Never reads a clock, a file or the environment.
#![allow(clippy::cast_possible_wrap, reason = "lengths are bounded far below, and what is Go's int wraps as it does there")]

mod case;
mod certificate;
mod convert;
mod crypto;
mod date;
mod decimal;
mod dict;
mod encode;
mod flow;
mod json;
mod list;
mod math;
mod password;
mod path;
mod regexp;
mod string;
#[cfg(test)]
mod tests;
mod toml;
mod url;

pub(super) use regexp::go_regex;

use super::template::{Entry, Function, TABLE};
use std::collections::HashMap;
use std::sync::LazyLock;

/// A row of a table.
const fn entry(
    name: &'static str,
    least: u8,
    most: u8,
    run: fn(&mut super::template::Engine, super::template::Arguments<'_>) -> Made,
) -> Entry {
    Entry { name, arity: (least, most), run }
}

/// What a function gives.
type Made = Result<super::template::Value, super::template::Fault>;

/// Any number of arguments.
const ANY: u8 = 255;

static FUNCTIONS: LazyLock<HashMap<&'static str, Function>> = LazyLock::new(|| {
    let tables: [&'static [Entry]; 15] = [
        TABLE,
        string::TABLE,
        case::TABLE,
        list::TABLE,
        dict::TABLE,
        math::TABLE,
        date::TABLE,
        encode::TABLE,
        regexp::TABLE,
        path::TABLE,
        url::TABLE,
        crypto::TABLE,
        certificate::TABLE,
        password::TABLE,
        flow::TABLE,
    ];
    tables.into_iter().flatten().map(|entry| (entry.name, entry)).collect()
});

/// JSON on one line, as Go writes it.
pub(super) fn json_text(value: &serde_json::Value) -> String {
    json::to_text(value, false)
}

/// All names.
#[cfg(test)]
pub(super) fn names() -> Vec<&'static str> {
    let mut names: Vec<&str> = FUNCTIONS.keys().copied().collect();
    names.sort_unstable();
    names
}

/// The function of a name.
pub fn lookup(name: &str) -> Option<Function> {
    FUNCTIONS.get(name).copied()
}
