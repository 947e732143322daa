//! What the packed streams of one blob may unpack to, all of them together, and how deep they may lie in each other.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// The most that packed bytes unpack to, by the byte: a little more than deflate can.
const RATIO: u64 = 1100;
/// So much may come of any stream.
const FREE: u64 = 64 << 20;
/// Most packed streams within each other: an archive of packed archives of packed files.
const DEEPEST: u32 = 4;

/// What is left to the streams of a blob. One thread looks into a blob; that it is shared is for its findings, which change threads.
#[derive(Debug)]
pub(super) struct Budget {
    left: AtomicU64,
    most: u64,
    depth: AtomicU32,
}

impl Budget {
    /// The most that comes of so many packed bytes.
    pub const fn most(packed: u64) -> u64 {
        packed.saturating_mul(RATIO).saturating_add(FREE)
    }

    /// That of a blob of so many bytes.
    pub fn of(blob: u64) -> Self {
        let most = Self::most(blob);
        Self { left: AtomicU64::new(most), most, depth: AtomicU32::new(0) }
    }

    /// Takes bytes from it. Where there are not so many left nothing is left any more, and the error is how many there were.
    pub fn take(&self, bytes: u64) -> Result<(), u64> {
        let left = self.left.load(Ordering::Relaxed).checked_sub(bytes);
        self.left.store(left.unwrap_or(0), Ordering::Relaxed);
        left.map(|_| ()).ok_or(self.most)
    }

    /// Begins a stream, which ends with what is given; `None` where it lies too deep.
    pub fn enter(&self) -> Option<Deeper<'_>> {
        let depth = self.depth.load(Ordering::Relaxed);
        (depth < DEEPEST).then(|| {
            self.depth.store(depth + 1, Ordering::Relaxed);
            Deeper(&self.depth)
        })
    }
}

/// A stream that is being read.
pub(super) struct Deeper<'a>(&'a AtomicU32);

impl Drop for Deeper<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{Budget, DEEPEST, FREE};

    #[test]
    fn what_is_taken_is_gone_and_too_much_leaves_nothing() {
        let budget = Budget::of(0);
        assert_eq!((budget.take(FREE - 1), budget.take(1), budget.take(0)), (Ok(()), Ok(()), Ok(())));
        assert_eq!(budget.take(1), Err(FREE));
        let budget = Budget::of(0);
        assert_eq!((budget.take(FREE + 1), budget.take(1)), (Err(FREE), Err(FREE)));
    }

    #[test]
    fn streams_lie_in_each_other_so_deep_and_no_deeper() {
        let budget = Budget::of(0);
        let many: Vec<_> = (0..9).map_while(|_| budget.enter()).collect();
        assert!(many.len() < 9, "each level multiplies what a stream can give");
        drop(many);
        let held: Vec<_> = (0..DEEPEST).map(|_| budget.enter().expect("not too deep")).collect();
        assert!(budget.enter().is_none());
        drop(held);
        assert!(budget.enter().is_some());
    }
}
