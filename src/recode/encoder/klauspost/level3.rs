//! Level 3: two candidates by hash.

use std::marker::PhantomData;

use super::history::{Hash, Match, Search, Source, remainder};
use super::tokens::Tokens;
use crate::recode::encoder::go::codes::WINDOW;

/// What differs between versions.
#[derive(Clone, Copy)]
pub(super) struct Rules {
    /// Bytes that must follow a position that is searched.
    pub(super) margin: usize,
    /// How slowly steps grow.
    pub(super) slow: u32,
    /// Every so many positions inside of a match are noted. 0: the three before its end.
    pub(super) every: usize,
    /// How many bytes must follow for the end of the last source to be noted.
    pub(super) after: usize,
    /// Before 1.10.2: candidates are taken from a whole window, and the last one at once.
    pub(super) whole: bool,
}

/// The search of level 3.
pub(super) struct Level3<H> {
    /// The last position and the one before, by hash.
    table: Vec<[u32; 2]>,
    rules: Rules,
    hash: PhantomData<H>,
}

impl Rules {
    /// The least number that is near enough to be looked at.
    fn oldest(self, source: Source<'_>, at: usize) -> u32 {
        source.number(at) - if self.whole { WINDOW as u32 } else { WINDOW as u32 - 4 }
    }
}

impl<H: Hash> Level3<H> {
    pub(super) fn new(rules: Rules) -> Self {
        Self { table: vec![[0; 2]; H::SIZE], rules, hash: PhantomData }
    }

    fn note(&mut self, word: u64, number: u32) -> [u32; 2] {
        let slot = &mut self.table[H::of(word)];
        let before = *slot;
        *slot = [number, before[0]];
        before
    }

    fn next(&mut self, source: Source<'_>, mut at: usize, emitted: usize, limit: usize) -> Option<(usize, usize, usize)> {
        let mut word = H::load(source.bytes, at);
        loop {
            let next = at + 1 + ((at - emitted) >> self.rules.slow);
            if next > limit {
                return None;
            }
            let now = H::load(source.bytes, next);
            let candidates = self.note(word, source.number(at));
            if let Some(from) = self.rules.better(source, at, word, candidates) {
                return Some((at, from, next));
            }
            word = now;
            at = next;
        }
    }

    /// Notes positions inside of the match that ends at `at`, and the last two before `at`.
    fn index(&mut self, source: Source<'_>, at: usize, length: usize) {
        if self.rules.every == 0 {
            self.note(source.word(at - 3), source.number(at - 3));
        } else {
            for inside in (at + 2 - length..at - 5).step_by(self.rules.every) {
                self.note(H::load(source.bytes, inside), source.number(inside));
            }
        }
        let word = source.word(at - 2);
        self.note(word, source.number(at - 2));
        self.note(word >> 8, source.number(at - 1));
    }

    /// Notes `at`; where a match at once goes on from.
    fn at_once(&mut self, source: Source<'_>, at: usize) -> Option<usize> {
        let word = source.word(at - 2) >> 16;
        let [last, before] = self.note(word, source.number(at));
        let oldest = self.rules.oldest(source, at) - u32::from(self.rules.whole);
        if last <= oldest {
            return None;
        }
        let starts = |number: u32| Some(at - source.distance(at, number)).filter(|&from| source.starts(from, word));
        match starts(last) {
            // The first versions take the older candidate only.
            Some(_) if self.rules.every == 0 && !self.rules.whole => None,
            None if before > oldest => starts(before),
            found => found,
        }
    }

    fn last(&mut self, source: Source<'_>, from: usize) {
        if from + self.rules.after < source.len() && from > 0 {
            self.note(H::load(source.bytes, from), source.number(from));
        }
    }
}

impl Rules {
    /// The candidate to take: the longer one where both fit.
    fn better(self, source: Source<'_>, at: usize, word: u64, [last, before]: [u32; 2]) -> Option<usize> {
        let oldest = self.oldest(source, at);
        if last < oldest {
            return None;
        }
        let first = at - source.distance(at, last);
        let second = at.checked_sub(source.distance(at, before));
        let second = second.filter(|&from| before >= oldest && source.starts(from, word));
        if !source.starts(first, word) {
            return second.filter(|_| before > oldest || self.whole);
        }
        match second {
            Some(second) if source.agree(at + 4, second + 4) > source.agree(at + 4, first + 4) => Some(second),
            _ => Some(first),
        }
    }
}

impl<H: Hash> Search for Level3<H> {
    fn encode(&mut self, source: Source<'_>, tokens: &mut Tokens) {
        let limit = source.len() - self.rules.margin;
        let (mut at, mut emitted) = (source.start, source.start);
        'block: while let Some((found, mut from, next)) = self.next(source, at, emitted, limit) {
            at = found;
            loop {
                let length = source.agree(at + 4, from + 4) + 4;
                let taken = Match { at, from, length }.take(source, emitted, tokens);
                emitted = taken.end();
                at = if next >= emitted { next + 1 } else { emitted };
                if at >= limit {
                    self.last(source, taken.from + taken.length);
                    break 'block;
                }
                self.index(source, at, taken.length);
                match self.at_once(source, at) {
                    Some(next) => from = next,
                    None => break,
                }
            }
            at += 1;
        }
        remainder(source, emitted, tokens);
    }

    fn tables(&mut self) -> [&mut [u32]; 2] {
        [self.table.as_flattened_mut(), &mut []]
    }
}
