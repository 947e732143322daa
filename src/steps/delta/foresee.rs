//! What a bundle would cost, before it is built: by the same decisions as packing it.

use super::prepare::{Decided, Job, PHASE, Preparing, Shelf, decide, recode};
use crate::artifact::{Artifact, Digest};
use crate::error::Result;
use std::collections::{BTreeMap, BTreeSet};

/// A blob that would be recoded, and what it is compared with for that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resembling {
    /// Its artifact.
    pub artifact: String,
    /// The blob.
    pub digest: Digest,
    /// Its bytes.
    pub size: u64,
    /// What it is compared with, the likeliest first: artifact, digest, size. Nothing where it is recoded for itself.
    pub bases: Vec<(String, Digest, u64)>,
}

/// Blobs, and their bytes.
pub type Sum = (usize, u64);

/// What a bundle would cost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cost {
    /// What is left out: exactly this.
    pub left_out: Sum,
    /// What would be carried as it is: no more than that.
    pub whole: Sum,
    /// What would be recoded: no more than that.
    pub recoded: Sum,
    /// What is carried only because a receiver asks for it once more.
    pub asked: Sum,
    /// How many blobs are asked for that the lock does not have.
    pub unknown: usize,
    /// What is not in the store yet of all that the lock has.
    pub absent: Sum,
    /// Each blob that would be recoded.
    pub resembling: Vec<Resembling>,
}

impl Cost {
    /// No more than that is carried.
    pub fn most(&self) -> u64 {
        self.whole.1.saturating_add(self.recoded.1)
    }
}

fn sum<'b>(blobs: impl Iterator<Item = (&'b Digest, &'b u64)>) -> Sum {
    blobs.fold((0, 0), |(count, bytes), (_, size)| (count + 1, bytes.saturating_add(*size)))
}

/// Says what a bundle would cost. No blob of it has to be here for that.
pub fn foresee(work: &Preparing<'_>) -> Result<Cost> {
    foreseen(work).map(|(cost, _)| cost)
}

fn foreseen(work: &Preparing<'_>) -> Result<(Cost, Vec<Job>)> {
    let (blobs, request) = (work.lock.blobs(), &work.shape.request);
    let Decided { bases, jobs } = decide(work)?;
    let chosen: BTreeSet<Digest> = jobs.iter().map(|job| job.digest).collect();
    let is_whole = |digest: &Digest| !bases.granted.contains_key(digest) && !chosen.contains(digest);
    let mut absent = BTreeMap::new();
    for (digest, size) in &blobs {
        if !work.store.has(digest, *size)? {
            absent.insert(*digest, *size);
        }
    }
    let holds = |digest: &Digest| request.holds(digest);
    let cost = Cost {
        left_out: sum(bases.granted.iter()),
        whole: sum(blobs.iter().filter(|(digest, _)| is_whole(digest))),
        recoded: sum(jobs.iter().map(|job| (&job.digest, &job.size))),
        asked: sum(blobs.iter().filter(|(digest, _)| holds(digest) && work.shape.is_everywhere(digest))),
        unknown: request.len().saturating_sub(blobs.keys().filter(|digest| holds(digest)).count()),
        absent: sum(absent.iter()),
        resembling: resembling(work, &jobs),
    };
    Ok((cost, jobs))
}

/// The blobs that would be recoded, by the names of their artifacts.
fn resembling(work: &Preparing<'_>, jobs: &[Job]) -> Vec<Resembling> {
    let mut owners: BTreeMap<Digest, &Artifact> = BTreeMap::new();
    let known = work.shape.sites.iter().flat_map(|site| &site.artifacts);
    for artifact in work.lock.artifacts.iter().chain(known) {
        for blob in &artifact.descriptors {
            owners.entry(blob.digest).or_insert(artifact);
        }
    }
    let owner = |digest: &Digest| owners.get(digest).map_or_else(|| digest.to_string(), |artifact| artifact.label());
    let one = |job: &Job| Resembling {
        artifact: owner(&job.digest),
        digest: job.digest,
        size: job.size,
        bases: job.bases.iter().map(|(digest, size)| (owner(digest), *digest, *size)).collect(),
    };
    jobs.iter().map(one).collect()
}

/// The same, and what the recoded blobs would take as some of them did when they were tried, of at most so many bytes together; `None`
/// where none was.
pub fn estimate(work: &Preparing<'_>, most: u64) -> Result<(Cost, Option<u64>)> {
    let (cost, jobs) = foreseen(work)?;
    let chosen = sample(&jobs, most);
    let tried: u64 = chosen.iter().map(|job| job.size).sum();
    let (shelf, mut came) = (Shelf::new(work.store)?, 0);
    work.progress.begin(PHASE, tried);
    let outcome: Result<()> = chosen.iter().try_for_each(|job| {
        came += recode(work, job, work.threads, &shelf)?.map_or(job.size, |(stream, _)| stream.length);
        Ok(())
    });
    work.progress.end(PHASE);
    outcome?;
    let sampled = (tried > 0).then(|| (u128::from(cost.recoded.1) * u128::from(came) / u128::from(tried)) as u64);
    Ok((cost, sampled))
}

/// Some of the blobs, from all over the lock, of at most so many bytes together.
fn sample(jobs: &[Job], most: u64) -> Vec<&Job> {
    let mut stride = jobs.len().div_ceil(16).max(1);
    loop {
        let mut left = most;
        let fits = |job: &&Job| {
            let fits = job.size <= left;
            left = left.saturating_sub(job.size);
            fits
        };
        let chosen: Vec<&Job> = jobs.iter().step_by(stride).filter(|job| job.size <= most).take_while(fits).collect();
        if !chosen.is_empty() || stride == 1 {
            return chosen;
        }
        stride /= 2;
    }
}
