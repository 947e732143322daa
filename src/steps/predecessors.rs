//! What a bundle is judged against: what is installed, and what would be installed before it of the same medium.

use super::import::mark;
use crate::artifact::Digest;
use crate::bundle::{Authentic, Statement};
use crate::error::Result;
use crate::lock::Lock;
use crate::store::{Installed, Store};
use crate::trust::Mark;
use std::collections::BTreeMap;

/// The bundles that come before one.
#[derive(Debug)]
pub struct Predecessors<'a> {
    store: &'a Store,
    coming: Vec<(Installed, Lock)>,
    brought: BTreeMap<Digest, u64>,
}

impl<'a> Predecessors<'a> {
    /// Those that are installed.
    pub const fn in_store(store: &'a Store) -> Self {
        Self { store, coming: Vec::new(), brought: BTreeMap::new() }
    }

    /// Counts a bundle among them, as one that would be installed.
    pub fn push(&mut self, bundle: &Authentic) {
        let statement = &bundle.statement;
        let installed = Installed {
            bundle: bundle.id,
            name: statement.name.clone(),
            line: statement.line.clone(),
            epoch: statement.epoch,
            seq: statement.seq,
            lock: bundle.lock_digest(),
        };
        self.brought.extend(bundle.lock.blobs());
        self.coming.push((installed, bundle.lock.clone()));
    }

    /// The store.
    pub const fn store(&self) -> &'a Store {
        self.store
    }

    /// All bundles that were ever accepted, and those to come.
    pub fn accepted(&self) -> Result<Vec<Installed>> {
        Ok(self.store.accepted()?.into_iter().chain(self.coming.iter().map(|(installed, _)| installed.clone())).collect())
    }

    /// The marks of all of them.
    pub fn marks(&self) -> Result<Vec<Mark>> {
        Ok(self.accepted()?.iter().map(mark).collect())
    }

    /// The bundle of the same toolkit and line that is served when the turn of this one comes.
    pub fn of_line(&self, statement: &Statement) -> Result<Option<Installed>> {
        let same = |i: &Installed| (&i.name, &i.line) == (&statement.name, &statement.line);
        if let Some((coming, _)) = self.coming.iter().rfind(|(installed, _)| same(installed)) {
            return Ok(Some(coming.clone()));
        }
        let current = self.store.current()?.map_or_else(Vec::new, |snapshot| snapshot.bundles);
        Ok(current.into_iter().find(same))
    }

    /// Whether a bundle that would be installed brings a blob of that size.
    pub fn brings(&self, blob: &Digest, size: u64) -> bool {
        self.brought.get(blob) == Some(&size)
    }

    /// Whether a bundle is not installed yet.
    pub fn is_coming(&self, installed: &Installed) -> bool {
        self.coming.iter().any(|(coming, _)| coming.bundle == installed.bundle)
    }

    /// The lock of one of them.
    pub fn lock_of(&self, installed: &Installed) -> Result<Lock> {
        match self.coming.iter().find(|(coming, _)| coming.bundle == installed.bundle) {
            Some((_, lock)) => Ok(lock.clone()),
            None => self.store.lock_of(installed),
        }
    }
}
