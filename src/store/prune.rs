//! Garbage collection: mark from snapshots, held locks, leases and bundles that wait for volumes; remove the rest. Refuses to run when any list is unreadable.

use super::files::remove;
use super::layout::{Store, Writer};
use super::stretch::blob_of;
use crate::artifact::Digest;
use crate::error::{Error, Result};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::SystemTime;
use walkdir::WalkDir;

/// What pruning removed, or would remove.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Blobs that nothing names.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Blobs that are named and stay.
    pub kept: u64,
    /// Snapshots whose blobs were kept.
    pub snapshots: Vec<u64>,
}

impl Writer {
    /// Removes blobs that neither the current snapshot, the `keep` snapshots it was made from, a leased snapshot, a held lock nor a bundle
    /// that waits for volumes names, and that are older than `cutoff`. Of what such a bundle names, the unfinished blobs stay as well. Statements, signatures, locks and snapshot lists always stay: they are the record.
    pub fn prune(&self, keep: usize, cutoff: SystemTime, dry_run: bool) -> Result<Pruned> {
        let store = self.store();
        let mut pruned = Pruned { snapshots: store.kept_snapshots(keep)?, ..Pruned::default() };
        let (named, awaited) = (store.named(&pruned.snapshots)?, store.awaited()?);
        for (path, digest) in store.blob_files()? {
            let waits = || blob_of(&path).is_some_and(|blob| awaited.contains(&blob));
            if digest.is_some_and(|d| named.contains(&d)) || waits() {
                pruned.kept += 1;
                continue;
            }
            let metadata = path.metadata().map_err(|e| Error::io(format!("{} cannot be read", path.display()), &e))?;
            if metadata.modified().is_ok_and(|changed| changed > cutoff) {
                pruned.kept += 1;
                continue;
            }
            pruned.blobs += 1;
            pruned.bytes += metadata.len();
            if !dry_run {
                remove(&path)?;
            }
        }
        Ok(pruned)
    }
}

impl Store {
    /// The numbers of the current snapshot, the `keep` it was made from and those that are leased: what they name is not pruned.
    pub fn kept_snapshots(&self, keep: usize) -> Result<Vec<u64>> {
        let all = self.snapshots()?;
        let mut kept = BTreeSet::new();
        let mut next = self.current()?;
        while let Some(snapshot) = next.filter(|_| kept.len() <= keep) {
            kept.insert(snapshot.number);
            next = snapshot.parent.map(|parent| self.snapshot(parent)).transpose()?;
        }
        for snapshot in &all {
            if self.leased(snapshot.number)? {
                kept.insert(snapshot.number);
            }
        }
        Ok(kept.into_iter().collect())
    }

    fn named(&self, snapshots: &[u64]) -> Result<BTreeSet<Digest>> {
        let mut named = BTreeSet::new();
        for number in snapshots {
            for bundle in &self.snapshot(*number)?.bundles {
                named.extend(self.lock_of(bundle)?.blobs().into_keys());
            }
        }
        for lock in self.held()?.into_iter().chain(self.last_sent()?) {
            named.extend(lock.blobs().into_keys());
        }
        named.extend(self.bases_awaited()?);
        Ok(named)
    }

    /// Every file under `blobs/` and `partial/` with the digest its name stands for; `None` for a name that is no digest, and for
    /// unfinished blobs, which no list names.
    pub(super) fn blob_files(&self) -> Result<Vec<(PathBuf, Option<Digest>)>> {
        let mut files = Vec::new();
        for (folder, finished) in [("blobs/sha256", true), ("partial", false)] {
            let folder = self.root().join(folder);
            for entry in WalkDir::new(&folder).min_depth(1).max_depth(2) {
                let entry = entry.map_err(|e| Error::failed(format!("{} cannot be listed", folder.display())).because(&e))?;
                if entry.file_type().is_file() {
                    let digest = entry.file_name().to_str().filter(|_| finished).and_then(|name| Digest::from_hex(name).ok());
                    files.push((entry.into_path(), digest));
                }
            }
        }
        files.sort();
        Ok(files)
    }
}
