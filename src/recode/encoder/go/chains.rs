//! Levels 2 to 9 of Go's standard library: hash chains, greedy (2, 3) or lazy (4 to 9).

use super::blocks::Blocks;
use super::bytes::common;
use super::codes::{LONGEST, WINDOW};
use super::tokens::Token;

const SHORTEST: usize = 4;
const BLOCK_TOKENS: usize = 1 << 14;
const HASH_BITS: u32 = 17;
const MARGIN: usize = SHORTEST + LONGEST;
const REBASE_ABOVE: usize = 1 << 24;

/// What a level does.
struct Effort {
    good: usize,
    lazy: usize,
    nice: usize,
    chain: usize,
    /// Greedy search: matches longer than this are not indexed inside. `None`: lazy search.
    greedy: Option<usize>,
}

const fn effort(level: u8) -> Effort {
    let (good, lazy, nice, chain, greedy) = match level {
        2 => (4, 0, 16, 8, Some(5)),
        3 => (4, 0, 32, 32, Some(6)),
        4 => (4, 4, 16, 16, None),
        5 => (8, 16, 32, 32, None),
        6 => (8, 16, 128, 128, None),
        7 => (8, 32, 128, 256, None),
        8 => (32, 128, 258, 1024, None),
        _ => (32, 258, 258, 4096, None),
    };
    Effort { good, lazy, nice, chain, greedy }
}

fn hash(window: &[u8], at: usize) -> usize {
    let word = window[at..].first_chunk().map_or(0, |word| u32::from_be_bytes(*word));
    (word.wrapping_mul(0x1e35_a7bd) >> (32 - HASH_BITS)) as usize
}

/// A match: its length and distance.
type Match = (usize, usize);
const NO_MATCH: Match = (SHORTEST - 1, 0);

/// The search and its window.
pub(super) struct Chains {
    effort: Effort,
    window: Vec<u8>,
    end: usize,
    index: usize,
    /// Where the current block starts; `None`: before the window.
    block: Option<usize>,
    pending_literal: bool,
    found: Match,
    /// Positions are kept plus `base`; 0 is none.
    heads: Vec<u32>,
    previous: Vec<u32>,
    head: usize,
    base: usize,
    insert_end: usize,
    tokens: Vec<Token>,
}

impl Chains {
    pub(super) fn new(level: u8) -> Self {
        Self {
            effort: effort(level),
            window: vec![0; 2 * WINDOW],
            end: 0,
            index: 0,
            block: Some(0),
            pending_literal: false,
            found: NO_MATCH,
            heads: vec![0; 1 << HASH_BITS],
            previous: vec![0; WINDOW],
            head: 0,
            base: 1,
            insert_end: 0,
            tokens: Vec::with_capacity(BLOCK_TOKENS + 1),
        }
    }

    /// Takes plain bytes. The search runs whenever the window is full, so cuts do not matter.
    pub(super) fn write(&mut self, mut plain: &[u8], blocks: &mut Blocks) {
        while !plain.is_empty() {
            if self.end == self.window.len() {
                self.search(false, blocks);
                self.slide();
            }
            let part = plain.len().min(self.window.len() - self.end);
            self.window[self.end..self.end + part].copy_from_slice(&plain[..part]);
            self.end += part;
            plain = &plain[part..];
        }
    }

    /// Works off everything.
    pub(super) fn flush(&mut self, blocks: &mut Blocks) {
        self.search(true, blocks);
        if std::mem::take(&mut self.pending_literal) {
            self.tokens.push(Token::literal(self.window[self.index - 1]));
        }
        if !self.tokens.is_empty() {
            self.end_block(self.index, blocks);
        }
    }

    fn slide(&mut self) {
        self.window.copy_within(WINDOW.., 0);
        self.index -= WINDOW;
        self.end -= WINDOW;
        self.block = self.block.and_then(|block| block.checked_sub(WINDOW));
        self.base += WINDOW;
        if self.base > REBASE_ABOVE {
            let delta = self.base - 1;
            self.base = 1;
            self.head = self.head.saturating_sub(delta);
            for entry in self.heads.iter_mut().chain(&mut self.previous) {
                *entry = entry.saturating_sub(delta as u32);
            }
        }
    }

    fn end_block(&mut self, index: usize, blocks: &mut Blocks) {
        if index > 0 {
            let input = self.block.filter(|&block| block <= index).map(|block| &self.window[block..index]);
            self.block = Some(index);
            blocks.smallest(&self.tokens, input);
        }
        self.tokens.clear();
    }

    fn push(&mut self, token: Token, index: usize, blocks: &mut Blocks) {
        self.tokens.push(token);
        if self.tokens.len() == BLOCK_TOKENS {
            self.end_block(index, blocks);
        }
    }

    fn insert(&mut self, at: usize) -> usize {
        let head = &mut self.heads[hash(&self.window, at)];
        let before = *head;
        self.previous[at % WINDOW] = before;
        *head = (at + self.base) as u32;
        before as usize
    }

    fn search(&mut self, all: bool, blocks: &mut Blocks) {
        if self.end - self.index < MARGIN && !all {
            return;
        }
        self.insert_end = self.end.saturating_sub(SHORTEST - 1);
        loop {
            let ahead = self.end - self.index;
            if ahead < MARGIN && (!all || ahead == 0) {
                return;
            }
            if self.index < self.insert_end {
                self.head = self.insert(self.index);
            }
            let before = std::mem::replace(&mut self.found, NO_MATCH);
            match self.effort.greedy {
                Some(limit) => self.greedy(ahead, limit, blocks),
                None => self.lazy(ahead, before, blocks),
            }
        }
    }

    fn greedy(&mut self, ahead: usize, limit: usize, blocks: &mut Blocks) {
        if ahead >= SHORTEST {
            self.look(ahead);
        }
        let (length, distance) = self.found;
        if length < SHORTEST {
            let token = Token::literal(self.window[self.index]);
            self.push(token, self.index + 1, blocks);
            self.index += 1;
            return;
        }
        if length <= limit {
            self.insert_through(self.index + length);
        }
        self.index += length;
        self.push(Token::matched(length, distance), self.index, blocks);
    }

    fn lazy(&mut self, ahead: usize, before: Match, blocks: &mut Blocks) {
        let (length, distance) = before;
        if ahead > length && length < self.effort.lazy {
            self.look(ahead);
        }
        if length >= SHORTEST && self.found.0 <= length {
            // The match one byte before is not bettered: it is taken.
            let next = self.index + length - 1;
            self.insert_through(next);
            self.index = next;
            self.pending_literal = false;
            self.found = NO_MATCH;
            self.push(Token::matched(length, distance), self.index, blocks);
            return;
        }
        if self.pending_literal {
            let token = Token::literal(self.window[self.index - 1]);
            self.push(token, self.index, blocks);
        }
        self.index += 1;
        self.pending_literal = true;
    }

    fn insert_through(&mut self, next: usize) {
        for at in self.index + 1..next.min(self.insert_end) {
            self.insert(at);
        }
    }

    /// Looks for a match at the index, if the head of the chain is in the window.
    fn look(&mut self, ahead: usize) {
        let oldest = self.index.saturating_sub(WINDOW);
        if let Some(head) = self.head.checked_sub(self.base).filter(|&head| head >= oldest) {
            self.found = self.best(head, ahead);
        }
    }

    fn best(&self, head: usize, ahead: usize) -> Match {
        let position = self.index;
        let reach = ahead.min(LONGEST);
        let window = &self.window[..position + reach];
        let nice = self.effort.nice.min(reach);
        let mut found = NO_MATCH;
        let mut tries = if found.0 >= self.effort.good { self.effort.chain / 4 } else { self.effort.chain };
        let mut at = head;
        while tries > 0 {
            if window[position + found.0] == window[at + found.0] {
                let length = common(&window[at..at + reach], &window[position..]);
                if length > found.0 && (length > SHORTEST || position - at <= 4096) {
                    found = (length, position - at);
                    if length >= nice {
                        break;
                    }
                }
            }
            match self.before(at) {
                Some(next) => at = next,
                None => break,
            }
            tries -= 1;
        }
        found
    }

    /// The next older position of the chain, if it is in the window.
    fn before(&self, at: usize) -> Option<usize> {
        if at + WINDOW == self.index {
            return None;
        }
        let next = (self.previous[at % WINDOW] as usize).checked_sub(self.base)?;
        (next + WINDOW >= self.index).then_some(next)
    }
}
