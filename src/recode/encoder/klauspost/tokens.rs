//! Tokens of one block and how often each symbol occurs.

use crate::recode::encoder::go::codes::{BASE_LENGTH, DISTANCE_EXTRA, END, FIRST_LENGTH, LENGTH_EXTRA, LONGEST, STORED_MAX};
use crate::recode::encoder::go::codes::{distance_code, length_code};
use crate::recode::encoder::go::tokens::{Frequencies, Token};

use super::era::{Era, Variant};

/// The tokens of a block.
pub(super) struct Tokens {
    /// The tokens, without an end of block.
    pub(super) list: Vec<Token>,
    /// How often each symbol occurs.
    pub(super) counted: Frequencies,
    /// How many symbols were made to occur.
    pub(super) filled: usize,
    even: bool,
}

impl Tokens {
    pub(super) fn new(era: Era) -> Self {
        let even = era >= Era::V1_15_0;
        Self { list: Vec::with_capacity(STORED_MAX + 1), counted: Frequencies::new(), filled: 0, even }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.list.clear();
        self.counted = Frequencies::new();
        self.filled = 0;
    }

    /// How many tokens, an end of block among them.
    pub(super) fn len(&self) -> usize {
        self.list.len() + self.counted.literals[END] as usize
    }

    /// Adds an end of block.
    pub(super) fn end(&mut self) {
        self.counted.literals[END] = 1;
    }

    /// Adds a literal.
    pub(super) fn literal(&mut self, byte: u8) {
        self.list.push(Token::literal(byte));
        self.counted.literals[usize::from(byte)] += 1;
    }

    /// Adds literals.
    pub(super) fn literals(&mut self, bytes: &[u8]) {
        self.list.extend(bytes.iter().map(|&byte| Token::literal(byte)));
        for &byte in bytes {
            self.counted.literals[usize::from(byte)] += 1;
        }
    }

    /// Adds a match of at most 258 bytes.
    pub(super) fn matched(&mut self, length: usize, distance: usize) {
        self.list.push(Token::matched(length, distance));
        self.counted.literals[FIRST_LENGTH + length_code((length - BASE_LENGTH) as u8)] += 1;
        self.counted.distances[distance_code(distance as u32 - 1)] += 1;
    }

    /// Adds a match of any length, in parts of which none is shorter than three.
    pub(super) fn long_match(&mut self, mut length: usize, distance: usize) {
        while length > LONGEST {
            let part = if self.even && length > LONGEST + BASE_LENGTH { LONGEST } else { LONGEST - BASE_LENGTH };
            self.matched(part, distance);
            length -= part;
        }
        self.matched(length, distance);
    }

    /// Makes every symbol occur, so that any block can use the codes.
    pub(super) fn fill(&mut self) {
        for count in self.counted.literals.iter_mut().filter(|count| **count == 0) {
            *count = 1;
            self.filled += 1;
        }
        for count in self.counted.distances.iter_mut().filter(|count| **count == 0) {
            *count = 1;
        }
    }

    /// What the block would take at best, in bits.
    pub(super) fn estimate(&self, variant: Variant) -> usize {
        if variant.era < Era::V1_9_8 {
            return self.first_estimate();
        }
        // Before 1.14.2 an end of block did not count as a token here.
        let tokens = if variant.era >= Era::V1_14_2 { self.len() } else { self.list.len() };
        let bounds = if variant.era >= Era::V1_12_3 { (1.0, 15.0) } else { (f32::NEG_INFINITY, f32::INFINITY) };
        let (literals, lengths) = self.counted.literals.split_at(FIRST_LENGTH);
        let mut entropy = 0.0;
        let total = tokens + self.filled;
        if total > 0 {
            entropy = variant.entropy(entropy, &literals[..END], total, bounds);
            // For the end of block.
            entropy += 15.0;
            entropy = variant.entropy(entropy, lengths, total, bounds);
        }
        let matches: usize = lengths.iter().map(|&count| count as usize).sum();
        if matches > 0 && total > 0 {
            entropy = variant.entropy(entropy, &self.counted.distances, matches, bounds);
        }
        let lengths = lengths.iter().zip(LENGTH_EXTRA);
        let distances = self.counted.distances.iter().zip(DISTANCE_EXTRA).filter(|_| matches > 0);
        let extra: usize = lengths.chain(distances).map(|(&count, bits)| count as usize * usize::from(bits)).sum();
        entropy as usize + extra
    }
}
