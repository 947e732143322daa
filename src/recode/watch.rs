//! How far encoding is, and whether it should go on: asked with every piece that is read, compressed or compared.

use super::source::ReadAt;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// Is told how much of how much work is done, from several threads; says whether to go on.
pub type Watch<'a> = &'a (dyn Fn(u64, u64) -> bool + Sync);

/// Parts of the work, in their order: the blob is expanded, then its bases, these are looked through, the slices are compressed, and
/// the blob is made again and compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Streams of the blob are inflated, and their encoders looked for.
    Expanding = 0,
    /// Streams of a base are inflated.
    Base = 1,
    /// What the bases resemble is looked up.
    Index = 2,
    /// Slices are compressed.
    Compressing = 3,
    /// What came of it is decoded.
    Checking = 4,
}

/// How much work a byte of the blob is in each stage, and one of all its bases in those that are about them.
const WEIGHT: [u64; 5] = [4, 1, 1, 2, 3];

/// Counts what is done.
pub struct Meter<'a> {
    watch: Watch<'a>,
    /// Bytes of the blob, and of all bases.
    sizes: (u64, u64),
    stage: AtomicUsize,
    /// How many bytes there are to pass in this stage, and how many have.
    length: AtomicU64,
    passed: AtomicU64,
    stopped: AtomicBool,
}

impl<'a> Meter<'a> {
    /// For a blob and its bases.
    pub fn new(watch: Watch<'a>, blob: u64, bases: u64) -> Self {
        let (zero, stage) = (AtomicU64::new(0), AtomicUsize::new(Stage::Expanding as usize));
        Self { watch, sizes: (blob, bases), stage, length: AtomicU64::new(1), passed: zero, stopped: AtomicBool::new(false) }
    }

    /// A stage begins, in which so many bytes will pass; no thread works on another one then.
    pub fn begin(&self, stage: Stage, length: u64) {
        self.stage.store(stage as usize, Ordering::Relaxed);
        self.length.store(length.max(1), Ordering::Relaxed);
        self.passed.store(0, Ordering::Relaxed);
    }

    /// So many more bytes of a stage have passed, which counts while that stage lasts; an error once the work should end.
    pub fn passed(&self, stage: Stage, bytes: u64) -> io::Result<()> {
        let now = self.stage.load(Ordering::Relaxed);
        let more = if now == stage as usize { bytes } else { 0 };
        let passed = self.passed.fetch_add(more, Ordering::Relaxed).saturating_add(more);
        let (length, work) = (self.length.load(Ordering::Relaxed), |stage: usize| self.work(stage));
        let before: u128 = (0..now).map(work).sum();
        let done = before + work(now) * u128::from(passed.min(length)) / u128::from(length);
        let all: u128 = (0..WEIGHT.len()).map(work).sum();
        let short = |work: u128| u64::try_from(work).unwrap_or(u64::MAX);
        if self.is_stopped() || !(self.watch)(short(done), short(all)) {
            self.stopped.store(true, Ordering::Relaxed);
            return Err(io::Error::other("it was stopped"));
        }
        Ok(())
    }

    /// Whether it was said that the work should end.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    fn work(&self, stage: usize) -> u128 {
        let (blob, bases) = self.sizes;
        let of_bases = stage == Stage::Base as usize || stage == Stage::Index as usize;
        u128::from(WEIGHT[stage]) * u128::from(if of_bases { bases } else { blob })
    }
}

/// A source whose reading counts.
pub struct Watched<'a> {
    /// What is read.
    pub source: &'a dyn ReadAt,
    /// Where it counts.
    pub meter: &'a Meter<'a>,
    /// In which stage.
    pub stage: Stage,
}

impl ReadAt for Watched<'_> {
    fn fill(&self, offset: u64, to: &mut [u8]) -> io::Result<()> {
        self.meter.passed(self.stage, to.len() as u64)?;
        self.source.fill(offset, to)
    }

    fn go_on(&self) -> io::Result<()> {
        self.meter.passed(self.stage, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Meter, Stage};
    use std::sync::Mutex;

    #[test]
    fn what_is_told_only_grows_and_comes_to_all() {
        let told = Mutex::new(Vec::new());
        let watch = |done, of| {
            told.lock().expect("one thread").push((done, of));
            done < 80
        };
        let meter = Meter::new(&watch, 10, 5);
        meter.begin(Stage::Expanding, 20);
        meter.passed(Stage::Expanding, 10).expect("goes on");
        meter.passed(Stage::Expanding, 1000).expect("read more often than once");
        meter.begin(Stage::Base, 5);
        meter.passed(Stage::Expanding, 9).expect("of another stage");
        meter.passed(Stage::Base, 5).expect("goes on");
        meter.begin(Stage::Compressing, 100);
        meter.passed(Stage::Compressing, 50).expect("goes on");
        assert!(!meter.is_stopped());
        meter.begin(Stage::Checking, 10);
        meter.passed(Stage::Checking, 10).expect_err("stopped");
        assert!(meter.is_stopped());
        assert_eq!(*told.lock().expect("one thread"), [(20, 100), (40, 100), (40, 100), (45, 100), (60, 100), (100, 100)]);
    }
}
