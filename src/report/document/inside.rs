//! What lies inside artifacts: what is stated of it, and where a thing of it was met.

use super::sections::CountRow;
use serde::{Deserialize, Serialize};

/// What is stated of the packages inside artifacts, by names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Stated {
    /// The names and how many packages state each, the most frequent first.
    pub rows: Vec<CountRow>,
    /// Further names that are not listed.
    pub more: u64,
    /// How many packages state one of those.
    pub more_packages: u64,
    /// How many packages state nothing.
    pub unstated: u64,
}

/// The packages inside artifacts, counted apart from the artifacts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct InsideCounts {
    /// Packages inside artifacts; one that is in several, or several times in one, counts each time.
    pub packages: u64,
    /// Artifacts that some were found in.
    pub artifacts: u64,
    /// Artifacts that could not be looked into, or not as a whole: nobody knows what else is in them.
    pub unseen: u64,
    /// Their licences, as declared.
    pub licences: Stated,
    /// Their suppliers, as declared.
    pub suppliers: Stated,
}

/// Where something lies inside an artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct WithinRow {
    /// Its package URL; empty where none can be made.
    pub purl: String,
    /// From something that no artifact needs, step by step, to the artifact that it lies in; of a long way, as many steps from each of its ends.
    pub path: Vec<String>,
    /// Steps that are left out in the middle of the way.
    pub between: u64,
    /// What it lies in within that artifact, from the outside to the inside, such as a platform.
    pub parts: Vec<String>,
    /// What names it there: a database, a file.
    pub found_by: String,
}
