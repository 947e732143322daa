//! Finding how a frame of zstd was made. Its header leaves some levels; each is run until the first block that differs. The first block
//! of a frame is the same however the bytes were handed over, so a wrong level costs little.

use super::super::budget::MEMORY;
use super::super::encoder::{Deflater, Encoder, EncoderError, Feed, MOST_MEMORY, Zstd};
use super::super::frames::{FrameHeader, LONGEST_HEADER};
use super::super::source::{Part, ReadAt};
use super::{Comparison, IdentifyError, READ, START};

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

/// Of the memory of an encoder, what it costs to begin with it: tables have to be cleared.
const CLEARED: u64 = 256;

/// The encoder of a frame whose plain bytes are at hand. Spends no more than `most`, as other searches do; waits for the memory it takes, so
/// whoever asks may hold none.
pub fn frame(frame: Part<'_>, plain: Part<'_>, most: u64) -> Result<Option<Encoder>, IdentifyError> {
    let Some(header) = FrameHeader::parse(&frame.some(0, LONGEST_HEADER)?) else { return Ok(None) };
    let mut left = most;
    for candidate in candidates(&header, plain.length()) {
        let sized = header.size.is_some();
        let whole = (sized && plain.length() <= WHOLE).then_some(Feed::Whole);
        let shared = (!sized || plain.length() > SHARED).then_some(Feed::Workers);
        // Threads show nothing before a whole stretch is done, so the first block is looked at without them.
        let first = shared.map(|_| (Feed::Stream, true));
        let all = [shared, Some(Feed::Stream), whole].into_iter().flatten().map(|feed| (feed, false));
        for (feed, glance) in first.into_iter().chain(all) {
            let Some(fed) = candidate.fed(feed) else { continue };
            let memory = fed.memory(frame.length(), plain.length());
            if memory > MOST_MEMORY {
                continue;
            }
            let Some(rest) = left.checked_sub(START.max(memory / CLEARED)) else { return Ok(None) };
            let share = MEMORY.take(memory);
            let (run, spent) = run(fed, frame, plain, (rest, glance))?;
            drop(share);
            if run == Run::Same {
                return Ok(Some(Encoder::Zstd(fed)));
            }
            left = rest.saturating_sub(spent);
            if run == Run::Other && feed == Feed::Stream {
                break;
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

/// Runs a candidate as long as it costs no more than `most`, or only to its first bytes; with what it cost.
fn run(zstd: Zstd, frame: Part<'_>, plain: Part<'_>, (most, glance): (u64, bool)) -> Result<(Run, u64), IdentifyError> {
    let mut stream = zstd.start(plain.length());
    let mut comparison = Comparison { source: &frame, at: 0, made: Vec::new(), read: vec![0; READ] };
    let (mut at, mut piece) = (0, Vec::new());
    loop {
        piece.resize((plain.length() - at).min(PIECE) as usize, 0);
        plain.fill(at, &mut piece)?;
        at += piece.len() as u64;
        if zstd.cost(at) > most {
            return Ok((Run::Begins, most));
        }
        let made = if piece.is_empty() { stream.finish(&mut comparison.made) } else { stream.write(&piece, &mut comparison.made) };
        match made {
            Err(EncoderError::TooLong) => return Ok((Run::Begins, zstd.cost(at))),
            other => other?,
        }
        let began = comparison.at > 0;
        if !comparison.agrees()? {
            return Ok((if began { Run::Begins } else { Run::Other }, zstd.cost(at)));
        }
        if glance && comparison.at > 0 {
            return Ok((Run::Begins, zstd.cost(at)));
        }
        if piece.is_empty() {
            return Ok((if comparison.at == frame.length() { Run::Same } else { Run::Begins }, zstd.cost(at)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Encoder, Part, START, Zstd, frame};
    use crate::recode::encoder::{Deflater, Feed};

    #[test]
    fn a_search_spends_its_share_and_no_more() {
        let plain: Vec<u8> = (0..300_000u32).flat_map(|number| (number / 7).to_le_bytes()).collect();
        let zstd = Zstd::new(19, None, true, true, Feed::Workers).expect("a level");
        let (mut stream, mut packed) = (zstd.start(plain.len() as u64), Vec::new());
        stream.write(&plain, &mut packed).and_then(|()| stream.finish(&mut packed)).expect("a frame");
        let (packed, plain) = (&packed[..], &plain[..]);
        let found = |most| {
            let (packed, plain) = (Part::new(&packed, 0, packed.len() as u64), Part::new(&plain, 0, plain.len() as u64));
            frame(packed, plain, most).expect("bytes in memory")
        };
        // Both the glance and the whole of it count, twice at this level.
        let needed = zstd.cost(plain.len() as u64);
        assert!(needed == 2 * plain.len() as u64 && needed > START);
        for most in [0, START, needed] {
            assert_eq!(found(most), None, "{most}");
        }
        assert_eq!(found(4 * needed), Some(Encoder::Zstd(zstd)));
    }
}
