//! The proof that a lock's blobs are at hand: what pack starts from, and nothing else will do.

use crate::artifact::Digest;
use crate::error::{Error, Kind, Result};
use crate::lock::Lock;
use crate::store::Store;
use std::collections::BTreeSet;

/// A lock all of whose blobs are in the store.
#[derive(Debug)]
pub struct Fetched {
    lock: Lock,
}

impl Fetched {
    /// Looks up every blob by digest and size; `Kind::Incomplete` names the first that is missing.
    pub fn of(lock: Lock, store: &Store) -> Result<Self> {
        for artifact in &lock.artifacts {
            for blob in &artifact.descriptors {
                if !store.has(&blob.digest, blob.size)? {
                    return Err(Error::new(Kind::Incomplete, format!("{}: not in the store yet", artifact.label()))
                        .with("blob", blob.digest)
                        .hint("bring it in with: airlift fetch"));
                }
            }
        }
        Ok(Self { lock })
    }

    /// The same where only some blobs are carried as they are: these are looked up.
    pub fn carried(lock: Lock, plain: &BTreeSet<Digest>, store: &Store) -> Result<Self> {
        for (digest, size) in lock.blobs().into_iter().filter(|(digest, _)| plain.contains(digest)) {
            if !store.has(&digest, size)? {
                return Err(Error::new(Kind::Incomplete, format!("{digest} is not in the store")).hint("run the command again"));
            }
        }
        Ok(Self { lock })
    }

    /// The lock.
    pub fn lock(&self) -> &Lock {
        &self.lock
    }
}
