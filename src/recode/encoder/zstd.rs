//! Frames of zstd, by the very library: libzstd 1.5.7 as the crate zstd-sys has it. Another version makes other bytes.

use super::{Deflater, EncoderError};
use zstd::zstd_safe::zstd_sys::ZSTD_EndDirective::{self, ZSTD_e_continue, ZSTD_e_end};
use zstd::zstd_safe::{self, CCtx, CParameter, InBuffer, OutBuffer};

/// Most memory that a frame may take while it is made.
pub const MOST_MEMORY: u64 = 176 << 20;
/// The most bytes that are handed over in one, for they are kept until the end.
const WHOLE: usize = 16 << 20;
/// How much output is made at a time.
const STEP: usize = 256 << 10;
/// Levels that are known: libzstd takes lower ones, which nobody uses.
const LEVELS: std::ops::RangeInclusive<i8> = -7..=22;
/// Levels from here on look for the best of all ways.
const SLOW: i8 = 13;
/// Window logs that may be asked for.
const WINDOWS: std::ops::RangeInclusive<u8> = 10..=23;
/// Logarithms of window, chain table and hash table by level, for plain bytes of more than 256 KiB; those of level 0 are for levels below.
const TABLES: [[u8; 3]; 23] = [
    [19, 12, 13],
    [19, 13, 14],
    [20, 15, 16],
    [21, 16, 17],
    [21, 18, 18],
    [21, 18, 19],
    [21, 18, 19],
    [21, 19, 20],
    [21, 19, 20],
    [22, 20, 21],
    [22, 21, 22],
    [22, 21, 22],
    [22, 22, 23],
    [22, 22, 22],
    [22, 22, 23],
    [22, 23, 23],
    [22, 22, 22],
    [23, 23, 22],
    [23, 23, 22],
    [23, 24, 22],
    [25, 25, 23],
    [26, 26, 24],
    [27, 27, 25],
];

/// How a program hands its bytes over, which decides where blocks end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Feed {
    /// As they come.
    Stream,
    /// As they come, to one or more threads of the library, of which each takes stretches of a fixed length.
    Workers,
    /// All at once, at most [`WHOLE`] bytes.
    Whole,
}

/// A frame by its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zstd {
    level: i8,
    window: Option<u8>,
    checksum: bool,
    sized: bool,
    feed: Feed,
}

impl Zstd {
    /// None where there is no such level or window, and where all at once does not say how much that is.
    pub fn new(level: i8, window: Option<u8>, checksum: bool, sized: bool, feed: Feed) -> Option<Self> {
        let known = LEVELS.contains(&level) && level != 0 && window.is_none_or(|window| WINDOWS.contains(&window));
        (known && (sized || feed != Feed::Whole)).then_some(Self { level, window, checksum, sized, feed })
    }

    /// The same, fed otherwise.
    pub fn fed(self, feed: Feed) -> Option<Self> {
        Self::new(self.level, self.window, self.checksum, self.sized, feed)
    }

    pub(super) fn parameters(self) -> [u8; 3] {
        let feed = match self.feed {
            Feed::Stream => 0,
            Feed::Workers => 1,
            Feed::Whole => 2,
        };
        [self.level.cast_unsigned(), self.window.unwrap_or(0), u8::from(self.checksum) | u8::from(self.sized) << 1 | feed << 2]
    }

    pub(super) fn from_parameters(bytes: &[u8]) -> Option<Self> {
        let &[level, window, flags] = bytes else { return None };
        let feed = match flags >> 2 {
            0 => Feed::Stream,
            1 => Feed::Workers,
            2 => Feed::Whole,
            _ => return None,
        };
        Self::new(level.cast_signed(), (window > 0).then_some(window), flags & 1 != 0, flags & 2 != 0, feed)
    }

    /// The window of a level as a power of two, where the length of the plain bytes does not make it smaller.
    pub fn window_of(level: i8) -> u8 {
        TABLES[usize::try_from(level).unwrap_or(0)][0]
    }

    /// The most memory that making a frame of so many bytes from so many plain ones takes.
    pub fn memory(self, packed: u64, plain: u64) -> u64 {
        let [window, chain, hash] = TABLES[usize::try_from(self.level).unwrap_or(0)].map(u32::from);
        let (mut window, mut chain, mut hash) = (self.window.map_or(window, u32::from), chain, hash);
        if self.sized {
            let all = plain.clamp(1 << 10, 1 << 40).next_power_of_two().trailing_zeros();
            if plain <= 256 << 10 {
                (chain, hash) = (all + 1, all + 1);
            }
            (window, chain, hash) = (window.min(all), chain.min(all + 1), hash.min(all + 1));
        }
        // Hashes have a byte of tags each at some levels; what is left are sequences, literals and statistics of one block.
        let tables = (4 << chain) + (5 << hash) + (2 << 20) + (4 << 20);
        let job = 1u64 << (window + 2).max(20);
        match self.feed {
            Feed::Stream => tables + (1 << window) + (512 << 10),
            // What is ready is kept by the library and, at the end, by whoever takes it.
            Feed::Workers => tables + plain.min(4 * job) + 2 * packed.min(2 * job),
            Feed::Whole => tables + 2 * plain + (512 << 10),
        }
    }

    /// What making so many bytes into a frame costs, in bytes that an encoder of DEFLATE could take in the time.
    pub fn cost(self, plain: u64) -> u64 {
        if self.level >= SLOW { plain.saturating_mul(2) } else { plain }
    }

    /// Starts a frame of so many plain bytes.
    pub fn start(self, plain: u64) -> ZstdStream {
        ZstdStream { zstd: self, plain, context: None, pending: Vec::new(), step: Vec::new() }
    }
}

/// A frame that is being made.
pub struct ZstdStream {
    zstd: Zstd,
    plain: u64,
    /// The library, from the first byte on.
    context: Option<CCtx<'static>>,
    pending: Vec<u8>,
    step: Vec<u8>,
}

impl ZstdStream {
    fn give(&mut self, plain: &[u8], directive: ZSTD_EndDirective, out: &mut Vec<u8>) -> Result<(), EncoderError> {
        if self.context.is_none() {
            self.context = Some(context(self.zstd, self.plain).map_err(broken)?);
        }
        let Some(context) = &mut self.context else { return Err(broken(0)) };
        let mut from = InBuffer::around(plain);
        loop {
            self.step.clear();
            let to = &mut OutBuffer::around(&mut self.step);
            let left = context.compress_stream2(to, &mut from, directive).map_err(broken)?;
            out.extend_from_slice(&self.step);
            let ends = if directive == ZSTD_e_end { left == 0 } else { from.pos == plain.len() };
            if ends {
                return Ok(());
            }
        }
    }
}

fn context(zstd: Zstd, plain: u64) -> Result<CCtx<'static>, usize> {
    let mut context = CCtx::create();
    context.set_parameter(CParameter::CompressionLevel(i32::from(zstd.level)))?;
    context.set_parameter(CParameter::ChecksumFlag(zstd.checksum))?;
    if let Some(window) = zstd.window {
        context.set_parameter(CParameter::WindowLog(u32::from(window)))?;
    }
    if zstd.feed == Feed::Workers {
        context.set_parameter(CParameter::NbWorkers(1))?;
    }
    if zstd.sized {
        context.set_pledged_src_size(Some(plain))?;
    }
    Ok(context)
}

fn broken(_: usize) -> EncoderError {
    EncoderError::Broken("libzstd")
}

impl Deflater for ZstdStream {
    fn write(&mut self, plain: &[u8], out: &mut Vec<u8>) -> Result<(), EncoderError> {
        if self.zstd.feed != Feed::Whole {
            self.step.reserve_exact(STEP.saturating_sub(self.step.len()));
            return if plain.is_empty() { Ok(()) } else { self.give(plain, ZSTD_e_continue, out) };
        }
        if self.pending.len() + plain.len() > WHOLE {
            return Err(EncoderError::TooLong);
        }
        self.pending.extend_from_slice(plain);
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), EncoderError> {
        let pending = std::mem::take(&mut self.pending);
        let room = if self.zstd.feed == Feed::Whole { zstd_safe::compress_bound(pending.len()) } else { STEP };
        self.step.clear();
        self.step.reserve_exact(room);
        let ended = self.give(&pending, ZSTD_e_end, out);
        // Nothing more comes.
        self.context = None;
        ended
    }
}
