//! Lists.

use super::convert::{int_of, items_of, text_of, texts_of};
use super::{ANY, Made, entry};
use crate::ecosystems::charts::template::{Arguments, Engine, Entry, Fault, List, Value};
use std::rc::Rc;

pub(super) const TABLE: &[Entry] = &[
    entry("list", 0, ANY, |_, a| Ok(Value::list(a.values.to_vec()))),
    entry("tuple", 0, ANY, |_, a| Ok(Value::list(a.values.to_vec()))),
    entry("append", 2, 2, |_, a| push(a)),
    entry("push", 2, 2, |_, a| push(a)),
    entry("mustAppend", 2, 2, |_, a| push(a)),
    entry("mustPush", 2, 2, |_, a| push(a)),
    entry("prepend", 2, 2, |_, a| prepend(a)),
    entry("mustPrepend", 2, 2, |_, a| prepend(a)),
    entry("first", 1, 1, |_, a| Ok(items(a, 0, "first")?.first().cloned().unwrap_or(Value::Nil))),
    entry("mustFirst", 1, 1, |_, a| Ok(items(a, 0, "first")?.first().cloned().unwrap_or(Value::Nil))),
    entry("last", 1, 1, |_, a| Ok(items(a, 0, "last")?.last().cloned().unwrap_or(Value::Nil))),
    entry("mustLast", 1, 1, |_, a| Ok(items(a, 0, "last")?.last().cloned().unwrap_or(Value::Nil))),
    entry("rest", 1, 1, |_, a| rest(a)),
    entry("mustRest", 1, 1, |_, a| rest(a)),
    entry("initial", 1, 1, |_, a| initial(a)),
    entry("mustInitial", 1, 1, |_, a| initial(a)),
    entry("reverse", 1, 1, |_, a| reverse(a)),
    entry("mustReverse", 1, 1, |_, a| reverse(a)),
    entry("uniq", 1, 1, uniq),
    entry("mustUniq", 1, 1, uniq),
    entry("without", 1, ANY, without),
    entry("mustWithout", 1, ANY, without),
    entry("has", 2, 2, |_, a| has(a)),
    entry("mustHas", 2, 2, |_, a| has(a)),
    entry("slice", 1, ANY, |_, a| slice(a)),
    entry("mustSlice", 1, ANY, |_, a| slice(a)),
    entry("concat", 0, ANY, concat),
    entry("compact", 1, 1, |_, a| compact(a)),
    entry("mustCompact", 1, 1, |_, a| compact(a)),
    entry("chunk", 2, 2, |_, a| chunk(a)),
    entry("mustChunk", 2, 2, |_, a| chunk(a)),
    entry("sortAlpha", 1, 1, |_, a| Ok(sort(a.any(0)))),
    entry("until", 1, 1, |e, a| {
        let count = a.int(0)?;
        until(e, 0, count, if count < 0 { -1 } else { 1 }).map(Value::list)
    }),
    entry("untilStep", 3, 3, |e, a| until(e, a.int(0)?, a.int(1)?, a.int(2)?).map(Value::list)),
    entry("seq", 0, ANY, seq),
];

fn items(a: Arguments<'_>, index: usize, verb: &str) -> Result<Vec<Value>, String> {
    items_of(a.any(index)).ok_or_else(|| match a.any(index).kind() {
        "invalid" => "runtime error: invalid memory address or nil pointer dereference".to_string(),
        kind => format!("Cannot {verb} on type {kind}"),
    })
}

fn push(a: Arguments<'_>) -> Made {
    let mut list = items(a, 0, "push")?;
    list.push(a.any(1).clone());
    Ok(Value::list(list))
}

fn prepend(a: Arguments<'_>) -> Made {
    let mut list = items(a, 0, "prepend")?;
    list.insert(0, a.any(1).clone());
    Ok(Value::list(list))
}

fn rest(a: Arguments<'_>) -> Made {
    Ok(Value::list(items(a, 0, "rest")?.into_iter().skip(1).collect()))
}

fn initial(a: Arguments<'_>) -> Made {
    let mut list = items(a, 0, "initial")?;
    list.pop();
    Ok(Value::list(list))
}

fn reverse(a: Arguments<'_>) -> Made {
    let mut list = items(a, 0, "reverse")?;
    list.reverse();
    Ok(Value::list(list))
}

/// Comparing each with each: its work is counted.
fn distinct(engine: &mut Engine, list: Vec<Value>, against: &[Value], unique: bool) -> Result<Vec<Value>, Fault> {
    let mut out: Vec<Value> = vec![];
    for item in list {
        engine.wrote(8 * (against.len() + out.len()))?;
        if !(against.iter().any(|o| o.deep_equal(&item)) || unique && out.iter().any(|o| o.deep_equal(&item))) {
            out.push(item);
        }
    }
    Ok(out)
}

fn uniq(engine: &mut Engine, a: Arguments<'_>) -> Made {
    let list = items(a, 0, "find uniq")?;
    distinct(engine, list, &[], true).map(Value::list)
}

fn without(engine: &mut Engine, a: Arguments<'_>) -> Made {
    let list = items(a, 0, "find without")?;
    distinct(engine, list, a.rest(1), false).map(Value::list)
}

fn has(a: Arguments<'_>) -> Made {
    if a.any(1).is_nil() {
        return Ok(false.into());
    }
    Ok(items(a, 1, "find has")?.iter().any(|v| v.deep_equal(a.any(0))).into())
}

fn slice(a: Arguments<'_>) -> Made {
    let list = items_of(a.any(0)).ok_or_else(|| format!("list should be type of slice or array but {}", a.any(0).kind()))?;
    if list.is_empty() {
        return Ok(Value::Nil);
    }
    let start = a.rest(1).first().map_or(0, int_of);
    let end = a.rest(2).first().map_or(list.len() as i64, int_of);
    if start < 0 || start > end || end > list.len() as i64 {
        return Err("reflect.Value.Slice: slice index out of bounds".into());
    }
    let strings = matches!(a.any(0), Value::List(l) if l.strings);
    Ok(Value::List(Rc::new(List { items: list[start as usize..end as usize].to_vec(), strings })))
}

fn concat(engine: &mut Engine, a: Arguments<'_>) -> Made {
    let mut out = vec![];
    for value in a.values {
        let items = items_of(value).ok_or_else(|| format!("Cannot concat type {} as list", value.kind()))?;
        engine.wrote(items.len())?;
        out.extend(items);
    }
    Ok(if out.is_empty() { Value::list(vec![]) } else { Value::list(out) })
}

fn compact(a: Arguments<'_>) -> Made {
    Ok(Value::list(items(a, 0, "compact")?.into_iter().filter(|v| !v.is_empty()).collect()))
}

fn chunk(a: Arguments<'_>) -> Made {
    let size = a.int(0)?;
    let list = items(a, 1, "chunk")?;
    let size = usize::try_from(size).ok().filter(|s| *s > 0).ok_or("runtime error: integer divide by zero")?;
    Ok(Value::list(list.chunks(size).map(|c| Value::list(c.to_vec())).collect()))
}

fn sort(value: &Value) -> Value {
    match items_of(value) {
        Some(_) => {
            let mut texts = texts_of(value);
            texts.sort();
            Value::strings(texts)
        }
        None => Value::strings([text_of(value)]),
    }
}

/// `untilStep`; its length is counted before it is made.
fn until(engine: &mut Engine, start: i64, stop: i64, step: i64) -> Result<Vec<Value>, Fault> {
    let distance = i128::from(stop) - i128::from(start);
    if step == 0 || distance == 0 || (distance < 0) != (step < 0) {
        return Ok(vec![]);
    }
    let count = (distance.unsigned_abs()).div_ceil(u128::from(step.unsigned_abs()));
    engine.wrote(usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(32))?;
    Ok((0..count as i64).map(|i| Value::Int(start + i * step)).collect())
}

fn seq(engine: &mut Engine, a: Arguments<'_>) -> Made {
    let numbers = (0..a.values.len()).map(|i| a.int(i)).collect::<Result<Vec<_>, _>>()?;
    let (start, step, end) = match numbers[..] {
        [end] => (1, if end < 1 { -1 } else { 1 }, end),
        [start, end] => (start, if end < start { -1 } else { 1 }, end),
        [start, step, end] if !(end < start && step > 0) => (start, step, end),
        _ => return Ok("".into()),
    };
    let past = end.saturating_add(if end < start { -1 } else { 1 });
    let texts: Vec<Rc<str>> = until(engine, start, past, step)?.iter().map(text_of).collect();
    Ok(texts.join(" ").into())
}
