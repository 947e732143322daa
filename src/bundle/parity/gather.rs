//! The volumes of a set with parity: those that are here, whatever their state, and a place for each that is not.

use super::damage::Damage;
use crate::bundle::head::Head;
use crate::bundle::statement::Statement;
use crate::bundle::volumes::{ReadAt, Volume, VolumeSet};
use crate::error::{Error, Result, shown};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// All places of a set.
pub struct Gathered {
    /// One volume a place; every head is a good one, also where the volume's own is not.
    pub volumes: Vec<Volume>,
    /// Further copies of each.
    pub copies: Vec<Vec<String>>,
    /// What is known to be damaged already, by volume.
    pub damage: BTreeMap<usize, Damage>,
}

/// A volume that is not here.
#[derive(Debug)]
struct Absent;

impl ReadAt for Absent {
    fn fill_at(&self, _: &mut [u8], _: u64) -> io::Result<()> {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// Reads the copies of those heads that a check does not take.
pub fn salvage(set: &mut VolumeSet, check: impl Fn(&Volume) -> Result<()>) {
    let here = set.volumes.values_mut().chain(&mut set.copies);
    for volume in here.filter(|v| !v.salvaged && v.head.places.contains_key(crate::bundle::head::PARITY)) {
        if check(volume).is_ok() {
            continue;
        }
        let copy = Volume::salvage(&volume.path, Arc::clone(&volume.file), volume.length);
        if let Some(copy) =
            copy.filter(|c| c.head.statement == volume.head.statement && c.head.volume == volume.head.volume && check(c).is_ok())
        {
            *volume = copy;
        }
    }
}

/// Puts every volume in its place. `sound` is the check of a head by itself. An error where no head passes it.
pub fn gather(set: VolumeSet, statement: &Statement, sound: impl Fn(&Volume) -> Result<()>) -> Result<Gathered> {
    let count = statement.volumes.len();
    let mut found: BTreeMap<usize, Vec<(bool, Volume)>> = BTreeMap::new();
    let mut refused = None;
    for volume in set.volumes.into_values().chain(set.copies) {
        let good = sound(&volume).map_err(|error| refused.get_or_insert(error).kind()).is_ok();
        // A volume that is longer was added to: what it says of itself is worth nothing.
        let length = statement.volumes.get(volume.head.volume).copied().unwrap_or(0);
        if volume.length <= length {
            found.entry(volume.head.volume).or_default().push((good, volume));
        }
    }
    let head = found.values().flatten().find(|(good, _)| *good).map(|(_, volume)| volume.head.clone());
    let head = head.ok_or_else(|| refused.unwrap_or_else(|| Error::verification("none of its volumes has the signed length")))?;
    let mut gathered = Gathered { volumes: vec![], copies: vec![], damage: BTreeMap::new() };
    for (number, length) in statement.volumes.iter().enumerate().take(count) {
        let mut copies = found.remove(&number).unwrap_or_default();
        copies.sort_by_key(|(good, volume)| (volume.length != *length, !good, volume.salvaged));
        let others = copies.iter().skip(1).map(|(_, volume)| shown(&volume.path)).collect();
        gathered.copies.push(others);
        let damage = gathered.damage.entry(number).or_default();
        gathered.volumes.push(match copies.into_iter().next() {
            None => {
                damage.absent = true;
                absent(statement, number, &head)
            }
            Some((good, volume)) => {
                damage.head = !good || volume.salvaged;
                if volume.length < *length {
                    damage.add(volume.length, *length);
                }
                Volume { head: if good { volume.head } else { Head { volume: number, ..head.clone() } }, ..volume }
            }
        });
    }
    Ok(gathered)
}

/// The place of a volume that is not here: its head is that of another one, and it cannot be read.
pub fn absent(statement: &Statement, number: usize, head: &Head) -> Volume {
    Volume {
        path: PathBuf::from(statement.volume_name(number)),
        file: Arc::new(Absent),
        length: statement.volumes[number],
        head: Head { volume: number, ..head.clone() },
        salvaged: true,
    }
}

/// Where a damaged volume lies, for whoever replaces it.
pub fn place_of<'a>(volume: &'a Volume, damage: &Damage) -> Option<&'a Path> {
    (!damage.absent).then_some(&volume.path)
}
