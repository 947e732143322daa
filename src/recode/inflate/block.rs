//! Blocks: their headers, stored bytes, and symbols one at a time where the fast loop may not run.

use super::table::{
    Alphabet, DISTANCE_BITS, END, INVALID, LENGTH_BITS, LITERAL, LITERAL_BITS, MAX_DISTANCES, MAX_LITERALS, SUBTABLE, Table,
};
use super::{BlockKind, InflateError, Inflater, Observer, SLACK, Status};

/// Where in a stream the inflater is. Nothing is consumed of a thing that is not there whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    Head,
    StoredLength,
    Stored(u16),
    Counts,
    LengthLengths(usize),
    CodeLengths(usize),
    Symbols,
    Done,
}

/// The code lengths of the current block: the tables can be built again from them.
#[derive(Clone)]
pub struct Lengths {
    pub fixed: bool,
    pub literals: usize,
    pub distances: usize,
    pub of_lengths: usize,
    pub length_code: [u8; 19],
    pub codes: [u8; MAX_LITERALS + MAX_DISTANCES],
    pub table: Table,
}

impl Default for Lengths {
    fn default() -> Self {
        Self {
            fixed: false,
            literals: 0,
            distances: 0,
            of_lengths: 0,
            length_code: [0; 19],
            codes: [0; MAX_LITERALS + MAX_DISTANCES],
            table: Table::new(LENGTH_BITS),
        }
    }
}

/// In which order the lengths of the code for code lengths are sent.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// `None` where the input ends first.
type Step = Result<Option<()>, InflateError>;

impl Inflater {
    /// Runs until the input or the room ends, or the stream does.
    pub(super) fn run<O: Observer>(&mut self, input: &[u8], at: &mut usize, observer: &mut O) -> Result<Status, InflateError> {
        loop {
            if self.to + SLACK > self.plain.len() {
                return Ok(Status::Full);
            }
            let step = match self.state {
                State::Head => self.head(input, at, observer)?,
                State::StoredLength => self.stored_length(input, at, observer)?,
                State::Stored(left) => self.stored(left, input, at, observer),
                State::Counts => self.counts(input, at)?,
                State::LengthLengths(done) => self.length_lengths(done, input, at)?,
                State::CodeLengths(done) => self.code_lengths(done, input, at)?,
                State::Symbols => self.symbols(input, at, observer)?,
                State::Done => return Ok(Status::Done),
            };
            if step.is_none() {
                return Ok(Status::NeedInput);
            }
        }
    }

    /// Makes `need` bits available; false where the input ends first.
    fn need(&mut self, need: u32, input: &[u8], at: &mut usize) -> bool {
        while self.count < need {
            let Some(&byte) = input.get(*at) else { return false };
            self.bits |= u64::from(byte) << self.count;
            self.count += 8;
            *at += 1;
        }
        true
    }

    fn take(&mut self, bits: u32) -> u32 {
        let value = (self.bits & ((1 << bits) - 1)) as u32;
        self.bits >>= bits;
        self.count -= bits;
        value
    }

    fn head<O: Observer>(&mut self, input: &[u8], at: &mut usize, observer: &mut O) -> Step {
        if !self.need(3, input, at) {
            return Ok(None);
        }
        self.last = self.take(1) == 1;
        self.symbols = 0;
        match self.take(2) {
            0 => self.state = State::StoredLength,
            1 => {
                observer.block(BlockKind::Fixed, self.last, self.position());
                self.fixed_tables()?;
                self.state = State::Symbols;
            }
            2 => {
                observer.block(BlockKind::Dynamic, self.last, self.position());
                self.state = State::Counts;
            }
            _ => return Err(InflateError::BlockType),
        }
        Ok(Some(()))
    }

    fn end_block<O: Observer>(&mut self, observer: &mut O) {
        observer.block_end(self.symbols, self.position());
        self.state = if self.last { State::Done } else { State::Head };
    }

    fn stored_length<O: Observer>(&mut self, input: &[u8], at: &mut usize, observer: &mut O) -> Step {
        let odd = self.count % 8;
        if !self.need(odd + 32, input, at) {
            return Ok(None);
        }
        self.take(odd);
        let length = self.take(16) as u16;
        if self.take(16) as u16 != !length {
            return Err(InflateError::StoredLength);
        }
        observer.block(BlockKind::Stored(length), self.last, self.position());
        self.state = State::Stored(length);
        Ok(Some(()))
    }

    fn stored<O: Observer>(&mut self, left: u16, input: &[u8], at: &mut usize, observer: &mut O) -> Option<()> {
        let mut left = usize::from(left);
        let room = self.plain.len() - SLACK + 1 - self.to;
        let mut n = left.min(room);
        left -= n;
        while n > 0 && self.count >= 8 {
            self.plain[self.to] = self.take(8) as u8;
            self.to += 1;
            n -= 1;
        }
        let direct = n.min(input.len() - *at);
        self.plain[self.to..self.to + direct].copy_from_slice(&input[*at..*at + direct]);
        self.to += direct;
        *at += direct;
        left += n - direct;
        self.state = State::Stored(left as u16);
        if left == 0 {
            self.end_block(observer);
            return Some(());
        }
        (n == direct).then_some(())
    }

    fn counts(&mut self, input: &[u8], at: &mut usize) -> Step {
        if !self.need(14, input, at) {
            return Ok(None);
        }
        self.lengths.literals = self.take(5) as usize + 257;
        self.lengths.distances = self.take(5) as usize + 1;
        self.lengths.of_lengths = self.take(4) as usize + 4;
        if self.lengths.literals > 286 || self.lengths.distances > 30 {
            return Err(InflateError::TooManyCodes);
        }
        self.lengths.length_code = [0; 19];
        self.state = State::LengthLengths(0);
        Ok(Some(()))
    }

    fn length_lengths(&mut self, done: usize, input: &[u8], at: &mut usize) -> Step {
        for (index, &symbol) in ORDER.iter().enumerate().take(self.lengths.of_lengths).skip(done) {
            if !self.need(3, input, at) {
                self.state = State::LengthLengths(index);
                return Ok(None);
            }
            self.lengths.length_code[symbol] = self.take(3) as u8;
        }
        self.lengths.table.build(Alphabet::Lengths, &self.lengths.length_code, false)?;
        self.state = State::CodeLengths(0);
        Ok(Some(()))
    }

    fn code_lengths(&mut self, mut done: usize, input: &[u8], at: &mut usize) -> Step {
        let total = self.lengths.literals + self.lengths.distances;
        while done < total {
            self.need(14, input, at);
            let entry = self.lengths.table.primary::<LENGTH_BITS>(self.bits);
            let bits = entry & 15;
            let symbol = entry >> 16;
            let (extra, base) = match symbol {
                16 => (2, 3),
                17 => (3, 3),
                18 => (7, 11),
                _ => (0, 1),
            };
            if bits + extra > self.count {
                self.state = State::CodeLengths(done);
                return Ok(None);
            }
            if entry & INVALID != 0 {
                return Err(InflateError::CodeLengths);
            }
            self.take(bits);
            let run = base + self.take(extra) as usize;
            let value = match symbol {
                16 => *done.checked_sub(1).and_then(|before| self.lengths.codes.get(before)).ok_or(InflateError::CodeLengths)?,
                17 | 18 => 0,
                length => length as u8,
            };
            let end = done + run;
            if end > total {
                return Err(InflateError::CodeLengths);
            }
            self.lengths.codes[done..end].fill(value);
            done = end;
        }
        self.lengths.fixed = false;
        self.dynamic_tables()?;
        self.state = State::Symbols;
        Ok(Some(()))
    }

    /// Builds the tables from the code lengths of a block with codes of its own.
    pub(super) fn dynamic_tables(&mut self) -> Result<(), InflateError> {
        let (literals, rest) = self.lengths.codes.split_at(self.lengths.literals);
        if literals[256] == 0 {
            return Err(InflateError::CodeLengths);
        }
        self.literals.build(Alphabet::Literals, literals, true)?;
        self.distances.build(Alphabet::Distances, &rest[..self.lengths.distances], true)
    }

    /// Builds the tables that the format fixes, unless they stand already.
    pub(super) fn fixed_tables(&mut self) -> Result<(), InflateError> {
        if self.lengths.fixed {
            return Ok(());
        }
        let mut literals = [8u8; MAX_LITERALS];
        literals[144..256].fill(9);
        literals[256..280].fill(7);
        self.literals.build(Alphabet::Literals, &literals, false)?;
        self.distances.build(Alphabet::Distances, &[5; MAX_DISTANCES], false)?;
        self.lengths.fixed = true;
        Ok(())
    }

    fn symbols<O: Observer>(&mut self, input: &[u8], at: &mut usize, observer: &mut O) -> Step {
        if self.fast(input, at, observer)? {
            self.end_block(observer);
            return Ok(Some(()));
        }
        while self.to + SLACK <= self.plain.len() {
            self.need(56, input, at);
            match self.symbol(observer)? {
                None => return Ok(None),
                Some(true) => {
                    self.end_block(observer);
                    break;
                }
                Some(false) => {}
            }
        }
        Ok(Some(()))
    }

    /// One literal or match, true for the end of block; nothing is taken where the bits do not suffice.
    fn symbol<O: Observer>(&mut self, observer: &mut O) -> Result<Option<bool>, InflateError> {
        let (entry, mut used) = lookup::<LITERAL_BITS>(&self.literals, self.bits);
        let extra = (entry >> 4) & 15;
        if used + extra > self.count {
            return Ok(None);
        }
        if entry & LITERAL != 0 {
            self.take(used);
            self.plain[self.to] = (entry >> 16) as u8;
            self.to += 1;
            self.symbols += 1;
            return Ok(Some(false));
        }
        if entry & END != 0 {
            self.take(used);
            return Ok(Some(true));
        }
        if entry & INVALID != 0 {
            return Err(InflateError::Symbol);
        }
        let length = (entry >> 16) as usize + ((self.bits >> used) & ((1 << extra) - 1)) as usize;
        used += extra;
        let (entry, more) = lookup::<DISTANCE_BITS>(&self.distances, self.bits >> used);
        used += more;
        let extra = (entry >> 4) & 15;
        if used + extra > self.count {
            return Ok(None);
        }
        if entry & INVALID != 0 {
            return Err(InflateError::Symbol);
        }
        let distance = (entry >> 16) as usize + ((self.bits >> used) & ((1 << extra) - 1)) as usize;
        self.take(used + extra);
        if distance > self.to {
            return Err(InflateError::Distance);
        }
        for _ in 0..length {
            self.plain[self.to] = self.plain[self.to - distance];
            self.to += 1;
        }
        self.symbols += 1;
        observer.copy(length, distance);
        Ok(Some(false))
    }
}

/// The entry of a code and how many bits the code has.
fn lookup<const BITS: u32>(table: &Table, bits: u64) -> (u32, u32) {
    let entry = table.primary::<BITS>(bits);
    if entry & SUBTABLE == 0 {
        return (entry, entry & 15);
    }
    let entry = table.secondary(entry, bits >> BITS);
    (entry, BITS + (entry & 15))
}
