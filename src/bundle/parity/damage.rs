//! What was found to be damaged, and is or would be put right.

use std::collections::BTreeMap;

/// Most ranges that are remembered of one volume; beyond, neighbours are told as one.
const MOST_RANGES: usize = 4096;
/// Most ranges that are named of one volume.
const NAMED: usize = 8;

/// What is damaged on one volume.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Damage {
    /// Whether the volume is not here at all.
    pub absent: bool,
    /// Whether its head was damaged, and its copy was read.
    pub head: bool,
    /// Ranges of bytes: from, to.
    ranges: BTreeMap<u64, u64>,
}

impl Damage {
    /// Whether there is any.
    pub fn is_some(&self) -> bool {
        self.absent || self.head || !self.ranges.is_empty()
    }

    /// Adds a range of bytes.
    pub fn add(&mut self, mut from: u64, mut to: u64) {
        while let Some((&start, &end)) = self.ranges.range(..=to).next_back().filter(|(_, end)| **end >= from) {
            self.ranges.remove(&start);
            (from, to) = (from.min(start), to.max(end));
        }
        self.ranges.insert(from, to);
        if self.ranges.len() > MOST_RANGES {
            let (last, before) = (self.ranges.pop_last(), self.ranges.last_entry());
            if let (Some((_, end)), Some(mut before)) = (last, before) {
                *before.get_mut() = end;
            }
        }
    }

    /// The ranges, from and to.
    pub fn ranges(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.ranges.iter().map(|(from, to)| (*from, *to))
    }

    /// Bytes in all ranges.
    pub fn bytes(&self) -> u64 {
        self.ranges().map(|(from, to)| to - from).sum()
    }

    /// In words, for a volume numbered from 0.
    pub fn told(&self, volume: usize) -> String {
        let number = volume + 1;
        if self.absent {
            return format!("volume {number}: not here, or nothing of it can be used");
        }
        let head = if self.head { "its head; " } else { "" };
        if self.ranges.is_empty() {
            return format!("volume {number}: its head");
        }
        let named = self.ranges().take(NAMED).map(|(from, to)| format!("{from}-{}", to - 1)).collect::<Vec<_>>().join(", ");
        let more = match self.ranges.len().saturating_sub(NAMED) {
            0 => String::new(),
            n => format!(" and {n} more places"),
        };
        format!("volume {number}: {head}{} bytes in {} places: {named}{more}", self.bytes(), self.ranges.len())
    }
}
