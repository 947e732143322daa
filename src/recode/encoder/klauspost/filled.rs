//! Blocks as versions before 1.14 write them: tables are made to hold every symbol, so that any block can go on with them.

use crate::recode::encoder::go::codes::{DISTANCES, END, LITERALS};
use crate::recode::encoder::go::tokens::Frequencies;
use crate::recode::encoder::go::{extra_bits, put_tokens, stored_size};

use super::blocks::Blocks;
use super::era::Era;
use super::literals::HEADER_GUESS;
use super::tokens::Tokens;

impl Blocks {
    /// Writes a block with its own tables, those of the open block, or stored. `sync`: the block ends.
    pub(super) fn filled(&mut self, tokens: &mut Tokens, input: Option<&[u8]>, sync: bool) {
        if self.literal_only && self.open.is_some() {
            self.close();
            self.literal_only = false;
        }
        if sync {
            tokens.end();
        } else {
            tokens.fill();
        }
        let mut counted = Frequencies { ..tokens.counted };
        let listed = if sync { counted.listed() } else { (LITERALS, DISTANCES) };
        self.stale_distance = counted.distances[0];
        let extra = extra_bits(&counted);
        let stored = stored_size(input);
        let gains_little = |size: usize| stored.is_some_and(|stored| stored < size + (size >> 4));
        if let Some(header) = self.open {
            let fresh = header + tokens.estimate(self.variant);
            let fresh = fresh + (fresh >> self.penalty);
            let reuse = self.literals.size(&counted.literals) + self.distances.size(&counted.distances) + extra;
            let reuse = reuse + if self.variant.era < Era::V1_9_8 { self.header.size() } else { 0 };
            if fresh < reuse {
                self.close();
            }
            if gains_little(fresh.min(reuse)) {
                return self.stored(input.unwrap_or_default());
            }
        }
        if self.open.is_none() {
            let size = self.make_tables(&counted, listed) + extra;
            if gains_little(size) {
                return self.stored(input.unwrap_or_default());
            }
            self.header.put(&mut self.sink, listed.0, listed.1, false);
            self.open = Some(self.header.size());
            self.literal_only = false;
        }
        put_tokens(&mut self.sink, &tokens.list, &self.literals.of, &self.distances.of);
        if sync {
            self.close();
        }
    }

    /// Writes the smallest of a fixed, a dynamic and (where `input` is known and fits) a stored block: levels 7 to 9.
    pub(super) fn smallest(&mut self, tokens: &mut Tokens, input: Option<&[u8]>) {
        tokens.end();
        let mut counted = Frequencies { ..tokens.counted };
        let listed = counted.listed();
        let stored = stored_size(input);
        let extra = if stored.is_some() { extra_bits(&counted) } else { 0 };
        let dynamic = self.make_tables(&counted, listed) + extra;
        let fixed = self.fixed_size(&counted, extra);
        if stored.is_some_and(|stored| stored < fixed.min(dynamic)) {
            self.stored(input.unwrap_or_default());
        } else if dynamic < fixed {
            self.header.put(&mut self.sink, listed.0, listed.1, false);
            put_tokens(&mut self.sink, &tokens.list, &self.literals.of, &self.distances.of);
            self.sink.code(self.literals.of[END]);
        } else {
            self.fixed(tokens);
        }
    }

    /// Writes bytes as literals where their size is guessed by their entropy: before 1.12.3.
    pub(super) fn guessed_literals(&mut self, input: &[u8], sync: bool) {
        if self.variant.era < Era::V1_9_8 {
            return self.first_literals(input, sync);
        }
        let mut counted = Frequencies::of_bytes(input);
        let (entropy, absent) = self.guess(&mut counted, input.len(), !sync);
        let margin = if self.variant.era >= Era::V1_11_13 { input.len() / 32 } else { 15 };
        let fresh = entropy + margin + self.open.unwrap_or(HEADER_GUESS);
        let fresh = fresh + (fresh >> self.penalty);
        if stored_size(Some(input)).is_some_and(|stored| stored < fresh) {
            return self.stored(input);
        }
        if self.open.is_some() && fresh + absent < self.literals.size(&counted.literals[..END]) {
            self.close();
        }
        if self.open.is_none() {
            if !sync {
                fill(&mut counted.literals[..=END]);
            }
            self.literals.generate(&counted.literals[..=END], 15);
            self.open_literals();
        }
        self.put_literals(input, sync);
    }

    /// What the bytes take at best, and what bytes that do not occur take, if all are made to.
    fn guess(&self, counted: &mut Frequencies, length: usize, all: bool) -> (usize, usize) {
        let bounds = (1.0, f32::INFINITY);
        let literals = &mut counted.literals[..END];
        let absent = if all { literals.iter().filter(|&&count| count == 0).count() } else { 0 };
        if self.variant.era >= Era::V1_11_13 {
            let entropy = self.variant.entropy(0.0, literals, length + absent, bounds);
            return ((entropy + 0.99) as usize, 0);
        }
        let entropy = self.variant.entropy(0.0, literals, length, bounds);
        let single = (-self.variant.log2(1.0 / length as f32)).max(1.0);
        // Added one by one, as rounding matters.
        let extra = (0..absent).fold(0.0, |sum: f32, _| sum + single);
        if all {
            fill(literals);
        }
        ((entropy + 0.99) as usize, (extra + 0.99) as usize)
    }
}

pub(super) fn fill(counts: &mut [u32]) {
    for count in counts.iter_mut().filter(|count| **count == 0) {
        *count = 1;
    }
}
