//! What keys of a policy say of artifacts: which are for one, and which of everything that is judged may hold its signatures.

use super::stands_beside;
use crate::artifact::{Artifact, Blobs, Digest};
use crate::ecosystems::find;
use crate::error::Result;
use crate::publisher::{Judgement, Looked, UpstreamKey};
use crate::report::Inventory;
use crate::steps::sbom::distinct;
use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

/// The keys of a policy, and what stands beside what.
pub(super) struct Judges<'a> {
    keys: &'a [UpstreamKey],
    beside: BTreeMap<Digest, Vec<&'a Artifact>>,
    blobs: &'a dyn Blobs,
}

impl<'a> Judges<'a> {
    /// Those who judge what keys are for. Without keys nothing is looked for.
    pub(super) fn new(keys: &'a [UpstreamKey], all: &[&'a Artifact], blobs: &'a dyn Blobs) -> Self {
        if keys.is_empty() { Self { keys, beside: BTreeMap::new(), blobs } } else { Self::of_everything(keys, all, blobs) }
    }

    /// The same who look at what no key is for as well.
    pub(super) fn of_everything(keys: &'a [UpstreamKey], all: &[&'a Artifact], blobs: &'a dyn Blobs) -> Self {
        let mut beside: BTreeMap<Digest, Vec<&Artifact>> = BTreeMap::new();
        for (subject, artifact) in all.iter().filter_map(|artifact| Some((artifact.subject?, artifact))) {
            beside.entry(subject).or_default().push(artifact);
        }
        Self { keys, beside, blobs }
    }

    /// What the keys that are for it say of an artifact.
    pub(super) fn of(&self, artifact: &Artifact) -> Result<Judgement> {
        let keys = self.keys_for(artifact);
        if keys.is_empty() { Ok(Judgement::Unkeyed) } else { Ok(self.look(artifact, &keys)?.judgement()) }
    }

    /// The same, and which signatures are carried, whether keys are for it or not.
    pub(super) fn judged(&self, artifact: &Artifact) -> Result<(Judgement, Looked)> {
        let keys = self.keys_for(artifact);
        let looked = self.look(artifact, &keys)?;
        Ok((if keys.is_empty() { Judgement::Unkeyed } else { looked.judgement() }, looked))
    }

    fn keys_for(&self, artifact: &Artifact) -> Vec<&'a UpstreamKey> {
        let name = format!("{}/{}", artifact.ecosystem, artifact.name);
        self.keys.iter().filter(|key| key.is_for(&name)).collect()
    }

    fn look(&self, artifact: &Artifact, keys: &[&UpstreamKey]) -> Result<Looked> {
        let Ok(room) = find(&artifact.ecosystem) else { return Ok(Looked::nothing("nothing here knows its ecosystem")) };
        let own = artifact.descriptors.iter().filter_map(|blob| self.beside.get(&blob.digest)).flatten();
        let beside: Vec<&Artifact> = own.copied().filter(|other| other.ecosystem == artifact.ecosystem).collect();
        room.signed(artifact, &beside, keys, self.blobs)
    }
}

/// What keys say of artifacts, counted; those that are only there for another one, such as signatures, are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Signatures {
    /// A key that is for it signed it.
    pub verified: usize,
    /// It has signatures, and none by a key that is for it and of this content.
    pub wrong: usize,
    /// A key is for it, and nothing is carried that this key could judge.
    pub missing: usize,
    /// A key is for it, and what it would judge is not here.
    pub not_here: usize,
    /// No key is for it.
    pub unkeyed: usize,
}

/// Judges the signatures of artifacts whose inventory has been taken.
pub fn signatures<A: Borrow<Artifact>>(
    keys: &[UpstreamKey],
    artifacts: &[A],
    inventory: &Inventory,
    blobs: &dyn Blobs,
) -> Result<Signatures> {
    let all = distinct(artifacts);
    let (judges, mut counts) = (Judges::new(keys, &all, blobs), Signatures::default());
    for artifact in themselves(&all, inventory) {
        *match judges.of(artifact)? {
            Judgement::Unkeyed => &mut counts.unkeyed,
            Judgement::NotHere(_) => &mut counts.not_here,
            Judgement::Missing(_) => &mut counts.missing,
            Judgement::Wrong(_) => &mut counts.wrong,
            Judgement::Verified(_) => &mut counts.verified,
        } += 1;
    }
    Ok(counts)
}

/// Those that are not only there for another one.
fn themselves<'a>(all: &[&'a Artifact], inventory: &Inventory) -> Vec<&'a Artifact> {
    let here: BTreeSet<Digest> = all.iter().flat_map(|artifact| artifact.descriptors.iter().map(|blob| blob.digest)).collect();
    let with = all.iter().zip(&inventory.components);
    with.filter(|(artifact, component)| !stands_beside(artifact, component, &here)).map(|(artifact, _)| *artifact).collect()
}

/// Tells of each of these artifacts, whether keys are for it or not, which signatures of its publisher are carried and what they come to.
pub fn published<A: Borrow<Artifact>>(
    keys: &[UpstreamKey],
    artifacts: &[A],
    inventory: &Inventory,
    blobs: &dyn Blobs,
    mut each: impl FnMut(&Artifact, &Judgement, &Looked) -> Result<()>,
) -> Result<()> {
    let all = distinct(artifacts);
    let judges = Judges::of_everything(keys, &all, blobs);
    themselves(&all, inventory).into_iter().try_for_each(|artifact| {
        let (judgement, looked) = judges.judged(artifact)?;
        each(artifact, &judgement, &looked)
    })
}
