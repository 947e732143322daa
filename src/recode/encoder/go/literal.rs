//! Level -2 of Go's standard library: blocks of 65535 bytes without a search.

use super::blocks::Blocks;
use super::codes::STORED_MAX;

/// The block that fills.
pub(super) struct Literal {
    block: Vec<u8>,
}

impl Literal {
    pub(super) fn new() -> Self {
        Self { block: Vec::with_capacity(STORED_MAX) }
    }

    /// Takes plain bytes, writes whole blocks when more follows.
    pub(super) fn write(&mut self, mut plain: &[u8], blocks: &mut Blocks) {
        while !plain.is_empty() {
            if self.block.len() == STORED_MAX {
                self.flush(blocks);
            }
            let part = plain.len().min(STORED_MAX - self.block.len());
            self.block.extend_from_slice(&plain[..part]);
            plain = &plain[part..];
        }
    }

    /// Writes the last block.
    pub(super) fn flush(&mut self, blocks: &mut Blocks) {
        if !self.block.is_empty() {
            blocks.literals(&self.block);
            self.block.clear();
        }
    }
}
