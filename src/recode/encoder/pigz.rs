//! pigz: zlib on blocks of the input, each ended on a byte boundary.
//!
//! After pigz 2.3 and later, (C) 2007–2023 Mark Adler: how blocks are cut, joined and ended.

use super::lz::{Flush, Matcher};
use super::zlib::{Strategy, Zlib};
use super::{Deflater, EncoderError};

/// How far back a block may refer.
const DICTIONARY: usize = 32 * 1024;

/// How the blocks hang together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Joint {
    /// Each starts anew, with the 32 KiB before it as its dictionary (several threads).
    Dictionary,
    /// One stream goes on through all of them (`-p 1`).
    Continued,
    /// Each starts anew and refers to nothing before it (`-i`).
    Independent,
}

const JOINTS: [Joint; 3] = [Joint::Dictionary, Joint::Continued, Joint::Independent];

/// What pigz is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pigz {
    zlib: Zlib,
    level: u8,
    block: u16,
    joint: Joint,
}

impl Pigz {
    /// Level 1–9, blocks of 32–4096 KiB (128 unless told otherwise); `None` outside of these.
    pub fn new(level: u8, block: u16, joint: Joint) -> Option<Self> {
        let zlib = Zlib::new(level, 15, 8, Strategy::Default)?;
        (32..=4096).contains(&block).then_some(Self { zlib, level, block, joint })
    }

    pub(super) fn parameters(self) -> [u8; 4] {
        let [low, high] = self.block.to_le_bytes();
        let joint = JOINTS.iter().position(|&known| known == self.joint).unwrap_or(0);
        [self.level, low, high, joint as u8]
    }

    pub(super) fn from_parameters(bytes: &[u8]) -> Option<Self> {
        let &[level, low, high, joint] = bytes else { return None };
        Self::new(level, u16::from_le_bytes([low, high]), *JOINTS.get(usize::from(joint))?)
    }

    /// Starts a stream.
    pub fn start(self) -> Blocked {
        Blocked {
            matcher: Matcher::new(self.zlib.tuning()),
            joint: self.joint,
            block: usize::from(self.block) * 1024,
            filled: 0,
            tail: Vec::with_capacity(DICTIONARY),
        }
    }
}

/// A running pigz.
pub struct Blocked {
    matcher: Matcher,
    joint: Joint,
    block: usize,
    /// Bytes of the open block.
    filled: usize,
    /// The last bytes of the input, at most a dictionary.
    tail: Vec<u8>,
}

impl Blocked {
    /// Ends the block, now that more input follows it.
    fn end_block(&mut self, out: &mut Vec<u8>) {
        self.matcher.flush(Flush::Block, out);
        let independent = self.joint == Joint::Independent;
        let odd = self.matcher.blocks().odd_bits();
        if odd % 2 == 1 || independent {
            self.matcher.flush(Flush::Sync, out);
        }
        while self.matcher.blocks().odd_bits() != 0 {
            self.matcher.blocks().empty_fixed(out);
        }
        if independent {
            self.matcher.flush(Flush::Full, out);
        }
        if self.joint != Joint::Continued {
            self.matcher.reset();
        }
        if self.joint == Joint::Dictionary {
            self.matcher.dictionary(&self.tail);
        }
        self.filled = 0;
    }

    fn remember(&mut self, plain: &[u8]) {
        let keep = DICTIONARY.saturating_sub(plain.len()).min(self.tail.len());
        self.tail.drain(..self.tail.len() - keep);
        self.tail.extend_from_slice(&plain[plain.len().saturating_sub(DICTIONARY)..]);
    }
}

impl Deflater for Blocked {
    fn write(&mut self, mut plain: &[u8], out: &mut Vec<u8>) -> Result<(), EncoderError> {
        while !plain.is_empty() {
            if self.filled == self.block {
                self.end_block(out);
            }
            let (now, rest) = plain.split_at((self.block - self.filled).min(plain.len()));
            self.matcher.write(now, out);
            self.filled += now.len();
            if self.joint == Joint::Dictionary {
                self.remember(now);
            }
            plain = rest;
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), EncoderError> {
        self.matcher.flush(Flush::Finish, out);
        Ok(())
    }
}
