//! Levels 7 to 9: hash chains and lazy matches.

use super::blocks::Blocks;
use super::era::Era;
use super::tokens::Tokens;
use super::window::{Choice, Effort, Match, NO_MATCH, SHORTEST, Window};
use crate::recode::encoder::go::codes::LONGEST;
use crate::recode::encoder::go::huffman::{Build, Codes};

/// Literals are priced by as many bytes, and a block ends with as many tokens.
const BLOCK_TOKENS: usize = 1 << 15;
const MARGIN: usize = SHORTEST + LONGEST;

fn effort(level: u8, era: Era) -> Effort {
    if era < Era::V1_14_0 {
        let (lazy, nice, chain) = match level {
            7 => (8, 24, 16),
            8 => (16, 24, 64),
            _ => (258, 258, 4096),
        };
        return Effort { lazy, nice, chain, choice: Choice::LongestNear };
    }
    if era < Era::V1_14_2 {
        let (lazy, nice, chain) = match level {
            7 => (10, 12, 16),
            8 => (24, 32, 64),
            _ => (258, 258, 1024),
        };
        return Effort { lazy, nice, chain, choice: Choice::PerByte };
    }
    let gain = if era >= Era::V1_15_15 { Choice::Gain { least: 4, cost: 3 } } else { Choice::Gain { least: 0, cost: 6 } };
    let (lazy, nice, chain, choice) = match level {
        7 => (12, 16, 24, Choice::Longest),
        8 => (30, 40, 64, Choice::Longest),
        _ => (258, 258, 1024, gain),
    };
    Effort { lazy, nice, chain, choice }
}

/// The search and its window.
pub(super) struct Chains {
    era: Era,
    effort: Effort,
    window: Window,
    found: Match,
    pending_literal: bool,
    /// Positions since the last match; overflow is intended.
    since: u16,
    tokens: Tokens,
    literal_codes: Codes<256>,
}

impl Chains {
    pub(super) fn new(level: u8, era: Era) -> Self {
        let build = if era >= Era::V1_20_4 { Build::TreeFirst } else { Build::Limited };
        Self {
            era,
            effort: effort(level, era),
            window: Window::new(era < Era::V1_14_0),
            found: NO_MATCH,
            pending_literal: false,
            since: 0,
            tokens: Tokens::new(era),
            literal_codes: Codes::new(build),
        }
    }

    /// Starts anew behind these bytes, at most a window of them.
    pub(super) fn restart(&mut self, dictionary: &[u8]) {
        self.window.restart(dictionary, self.era >= Era::V1_20_0);
        self.found = NO_MATCH;
        self.pending_literal = false;
        self.since = 0;
        self.tokens.clear();
    }

    /// Takes plain bytes. The search runs whenever the window is full, so cuts do not matter.
    pub(super) fn write(&mut self, mut plain: &[u8], blocks: &mut Blocks) {
        while !plain.is_empty() {
            let window = &mut self.window;
            if window.end == window.bytes.len() {
                self.search(false, blocks);
                self.window.slide();
            }
            let window = &mut self.window;
            let part = plain.len().min(window.bytes.len() - window.end);
            window.bytes[window.end..window.end + part].copy_from_slice(&plain[..part]);
            window.end += part;
            plain = &plain[part..];
        }
    }

    /// Works off everything.
    pub(super) fn flush(&mut self, blocks: &mut Blocks) {
        self.search(true, blocks);
        if std::mem::take(&mut self.pending_literal) {
            self.tokens.literal(self.window.bytes[self.window.index - 1]);
        }
        if !self.tokens.list.is_empty() {
            self.end_block(true, blocks);
        }
    }

    fn end_block(&mut self, sync: bool, blocks: &mut Blocks) {
        let index = self.window.index;
        if index > 0 {
            let input = self.window.block(index);
            if self.era >= Era::V1_14_0 {
                blocks.dynamic(&mut self.tokens, input, sync);
            } else {
                blocks.smallest(&mut self.tokens, input);
            }
        }
        self.tokens.clear();
    }

    fn end_full_block(&mut self, sync: bool, blocks: &mut Blocks) {
        let full = if self.era >= Era::V1_14_0 { BLOCK_TOKENS } else { BLOCK_TOKENS / 2 };
        if self.tokens.list.len() == full {
            self.end_block(sync, blocks);
        }
    }

    fn literal(&mut self, at: usize, sync: bool, blocks: &mut Blocks) {
        self.tokens.literal(self.window.bytes[at]);
        self.end_full_block(sync, blocks);
    }

    fn search(&mut self, sync: bool, blocks: &mut Blocks) {
        if self.window.end - self.window.index < MARGIN && !sync {
            return;
        }
        if self.effort.choice == Choice::PerByte {
            self.window.literal_price = if sync { 8 } else { bits_per_byte(&self.window.bytes[self.window.index..self.window.end]) };
        }
        self.price_literals();
        self.window.insert_end = self.window.end.saturating_sub(SHORTEST - 1);
        loop {
            let ahead = self.window.end - self.window.index;
            if ahead < MARGIN && (!sync || ahead == 0) {
                return;
            }
            self.window.insert();
            let before = std::mem::replace(&mut self.found, NO_MATCH);
            if ahead > before.0 && before.0 < self.effort.lazy {
                self.found = self.window.look(ahead, self.effort);
            }
            if before.0 >= SHORTEST && self.found.0 <= before.0 {
                self.take(before, ahead, sync, blocks);
            } else {
                self.step(sync, blocks);
            }
        }
    }

    /// Reckons what the literals ahead would take.
    fn price_literals(&mut self) {
        let window = &mut self.window;
        let ahead = &window.bytes[window.index..window.end];
        if !matches!(self.effort.choice, Choice::Gain { .. }) || ahead.is_empty() {
            return;
        }
        let counted = if self.era >= Era::V1_18_2 { &ahead[..ahead.len().min(BLOCK_TOKENS)] } else { ahead };
        let mut counts = [0_u32; 256];
        for &byte in counted {
            // The library counts in 16 bits.
            counts[usize::from(byte)] = (counts[usize::from(byte)] + 1) & 0xffff;
        }
        self.literal_codes.generate(&counts, 15);
        window.literal_bits.resize(window.bytes.len() + 1, 0);
        let mut total = 0;
        window.literal_bits[window.index] = 0;
        for (bits, &byte) in window.literal_bits[window.index + 1..].iter_mut().zip(ahead) {
            total += self.literal_codes.of[usize::from(byte)].length().cast_signed();
            *bits = total;
        }
    }

    /// Takes the match of the position before the index, or a better one that is found by its end.
    fn take(&mut self, before: Match, ahead: usize, sync: bool, blocks: &mut Blocks) {
        let (length, distance) = if self.era >= Era::V1_15_15 {
            self.better_behind(before, ahead, sync, blocks)
        } else if self.era >= Era::V1_14_0 {
            self.better_from_end(before, ahead)
        } else {
            before
        };
        self.tokens.matched(length, distance);
        let next = self.window.index + length - 1;
        self.window.insert_through(next);
        self.window.index = next;
        self.pending_literal = false;
        self.found = NO_MATCH;
        self.end_full_block(sync, blocks);
        if self.era >= Era::V1_14_0 {
            self.since = 0;
        }
    }

    /// Since 1.15.15: a match that skips up to two bytes, which become literals.
    fn better_behind(&mut self, before: Match, ahead: usize, sync: bool, blocks: &mut Blocks) -> Match {
        const SKIP: usize = 2;
        let (length, distance) = before;
        let window = &self.window;
        let at = window.index - 1;
        let oldest = window.index.saturating_sub(crate::recode::encoder::go::codes::WINDOW);
        if length >= LONGEST - SKIP || at + length >= window.insert_end {
            return before;
        }
        let end = at + ahead.min(LONGEST + SKIP);
        let Some(from) = window.start_by_end(at + length, length) else { return before };
        if at.wrapping_sub(from) == distance || from <= oldest + SKIP {
            return before;
        }
        let mut longer = crate::recode::encoder::go::bytes::common(&window.bytes[at + SKIP..end], &window.bytes[from + SKIP..]);
        if longer <= length {
            return before;
        }
        for back in (0..SKIP).rev() {
            if longer >= LONGEST || self.window.bytes[at + back] != self.window.bytes[from + back] {
                for skipped in at..=at + back {
                    self.literal(skipped, sync, blocks);
                    self.window.index += 1;
                    self.window.insert();
                }
                break;
            }
            longer += 1;
        }
        (longer, at - from)
    }

    /// Before 1.15.15: a longer match from the same position.
    fn better_from_end(&self, before: Match, ahead: usize) -> Match {
        const OFF: usize = 2;
        let window = &self.window;
        let at = window.index - 1;
        if at + before.0 + OFF >= window.insert_end {
            return before;
        }
        let end = at + ahead.min(LONGEST);
        let oldest = window.index.saturating_sub(crate::recode::encoder::go::codes::WINDOW);
        let inside = before.0 - (SHORTEST - OFF);
        match window.start_by_end(at + inside, inside) {
            Some(from) if from > oldest => {
                let length = crate::recode::encoder::go::bytes::common(&window.bytes[at..end], &window.bytes[from..]);
                if length > before.0 { (length, at - from) } else { before }
            }
            _ => before,
        }
    }

    /// Goes on by one position, by more where there was no match for long.
    fn step(&mut self, sync: bool, blocks: &mut Blocks) {
        if self.found.0 >= SHORTEST {
            self.since = 0;
        }
        if !self.pending_literal {
            self.window.index += 1;
            self.pending_literal = true;
            return;
        }
        self.since = self.since.wrapping_add(1);
        self.literal(self.window.index - 1, sync, blocks);
        self.window.index += 1;
        let skip = self.skip();
        if skip == 0 {
            return;
        }
        for _ in 0..skip {
            if self.window.index + 1 >= self.window.end {
                break;
            }
            self.literal(self.window.index - 1, sync, blocks);
            if self.era >= Era::V1_14_0 {
                self.window.insert();
            }
            self.window.index += 1;
        }
        self.literal(self.window.index - 1, sync, blocks);
        self.pending_literal = false;
    }

    /// How many more bytes to go on by.
    fn skip(&self) -> usize {
        let since = usize::from(self.since);
        if self.era < Era::V1_14_0 {
            return since >> 5;
        }
        let over = since.saturating_sub(self.effort.chain);
        if over > 0 { 1 + (over >> 6) } else { 0 }
    }
}

/// What a byte of these takes at best, in bits and rounded up.
fn bits_per_byte(bytes: &[u8]) -> i32 {
    let mut counts = [0_u32; 256];
    for &byte in bytes {
        counts[usize::from(byte)] += 1;
    }
    let inverse = 1.0 / bytes.len() as f64;
    let counts = counts.into_iter().filter(|&count| count > 0).map(f64::from);
    let bits: f64 = counts.map(|count| (-(count * inverse).log2() * count).ceil()).sum();
    (1.0 + bits.ceil() / bytes.len() as f64) as i32
}
