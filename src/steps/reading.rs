//! The threads that read what was carried, which can write nothing where the kernel has a way to make that so.

use crate::artifact::Artifact;
use crate::error::{Error, Result};
use crate::progress::{Progress, go_on};
use crate::scan::confine::{Confined, confine};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many threads read, and where the work is reported.
pub(super) struct Readers<'a> {
    /// Threads.
    pub threads: usize,
    /// The name of the work.
    pub phase: &'static str,
    /// Its length, in bytes.
    pub bytes: u64,
    /// Where it is reported.
    pub progress: &'a dyn Progress,
}

impl Readers<'_> {
    /// What `look` says of each job, by its place. The first error ends the work; so does whoever stops it.
    pub fn run<J: Sync, T: Send>(&self, jobs: &[J], look: impl Fn(&J) -> Result<T> + Sync) -> Result<(BTreeMap<usize, T>, Confined)> {
        let work = Work { jobs, next: AtomicUsize::new(0), outcome: Mutex::default() };
        self.progress.begin(self.phase, self.bytes);
        std::thread::scope(|scope| {
            for _ in 0..self.threads.max(1) {
                scope.spawn(|| {
                    work.confined(confine());
                    while let Some((n, job)) = work.take().filter(|_| !self.progress.stopped()) {
                        work.done(n, look(job));
                    }
                });
            }
        });
        self.progress.end(self.phase);
        go_on(self.progress)?;
        let outcome = work.outcome.into_inner().expect(NO_PANIC);
        outcome.failed.map_or(Ok((outcome.done, outcome.confined.unwrap_or(Confined::Wholly))), Err)
    }
}

const NO_PANIC: &str = "no reading thread panics";

struct Work<'j, J, T> {
    jobs: &'j [J],
    next: AtomicUsize,
    outcome: Mutex<Outcome<T>>,
}

struct Outcome<T> {
    done: BTreeMap<usize, T>,
    failed: Option<Error>,
    confined: Option<Confined>,
}

impl<T> Default for Outcome<T> {
    fn default() -> Self {
        Self { done: BTreeMap::new(), failed: None, confined: None }
    }
}

impl<'j, J, T> Work<'j, J, T> {
    fn take(&self) -> Option<(usize, &'j J)> {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        self.jobs.get(n).map(|job| (n, job))
    }

    fn done(&self, n: usize, result: Result<T>) {
        let mut outcome = self.outcome.lock().expect(NO_PANIC);
        match result {
            Ok(found) => drop(outcome.done.insert(n, found)),
            Err(error) => {
                self.next.store(self.jobs.len(), Ordering::Relaxed);
                outcome.failed.get_or_insert(error);
            }
        }
    }

    /// Notes how far one thread is held, of which the least counts.
    fn confined(&self, reached: Confined) {
        let mut outcome = self.outcome.lock().expect(NO_PANIC);
        outcome.confined = outcome.confined.max(Some(reached));
    }
}

/// What tells one artifact from all others: two of one name and version may have a blob in common, and differ in the rest.
pub(super) fn identity(artifact: &Artifact) -> (String, String, String, String) {
    let blobs: Vec<String> = artifact.descriptors.iter().map(|d| format!("{} {} {:?}", d.digest.hex(), d.media_type, d.name)).collect();
    let rest = format!("{} {}", blobs.join("\n"), artifact.meta);
    (artifact.ecosystem.clone(), artifact.name.clone(), artifact.version.clone(), rest)
}
