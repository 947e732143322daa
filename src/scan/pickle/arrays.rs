//! How many bytes of an array stand between the opcodes of a file by joblib: from the shape and type that its stand-in was given.

use super::value::{Pool, Value};

/// The bytes of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Follows {
    /// Their number.
    pub bytes: u64,
    /// Whether a byte stands before them that counts further ones of padding.
    pub padded: bool,
}

const UNCLEAR: &str = "an array whose shape or type cannot be followed";

/// What follows a stand-in with that state.
pub(super) fn follows(state: Value, pool: &Pool) -> Result<Follows, &'static str> {
    let Value::Dict(at) = state else { return Err(UNCLEAR) };
    let [shape, dtype, alignment] = pool.dicts.get(at as usize).copied().ok_or(UNCLEAR)?;
    // A byte of padding is counted wherever the entry is there and not `None`, whatever else it is.
    let padded = match alignment {
        None | Some(Value::Nothing) => false,
        Some(Value::Int(1..)) => true,
        Some(_) => return Err(UNCLEAR),
    };
    let bytes = count(shape.ok_or(UNCLEAR)?, pool)?.checked_mul(item(dtype.ok_or(UNCLEAR)?, pool)?).ok_or(UNCLEAR)?;
    Ok(Follows { bytes, padded })
}

fn count(shape: Value, pool: &Pool) -> Result<u64, &'static str> {
    // The empty tuple is the shape of one number.
    let members = match shape {
        Value::Tuple { .. } => pool.members(shape),
        _ => return Err(UNCLEAR),
    };
    members.iter().try_fold(1u64, |product, length| match length {
        Value::Int(length) => u64::try_from(*length).ok().and_then(|length| product.checked_mul(length)).ok_or(UNCLEAR),
        _ => Err(UNCLEAR),
    })
}

/// The length of one element: of a text such as `f8`, and for those whose length is in the state too, only where both say the same.
fn item(dtype: Value, pool: &Pool) -> Result<u64, &'static str> {
    let Value::Object(at) = dtype else { return Err(UNCLEAR) };
    let object = pool.objects.get(at as usize).filter(|_| pool.origin(dtype) == Some("numpy.dtype")).ok_or(UNCLEAR)?;
    let text = pool.members(object.arguments).first().and_then(|first| pool.as_text(*first)).ok_or(UNCLEAR)?;
    let (kind, digits) = text.split_at_checked(1).ok_or(UNCLEAR)?;
    let length: u64 = digits.parse().ok().filter(|length| *length > 0).ok_or(UNCLEAR)?;
    match kind {
        "b" | "i" | "u" | "f" | "c" | "M" | "m" => Some(length).filter(|length| *length <= 32).ok_or(UNCLEAR),
        "S" | "U" | "V" => {
            let length = if kind == "U" { length.checked_mul(4).ok_or(UNCLEAR)? } else { length };
            match pool.members(object.state) {
                [Value::Int(3 | 4), _, _, _, _, Value::Int(said), _, Value::Int(flags), ..] if *said as u64 == length && flags & 1 == 0 => {
                    Ok(length)
                }
                _ => Err(UNCLEAR),
            }
        }
        "O" => Err("an array of objects, which are a pickle within"),
        _ => Err(UNCLEAR),
    }
}
