//! The encoder of Go's standard library, `compress/flate`, as it is since Go 1.7: levels -2 and 1 to 9.
//!
//! Ported from the Go sources (BSD licence, see the notice). `compress/gzip` and `archive/zip` add nothing to the
//! stream; closing writes an empty stored block that is marked as the last.

mod blocks;
mod chains;
mod fast;
mod literal;

pub(in crate::recode::encoder) mod bits;
pub(in crate::recode::encoder) mod bytes;
pub(in crate::recode::encoder) mod codes;
pub(in crate::recode::encoder) mod first_block;
pub(in crate::recode::encoder) mod header;
pub(in crate::recode::encoder) mod huffman;
pub(in crate::recode::encoder) mod tokens;

pub(in crate::recode::encoder) use blocks::{extra_bits, fixed_distances, fixed_literals, put_tokens, stored_size};

use super::Infallible;
use blocks::Blocks;
use chains::Chains;
use fast::Fast;
use literal::Literal;

/// Levels of Go's `compress/flate`. Its default, -1, is level 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// Level -2: Huffman codes only.
    Huffman,
    /// Level 1.
    Speed,
    /// Levels 2 to 9.
    Chains(u8),
}

impl Level {
    /// The level of this number.
    pub fn new(level: i8) -> Option<Self> {
        match level {
            -2 => Some(Self::Huffman),
            -1 => Some(Self::Chains(6)),
            1 => Some(Self::Speed),
            2..=9 => Some(Self::Chains(level.unsigned_abs())),
            _ => None,
        }
    }

    /// The number of the level.
    pub fn number(self) -> i8 {
        match self {
            Self::Huffman => -2,
            Self::Speed => 1,
            Self::Chains(level) => level.cast_signed(),
        }
    }
}

enum Search {
    Literal(Literal),
    Fast(Box<Fast>),
    Chains(Box<Chains>),
}

/// An encoder of Go's standard library.
pub struct GoDeflater {
    search: Search,
    blocks: Blocks,
}

impl GoDeflater {
    /// A new stream.
    pub fn new(level: Level) -> Self {
        let search = match level {
            Level::Huffman => Search::Literal(Literal::new()),
            Level::Speed => Search::Fast(Box::new(Fast::new())),
            Level::Chains(level) => Search::Chains(Box::new(Chains::new(level))),
        };
        Self { search, blocks: Blocks::new() }
    }
}

impl Infallible for GoDeflater {
    fn write(&mut self, plain: &[u8], out: &mut Vec<u8>) {
        match &mut self.search {
            Search::Literal(search) => search.write(plain, &mut self.blocks),
            Search::Fast(search) => search.write(plain, &mut self.blocks),
            Search::Chains(search) => search.write(plain, &mut self.blocks),
        }
        self.blocks.sink.drain(out);
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        match &mut self.search {
            Search::Literal(search) => search.flush(&mut self.blocks),
            Search::Fast(search) => search.flush(&mut self.blocks),
            Search::Chains(search) => search.flush(&mut self.blocks),
        }
        self.blocks.stored(&[], true);
        self.blocks.sink.align();
        self.blocks.sink.drain(out);
    }
}

#[cfg(test)]
impl GoDeflater {
    /// Numbers positions as if so many bytes had been written before.
    pub(super) fn pretend_written(&mut self, bytes: u32) {
        if let Search::Fast(search) = &mut self.search {
            search.pretend_written(bytes);
        }
    }
}
