//! Level 4: a short and a long hash.

use super::history::{Hash, Match, Search, Source, remainder};
use super::tokens::Tokens;

const MARGIN: usize = 11;

/// The search of level 4.
pub(super) struct Level4<S, L> {
    short: Vec<u32>,
    long: Vec<u32>,
    /// Releases since 1.18.0 compare a wrong position when they choose between two matches.
    mixed_up: bool,
    hash: std::marker::PhantomData<(S, L)>,
}

impl<S: Hash, L: Hash> Level4<S, L> {
    pub(super) fn new(mixed_up: bool) -> Self {
        Self { short: vec![0; S::SIZE], long: vec![0; L::SIZE], mixed_up, hash: std::marker::PhantomData }
    }

    fn next(&mut self, source: Source<'_>, mut at: usize, emitted: usize, limit: usize) -> Option<(usize, usize, usize)> {
        let mut word = source.word(at);
        loop {
            let next = at + 1 + ((at - emitted) >> 6);
            if next > limit {
                return None;
            }
            let after = source.word(next);
            let number = source.number(at);
            let short = std::mem::replace(&mut self.short[S::of(word)], number);
            let long = std::mem::replace(&mut self.long[L::of(word)], number);
            if let Some(from) = source.known(at, long, word) {
                return Some((at, from, next));
            }
            if let Some(from) = source.known(at, short, word) {
                let long = self.long[L::of(after)];
                let better = source.known(next, long, after).filter(|&long| self.is_longer((next, long), (at, from), source));
                return Some(better.map_or((at, from, next), |long| (next, long, next)));
            }
            word = after;
            at = next;
        }
    }

    fn is_longer(&self, (next, long): (usize, usize), (at, from): (usize, usize), source: Source<'_>) -> bool {
        let compared = if self.mixed_up { next - long } else { long };
        source.agree(next + 4, compared + 4) > source.agree(at + 4, from + 4)
    }

    fn note(&mut self, source: Source<'_>, at: usize) {
        let word = source.word(at);
        self.short[S::of(word)] = source.number(at);
        self.long[L::of(word)] = source.number(at);
    }

    /// Notes every third position of a match.
    fn index(&mut self, source: Source<'_>, from: usize, end: usize) {
        for at in (from..end - 1).step_by(3) {
            let word = source.word(at);
            self.long[L::of(word)] = source.number(at);
            self.long[L::of(word >> 8)] = source.number(at + 1);
            self.short[S::of(word >> 8)] = source.number(at + 1);
        }
    }
}

impl<S: Hash, L: Hash> Search for Level4<S, L> {
    fn encode(&mut self, source: Source<'_>, tokens: &mut Tokens) {
        let limit = source.len() - MARGIN;
        let (mut at, mut emitted) = (source.start, source.start);
        while let Some((found, from, next)) = self.next(source, at, emitted, limit) {
            let length = source.agree(found + 4, from + 4) + 4;
            let taken = Match { at: found, from, length }.take(source, emitted, tokens);
            emitted = taken.end();
            at = if next >= emitted { next + 1 } else { emitted };
            if at >= limit {
                if at + 8 < source.len() {
                    self.note(source, at);
                }
                break;
            }
            self.index(source, next, at);
            self.note(source, at - 1);
        }
        remainder(source, emitted, tokens);
    }

    fn tables(&mut self) -> [&mut [u32]; 2] {
        [&mut self.short, &mut self.long]
    }
}
