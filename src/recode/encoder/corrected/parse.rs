//! Takes a stream apart into blocks and tokens.

use super::super::trees::{BL_ORDER, D_CODES, L_CODES};
use super::block::Tokens;
use super::guess::Token;
use super::header::{Codes, FEWEST, Run};
use super::model::{Kind, MOST_TOKENS};
use super::window::Match;
use crate::recode::inflate::{Alphabet, DISTANCE_BITS, END, INVALID, LENGTH_BITS, LITERAL, LITERAL_BITS, SUBTABLE, Table};
use std::io::{self, Read};

/// How much is read at a time.
const READ: usize = 64 << 10;

/// A block.
pub struct Block {
    /// Whether it is the last one.
    pub last: bool,
    /// What it is.
    pub kind: Kind,
    /// Bits up to the end of a byte, before the length of a stored one.
    pub filling: u8,
    /// How many bits of the byte are taken where it begins.
    pub odd: u32,
    /// How many plain bytes it stands for.
    pub plain: usize,
    /// Of one that is not stored.
    pub tokens: Tokens,
    /// Of one that has codes of its own.
    pub codes: Codes,
}

/// Takes blocks off a stream that is known to be sound.
pub struct Parser<R> {
    stream: R,
    read: Vec<u8>,
    at: usize,
    bits: u64,
    count: u32,
    literals: Table,
    distances: Table,
}

/// None where a block is not as those that can be told.
type Parsed<T> = io::Result<Option<T>>;

impl<R: Read> Parser<R> {
    /// At the beginning.
    pub fn new(stream: R) -> Self {
        let (literals, distances) = (Table::new(LITERAL_BITS), Table::new(DISTANCE_BITS));
        Self { stream, read: Vec::new(), at: 0, bits: 0, count: 0, literals, distances }
    }

    fn more(&mut self) -> io::Result<()> {
        self.read.resize(READ, 0);
        let got = self.stream.read(&mut self.read)?;
        self.read.truncate(got);
        self.at = 0;
        Ok(())
    }

    /// Makes 56 bits available; behind the end there are zeros.
    #[inline]
    fn fill(&mut self) -> io::Result<()> {
        while self.count <= 56 {
            if self.at == self.read.len() {
                self.more()?;
            }
            let byte = self.read.get(self.at).copied();
            self.at += usize::from(byte.is_some());
            self.bits |= u64::from(byte.unwrap_or(0)) << self.count;
            self.count += 8;
        }
        Ok(())
    }

    #[inline]
    fn take(&mut self, bits: u32) -> u32 {
        let value = (self.bits & ((1 << bits) - 1)) as u32;
        self.bits >>= bits;
        self.count -= bits;
        value
    }

    /// How many bits of the byte are taken.
    pub const fn odd(&self) -> u32 {
        (8 - self.count % 8) % 8
    }

    /// The bits up to the end of the byte.
    pub fn filling(&mut self) -> u8 {
        self.take((8 - self.odd()) % 8) as u8
    }

    /// The next block, with no more than so many tokens where that is given: then it is not whole.
    pub fn block(&mut self, most: Option<usize>) -> Parsed<Block> {
        self.fill()?;
        let odd = self.odd();
        let last = self.take(1) == 1;
        let kind = match self.take(2) {
            0 => Kind::Stored,
            1 => Kind::Fixed,
            2 => Kind::Dynamic,
            _ => return Ok(None),
        };
        let mut block = Block { last, kind, filling: 0, odd, plain: 0, tokens: Tokens::new(), codes: Codes::new() };
        match kind {
            Kind::Stored => {
                block.filling = self.filling();
                self.fill()?;
                block.plain = self.take(16) as usize;
                self.take(16);
                self.skip(block.plain)?;
                return Ok(Some(block));
            }
            Kind::Fixed => self.fixed(),
            Kind::Dynamic => self.header(&mut block.codes)?,
        }
        .map_or(Ok(None), |()| self.tokens(block, most))
    }

    fn skip(&mut self, length: usize) -> io::Result<()> {
        for _ in 0..length {
            if self.count < 8 {
                self.fill()?;
            }
            self.take(8);
        }
        Ok(())
    }

    fn fixed(&mut self) -> Option<()> {
        let mut literals = [8u8; 288];
        literals[144..256].fill(9);
        literals[256..280].fill(7);
        self.literals.build(Alphabet::Literals, &literals, false).ok()?;
        self.distances.build(Alphabet::Distances, &[5; 32], false).ok()
    }

    fn header(&mut self, codes: &mut Codes) -> Parsed<()> {
        self.fill()?;
        for (count, (fewest, bits)) in codes.counts.iter_mut().zip(FEWEST) {
            let all = (self.bits & ((1 << bits) - 1)) as usize;
            self.bits >>= bits;
            self.count -= bits;
            *count = all + fewest;
        }
        if codes.counts[0] > L_CODES || codes.counts[1] > D_CODES {
            return Ok(None);
        }
        for symbol in &BL_ORDER[..codes.counts[2]] {
            self.fill()?;
            codes.lengths[*symbol] = self.take(3) as u8;
        }
        let mut table = Table::new(LENGTH_BITS);
        if table.build(Alphabet::Lengths, &codes.lengths, false).is_err() {
            return Ok(None);
        }
        let all = codes.counts[0] + codes.counts[1];
        let mut lengths = Vec::with_capacity(all);
        while lengths.len() < all {
            self.fill()?;
            let entry = table.primary::<LENGTH_BITS>(self.bits);
            self.take(entry & 15);
            let symbol = (entry >> 16) as u8;
            let (length, count) = match symbol {
                16 => (lengths.last().copied().unwrap_or(0), 3 + self.take(2)),
                17 => (0, 3 + self.take(3)),
                18 => (0, 11 + self.take(7)),
                length => (length, 1),
            };
            codes.runs.push(Run { symbol, count: count as u8 });
            lengths.extend(std::iter::repeat_n(length, count as usize));
        }
        if lengths.len() != all {
            return Ok(None);
        }
        let (literals, distances) = lengths.split_at(codes.counts[0]);
        codes.literals[..literals.len()].copy_from_slice(literals);
        codes.distances[..distances.len()].copy_from_slice(distances);
        let sound = self.literals.build(Alphabet::Literals, literals, true).is_ok();
        Ok((sound && self.distances.build(Alphabet::Distances, distances, true).is_ok()).then_some(()))
    }

    fn tokens(&mut self, mut block: Block, most: Option<usize>) -> Parsed<Block> {
        loop {
            if block.tokens.count() >= most.unwrap_or(usize::MAX) {
                return Ok(Some(block));
            }
            self.fill()?;
            let entry = self.entry::<LITERAL_BITS>(true);
            if entry & INVALID != 0 {
                return Ok(None);
            }
            if entry & END != 0 {
                return Ok(Some(block));
            }
            if block.tokens.count() >= MOST_TOKENS as usize {
                return Ok(None);
            }
            if entry & LITERAL != 0 {
                block.tokens.push(Token::Literal, (entry >> 16) as u8);
                block.plain += 1;
                continue;
            }
            let length = (entry >> 16) + self.take(entry >> 4 & 15);
            let entry = self.entry::<DISTANCE_BITS>(false);
            if entry & INVALID != 0 {
                return Ok(None);
            }
            let distance = (entry >> 16) + self.take(entry >> 4 & 15);
            block.tokens.push(Token::Copy(Match { length, distance }), 0);
            block.plain += length as usize;
        }
    }

    /// The entry of the code that is next, which is taken.
    #[inline]
    fn entry<const BITS: u32>(&mut self, literal: bool) -> u32 {
        let table = if literal { &self.literals } else { &self.distances };
        let entry = table.primary::<BITS>(self.bits);
        if entry & SUBTABLE == 0 {
            self.take(entry & 15);
            return entry;
        }
        let entry = table.secondary(entry, self.bits >> BITS);
        self.take(BITS + (entry & 15));
        entry
    }
}
