//! Which stretches of the bases a slice resembles.
//!
//! A rolling hash picks places by their content, the same ones wherever that content stands. Those of the bases are kept with the
//! bucket they lie in; those of a slice vote for the buckets that have them, and the buckets that cover most of it win.

use super::error::Result;
use super::limits::longest_references;
use super::parallel;
use std::collections::{BinaryHeap, HashMap};

/// What bases are divided into.
pub const BUCKET: u64 = 128 << 10;
/// Most places kept, which bounds the memory at eight bytes for each.
const MOST_PLACES: u64 = 2 << 20;
/// One place in so many bytes at the densest, as a power of two.
const DENSEST: u32 = 7;
/// A place found more often than this says nothing.
const COMMON: usize = 16;
/// Bytes of a slice that a bucket has to bring to be worth reading.
const WORTH: u64 = 2 << 10;
/// How many times as many places are taken as there are by chance.
const MOST_TIMES: usize = 4;
/// Bytes that the rolling hash looks back.
const WINDOW: u64 = 32;
/// How much of a base one thread takes at a time.
const SHARE: u64 = 8 << 20;

/// A stretch of the expanded stream of a base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Which base.
    pub base: usize,
    /// Where it begins.
    pub offset: u64,
    /// Its length.
    pub length: u64,
}

/// What a slice is best compressed against.
#[derive(Debug, Default)]
pub struct Picked {
    /// Stretches of the bases, in their order.
    pub stretches: Vec<Stretch>,
    /// How many places the slice has, and how many of them are in the stretches.
    pub places: usize,
    /// See there.
    pub covered: usize,
}

impl Picked {
    /// Length of all stretches.
    pub fn length(&self) -> u64 {
        self.stretches.iter().map(|stretch| stretch.length).sum()
    }

    /// Whether most of the slice stands in the bases as it is.
    pub fn covers(&self) -> bool {
        self.covered * 2 > self.places
    }

    /// Whether little of it is new.
    pub fn covers_well(&self) -> bool {
        self.places > 0 && (self.places - self.covered) * 4 < self.places
    }
}

/// Reads an expanded stream at a place.
pub type Reading<'a> = &'a (dyn Fn(u64, &mut [u8]) -> Result<()> + Sync);

/// The places of all bases.
pub struct Index {
    /// Hash and bucket, sorted.
    places: Vec<(u32, u32)>,
    /// Where the places of each upper half of hashes begin.
    heads: Vec<u32>,
    /// Length of each base, and its first bucket.
    bases: Vec<(u64, u32)>,
    rarity: u32,
}

impl Index {
    /// Looks through the expanded streams of all bases.
    pub fn new(bases: &[(u64, Reading<'_>)], threads: usize) -> Result<Self> {
        let total: u64 = bases.iter().map(|(length, _)| length).sum();
        let rarity = (total / MOST_PLACES).next_power_of_two().trailing_zeros().max(DENSEST);
        let (mut shares, mut first, mut all) = (Vec::new(), 0u32, Vec::new());
        for (base, (length, _)) in bases.iter().enumerate() {
            shares.extend((0..length.div_ceil(SHARE)).map(|share| (base, share * SHARE)));
            all.push((*length, first));
            first += length.div_ceil(BUCKET) as u32;
        }
        let found = parallel::each(threads, shares.len(), |index| {
            let (base, start) = shares[index];
            let (length, read) = bases[base];
            // The hash looks back, so that what a place is does not depend on where a share begins.
            let before = start.min(WINDOW);
            let mut bytes = vec![0; (length - start).min(SHARE) as usize + before as usize];
            read(start - before, &mut bytes)?;
            let bucket = |at: usize| all[base].1 + ((start - before + at as u64) / BUCKET) as u32;
            let mut places = Vec::new();
            hashes(&bytes, rarity, |at, hash| places.push((hash, bucket(at))));
            places.sort_unstable();
            places.dedup();
            Ok(places)
        })?;
        let mut places: Vec<(u32, u32)> = Vec::with_capacity(found.iter().map(Vec::len).sum());
        found.into_iter().for_each(|share| places.extend(share));
        places.sort_unstable();
        places.dedup();
        let mut heads = vec![0u32; 65537];
        places.iter().for_each(|place| heads[(place.0 >> 16) as usize + 1] += 1);
        (0..65536).for_each(|index| heads[index + 1] += heads[index]);
        Ok(Self { places, heads, bases: all, rarity })
    }

    /// The buckets that have a hash.
    fn buckets(&self, hash: u32) -> &[(u32, u32)] {
        let upper = (hash >> 16) as usize;
        let near = &self.places[self.heads[upper] as usize..self.heads[upper + 1] as usize];
        let from = near.partition_point(|place| place.0 < hash);
        let length = near[from..].iter().take_while(|place| place.0 == hash).count();
        &near[from..from + length]
    }

    /// The stretches of the bases that a slice is best compressed against, in the order of the bases; none where nothing resembles.
    pub fn pick(&self, slice: &[u8]) -> Picked {
        if self.places.is_empty() {
            return Picked::default();
        }
        let mut own = Vec::new();
        hashes(slice, self.rarity, |_, hash| own.push(hash));
        own.sort_unstable();
        own.dedup();
        let mut voters: HashMap<u32, Vec<u32>> = HashMap::new();
        for (voter, hash) in own.iter().enumerate() {
            let buckets = self.buckets(*hash);
            for (_, bucket) in buckets.iter().filter(|_| buckets.len() <= COMMON) {
                voters.entry(*bucket).or_default().push(voter as u32);
            }
        }
        let (won, covered) = self.win(voters, own.len(), longest_references(slice.len()) / BUCKET as usize);
        Picked { stretches: self.stretches(won), places: own.len(), covered }
    }

    /// Again and again the bucket that covers most of what no other one covers so far.
    fn win(&self, voters: HashMap<u32, Vec<u32>>, count: usize, most: usize) -> (Vec<u32>, usize) {
        let mut covered = vec![false; count];
        let mut heap: BinaryHeap<(usize, std::cmp::Reverse<u32>)> =
            voters.iter().map(|(bucket, voters)| (voters.len(), std::cmp::Reverse(*bucket))).collect();
        let worth = (WORTH >> self.rarity).max(3) as usize;
        let mut won = Vec::new();
        while let Some((said, bucket)) = heap.pop() {
            if said < worth || won.len() == most {
                break;
            }
            let of = &voters[&bucket.0];
            let now = of.iter().filter(|voter| !covered[**voter as usize]).count();
            if heap.peek().is_some_and(|next| next.0 > now) {
                heap.push((now, bucket));
            } else if now >= worth {
                of.iter().for_each(|voter| covered[*voter as usize] = true);
                won.push(bucket.0);
            }
        }
        won.sort_unstable();
        (won, covered.iter().filter(|covered| **covered).count())
    }

    /// Buckets as stretches, those next to each other as one.
    fn stretches(&self, buckets: Vec<u32>) -> Vec<Stretch> {
        let mut stretches: Vec<Stretch> = Vec::new();
        for bucket in buckets {
            let base = self.bases.partition_point(|(_, first)| *first <= bucket) - 1;
            let (length, first) = self.bases[base];
            let offset = u64::from(bucket - first) * BUCKET;
            let length = (length - offset).min(BUCKET);
            match stretches.last_mut() {
                Some(last) if last.base == base && last.offset + last.length == offset => last.length += length,
                _ => stretches.push(Stretch { base, offset, length }),
            }
        }
        stretches
    }
}

/// A fixed table of numbers without order (splitmix64).
const GEAR: [u64; 256] = {
    let (mut table, mut index, mut state) = ([0u64; 256], 0, 0x0005_EED0_FA16_11F7u64);
    while index < 256 {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        table[index] = z ^ (z >> 31);
        index += 1;
    }
    table
};

/// Tells the places whose last 32 bytes have a rare hash: one of a run of the same, and only so many times as many as there are by
/// chance, so that bytes made for it cannot make every place one.
fn hashes(bytes: &[u8], rarity: u32, mut place: impl FnMut(usize, u32)) {
    let (mut hash, mask) = (0u64, u64::MAX << (64 - rarity));
    let (mut last, mut left) = (None, MOST_TIMES * (bytes.len() >> rarity) + 64);
    for (at, byte) in bytes.iter().enumerate() {
        hash = (hash << 2).wrapping_add(GEAR[usize::from(*byte)]);
        if hash & mask == 0 && at as u64 >= WINDOW - 1 && last != Some(hash) {
            last = Some(hash);
            if left == 0 {
                return;
            }
            left -= 1;
            place(at, (hash.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DENSEST, GEAR, MOST_TIMES, WINDOW, hashes};

    #[test]
    fn bytes_made_for_it_have_no_more_places_than_a_few_times_what_is_usual() {
        // Two bytes in turn, or one, whose hashes are rare at every second place at least.
        let rare = |pair: [u8; 2]| {
            let bytes = pair.repeat(WINDOW as usize);
            let hash = bytes.iter().fold(0u64, |hash, byte| (hash << 2).wrapping_add(GEAR[usize::from(*byte)]));
            hash >> (64 - DENSEST) == 0
        };
        let pairs: Vec<[u8; 2]> = (0..=u16::MAX).map(u16::to_le_bytes).filter(|pair| pair[0] != pair[1] && rare(*pair)).collect();
        assert!(!pairs.is_empty());
        // Each pair for 64 bytes, so that a hash differs from the one before it.
        let mut bytes = Vec::new();
        for pair in pairs.iter().cycle().take(20_000) {
            bytes.extend(pair.repeat(20));
        }
        let mut places = 0;
        hashes(&bytes, DENSEST, |_, _| places += 1);
        assert!(places <= MOST_TIMES * (bytes.len() >> DENSEST) + 64, "{places} in {}", bytes.len());
        let mut same = 0;
        hashes(&vec![0; 1 << 16], DENSEST, |_, _| same += 1);
        assert!(same <= 1);
    }
}
