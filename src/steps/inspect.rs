//! `inspect`: what a bundle says of itself, from the kilobytes of its head. Nothing of it is believed, and the words say so.

use crate::artifact::Digest;
use crate::bundle::{Statement, Volume, VolumeSet};
use crate::error::Result;
use crate::lock::Lock;
use std::path::PathBuf;

/// What was found on the medium.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// SHA-256 of the statement.
    pub id: Digest,
    /// The statement, unverified.
    pub statement: Statement,
    /// The lock, when its bytes are the ones the statement pins.
    pub lock: Option<Lock>,
    /// Names of the signature files.
    pub signatures: Vec<(String, Vec<u8>)>,
    /// Trust files carried.
    pub trust: Vec<(String, Vec<u8>)>,
    /// Volumes that are here, as (number from 1, path).
    pub volumes: Vec<(usize, PathBuf)>,
}

/// Longest lock that is parsed before anybody has been believed, in bytes.
const MAX_UNBELIEVED_LOCK: u64 = 32 << 20;

fn read_lock(volume: &Volume, statement: &Statement) -> Option<Lock> {
    let bytes = volume.head.pinned(&volume.path, &volume.file, statement, "lock.json").ok()?;
    Lock::parse("its lock", &bytes).ok()
}

/// Reads the head of a set.
pub fn inspect(set: &VolumeSet) -> Result<Inspection> {
    let volume = set.volumes.values().next().expect("a set of volumes has at least one");
    let statement = Statement::parse(&volume.head.statement).map_err(|e| e.about(volume.path.display()))?;
    let small = volume.head.places.get("lock.json").is_some_and(|(_, size)| *size <= MAX_UNBELIEVED_LOCK);
    let lock = if small { read_lock(volume, &statement) } else { None };
    Ok(Inspection {
        id: set.id,
        statement,
        lock,
        signatures: volume.head.signatures.clone(),
        trust: volume.head.trust.clone(),
        volumes: set.volumes.iter().map(|(n, v)| (n + 1, v.path.clone())).collect(),
    })
}
