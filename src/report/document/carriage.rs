//! How the blobs of a bundle are carried, and what each way takes.

use super::sections::words;
use serde::{Deserialize, Serialize};

words! {
    /// How blobs are carried.
    Carriage {
        /// As they are.
        Stored = "stored",
        /// Compressed, each by itself.
        Zstd = "zstd",
        /// As what makes them again, from others where that helps.
        Recoded = "recoded",
        /// Not at all: whoever gets the bundle is taken to have them.
        LeftOut = "left-out",
    }
}

/// What the blobs that are carried in one way take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EncodingRow {
    /// How they are carried.
    pub encoding: Carriage,
    /// How many they are.
    pub blobs: u64,
    /// Their bytes, as artifacts have them.
    pub bytes: u64,
    /// Bytes on the volumes that stand for them.
    pub carried: u64,
}
