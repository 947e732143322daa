//! What was packed last on each line: the number the next bundle gets, and what makes packing the same lock again give the same bytes.

use super::files::{create_folder, read_own, write_atomic};
use super::layout::{Store, Writer};
use crate::artifact::{Digest, Limits, parse_strict};
use crate::error::{Error, Kind, Result};
use serde::{Deserialize, Serialize};

/// The last bundle packed of a toolkit and line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastPacked {
    /// Epoch.
    pub epoch: u64,
    /// Number.
    pub seq: u64,
    /// Bundle id.
    pub bundle: Digest,
    /// SHA-256 of everything that decides its bytes, the number apart.
    pub recipe: Digest,
    /// Its creation time.
    pub created: String,
    /// Number and id of the one before it.
    pub previous: Option<(u64, Digest)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WirePacked {
    epoch: u64,
    seq: u64,
    bundle: String,
    recipe: String,
    created: String,
    previous: Option<(u64, String)>,
}

impl Store {
    fn packed_path(&self, name: &str, line: &str) -> std::path::PathBuf {
        self.root().join("packed").join(format!("{name}@{line}.json"))
    }

    /// What was packed last on a line.
    pub fn last_packed(&self, name: &str, line: &str) -> Result<Option<LastPacked>> {
        let Some(bytes) = read_own(&self.packed_path(name, line), 65536)? else { return Ok(None) };
        let read = || -> Result<LastPacked> {
            let wire: WirePacked = parse_strict("the record of the last bundle packed", &bytes, Limits { bytes: 65536, depth: 4 })?;
            let previous = wire.previous.map(|(seq, id)| Digest::from_hex(&id).map(|id| (seq, id))).transpose()?;
            let (bundle, recipe) = (Digest::from_hex(&wire.bundle)?, Digest::from_hex(&wire.recipe)?);
            Ok(LastPacked { epoch: wire.epoch, seq: wire.seq, bundle, recipe, created: wire.created, previous })
        };
        let path = self.packed_path(name, line);
        let damaged = |e: Error| {
            e.of_kind(Kind::Store)
                .with("file", path.display())
                .hint("the store is damaged: remove the file, and give the next number of the line with --seq")
        };
        read().map(Some).map_err(damaged)
    }
}

impl Writer {
    /// Remembers what was packed last on a line.
    pub fn remember_packed(&self, name: &str, line: &str, packed: &LastPacked) -> Result<()> {
        let wire = WirePacked {
            epoch: packed.epoch,
            seq: packed.seq,
            bundle: packed.bundle.hex(),
            recipe: packed.recipe.hex(),
            created: packed.created.clone(),
            previous: packed.previous.map(|(seq, id)| (seq, id.hex())),
        };
        create_folder(&self.store().root().join("packed"))?;
        let bytes = serde_json::to_vec(&wire).expect("a record has string keys only");
        write_atomic(&self.store().packed_path(name, line), &bytes)
    }
}
