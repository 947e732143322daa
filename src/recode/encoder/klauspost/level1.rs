//! Level 1: one table, two positions at a time.

use std::marker::PhantomData;

use super::history::{Hash, Match, Search, Source, remainder};
use super::tokens::Tokens;

const MARGIN: usize = 11;

/// The search of level 1.
pub(super) struct Level1<H> {
    table: Vec<u32>,
    /// How many bytes must follow for the position after the last match to be noted.
    after: usize,
    hash: PhantomData<H>,
}

impl<H: Hash> Level1<H> {
    pub(super) fn new(after: usize) -> Self {
        Self { table: vec![0; H::SIZE], after, hash: PhantomData }
    }

    fn exchange(&mut self, slot: usize, number: u32) -> u32 {
        std::mem::replace(&mut self.table[slot], number)
    }

    /// The next match from `at` on and the position that was looked at last.
    fn next(&mut self, source: Source<'_>, mut at: usize, emitted: usize, limit: usize) -> Option<(usize, usize, usize)> {
        let mut word = source.word(at);
        loop {
            let slot = H::of(word);
            let next = at + 2 + ((at - emitted) >> 5);
            if next > limit {
                return None;
            }
            let now = source.word(next);
            let number = self.exchange(slot, source.number(at));
            let slot = H::of(now);
            if let Some(from) = source.known(at, number, word) {
                self.table[slot] = source.number(next);
                return Some((at, from, next));
            }
            let number = self.exchange(slot, source.number(next));
            if let Some(from) = source.known(next, number, now) {
                self.table[slot] = source.number(next + 1);
                return Some((next, from, next + 1));
            }
            word = now >> 8;
            at = next + 1;
        }
    }
}

impl<H: Hash> Search for Level1<H> {
    fn encode(&mut self, source: Source<'_>, tokens: &mut Tokens) {
        let limit = source.len() - MARGIN;
        let (mut at, mut emitted) = (source.start, source.start);
        'block: while let Some((found, mut from, next)) = self.next(source, at, emitted, limit) {
            at = found;
            loop {
                let length = source.agree(at + 4, from + 4) + 4;
                let taken = Match { at, from, length }.take(source, emitted, tokens);
                emitted = taken.end();
                at = if next >= emitted { next + 1 } else { emitted };
                if at >= limit {
                    if at + taken.length + self.after < source.len() {
                        self.table[H::of(source.word(at))] = source.number(at);
                    }
                    break 'block;
                }
                let word = source.word(at - 2);
                self.table[H::of(word)] = source.number(at - 2);
                let word = word >> 16;
                let number = self.exchange(H::of(word), source.number(at));
                let distance = source.distance(at, number);
                if distance > crate::recode::encoder::go::codes::WINDOW || !source.starts(at - distance, word) {
                    break;
                }
                from = at - distance;
            }
            at += 1;
        }
        remainder(source, emitted, tokens);
    }

    fn tables(&mut self) -> [&mut [u32]; 2] {
        [&mut self.table, &mut []]
    }
}
