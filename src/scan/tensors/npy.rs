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
    match item(&descr) {
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

/// Order of bytes, kind, length: `<f8`. Any that might be an object is one.
fn simple(text: &str) -> Option<Item> {
    let rest = text.trim_start_matches(['<', '>', '|', '=']);
    let kind = rest.chars().next()?;
    let digits: String = rest.chars().skip(1).take_while(char::is_ascii_digit).collect();
    let length = || digits.parse::<u64>().ok();
    match kind {
        'O' => Some(Item::Objects),
        'b' | 'i' | 'u' | 'f' | 'c' | 'S' | 'V' | 'a' => length().map(Item::Bytes),
        'U' => length()?.checked_mul(4).map(Item::Bytes),
        'm' | 'M' => Some(Item::Bytes(8)).filter(|_| digits == "8"),
        '?' => Some(Item::Bytes(1)),
        _ => None,
    }
}
