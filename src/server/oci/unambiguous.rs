//! One reading only: a manifest that two readers could understand differently is refused before it is understood at all.
//!
//! Readers written in Go take `Layers` for `layers` and the last of two equal keys; others do neither. So the words of manifests must be
//! spelled as specified, and no key may come twice, also when only case differs. Annotations are free text and only may not repeat.

use crate::error::{Error, Result};
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeSet;
use std::fmt;

/// The words manifests and descriptors are written in (OCI image specification 1.1; Docker's schema 1 and 2).
const WORDS: &[&str] = &[
    "schemaVersion",
    "mediaType",
    "artifactType",
    "config",
    "layers",
    "manifests",
    "subject",
    "annotations",
    "fsLayers",
    "history",
    "signatures",
    "blobs",
    "digest",
    "size",
    "urls",
    "data",
    "platform",
    "architecture",
    "os",
    "os.version",
    "os.features",
    "variant",
];
/// Deepest nesting; a manifest needs 5.
const DEEPEST: usize = 16;

/// Refuses bytes that are not one JSON value with exactly one reading.
pub(super) fn check(bytes: &[u8]) -> Result<()> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let walked = Walk { depth: DEEPEST, free: false }.deserialize(&mut reader).and_then(|()| reader.end());
    walked.map_err(|e| Error::verification("the manifest is not unambiguous JSON").because(&e))
}

#[derive(Clone, Copy)]
struct Walk {
    depth: usize,
    /// Within annotations: the keys are not ours to judge.
    free: bool,
}

impl Walk {
    fn into_key<E: de::Error>(self, key: &str) -> std::result::Result<Self, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| E::custom("nested too deeply"))?;
        Ok(Self { depth, free: self.free || key == "annotations" })
    }

    fn check_key<E: de::Error>(self, key: &str, seen: &mut BTreeSet<String>) -> std::result::Result<(), E> {
        let folded = if self.free { key.to_owned() } else { key.to_ascii_lowercase() };
        if !self.free {
            let misspelled = !WORDS.contains(&key) && WORDS.iter().any(|word| word.eq_ignore_ascii_case(key));
            if misspelled || !key.is_ascii() {
                return Err(E::custom(format!("key {key:?} is read as another by some clients")));
            }
        }
        if seen.insert(folded) { Ok(()) } else { Err(E::custom(format!("key {key:?} comes twice"))) }
    }
}

impl<'de> DeserializeSeed<'de> for Walk {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unambiguous JSON")
    }

    fn visit_bool<E>(self, _: bool) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<(), A::Error> {
        let inner = self.into_key("")?;
        while items.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> std::result::Result<(), A::Error> {
        let mut seen = BTreeSet::new();
        while let Some(key) = members.next_key::<String>()? {
            self.check_key::<A::Error>(&key, &mut seen)?;
            members.next_value_seed(self.into_key(&key)?)?;
        }
        Ok(())
    }
}
