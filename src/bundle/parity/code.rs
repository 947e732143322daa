//! The code (`docs/formats/bundle.md`, "Code"): Reed-Solomon over GF(2^16), and the grid that decides which blocks go into one word of it.

use crate::error::{Error, Result};
use reed_solomon_simd::{ReedSolomonDecoder, ReedSolomonEncoder};
use std::collections::BTreeMap;

/// What is lost and repaired at once: the sector of today's disks, sticks and discs is this long or divides it.
pub const SECTOR: u64 = 4096;
/// Most blocks of a volume's body in one word. More would stand worse luck better and make the reading jump more often.
pub const MOST_ROWS: u64 = 500;

/// Blocks in rows of equal length, as they lie on the volume, one row after another. Each column is one word of the code, so that damage
/// in one place falls on many words. Rows beyond the last block hold zeros and are not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    /// How many blocks there are.
    pub blocks: u64,
    /// Length of a row.
    pub columns: u64,
    /// How many rows the blocks take.
    pub rows: u64,
    /// How many rows of parity follow.
    pub parity: u64,
}

impl Grid {
    /// The grid of so many blocks with so many thousandths of parity.
    pub fn new(blocks: u64, permille: u64) -> Self {
        let columns = blocks.div_ceil(MOST_ROWS).max(1);
        let rows = blocks.div_ceil(columns);
        Self { blocks, columns, rows, parity: (rows * permille).div_ceil(1000) }
    }

    /// Blocks of parity.
    pub const fn parity_blocks(&self) -> u64 {
        self.columns * self.parity
    }

    /// Blocks that are stored.
    pub const fn all(&self) -> u64 {
        self.blocks + self.parity_blocks()
    }

    /// The number of the stored block in a row and column; rows of parity follow the others. `None` for a block of zeros.
    pub fn block(&self, row: u64, column: u64) -> Option<u64> {
        let in_order = row * self.columns + column;
        match row < self.rows {
            true => Some(in_order).filter(|block| *block < self.blocks),
            false => Some(self.blocks + in_order - self.rows * self.columns),
        }
    }
}

/// Works out the parity of words.
pub struct Encoder {
    inner: ReedSolomonEncoder,
    shape: (usize, usize, usize),
}

fn fault(error: reed_solomon_simd::Error) -> Error {
    Error::failed("the Reed-Solomon code does not take these blocks").because(&error)
}

impl Encoder {
    /// For words of so many blocks and so much parity; `length` bytes of each at once, a multiple of 64.
    pub fn new(blocks: usize, parity: usize, length: usize) -> Result<Self> {
        let inner = ReedSolomonEncoder::new(blocks, parity, length).map_err(fault)?;
        Ok(Self { inner, shape: (blocks, parity, length) })
    }

    /// The same for another length.
    pub fn set_length(&mut self, length: usize) -> Result<()> {
        if self.shape.2 == length {
            return Ok(());
        }
        self.shape.2 = length;
        self.inner.reset(self.shape.0, self.shape.1, length).map_err(fault)
    }

    /// Takes the next block of the word.
    pub fn add(&mut self, block: &[u8]) -> Result<()> {
        self.inner.add_original_shard(block).map_err(fault)
    }

    /// Hands over the parity by its number, and begins anew.
    pub fn finish(&mut self, mut take: impl FnMut(usize, &[u8]) -> Result<()>) -> Result<()> {
        let parity = self.inner.encode().map_err(fault)?;
        parity.recovery_iter().enumerate().try_for_each(|(n, bytes)| take(n, bytes))
    }
}

/// The blocks of a word that are not among those given, by number. Parity is numbered after the blocks. What comes out is right when what
/// went in was: whoever calls compares it with what was signed.
pub fn restore<'a>(shape: (usize, usize, usize), known: impl Iterator<Item = (usize, &'a [u8])>) -> Result<BTreeMap<usize, Vec<u8>>> {
    let (blocks, parity, length) = shape;
    let mut decoder = ReedSolomonDecoder::new(blocks, parity, length).map_err(fault)?;
    for (n, bytes) in known {
        let added = match n.checked_sub(blocks) {
            None => decoder.add_original_shard(n, bytes),
            Some(n) => decoder.add_recovery_shard(n, bytes),
        };
        added.map_err(fault)?;
    }
    let restored = decoder.decode().map_err(fault)?;
    Ok(restored.restored_original_iter().map(|(n, bytes)| (n, bytes.to_vec())).collect())
}
