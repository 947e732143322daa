//! The match finder that zlib, Info-ZIP and gzip share: a window of two halves, hash chains of 16-bit positions, greedy or lazy matching.
//!
//! Ported from zlib, (C) 1995–2024 Jean-loup Gailly and Mark Adler; altered: matches are compared a word at a time, the hash is not
//! rolled, and the window is always filled as if the whole input lay ready, so that the output does not depend on how input is cut.

use super::blocks::Blocks;
use super::chains::{Chains, FULL, Limits};

pub const MIN_MATCH: usize = 3;
pub const MAX_MATCH: usize = 258;
pub const MIN_LOOKAHEAD: usize = MAX_MATCH + MIN_MATCH + 1;
/// Matches of three bytes are not worth it farther away than this.
const TOO_FAR: usize = 4096;

/// How matches are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Search {
    /// The first match is taken (levels 1–3).
    Greedy,
    /// A match is taken when the next position has no better one (levels 4–9).
    Lazy,
    /// Only runs of one byte.
    Runs,
    /// No matches.
    None,
}

/// When a block ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockRule {
    /// When the symbol buffer is full.
    Full,
    /// Also where the symbols so far are small enough to start new codes, looked at every 4096 symbols (Info-ZIP and gzip, level 3 up).
    Guess,
}

/// What decides the output.
#[derive(Debug, Clone, Copy)]
pub struct Tuning {
    pub limits: Limits,
    pub lazy: usize,
    pub search: Search,
    pub window_bits: u32,
    pub hash_bits: u32,
    /// Symbols in a block, at most.
    pub symbols: usize,
    /// Matches up to five bytes are not taken.
    pub filtered: bool,
    pub fixed_only: bool,
    pub rule: BlockRule,
    /// What happens at the end of the input.
    pub end: AtEnd,
}

/// What happens at the end of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtEnd {
    /// The window still slides, as where zlib looks for more input and finds none.
    Slide,
    /// It stays where it is (Info-ZIP).
    Stay,
    /// It stays, and two zeros are put behind the input (gzip).
    Zeros,
}

/// How a flush ends what was written so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flush {
    /// The last block.
    Finish,
    /// A block, nothing more.
    Block,
    /// A block, and an empty stored block.
    Sync,
    /// The same, and nothing before it is referred to any more.
    Full,
}

/// The matcher with its window.
pub struct Matcher {
    chains: Chains,
    tuning: Tuning,
    start: usize,
    lookahead: usize,
    insert: usize,
    block_start: isize,
    match_length: usize,
    available: bool,
    blocks: Blocks,
}

impl Matcher {
    /// A matcher at the start of a stream.
    pub fn new(tuning: Tuning) -> Self {
        Self {
            chains: Chains::new(tuning.window_bits, tuning.hash_bits, tuning.search == Search::Lazy && tuning.limits.chain > 16),
            tuning,
            start: 0,
            lookahead: 0,
            insert: 0,
            block_start: 0,
            match_length: MIN_MATCH - 1,
            available: false,
            blocks: Blocks::new(tuning.symbols, tuning.fixed_only),
        }
    }

    /// The blocks, for markers between them.
    pub const fn blocks(&mut self) -> &mut Blocks {
        &mut self.blocks
    }

    /// Forgets everything but the bits not yet written.
    pub fn reset(&mut self) {
        self.chains.clear();
        self.start = 0;
        self.lookahead = 0;
        self.insert = 0;
        self.block_start = 0;
        self.match_length = MIN_MATCH - 1;
        self.available = false;
    }

    /// Lets the stream refer to bytes that stand before it; only at the start, and at most a window of them.
    pub fn dictionary(&mut self, bytes: &[u8]) {
        let bytes = &bytes[bytes.len().saturating_sub(self.chains.size())..];
        self.chains.window[..bytes.len()].copy_from_slice(bytes);
        for at in 0..bytes.len().saturating_sub(MIN_MATCH - 1) {
            self.chains.insert(at);
        }
        self.start = bytes.len();
        self.block_start = bytes.len().cast_signed();
        self.insert = bytes.len().min(MIN_MATCH - 1);
    }

    /// Takes input and encodes what fills the window.
    pub fn write(&mut self, mut plain: &[u8], out: &mut Vec<u8>) {
        while !plain.is_empty() {
            self.slide();
            let end = self.start + self.lookahead;
            let more = (2 * self.chains.size() - end).min(plain.len());
            let (now, rest) = plain.split_at(more);
            self.chains.window[end..end + more].copy_from_slice(now);
            self.lookahead += more;
            plain = rest;
            self.catch_up();
            if end + more == 2 * self.chains.size() {
                self.encode(MIN_LOOKAHEAD, out);
            }
        }
    }

    /// Encodes all input and ends it as `flush` says.
    pub fn flush(&mut self, flush: Flush, out: &mut Vec<u8>) {
        self.encode(MIN_LOOKAHEAD, out);
        self.slide();
        if self.tuning.end == AtEnd::Zeros {
            let end = self.start + self.lookahead;
            self.chains.window[end..end + MIN_MATCH - 1].fill(0);
        }
        self.encode(1, out);
        self.settle();
        if self.available {
            self.blocks.literal(self.chains.window[self.start - 1]);
            self.available = false;
        }
        self.insert = if matches!(self.tuning.search, Search::Greedy | Search::Lazy) { self.start.min(MIN_MATCH - 1) } else { 0 };
        if flush == Flush::Finish {
            self.flush_block(true, out);
            return;
        }
        if !self.blocks.is_empty() {
            self.flush_block(false, out);
        }
        if flush != Flush::Block {
            self.blocks.stored(&[], false, out);
        }
        if flush == Flush::Full {
            self.chains.clear();
            self.start = 0;
            self.block_start = 0;
            self.insert = 0;
        }
        self.blocks.flush_bits(out);
    }

    /// Moves the upper half of the window down when the lower half is out of reach.
    fn slide(&mut self) {
        let size = self.chains.size();
        if self.start < size + self.chains.reach() {
            return;
        }
        self.chains.slide();
        self.start -= size;
        self.block_start -= size.cast_signed();
        self.insert = self.insert.min(self.start);
    }

    /// Lets the window slide at the end of the input, where it does.
    #[inline]
    fn settle(&mut self) {
        if self.lookahead < MIN_LOOKAHEAD && self.tuning.end == AtEnd::Slide {
            self.slide();
        }
    }

    /// Inserts the strings that a flush left out because the bytes behind them were not known.
    fn catch_up(&mut self) {
        while self.insert > 0 && self.lookahead + self.insert >= MIN_MATCH {
            self.chains.insert(self.start - self.insert);
            self.insert -= 1;
        }
    }

    fn encode(&mut self, least: usize, out: &mut Vec<u8>) {
        match self.tuning.search {
            Search::Greedy => self.greedy(least, out),
            Search::Lazy => self.lazy(least, out),
            Search::Runs => self.runs(least.min(MAX_MATCH + 1), out),
            Search::None => self.literals(out),
        }
    }

    fn flush_block(&mut self, last: bool, out: &mut Vec<u8>) {
        let length = (self.start.cast_signed() - self.block_start).cast_unsigned();
        let stored = usize::try_from(self.block_start).ok().map(|from| &self.chains.window[from..self.start]);
        self.blocks.flush(stored, length, last, out);
        self.block_start = self.start.cast_signed();
    }

    /// Whether a full buffer, or a good guess, ends the block.
    fn ends(&self, full: bool) -> bool {
        full || (self.tuning.rule == BlockRule::Guess && self.blocks.len().is_multiple_of(4096) && self.guess())
    }

    fn guess(&self) -> bool {
        let (matches, freq) = self.blocks.distances();
        let extra = super::super::inflate::DISTANCE_EXTRA;
        let bits: usize = freq.iter().zip(extra).map(|(&n, extra)| n as usize * (5 + usize::from(extra))).sum();
        let coded = (self.blocks.len() * 8 + bits) >> 3;
        let plain = (self.start.cast_signed() - self.block_start).cast_unsigned();
        matches < self.blocks.len() / 2 && coded < plain / 2
    }

    fn greedy(&mut self, least: usize, out: &mut Vec<u8>) {
        while self.lookahead >= least {
            self.settle();
            let mut length = MIN_MATCH - 1;
            if self.lookahead >= MIN_MATCH {
                let head = self.chains.insert(self.start);
                if head != 0 && self.start - head <= self.chains.reach() {
                    length = self.chains.longest_match(self.start, self.lookahead, head, MIN_MATCH - 1, &self.tuning.limits);
                }
            }
            let full = if length >= MIN_MATCH {
                let full = self.blocks.copy(length, self.start - self.chains.match_start);
                let full = self.ends(full);
                self.lookahead -= length;
                if length <= self.tuning.lazy && self.lookahead >= MIN_MATCH {
                    for at in self.start + 1..self.start + length {
                        self.chains.insert(at);
                    }
                }
                self.start += length;
                full
            } else {
                let full = self.blocks.literal(self.chains.window[self.start & (FULL - 1)]);
                let full = self.ends(full);
                self.lookahead -= 1;
                self.start += 1;
                full
            };
            if full {
                self.flush_block(false, out);
            }
        }
    }

    fn lazy(&mut self, least: usize, out: &mut Vec<u8>) {
        while self.lookahead >= least {
            self.settle();
            let head = if self.lookahead >= MIN_MATCH { self.chains.insert(self.start) } else { 0 };
            let before = self.match_length;
            let before_start = self.chains.match_start;
            self.match_length = MIN_MATCH - 1;
            if head != 0 && before < self.tuning.lazy && self.start - head <= self.chains.reach() {
                self.match_length = self.chains.longest_match(self.start, self.lookahead, head, before, &self.tuning.limits);
                let far = self.match_length == MIN_MATCH && self.start.wrapping_sub(self.chains.match_start) > TOO_FAR;
                if self.match_length <= 5 && (self.tuning.filtered || far) {
                    self.match_length = MIN_MATCH - 1;
                }
            }
            if before >= MIN_MATCH && self.match_length <= before {
                self.take_previous(before, before_start, out);
            } else if self.available {
                let full = self.blocks.literal(self.chains.window[(self.start - 1) & (FULL - 1)]);
                if self.ends(full) {
                    self.flush_block(false, out);
                }
                self.start += 1;
                self.lookahead -= 1;
            } else {
                self.available = true;
                self.start += 1;
                self.lookahead -= 1;
            }
        }
    }

    /// Takes the match at the position before, which no better one follows.
    fn take_previous(&mut self, length: usize, from: usize, out: &mut Vec<u8>) {
        let last = (self.start + self.lookahead).saturating_sub(MIN_MATCH);
        let full = self.blocks.copy(length, self.start - 1 - from);
        let full = self.ends(full);
        let end = self.start + length - 1;
        for at in self.start + 1..end.min(last + 1) {
            self.chains.insert(at);
        }
        self.lookahead -= length - 1;
        self.start = end;
        self.available = false;
        self.match_length = MIN_MATCH - 1;
        if full {
            self.flush_block(false, out);
        }
    }

    fn runs(&mut self, least: usize, out: &mut Vec<u8>) {
        while self.lookahead >= least {
            self.settle();
            let mut length = 0;
            if self.lookahead >= MIN_MATCH && self.start > 0 {
                let byte = self.chains.window[self.start - 1];
                let most = self.lookahead.min(MAX_MATCH);
                length = self.chains.window[self.start..self.start + most].iter().take_while(|&&at| at == byte).count();
            }
            let (full, taken) = if length >= MIN_MATCH {
                (self.blocks.copy(length, 1), length)
            } else {
                (self.blocks.literal(self.chains.window[self.start]), 1)
            };
            self.lookahead -= taken;
            self.start += taken;
            if full {
                self.flush_block(false, out);
            }
        }
    }

    fn literals(&mut self, out: &mut Vec<u8>) {
        while self.lookahead > 0 {
            let full = self.blocks.literal(self.chains.window[self.start]);
            self.lookahead -= 1;
            self.start += 1;
            if full {
                self.flush_block(false, out);
            }
        }
    }
}
