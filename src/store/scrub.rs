//! Scrubbing: every blob is read and hashed again, every list is read; nothing is trusted because it was right once.

use super::files::remove;
use super::layout::{Store, Writer};
use crate::artifact::{Digest, Sha256Writer};
use crate::error::{Error, Result};
use crate::progress::{Progress, go_on};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// So many lost lists are named.
const MOST_LISTS: usize = 100;

/// Something in the store that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file, or the list that names something.
    pub place: String,
    /// What is wrong with it.
    pub problem: String,
    /// The blob, when it is one.
    pub blob: Option<Digest>,
    /// What mends it, where the fault itself knows.
    pub hint: Option<String>,
}

impl Fault {
    /// A list, or anything that is not a blob, that cannot be read or is not right.
    pub fn unreadable(place: String, error: &Error) -> Self {
        let problem = std::iter::once(error.message()).chain(error.causes().iter().map(String::as_str)).collect::<Vec<_>>().join(": ");
        Self { place, problem, blob: None, hint: error.hints().first().cloned() }
    }
}

/// The outcome of a scrub.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scrubbed {
    /// Blobs that were read.
    pub blobs: u64,
    /// Bytes that were hashed.
    pub bytes: u64,
    /// What was wrong, sorted by place.
    pub faults: Vec<Fault>,
}

impl Store {
    /// Reads and hashes every blob on `threads` threads, and checks that every snapshot's list, every held lock and every lock that waits for volumes can be read, and that
    /// every blob of the current snapshot is there. Blobs of earlier snapshots may have been pruned, those of held locks not be fetched yet.
    pub fn scrub(&self, threads: usize, progress: &dyn Progress) -> Result<Scrubbed> {
        let files: Vec<_> = self.blob_files()?.into_iter().filter(|(path, _)| !path.starts_with(self.root().join("partial"))).collect();
        let mut found = hash_all(&files, threads, progress)?;
        found.faults.extend(self.lost_lists());
        found.faults.extend(self.missing());
        found.faults.sort_by(|a, b| a.place.cmp(&b.place));
        Ok(found)
    }

    /// Reads and hashes some blobs, of which those that are not here are no faults: nobody can say anything wrong of them.
    pub fn compare(&self, blobs: &BTreeSet<Digest>, threads: usize, progress: &dyn Progress) -> Result<Scrubbed> {
        let files: Vec<_> = blobs.iter().map(|digest| (self.blob_path(digest), Some(*digest))).filter(|(path, _)| path.exists()).collect();
        let mut found = hash_all(&files, threads, progress)?;
        found.faults.sort_by(|a, b| a.place.cmp(&b.place));
        Ok(found)
    }

    /// Lists that cannot be read. A damaged pointer may claim any number of snapshots: only the first faults are named.
    fn lost_lists(&self) -> Vec<Fault> {
        let highest = match self.highest() {
            Ok(highest) => highest,
            Err(error) => return vec![Fault::unreadable("current".to_owned(), &error)],
        };
        let snapshots = (1..=highest).filter_map(|n| Some(Fault::unreadable(format!("snapshots/{n}.json"), &self.snapshot(n).err()?)));
        let held = self.held().err().map(|error| Fault::unreadable("held".to_owned(), &error));
        let waiting = self.awaited().err().map(|error| Fault::unreadable("waiting".to_owned(), &error));
        snapshots.take(MOST_LISTS).chain(held).chain(waiting).collect()
    }

    /// What the current snapshot needs and the store does not have. Where its list cannot be read, that has been said.
    fn missing(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let Ok(Some(snapshot)) = self.current() else { return faults };
        for bundle in &snapshot.bundles {
            let place = format!("{} {}", bundle.name, bundle.seq);
            match self.lock_of(bundle) {
                Err(error) => faults.push(Fault::unreadable(place, &error)),
                Ok(lock) => {
                    for (digest, size) in lock.blobs() {
                        if !self.has(&digest, size).unwrap_or(false) {
                            let problem = format!("{digest} is not in the store with its {size} bytes");
                            faults.push(Fault { place: place.clone(), problem, blob: Some(digest), hint: None });
                        }
                    }
                }
            }
        }
        faults
    }
}

impl Writer {
    /// Takes damaged blobs out, so that the next fetch or import of the same bundle brings them back.
    /// Tells how many there were: some of the faults are blobs that are missing.
    pub fn discard(&self, faults: &[Fault]) -> Result<usize> {
        let paths: BTreeSet<_> = faults.iter().filter_map(|f| f.blob).map(|digest| self.store().blob_path(&digest)).collect();
        let there: Vec<_> = paths.into_iter().filter(|path| path.exists()).collect();
        there.iter().try_for_each(|path| remove(path))?;
        Ok(there.len())
    }
}

fn hash_all(files: &[(PathBuf, Option<Digest>)], threads: usize, progress: &dyn Progress) -> Result<Scrubbed> {
    let total = files.iter().map(|(path, _)| path.metadata().map_or(0, |m| m.len())).sum();
    progress.begin("scrubbing", total);
    let (next, found) = (AtomicUsize::new(0), Mutex::new(Scrubbed::default()));
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                while let Some((path, digest)) = files.get(next.fetch_add(1, Ordering::Relaxed)).filter(|_| !progress.stopped()) {
                    let (bytes, fault) = check(path, *digest, progress);
                    let mut found = found.lock().expect("no scrubbing thread panics");
                    found.blobs += 1;
                    found.bytes += bytes;
                    found.faults.extend(fault);
                }
            });
        }
    });
    progress.end("scrubbing");
    go_on(progress)?;
    Ok(found.into_inner().expect("no scrubbing thread panics"))
}

fn check(path: &Path, digest: Option<Digest>, progress: &dyn Progress) -> (u64, Option<Fault>) {
    let fault = |problem: String| Some(Fault { place: path.display().to_string(), problem, blob: digest, hint: None });
    let Some(expected) = digest else {
        return (0, fault("its name is not a digest".to_owned()));
    };
    match hash(path, progress) {
        Err(error) => (0, fault(format!("cannot be read: {error}"))),
        Ok(found) => {
            let bytes = found.length();
            let found = found.finish();
            (bytes, if found == expected { None } else { fault(format!("its bytes are {found}")) })
        }
    }
}

fn hash(path: &Path, progress: &dyn Progress) -> std::io::Result<Sha256Writer> {
    let (mut file, mut sha256, mut buffer) = (File::open(path)?, Sha256Writer::default(), vec![0u8; 1 << 20]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(sha256),
            _ if progress.stopped() => return Err(ErrorKind::Interrupted.into()),
            read => {
                sha256.update(&buffer[..read]);
                progress.advance("scrubbing", read as u64);
            }
        }
    }
}
