//! Snapshots: immutable lists of what is installed, and the pointer to the one that is served.

use super::files::{read_own, sync_folder, write_atomic};
use super::format::{MAX_SNAPSHOT_BYTES, RESTORE, WireCurrent, current_bytes, parse_current, parse_snapshot, snapshot_bytes};
use super::layout::{Store, Writer};
use crate::artifact::Digest;
use crate::error::{Error, Kind, Result};
use crate::lock::{Lock, MAX_LOCK_BYTES};
use std::collections::BTreeMap;

/// One installed bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// SHA-256 of its statement: the bundle id.
    pub bundle: Digest,
    /// Toolkit name.
    pub name: String,
    /// Release line.
    pub line: String,
    /// Epoch of the line.
    pub epoch: u64,
    /// Number in the line.
    pub seq: u64,
    /// SHA-256 of its lock.
    pub lock: Digest,
}

/// The immutable list of what is installed after one import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Its number, from 1.
    pub number: u64,
    /// The snapshot it was made from.
    pub parent: Option<u64>,
    /// The bundles, oldest first.
    pub bundles: Vec<Installed>,
}

impl Store {
    /// The pointer, which names every snapshot that may have been committed: a kill leaves one list above it, more are marks that would
    /// be forgotten.
    fn pointer(&self) -> Result<Option<WireCurrent>> {
        // Before the pointer is read: another process may commit meanwhile.
        let last = self.last_list()?;
        let pointer = read_own(&self.current_path(), 4096)?.map(|bytes| parse_current(&bytes)).transpose()?;
        let highest = pointer.map_or(0, |pointer| pointer.highest);
        match last {
            Some(last) if last > highest.saturating_add(1) => {
                let what = if pointer.is_none() { "is missing" } else { "is older than the lists of snapshots" };
                Err(Error::new(Kind::Store, format!("the store's pointer `current` {what}, and with it which bundles were accepted"))
                    .with("file", self.current_path().display())
                    .with("found", format!("snapshots/{last}.json"))
                    .hint(RESTORE))
            }
            _ => Ok(pointer),
        }
    }

    /// The highest number a file among the lists has.
    fn last_list(&self) -> Result<Option<u64>> {
        let folder = self.root().join("snapshots");
        let wrong = |e: &std::io::Error| Error::io(format!("{} cannot be listed", folder.display()), e);
        let mut last = None;
        for entry in std::fs::read_dir(&folder).map_err(|e| wrong(&e))? {
            let name = entry.map_err(|e| wrong(&e))?.file_name();
            last = last.max(name.to_str().and_then(|name| name.strip_suffix(".json")?.parse().ok()));
        }
        Ok(last)
    }

    /// The snapshot that is served; `None` before the first import.
    pub fn current(&self) -> Result<Option<Snapshot>> {
        self.pointer()?.map(|pointer| self.snapshot(pointer.snapshot)).transpose()
    }

    /// A snapshot by number. [`Kind::Usage`] where none of that number was ever made.
    pub fn snapshot(&self, number: u64) -> Result<Snapshot> {
        let what = format!("snapshot {number}");
        let path = self.snapshot_path(number);
        let lost = || match self.highest() {
            Ok(highest) if number == 0 || number > highest => never_made(number, highest),
            _ => Error::new(Kind::Store, format!("the list of {what} is missing, and with it which bundles were accepted"))
                .with("expected", path.display())
                .hint("lists are never removed, so the store is damaged: put the file back from a backup of the store"),
        };
        let snapshot = parse_snapshot(&what, &read_own(&path, MAX_SNAPSHOT_BYTES)?.ok_or_else(lost)?)?;
        if snapshot.number != number {
            return Err(Error::new(Kind::Store, format!("{what} says it is snapshot {}", snapshot.number)));
        }
        match snapshot.parent {
            Some(parent) if parent >= number => Err(Error::new(Kind::Store, format!("{what} says it was made from snapshot {parent}"))),
            _ => Ok(snapshot),
        }
    }

    /// The numbers of the snapshot that is served and of the highest ever committed; `None` before the first import.
    pub fn pointed(&self) -> Result<Option<(u64, u64)>> {
        Ok(self.pointer()?.map(|pointer| (pointer.snapshot, pointer.highest)))
    }

    /// SHA-256 of a snapshot's list.
    pub fn snapshot_digest(&self, number: u64) -> Result<Digest> {
        let path = self.snapshot_path(number);
        let lost = || Error::new(Kind::Store, format!("the list of snapshot {number} is missing")).with("expected", path.display());
        Ok(Digest::of(&read_own(&path, MAX_SNAPSHOT_BYTES)?.ok_or_else(lost)?))
    }

    /// The number of the snapshot that was committed last; 0 before the first import.
    pub(super) fn highest(&self) -> Result<u64> {
        Ok(self.pointer()?.map_or(0, |pointer| pointer.highest))
    }

    /// Every committed snapshot, oldest first. A list that is missing is an error: its marks would be forgotten.
    pub fn snapshots(&self) -> Result<Vec<Snapshot>> {
        (1..=self.highest()?).map(|n| self.snapshot(n)).collect()
    }

    /// Every bundle ever accepted, with the marks it set. Rolling back does not take one away: a mark never falls.
    pub fn accepted(&self) -> Result<Vec<Installed>> {
        let mut seen = BTreeMap::new();
        for installed in self.snapshots()?.into_iter().flat_map(|s| s.bundles) {
            seen.insert((installed.line.clone(), installed.name.clone(), installed.epoch, installed.seq), installed);
        }
        Ok(seen.into_values().collect())
    }

    /// Makes the names of all finished blobs durable; must come before the pointer moves.
    fn sync_blob_folders(&self) -> Result<()> {
        let root = self.root().join("blobs/sha256");
        let entries = std::fs::read_dir(&root).map_err(|e| Error::io(format!("{} cannot be listed", root.display()), &e))?;
        for entry in entries {
            sync_folder(&entry.map_err(|e| Error::io(format!("{} cannot be listed", root.display()), &e))?.path())?;
        }
        sync_folder(&root)
    }

    /// The lock of an installed bundle, checked against its digest.
    pub fn lock_of(&self, installed: &Installed) -> Result<Lock> {
        let path = self.bundle_folder(&installed.bundle).join("lock.json");
        let what = format!("the lock of {} {}", installed.name, installed.seq);
        let damaged = |why: &str| {
            Error::new(Kind::Store, format!("{what} {why}")).with("file", path.display()).hint("the store is damaged: airlift scrub")
        };
        let bytes = read_own(&path, MAX_LOCK_BYTES as u64)?.ok_or_else(|| damaged("is missing"))?;
        if Digest::of(&bytes) != installed.lock {
            return Err(damaged("is not the one that was signed"));
        }
        Lock::parse(what, &bytes)
    }
}

impl Store {
    /// Refuses a snapshot whose blobs are not all here: pruned, discarded, or lost.
    fn check_complete(&self, snapshot: &Snapshot) -> Result<()> {
        for bundle in &snapshot.bundles {
            for (digest, size) in self.lock_of(bundle)?.blobs() {
                if !self.has(&digest, size)? {
                    return Err(Error::new(
                        Kind::Incomplete,
                        format!("snapshot {} cannot be served: its blobs are no longer all here", snapshot.number),
                    )
                    .with("missing", format!("{digest} of {} {}", bundle.name, bundle.seq))
                    .hint("import that bundle again"));
                }
            }
        }
        Ok(())
    }
}

/// A snapshot whose list and blobs are durable, and which is not served yet.
#[derive(Debug)]
pub struct Staged {
    snapshot: Snapshot,
    highest: u64,
    list: Digest,
}

impl Staged {
    /// Its number.
    pub fn number(&self) -> u64 {
        self.snapshot.number
    }

    /// SHA-256 of its list, `snapshots/N.json`.
    pub fn list(&self) -> Digest {
        self.list
    }
}

impl Writer {
    /// Makes a new snapshot from the current one with one more bundle. A bundle of the same toolkit and line takes the place of its
    /// predecessor. Nothing is served of it before [`Writer::install`].
    pub fn stage(&self, bundle: Installed) -> Result<Staged> {
        let store = self.store();
        let pointer = store.pointer()?;
        let mut bundles = store.current()?.map_or_else(Vec::new, |s| s.bundles);
        bundles.retain(|b| (&b.name, &b.line) != (&bundle.name, &bundle.line));
        bundles.push(bundle);
        let number = pointer.map_or(0, |p| p.highest) + 1;
        let snapshot = Snapshot { number, parent: pointer.map(|p| p.snapshot), bundles };
        let list = snapshot_bytes(&snapshot);
        write_atomic(&store.snapshot_path(number), &list)?;
        store.sync_blob_folders()?;
        Ok(Staged { snapshot, highest: number, list: Digest::of(&list) })
    }

    /// Switches to a snapshot: the commit point of an import, and of rolling back.
    pub fn install(&self, staged: Staged) -> Result<Snapshot> {
        self.point(WireCurrent { snapshot: staged.snapshot.number, highest: staged.highest })?;
        Ok(staged.snapshot)
    }

    /// A snapshot to go back (or forward) to, all of which is still there.
    pub fn choose(&self, number: u64) -> Result<Staged> {
        let highest = self.store().highest()?;
        if number == 0 || number > highest {
            return Err(Error::usage(format!("there is no snapshot {number}")).with("highest", highest).hint("airlift status lists them"));
        }
        let snapshot = self.store().snapshot(number)?;
        self.store().check_complete(&snapshot)?;
        let list = self.store().snapshot_digest(number)?;
        Ok(Staged { snapshot, highest, list })
    }

    fn point(&self, current: WireCurrent) -> Result<()> {
        write_atomic(&self.store().current_path(), &current_bytes(current))
    }
}

/// Nobody has asked for anything that was there.
fn never_made(number: u64, highest: u64) -> Error {
    let error = Error::usage(format!("there is no snapshot {number} here"));
    match highest {
        0 => error.hint("nothing has been imported yet"),
        newest => error.with("newest", newest).hint("airlift log show lists what made each"),
    }
}
