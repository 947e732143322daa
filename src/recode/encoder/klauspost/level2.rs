//! Level 2: one larger table, which also gets positions inside of matches.

use std::marker::PhantomData;

use super::history::{Hash, Match, Search, Source, remainder};
use super::tokens::Tokens;
use crate::recode::encoder::go::codes::WINDOW;

const MARGIN: usize = 11;

/// The search of level 2.
pub(super) struct Level2<H> {
    table: Vec<u32>,
    /// How many bytes must follow for the position after the last match to be noted.
    after: usize,
    hash: PhantomData<H>,
}

impl<H: Hash> Level2<H> {
    pub(super) fn new(after: usize) -> Self {
        Self { table: vec![0; H::SIZE], after, hash: PhantomData }
    }

    fn note(&mut self, word: u64, number: u32) -> u32 {
        std::mem::replace(&mut self.table[H::of(word)], number)
    }

    /// The next match from `at` on and the position that was looked at last.
    fn next(&mut self, source: Source<'_>, mut at: usize, emitted: usize, limit: usize) -> Option<(usize, usize, usize)> {
        let mut word = source.word(at);
        loop {
            let next = at + 2 + ((at - emitted) >> 5);
            if next > limit {
                return None;
            }
            let now = source.word(next);
            let number = self.note(word, source.number(at));
            if let Some(from) = source.known(at, number, word) {
                self.note(now, source.number(next));
                return Some((at, from, next));
            }
            let number = self.note(now, source.number(next));
            if let Some(from) = source.known(next, number, now) {
                return Some((next, from, next + 1));
            }
            word = now >> 8;
            at = next + 1;
        }
    }

    /// Notes positions inside of the match that ends at `at`.
    fn index(&mut self, source: Source<'_>, at: usize, length: usize) {
        for inside in (at + 2 - length..at - 5).step_by(7) {
            let word = source.word(inside);
            self.note(word, source.number(inside));
            self.note(word >> 16, source.number(inside + 2));
            self.note(word >> 32, source.number(inside + 4));
        }
    }
}

impl<H: Hash> Search for Level2<H> {
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
                        self.note(source.word(at), source.number(at));
                    }
                    break 'block;
                }
                self.index(source, at, taken.length);
                let word = source.word(at - 2);
                self.note(word, source.number(at - 2));
                self.note(word >> 8, source.number(at - 1));
                let number = self.note(word >> 16, source.number(at));
                let distance = source.distance(at, number);
                if distance > WINDOW || !source.starts(at - distance, word >> 16) {
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
