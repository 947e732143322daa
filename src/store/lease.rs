//! A reader's lease on a snapshot: while a process holds it, pruning keeps the snapshot's blobs.

use super::layout::Store;
use crate::error::{Error, Result};
use std::fs::{File, TryLockError};

/// Keeps one snapshot from being pruned until dropped, or until the process ends, however it ends.
#[derive(Debug)]
pub struct Lease {
    file: File,
}

impl Drop for Lease {
    /// As with the writer's lock: a child process may still have a copy of the file.
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

impl Store {
    /// Takes a lease on a snapshot.
    pub fn lease(&self, number: u64) -> Result<Lease> {
        let path = self.snapshot_path(number);
        let wrong = |e: &std::io::Error| Error::io(format!("{} cannot be leased", path.display()), e);
        let file = File::open(&path).map_err(|e| wrong(&e))?;
        file.lock_shared().map_err(|e| wrong(&e))?;
        Ok(Lease { file })
    }

    /// Whether a process holds a lease on a snapshot.
    pub(super) fn leased(&self, number: u64) -> Result<bool> {
        let path = self.snapshot_path(number);
        let wrong = |e: &std::io::Error| Error::io(format!("{} cannot be checked for leases", path.display()), e);
        let file = File::open(&path).map_err(|e| wrong(&e))?;
        match file.try_lock() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(e)) => Err(wrong(&e)),
        }
    }
}
