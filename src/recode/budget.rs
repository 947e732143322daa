//! The memory that recoding takes, of the whole process: whoever recodes says how much it is at most, and waits until that is free.
//!
//! A large blob takes nearly all of it and is alone; small ones go side by side. Nobody holds a share while it waits for another one.

use super::encoder::{CORRECTED_MEMORY, MOST_CORRECTIONS};
use super::layout::Layout;
use super::limits::{LARGEST_WINDOW, LONGEST_BEFORE, MOST_POINTS, NEAREST_POINTS, SLICE, longest_references};
use super::taking::MOST_HELD;
use std::sync::{Condvar, Mutex, PoisonError};

const MIB: u64 = 1 << 20;
/// What there is: 256 MiB are promised, and the rest of the program needs some.
const ALL: u64 = 160 * MIB;
/// Tables of zstd for one slice, at most.
const TABLES: u64 = 20 * MIB;
/// Threads, buffers, headers.
const ALWAYS: u64 = 4 * MIB;

/// The process's.
pub static MEMORY: Budget = Budget::of(ALL);

/// So many bytes for all who ask.
pub struct Budget {
    all: u64,
    taken: Mutex<u64>,
    given_back: Condvar,
    /// Whoever waits keeps those behind it waiting: else many small ones would never leave room for a large one.
    turn: Mutex<()>,
}

/// A part of a budget, given back when dropped.
pub struct Share<'a> {
    of: &'a Budget,
    bytes: u64,
}

impl Budget {
    const fn of(all: u64) -> Self {
        Self { all, taken: Mutex::new(0), given_back: Condvar::new(), turn: Mutex::new(()) }
    }

    /// Waits until so many bytes are free. What needs more than there is gets all of it.
    pub fn take(&self, bytes: u64) -> Share<'_> {
        let bytes = bytes.min(self.all);
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        while *taken + bytes > self.all {
            taken = self.given_back.wait(taken).unwrap_or_else(PoisonError::into_inner);
        }
        *taken += bytes;
        Share { of: self, bytes }
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        *self.of.taken.lock().unwrap_or_else(PoisonError::into_inner) -= self.bytes;
        self.of.given_back.notify_all();
    }
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

/// What it takes to make streams of corrections on so many threads: those of short streams are an eighth of what is held of them at most, and one
/// long stream is made at a time.
pub fn to_correct(threads: u64) -> u64 {
    threads * CORRECTED_MEMORY + MOST_CORRECTIONS as u64 + MOST_HELD as u64 / 8
}

/// What it takes to make a blob again, from the layouts of it and of its bases; on so many threads, with so many slices under way at most, and
/// with what making its frames of zstd and its streams of corrections takes besides.
pub fn to_decode<'a>(blob: &Layout, bases: impl Iterator<Item = &'a Layout>, (threads, slices): (u64, u64), making: u64) -> u64 {
    let (mut plain, mut long, mut unpacking) = (0u64, 0u64, 0);
    for base in bases {
        plain = plain.saturating_add(base.inflated());
        unpacking = if base.frames() > 0 { UNPACKING } else { unpacking };
        long = long.saturating_add(base.expanded());
    }
    let expanded = blob.expanded();
    let slice = expanded.min(SLICE as u64);
    let waiting = expanded.div_ceil(SLICE as u64).min(slices);
    let points = (plain / NEAREST_POINTS).min(MOST_POINTS) * 33 * 1024;
    let pieces = expanded.min(MOST_HELD as u64 + slice);
    ALWAYS + threads.min(waiting) * (slice + beside(slice, expanded, long)) + waiting * slice + pieces + points + unpacking + making
}

#[cfg(test)]
mod tests {
    use super::{ALL, Budget, MIB, UNPACKING, to_decode, to_encode};
    use crate::recode::layout::{Coding, Layout, Stream};
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn no_more_is_taken_than_there_is_and_large_ones_have_their_turn() {
        let (budget, now, most) = (Budget::of(100), AtomicU64::new(0), AtomicU64::new(0));
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
        assert_eq!(*budget.taken.lock().expect("nothing panics"), 0);
    }

    #[test]
    fn small_blobs_go_side_by_side_and_a_large_one_goes_alone() {
        let small = to_encode(2 * MIB, (2 * MIB, (2 * MIB) >> 7), (1, 1));
        let large = to_encode(400 * MIB, (400 * MIB, 2 << 20), (2, 2));
        assert!(2 * small <= ALL && small + large > ALL, "{} and {} MiB", small / MIB, large / MIB);
    }

    #[test]
    fn frames_count_where_they_are_made_and_where_they_are_unpacked() {
        let table = |coding| {
            let stream = Stream { offset: 0, deflated: 4 * MIB, plain: 20 * MIB, inner: 0, encoder: 0, coding };
            Layout::new(4 * MIB, vec![stream], "a table").expect("a table")
        };
        let (inflated, unpacked) = (table(Coding::Deflate), table(Coding::Zstd));
        let taken = |base: &Layout, frame| to_decode(&unpacked, [base].into_iter(), (2, 1), frame);
        assert_eq!(taken(&unpacked, 0) + 20 * 33 * 1024, taken(&inflated, 0) + UNPACKING);
        assert_eq!(taken(&unpacked, 70 * MIB), taken(&unpacked, 0) + 70 * MIB);
    }
}
