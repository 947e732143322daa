//! A small cache bounded in bytes: the METADATA documents asked for last.

use crate::artifact::Digest;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Keeps what was used last, up to a number of bytes.
pub struct Cache {
    most: usize,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    bytes: usize,
    clock: u64,
    by_key: BTreeMap<Digest, (u64, Bytes)>,
    by_use: BTreeMap<u64, Digest>,
}

/// What an entry costs besides its bytes.
const OVERHEAD: usize = 200;

impl Cache {
    /// An empty cache that holds at most that many bytes.
    pub fn new(most: usize) -> Self {
        Self { most, held: Mutex::default() }
    }

    /// A document, which thereby becomes the one used last.
    pub fn get(&self, key: &Digest) -> Option<Bytes> {
        let mut held = self.held();
        held.clock += 1;
        let now = held.clock;
        let (used, bytes) = held.by_key.get_mut(key)?;
        let (before, bytes) = (std::mem::replace(used, now), bytes.clone());
        held.by_use.remove(&before);
        held.by_use.insert(now, *key);
        Some(bytes)
    }

    /// Keeps a document and lets go of those not used for longest.
    pub fn put(&self, key: Digest, bytes: Bytes) {
        let mut held = self.held();
        if bytes.len() + OVERHEAD > self.most || held.by_key.contains_key(&key) {
            return;
        }
        held.clock += 1;
        let now = held.clock;
        held.bytes += bytes.len() + OVERHEAD;
        held.by_key.insert(key, (now, bytes));
        held.by_use.insert(now, key);
        while held.bytes > self.most {
            let Some((_, oldest)) = held.by_use.pop_first() else { break };
            if let Some((_, gone)) = held.by_key.remove(&oldest) {
                held.bytes -= gone.len() + OVERHEAD;
            }
        }
    }

    /// A thread that died holding the lock leaves at worst an entry too few.
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
