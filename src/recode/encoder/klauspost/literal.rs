//! Level -2: blocks without a search.

use super::blocks::Blocks;
use super::era::Era;
use crate::recode::encoder::go::codes::STORED_MAX;

/// The block that fills.
pub(super) struct Literal {
    block: Vec<u8>,
    room: usize,
}

impl Literal {
    pub(super) fn new(era: Era) -> Self {
        let room = if era >= Era::V1_11_13 { 32 << 10 } else { STORED_MAX };
        Self { block: Vec::with_capacity(room), room }
    }

    /// Takes plain bytes, writes whole blocks when more follows.
    pub(super) fn write(&mut self, mut plain: &[u8], blocks: &mut Blocks) {
        while !plain.is_empty() {
            if self.block.len() == self.room {
                blocks.literals(&self.block, false);
                self.block.clear();
            }
            let part = plain.len().min(self.room - self.block.len());
            self.block.extend_from_slice(&plain[..part]);
            plain = &plain[part..];
        }
    }

    /// Writes the last block.
    pub(super) fn flush(&mut self, blocks: &mut Blocks) {
        if !self.block.is_empty() {
            blocks.literals(&self.block, true);
            self.block.clear();
        }
    }
}
