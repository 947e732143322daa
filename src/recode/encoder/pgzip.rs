//! The encoder of `github.com/klauspost/pgzip`: blocks that are encoded on their own, each with the end of the one
//! before as a dictionary and followed by an empty stored block.
//!
//! How many blocks are encoded at once, and how the writer was fed, does not matter.

use super::Infallible;
use super::klauspost::{KlauspostDeflater, Level, Variant};

/// What a block may refer to of the one before.
const TAIL: usize = 16384;
/// The smallest block that the library takes.
pub(super) const SMALLEST_BLOCK: u32 = TAIL as u32 + 1;
/// The block size of a writer that was not told another.
pub const DEFAULT_BLOCK: u32 = 1 << 20;

/// An encoder of the library.
pub struct PgzipDeflater {
    encoder: KlauspostDeflater,
    block: usize,
    filled: usize,
    tail: Vec<u8>,
}

impl PgzipDeflater {
    /// A new stream. The library takes blocks of more than 16384 bytes only.
    pub fn new(block: u32, level: Level, variant: Variant) -> Self {
        let block = block.max(SMALLEST_BLOCK) as usize;
        let mut encoder = KlauspostDeflater::new(level, variant);
        // The library restarts its encoders even for the first block.
        encoder.restart(&[]);
        Self { encoder, block, filled: 0, tail: Vec::with_capacity(2 * TAIL) }
    }

    fn keep_tail(&mut self, plain: &[u8]) {
        if plain.len() >= TAIL {
            self.tail.clear();
            self.tail.extend_from_slice(&plain[plain.len() - TAIL..]);
            return;
        }
        let surplus = (self.tail.len() + plain.len()).saturating_sub(TAIL);
        self.tail.drain(..surplus);
        self.tail.extend_from_slice(plain);
    }
}

impl Infallible for PgzipDeflater {
    fn write(&mut self, mut plain: &[u8], out: &mut Vec<u8>) {
        while !plain.is_empty() {
            let part = plain.len().min(self.block - self.filled);
            self.encoder.write(&plain[..part], out);
            self.keep_tail(&plain[..part]);
            self.filled += part;
            plain = &plain[part..];
            if self.filled == self.block {
                self.encoder.flush(out);
                self.encoder.restart(&self.tail);
                self.filled = 0;
            }
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        self.encoder.flush(out);
        self.encoder.end(out);
    }
}

#[cfg(test)]
impl PgzipDeflater {
    /// Numbers positions as if so many bytes had been written before.
    pub(super) fn pretend_written(&mut self, bytes: u32) {
        self.encoder.pretend_written(bytes);
    }
}
