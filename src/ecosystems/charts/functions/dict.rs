//! Maps.

use super::convert::text_of;
use super::{ANY, Made, entry};
use crate::ecosystems::charts::template::{Arguments, Engine, Entry, MAX_DEPTH, MAX_NODES, Map, Value};
use std::rc::Rc;

pub(super) const TABLE: &[Entry] = &[
    entry("dict", 0, ANY, |_, a| Ok(dict(a))),
    entry("get", 2, 2, |_, a| Ok(a.map(0)?.get(a.text(1)?).unwrap_or_else(|| "".into()))),
    entry("set", 3, 3, |_, a| {
        a.map(0)?.insert(a.text(1)?.clone(), a.any(2).clone());
        Ok(a.any(0).clone())
    }),
    entry("unset", 2, 2, |_, a| {
        a.map(0)?.remove(a.text(1)?);
        Ok(a.any(0).clone())
    }),
    entry("hasKey", 2, 2, |_, a| Ok(a.map(0)?.get(a.text(1)?).is_some().into())),
    entry("pluck", 1, ANY, |_, a| pluck(a)),
    entry("keys", 0, ANY, |_, a| keys(a)),
    entry("values", 1, 1, |_, a| Ok(Value::list(a.map(0)?.entries().into_iter().map(|(_, v)| v).collect()))),
    entry("pick", 1, ANY, |_, a| pick(a, true)),
    entry("omit", 1, ANY, |_, a| pick(a, false)),
    entry("merge", 1, ANY, |e, a| merge(e, a, false)),
    entry("mustMerge", 1, ANY, |e, a| merge(e, a, false)),
    entry("mergeOverwrite", 1, ANY, |e, a| merge(e, a, true)),
    entry("mustMergeOverwrite", 1, ANY, |e, a| merge(e, a, true)),
    entry("deepCopy", 1, 1, |_, a| Ok(a.any(0).deep_copy()?)),
    entry("mustDeepCopy", 1, 1, |_, a| Ok(a.any(0).deep_copy()?)),
    entry("dig", 3, ANY, |_, a| dig(a)),
];

fn dict(a: Arguments<'_>) -> Value {
    let pairs = a.values.chunks(2).map(|pair| (text_of(&pair[0]), pair.get(1).cloned().unwrap_or_else(|| "".into())));
    Value::map(pairs)
}

fn maps(a: Arguments<'_>, from: usize) -> Result<Vec<&Rc<Map>>, String> {
    (from..a.values.len()).map(|i| a.map(i)).collect()
}

fn pluck(a: Arguments<'_>) -> Made {
    let key = a.text(0)?;
    Ok(Value::list(maps(a, 1)?.iter().filter_map(|m| m.get(key)).collect()))
}

fn keys(a: Arguments<'_>) -> Made {
    Ok(Value::strings(maps(a, 0)?.iter().flat_map(|m| m.entries()).map(|(k, _)| k)))
}

fn pick(a: Arguments<'_>, keep: bool) -> Made {
    let map = a.map(0)?;
    let keys = (1..a.values.len()).map(|i| a.text(i)).collect::<Result<Vec<_>, _>>()?;
    Ok(Value::map(map.entries().into_iter().filter(|(k, _)| keys.contains(&k) == keep)))
}

fn merge(engine: &mut Engine, a: Arguments<'_>, overwrite: bool) -> Made {
    let target = a.map(0)?;
    for source in maps(a, 1)? {
        let mut left = MAX_NODES;
        let merged = merge_into(target, source, overwrite, 0, &mut left);
        engine.worked(64 * (MAX_NODES - left) as u64)?;
        merged.map_err(|message| if left == 0 { engine.exhausted(message) } else { message.into() })?;
    }
    Ok(a.any(0).clone())
}

/// `mergo.Merge` of maps: what is empty in the target counts as missing, nested maps are shared with the source.
fn merge_into(target: &Rc<Map>, source: &Rc<Map>, overwrite: bool, depth: usize, left: &mut usize) -> Result<(), String> {
    if depth > MAX_DEPTH {
        return Err(format!("maps nest deeper than {MAX_DEPTH}"));
    }
    if Rc::ptr_eq(target, source) {
        return Ok(());
    }
    for (key, value) in source.entries() {
        // Maps that share maps have more entries than they seem to.
        *left = left.checked_sub(1).ok_or_else(|| format!("maps hold more than {MAX_NODES} values"))?;
        let before = target.get(&key);
        match &value {
            Value::Absent | Value::Nil => {
                if overwrite {
                    target.insert(key, value);
                }
                continue;
            }
            Value::Map(inner) => {
                if let Some(Value::Map(outer)) = &before {
                    merge_into(outer, inner, overwrite, depth + 1, left)?;
                }
            }
            Value::List(_) if overwrite => target.insert(key.clone(), value.clone()),
            _ => {}
        }
        let full = before.as_ref().is_some_and(|v| !v.is_empty());
        if full && matches!(value, Value::Map(_) | Value::List(_)) {
            continue;
        }
        if overwrite || !full {
            target.insert(key, value);
        }
    }
    Ok(())
}

fn dig(a: Arguments<'_>) -> Made {
    let last = a.values.len() - 1;
    let mut map = a.map(last).map_err(|_| conversion(a.any(last), "map[string]interface {}"))?.clone();
    let default = a.any(last - 1);
    for index in 0..last - 1 {
        let key = a.text(index).map_err(|_| conversion(a.any(index), "string"))?;
        let Some(step) = map.get(key) else { return Ok(default.clone()) };
        if index == last - 2 {
            return Ok(step);
        }
        let Value::Map(next) = step else { return Err(conversion(&step, "map[string]interface {}").into()) };
        map = next;
    }
    Ok(default.clone())
}

fn conversion(value: &Value, wanted: &str) -> String {
    let found = if value.is_nil() { "nil" } else { value.type_name() };
    format!("interface conversion: interface {{}} is {found}, not {wanted}")
}
