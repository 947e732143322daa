//! Stock zlib, 1.2.3 to 1.3.1: what `deflateInit2` may say about level, window, memory level and strategy.

use super::chains::Limits;
use super::cut;
use super::lz::{AtEnd, BlockRule, Flush, Matcher, Search, Tuning};
use super::{Deflater, EncoderError};

/// The strategies of zlib.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// `Z_DEFAULT_STRATEGY`
    Default,
    /// `Z_FILTERED`
    Filtered,
    /// `Z_HUFFMAN_ONLY`
    HuffmanOnly,
    /// `Z_RLE`
    Rle,
    /// `Z_FIXED`
    Fixed,
}

const STRATEGIES: [Strategy; 5] = [Strategy::Default, Strategy::Filtered, Strategy::HuffmanOnly, Strategy::Rle, Strategy::Fixed];

/// What zlib is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zlib {
    level: u8,
    window_bits: u8,
    memory: u8,
    strategy: Strategy,
}

/// What the levels mean: good, lazy, nice, chain. zlib, Info-ZIP and gzip agree.
pub(super) const LEVELS: [(usize, usize, usize, usize); 9] = [
    (4, 4, 8, 4),
    (4, 5, 16, 8),
    (4, 6, 32, 32),
    (4, 4, 16, 16),
    (8, 16, 32, 32),
    (8, 16, 128, 128),
    (8, 32, 128, 256),
    (32, 128, 258, 1024),
    (32, 258, 258, 4096),
];

impl Zlib {
    /// Level 1–9, window of 2^9 to 2^15, memory level 1–9; `None` outside of these.
    pub fn new(level: u8, window_bits: u8, memory: u8, strategy: Strategy) -> Option<Self> {
        let valid = (1..=9).contains(&level) && (9..=15).contains(&window_bits) && (1..=9).contains(&memory);
        valid.then_some(Self { level, window_bits, memory, strategy })
    }

    pub(super) fn parameters(self) -> [u8; 4] {
        let strategy = STRATEGIES.iter().position(|&known| known == self.strategy).unwrap_or(0);
        [self.level, self.window_bits, self.memory, strategy as u8]
    }

    pub(super) fn from_parameters(bytes: &[u8]) -> Option<Self> {
        let &[level, window_bits, memory, strategy] = bytes else { return None };
        Self::new(level, window_bits, memory, *STRATEGIES.get(usize::from(strategy))?)
    }

    pub(super) fn tuning(self) -> Tuning {
        let (good, lazy, nice, chain) = LEVELS[usize::from(self.level) - 1];
        let search = match self.strategy {
            Strategy::HuffmanOnly => Search::None,
            Strategy::Rle => Search::Runs,
            _ if self.level < 4 => Search::Greedy,
            _ => Search::Lazy,
        };
        Tuning {
            limits: Limits { good, nice, chain, to_end: true },
            lazy,
            search,
            window_bits: u32::from(self.window_bits),
            hash_bits: u32::from(self.memory) + 7,
            symbols: (1 << (self.memory + 6)) - 1,
            filtered: self.strategy == Strategy::Filtered,
            fixed_only: self.strategy == Strategy::Fixed,
            rule: BlockRule::Full,
            end: AtEnd::Slide,
        }
    }

    /// Starts a stream.
    pub fn start(self) -> Running {
        Running::new(self.tuning())
    }
}

/// A running encoder of one unbroken stream.
pub struct Running {
    matcher: Matcher,
}

impl Running {
    pub(super) fn new(tuning: Tuning) -> Self {
        Self { matcher: Matcher::new(tuning) }
    }
}

impl Deflater for Running {
    fn write(&mut self, plain: &[u8], out: &mut Vec<u8>) -> Result<(), EncoderError> {
        self.matcher.write(plain, out);
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), EncoderError> {
        self.matcher.flush(Flush::Finish, out);
        Ok(())
    }
}

impl cut::Flush for Running {
    fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), EncoderError> {
        self.matcher.flush(Flush::Sync, out);
        Ok(())
    }
}
