//! `sbom`: reads every artifact of something into an inventory, which is written as a bill of materials. Nothing else is written or run.
//!
//! Rooms read the bytes in threads that can write nothing, where the kernel has a way to make that so. What is not here is said to be not
//! examined; what cannot be read as what it should be is said to be so, and is no error: the document has to name it.

use crate::artifact::{Artifact, Blobs, Completeness, Digest};
use crate::bundle::Statement;
use crate::ecosystems::find;
use crate::error::{Error, Kind, Result};
use crate::lock::Lock;
use crate::progress::{Progress, go_on};
use crate::report::{Component, Examined, Inventory, Subject, SubjectKind};
use crate::scan::confine::confine;
use crate::store::{Snapshot, Store};
use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How an inventory is taken.
#[derive(Clone, Copy)]
pub struct Stocktaking<'a> {
    /// Threads that read.
    pub threads: usize,
    /// Where the work is reported.
    pub progress: &'a dyn Progress,
}

/// A place without blobs: of a lock alone, only what it says is known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nowhere;

impl Blobs for Nowhere {
    fn open(&self, _: &Digest) -> Result<Option<Box<dyn crate::artifact::BlobRead>>> {
        Ok(None)
    }

    fn size(&self, _: &Digest) -> Result<Option<u64>> {
        Ok(None)
    }
}

const PHASE: &str = "taking stock";

/// What a lock is, as the subject of an inventory.
pub fn of_lock(lock: &Lock) -> Subject {
    let name = if lock.line.is_empty() { lock.name.clone() } else { format!("{} ({} line)", lock.name, lock.line) };
    Subject { kind: SubjectKind::Lock, name, version: String::new(), digest: lock.digest(), created: None, author: None }
}

/// What a bundle is, as the subject of an inventory.
pub fn of_bundle(statement: &Statement, id: Digest) -> Subject {
    Subject {
        kind: SubjectKind::Bundle,
        name: format!("{} ({} line)", statement.name, statement.line),
        version: format!("{}.{}", statement.epoch, statement.seq),
        digest: id,
        created: Some(statement.created.clone()),
        author: None,
    }
}

/// What a snapshot is, as the subject of an inventory. Its digest is that of its bundles: a rollback gives back the same document.
pub fn of_snapshot(snapshot: &Snapshot, store: &Store) -> Result<Subject> {
    Ok(Subject {
        kind: SubjectKind::Installed,
        name: "installed".to_owned(),
        version: snapshot.number.to_string(),
        digest: store.snapshot_digest(snapshot.number)?,
        created: None,
        author: None,
    })
}

impl Stocktaking<'_> {
    /// Reads all artifacts. Those that are there twice are counted once.
    pub fn run<A: Borrow<Artifact> + Sync>(&self, subject: Subject, artifacts: &[A], blobs: &dyn Blobs) -> Result<Inventory> {
        let jobs = distinct(artifacts);
        self.progress.begin(PHASE, jobs.iter().map(|artifact| artifact.size()).sum());
        let (next, done, failed) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()), Mutex::new(None));
        std::thread::scope(|scope| {
            for _ in 0..self.threads.max(1) {
                scope.spawn(|| {
                    confine();
                    while let Some((n, artifact)) = taken(&next, &jobs).filter(|_| !self.progress.stopped()) {
                        match look(artifact, blobs) {
                            Ok(component) => drop(done.lock().expect("no reading thread panics").insert(n, component)),
                            Err(error) => {
                                next.store(jobs.len(), Ordering::Relaxed);
                                failed.lock().expect("no reading thread panics").get_or_insert(error);
                            }
                        }
                        self.progress.advance(PHASE, artifact.size());
                    }
                });
            }
        });
        self.progress.end(PHASE);
        go_on(self.progress)?;
        match failed.into_inner().expect("no reading thread panics") {
            Some(error) => Err(error),
            None => Ok(Inventory::new(subject, done.into_inner().expect("no reading thread panics").into_values().collect())),
        }
    }
}

/// A room's component. An entry that its room refuses, or that no room here knows, is in the inventory all the same.
pub(super) fn look(artifact: &Artifact, blobs: &dyn Blobs) -> Result<Component> {
    let mut examined = find(&artifact.ecosystem).and_then(|room| room.examine(artifact, blobs));
    if let Ok(component) = &mut examined
        && component.examined == Examined::NotExamined
    {
        // A lock may name what it chose; only the bytes say whether that is all.
        component.declared = Completeness::Unknown;
    }
    examined.or_else(|error| match error.kind() {
        Kind::Verification | Kind::Failed | Kind::Usage => Ok(unknown(artifact, &error)),
        _ => Err(error.about(artifact.label())),
    })
}

fn unknown(artifact: &Artifact, error: &Error) -> Component {
    let description = crate::artifact::Description::default();
    Component { examined: Examined::Unreadable(error.message().to_owned()), ..Component::of(artifact, description) }
}

fn taken<'j, T>(next: &AtomicUsize, jobs: &'j [T]) -> Option<(usize, &'j T)> {
    let n = next.fetch_add(1, Ordering::Relaxed);
    jobs.get(n).map(|job| (n, job))
}

/// Each artifact once, sorted as in a lock: a snapshot has some from several bundles.
pub(super) fn distinct<A: Borrow<Artifact>>(artifacts: &[A]) -> Vec<&Artifact> {
    let key = |a: &&Artifact| (a.ecosystem.clone(), a.name.clone(), a.version.clone(), a.descriptors.first().map(|d| d.digest));
    let (mut seen, mut all) = (BTreeSet::new(), Vec::new());
    for artifact in artifacts.iter().map(Borrow::borrow) {
        if seen.insert(key(&artifact)) {
            all.push(artifact);
        }
    }
    all.sort_by_key(key);
    all
}
