//! What keys of a policy say of artifacts: which are for one, and which of everything that is judged may hold its signatures.

use crate::artifact::{Artifact, Blobs, Digest};
use crate::ecosystems::find;
use crate::error::Result;
use crate::publisher::{Judgement, UpstreamKey};
use std::collections::BTreeMap;

/// The keys of a policy, and what stands beside what.
pub(super) struct Judges<'a> {
    keys: &'a [UpstreamKey],
    beside: BTreeMap<Digest, Vec<&'a Artifact>>,
    blobs: &'a dyn Blobs,
}

impl<'a> Judges<'a> {
    pub(super) fn new(keys: &'a [UpstreamKey], all: &[&'a Artifact], blobs: &'a dyn Blobs) -> Self {
        let mut beside: BTreeMap<Digest, Vec<&Artifact>> = BTreeMap::new();
        // Without keys nothing is looked for.
        for artifact in all.iter().filter(|_| !keys.is_empty()) {
            if let Some(subject) = artifact.subject {
                beside.entry(subject).or_default().push(artifact);
            }
        }
        Self { keys, beside, blobs }
    }

    /// What the keys that are for it say of an artifact.
    pub(super) fn of(&self, artifact: &Artifact) -> Result<Judgement> {
        let name = format!("{}/{}", artifact.ecosystem, artifact.name);
        let keys: Vec<&UpstreamKey> = self.keys.iter().filter(|key| key.is_for(&name)).collect();
        if keys.is_empty() {
            return Ok(Judgement::Unkeyed);
        }
        let Ok(room) = find(&artifact.ecosystem) else {
            return Ok(Judgement::Missing("nothing here knows its ecosystem".to_owned()));
        };
        let own = artifact.descriptors.iter().filter_map(|blob| self.beside.get(&blob.digest)).flatten();
        let beside: Vec<&Artifact> = own.copied().filter(|other| other.ecosystem == artifact.ecosystem).collect();
        room.signed(artifact, &beside, &keys, self.blobs)
    }
}
