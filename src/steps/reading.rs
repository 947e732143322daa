//! The threads that read what was carried, which can write nothing where the kernel has a way to make that so.

use crate::artifact::Artifact;
use crate::error::Result;
use crate::progress::{Progress, go_on};
use crate::scan::confine::{Confined, confine};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

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
    pub fn run<J: Sync, T: Clone + Send>(
        &self,
        jobs: &[J],
        look: impl Fn(&J) -> Result<T> + Sync,
    ) -> Result<(BTreeMap<usize, T>, Confined)> {
        let work = Work { jobs, next: AtomicUsize::new(0), confined: Mutex::default() };
        self.progress.begin(self.phase, self.bytes);
        let done = std::thread::scope(|scope| {
            let (found, all) = sync_channel(self.threads.max(1));
            for _ in 0..self.threads.max(1) {
                let found = found.clone();
                scope.spawn(|| self.read(&work, &look, found));
            }
            drop(found);
            work.gather(&all)
        });
        self.progress.end(self.phase);
        go_on(self.progress)?;
        let confined = work.confined.into_inner().expect(NO_PANIC).unwrap_or(Confined::Wholly);
        Ok((done?, confined))
    }

    fn read<J, T>(&self, work: &Work<'_, J>, look: &impl Fn(&J) -> Result<T>, found: SyncSender<(usize, Result<T>)>) {
        work.confined(confine());
        while let Some((n, job)) = work.take().filter(|_| !self.progress.stopped()) {
            if found.send((n, look(job))).is_err() {
                return;
            }
        }
    }
}

const NO_PANIC: &str = "no reading thread panics";

struct Work<'j, J> {
    jobs: &'j [J],
    next: AtomicUsize,
    confined: Mutex<Option<Confined>>,
}

impl<'j, J> Work<'j, J> {
    fn take(&self) -> Option<(usize, &'j J)> {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        self.jobs.get(n).map(|job| (n, job))
    }

    /// Keeps what was found, as a copy: what lasts would else lie among the buffers of reading, in pieces between which no buffer fits again,
    /// and ten thousand artifacts would take thrice the memory that is in use.
    fn gather<T: Clone>(&self, found: &Receiver<(usize, Result<T>)>) -> Result<BTreeMap<usize, T>> {
        let (mut done, mut failed) = (BTreeMap::new(), None);
        for (n, result) in found {
            match result {
                Ok(found) => drop(done.insert(n, found.clone())),
                Err(error) => {
                    self.next.store(self.jobs.len(), Ordering::Relaxed);
                    failed.get_or_insert(error);
                }
            }
        }
        failed.map_or(Ok(done), Err)
    }

    /// Notes how far one thread is held, of which the least counts.
    fn confined(&self, reached: Confined) {
        let mut confined = self.confined.lock().expect(NO_PANIC);
        *confined = confined.max(Some(reached));
    }
}

/// What tells one artifact from all others: two of one name and version may have a blob in common, and differ in the rest.
pub(super) fn identity(artifact: &Artifact) -> (String, String, String, String) {
    let blobs: Vec<String> = artifact.descriptors.iter().map(|d| format!("{} {} {:?}", d.digest.hex(), d.media_type, d.name)).collect();
    let rest = format!("{} {}", blobs.join("\n"), artifact.meta);
    (artifact.ecosystem.clone(), artifact.name.clone(), artifact.version.clone(), rest)
}
