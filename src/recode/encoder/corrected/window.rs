//! The plain bytes at hand, and where the same few bytes were before.

use super::presets::Preset;

/// How far back a match may reach.
pub const FARTHEST: usize = 1 << 15;
/// How far zlib reaches.
const NEAR: usize = FARTHEST - 262;
/// Longest match.
pub const LONGEST: usize = 258;
/// What is looked at of the bytes ahead: a match one byte on, and what is hashed behind it.
const AHEAD: usize = LONGEST + 4;
/// How much is behind before it is thrown away.
const BEHIND: usize = 1 << 17;
const MASK: usize = FARTHEST - 1;

/// A match; none where the length is 0.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Match {
    /// Its bytes.
    pub length: u32,
    /// How far back they are.
    pub distance: u32,
}

/// Bytes, and chains of places.
pub struct Window {
    bytes: Vec<u8>,
    /// Place of the first of them, and of the end of all there will be.
    from: usize,
    total: usize,
    preset: Preset,
    /// The last place with a hash, plus one, and the one before each with the same hash.
    heads: Vec<u32>,
    before: Vec<u32>,
    /// The last place of three bytes, plus one, where four are hashed.
    threes: Vec<u32>,
}

impl Window {
    /// Nothing yet of `total` bytes, which are fewer than 2^32.
    pub fn new(preset: Preset, total: usize) -> Self {
        let heads = 1 << if preset.hashed == 4 { 16 } else { 15 };
        let threes = if preset.threes { 1 << 15 } else { 0 };
        Self { bytes: Vec::new(), from: 0, total, preset, heads: vec![0; heads], before: vec![0; FARTHEST], threes: vec![0; threes] }
    }

    /// Takes bytes; `at` is the place up to which all is done.
    pub fn feed(&mut self, bytes: &[u8], at: usize) {
        let done = at - self.from;
        if done > BEHIND {
            self.bytes.drain(..done - FARTHEST);
            self.from = at - FARTHEST;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether there is enough to go on at a place.
    pub fn reaches(&self, at: usize) -> bool {
        self.from + self.bytes.len() >= self.total.min(at + AHEAD)
    }

    /// How many of all bytes are behind a place.
    pub fn left(&self, at: usize) -> usize {
        self.total - at
    }

    /// How many bytes from a place on can be noted.
    pub fn known(&self, at: usize) -> usize {
        let end = self.from + self.bytes.len();
        if end == self.total { end - at } else { (end - at).saturating_sub(4) }
    }

    /// Bytes from a place on.
    pub fn slice(&self, at: usize, length: usize) -> &[u8] {
        &self.bytes[at - self.from..at - self.from + length]
    }

    /// One byte.
    pub fn byte(&self, at: usize) -> u8 {
        self.bytes[at - self.from]
    }

    fn hash(&self, at: usize) -> usize {
        let here = &self.bytes[at - self.from..];
        if self.preset.hashed == 4 {
            (u32::from_le_bytes([here[0], here[1], here[2], here[3]]).wrapping_mul(2_654_435_761) >> 16) as usize
        } else {
            three(here)
        }
    }

    /// Notes a place, where enough bytes are behind it.
    pub fn note(&mut self, at: usize) {
        let left = self.left(at);
        if left < self.preset.hashed {
            return;
        }
        let hash = self.hash(at);
        self.before[at & MASK] = self.heads[hash];
        self.heads[hash] = at as u32 + 1;
        if self.preset.threes {
            let hash = three(&self.bytes[at - self.from..]);
            self.threes[hash] = at as u32 + 1;
        }
    }

    /// Places before `at` with the same hash, the nearest first.
    fn chain(&self, at: usize) -> Chain<'_> {
        let next = if self.left(at) < self.preset.hashed { 0 } else { self.heads[self.hash(at)] };
        let reach = if self.preset.near { NEAR.min(at.saturating_sub(1)) } else { FARTHEST.min(at) };
        Chain { before: &self.before, next, at, reach }
    }

    /// How many bytes are the same `distance` back, at most `most`.
    fn same(&self, at: usize, distance: usize, most: usize) -> usize {
        let here = &self.bytes[at - self.from..at - self.from + most];
        let there = &self.bytes[at - self.from - distance..at - self.from - distance + most];
        let words = here.chunks_exact(8).zip(there.chunks_exact(8));
        let mut same = 0;
        for (one, other) in words {
            let differ = word(one) ^ word(other);
            if differ != 0 {
                return same + (differ.trailing_zeros() / 8) as usize;
            }
            same += 8;
        }
        same + here[same..].iter().zip(&there[same..]).take_while(|(one, other)| one == other).count()
    }

    /// The first of the longest matches at a place that are longer than `than`, among `depth` places.
    pub fn search(&self, at: usize, than: u32, depth: u32) -> Match {
        let most = LONGEST.min(self.left(at));
        let (mut best, mut found) = (than.max(2) as usize, Match::default());
        if best >= most {
            return found;
        }
        let nice = (self.preset.nice as usize).min(most);
        if best == 2 && self.preset.threes {
            found = self.of_three(at);
            best = best.max(found.length as usize);
        }
        let here = at - self.from;
        for distance in self.chain(at).take(depth as usize) {
            if best >= most {
                break;
            }
            if self.bytes[here + best] != self.bytes[here + best - distance] {
                continue;
            }
            let length = self.same(at, distance, most);
            if length > best {
                best = length;
                found = Match { length: length as u32, distance: distance as u32 };
                if length >= nice {
                    break;
                }
            }
        }
        found
    }

    /// The last place with the same three bytes.
    fn of_three(&self, at: usize) -> Match {
        if self.left(at) < 3 || !self.preset.threes {
            return Match::default();
        }
        let last = self.threes[three(&self.bytes[at - self.from..])] as usize;
        let Some(distance) = (at + 1).checked_sub(last).filter(|distance| last > 0 && *distance <= FARTHEST) else {
            return Match::default();
        };
        if self.same(at, distance, 3) < 3 {
            return Match::default();
        }
        Match { length: 3, distance: distance as u32 }
    }

    /// Distances at which so many bytes are the same, the nearest first, among `depth` places.
    pub fn distances(&self, at: usize, length: usize, depth: u32) -> impl Iterator<Item = usize> + '_ {
        let three = Some(self.of_three(at).distance as usize).filter(|distance| *distance > 0 && length == 3);
        let known = length <= self.left(at);
        let others = self.chain(at).take(if known { depth as usize } else { 0 });
        three.into_iter().chain(others.filter(move |distance| Some(*distance) != three && self.same(at, *distance, length) == length))
    }

    /// Whether so many bytes are the same so far back.
    pub fn is_match(&self, at: usize, found: Match) -> bool {
        let (length, distance) = (found.length as usize, found.distance as usize);
        length <= self.left(at) && (1..=FARTHEST.min(at)).contains(&distance) && self.same(at, distance, length) == length
    }
}

/// The hash of zlib.
fn three(here: &[u8]) -> usize {
    (usize::from(here[0]) << 10 ^ usize::from(here[1]) << 5 ^ usize::from(here[2])) & MASK
}

fn word(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, u64::from_le_bytes)
}

/// Goes along a chain, by distances.
struct Chain<'a> {
    before: &'a [u32],
    next: u32,
    at: usize,
    reach: usize,
}

impl Iterator for Chain<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let place = (self.next as usize).checked_sub(1)?;
        let distance = self.at.checked_sub(place).filter(|distance| *distance > 0 && *distance <= self.reach)?;
        let before = self.before[place & MASK];
        // What is no farther is of a place that came later.
        self.next = if before < self.next { before } else { 0 };
        Some(distance)
    }
}
