//! Arithmetic.

use super::convert::{float_of, int_of, text_of};
use super::decimal::{Operation, fold};
use super::{ANY, Made, entry};
use crate::ecosystems::charts::template::{Arguments, Entry, Value};

pub(super) const TABLE: &[Entry] = &[
    entry("int", 1, 1, |_, a| Ok(Value::Int(int_of(a.any(0))))),
    entry("int64", 1, 1, |_, a| Ok(Value::Long(int_of(a.any(0))))),
    entry("float64", 1, 1, |_, a| Ok(Value::Float(float_of(a.any(0))))),
    entry("toDecimal", 1, 1, |_, a| Ok(Value::Long(i64::from_str_radix(&text_of(a.any(0)), 8).unwrap_or(0)))),
    entry("add1", 1, 1, |_, a| Ok(Value::Long(int_of(a.any(0)).wrapping_add(1)))),
    entry("add", 0, ANY, |_, a| Ok(Value::Long(a.values.iter().map(int_of).fold(0, i64::wrapping_add)))),
    entry("sub", 2, 2, |_, a| Ok(Value::Long(int_of(a.any(0)).wrapping_sub(int_of(a.any(1)))))),
    entry("div", 2, 2, |_, a| divided(a, i64::checked_div)),
    entry("mod", 2, 2, |_, a| divided(a, i64::checked_rem)),
    entry("mul", 1, ANY, |_, a| Ok(Value::Long(a.values.iter().map(int_of).fold(1, i64::wrapping_mul)))),
    entry("add1f", 1, 1, |_, a| Ok(Value::Float(fold(float_of(a.any(0)), &[1.0], Operation::Add)))),
    entry("addf", 0, ANY, |_, a| Ok(Value::Float(fold(0.0, &floats(a.values), Operation::Add)))),
    entry("subf", 1, ANY, |_, a| Ok(Value::Float(fold(float_of(a.any(0)), &floats(a.rest(1)), Operation::Subtract)))),
    entry("mulf", 1, ANY, |_, a| Ok(Value::Float(fold(float_of(a.any(0)), &floats(a.rest(1)), Operation::Multiply)))),
    entry("divf", 1, ANY, |_, a| {
        let by = floats(a.rest(1));
        if by.contains(&0.0) {
            return Err("decimal division by 0".into());
        }
        Ok(Value::Float(fold(float_of(a.any(0)), &by, Operation::Divide)))
    }),
    entry("max", 1, ANY, |_, a| Ok(Value::Long(a.values.iter().map(int_of).max().unwrap_or(0)))),
    entry("biggest", 1, ANY, |_, a| Ok(Value::Long(a.values.iter().map(int_of).max().unwrap_or(0)))),
    entry("min", 1, ANY, |_, a| Ok(Value::Long(a.values.iter().map(int_of).min().unwrap_or(0)))),
    entry("maxf", 1, ANY, |_, a| Ok(Value::Float(a.values.iter().map(float_of).fold(f64::NEG_INFINITY, f64::max)))),
    entry("minf", 1, ANY, |_, a| Ok(Value::Float(a.values.iter().map(float_of).fold(f64::INFINITY, f64::min)))),
    entry("ceil", 1, 1, |_, a| Ok(Value::Float(float_of(a.any(0)).ceil()))),
    entry("floor", 1, 1, |_, a| Ok(Value::Float(float_of(a.any(0)).floor()))),
    entry("round", 2, 3, |_, a| round(a)),
    entry("randInt", 2, 2, |engine, a| {
        let (low, high) = (a.int(0)?, a.int(1)?);
        let span = high.checked_sub(low).filter(|s| *s > 0).ok_or("invalid argument to Intn")?;
        let bytes = engine.random(8).try_into().unwrap_or([0; 8]);
        Ok(Value::Int(low + (u64::from_be_bytes(bytes) % span as u64) as i64))
    }),
];

fn floats(values: &[Value]) -> Vec<f64> {
    values.iter().map(float_of).collect()
}

fn divided(a: Arguments<'_>, operation: fn(i64, i64) -> Option<i64>) -> Made {
    let (left, right) = (int_of(a.any(0)), int_of(a.any(1)));
    if right == 0 {
        return Err("runtime error: integer divide by zero".into());
    }
    Ok(Value::Long(operation(left, right).unwrap_or(if right == -1 { left } else { 0 })))
}

fn round(a: Arguments<'_>) -> Made {
    let on = match a.rest(2).first() {
        Some(value) => float_of(value),
        None => 0.5,
    };
    let power = 10_f64.powf(a.int(1)? as f64);
    let digit = power * float_of(a.any(0));
    let rounded = if digit.fract() >= on { digit.ceil() } else { digit.floor() };
    Ok(Value::Float(rounded / power))
}
