//! Literals and matches between the search and the blocks.

use super::codes::{BASE_LENGTH, DISTANCES, END, FIRST_LENGTH, LITERALS, distance_code, length_code};

const MATCH: u32 = 1 << 30;

/// A literal, or a match (its length less 3 and its distance less 1).
#[derive(Clone, Copy)]
pub(in crate::recode::encoder) struct Token(u32);

impl Token {
    /// A literal byte.
    pub(in crate::recode::encoder) const fn literal(byte: u8) -> Self {
        Self(byte as u32)
    }

    /// A match of 3..=258 bytes at a distance of 1..=32768.
    pub(in crate::recode::encoder) const fn matched(length: usize, distance: usize) -> Self {
        Self(MATCH | ((length - BASE_LENGTH) as u32) << 16 | (distance as u32 - 1))
    }

    /// Length less 3 and distance less 1 of a match.
    pub(in crate::recode::encoder) const fn pair(self) -> Option<(u8, u32)> {
        if self.0 & MATCH == 0 { None } else { Some(((self.0 >> 16) as u8, self.0 & 0xffff)) }
    }

    /// The byte of a literal.
    pub(in crate::recode::encoder) const fn byte(self) -> u8 {
        self.0 as u8
    }
}

/// How often each symbol occurs.
pub(in crate::recode::encoder) struct Frequencies {
    /// Literals, end of block and lengths.
    pub(in crate::recode::encoder) literals: [u32; LITERALS],
    /// Distances.
    pub(in crate::recode::encoder) distances: [u32; DISTANCES],
}

impl Frequencies {
    /// Nothing occurs.
    pub(in crate::recode::encoder) const fn new() -> Self {
        Self { literals: [0; LITERALS], distances: [0; DISTANCES] }
    }

    /// Counts these tokens and one end of block.
    pub(in crate::recode::encoder) fn of(tokens: &[Token]) -> Self {
        let mut counted = Self::new();
        for token in tokens {
            match token.pair() {
                None => counted.literals[usize::from(token.byte())] += 1,
                Some((length, distance)) => {
                    counted.literals[FIRST_LENGTH + length_code(length)] += 1;
                    counted.distances[distance_code(distance)] += 1;
                }
            }
        }
        counted.literals[END] += 1;
        counted
    }

    /// Counts these bytes as literals and one end of block.
    pub(in crate::recode::encoder) fn of_bytes(bytes: &[u8]) -> Self {
        let mut counted = Self::new();
        for &byte in bytes {
            counted.literals[usize::from(byte)] += 1;
        }
        counted.literals[END] = 1;
        counted
    }

    /// How many codes of each kind a header lists. Where there is no distance, the first is made to occur.
    pub(in crate::recode::encoder) fn listed(&mut self) -> (usize, usize) {
        let literals = self.literals.iter().rposition(|&count| count != 0).map_or(0, |last| last + 1);
        let distances = self.distances.iter().rposition(|&count| count != 0).map_or(0, |last| last + 1);
        if distances == 0 {
            self.distances[0] = 1;
        }
        (literals, distances.max(1))
    }
}
