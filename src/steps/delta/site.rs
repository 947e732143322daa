//! What one receiver has.

use crate::artifact::{Artifact, Digest};
use crate::bundle::{Authentic, BaseRef};
use crate::lock::Lock;
use std::collections::{BTreeMap, BTreeSet};

/// What one receiver has, as far as it is known here.
#[derive(Debug, Default)]
pub struct Site {
    /// By what that is known.
    pub refs: Vec<BaseRef>,
    /// The artifacts that are there.
    pub artifacts: Vec<Artifact>,
    /// The beginnings of the digests that an inventory lists, and nothing where there is none.
    pub listed: Option<BTreeSet<[u8; 8]>>,
    blobs: BTreeSet<Digest>,
}

impl Site {
    /// A receiver that has installed some bundles.
    pub fn with_bundles(bundles: &[Authentic]) -> Self {
        let mut site = Self::default();
        for bundle in bundles {
            let statement = &bundle.statement;
            site.add(&bundle.lock, (bundle.id, statement.epoch, statement.seq));
        }
        site
    }

    /// Adds a bundle that is installed there, by its lock.
    pub fn add(&mut self, lock: &Lock, (id, epoch, seq): (Digest, u64, u64)) {
        self.refs.push(BaseRef::Bundle { id, name: lock.name.clone(), line: lock.line.clone(), epoch, seq });
        self.blobs.extend(lock.blobs().into_keys());
        self.artifacts.extend(lock.artifacts.iter().cloned());
    }

    /// A receiver whose inventory was carried back; `known` are artifacts of which some may be there.
    pub fn with_inventory(inventory: BaseRef, listed: BTreeSet<[u8; 8]>, known: Vec<Artifact>) -> Self {
        Self { refs: vec![inventory], artifacts: known, listed: Some(listed), blobs: BTreeSet::new() }
    }

    /// Whether a blob is there.
    pub fn has(&self, blob: &Digest) -> bool {
        let start = || blob.as_bytes().first_chunk::<8>().copied().unwrap_or_default();
        self.listed.as_ref().map_or_else(|| self.blobs.contains(blob), |listed| listed.contains(&start()))
    }
}

/// The artifacts of all sites, each once.
pub(super) fn artifacts(sites: &[Site]) -> Vec<&Artifact> {
    let mut seen = BTreeMap::new();
    for artifact in sites.iter().flat_map(|site| &site.artifacts) {
        let blobs: Vec<Digest> = artifact.descriptors.iter().map(|d| d.digest).collect();
        seen.entry((&artifact.ecosystem, &artifact.name, &artifact.version, blobs)).or_insert(artifact);
    }
    seen.into_values().collect()
}
