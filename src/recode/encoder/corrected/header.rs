//! The header of a block that has codes of its own: code lengths, and how these are written.

use super::super::trees::{BL_CODES, BL_ORDER, D_CODES, L_CODES};
use super::coder::{Chance, Coder, Number};
use super::lengths::{Alphabet, LengthModel};

/// How one or several code lengths are written: the symbol, and how many lengths it stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// 0 to 15 for a length, 16 for the last one again, 17 and 18 for zeros.
    pub symbol: u8,
    /// How many.
    pub count: u8,
}

/// What stands before the symbols of a block.
#[derive(Clone)]
pub struct Codes {
    /// Of literals and lengths.
    pub literals: [u8; L_CODES],
    /// Of distances.
    pub distances: [u8; D_CODES],
    /// Of code lengths.
    pub lengths: [u8; BL_CODES],
    /// How many of them are written.
    pub counts: [usize; 3],
    /// How they are written.
    pub runs: Vec<Run>,
}

impl Codes {
    /// None at all.
    pub const fn new() -> Self {
        Self { literals: [0; L_CODES], distances: [0; D_CODES], lengths: [0; BL_CODES], counts: [0; 3], runs: Vec::new() }
    }

    /// The lengths that are written.
    pub fn all(&self) -> Vec<u8> {
        [&self.literals[..self.counts[0]], &self.distances[..self.counts[1]]].concat()
    }
}

/// Chances for headers.
#[derive(Clone)]
pub struct HeaderModel {
    literals: LengthModel,
    distances: LengthModel,
    lengths: LengthModel,
    counts: [Chance; 3],
    joined: Chance,
    other: [Chance; 8],
    symbol: [Chance; 4],
    short: [Chance; 4],
    count: Number,
}

/// Fewest symbols that are written of each alphabet, and the bits that their number has beyond that.
pub const FEWEST: [(usize, u32); 3] = [(257, 5), (1, 5), (4, 4)];

impl HeaderModel {
    /// Nothing is known.
    pub const fn new() -> Self {
        Self {
            literals: LengthModel::new(),
            distances: LengthModel::new(),
            lengths: LengthModel::new(),
            counts: [Chance::RARE; 3],
            joined: Chance::EVEN,
            other: [Chance::RARE; 8],
            symbol: [Chance::EVEN; 4],
            short: [Chance::EVEN; 4],
            count: Number::NEW,
        }
    }

    /// A header, for symbols that are there so often. None where there can be no such one.
    pub fn code<C: Coder>(&mut self, coder: &mut C, literals: &[u32], distances: &[u32], codes: &mut Codes) -> Option<()> {
        self.literals.code(coder, Alphabet::Literals, literals, &mut codes.literals)?;
        self.distances.code(coder, Alphabet::Distances, distances, &mut codes.distances)?;
        let last = |lengths: &[u8]| lengths.iter().rposition(|length| *length > 0).map_or(0, |last| last + 1);
        let ends = [last(&codes.literals), last(&codes.distances)];
        for (alphabet, end) in ends.into_iter().enumerate() {
            let most = if alphabet == 0 { L_CODES } else { D_CODES };
            codes.counts[alphabet] = self.end(coder, alphabet, end, codes.counts[alphabet]).filter(|count| *count <= most)?;
        }
        self.runs(coder, codes)?;
        let mut often = [0; BL_CODES];
        codes.runs.iter().for_each(|run| often[usize::from(run.symbol)] += 1);
        self.lengths.code(coder, Alphabet::Lengths, &often, &mut codes.lengths)?;
        let end = BL_ORDER.iter().rposition(|symbol| codes.lengths[*symbol] > 0).map_or(0, |last| last + 1);
        codes.counts[2] = self.end(coder, 2, end, codes.counts[2]).filter(|count| *count <= BL_CODES)?;
        let written = codes.runs.iter().all(|run| codes.lengths[usize::from(run.symbol)] > 0);
        written.then_some(())
    }

    /// How many lengths of an alphabet are written, of which so many must be.
    fn end<C: Coder>(&mut self, coder: &mut C, alphabet: usize, end: usize, count: usize) -> Option<usize> {
        let (fewest, bits) = FEWEST[alphabet];
        let guess = end.max(fewest);
        if !coder.bit(&mut self.counts[alphabet], count != guess) {
            return Some(guess);
        }
        let count = coder.plain(bits, count.wrapping_sub(fewest) as u32) as usize + fewest;
        (count >= end).then_some(count)
    }

    /// How the lengths are written.
    fn runs<C: Coder>(&mut self, coder: &mut C, codes: &mut Codes) -> Option<()> {
        let (all, border) = (codes.all(), codes.counts[0]);
        let wanted = std::mem::take(&mut codes.runs);
        let misses = |joined: bool| {
            let mut at = 0;
            let missed = |run: &&Run| {
                let guess = guessed(&all, at, if joined { all.len() } else { border });
                at += usize::from(run.count);
                guess != Some(**run)
            };
            wanted.iter().filter(missed).count()
        };
        let joined = coder.bit(&mut self.joined, misses(true) < misses(false));
        let (mut at, mut next) = (0, wanted.iter());
        while at < all.len() {
            let guess = guessed(&all, at, if joined { all.len() } else { border })?;
            let run = self.run(coder, guess, next.next().copied().unwrap_or(guess), (all[at], all.len() - at));
            if !stands(&all, at, run) {
                return None;
            }
            at += usize::from(run.count);
            codes.runs.push(run);
        }
        Some(())
    }

    /// One run, where so many lengths are left of which `here` is the first.
    fn run<C: Coder>(&mut self, coder: &mut C, guess: Run, run: Run, (here, left): (u8, usize)) -> Run {
        let kind = usize::from(guess.symbol.max(15)) - 15;
        if !coder.bit(&mut self.other[kind * 2 + usize::from(left > D_CODES)], run != guess) {
            return guess;
        }
        if coder.bit(&mut self.short[kind], run.symbol < 16) {
            return Run { symbol: here, count: 1 };
        }
        let symbol = 16 + coder.tree(&mut self.symbol, 2, u32::from(run.symbol.max(16) - 16)) as u8;
        let count = self.count.code(coder, u32::from(run.count)).min(255) as u8;
        Run { symbol, count }
    }
}

/// As zlib writes the lengths from a place on, up to the border where that is before it.
fn guessed(all: &[u8], at: usize, border: usize) -> Option<Run> {
    let length = *all.get(at)?;
    let end = if at < border { border.min(all.len()) } else { all.len() };
    let same = all[at..end].iter().take_while(|other| **other == length).count();
    let begins = at == 0 || at == border;
    let again = !begins && all[at - 1] == length;
    let (symbol, count) = match (length, same) {
        (0, 11..) => (18, same.min(138)),
        (0, 3..) => (17, same),
        (1.., 3..) if again => (16, same.min(6)),
        _ => (length, 1),
    };
    Some(Run { symbol, count: count as u8 })
}

/// Whether what is at a place can be written so.
fn stands(all: &[u8], at: usize, run: Run) -> bool {
    let count = usize::from(run.count);
    let Some(here) = all.get(at..at + count) else { return false };
    let (fewest, most, length) = match run.symbol {
        16 if at > 0 => (3, 6, all[at - 1]),
        17 => (3, 10, 0),
        18 => (11, 138, 0),
        length if length < 16 => (1, 1, length),
        _ => return false,
    };
    (fewest..=most).contains(&count) && here.iter().all(|other| *other == length)
}
