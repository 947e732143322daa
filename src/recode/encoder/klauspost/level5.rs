//! Level 5, the default: a short hash and two candidates by a long one.

use super::era::Era;
use super::history::{Hash, Match, Search, Source, remainder};
use super::pairs::{Pairs, full_length, longer};
use super::tokens::Tokens;
use crate::recode::encoder::go::codes::WINDOW;

const MARGIN: usize = 11;

/// Whether, and where, the end of a match is used to find a better one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum EndCheck {
    /// It is not.
    None,
    /// The better match starts where the first did, or this many bytes after it.
    Skip(usize),
}

impl EndCheck {
    pub(super) fn of(era: Era) -> Self {
        match era {
            _ if era >= Era::V1_15_10 => Self::Skip(2),
            _ if era >= Era::V1_12_2 => Self::Skip(0),
            _ => Self::None,
        }
    }
}

/// The search of level 5.
pub(super) struct Level5<S, L> {
    pairs: Pairs<S, L>,
    check: EndCheck,
}

impl<S: Hash, L: Hash> Level5<S, L> {
    pub(super) fn new(check: EndCheck) -> Self {
        Self { pairs: Pairs::new(), check }
    }

    /// The next match from `at` on (its length 0 if not known) and the position after the one looked at last.
    fn next(&mut self, source: Source<'_>, mut at: usize, emitted: usize, limit: usize) -> Option<(Match, usize)> {
        let mut word = source.word(at);
        loop {
            let next = at + 1 + ((at - emitted) >> 6);
            if next > limit {
                return None;
            }
            let after = source.word(next);
            let (short, long) = self.pairs.note(word, source.number(at));
            if let Some((from, length)) = longer(source, at, word, long) {
                self.pairs.note(after, source.number(next));
                return Some((Match { at, from, length }, next));
            }
            if let Some(from) = source.known(at, short, word) {
                let length = source.agree_short(at + 4, from + 4) + 4;
                let (_, long) = self.pairs.note(after, source.number(next));
                let found = Match { at, from, length };
                return Some((longer_next(source, found, next, after, long), next));
            }
            word = after;
            at = next;
        }
    }

    /// A better match, found by what stands at the end of a short one.
    fn better_at_end(&self, source: Source<'_>, found: Match, limit: usize) -> Match {
        let EndCheck::Skip(skip) = self.check else { return found };
        let end = found.end();
        if found.length >= 30 || end >= limit {
            return found;
        }
        let [last, _] = self.pairs.long_at(source, end);
        longer_from_end(source, found, found.at + skip, source.distance(end, last)).unwrap_or(found)
    }

    /// Notes about every third position of the match that ends at `end`.
    fn index(&mut self, source: Source<'_>, length: usize, end: usize) {
        let from = end + 1 - length;
        if from >= end - 1 {
            return;
        }
        let word = source.word(from);
        self.pairs.note(word, source.number(from));
        self.pairs.note_long(word >> 8, source.number(from + 1));
        self.pairs.note_short(word >> 16, source.number(from + 2));
        for at in (from + 4..end - 1).step_by(3) {
            let word = source.word(at);
            self.pairs.note_long(word, source.number(at));
            self.pairs.note_short(word >> 8, source.number(at + 1));
        }
    }
}

/// The match at the next position, if a candidate of the long hash makes it longer.
fn longer_next(source: Source<'_>, found: Match, next: usize, word: u64, long: [u32; 2]) -> Match {
    if source.distance(next, long[0]) >= WINDOW {
        return found;
    }
    for number in long {
        if let Some(from) = source.known(next, number, word) {
            let length = source.agree_short(next + 4, from + 4) + 4;
            if length > found.length {
                return Match { at: next, from, length };
            }
        }
    }
    found
}

/// The match at `at` from so far behind, if it is longer.
pub(super) fn longer_from_end(source: Source<'_>, found: Match, at: usize, distance: usize) -> Option<Match> {
    let from = at.checked_sub(distance).filter(|_| distance > 0 && distance < WINDOW)?;
    let length = source.agree(at, from);
    (length > found.length).then_some(Match { at, from, length })
}

impl<S: Hash, L: Hash> Search for Level5<S, L> {
    fn encode(&mut self, source: Source<'_>, tokens: &mut Tokens) {
        let limit = source.len() - MARGIN;
        let (mut at, mut emitted) = (source.start, source.start);
        while let Some((mut found, next)) = self.next(source, at, emitted, limit) {
            found.length = full_length(source, found.at, found.from, found.length);
            let taken = self.better_at_end(source, found, limit).take(source, emitted, tokens);
            emitted = taken.end();
            at = if next >= emitted { next + 1 } else { emitted };
            if at >= limit {
                break;
            }
            self.index(source, taken.length, at);
            self.pairs.note(source.word(at - 1), source.number(at - 1));
        }
        remainder(source, emitted, tokens);
    }

    fn tables(&mut self) -> [&mut [u32]; 2] {
        [&mut self.pairs.short, self.pairs.long.as_flattened_mut()]
    }
}
