//! What the quick levels share: the history they search, hashes, and how matches are extended.

use crate::recode::encoder::go::bytes::{common, load32, load64};
use crate::recode::encoder::go::codes::{LONGEST, STORED_MAX, WINDOW};

use super::tokens::Tokens;

/// Bytes that can be matched, the block to encode last.
pub(super) struct History {
    pub(super) bytes: Vec<u8>,
    /// What a position is short of its number in the tables.
    pub(super) base: u32,
    room: usize,
}

impl History {
    /// An empty history that holds `blocks` whole blocks before it moves down.
    pub(super) fn new(room: usize) -> Self {
        Self { bytes: Vec::with_capacity(room), base: STORED_MAX as u32, room }
    }

    /// Holds more before it moves down.
    pub(super) fn enlarge(&mut self, room: usize) {
        self.room = room;
    }

    /// Numbers are moved down before they leave 31 bits.
    pub(super) fn rebase_due(&self) -> bool {
        self.base as usize >= (1 << 31) - self.room - STORED_MAX - 1
    }

    /// Moves numbers down; what is out of reach becomes none.
    pub(super) fn rebase(&mut self, tables: [&mut [u32]; 2]) {
        let window = WINDOW as u32;
        // Where there is no history, everything is out of reach.
        let oldest = if self.bytes.is_empty() { u32::MAX } else { self.base + self.bytes.len() as u32 - window };
        for number in tables.into_iter().flatten() {
            *number = if *number <= oldest { 0 } else { *number - self.base + window };
        }
        self.base = window;
    }

    /// Adds a block; where it starts.
    pub(super) fn add(&mut self, block: &[u8]) -> usize {
        if self.bytes.len() + block.len() > self.room {
            let from = self.bytes.len() - WINDOW;
            self.bytes.copy_within(from.., 0);
            self.bytes.truncate(WINDOW);
            self.base += from as u32;
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(block);
        start
    }

    /// Forgets everything: numbers in the tables are out of reach afterwards.
    pub(super) fn reset(&mut self) {
        if !self.rebase_due() {
            self.base += (WINDOW + self.bytes.len()) as u32;
        }
        self.bytes.clear();
    }
}

/// The bytes to search, with the numbers of their positions.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) base: u32,
    /// Where the block starts.
    pub(super) start: usize,
}

impl Source<'_> {
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn number(&self, at: usize) -> u32 {
        self.base + at as u32
    }

    pub(super) fn word(&self, at: usize) -> u64 {
        load64(self.bytes, at)
    }

    /// How far `number` is behind `at`; what is ahead of it comes out large.
    pub(super) fn distance(&self, at: usize, number: u32) -> usize {
        self.number(at).wrapping_sub(number) as usize
    }

    /// Whether the four bytes at `at` are the low ones of `word`.
    pub(super) fn starts(&self, at: usize, word: u64) -> bool {
        load32(self.bytes, at) == word as u32
    }

    /// Where `number` is, if that is less than a window before `at` and `word` stands there.
    pub(super) fn known(&self, at: usize, number: u32, word: u64) -> Option<usize> {
        let distance = self.distance(at, number);
        (distance < WINDOW).then(|| at - distance).filter(|&from| self.starts(from, word))
    }

    /// How far two positions agree.
    pub(super) fn agree(&self, at: usize, from: usize) -> usize {
        common(&self.bytes[at..], &self.bytes[from..])
    }

    /// How far two positions agree, up to the longest match less four.
    pub(super) fn agree_short(&self, at: usize, from: usize) -> usize {
        let end = self.len().min(at + LONGEST - 4);
        common(&self.bytes[at..end], &self.bytes[from..])
    }
}

/// A match: where it is, where from, how long.
#[derive(Clone, Copy)]
pub(super) struct Match {
    pub(super) at: usize,
    pub(super) from: usize,
    pub(super) length: usize,
}

impl Match {
    /// Extends the match backwards to `emitted` at most, and adds the literals before it and the match itself.
    pub(super) fn take(mut self, source: Source<'_>, emitted: usize, tokens: &mut Tokens) -> Self {
        let bytes = source.bytes;
        while self.from > 0 && self.at > emitted && bytes[self.from - 1] == bytes[self.at - 1] {
            self.at -= 1;
            self.from -= 1;
            self.length += 1;
        }
        tokens.literals(&bytes[emitted..self.at]);
        tokens.long_match(self.length, self.at - self.from);
        self
    }

    /// The first position after the match.
    pub(super) fn end(self) -> usize {
        self.at + self.length
    }
}

/// A quick level: its tables and search.
pub(super) trait Search: Send {
    /// Adds the tokens of the block that stands last in `source`; none where no match is found.
    fn encode(&mut self, source: Source<'_>, tokens: &mut Tokens);
    /// The tables, to move numbers down.
    fn tables(&mut self) -> [&mut [u32]; 2];
}

/// Adds the literals that are left, unless there is no match at all.
pub(super) fn remainder(source: Source<'_>, emitted: usize, tokens: &mut Tokens) {
    if !tokens.list.is_empty() {
        tokens.literals(&source.bytes[emitted..]);
    }
}

/// A hash of the low bytes of a word.
pub(super) trait Hash: Send {
    /// Size of the table.
    const SIZE: usize;
    /// The slot of a word.
    fn of(word: u64) -> usize;

    /// The word at `at`, as far as the hash needs it.
    fn load(bytes: &[u8], at: usize) -> u64 {
        load64(bytes, at)
    }
}

/// The hash of four bytes that Snappy uses.
pub(super) struct Snappy<const BITS: u32>;
/// A hash of four bytes.
pub(super) struct Four<const BITS: u32>;
/// A hash of five bytes.
pub(super) struct Five<const BITS: u32>;
/// A hash of seven bytes.
pub(super) struct Seven<const BITS: u32>;

impl<const BITS: u32> Hash for Snappy<BITS> {
    const SIZE: usize = 1 << BITS;
    fn of(word: u64) -> usize {
        ((word as u32).wrapping_mul(0x1e35_a7bd) >> (32 - BITS)) as usize
    }
    fn load(bytes: &[u8], at: usize) -> u64 {
        u64::from(load32(bytes, at))
    }
}

impl<const BITS: u32> Hash for Four<BITS> {
    const SIZE: usize = 1 << BITS;
    fn of(word: u64) -> usize {
        ((word as u32).wrapping_mul(2_654_435_761) >> (32 - BITS)) as usize
    }
    fn load(bytes: &[u8], at: usize) -> u64 {
        u64::from(load32(bytes, at))
    }
}

impl<const BITS: u32> Hash for Five<BITS> {
    const SIZE: usize = 1 << BITS;
    fn of(word: u64) -> usize {
        ((word << 24).wrapping_mul(889_523_592_379) >> (64 - BITS)) as usize
    }
}

impl<const BITS: u32> Hash for Seven<BITS> {
    const SIZE: usize = 1 << BITS;
    fn of(word: u64) -> usize {
        ((word << 8).wrapping_mul(58_295_818_150_454_627) >> (64 - BITS)) as usize
    }
}
