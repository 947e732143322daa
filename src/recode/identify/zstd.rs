//! Finding how a frame of zstd was made. Its header leaves some levels; each is run until the first block that differs. The first block
//! of a frame is the same however the bytes were handed over, so a wrong level costs little.

use super::super::encoder::{Deflater, Encoder, EncoderError, Feed, MOST_MEMORY, Zstd};
use super::super::frames::{FrameHeader, LONGEST_HEADER};
use super::super::source::{Part, ReadAt};
use super::{Comparison, IdentifyError, PASSES, READ};

/// Levels, the likeliest first: Conda packages have 19, 16 and 15, all others mostly 3.
const LEVELS: [i8; 29] = [19, 16, 3, 15, 9, 1, 22, 18, 12, 6, 5, 7, 10, 17, 2, 4, 8, 11, 13, 14, 20, 21, -1, -2, -3, -4, -5, -6, -7];
/// Levels that are tried with another window than theirs.
const OTHER_WINDOW: [i8; 4] = [19, 3, 9, 15];
/// How many plain bytes are handed over at a time: a full block.
const PIECE: u64 = 128 << 10;
/// Longer plain bytes are given to threads, where there are some and the length is known.
const SHARED: u64 = 512 << 10;
/// The most plain bytes that are looked for as handed over in one.
const WHOLE: u64 = 16 << 20;

/// What running a candidate came to.
#[derive(PartialEq)]
enum Run {
    Same,
    /// Already the first block differs.
    Other,
    /// The beginning is the same.
    Begins,
}

/// The encoder of a frame whose plain bytes are at hand.
pub fn frame(frame: Part<'_>, plain: Part<'_>) -> Result<Option<Encoder>, IdentifyError> {
    let Some(header) = FrameHeader::parse(&frame.some(0, LONGEST_HEADER)?) else { return Ok(None) };
    let mut left = plain.length().saturating_mul(PASSES);
    for candidate in candidates(&header, plain.length()) {
        let sized = header.size.is_some();
        let whole = (sized && plain.length() <= WHOLE).then_some(Feed::Whole);
        let shared = (!sized || plain.length() > SHARED).then_some(Feed::Workers);
        for feed in [Some(Feed::Stream), shared, whole].into_iter().flatten() {
            let Some(fed) = candidate.fed(feed).filter(|fed| fed.memory(frame.length(), plain.length()) <= MOST_MEMORY) else { continue };
            let (run, encoded) = run(fed, frame, plain)?;
            if run == Run::Same {
                return Ok(Some(Encoder::Zstd(fed)));
            }
            if run == Run::Other && feed == Feed::Stream {
                break;
            }
            left = left.saturating_sub(encoded);
            if left == 0 {
                return Ok(None);
            }
        }
    }
    Ok(None)
}

/// The levels that a header leaves.
fn candidates(header: &FrameHeader, plain: u64) -> Vec<Zstd> {
    let said = |level, window| Zstd::new(level, window, header.checksum, header.size.is_some(), Feed::Stream);
    let window_of = |level| 1u64 << Zstd::window_of(level);
    // What has less plain bytes than its window says only that; short ones have windows of their own.
    let fits = |level: &i8| {
        if header.single { plain <= 256 << 10 || window_of(*level) >= plain } else { window_of(*level) == header.window }
    };
    let mut list: Vec<Zstd> = LEVELS.into_iter().filter(fits).filter_map(|level| said(level, None)).collect();
    if !header.single && header.window.is_power_of_two() {
        let window = Some(header.window.trailing_zeros() as u8);
        list.extend(OTHER_WINDOW.into_iter().filter(|level| !fits(level)).filter_map(|level| said(level, window)));
    }
    list
}

/// Runs a candidate; with how many bytes it was given.
fn run(zstd: Zstd, frame: Part<'_>, plain: Part<'_>) -> Result<(Run, u64), IdentifyError> {
    let mut stream = zstd.start(plain.length());
    let mut comparison = Comparison { source: &frame, at: 0, made: Vec::new(), read: vec![0; READ] };
    let (mut at, mut piece) = (0, Vec::new());
    loop {
        piece.resize((plain.length() - at).min(PIECE) as usize, 0);
        plain.fill(at, &mut piece)?;
        at += piece.len() as u64;
        let made = if piece.is_empty() { stream.finish(&mut comparison.made) } else { stream.write(&piece, &mut comparison.made) };
        match made {
            Err(EncoderError::TooLong) => return Ok((Run::Begins, at)),
            other => other?,
        }
        let began = comparison.at > 0;
        if !comparison.agrees()? {
            return Ok((if began { Run::Begins } else { Run::Other }, at));
        }
        if piece.is_empty() {
            return Ok((if comparison.at == frame.length() { Run::Same } else { Run::Begins }, at));
        }
    }
}
