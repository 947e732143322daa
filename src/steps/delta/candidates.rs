//! Which blobs a new one is likely to resemble: those of the same artifact in the nearest version, of the same place in it; else those of
//! the same file name; else the one of its kind that is nearest in size.

use crate::artifact::{Artifact, Descriptor, Digest};
use std::collections::{BTreeMap, BTreeSet};

/// A blob in its artifact.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed<'a> {
    pub artifact: &'a Artifact,
    /// Its place among the artifact's blobs.
    pub position: usize,
    pub blob: &'a Descriptor,
    /// Whether the receivers have it; the others come with the bundle.
    pub there: bool,
    /// How many blobs have to be made one after the other before it is there.
    pub depth: usize,
}

/// Most blobs that one is compared with.
const MOST: usize = 2;
/// Most blobs that are made one after the other: each of them is a step of its own for every receiver.
pub(super) const DEEPEST: usize = 4;

/// Blobs that others may be made from.
#[derive(Debug, Default)]
pub(super) struct Candidates<'a> {
    by_name: BTreeMap<(&'a str, &'a str), Vec<Placed<'a>>>,
    by_file: BTreeMap<&'a str, Vec<Placed<'a>>>,
    by_size: BTreeMap<(&'a str, u64), Vec<Placed<'a>>>,
}

impl<'a> Candidates<'a> {
    /// Adds a blob.
    pub fn add(&mut self, placed: Placed<'a>) {
        let (artifact, blob) = (placed.artifact, placed.blob);
        self.by_name.entry((&artifact.ecosystem, &artifact.name)).or_default().push(placed);
        if let Some(name) = &blob.name {
            self.by_file.entry(name).or_default().push(placed);
        }
        // Of what is new, the nearest in size nearly always is something, and rarely like it: only chains would come of that.
        if placed.there {
            self.by_size.entry((&blob.media_type, blob.size)).or_default().push(placed);
        }
    }

    /// What a blob is likely to resemble, best first, and how many blobs are then made one after the other until it is there. Of blobs that
    /// come with the bundle, those before it have been added.
    pub fn of(&self, new: &Placed<'a>) -> (Vec<(Digest, u64)>, usize) {
        let usable = |old: &&Placed<'_>| old.depth < DEEPEST && old.blob.digest != new.blob.digest && old.blob.size > 0;
        let named = self.by_name.get(&(new.artifact.ecosystem.as_str(), new.artifact.name.as_str())).into_iter().flatten();
        let mut found: Vec<_> = named.filter(usable).collect();
        if found.is_empty() {
            let file = new.blob.name.as_deref().and_then(|name| self.by_file.get(name));
            found = file.into_iter().flatten().filter(usable).collect();
        }
        if found.is_empty() {
            found = self.nearest_in_size(new).into_iter().filter(usable).collect();
        }
        found.sort_by_cached_key(|old| distance(old, new));
        let mut seen = BTreeSet::new();
        let chosen: Vec<_> = found.into_iter().filter(|old| seen.insert(old.blob.digest)).take(MOST).collect();
        let depth = chosen.iter().map(|old| old.depth).max().unwrap_or(0) + 1;
        (chosen.into_iter().map(|old| (old.blob.digest, old.blob.size)).collect(), depth)
    }

    /// Blobs of the same type, from half the size to twice the size.
    fn nearest_in_size(&self, new: &Placed<'a>) -> Vec<&Placed<'a>> {
        let (kind, size) = (new.blob.media_type.as_str(), new.blob.size);
        let near = self.by_size.range((kind, size / 2)..=(kind, size.saturating_mul(2)));
        let mut near: Vec<_> = near.flat_map(|(_, placed)| placed).collect();
        near.sort_by_key(|old| old.blob.size.abs_diff(size));
        near.truncate(MOST);
        near
    }
}

/// How far apart two blobs are; smaller is nearer.
type Distance = (bool, Vec<u64>, usize, usize, u64, Digest);

fn distance(old: &Placed<'_>, new: &Placed<'_>) -> Distance {
    let name = |placed: &Placed<'_>| placed.blob.name.clone().unwrap_or_default();
    (
        old.blob.media_type != new.blob.media_type,
        apart(&old.artifact.version, &new.artifact.version),
        differing(&name(old), &name(new)),
        old.position.abs_diff(new.position),
        old.blob.size.abs_diff(new.blob.size),
        old.blob.digest,
    )
}

/// How far two versions are apart, number by number from the left.
fn apart(old: &str, new: &str) -> Vec<u64> {
    let numbers = |version: &str| -> Vec<u64> {
        version.split(|c: char| !c.is_ascii_digit()).filter(|n| !n.is_empty()).take(8).map(|n| n.parse().unwrap_or(u64::MAX)).collect()
    };
    let (old, new) = (numbers(old), numbers(new));
    let number = |all: &[u64], n: usize| all.get(n).copied().unwrap_or(0);
    (0..old.len().max(new.len())).map(|n| number(&old, n).abs_diff(number(&new, n))).collect()
}

/// How many characters of two names are neither of their common beginning nor of their common end.
fn differing(old: &str, new: &str) -> usize {
    let (old, new) = (old.as_bytes(), new.as_bytes());
    let start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let end = old[start..].iter().rev().zip(new[start..].iter().rev()).take_while(|(a, b)| a == b).count();
    old.len().max(new.len()) - start - end
}
