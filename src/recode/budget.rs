//! The memory that recoding takes, of the whole process: whoever recodes says how much it is at most, and waits until that is free.
//!
//! A large blob takes nearly all of it and is alone; small ones go side by side, as many as there is room for.

use super::base::{MOST_CURSORS, MOST_CURSORS_OF_ONE};
use super::encoder::{CORRECTED_MEMORY, MOST_CORRECTIONS};
use super::layout::Layout;
use super::limits::{LARGEST_WINDOW, LONGEST_BEFORE, MOST_POINTS, NEAREST_POINTS, SLICE, STREAM, longest_references};
use super::taking::{HELD_BESIDE_FRAME, HELD_BY_ONE, MOST_HELD};
use std::sync::{Condvar, Mutex, PoisonError};

const MIB: u64 = 1 << 20;
/// What there is: 256 MiB are promised, and the rest of the program needs some.
const ALL: u64 = 160 * MIB;
/// What purposes may take, each with those before it: the last ones always find some.
const MOST: [u64; 3] = [48 * MIB, 80 * MIB, ALL];
/// Tables of zstd for one slice, at most.
const TABLES: u64 = 20 * MIB;
/// Threads, buffers.
const ALWAYS: u64 = MIB;

/// The process's.
pub static MEMORY: Budget = Budget::of(MOST);

/// What memory is for, in the order in which a piece of work asks for it. Whoever has some waits for later purposes only, of which the last one
/// is never held by anybody who waits: so all of them come to their end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// What is at hand of a blob while it waits and is worked on: what it is read into, and what it is written from.
    Blob,
    /// The header of a stream.
    Header,
    /// The work itself.
    Work,
}

/// So many bytes for all who ask.
pub struct Budget {
    most: [u64; 3],
    taken: Mutex<[u64; 3]>,
    given_back: Condvar,
    /// Whoever waits keeps those behind it waiting that ask for the same: else many small ones would never leave room for a large one.
    turns: [Mutex<()>; 3],
}

/// A part of a budget, given back when dropped.
pub struct Share<'a> {
    of: &'a Budget,
    purpose: Purpose,
    bytes: u64,
}

impl Budget {
    const fn of(most: [u64; 3]) -> Self {
        Self { most, taken: Mutex::new([0; 3]), given_back: Condvar::new(), turns: [Mutex::new(()), Mutex::new(()), Mutex::new(())] }
    }

    /// Waits until so many bytes are free for work. What needs more than there is gets all that is not held for other purposes.
    pub fn take(&self, bytes: u64) -> Share<'_> {
        self.take_for(Purpose::Work, bytes)
    }

    /// The same for any purpose.
    pub fn take_for(&self, purpose: Purpose, bytes: u64) -> Share<'_> {
        let level = purpose as usize;
        let _turn = self.turns[level].lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let upto = |level: usize| taken[..=level].iter().sum::<u64>();
            let before = level.checked_sub(1).map_or(0, upto);
            let bytes = bytes.min(self.most[level] - before);
            if (level..self.most.len()).all(|level| upto(level) + bytes <= self.most[level]) {
                taken[level] += bytes;
                return Share { of: self, purpose, bytes };
            }
            taken = self.given_back.wait(taken).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.of.taken.lock().unwrap_or_else(PoisonError::into_inner)[self.purpose as usize] -= self.bytes;
        self.of.given_back.notify_all();
    }
}

/// Waits until there is room for what is at hand of a blob while it is recoded or made again, beside others: so many bytes. For whoever works on
/// several at a time, before anything of one is read; one at a time for each thread.
pub fn at_hand(bytes: u64) -> Share<'static> {
    MEMORY.take_for(Purpose::Blob, bytes)
}

/// What a slice may have beside it, of a blob and of bases that are so long when expanded: what comes before it, and what it refers to.
fn beside(slice: u64, blob: u64, bases: u64) -> u64 {
    blob.min(LONGEST_BEFORE as u64) + bases.min(longest_references(slice as usize) as u64)
}

/// What it takes to compress a blob against bases, of which so many bytes and places are looked at, when expanded; on so many threads that look
/// through the bases, and then so many that compress.
pub fn to_encode(blob: u64, (bases, places): (u64, u64), (looking, threads): (u64, u64)) -> u64 {
    let slice = blob.min(SLICE as u64);
    let beside = beside(slice, blob, bases);
    let under_way = threads.min(blob.div_ceil(SLICE as u64));
    let one = 2 * slice + beside + TABLES.min(4 * (slice + beside));
    // While it is made, the index is there twice, and each thread reads a stretch of a base.
    let index = places.saturating_mul(8);
    let making = 2 * index + looking.min(bases.div_ceil(SLICE as u64)) * bases.min(SLICE as u64);
    ALWAYS + making.max(index + under_way * one)
}

/// What it takes to unpack one frame of zstd: its window, and buffers.
pub const UNPACKING: u64 = (1 << LARGEST_WINDOW) + MIB;

/// What the encoder of a stream takes, where several are made at a time.
const MAKING: u64 = MIB;
/// A stream of a base that can be gone on with.
const CURSOR: u64 = 192 << 10;
/// Slices that are decoded or wait for their turn, where several threads decode.
const MOST_SLICES: u64 = 3;
/// Threads that make members, and how many where memory is short.
const MOST_THREADS: usize = 8;
const FEW_THREADS: usize = 2;
/// What one blob may take to be made again: less what is at hand of it.
const ALONE: u64 = ALL - 12 * MIB;

/// What is made besides the DEFLATE streams of encoders that decide all of it themselves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Besides {
    /// Frames of zstd, and what making one of them takes.
    pub frame: Option<u64>,
    /// Whether there are streams that are made of corrections.
    pub corrected: bool,
}

/// What it takes to make streams of corrections on so many threads: those of short streams are an eighth of what is held of them at most, and one
/// long stream is made at a time.
const fn to_correct(threads: u64, held: u64) -> u64 {
    threads * CORRECTED_MEMORY + MOST_CORRECTIONS as u64 + held / 8
}

/// How a blob is made again within the memory there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decoding {
    /// Threads.
    pub threads: usize,
    /// Most slices that are decoded or wait for their turn.
    pub slices: u64,
    /// What these may take, with what they refer to; one may always.
    pub in_slices: u64,
    /// What may be held of members and raw bytes.
    pub held: usize,
    /// What seek points of bases and the tables of all streams may come to.
    pub of_bases: u64,
    /// All of it, but for the tables.
    pub memory: u64,
}

impl Decoding {
    /// For a blob and its bases, by their layouts; on so many threads at most, with what is made besides.
    pub fn of<'a>(blob: &Layout, bases: impl Iterator<Item = &'a Layout>, threads: usize, Besides { frame, corrected }: Besides) -> Self {
        let threads = threads.clamp(1, MOST_THREADS);
        let (mut plain, mut long, mut unpacking, mut cursors, mut streams) = (0u64, 0u64, 0, 0, blob.streams().len());
        for base in bases {
            plain = plain.saturating_add(base.inflated());
            unpacking = if base.frames() > 0 { UNPACKING } else { unpacking };
            long = long.saturating_add(base.expanded());
            cursors += MOST_CURSORS_OF_ONE.min(2 * base.streams().len());
            streams += base.streams().len();
        }
        let expanded = blob.expanded();
        let slice = expanded.min(SLICE as u64);
        let points = (plain / NEAREST_POINTS).min(MOST_POINTS) * 33 * 1024;
        let of_bases = points + streams as u64 * STREAM;
        // What is stored of the next slice, and the end of what is decoded.
        let always = ALWAYS + 2 * slice + points + unpacking + cursors.min(MOST_CURSORS) as u64 * CURSOR;
        let one = 2 * slice + beside(slice, expanded, long);
        // Where a frame of zstd is made, that takes the memory of other slices; and one thread alone gains nothing by them.
        let slices = if frame.is_some() || threads == 1 { 1 } else { MOST_SLICES };
        let waiting = expanded.div_ceil(SLICE as u64).min(slices);
        let plan = |threads: usize, held: usize| {
            let pieces = (held as u64).min(2 * expanded).max(frame.map_or(0, |frame| frame + HELD_BESIDE_FRAME as u64));
            let correcting = if corrected { to_correct(threads.min(blob.streams().len()) as u64, held as u64) } else { 0 };
            let others = always + threads as u64 * MAKING.min(expanded) + pieces + correcting;
            let wanted = (threads as u64).min(waiting) * one + waiting.saturating_sub(threads as u64) * slice;
            let in_slices = wanted.min(ALONE.saturating_sub(others)).max(one);
            Self { threads, slices, in_slices, held, of_bases, memory: others + in_slices }
        };
        let full = plan(threads, if threads > 1 && frame.is_none() { MOST_HELD } else { HELD_BY_ONE });
        if full.memory <= ALONE { full } else { plan(threads.min(FEW_THREADS), HELD_BY_ONE) }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        ALL, ALONE, Besides, Budget, Decoding, FEW_THREADS, HELD_BESIDE_FRAME, HELD_BY_ONE, MIB, MOST, MOST_HELD, MOST_THREADS, Purpose,
        UNPACKING, at_hand, to_encode,
    };
    use crate::recode::layout::{Coding, Layout, Stream};
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn no_more_is_taken_than_there_is_and_large_ones_have_their_turn() {
        let (budget, now, most) = (Budget::of([30, 50, 100]), AtomicU64::new(0), AtomicU64::new(0));
        let order = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for thread in 0..4u64 {
                let (budget, now, most, order) = (&budget, &now, &most, &order);
                scope.spawn(move || {
                    for n in 0..200u64 {
                        let wanted = [10, 30, 60, 500][((n + thread) % 4) as usize];
                        let share = budget.take(wanted);
                        let taken = now.fetch_add(share.bytes, Ordering::SeqCst) + share.bytes;
                        most.fetch_max(taken, Ordering::SeqCst);
                        order.lock().expect("nothing panics").push(wanted);
                        now.fetch_sub(share.bytes, Ordering::SeqCst);
                        drop(share);
                    }
                });
            }
        });
        assert!(most.into_inner() <= 100);
        let order = order.into_inner().expect("nothing panics");
        assert_eq!(order.iter().filter(|wanted| **wanted == 500).count(), 200, "each had its turn");
        assert_eq!(*budget.taken.lock().expect("nothing panics"), [0; 3]);
    }

    /// Eight threads that hold something while they wait for more: none waits for ever, and there is never more than there may be.
    #[test]
    fn who_holds_something_for_an_earlier_purpose_comes_to_the_end() {
        let (budget, most) = (Budget::of([30, 50, 100]), Mutex::new([0u64; 3]));
        std::thread::scope(|scope| {
            for thread in 0..8u64 {
                let (budget, most) = (&budget, &most);
                scope.spawn(move || {
                    for n in 0..200u64 {
                        let wanted = |which: u64| [1, 12, 29, 700][((n * 7 + thread * 3 + which) % 4) as usize];
                        let _blob = budget.take_for(Purpose::Blob, wanted(0));
                        let _header = budget.take_for(Purpose::Header, wanted(1));
                        let _work = budget.take(wanted(2));
                        let now = *budget.taken.lock().expect("nothing panics");
                        let mut most = most.lock().expect("nothing panics");
                        (0..3).for_each(|level| most[level] = most[level].max(now[..=level].iter().sum()));
                    }
                });
            }
        });
        let most = most.into_inner().expect("nothing panics");
        assert!(most[0] <= 30 && most[1] <= 50 && most[2] <= 100, "{most:?}");
        assert_eq!(*budget.taken.lock().expect("nothing panics"), [0; 3]);
    }

    #[test]
    fn many_small_blobs_go_side_by_side_and_a_large_one_goes_alone() {
        let small = |size: u64| to_encode(size, (size, size >> 7), (1, 1));
        let large = to_encode(400 * MIB, (400 * MIB, 2 << 20), (2, 2));
        let told = [MIB / 2, MIB, 2 * MIB, 4 * MIB].map(|size| small(size) / MIB);
        assert!(8 * small(MIB / 2) <= ALL - MOST[0] && 2 * small(4 * MIB) <= ALL - MOST[0], "{told:?} MiB");
        assert!(small(4 * MIB) + large > ALL, "{} MiB", large / MIB);
        let layout = Layout::new(MIB, vec![], "a table").expect("a table");
        let making = Decoding::of(&layout, [&layout].into_iter(), 1, Besides::default()).memory;
        assert!(8 * making <= ALL - MOST[0], "{} MiB", making / MIB);
        drop(at_hand(u64::MAX));
    }

    fn table(size: u64, coding: Coding, plain: u64) -> Layout {
        let stream = Stream { offset: 0, deflated: size, plain, inner: 0, encoder: 0, coding };
        Layout::new(size, vec![stream], "a table").expect("a table")
    }

    #[test]
    fn frames_count_where_they_are_made_and_where_they_are_unpacked() {
        let (inflated, unpacked) = (table(4 * MIB, Coding::Deflate, 20 * MIB), table(4 * MIB, Coding::Zstd, 20 * MIB));
        let taken = |base: &Layout, frame| Decoding::of(&unpacked, [base].into_iter(), 1, Besides { frame, corrected: false }).memory;
        assert_eq!(taken(&unpacked, None) + 20 * 33 * 1024, taken(&inflated, None) + UNPACKING);
        let frame = 70 * MIB;
        assert_eq!(taken(&unpacked, Some(frame)) + HELD_BY_ONE as u64, taken(&unpacked, None) + frame + HELD_BESIDE_FRAME as u64);
    }

    /// What is made again of a long blob on all threads, from nothing, from a base like it, and from all that may be named.
    #[test]
    fn where_memory_is_short_fewer_slices_are_under_way_and_beside_a_frame_fewer_threads() {
        let blob = table(100 * MIB, Coding::Deflate, 300 * MIB);
        let plain = Layout::new(600 * MIB, vec![], "a table").expect("a table");
        let long = table(600 * MIB, Coding::Deflate, 2000 * MIB);
        let with = |bases: &[&Layout], threads, besides| Decoding::of(&blob, bases.iter().copied(), threads, besides);
        let of = |bases: &[&Layout], threads, frame| with(bases, threads, Besides { frame, corrected: false });
        let alone = of(&[], 8, None);
        assert_eq!((alone.threads, alone.held, alone.in_slices), (MOST_THREADS, MOST_HELD, 3 * 24 * MIB));
        assert!(of(&[&plain], 8, None).in_slices < 3 * 40 * MIB, "not three slices that refer to all they may");
        let most = of(&[&long; 16], 8, None);
        assert!((40 * MIB..80 * MIB).contains(&most.in_slices) && most.threads == MOST_THREADS, "{most:?}");
        for decoding in [alone, of(&[&plain], 8, None), of(&[&long], 2, None), of(&[&long], 1, None), most] {
            assert!(decoding.memory <= ALONE, "{decoding:?}");
        }
        let beside = of(&[&long], 8, Some(170 * MIB));
        assert_eq!((beside.threads, beside.slices, beside.held), (FEW_THREADS, 1, HELD_BY_ONE));
    }
}
