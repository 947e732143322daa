//! Blocks of literals only.

use crate::recode::encoder::go::codes::END;
use crate::recode::encoder::go::huffman::Code;
use crate::recode::encoder::go::stored_size;
use crate::recode::encoder::go::tokens::Frequencies;

use super::blocks::Blocks;
use super::era::Era;

/// What a header is guessed to take, in bits.
pub(super) const HEADER_GUESS: usize = 70 * 8;

impl Blocks {
    /// Writes bytes as literals, with the tables of the open block or their own, or stored. `sync`: the block ends.
    pub(super) fn literals(&mut self, input: &[u8], sync: bool) {
        if self.variant.era < Era::V1_12_3 {
            return self.guessed_literals(input, sync);
        }
        let counted = Frequencies::of_bytes(input);
        let stored = stored_size(Some(input));
        if self.variant.era >= Era::V1_14_3 && stored.is_some() && input.len() > 1024 && self.is_flat(input.len(), &counted) {
            return self.stored(input);
        }
        self.spare.generate(&counted.literals[..=END], 15);
        let fresh = self.spare.size(&counted.literals[..=END]) + self.open.unwrap_or(HEADER_GUESS);
        let fresh = fresh + (fresh >> self.penalty);
        if stored.is_some_and(|stored| stored <= fresh) {
            return self.stored(input);
        }
        if self.open.is_some() && self.literals.size_if_all(&counted.literals[..END]).is_none_or(|reuse| fresh < reuse) {
            self.close();
        }
        if self.open.is_none() {
            std::mem::swap(&mut self.literals, &mut self.spare);
            self.open_literals();
        }
        self.put_literals(input, sync);
    }

    /// Opens a block of literals.
    pub(super) fn open_literals(&mut self) {
        self.header.describe(&self.literals.of[..=END], &[Code::new(0, 1)]);
        self.header.put(&mut self.sink, END + 1, 1, false);
        self.literal_only = true;
        self.open = Some(self.header.size());
    }

    /// Writes literals into the open block.
    pub(super) fn put_literals(&mut self, input: &[u8], sync: bool) {
        for &byte in input {
            self.sink.code(self.literals.of[usize::from(byte)]);
        }
        if sync {
            self.close();
            self.literal_only = false;
        }
    }

    /// Bytes that occur about equally often are not worth a table.
    fn is_flat(&self, length: usize, counted: &Frequencies) -> bool {
        let average = length as f64 / 256.0;
        let most = (length * 2) as f64;
        let mut sum = 0.0;
        for &count in &counted.literals[..END] {
            let differs = f64::from(count) - average;
            sum = if self.variant.fused { differs.mul_add(differs, sum) } else { differs * differs + sum };
            if sum > most {
                return false;
            }
        }
        sum < most
    }
}
