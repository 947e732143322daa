//! A bounded memory of things that can be made again: the least recently used go first.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

/// What an entry costs beside its bytes, in bytes.
const ENTRY: usize = 256;

/// Values by key, together at most so many bytes.
#[derive(Debug)]
pub struct Kept<K, V> {
    values: HashMap<K, (u64, usize, V)>,
    uses: BTreeMap<u64, K>,
    clock: u64,
    size: usize,
    most: usize,
}

impl<K: Hash + Eq + Copy, V: Clone> Kept<K, V> {
    /// Nothing yet, and never more than `most` bytes.
    pub fn new(most: usize) -> Self {
        Self { values: HashMap::new(), uses: BTreeMap::new(), clock: 0, size: 0, most }
    }

    /// The value, which thereby becomes the most recently used.
    pub fn get(&mut self, key: &K) -> Option<V> {
        let (used, _, value) = self.values.get_mut(key)?;
        self.clock += 1;
        self.uses.remove(used);
        self.uses.insert(self.clock, *key);
        *used = self.clock;
        Some(value.clone())
    }

    /// Keeps a value that takes so many bytes; one too large for all the room is not kept.
    pub fn keep(&mut self, key: K, value: V, bytes: usize) {
        let cost = bytes + ENTRY;
        if cost > self.most {
            return;
        }
        self.clock += 1;
        if let Some((used, cost, _)) = self.values.insert(key, (self.clock, cost, value)) {
            self.uses.remove(&used);
            self.size -= cost;
        }
        self.uses.insert(self.clock, key);
        self.size += cost;
        while self.size > self.most
            && let Some((_, oldest)) = self.uses.pop_first()
            && let Some((_, cost, _)) = self.values.remove(&oldest)
        {
            self.size -= cost;
        }
    }
}
