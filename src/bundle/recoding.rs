//! What of a lock a bundle need not carry as it is: decided and made before the first byte of a volume is written.

use super::bases::Bases;
use crate::artifact::Digest;
use crate::lock::Lock;
use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;

/// Blobs that are left out, and streams that stand for others. Nothing by default: then every blob is carried.
#[derive(Debug, Default)]
pub struct Recoding {
    /// What the receiver is taken to have.
    pub bases: Bases,
    /// The stream of each recoded blob.
    pub streams: BTreeMap<Digest, Stream>,
}

/// A recoded stream in a file, which may hold several.
#[derive(Debug)]
pub struct Stream {
    /// The file.
    pub file: Arc<File>,
    /// Where the stream begins.
    pub at: u64,
    /// Length of the stream in bytes.
    pub length: u64,
}

impl Recoding {
    /// Bytes of content that a bundle of a lock carries: blobs as they are, and streams.
    pub fn carried(&self, lock: &Lock) -> u64 {
        let blobs = lock.blobs().into_iter().filter(|(digest, _)| !self.bases.granted.contains_key(digest));
        blobs.map(|(digest, size)| self.streams.get(&digest).map_or(size, |stream| stream.length)).sum()
    }

    /// Whether the bundle is like one that knows nothing of this.
    pub fn is_empty(&self) -> bool {
        self.bases.is_empty() && self.streams.is_empty()
    }
}
