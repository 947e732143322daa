//! `docs/formats/bundle.md`, "Parents": the statements that a re-packed bundle was made from, with the signatures over them. They are
//! evidence of where its content came from; none of them counts for the new statement.

use super::statement::MAX_STATEMENT_BYTES;
use crate::artifact::{Digest, Limits, check_name, parse_versioned};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Longest `parents.json`, in bytes.
pub const MAX_PARENTS_BYTES: u64 = 8 << 20;
/// Most parents.
pub const MAX_PARENTS: usize = 64;
const VERSION: u32 = 1;

/// One bundle that another was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    /// Its id.
    pub id: Digest,
    /// Its statement's exact bytes.
    pub statement: Vec<u8>,
    /// The signatures over them, by file name.
    pub signatures: Vec<(String, Vec<u8>)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(rename = "airlift-parents")]
    version: u32,
    parents: Vec<WireParent>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireParent {
    bundle: String,
    signatures: BTreeMap<String, String>,
    statement: String,
}

impl Parent {
    /// Reads the bytes of `parents.json`.
    pub fn read_all(bytes: &[u8]) -> Result<Vec<Self>> {
        parse(bytes)
    }
}

/// The bytes of `parents.json`. Signatures that are no text are left out: no armour is.
pub fn to_bytes(parents: &[Parent]) -> Vec<u8> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    let parents = parents.iter().map(|parent| WireParent {
        bundle: parent.id.hex(),
        signatures: parent.signatures.iter().filter_map(|(name, armour)| Some((name.clone(), text(armour)?))).collect(),
        statement: text(&parent.statement).unwrap_or_default(),
    });
    let mut bytes =
        serde_json::to_vec_pretty(&Wire { version: VERSION, parents: parents.collect() }).expect("parents have string keys only");
    bytes.push(b'\n');
    bytes
}

/// Reads bytes whose digest has been checked. Each statement has the id it is under; its signatures are not judged.
pub fn parse(bytes: &[u8]) -> Result<Vec<Parent>> {
    let limits = Limits { bytes: MAX_PARENTS_BYTES as usize, depth: 5 };
    let wire: Wire = parse_versioned("the list of parents", bytes, limits, "airlift-parents", VERSION)?;
    let wrong = || Error::verification("the list of parents contradicts itself");
    if wire.parents.is_empty() || wire.parents.len() > MAX_PARENTS {
        return Err(wrong());
    }
    let parent = |wire: WireParent| {
        let (id, statement) = (Digest::from_signed(&wire.bundle)?, wire.statement.into_bytes());
        if Digest::of(&statement) != id || statement.len() > MAX_STATEMENT_BYTES {
            return Err(wrong());
        }
        wire.signatures.keys().try_for_each(|name| check_name("file name of a signature", name))?;
        Ok(Parent { id, statement, signatures: wire.signatures.into_iter().map(|(name, armour)| (name, armour.into_bytes())).collect() })
    };
    wire.parents.into_iter().map(parent).collect()
}
