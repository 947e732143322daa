//! What a call costs beyond its step: functions read and copy what they are given, however large it has become.
//!
//! In: the name of a function and its arguments. Out: a number of bytes, or what costs as much, that is counted before the function
//! runs. One that only looks at its arguments costs next to nothing; one that walks them costs what there is to walk, and is refused
//! where that is deeper than [`MAX_DEPTH`] or more than [`MAX_NODES`] values, which a few lines of a template make of a map in itself.

use super::object::Object;
use super::value::{MAX_DEPTH, MAX_NODES, Value, spend};

/// What a function reads of its arguments.
#[derive(Clone, Copy)]
enum Reading {
    /// It looks at them, or hands them on.
    Glance,
    /// The elements of lists, the entries of maps, texts.
    Top,
    /// Everything, at so many times the cost of a copy.
    Whole(u64),
    /// Everything but texts, which are shared.
    Shape,
    /// Everything, and each element is compared with each.
    Pairs,
    /// Texts, at so many times the cost of a copy; what else there is only goes on.
    Texts(u64),
    /// Everything of each second argument, which becomes a key.
    Keys,
    /// Everything, after an expression is compiled.
    Expression,
}

/// What finding out costs that a value is too large.
pub(super) const REFUSED: u64 = 32 << 20;
/// What compiling a regular expression costs at least; one that repeats may become as large as is allowed.
const COMPILED: u64 = 16 << 10;
const REPEATED: u64 = 256 << 10;

fn reading(name: &str) -> Reading {
    match name {
        "not" | "len" | "index" | "lt" | "le" | "gt" | "ge" | "get" | "set" | "unset" | "hasKey" | "dig" | "pluck" | "default"
        | "empty" | "coalesce" | "all" | "any" | "ternary" | "required" | "fail" | "include" | "lookup" | "typeOf" | "typeIs"
        | "typeIsLike" | "kindOf" | "kindIs" | "list" | "tuple" => Reading::Glance,
        // Merging goes down as far as both maps do; it counts that itself.
        "append" | "push" | "mustAppend" | "mustPush" | "prepend" | "mustPrepend" | "first" | "mustFirst" | "last" | "mustLast"
        | "rest" | "mustRest" | "initial" | "mustInitial" | "reverse" | "mustReverse" | "slice" | "mustSlice" | "concat" | "compact"
        | "mustCompact" | "chunk" | "mustChunk" | "keys" | "values" | "pick" | "omit" | "merge" | "mustMerge" | "mergeOverwrite"
        | "mustMergeOverwrite" => Reading::Top,
        "dict" => Reading::Keys,
        "tpl" => Reading::Texts(8),
        "uniq" | "mustUniq" => Reading::Pairs,
        "deepCopy" | "mustDeepCopy" => Reading::Shape,
        "sha1sum" | "sha256sum" | "sha512sum" => Reading::Whole(2),
        "toYaml" | "mustToYaml" | "toYamlPretty" | "toJson" | "mustToJson" | "toPrettyJson" | "mustToPrettyJson" | "toRawJson"
        | "mustToRawJson" | "toToml" => Reading::Whole(4),
        "fromYaml" | "fromYamlArray" | "fromJson" | "mustFromJson" | "fromJsonArray" | "fromToml" => Reading::Whole(8),
        _ if name.starts_with("regex") || name.starts_with("mustRegex") => Reading::Expression,
        _ => Reading::Whole(1),
    }
}

/// What a call of a function costs; an error is a value too large to be walked.
pub(super) fn of_call(name: &str, values: &[Value]) -> Result<u64, String> {
    let reading = reading(name);
    let mut left = MAX_NODES;
    let mut units = 0_u64;
    for (index, value) in values.iter().enumerate() {
        units = units.saturating_add(match reading {
            Reading::Glance => glance(value),
            Reading::Top => of_top(value),
            Reading::Whole(times) => whole(value, true, 0, &mut left).saturating_mul(times),
            Reading::Shape => whole(value, false, 0, &mut left),
            Reading::Pairs => whole(value, true, 0, &mut left).saturating_mul(1 + elements(value) / 16),
            Reading::Texts(times) => text(value).saturating_mul(times),
            Reading::Keys if index % 2 == 0 => whole(value, true, 0, &mut left),
            Reading::Keys => 0,
            Reading::Expression if index == 0 => expression(value),
            Reading::Expression => whole(value, true, 0, &mut left).saturating_mul(4),
        });
    }
    bounded(units, left)
}

/// What it costs to print a value.
pub(super) fn of_printing(value: &Value) -> Result<u64, String> {
    let mut left = MAX_NODES;
    let units = whole(value, true, 0, &mut left);
    bounded(units, left)
}

/// What it costs to copy the elements or entries of a value, or its text.
pub(super) fn of_top(value: &Value) -> u64 {
    match value {
        Value::List(list) => 16 * list.items.len() as u64,
        Value::Map(map) => 32 * map.len() as u64,
        // The files themselves are shared.
        Value::Object(object) if let Object::Files(files) = &**object => 32 * files.len() as u64,
        other => text(other),
    }
}

fn bounded(units: u64, left: usize) -> Result<u64, String> {
    if left == 0 {
        return Err(format!("a value nests deeper than {MAX_DEPTH} or holds more than {MAX_NODES} values: is it part of itself?"));
    }
    Ok(units)
}

fn text(value: &Value) -> u64 {
    value.text_size() as u64
}

/// Lengths and comparisons of texts go over their bytes.
fn glance(value: &Value) -> u64 {
    if let Value::Text(text) = value { text.len() as u64 / 16 } else { 0 }
}

fn elements(value: &Value) -> u64 {
    if let Value::List(list) = value { list.items.len() as u64 } else { 0 }
}

fn expression(value: &Value) -> u64 {
    match value {
        Value::Text(pattern) if pattern.contains('{') => REPEATED,
        other => COMPILED + 4 * text(other),
    }
}

/// What it costs to walk all of a value, as often as its parts stand in it.
fn whole(value: &Value, texts: bool, depth: usize, left: &mut usize) -> u64 {
    // A text alone is as long as it is; in a value it may stand many times.
    let size = if depth == 0 || !texts { 0 } else { value.text_size() };
    if depth > MAX_DEPTH {
        *left = 0;
    }
    if !spend(left, size) {
        return 0;
    }
    let mut units = match value {
        Value::List(_) | Value::Map(_) => of_top(value),
        other if texts => text(other),
        _ => 0,
    };
    match value {
        Value::List(list) => {
            for item in &list.items {
                units = units.saturating_add(whole(item, texts, depth + 1, left));
            }
        }
        Value::Map(map) => map.each(|key, item| {
            let size = if texts { key.len() } else { 0 };
            if spend(left, size) {
                units = units.saturating_add(size as u64).saturating_add(whole(item, texts, depth + 1, left));
            }
        }),
        Value::Object(object) => {
            if let Object::Record(record) = &**object {
                for field in &record.fields {
                    units = units.saturating_add(whole(&field.2, texts, depth + 1, left));
                }
            }
        }
        _ => {}
    }
    units
}
