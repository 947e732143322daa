//! safetensors: eight bytes of length, a JSON object of tensors, their bytes.

use super::{LONGEST_HEADER, MOST, Numbers, Region};
use crate::recode::source::{Forward, Part};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use std::fmt;
use std::io::BufReader;

pub(super) fn read(file: Part<'_>) -> Option<Vec<Region>> {
    let length = u64::from_le_bytes(file.array::<8>(0).ok()??);
    let header = file.part(8, length).filter(|_| length <= LONGEST_HEADER)?;
    let mut json = serde_json::Deserializer::from_reader(BufReader::new(Forward::new(header)));
    let Tensors(tensors) = Tensors::deserialize(&mut json).ok()?;
    let start = 8 + length;
    let place = |(kind, from, to): (&Numbers, u64, u64)| {
        Some(Region { start: start.checked_add(from)?, end: start.checked_add(to)?, numbers: *kind })
    };
    Some(tensors.iter().filter_map(|(numbers, from, to)| place((numbers, *from, *to))).collect())
}

/// What the tensors hold and where.
struct Tensors(Vec<(Numbers, u64, u64)>);

#[derive(Deserialize)]
struct Tensor {
    dtype: String,
    data_offsets: (u64, u64),
}

impl<'de> Deserialize<'de> for Tensors {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Self(Vec::new()))
    }
}

impl<'de> Visitor<'de> for Tensors {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of tensors")
    }

    fn visit_map<M: MapAccess<'de>>(mut self, mut map: M) -> Result<Self, M::Error> {
        for _ in 0..MOST {
            match map.next_key::<String>()? {
                None => return Ok(self),
                Some(name) if name == "__metadata__" => {
                    map.next_value::<IgnoredAny>()?;
                }
                Some(_) => {
                    let Tensor { dtype, data_offsets: (from, to) } = map.next_value()?;
                    self.0.extend(numbers(&dtype).map(|numbers| (numbers, from, to)));
                }
            }
        }
        Err(serde::de::Error::custom("more tensors than are looked at"))
    }
}

fn numbers(dtype: &str) -> Option<Numbers> {
    Some(match dtype {
        "BF16" => Numbers::BRAIN,
        "F16" => Numbers::HALF,
        "F32" => Numbers::SINGLE,
        "F64" => Numbers::DOUBLE,
        _ => return None,
    })
}
