//! Level 1 of Go's standard library: Snappy's search over blocks of 65535 bytes.

use super::blocks::Blocks;
use super::bytes::{common, load32, load64};
use super::codes::{LONGEST, STORED_MAX, WINDOW};
use super::tokens::Token;

const TABLE_BITS: u32 = 14;
const MARGIN: usize = 15;
/// Positions are moved down before they leave 31 bits.
const REBASE_ABOVE: u32 = 0x7fff_ffff - 2 * STORED_MAX as u32;

#[derive(Clone, Copy, Default)]
struct Entry {
    word: u32,
    /// Position plus `base`.
    at: u32,
}

/// The search and its buffer: the block before, then the block that fills.
pub(super) struct Fast {
    buffer: Vec<u8>,
    block: usize,
    table: Vec<Entry>,
    /// What a position in the buffer is short of its number in the table; it may wrap, the numbers do not.
    base: u32,
    tokens: Vec<Token>,
}

fn hash(word: u32) -> usize {
    (word.wrapping_mul(0x1e35_a7bd) >> (32 - TABLE_BITS)) as usize
}

impl Fast {
    pub(super) fn new() -> Self {
        Self {
            buffer: Vec::with_capacity(2 * STORED_MAX),
            block: 0,
            table: vec![Entry::default(); 1 << TABLE_BITS],
            base: STORED_MAX as u32,
            tokens: Vec::with_capacity(STORED_MAX),
        }
    }

    /// Takes plain bytes, works off whole blocks when more follows.
    pub(super) fn write(&mut self, mut plain: &[u8], blocks: &mut Blocks) {
        while !plain.is_empty() {
            if self.buffer.len() - self.block == STORED_MAX {
                self.encode(blocks);
                self.slide();
            }
            let part = plain.len().min(STORED_MAX - (self.buffer.len() - self.block));
            self.buffer.extend_from_slice(&plain[..part]);
            plain = &plain[part..];
        }
    }

    #[cfg(test)]
    pub(super) fn pretend_written(&mut self, bytes: u32) {
        self.base = bytes;
    }

    /// Works off the last block.
    pub(super) fn flush(&mut self, blocks: &mut Blocks) {
        match self.buffer.len() - self.block {
            0 => (),
            1..=16 => blocks.stored(&self.buffer[self.block..], false),
            17..=127 => blocks.literals(&self.buffer[self.block..]),
            _ => self.encode(blocks),
        }
    }

    /// Keeps one block as history.
    fn slide(&mut self) {
        self.base = self.base.wrapping_add(self.block as u32);
        self.buffer.drain(..self.block);
        self.block = self.buffer.len();
        let current = self.base.wrapping_add(self.block as u32);
        if current >= REBASE_ABOVE {
            let delta = current - (WINDOW as u32 + 1);
            for entry in &mut self.table {
                entry.at = entry.at.saturating_sub(delta);
            }
            self.base = self.base.wrapping_sub(delta);
        }
    }

    fn encode(&mut self, blocks: &mut Blocks) {
        self.tokens.clear();
        let taken = self.search();
        self.literals(taken, self.buffer.len());
        let input = &self.buffer[self.block..];
        if self.tokens.len() > input.len() - (input.len() >> 4) {
            blocks.literals(input);
        } else {
            blocks.dynamic(&self.tokens, input);
        }
    }

    fn literals(&mut self, from: usize, to: usize) {
        let bytes = &self.buffer[from..to];
        self.tokens.extend(bytes.iter().map(|&byte| Token::literal(byte)));
    }

    fn number(&self, at: usize) -> u32 {
        self.base.wrapping_add(at as u32)
    }

    /// Notes that `word` stands at `at`; the distance to where it stood before, if that is near enough.
    fn exchange(&mut self, word: u32, at: usize) -> Option<usize> {
        let number = self.number(at);
        let before = std::mem::replace(&mut self.table[hash(word)], Entry { word, at: number });
        let distance = number.wrapping_sub(before.at) as usize;
        (distance <= WINDOW && before.word == word).then_some(distance)
    }

    /// Searches the block; the bytes from where the answer says are left to be literals.
    fn search(&mut self) -> usize {
        let limit = self.buffer.len() - MARGIN;
        let mut emitted = self.block;
        let mut at = self.block;
        loop {
            let Some((found, mut distance)) = self.next_match(at, limit) else { return emitted };
            at = found;
            self.literals(emitted, at);
            loop {
                at += self.take(at, distance);
                emitted = at;
                if at >= limit {
                    return emitted;
                }
                let words = load64(&self.buffer, at - 1);
                self.exchange(words as u32, at - 1);
                match self.exchange((words >> 8) as u32, at) {
                    Some(next) => distance = next,
                    None => break,
                }
            }
            at += 1;
        }
    }

    /// Goes on in growing steps until four bytes are known.
    fn next_match(&mut self, mut at: usize, limit: usize) -> Option<(usize, usize)> {
        let mut skip = 32;
        loop {
            let step = skip >> 5;
            skip += step;
            if at + step > limit {
                return None;
            }
            if let Some(distance) = self.exchange(load32(&self.buffer, at), at) {
                return Some((at, distance));
            }
            at += step;
        }
    }

    /// Takes the match at `at`; its length.
    fn take(&mut self, at: usize, distance: usize) -> usize {
        let end = self.buffer.len().min(at + LONGEST);
        // A match from before the history is four bytes long: more is not known of it.
        let more = (at + 4).checked_sub(distance).map_or(0, |from| common(&self.buffer[at + 4..end], &self.buffer[from..]));
        self.tokens.push(Token::matched(4 + more, distance));
        4 + more
    }
}
