//! Who is behind a pseudonym: kept beside the log and never in it, so that it can be erased while the log stays what it is.

use super::folder::EventLog;
use crate::artifact::{LARGEST, Limits, parse_strict};
use crate::error::{Error, Kind, Result};
use crate::store::{read_bounded, write_atomic};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Longest file of identities, in bytes.
const MAX_BYTES: u64 = 4 << 20;
/// Longest name, in bytes.
const MAX_NAME: usize = 200;

/// Names of actors by pseudonym.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identities {
    /// The number the next actor gets, at least.
    next: u64,
    names: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireIdentities {
    #[serde(rename = "airlift-identities")]
    version: u32,
    next: u64,
    actors: BTreeMap<String, String>,
}

impl Identities {
    /// Reads the file beside a log; none is none yet.
    pub fn read(log: &EventLog) -> Result<Self> {
        let path = log.path("identities.json");
        let damaged = |e: Error| {
            e.of_kind(Kind::Store).about(path.display()).hint("remove the file: the log stays what it is, and new pseudonyms are given out")
        };
        let Some(bytes) = read_bounded(&path, MAX_BYTES).map_err(damaged)? else { return Ok(Self { next: 1, names: BTreeMap::new() }) };
        let limits = Limits { bytes: MAX_BYTES as usize, depth: 3 };
        let wire: WireIdentities = parse_strict("the list of identities", &bytes, limits).map_err(damaged)?;
        if wire.version != 1 || wire.next == 0 || wire.next > LARGEST {
            return Err(damaged(Error::new(Kind::Store, "the list of identities has a version or number that cannot be")));
        }
        Ok(Self { next: wire.next, names: wire.actors })
    }

    /// Names by pseudonym.
    pub fn names(&self) -> &BTreeMap<String, String> {
        &self.names
    }

    /// The pseudonym of a name; a name that is not known gets a new one, above every number the log has seen: a pseudonym whose name was
    /// erased is never given to anybody again.
    pub(super) fn pseudonym(&mut self, name: &str, seen: u64) -> (String, bool) {
        let name = super::event::harmless(name, MAX_NAME);
        if let Some((pseudonym, _)) = self.names.iter().find(|(_, known)| **known == name) {
            return (pseudonym.clone(), false);
        }
        let number = self.next.max(seen + 1);
        self.next = number + 1;
        let pseudonym = format!("p{number}");
        self.names.insert(pseudonym.clone(), name);
        (pseudonym, true)
    }

    /// Forgets the name behind a pseudonym; whether there was one.
    pub(super) fn erase(&mut self, pseudonym: &str) -> bool {
        self.names.remove(pseudonym).is_some()
    }

    pub(super) fn write(&self, log: &EventLog) -> Result<()> {
        let wire = WireIdentities { version: 1, next: self.next, actors: self.names.clone() };
        let mut bytes = serde_json::to_vec_pretty(&wire).expect("identities have string keys only");
        bytes.push(b'\n');
        write_atomic(&log.path("identities.json"), &bytes)
    }
}

/// The number in a pseudonym.
pub(super) fn number(pseudonym: &str) -> u64 {
    pseudonym.strip_prefix('p').and_then(|digits| digits.parse().ok()).filter(|n| *n <= LARGEST).unwrap_or(0)
}
