//! Go's `text/template`, as Helm runs it.
//!
//! In: template text and a [`Value`]. Out: text, or a [`Fault`] with the place in the file. The grammar, the rules of fields, nil and
//! comparison, and the printing of values are Go's; an own engine, because the published ones call no methods with arguments
//! (`.Capabilities.APIVersions.Has "x"`), know no difference between nil and no value, and print numbers their own way. Everything a
//! template does is counted against [`Bounds`]. Never reads a file, a clock or a source of randomness, never panics on input.
#![allow(clippy::cast_possible_wrap, reason = "lengths are bounded far below, and what is Go's int wraps as it does there")]

mod compare;
mod engine;
mod exec;
mod format;
mod glob;
mod lex;
mod number;
mod object;
pub(crate) mod octets;
mod parse;
pub(crate) mod semver;
#[cfg(test)]
mod tests;
mod time;
mod tree;
mod value;
mod work;

pub use compare::TABLE;
pub use engine::{Arguments, Bounds, Engine, Entry, Fault, Function, Templates};
pub use format::{quote, sprint_value};
pub use number::{float_text, json_float};
pub use object::{Object, Record};
pub use time::{go_duration, parse_duration, parse_time, time_text};
pub use value::{List, MAX_DEPTH, MAX_NODES, Map, Value};

/// How large a compiled regular expression may become, in bytes.
const MAX_REGEX: usize = 2 << 20;

/// A regular expression of a chart; its size is bounded, its time is linear by construction.
pub fn bounded_regex(pattern: &str) -> Result<regex::Regex, String> {
    if pattern.len() > 16 << 10 {
        return Err(format!("error parsing regexp: expression is longer than {} bytes", 16 << 10));
    }
    regex::RegexBuilder::new(pattern).size_limit(MAX_REGEX).build().map_err(|e| format!("error parsing regexp: {e}"))
}
