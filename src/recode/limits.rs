//! The limits of `docs/formats/recode.md`.

use super::layout::Layout;

/// What every recoded stream begins with; the last digit is the format version.
pub const MAGIC: [u8; 8] = *b"ALRECOD1";
/// Longest header, as stored and as it is.
pub const LONGEST_HEADER: usize = 32 << 20;
/// Most bases.
pub const MOST_BASES: usize = 16;
/// Most deflate streams in all tables of a header together.
pub const MOST_STREAMS: usize = 1 << 19;
/// What a stream of a table takes in memory: as read, with its place in the expanded stream and how far it is inflated.
pub const STREAM: u64 = 64;
/// An encoder of a zstd frame that takes more than this leaves little: seek points of bases and streams of all tables have no more than that
/// beside it.
pub const LARGE_FRAME: u64 = 128 << 20;
/// See there.
pub const BESIDE_LARGE_FRAME: u64 = 16 << 20;
/// Most zstd frames in one table: each takes its time, however short it is.
pub const MOST_FRAMES: usize = 256;
/// Largest window of a zstd frame that is opened, as a power of two: so much memory its decoder takes.
pub const LARGEST_WINDOW: u32 = 23;
/// Most different encoders.
pub const MOST_ENCODERS: usize = 255;
/// Longest code of an encoder.
pub const LONGEST_CODE: usize = 16;
/// Longest blob and longest expanded stream.
pub const LONGEST: u64 = 1 << 48;
/// Longest slice.
pub const SLICE: usize = 8 << 20;
/// How many bytes may stand for a slice of this length: what does not shrink is stored, so that nothing that counts is longer than the slice.
pub const fn longest_stored(slice: usize) -> usize {
    slice + slice / 64 + 1024
}
/// How much of the expanded stream before it a slice may refer to.
pub const LONGEST_BEFORE: usize = 8 << 20;
/// Most stretches of bases that a slice refers to, and their length in all.
pub const MOST_REFERENCES: usize = 256;
/// See there.
pub const LONGEST_REFERENCES: usize = 16 << 20;
/// How much more than a slice what it refers to may be: so many times its length, and always so many bytes. Otherwise a few bytes of a
/// stream would cost a lot of reading.
const REFERENCES_TIMES: usize = 64;
const REFERENCES_ALWAYS: usize = 1 << 20;

/// How much a slice of this length may refer to.
pub const fn longest_references(slice: usize) -> usize {
    let most = slice.saturating_mul(REFERENCES_TIMES).saturating_add(REFERENCES_ALWAYS);
    if most < LONGEST_REFERENCES { most } else { LONGEST_REFERENCES }
}
/// How many times as long as the blob its expanded stream may be, and what it may have beyond that.
pub const GROWTH: u64 = 24;
/// See there.
pub const ALWAYS: u64 = 64 << 20;
/// DEFLATE does not shrink by more than this; zstd could, but what does is left as it is.
pub const RATIO: u64 = 1032;
/// What slices may have inflated and unpacked of bases: so many times the bytes of the expanded stream so far, and always so many.
pub const ENTERING_TIMES: u64 = 32;
/// See there.
pub const ENTERING_ALWAYS: u64 = 128 << 20;
/// What it takes to begin with a stream, in bytes that could be inflated in the time.
pub const ENTERED: u64 = 4 << 10;
/// Most seek points of all bases, about 33 KiB each.
pub const MOST_POINTS: u64 = 600;
/// How far apart they are at least.
pub const NEAREST_POINTS: u64 = 1 << 20;

/// How many seek points each of so many bases may keep.
pub const fn points(bases: usize) -> u64 {
    match bases {
        0 => MOST_POINTS,
        1..=MOST_BASES => MOST_POINTS / bases as u64,
        _ => MOST_POINTS / MOST_BASES as u64,
    }
}

/// How far apart the seek points of a base are, by what is inflated and not by its expanded stream: a stream within another one can make
/// that shorter than what is behind it.
pub fn spacing(layout: &Layout, bases: usize) -> u64 {
    NEAREST_POINTS.max(layout.inflated() / points(bases))
}
/// Of a base's stream, no more bytes than these stand for fewer plain ones than that: what would take long to pass.
pub const LONGEST_THIN: u64 = 128 << 10;
/// See there.
pub const THIN: u64 = 1 << 10;
