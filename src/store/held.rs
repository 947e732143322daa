//! Held locks: on the connected side, what was fetched and must not be pruned though no snapshot names it.

use super::files::{read_own, write_atomic};
use super::layout::{Store, Writer};
use crate::error::{Error, Kind, Result};
use crate::lock::{Lock, MAX_LOCK_BYTES};

impl Writer {
    /// Holds the blobs of a lock; an earlier lock of the same toolkit and line is let go.
    pub fn hold(&self, lock: &Lock) -> Result<()> {
        let path = self.store().held_folder().join(format!("{}@{}.json", lock.name, lock.line));
        write_atomic(&path, &lock.to_bytes())
    }
}

impl Store {
    /// All held locks.
    pub fn held(&self) -> Result<Vec<Lock>> {
        let folder = self.held_folder();
        let wrong = |e: &std::io::Error| Error::io(format!("{} cannot be listed", folder.display()), e);
        let mut locks = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(|e| wrong(&e))? {
            let path = entry.map_err(|e| wrong(&e))?.path();
            if path.extension().is_some_and(|e| e == "json")
                && let Some(bytes) = read_own(&path, MAX_LOCK_BYTES as u64)?
            {
                let damaged = |e: Error| e.of_kind(Kind::Store).hint("the store is damaged: remove the file and fetch its lock again");
                locks.push(Lock::parse(path.display(), &bytes).map_err(damaged)?);
            }
        }
        Ok(locks)
    }
}
