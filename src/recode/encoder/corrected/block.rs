//! The tokens of a block, and how it is written.

use super::super::bits::BitWriter;
use super::super::trees::{self, BL_ORDER, D_CODES, END_BLOCK, FIXED, L_CODES, LENGTH_CODE, Leaf};
use super::guess::Token;
use super::header::{Codes, FEWEST};
use super::lengths::codes;
use super::window::Match;
use crate::recode::inflate::{DISTANCE_BASE, DISTANCE_EXTRA, LENGTH_BASE, LENGTH_EXTRA};

/// The mark of a copy.
const COPY: u32 = 1 << 31;

/// Tokens, four bytes each, and how often each symbol is there.
pub struct Tokens {
    all: Vec<u32>,
    /// Of literals, the end of the block, and lengths.
    pub literals: [u32; L_CODES],
    /// Of distances.
    pub distances: [u32; D_CODES],
}

impl Tokens {
    /// None but the end.
    pub const fn new() -> Self {
        let mut literals = [0; L_CODES];
        literals[END_BLOCK] = 1;
        Self { all: Vec::new(), literals, distances: [0; D_CODES] }
    }

    /// Takes them away, but not the memory.
    pub fn clear(&mut self) {
        self.all.clear();
        self.literals = [0; L_CODES];
        self.literals[END_BLOCK] = 1;
        self.distances = [0; D_CODES];
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// Adds one; `byte` is what a literal stands for.
    pub fn push(&mut self, token: Token, byte: u8) {
        match token {
            Token::Literal => {
                self.literals[usize::from(byte)] += 1;
                self.all.push(byte.into());
            }
            Token::Copy(found) => {
                self.literals[257 + usize::from(LENGTH_CODE[found.length as usize - 3])] += 1;
                self.distances[trees::distance_code(found.distance as usize - 1)] += 1;
                self.all.push(COPY | (found.distance - 1) << 9 | found.length);
            }
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Token> + '_ {
        self.all.iter().map(|packed| match packed & COPY {
            0 => Token::Literal,
            _ => Token::Copy(Match { length: packed & 0x1FF, distance: (packed >> 9 & 0x7FFF) + 1 }),
        })
    }

    /// Writes them with these codes, and the end of the block.
    fn write(&self, literals: &[Leaf], distances: &[Leaf], bits: &mut BitWriter, out: &mut Vec<u8>) {
        let put = |leaf: Leaf, bits: &mut BitWriter, out: &mut Vec<u8>| bits.put(leaf.code.into(), leaf.len.into(), out);
        for packed in &self.all {
            if packed & COPY == 0 {
                put(literals[*packed as usize & 0xFF], bits, out);
                continue;
            }
            let (length, distance) = (packed & 0x1FF, packed >> 9 & 0x7FFF);
            let code = usize::from(LENGTH_CODE[length as usize - 3]);
            put(literals[257 + code], bits, out);
            bits.put(length - u32::from(LENGTH_BASE[code]), LENGTH_EXTRA[code].into(), out);
            let code = trees::distance_code(distance as usize);
            put(distances[code], bits, out);
            bits.put(distance + 1 - u32::from(DISTANCE_BASE[code]), DISTANCE_EXTRA[code].into(), out);
        }
        put(literals[END_BLOCK], bits, out);
    }

    /// Writes a block of the fixed codes.
    pub fn write_fixed(&self, bits: &mut BitWriter, out: &mut Vec<u8>) {
        self.write(&FIXED.literals, &FIXED.distances, bits, out);
    }

    /// Writes header and block; None where a symbol is there that has no code.
    pub fn write_with(&self, own: &Codes, bits: &mut BitWriter, out: &mut Vec<u8>) -> Option<()> {
        let has = |often: &[u32], lengths: &[u8]| often.iter().zip(lengths).all(|(often, length)| *often == 0 || *length > 0);
        (has(&self.literals, &own.literals) && has(&self.distances, &own.distances)).then_some(())?;
        for (count, (fewest, width)) in own.counts.iter().zip(FEWEST) {
            bits.put((count - fewest) as u32, width, out);
        }
        for symbol in &BL_ORDER[..own.counts[2]] {
            bits.put(own.lengths[*symbol].into(), 3, out);
        }
        let lengths = codes(&own.lengths);
        for run in &own.runs {
            let leaf = lengths[usize::from(run.symbol)];
            bits.put(leaf.code.into(), leaf.len.into(), out);
            let (fewest, width) = match run.symbol {
                16 => (3, 2),
                17 => (3, 3),
                18 => (11, 7),
                _ => continue,
            };
            bits.put(u32::from(run.count) - fewest, width, out);
        }
        self.write(&codes(&own.literals), &codes(&own.distances), bits, out);
        Some(())
    }
}
