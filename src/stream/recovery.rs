//! Recovery records (`docs/formats/stream.md`, "Recovery"): Reed-Solomon over a group of data records, so that a single pass survives
//! the loss of some.

use super::record::{Content, Header};
use crate::error::{Error, Result};
use reed_solomon_simd::{ReedSolomonDecoder, ReedSolomonEncoder};
use std::collections::{BTreeMap, VecDeque};

/// Groups whose recovery records are held at once: each has at most 4 MiB and a few records.
const GROUPS: usize = 8;

fn impossible(error: reed_solomon_simd::Error) -> Error {
    Error::failed("recovery records cannot be computed").because(&error)
}

/// The recovery payloads of a group of payloads of one length.
pub fn encode(group: &[u8], payload: usize, recoveries: usize) -> Result<Vec<Vec<u8>>> {
    let mut encoder = ReedSolomonEncoder::new(group.len() / payload, recoveries, payload).map_err(impossible)?;
    for original in group.chunks(payload) {
        encoder.add_original_shard(original).map_err(impossible)?;
    }
    let result = encoder.encode().map_err(impossible)?;
    Ok(result.recovery_iter().map(<[u8]>::to_vec).collect())
}

/// Which group a recovery record is for. What two records must have in common to be used together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// The volume, from 0.
    pub volume: u16,
    /// Where the group begins in it.
    pub start: u64,
    /// Length of each payload.
    pub payload: u16,
    /// Data records of the group.
    pub originals: u16,
    /// Recovery records of the group.
    pub recoveries: u16,
}

impl Group {
    /// The group of a recovery record, and which of its records it is. A group that would reach beyond its volume is none.
    pub fn of(header: &Header) -> Option<(Self, u16)> {
        let Content::Recovery { originals, recoveries, index } = header.content else { return None };
        let group = Self { volume: header.volume, start: header.offset, payload: header.payload, originals, recoveries };
        let last = header.offset + u64::from(originals - 1) * u64::from(header.payload);
        let possible = ReedSolomonDecoder::supports(usize::from(originals), usize::from(recoveries));
        (possible && last < header.length).then_some((group, index))
    }

    /// Where its data records begin and end in the volume.
    pub fn pieces(&self, length: u64) -> impl Iterator<Item = (usize, u64, u64)> + use<> {
        let (start, payload) = (self.start, u64::from(self.payload));
        (0..usize::from(self.originals)).map(move |n| {
            let at = start + n as u64 * payload;
            (n, at, length.min(at + payload))
        })
    }

    /// Where it ends.
    pub fn end(&self, length: u64) -> u64 {
        length.min(self.start + u64::from(self.originals) * u64::from(self.payload))
    }

    /// Computes data records from those that are here and from recovery records.
    pub fn decode(&self, here: &[(usize, Vec<u8>)], recoveries: &BTreeMap<u16, Vec<u8>>) -> Result<Vec<(usize, Vec<u8>)>> {
        let (count, payload) = (usize::from(self.originals), usize::from(self.payload));
        let mut decoder = ReedSolomonDecoder::new(count, usize::from(self.recoveries), payload).map_err(impossible)?;
        for (n, bytes) in here {
            decoder.add_original_shard(*n, bytes).map_err(impossible)?;
        }
        for (n, bytes) in recoveries.iter().take(count - here.len()) {
            decoder.add_recovery_shard(usize::from(*n), bytes).map_err(impossible)?;
        }
        let result = decoder.decode().map_err(impossible)?;
        Ok(result.restored_original_iter().map(|(n, bytes)| (n, bytes.to_vec())).collect())
    }
}

/// The recovery records of the latest groups that still miss data; the oldest group makes room for another.
#[derive(Debug, Default)]
pub struct Recoveries {
    held: BTreeMap<Group, BTreeMap<u16, Vec<u8>>>,
    order: VecDeque<Group>,
}

impl Recoveries {
    /// Keeps a record.
    pub fn hold(&mut self, group: Group, index: u16, payload: &[u8]) {
        if !self.held.contains_key(&group) {
            if self.order.len() == GROUPS {
                self.order.pop_front().map(|oldest| self.held.remove(&oldest));
            }
            self.order.push_back(group);
        }
        self.held.entry(group).or_default().insert(index, payload.to_vec());
    }

    /// What is held for a group.
    pub fn of(&self, group: &Group) -> Option<&BTreeMap<u16, Vec<u8>>> {
        self.held.get(group)
    }

    /// The groups that hold recovery records for a place of a volume.
    pub fn around(&self, volume: u16, at: u64) -> Vec<Group> {
        self.order.iter().filter(|g| g.volume == volume && g.start <= at && at < g.end(u64::MAX)).copied().collect()
    }

    /// A group is whole, or cannot be.
    pub fn forget(&mut self, group: &Group) {
        self.held.remove(group);
        self.order.retain(|held| held != group);
    }
}
