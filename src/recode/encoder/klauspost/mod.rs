//! The encoder of `github.com/klauspost/compress/flate`, whose decisions differ between versions.
//!
//! Ported from the library's sources (BSD licence, see the notice).

mod blocks;
mod chains;
mod entropy;
mod era;
mod filled;
mod history;
mod level1;
mod level2;
mod level3;
mod level4;
mod level5;
mod level6;
mod literal;
mod literals;
mod pairs;
mod quick;
#[cfg(test)]
mod tests;
mod tokens;
mod window;

pub use era::{Era, Variant};

use super::Infallible;
use blocks::Blocks;
use chains::Chains;
use literal::Literal;
use quick::Quick;

/// Levels of the library. Its default, -1, is level 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// Level -2: Huffman codes only.
    Huffman,
    /// Levels 1 to 6.
    Quick(u8),
    /// Levels 7 to 9.
    Chains(u8),
}

impl Level {
    /// The level of this number.
    pub fn new(level: i8) -> Option<Self> {
        match level {
            -2 => Some(Self::Huffman),
            -1 => Some(Self::Quick(5)),
            1..=6 => Some(Self::Quick(level.unsigned_abs())),
            7..=9 => Some(Self::Chains(level.unsigned_abs())),
            _ => None,
        }
    }

    /// The number of the level.
    pub fn number(self) -> i8 {
        match self {
            Self::Huffman => -2,
            Self::Quick(level) | Self::Chains(level) => level.cast_signed(),
        }
    }
}

const fn literal_penalty(era: Era) -> u32 {
    match era {
        Era::V1_9_2 | Era::V1_9_8 | Era::V1_10_0 | Era::V1_10_1 | Era::V1_10_2 => 4,
        Era::V1_11_13 | Era::V1_12_2 => 8,
        _ => 10,
    }
}

const fn quick_penalty(level: u8, era: Era) -> u32 {
    match era {
        Era::V1_9_2 => level as u32 + 1,
        Era::V1_9_8 | Era::V1_10_0 | Era::V1_10_1 | Era::V1_10_2 => 6,
        Era::V1_11_13 | Era::V1_12_2 | Era::V1_12_3 => 8,
        _ => 7,
    }
}

enum Step {
    Literal(Literal),
    Quick(Box<Quick>),
    Chains(Box<Chains>),
}

/// An encoder of the library.
pub struct KlauspostDeflater {
    step: Step,
    blocks: Blocks,
}

impl KlauspostDeflater {
    /// A new stream.
    pub fn new(level: Level, variant: Variant) -> Self {
        let era = variant.era;
        let (step, penalty) = match level {
            Level::Huffman => (Step::Literal(Literal::new(era)), literal_penalty(era)),
            Level::Quick(level) => (Step::Quick(Box::new(Quick::new(level, era))), quick_penalty(level, era)),
            Level::Chains(level) => (Step::Chains(Box::new(Chains::new(level, era))), 8),
        };
        Self { step, blocks: Blocks::new(variant, penalty) }
    }

    /// Ends the block and writes an empty stored one, as the library's `Flush` does.
    pub(super) fn flush(&mut self, out: &mut Vec<u8>) {
        self.end_block(false);
        self.blocks.stored(&[]);
        self.blocks.sink.drain(out);
    }

    /// Ends the stream after [`Self::flush`].
    pub(super) fn end(&mut self, out: &mut Vec<u8>) {
        self.blocks.finish();
        self.blocks.sink.drain(out);
    }

    /// Starts anew after [`Self::flush`], with the end of `dictionary` to refer to.
    pub(super) fn restart(&mut self, dictionary: &[u8]) {
        self.blocks.literal_only = false;
        match &mut self.step {
            Step::Literal(_) => (),
            Step::Quick(step) => step.restart(dictionary),
            Step::Chains(step) => step.restart(dictionary),
        }
    }

    fn end_block(&mut self, closing: bool) {
        match &mut self.step {
            Step::Literal(step) => step.flush(&mut self.blocks),
            Step::Quick(step) => step.flush(closing, &mut self.blocks),
            Step::Chains(step) => step.flush(&mut self.blocks),
        }
    }
}

impl Infallible for KlauspostDeflater {
    fn write(&mut self, plain: &[u8], out: &mut Vec<u8>) {
        match &mut self.step {
            Step::Literal(step) => step.write(plain, &mut self.blocks),
            Step::Quick(step) => step.write(plain, &mut self.blocks),
            Step::Chains(step) => step.write(plain, &mut self.blocks),
        }
        self.blocks.sink.drain(out);
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        self.end_block(true);
        self.end(out);
    }
}

#[cfg(test)]
impl KlauspostDeflater {
    /// Numbers positions as if so many bytes had been written before.
    pub(super) fn pretend_written(&mut self, bytes: u32) {
        if let Step::Quick(step) = &mut self.step {
            step.pretend_written(bytes);
        }
    }
}
