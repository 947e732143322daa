//! `inspect`: what a bundle says of itself, from the kilobytes of its head. Nothing of it is believed, and the words say so.

use crate::artifact::Digest;
use crate::bundle::{
    ANCESTORS, BASES, Bases, FrameTable, PARENTS, PARITY, Parent, ParityTable, Redundancy, Statement, Taken, Volume, VolumeSet,
};
use crate::error::{Result, shown};
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
    /// Whether the lock was left unread because it is too large to be read before anybody is believed.
    pub unread: bool,
    /// Names of the signature files.
    pub signatures: Vec<(String, Vec<u8>)>,
    /// Trust files carried.
    pub trust: Vec<(String, Vec<u8>)>,
    /// How much parity it has, when its table is the one the statement pins.
    pub parity: Option<Redundancy>,
    /// What each encoding took, when the frame table and the list of bases are the ones the statement pins.
    pub spent: Option<Spent>,
    /// The bundles it says it was made from, when that list is the one the statement pins.
    pub parents: Vec<Parent>,
    /// The bundles that it says those were made from, with how many generations back they are.
    pub ancestors: Vec<(usize, Parent)>,
    /// Volumes that are here, as (number from 1, path).
    pub volumes: Vec<(usize, PathBuf)>,
}

/// Longest lock that is parsed before anybody has been believed, in bytes.
const MAX_UNBELIEVED_LOCK: u64 = 32 << 20;

/// How much is read of what nobody has been believed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// What a stranger's medium may cost: a lock with more values is not read. In memory a value can take a hundred times its bytes.
    Careful,
    /// What a signer needs to see of their own bundle.
    Whole,
}

impl Reading {
    /// Most members and elements of a lock.
    const fn values(self) -> usize {
        match self {
            Self::Careful => 500_000,
            Self::Whole => usize::MAX,
        }
    }
}

/// The lock, and whether it was left unread.
fn read_lock(volume: &Volume, statement: &Statement, reading: Reading) -> (Option<Lock>, bool) {
    if volume.head.places.get("lock.json").is_some_and(|(_, size)| *size > MAX_UNBELIEVED_LOCK) {
        return (None, true);
    }
    let Ok(bytes) = volume.pinned(statement, "lock.json") else { return (None, false) };
    // At least as many as there are values: each but the first of a list follows one of these.
    if bytes.iter().filter(|b| matches!(b, b',' | b'[' | b'{')).count() > reading.values() {
        return (None, true);
    }
    (Lock::parse("its lock", &bytes).ok(), false)
}

/// What the payload of a set is made of.
#[derive(Debug, Clone)]
pub struct Spent {
    /// What it builds on, and what is left out.
    pub bases: Bases,
    /// What each encoding took.
    pub by_encoding: Vec<Taken>,
    /// Blobs that are left out, and their bytes.
    pub left_out: (usize, u64),
}

/// Reads the tables of a set, where they are not too large for what nobody has been believed for.
fn spent(volume: &Volume, statement: &Statement, lock: &Lock) -> Option<Spent> {
    let small = |name: &str| volume.head.places.get(name).is_none_or(|(_, size)| *size <= MAX_UNBELIEVED_LOCK);
    if !small(BASES) || !small("frames.bin") {
        return None;
    }
    let bases = match statement.files.contains_key(BASES) {
        true => Bases::parse(&volume.pinned(statement, BASES).ok()?, statement).ok()?,
        false => Bases::default(),
    };
    let table = FrameTable::parse(&volume.pinned(statement, "frames.bin").ok()?, lock, &statement.volumes, &bases).ok()?;
    let mut left_out = lock.blobs();
    left_out.retain(|digest, _| bases.granted.contains_key(digest));
    let left_out = (left_out.len(), left_out.values().fold(0, |sum: u64, size| sum.saturating_add(*size)));
    Some(Spent { by_encoding: table.by_encoding(), left_out, bases })
}

/// Reads the head of a set.
pub fn inspect(set: &VolumeSet, reading: Reading) -> Result<Inspection> {
    let volume = set.volumes.values().next().expect("a set of volumes has at least one");
    let statement = Statement::parse(&volume.head.statement).map_err(|e| e.about(shown(&volume.path)))?;
    let table = volume.head.places.get(PARITY).filter(|(_, size)| *size <= MAX_UNBELIEVED_LOCK);
    let table = table.and_then(|_| volume.pinned(&statement, PARITY).ok());
    let parity = table.and_then(|bytes| ParityTable::announced(&bytes)).map(|(redundancy, _)| redundancy);
    let (lock, unread) = read_lock(volume, &statement, reading);
    let parents =
        volume.head.places.contains_key(PARENTS).then(|| volume.pinned(&statement, PARENTS).and_then(|b| Parent::read_all(&b)).ok());
    let parents = parents.flatten().unwrap_or_default();
    let ancestors = volume.head.places.contains_key(ANCESTORS).then(|| volume.pinned(&statement, ANCESTORS).ok()).flatten();
    let ancestors = ancestors.and_then(|bytes| Parent::read_ancestors(&bytes, &parents).ok()).unwrap_or_default();
    let spent = lock.as_ref().and_then(|lock| spent(volume, &statement, lock));
    Ok(Inspection {
        id: set.id,
        statement,
        lock,
        unread,
        signatures: volume.head.signatures.to_vec(),
        trust: volume.head.trust.to_vec(),
        parity,
        spent,
        parents,
        ancestors,
        volumes: set.volumes.iter().map(|(n, v)| (n + 1, v.path.clone())).collect(),
    })
}
