//! The tables of levels 5 and 6: the last position by a short hash, the last two by a long one.

use std::marker::PhantomData;

use super::history::{Hash, Source};

/// The tables.
pub(super) struct Pairs<S, L> {
    pub(super) short: Vec<u32>,
    pub(super) long: Vec<[u32; 2]>,
    hash: PhantomData<(S, L)>,
}

impl<S: Hash, L: Hash> Pairs<S, L> {
    pub(super) fn new() -> Self {
        Self { short: vec![0; S::SIZE], long: vec![[0; 2]; L::SIZE], hash: PhantomData }
    }

    /// Notes a position by its short hash; the one before.
    pub(super) fn note_short(&mut self, word: u64, number: u32) -> u32 {
        std::mem::replace(&mut self.short[S::of(word)], number)
    }

    /// Notes a position by its long hash; the two before.
    pub(super) fn note_long(&mut self, word: u64, number: u32) -> [u32; 2] {
        let slot = &mut self.long[L::of(word)];
        let before = *slot;
        *slot = [number, before[0]];
        before
    }

    /// Notes a position by both hashes.
    pub(super) fn note(&mut self, word: u64, number: u32) -> (u32, [u32; 2]) {
        (self.note_short(word, number), self.note_long(word, number))
    }

    /// The last two positions with the long hash of the bytes at `at`.
    pub(super) fn long_at(&self, source: Source<'_>, at: usize) -> [u32; 2] {
        self.long[L::of(source.word(at))]
    }
}

/// The longer one of two matches of a long hash. The length is 0 where it is not known yet.
pub(super) fn longer(source: Source<'_>, at: usize, word: u64, [last, before]: [u32; 2]) -> Option<(usize, usize)> {
    use crate::recode::encoder::go::codes::WINDOW;
    if source.distance(at, last) >= WINDOW {
        return None;
    }
    let second = source.known(at, before, word);
    let Some(first) = source.known(at, last, word) else { return second.map(|from| (from, 0)) };
    let Some(second) = second else { return Some((first, 0)) };
    let length = source.agree_short(at + 4, first + 4) + 4;
    let other = source.agree_short(at + 4, second + 4) + 4;
    Some(if other > length { (second, other) } else { (first, length) })
}

/// Makes a match as long as it is, where its length was found out only up to 258 or not at all.
pub(super) fn full_length(source: Source<'_>, at: usize, from: usize, length: usize) -> usize {
    match length {
        0 => source.agree(at + 4, from + 4) + 4,
        258 => 258 + source.agree(at + 258, from + 258),
        _ => length,
    }
}
