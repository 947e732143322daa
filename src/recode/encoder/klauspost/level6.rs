//! Level 6: as level 5, with the distance of the last match as another candidate and more positions noted.

use super::history::{Hash, Match, Search, Source, remainder};
use super::level5::{EndCheck, longer_from_end};
use super::pairs::{Pairs, full_length, longer};
use super::tokens::Tokens;
use crate::recode::encoder::go::codes::WINDOW;

const MARGIN: usize = 11;

/// The search of level 6.
pub(super) struct Level6<S, L> {
    pairs: Pairs<S, L>,
    check: EndCheck,
}

impl<S: Hash, L: Hash> Level6<S, L> {
    pub(super) fn new(check: EndCheck) -> Self {
        Self { pairs: Pairs::new(), check }
    }

    /// The next match from `at` on (its length 0 if not known) and the position after the one looked at last.
    fn next(&mut self, source: Source<'_>, mut at: usize, (emitted, limit, repeat): (usize, usize, usize)) -> Option<(Match, usize)> {
        let mut word = source.word(at);
        loop {
            let next = at + 1 + ((at - emitted) >> 7);
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
                let repeated = repeat_next(source, found, repeat, word);
                return Some((repeated.unwrap_or_else(|| longer_next(source, found, next, after, long)), next));
            }
            word = after;
            at = next;
        }
    }

    /// A better match, found by what stands at the end of this one.
    fn better_at_end(&self, source: Source<'_>, found: Match, limit: usize) -> Match {
        let EndCheck::Skip(skip) = self.check else { return found };
        let end = found.end();
        if end >= limit {
            return found;
        }
        let [last, before] = self.pairs.long_at(source, end);
        let distance = source.distance(end, last);
        if distance >= WINDOW && !is_ahead(distance) {
            return found;
        }
        let better = longer_from_end(source, found, found.at + skip, distance).unwrap_or(found);
        // The second candidate is compared where the first match ended, even if the first candidate was better.
        let distance = source.distance(end + better.length - found.length, before);
        longer_from_end(source, better, found.at + skip, distance).unwrap_or(better)
    }

    /// Notes positions up to `end`, two at a time by the long hash.
    fn index(&mut self, source: Source<'_>, from: usize, end: usize) {
        for at in (from + 1..end - 1).step_by(2) {
            let word = source.word(at);
            self.pairs.note(word, source.number(at));
            self.pairs.note_long(word >> 8, source.number(at + 1));
        }
    }

    /// Notes positions to the end of the block.
    fn index_rest(&mut self, source: Source<'_>, from: usize) {
        for at in (from + 1..source.len() - 8).step_by(2) {
            self.pairs.note(source.word(at), source.number(at));
        }
    }
}

/// Whether a distance is that to a position ahead.
fn is_ahead(distance: usize) -> bool {
    distance > 0x7fff_ffff
}

/// The match at the next position with the distance of the match before.
fn repeat_next(source: Source<'_>, found: Match, repeat: usize, word: u64) -> Option<Match> {
    let at = found.at + 1;
    let from = at - repeat;
    if !source.starts(from, word >> 8) {
        return None;
    }
    let length = source.agree_short(at + 4, from + 4) + 4;
    (length > found.length).then_some(Match { at, from, length })
}

/// The longest of this match and those that candidates of the long hash give at the next position.
fn longer_next(source: Source<'_>, mut found: Match, next: usize, word: u64, long: [u32; 2]) -> Match {
    if source.distance(next, long[0]) >= WINDOW {
        return found;
    }
    for number in long {
        if let Some(from) = source.known(next, number, word) {
            let length = source.agree_short(next + 4, from + 4) + 4;
            if length > found.length {
                found = Match { at: next, from, length };
            }
        }
    }
    found
}

impl<S: Hash, L: Hash> Search for Level6<S, L> {
    fn encode(&mut self, source: Source<'_>, tokens: &mut Tokens) {
        let limit = source.len() - MARGIN;
        let (mut at, mut emitted, mut repeat) = (source.start, source.start, 1);
        while let Some((mut found, next)) = self.next(source, at, (emitted, limit, repeat)) {
            found.length = full_length(source, found.at, found.from, found.length);
            let taken = self.better_at_end(source, found, limit).take(source, emitted, tokens);
            repeat = taken.at - taken.from;
            emitted = taken.end();
            at = if next >= emitted { next + 1 } else { emitted };
            if at >= limit {
                self.index_rest(source, next);
                break;
            }
            self.index(source, next, at);
        }
        remainder(source, emitted, tokens);
    }

    fn tables(&mut self) -> [&mut [u32]; 2] {
        [&mut self.pairs.short, self.pairs.long.as_flattened_mut()]
    }
}
