//! Large buffers that take memory only while somebody has them.
//!
//! An allocator keeps what is freed for later, each thread what it freed itself: buffers of some MiB, on a few threads, would soon take as much
//! again as all that is in use. Beyond 32 MiB the allocators at hand ask the system for each piece and give it back at once, and pages that nobody
//! has written to take no memory.

use super::limits::{SLICE, longest_stored};

/// Longer buffers get pages of their own.
const LARGE: usize = 2 << 20;
/// More than any allocator keeps.
const OWN_PAGES: usize = (32 << 20) + (64 << 10);

/// What a buffer that is kept has at most: a slice, or as much as may stand for one in a stream.
const MOST_SPARE: usize = longest_stored(SLICE);

/// An empty buffer with room for so many bytes.
pub fn with_room(length: usize) -> Vec<u8> {
    Vec::with_capacity(if length < LARGE { length } else { length.max(OWN_PAGES) })
}

/// So many zeros.
pub fn zeros(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; if length < LARGE { length } else { length.max(OWN_PAGES) }];
    bytes.truncate(length);
    bytes
}

/// Makes a buffer so long. What is in it is of no use: bytes that were used before are not cleared.
pub fn fit(bytes: &mut Vec<u8>, length: usize) {
    if bytes.capacity() < length {
        *bytes = zeros(length);
    } else {
        bytes.resize(length, 0);
    }
}

/// What a buffer is for. Those for one purpose are about as long each time, and so have all their pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// What stands for a slice in a stream.
    Stored,
    /// What a slice needs besides.
    Beside,
    /// A slice.
    Slice,
}

/// Large buffers that were used and will be again. Whoever gives each back and asks for another one has the system clear all its pages, which
/// takes longer than most of what is done with them.
#[derive(Default)]
pub struct Spare([Vec<Vec<u8>>; 3]);

impl Spare {
    /// One to be [fitted](fit), an empty one where there is none.
    pub fn any(&mut self, purpose: For) -> Vec<u8> {
        self.0[purpose as usize].pop().unwrap_or_default()
    }

    /// Keeps a buffer; not one that has no pages of its own, nor one that more was written to than a slice has.
    pub fn keep(&mut self, purpose: For, bytes: Vec<u8>) {
        if bytes.capacity() >= OWN_PAGES && bytes.len() <= MOST_SPARE {
            self.0[purpose as usize].push(bytes);
        }
    }

    /// Gives back all but what takes so many bytes at most.
    pub fn limit(&mut self, bytes: u64) {
        let mut left = (bytes / MOST_SPARE as u64) as usize;
        for kept in &mut self.0 {
            kept.truncate(left);
            left -= kept.len();
        }
    }
}

/// How much memory a buffer takes: of one that has pages of its own, those that were written to.
pub fn taken(bytes: &Vec<u8>) -> usize {
    if bytes.capacity() >= OWN_PAGES { bytes.len() } else { bytes.capacity() }
}

#[cfg(test)]
mod tests {
    use super::{For, LARGE, MOST_SPARE, OWN_PAGES, Spare, fit, taken, with_room, zeros};

    #[test]
    fn large_ones_have_pages_of_their_own() {
        for length in [0, 1, LARGE - 1, LARGE, OWN_PAGES, OWN_PAGES + 1] {
            assert!(zeros(length).len() == length && zeros(length).iter().all(|byte| *byte == 0));
            let empty = with_room(length);
            assert_eq!(taken(&empty), if length < LARGE { empty.capacity() } else { 0 });
            assert!(empty.is_empty() && empty.capacity() >= length);
            assert_eq!(empty.capacity() >= OWN_PAGES, length >= LARGE);
        }
    }

    #[test]
    fn what_is_kept_is_used_again_and_bounded() {
        let (mut spare, mut large) = (Spare::default(), Vec::new());
        fit(&mut large, LARGE + 5);
        assert!(large.len() == LARGE + 5 && large.iter().all(|byte| *byte == 0));
        large.fill(7);
        let place = large.as_ptr();
        spare.keep(For::Stored, large);
        for (what, bytes) in [("none", Vec::new()), ("a small one", zeros(LARGE - 1)), ("what is no slice", zeros(MOST_SPARE + 1))] {
            spare.keep(For::Slice, bytes);
            assert!(spare.any(For::Slice).capacity() == 0, "{what}");
        }
        spare.keep(For::Slice, zeros(MOST_SPARE));
        let mut again = spare.any(For::Stored);
        assert_eq!(again.as_ptr(), place);
        fit(&mut again, LARGE);
        assert!(again.len() == LARGE && again.iter().all(|byte| *byte == 7), "cleared for nothing");
        spare.keep(For::Stored, again);
        spare.limit(2 * MOST_SPARE as u64 - 1);
        assert_eq!(spare.0.iter().map(Vec::len).sum::<usize>(), 1);
        spare.limit(MOST_SPARE as u64 - 1);
        assert_eq!(spare.0.iter().map(Vec::len).sum::<usize>(), 0);
    }
}
