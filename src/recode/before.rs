//! The end of the expanded stream, which slices that come next may refer to. It is copied as late as can be: mostly it still stands in the slices
//! themselves.

use super::limits::LONGEST_BEFORE;
use super::room::with_room;

/// What comes before the slice that is given next.
pub struct Before {
    /// The end of what slices had that are done with, as far as it may be referred to.
    kept: Vec<u8>,
    /// How much may be referred to.
    most: usize,
    /// How much all slices have that were given, and those that are done with.
    given: u64,
    done: u64,
}

impl Before {
    /// The beginning of the stream.
    pub fn new() -> Self {
        Self { kept: with_room(2 * LONGEST_BEFORE), most: LONGEST_BEFORE, given: 0, done: 0 }
    }

    /// The same for slices that refer to nothing before them.
    pub fn none() -> Self {
        Self { kept: Vec::new(), most: 0, given: 0, done: 0 }
    }

    /// How much the next slice may refer to.
    pub fn length(&self) -> usize {
        self.given.min(self.most as u64) as usize
    }

    /// A slice of this length is given.
    pub fn give(&mut self, length: usize) {
        self.given += length as u64;
    }

    /// Fills `to` with what comes before the next slice, the last bytes of it; `slices` are those that were given and are not done with.
    pub fn fill<'a>(&'a self, slices: impl DoubleEndedIterator<Item = &'a [u8]>, to: &mut [u8]) {
        let mut end = to.len();
        for part in slices.rev().chain([&self.kept[..]]) {
            let taken = part.len().min(end);
            to[end - taken..end].copy_from_slice(&part[part.len() - taken..]);
            end -= taken;
        }
    }

    /// The first of the slices that are not done with is: of its bytes no more are kept than slices behind all that were given may refer to.
    pub fn finish(&mut self, slice: &[u8]) {
        self.done += slice.len() as u64;
        let behind = usize::try_from(self.given - self.done).unwrap_or(usize::MAX);
        let most = self.most.saturating_sub(behind);
        let new = &slice[slice.len().saturating_sub(most)..];
        self.kept.drain(..(self.kept.len() + new.len()).saturating_sub(most));
        self.kept.extend_from_slice(new);
    }
}

#[cfg(test)]
mod tests {
    use super::{Before, LONGEST_BEFORE};
    use std::collections::VecDeque;

    #[test]
    fn what_stands_in_slices_is_not_copied() {
        let (mut before, slice) = (Before::new(), vec![1; LONGEST_BEFORE - 5]);
        before.give(slice.len());
        before.give(slice.len());
        before.finish(&slice);
        assert_eq!(before.kept.len(), 5);
        before.finish(&slice);
        assert_eq!(before.kept.len(), LONGEST_BEFORE);
        let mut none = Before::none();
        none.give(slice.len());
        none.finish(&slice);
        assert!(none.length() == 0 && none.kept.capacity() == 0);
    }

    /// Slices of many lengths, of which now one and now several are under way.
    #[test]
    fn what_comes_before_is_the_end_of_the_stream_however_many_are_under_way() {
        let (mut before, mut slices, mut stream) = (Before::new(), VecDeque::<Vec<u8>>::new(), Vec::new());
        let lengths = [1, 5 << 20, 8 << 20, 3, (8 << 20) - 1, 1, 1, 2 << 20, 7 << 20, 6 << 20, 0, 8 << 20, 8 << 20, 9];
        for (n, length) in lengths.into_iter().cycle().take(3 * lengths.len()).enumerate() {
            let slice: Vec<u8> = (0..length).map(|at| (at * 31 + n * 7) as u8).collect();
            stream.extend_from_slice(&slice);
            before.give(slice.len());
            slices.push_back(slice);
            while slices.len() > n % 4 {
                before.finish(&slices.pop_front().expect("there is one"));
            }
            let mut found = vec![0; before.length()];
            assert_eq!(found.len(), stream.len().min(LONGEST_BEFORE));
            before.fill(slices.iter().map(Vec::as_slice), &mut found);
            assert!(found == stream[stream.len() - found.len()..], "slice {n}");
            assert!(before.kept.len() <= LONGEST_BEFORE);
        }
    }
}
