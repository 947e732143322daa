//! Levels 1 to 6: blocks of 65535 bytes, searched one after the other.

use super::blocks::Blocks;
use super::era::Era;
use super::history::{Five, Four, History, Search, Seven, Snappy, Source};
use super::level1::Level1;
use super::level2::Level2;
use super::level3::{Level3, Rules};
use super::level4::Level4;
use super::level5::{EndCheck, Level5};
use super::level6::Level6;
use super::tokens::Tokens;
use crate::recode::encoder::go::codes::{STORED_MAX, WINDOW};

/// A block smaller than this is not searched on its own.
const SMALL: usize = 128;
/// The smallest block that is searched.
const SEARCHED: usize = 13;

/// The block that fills, and its search.
pub(super) struct Quick {
    era: Era,
    block: Vec<u8>,
    history: History,
    search: Box<dyn Search>,
    tokens: Tokens,
}

/// Before 1.10.2, tables were larger.
fn first_search(level: u8) -> Box<dyn Search> {
    type Short = Four<16>;
    type Long = Seven<16>;
    match level {
        1 => Box::new(Level1::<Snappy<16>>::new(4)),
        2 => Box::new(Level2::<Four<18>>::new(4)),
        3 => Box::new(Level3::<Snappy<16>>::new(Rules { margin: 7, slow: 6, every: 0, after: 4, whole: true })),
        4 => Box::new(Level4::<Short, Long>::new(false)),
        5 => Box::new(Level5::<Short, Long>::new(EndCheck::None)),
        _ => Box::new(Level6::<Short, Long>::new(EndCheck::None)),
    }
}

/// How many bytes the history holds before it moves down.
fn room(era: Era) -> usize {
    match era {
        Era::V1_9_2 | Era::V1_9_8 => 10 * WINDOW,
        Era::V1_10_0 | Era::V1_10_1 => 20 * STORED_MAX,
        _ if era < Era::V1_12_3 => 10 * STORED_MAX,
        _ => 5 * STORED_MAX,
    }
}

fn search(level: u8, era: Era) -> Box<dyn Search> {
    if era < Era::V1_10_2 {
        return first_search(level);
    }
    type Short = Four<15>;
    type Long = Seven<15>;
    match level {
        1 if era >= Era::V1_15_11 => Box::new(Level1::<Five<15>>::new(8)),
        1 => Box::new(Level1::<Snappy<15>>::new(4)),
        2 if era >= Era::V1_15_11 => Box::new(Level2::<Five<17>>::new(8)),
        2 => Box::new(Level2::<Four<17>>::new(4)),
        3 if era >= Era::V1_15_11 => Box::new(Level3::<Five<16>>::new(Rules { margin: 11, slow: 7, every: 6, after: 8, whole: false })),
        3 if era >= Era::V1_14_3 => Box::new(Level3::<Four<16>>::new(Rules { margin: 7, slow: 6, every: 5, after: 4, whole: false })),
        3 => Box::new(Level3::<Snappy<15>>::new(Rules { margin: 7, slow: 6, every: 0, after: 4, whole: false })),
        4 => Box::new(Level4::<Short, Long>::new(era >= Era::V1_18_0)),
        5 => Box::new(Level5::<Short, Long>::new(EndCheck::of(era))),
        _ => Box::new(Level6::<Short, Long>::new(EndCheck::of(era))),
    }
}

impl Quick {
    pub(super) fn new(level: u8, era: Era) -> Self {
        Self {
            era,
            block: Vec::with_capacity(STORED_MAX),
            history: History::new(room(era)),
            search: search(level, era),
            tokens: Tokens::new(era),
        }
    }

    /// Takes plain bytes, encodes whole blocks when more follows.
    pub(super) fn write(&mut self, mut plain: &[u8], blocks: &mut Blocks) {
        while !plain.is_empty() {
            if self.block.len() == STORED_MAX {
                self.encode(false, blocks);
            }
            let part = plain.len().min(STORED_MAX - self.block.len());
            self.block.extend_from_slice(&plain[..part]);
            plain = &plain[part..];
        }
    }

    /// Encodes the last block. `closing`: nothing follows.
    pub(super) fn flush(&mut self, closing: bool, blocks: &mut Blocks) {
        if self.block.is_empty() {
            return;
        }
        let alone = self.era < Era::V1_20_4 || (closing && self.history.bytes.is_empty());
        if self.block.len() >= SMALL || !alone {
            return self.encode(true, blocks);
        }
        if self.block.len() <= 32 {
            blocks.stored(&self.block);
        } else {
            blocks.literals(&self.block, true);
        }
        self.block.clear();
        if self.era < Era::V1_20_4 {
            self.history.reset();
        }
    }

    /// Starts anew behind these bytes, at most a window of them.
    pub(super) fn restart(&mut self, dictionary: &[u8]) {
        self.block.clear();
        self.history.reset();
        if self.era < Era::V1_10_0 {
            self.history.enlarge(1 << 20);
        }
        if self.era >= Era::V1_10_1 {
            let dictionary = &dictionary[dictionary.len().saturating_sub(WINDOW)..];
            self.find(dictionary);
            self.tokens.clear();
        }
    }

    fn find(&mut self, block: &[u8]) {
        self.tokens.clear();
        if self.history.rebase_due() {
            self.history.rebase(self.search.tables());
        }
        let start = self.history.add(block);
        if block.len() >= SEARCHED {
            let source = Source { bytes: &self.history.bytes, base: self.history.base, start };
            self.search.encode(source, &mut self.tokens);
        }
    }

    fn encode(&mut self, sync: bool, blocks: &mut Blocks) {
        let block = std::mem::take(&mut self.block);
        self.find(&block);
        let (tokens, length) = (self.tokens.list.len(), block.len());
        let small = self.era >= Era::V1_20_4 && (SEARCHED..SMALL).contains(&length);
        if tokens == 0 && !small {
            blocks.stored(&block);
        } else if tokens == 0 || tokens > length - (length >> 4) {
            blocks.literals(&block, sync);
        } else {
            blocks.dynamic(&mut self.tokens, Some(&block), sync);
        }
        self.block = block;
        self.block.clear();
    }
}

#[cfg(test)]
impl Quick {
    pub(super) fn pretend_written(&mut self, bytes: u32) {
        self.history.base = bytes;
    }
}
