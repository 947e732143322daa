//! One array (NEP 1): a header that gives type, order and shape, and exactly so many bytes; or objects, which are a pickle.

use super::literal::{Literal, parse};
use super::{Fault, Outcome, Source, product, wrong};
use crate::scan::{Findings, pickle};

/// Longest header that is read, in bytes.
const LONGEST: u64 = 1 << 20;

pub(super) fn read(source: &mut Source<'_>, place: &str, found: &mut Findings) -> Outcome<()> {
    if source.array::<6>()? != *b"\x93NUMPY" {
        return wrong("it does not begin as an array does");
    }
    let length = match source.array::<2>()? {
        [1, 0] => u64::from(u16::from_le_bytes(source.array()?)),
        [2 | 3, 0] => u64::from(source.u32()?),
        [major, minor] => return Err(Fault::Unknown(format!("version {major}.{minor} of the form of arrays"))),
    };
    if length > LONGEST {
        return wrong(format!("a header of {length} bytes, {LONGEST} are the most"));
    }
    let text = String::from_utf8(source.bytes(length)?).or_else(|_| wrong("a header that is not in UTF-8"))?;
    let Some((descr, shape)) = header(&text) else {
        return wrong(format!("a header of another form than arrays have: {text:.100}"));
    };
    let element = item(&descr).or_else(|| may_be_object(&descr).then_some(Item::Objects));
    match element {
        Some(Item::Objects) => {
            pickle::examine(&mut *source.inner)?.tell(place, found);
            Ok(())
        }
        Some(Item::Bytes(unit)) => match product(&shape, unit) {
            Some(bytes) if bytes == source.left() => Ok(()),
            bytes => wrong(format!("its array has {} bytes, the file {}", bytes.unwrap_or(u64::MAX), source.left())),
        },
        None => Err(Fault::Unknown(format!("elements of a type that is not known here: {text:.100}"))),
    }
}

/// Exactly the three members, each once.
fn header(text: &str) -> Option<(Literal, Vec<u64>)> {
    let Literal::Map(members) = parse(text)? else { return None };
    let one = |key: &str| {
        let mut found = members.iter().filter(|(name, _)| name == key);
        found.next().filter(|_| found.next().is_none()).map(|(_, value)| value)
    };
    let (descr, order, shape) = (one("descr")?, one("fortran_order")?, one("shape")?);
    let (Literal::Truth(_), Literal::Row(shape), 3) = (order, shape, members.len()) else { return None };
    Some((descr.clone(), numbers(shape)?))
}

fn numbers(row: &[Literal]) -> Option<Vec<u64>> {
    row.iter().map(|member| if let Literal::Number(number) = member { Some(*number) } else { None }).collect()
}

/// What an element is.
enum Item {
    Bytes(u64),
    Objects,
}

fn item(descr: &Literal) -> Option<Item> {
    match descr {
        Literal::Text(text) => simple(text),
        Literal::Row(fields) => {
            let (mut sum, mut objects) = (0u64, false);
            for field in fields {
                match of_field(field)? {
                    Item::Bytes(bytes) => sum = sum.checked_add(bytes)?,
                    Item::Objects => objects = true,
                }
            }
            Some(if objects { Item::Objects } else { Item::Bytes(sum) })
        }
        _ => None,
    }
}

/// Name, type, and sometimes a shape; the name may be a pair of title and name.
fn of_field(field: &Literal) -> Option<Item> {
    let Literal::Row(parts) = field else { return None };
    match &parts[..] {
        [_, descr] => item(descr),
        [_, descr, Literal::Row(shape)] => match item(descr)? {
            Item::Bytes(bytes) => product(&numbers(shape)?, bytes).map(Item::Bytes),
            Item::Objects => Some(Item::Objects),
        },
        _ => None,
    }
}

/// Whether a type that is not understood could have objects in it, as NumPy reads types: `f8,O`, `object`.
fn may_be_object(descr: &Literal) -> bool {
    match descr {
        Literal::Text(text) => text.contains(['O', 'o']),
        Literal::Row(members) => members.iter().any(may_be_object),
        Literal::Map(members) => members.iter().any(|(key, value)| key.contains(['O', 'o']) || may_be_object(value)),
        Literal::Number(_) | Literal::Truth(_) => false,
    }
}

/// Order of bytes, kind, length: `<f8`; times have a unit as well. Text of any other form is not understood.
fn simple(text: &str) -> Option<Item> {
    let rest = text.trim_start_matches(['<', '>', '|', '=']);
    let kind = rest.chars().next()?;
    let behind = &rest[kind.len_utf8()..];
    let (digits, tail) = behind.split_at(behind.find(|c: char| !c.is_ascii_digit()).unwrap_or(behind.len()));
    let is_unit = |tail: &str| {
        let unit = tail.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        unit.is_some_and(|unit| !unit.is_empty() && unit.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'/'))
    };
    if !(tail.is_empty() || matches!(kind, 'm' | 'M') && is_unit(tail)) {
        return None;
    }
    let length = || digits.parse::<u64>().ok();
    match kind {
        'O' => Some(Item::Objects),
        'b' | 'i' | 'u' | 'f' | 'c' | 'S' | 'V' | 'a' => length().map(Item::Bytes),
        'U' => length()?.checked_mul(4).map(Item::Bytes),
        'm' | 'M' => Some(Item::Bytes(8)).filter(|_| digits == "8"),
        '?' => Some(Item::Bytes(1)).filter(|_| digits.is_empty()),
        _ => None,
    }
}
