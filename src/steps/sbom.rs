//! `sbom`: reads every artifact of something into an inventory, which is written as a bill of materials. Nothing else is written or run.
//!
//! Rooms read the bytes in threads that can write nothing, where the kernel has a way to make that so. What is not here is said to be not
//! examined; what cannot be read as what it should be is said to be so, and is no error: the document has to name it.

mod attached;
mod sha512;

pub use sha512::add_sha512;

use super::reading::{Readers, identity};
use crate::artifact::{Artifact, Blobs, Completeness, Digest};
use crate::bundle::Statement;
use crate::ecosystems::find;
use crate::error::{Error, Kind, Result};
use crate::lock::Lock;
use crate::progress::Progress;
use crate::report::{Component, Examined, Inventory, Subject, SubjectKind};
use crate::store::{Snapshot, Store};
use std::borrow::Borrow;
use std::collections::BTreeSet;

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
    Subject { kind: SubjectKind::Lock, name, version: String::new(), digest: lock.digest(), partial: false, created: None, author: None }
}

/// What a bundle is, as the subject of an inventory.
pub fn of_bundle(statement: &Statement, id: Digest) -> Subject {
    Subject {
        kind: SubjectKind::Bundle,
        name: format!("{} ({} line)", statement.name, statement.line),
        version: format!("{}.{}", statement.epoch, statement.seq),
        digest: id,
        partial: false,
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
        partial: false,
        created: None,
        author: None,
    })
}

impl Stocktaking<'_> {
    /// Reads all artifacts. Those that are there twice are counted once.
    pub fn run<A: Borrow<Artifact> + Sync>(&self, subject: Subject, artifacts: &[A], blobs: &dyn Blobs) -> Result<Inventory> {
        let jobs = distinct(artifacts);
        let bytes = jobs.iter().fold(0, |sum: u64, artifact| sum.saturating_add(artifact.size()));
        let readers = Readers { threads: self.threads, phase: PHASE, bytes, progress: self.progress };
        let (done, _) = readers.run(&jobs, |artifact| {
            let component = look(artifact, blobs);
            self.progress.advance(PHASE, artifact.size());
            component
        })?;
        let mut components: Vec<Component> = done.into_values().collect();
        attached::compare(&jobs, blobs, &mut components)?;
        Ok(Inventory::new(subject, components))
    }
}

/// A room's component. An entry that its room refuses, or that no room here knows, is in the inventory all the same. What cannot be read for
/// another reason than what it is, as from a failing medium, ends the work: nobody may take that for the artifact's own fault.
pub(super) fn look(artifact: &Artifact, blobs: &dyn Blobs) -> Result<Component> {
    let room = match find(&artifact.ecosystem) {
        Ok(room) => room,
        Err(error) => return Ok(unknown(artifact, &error)),
    };
    let mut examined = room.examine(artifact, blobs);
    if let Ok(component) = &mut examined
        && component.examined == Examined::NotExamined
    {
        // A lock may name what it chose; only the bytes say whether that is all.
        component.declared = Completeness::Unknown;
    }
    if let Ok(component) = &mut examined {
        component.released = room.release(artifact).published.and_then(in_seconds);
    }
    examined.or_else(|error| match error.kind() {
        Kind::Verification | Kind::Usage => Ok(unknown(artifact, &error)),
        _ => Err(error.about(artifact.label())),
    })
}

/// Documents have no room for parts of a second.
fn in_seconds(time: jiff::Timestamp) -> Option<String> {
    jiff::Timestamp::from_second(time.as_second()).ok().map(|time| time.to_string())
}

fn unknown(artifact: &Artifact, error: &Error) -> Component {
    let description = crate::artifact::Description::default();
    Component { examined: Examined::Unreadable(error.message().to_owned()), ..Component::of(artifact, description) }
}

/// Each artifact once, sorted as in a lock: a snapshot has some from several bundles.
pub(super) fn distinct<A: Borrow<Artifact>>(artifacts: &[A]) -> Vec<&Artifact> {
    let (mut seen, mut all) = (BTreeSet::new(), Vec::new());
    for artifact in artifacts.iter().map(Borrow::borrow) {
        if seen.insert(identity(artifact)) {
            all.push(artifact);
        }
    }
    all.sort_by_cached_key(|artifact| {
        (artifact.ecosystem.clone(), artifact.name.clone(), artifact.version.clone(), artifact.descriptors.first().map(|d| d.digest))
    });
    all
}

#[cfg(test)]
mod tests {
    use super::{Nowhere, Stocktaking, distinct, look};
    use crate::artifact::{Artifact, BlobRead, Blobs, Descriptor, Digest, Learned, SideDigests};
    use crate::ecosystems::ALL;
    use crate::error::{Error, Kind, Result};
    use crate::progress::Silent;
    use crate::report::{Examined, Subject};
    use serde_json::{Value, json};

    fn blob(bytes: &[u8]) -> Descriptor {
        Descriptor {
            media_type: "application/octet-stream".to_owned(),
            digest: Digest::of(bytes),
            size: 1,
            name: Some("file".to_owned()),
            origins: vec![],
            learned: Learned::Upstream,
            side_digests: SideDigests::default(),
        }
    }

    fn artifact(ecosystem: &str, blobs: &[&[u8]], meta: Value) -> Artifact {
        Artifact {
            ecosystem: ecosystem.to_owned(),
            sections: vec![],
            name: "app".to_owned(),
            version: "1".to_owned(),
            descriptors: blobs.iter().map(|bytes| blob(bytes)).collect(),
            subject: None,
            meta,
        }
    }

    /// A medium that fails.
    struct Failing;

    impl Blobs for Failing {
        fn open(&self, _: &Digest) -> Result<Option<Box<dyn BlobRead>>> {
            Err(Error::io("a blob cannot be read", &std::io::Error::from_raw_os_error(5)))
        }

        fn size(&self, digest: &Digest) -> Result<Option<u64>> {
            self.open(digest).map(|_| None)
        }
    }

    /// Two bundles carry other platforms of one image.
    #[test]
    fn artifacts_that_share_a_blob_are_told_apart() {
        let all = [
            artifact("x", &[b"index", b"one"], json!({})),
            artifact("x", &[b"index", b"other"], json!({})),
            artifact("x", &[b"index", b"one"], json!({ "also": 1 })),
            Artifact { sections: vec!["x.y".to_owned()], ..artifact("x", &[b"index", b"one"], json!({})) },
        ];
        assert_eq!(distinct(&all).len(), 3);
    }

    #[test]
    fn a_failing_medium_fails_and_what_nobody_knows_is_listed() {
        let stranger = artifact("nobodys", &[b"a"], json!({}));
        assert!(matches!(look(&stranger, &Failing).unwrap().examined, Examined::Unreadable(_)));
        let all: Vec<Artifact> = ALL.iter().map(|room| artifact(room.name(), &[b"a"], json!({}))).collect();
        // Most rooms refuse such an entry before they look for its bytes.
        let failed = |artifact: &&Artifact| look(artifact, &Failing).is_err_and(|error| error.kind() == Kind::Failed);
        let file = all.iter().find(failed).expect("some room reads the bytes of any entry");
        assert!(all.iter().any(|refused| matches!(look(refused, &Nowhere).unwrap().examined, Examined::Unreadable(_))));
        let taking = Stocktaking { threads: 2, progress: &Silent };
        assert_eq!(taking.run(Subject::of_lock(), &[&stranger, file], &Failing).unwrap_err().kind(), Kind::Failed);
        assert_eq!(taking.run(Subject::of_lock(), &[&stranger, file], &Nowhere).unwrap().components.len(), 2);
    }
}
