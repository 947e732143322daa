//! The DEFLATE writers of Go programs, by code and by likelihood.
//!
//! What writes with which (seen in the sources of the tools):
//! * the standard library, level 6: Docker, containerd, BuildKit, Helm; any level where BuildKit is told one;
//!   level 5: zip files written by `archive/zip`, module zips among them; level 1: go-containerregistry (crane, ko, kaniko);
//!   level 9: eStargz, in members of their own;
//! * pgzip, blocks of 1 MiB, level 5: Podman, Buildah, Skopeo; any level where they are told one;
//! * klauspost/compress itself: tools of their own.
//!
//! No writer here depends on how it was fed: the library's writers work off whole windows or blocks. The one exception is
//! levels 2 to 9 of the standard library (and 7 to 9 of klauspost before 1.14): they look whenever they are fed, and where
//! a feed ends within 262 bytes before the end of the window, the window can move one position earlier. Then that one
//! position sees a window that is 262 bytes shorter. Feeds of 32 KiB, which `io.Copy` makes, never do this.

use super::Deflater;
use super::go::first_block::{FirstBlock, first_block};
use super::go::{GoDeflater, Level};
use super::klauspost::{self, Era, KlauspostDeflater, Variant};
use super::pgzip::{DEFAULT_BLOCK, PgzipDeflater, SMALLEST_BLOCK};

/// Family byte of the standard library: level.
const STANDARD: u8 = 0x40;
/// Family byte of klauspost/compress: level, era.
const KLAUSPOST: u8 = 0x41;
/// Family byte of pgzip: level, era, block size in four bytes, the least significant first.
const PGZIP: u8 = 0x42;
/// The family bytes of all of them.
pub(super) const FAMILIES: [u8; 3] = [STANDARD, KLAUSPOST, PGZIP];
/// In an era byte: estimates are made with fused multiply-add.
const FUSED: u8 = 0x80;
/// The largest block of pgzip that is known here.
const LARGEST_BLOCK: u32 = 1 << 28;

/// A writer and its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GoWriter {
    /// `compress/flate` of the standard library.
    Standard(Level),
    /// `github.com/klauspost/compress/flate`.
    Klauspost(klauspost::Level, Variant),
    /// `github.com/klauspost/pgzip` with this block size.
    Pgzip(u32, klauspost::Level, Variant),
}

impl GoWriter {
    /// The code of the writer: its family, then its parameters.
    pub fn code(self) -> Vec<u8> {
        match self {
            Self::Standard(level) => vec![STANDARD, level.number().cast_unsigned()],
            Self::Klauspost(level, variant) => vec![KLAUSPOST, level.number().cast_unsigned(), era_byte(variant)],
            Self::Pgzip(block, level, variant) => {
                let mut code = vec![PGZIP, level.number().cast_unsigned(), era_byte(variant)];
                code.extend(block.to_le_bytes());
                code
            }
        }
    }

    /// The writer of a code.
    pub fn from_code(code: &[u8]) -> Option<Self> {
        match *code {
            [STANDARD, level] => level_of(level, Level::new, Level::number).map(Self::Standard),
            [KLAUSPOST, level, era] => Some(Self::Klauspost(klauspost_level(level)?, variant(era)?)),
            [PGZIP, level, era, ref block @ ..] => {
                let block = u32::from_le_bytes(block.try_into().ok()?);
                Self::pgzip(block, klauspost_level(level)?, variant(era)?)
            }
            _ => None,
        }
    }

    /// pgzip with blocks of that many bytes, where it takes them.
    pub fn pgzip(block: u32, level: klauspost::Level, variant: Variant) -> Option<Self> {
        (SMALLEST_BLOCK..=LARGEST_BLOCK).contains(&block).then_some(Self::Pgzip(block, level, variant))
    }

    /// Starts a stream.
    pub fn start(self) -> Box<dyn Deflater> {
        match self {
            Self::Standard(level) => Box::new(GoDeflater::new(level)),
            Self::Klauspost(level, variant) => Box::new(KlauspostDeflater::new(level, variant)),
            Self::Pgzip(block, level, variant) => Box::new(PgzipDeflater::new(block, level, variant)),
        }
    }

    /// Writers that can have begun a stream like this, the likely ones first; none if none can.
    ///
    /// The first 4 KiB are enough. A pgzip writer and a klauspost writer of the same level agree until the first block
    /// of pgzip ends, and many eras agree for long: compare the whole stream in the end.
    pub fn candidates(first: &[u8]) -> Vec<Self> {
        let block = first_block(first);
        let mut all = Self::all();
        all.retain(|writer| writer.can_begin(block));
        all.sort_by_key(|writer| writer.is_unlikely(block));
        all
    }

    /// All writers that differ, the likely ones first.
    fn all() -> Vec<Self> {
        let standard = [6, 1, 9, 5, -2, 2, 3, 4, 7, 8].into_iter().filter_map(Level::new).map(Self::Standard);
        let mut all: Vec<_> = standard.collect();
        for fused in [false, true] {
            let variant = |era| Variant { era, fused };
            // From 1.20.1 on, the library rules fused arithmetic out; what the first versions do with it is not known.
            let fusible = Era::V1_9_8..=Era::V1_20_0;
            let fusible = &fusible;
            let levels = [5, 1, 9, 6, 4, 3, 2, 7, 8, -2].into_iter().filter_map(klauspost::Level::new);
            for level in levels {
                let eras = |dictionary| Era::of_level(level.number(), dictionary).filter(move |&era| !fused || fusible.contains(&era));
                all.extend(eras(true).map(|era| Self::Pgzip(DEFAULT_BLOCK, level, variant(era))));
                all.extend(eras(false).map(|era| Self::Klauspost(level, variant(era))));
            }
        }
        all
    }

    /// Whether a stream of this writer can begin with such a block. None of them marks a block with content as the last.
    fn can_begin(self, block: Option<FirstBlock>) -> bool {
        match block {
            None | Some(FirstBlock::Fixed { last: false }) => true,
            Some(FirstBlock::Stored { length: 0, last: true }) => self.ends_stored(),
            Some(FirstBlock::Stored { length: 0, last: false }) => matches!(self, Self::Pgzip(..)),
            Some(FirstBlock::Fixed { last: true }) => matches!(self, Self::Klauspost(..)),
            Some(FirstBlock::Stored { last, .. } | FirstBlock::Dynamic { last, .. }) => !last,
        }
    }

    /// Whether the end of the stream is an empty stored block.
    fn ends_stored(self) -> bool {
        match self {
            Self::Standard(_) => true,
            Self::Klauspost(_, variant) => variant.era < Era::V1_10_2,
            Self::Pgzip(..) => false,
        }
    }

    /// Whether the tables of the block look like those of other writers.
    fn is_unlikely(self, block: Option<FirstBlock>) -> bool {
        let Some(FirstBlock::Dynamic { literals, distances, full, .. }) = block else { return false };
        let every = literals == 286 && distances == 30;
        match self {
            Self::Standard(_) => every && full,
            Self::Klauspost(level, variant) | Self::Pgzip(_, level, variant) => match level {
                klauspost::Level::Huffman => literals != 257,
                klauspost::Level::Chains(_) if variant.era < Era::V1_14_0 => every && full,
                // Tables that blocks to come can use: of all symbols at first, of listed ones later.
                _ if variant.era < Era::V1_14_0 => !(every && full) && literals != 257,
                _ if variant.era < Era::V1_18_1 => !every && literals != 257,
                _ => every && full,
            },
        }
    }
}

fn era_byte(variant: Variant) -> u8 {
    variant.era.number() | if variant.fused { FUSED } else { 0 }
}

fn variant(byte: u8) -> Option<Variant> {
    Some(Variant { era: Era::from_number(byte & !FUSED)?, fused: byte & FUSED != 0 })
}

/// A level is only known by its own number, not by that of a default.
fn level_of<L: Copy>(byte: u8, new: fn(i8) -> Option<L>, number: fn(L) -> i8) -> Option<L> {
    new(byte.cast_signed()).filter(|&level| number(level) == byte.cast_signed())
}

fn klauspost_level(byte: u8) -> Option<klauspost::Level> {
    level_of(byte, klauspost::Level::new, klauspost::Level::number)
}
