//! safetensors: eight bytes of length, a JSON object of tensors, their bytes one behind the other without gaps.

use super::{Counted, Fault, Outcome, Source, product, wrong};
use serde::de::{self, DeserializeSeed, MapAccess, Visitor};
use std::collections::BTreeSet;
use std::fmt;
use std::io::{BufReader, Read};

/// Longest header of that form, and the longest that is read here, in bytes.
const LONGEST: u64 = 100_000_000;
const LONGEST_READ: u64 = 32 << 20;
/// Most tensors.
const MOST: usize = 1 << 19;

pub(super) fn read(source: &mut Source<'_>) -> Outcome<Counted> {
    let length = source.u64()?;
    if length < 2 || length > LONGEST.min(source.left()) {
        return wrong(format!("a header of {length} bytes; the file has {} and {LONGEST} are the most", source.left()));
    }
    if length > LONGEST_READ {
        return Err(Fault::Unknown(format!("a header of {length} bytes; {LONGEST_READ} are read")));
    }
    let rest = source.left() - length;
    let mut reader = serde_json::Deserializer::from_reader(BufReader::new((&mut *source.inner).take(length)));
    let tensors = Header.deserialize(&mut reader).and_then(|tensors| reader.end().map(|()| tensors));
    let tensors = match tensors {
        Ok(tensors) => tensors,
        Err(error) if error.is_io() => return Err(Fault::Io(error.into())),
        Err(error) => return wrong(format!("its header: {error}")),
    };
    let elements = tensors.iter().fold(0, |sum: u64, tensor| sum.saturating_add(tensor.elements));
    whole(tensors, rest).map(|()| Counted { elements, architecture: None })
}

/// Where a tensor lies, and how many elements it has.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    begin: u64,
    end: u64,
    elements: u64,
}

/// Whether tensors lie one behind the other, from the first byte to the last.
fn whole(mut tensors: Vec<Place>, rest: u64) -> Outcome<()> {
    tensors.sort_unstable();
    let mut end = 0;
    for Place { begin, end: to, .. } in tensors {
        if begin != end {
            return wrong(format!("a tensor begins at {begin}, the one before it ends at {end}"));
        }
        end = to;
    }
    if end == rest { Ok(()) } else { wrong(format!("its tensors have {end} bytes, the file has {rest} behind the header")) }
}

/// The bits of an element.
fn bits(dtype: &str) -> Option<u64> {
    Some(match dtype {
        "F4" => 4,
        "F6_E2M3" | "F6_E3M2" => 6,
        "BOOL" | "U8" | "I8" | "F8_E5M2" | "F8_E4M3" | "F8_E8M0" | "F8_E4M3FNUZ" | "F8_E5M2FNUZ" => 8,
        "I16" | "U16" | "F16" | "BF16" => 16,
        "I32" | "U32" | "F32" => 32,
        "I64" | "U64" | "F64" | "C64" => 64,
        _ => return None,
    })
}

/// The whole object: where each tensor lies.
struct Header;

impl<'de> DeserializeSeed<'de> for Header {
    type Value = Vec<Place>;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Header {
    type Value = Vec<Place>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of tensors")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let (mut tensors, mut names) = (Vec::new(), BTreeSet::new());
        while let Some(name) = map.next_key::<String>()? {
            if tensors.len() >= MOST {
                return Err(de::Error::custom(format!("more than {MOST} tensors")));
            }
            if name == "__metadata__" {
                map.next_value::<Words>()?;
            } else {
                let tensor: Tensor = map.next_value()?;
                tensors.push(tensor.place().map_err(|what| de::Error::custom(format!("{name:.60}: {what}")))?);
            }
            if !names.insert(name) {
                return Err(de::Error::custom("two members of one name"));
            }
        }
        Ok(tensors)
    }
}

/// What may be said beside the tensors: words, each under its own name.
struct Words;

impl<'de> de::Deserialize<'de> for Words {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Self)
    }
}

impl<'de> Visitor<'de> for Words {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of texts")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self, M::Error> {
        let mut names = BTreeSet::new();
        while let Some((name, _)) = map.next_entry::<String, String>()? {
            if !names.insert(name) {
                return Err(de::Error::custom("two members of one name in __metadata__"));
            }
        }
        Ok(self)
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Tensor {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

impl Tensor {
    fn place(&self) -> Result<Place, String> {
        let (begin, end) = self.data_offsets;
        let bits = bits(&self.dtype).ok_or_else(|| format!("{:.20} is no type of element", self.dtype))?;
        let length = product(&self.shape, bits).filter(|bits| bits % 8 == 0).map(|bits| bits / 8);
        match end.checked_sub(begin) {
            Some(found) if Some(found) == length => Ok(Place { begin, end, elements: product(&self.shape, 1).unwrap_or_default() }),
            _ => Err(format!("it lies from {begin} to {end}; its shape and type are of another length")),
        }
    }
}
