//! Bundles that wait for volumes which have not come yet: what was taken in of them is not pruned, though no snapshot names it.

use super::files::{create_folder, read_own, remove, write_atomic};
use super::layout::{Store, Writer};
use crate::artifact::Digest;
use crate::error::{Error, Kind, Result};
use crate::lock::{Lock, MAX_LOCK_BYTES};
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A bundle of which something was taken in, and not all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiting {
    /// Toolkit name.
    pub name: String,
    /// Release line.
    pub line: String,
    /// Its epoch.
    pub epoch: u64,
    /// Its number.
    pub seq: u64,
}

impl Waiting {
    fn file_name(&self) -> String {
        format!("{}@{}.{}.{}.json", self.name, self.line, self.epoch, self.seq)
    }

    /// The file that names what its recoded blobs are made from.
    fn bases_name(&self) -> String {
        format!("{}@{}.{}.{}.bases", self.name, self.line, self.epoch, self.seq)
    }

    fn from_file_name(name: &str) -> Option<Self> {
        let mut parts = name.strip_suffix(".json")?.rsplitn(3, '.');
        let (seq, epoch) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let (name, line) = parts.next()?.split_once('@')?;
        Some(Self { name: name.to_owned(), line: line.to_owned(), epoch, seq })
    }
}

impl Store {
    fn waiting_folder(&self) -> PathBuf {
        self.root().join("waiting")
    }

    /// The bundles that wait for volumes, sorted.
    pub fn waiting(&self) -> Result<Vec<Waiting>> {
        let mut found: Vec<Waiting> = self.waiting_names()?.iter().filter_map(|name| Waiting::from_file_name(name)).collect();
        found.sort();
        Ok(found)
    }

    fn waiting_names(&self) -> Result<Vec<String>> {
        let folder = self.waiting_folder();
        let wrong = |e: &std::io::Error| Error::io(format!("{} cannot be listed", folder.display()), e);
        let entries = match folder.read_dir() {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(vec![]),
            other => other.map_err(|e| wrong(&e))?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let name = entry.map_err(|e| wrong(&e))?.file_name();
            found.extend(name.into_string().ok());
        }
        Ok(found)
    }

    /// What the recoded blobs of all bundles that wait will be made from.
    pub(super) fn bases_awaited(&self) -> Result<BTreeSet<Digest>> {
        let mut blobs = BTreeSet::new();
        for waiting in self.waiting()? {
            let path = self.waiting_folder().join(waiting.bases_name());
            let Some(bytes) = read_own(&path, MAX_LOCK_BYTES as u64)? else { continue };
            let lines = String::from_utf8_lossy(&bytes);
            let found: Result<Vec<Digest>> = lines.lines().map(Digest::from_hex).collect();
            let damaged = |e: Error| {
                e.of_kind(Kind::Store)
                    .with("file", path.display())
                    .hint("the store is damaged: remove the file and import the bundle again")
            };
            blobs.extend(found.map_err(damaged)?);
        }
        Ok(blobs)
    }

    /// The blobs of all bundles that wait.
    pub(super) fn awaited(&self) -> Result<BTreeSet<Digest>> {
        let mut blobs = BTreeSet::new();
        for waiting in self.waiting()? {
            let path = self.waiting_folder().join(waiting.file_name());
            let damaged = |e: Error| {
                e.of_kind(Kind::Store).hint("the store is damaged: remove the file and import the bundle again, from its first volume on")
            };
            if let Some(bytes) = read_own(&path, MAX_LOCK_BYTES as u64)? {
                blobs.extend(Lock::parse(path.display(), &bytes).map_err(damaged)?.blobs().into_keys());
            }
        }
        Ok(blobs)
    }
}

impl Writer {
    /// Keeps what is taken in of a bundle, and what its recoded blobs are made from, from being pruned, until it is installed or given up.
    pub fn await_rest(&self, waiting: &Waiting, lock: &[u8], bases: &[Digest]) -> Result<()> {
        if bases.is_empty() {
            // Another bundle of that number may have left one.
            remove(&self.store().waiting_folder().join(waiting.bases_name()))?;
        } else {
            create_folder(&self.store().waiting_folder())?;
            let lines: String = bases.iter().map(|base| format!("{}\n", base.hex())).collect();
            write_atomic(&self.store().waiting_folder().join(waiting.bases_name()), lines.as_bytes())?;
        }
        let path = self.store().waiting_folder().join(waiting.file_name());
        if read_own(&path, MAX_LOCK_BYTES as u64).is_ok_and(|there| there.is_some_and(|there| there == lock)) {
            return Ok(());
        }
        create_folder(&self.store().waiting_folder())?;
        write_atomic(&path, lock)
    }

    /// Nothing is waited for any more by a bundle, nor by those of its line before it, which could not be installed now.
    pub fn await_no_more(&self, done: &Waiting) -> Result<()> {
        let before = |w: &Waiting| (&w.name, &w.line) == (&done.name, &done.line) && (w.epoch, w.seq) <= (done.epoch, done.seq);
        let over: Vec<Waiting> = self.store().waiting()?.into_iter().filter(before).collect();
        self.forget_waiting(&over)
    }

    /// Gives up all bundles that wait: what was taken in of them may be pruned.
    pub fn give_up_waiting(&self) -> Result<()> {
        let all = self.store().waiting()?;
        self.forget_waiting(&all)
    }

    fn forget_waiting(&self, over: &[Waiting]) -> Result<()> {
        let folder = self.store().waiting_folder();
        over.iter().try_for_each(|w| remove(&folder.join(w.file_name())))?;
        // Bases go last: without them what still waits could lose what it is made from. A kill in between leaves some that nothing waits
        // for; they go as well.
        let left: BTreeSet<String> = self.store().waiting()?.iter().map(Waiting::bases_name).collect();
        let over = |name: &String| Path::new(name).extension().is_some_and(|ending| ending == "bases") && !left.contains(name);
        self.store().waiting_names()?.iter().filter(|name| over(name)).try_for_each(|name| remove(&folder.join(name)))
    }
}
