//! One entry of an index, and its record: kept as the index wrote it, read when that is needed.

use super::value::{Strict, parse};
use bytes::Bytes;
use rattler_conda_types::PackageRecord;
use serde::Deserialize;
use serde::de::DeserializeSeed;
use serde_json::Value;

/// Deepest nesting of a record.
const DEPTH: usize = 8;

/// One entry of an index.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The archive's name.
    pub file: String,
    /// The record.
    pub record: Record,
    /// Whether only clients that know repodata of version 3 (CEP 48) see it.
    pub newer: bool,
}

/// A record, as its index wrote it.
#[derive(Debug, Clone)]
pub enum Record {
    /// Of a whole index.
    Json(Bytes),
    /// Of a shard: MessagePack, digests as raw bytes.
    Packed(Bytes),
}

impl Record {
    /// All of it, as a lock holds it: no key twice, bounded depth, digests in hex.
    pub fn value(&self) -> Result<Value, String> {
        match self {
            Self::Json(text) => parse(text).map_err(|e| e.to_string()),
            Self::Packed(bytes) => {
                let mut reader = rmp_serde::Deserializer::from_read_ref(bytes);
                reader.set_max_depth(DEPTH * 2);
                Strict { depth: DEPTH }.deserialize(&mut reader).map_err(|e| e.to_string())
            }
        }
    }

    /// What a solver needs of it.
    pub fn solver(&self) -> Result<PackageRecord, String> {
        match self {
            Self::Json(text) => serde_json::from_slice(text).map_err(|e| e.to_string()),
            Self::Packed(bytes) => {
                let mut reader = rmp_serde::Deserializer::from_read_ref(bytes);
                reader.set_max_depth(DEPTH * 2);
                // A shard that writes digests in hex, as whole indexes do, is understood too.
                let read = PackageRecord::deserialize(&mut reader);
                read.or_else(|_| serde_json::from_value(self.value()?).map_err(|e| e.to_string()))
            }
        }
    }
}
