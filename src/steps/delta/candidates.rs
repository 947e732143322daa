//! Which blobs a new one is likely to resemble: those of the same artifact in the nearest version, of the same place in it; else those of
//! the same file name; else those that are made of the same parts; and where nothing can be said of its parts, the one of its kind that
//! is nearest in size.

use super::looks::Look;
use crate::artifact::{Artifact, Descriptor, Digest};
use crate::error::Result;
use std::cmp::Reverse;
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
/// Most blobs whose parts are looked at for one.
const LOOKED_AT: usize = 64;
/// The same where their names have said already that they are near.
const NEAR: usize = 16;
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
    pub fn of(&self, new: &Placed<'a>, look: Look<'_>) -> Result<(Vec<(Digest, u64)>, usize)> {
        let usable = |old: &&Placed<'_>| old.depth < DEEPEST && old.blob.digest != new.blob.digest && old.blob.size > 0;
        let named = self.by_name.get(&(new.artifact.ecosystem.as_str(), new.artifact.name.as_str())).into_iter().flatten();
        let mut found = each_once(named.filter(usable).collect(), new);
        // Layers have no names, and what is put in front of them moves all their places.
        let mut sure = new.blob.name.is_some() || new.artifact.descriptors.len() == 1;
        if found.is_empty() {
            let file = new.blob.name.as_deref().and_then(|name| self.by_file.get(name));
            found = each_once(file.into_iter().flatten().filter(usable).collect(), new);
            sure = false;
        }
        if found.is_empty() {
            found = match self.made_of_the_same(new, look)? {
                Some(alike) => alike.into_iter().filter(usable).collect(),
                None => each_once(self.nearest_in_size(new).into_iter().filter(usable).collect(), new),
            };
        } else if !sure {
            found.truncate(NEAR);
            let none_is_alike = rank(&mut found, new, look)? == Some(false);
            let elsewhere = if none_is_alike { self.made_of_the_same(new, look)?.unwrap_or_default() } else { vec![] };
            if elsewhere.iter().any(usable) {
                found = elsewhere.into_iter().filter(usable).collect();
            }
        }
        found.truncate(MOST);
        let depth = found.iter().map(|old| old.depth).max().unwrap_or(0) + 1;
        Ok((found.into_iter().map(|old| (old.blob.digest, old.blob.size)).collect(), depth))
    }

    /// Blobs of the same type that have parts of it, the most alike first; `None` where nothing can be said of its parts.
    fn made_of_the_same(&self, new: &Placed<'a>, look: Look<'_>) -> Result<Option<Vec<&Placed<'a>>>> {
        let near = self.near_in_size(new, 4, LOOKED_AT);
        if near.is_empty() {
            return Ok(None);
        }
        let Some(own) = look(&new.blob.digest, new.blob.size)?.filter(|own| own.says_something()) else { return Ok(None) };
        let mut alike = Vec::new();
        for old in near {
            if let Some(likeness) = look(&old.blob.digest, old.blob.size)?.and_then(|old| own.likeness(&old)) {
                alike.push((Reverse(likeness), old.blob.size.abs_diff(new.blob.size), old.blob.digest, old));
            }
        }
        alike.sort_by_key(|(likeness, apart, digest, _)| (*likeness, *apart, *digest));
        Ok(Some(alike.into_iter().map(|(.., old)| old).collect()))
    }

    /// Blobs of the same type, from half the size to twice the size.
    fn nearest_in_size(&self, new: &Placed<'a>) -> Vec<&Placed<'a>> {
        self.near_in_size(new, 2, MOST)
    }

    /// Blobs of the same type whose size differs by so many times at most, the nearest first, each once.
    fn near_in_size(&self, new: &Placed<'a>, times: u64, most: usize) -> Vec<&Placed<'a>> {
        let (kind, size) = (new.blob.media_type.as_str(), new.blob.size);
        let near = self.by_size.range((kind, size / times)..=(kind, size.saturating_mul(times)));
        let mut near: Vec<_> = near.flat_map(|(_, placed)| placed).collect();
        near.sort_by_key(|old| (old.blob.size.abs_diff(size), old.blob.digest));
        near.dedup_by_key(|old| old.blob.digest);
        near.truncate(most);
        near
    }
}

/// The nearest by names and places first, each blob once.
fn each_once<'p, 'a>(mut found: Vec<&'p Placed<'a>>, new: &Placed<'_>) -> Vec<&'p Placed<'a>> {
    found.sort_by_cached_key(|old| distance(old, new));
    let mut seen = BTreeSet::new();
    found.retain(|old| seen.insert(old.blob.digest));
    found
}

/// Puts those that are made of the same parts first; the others stay as they were. Says whether there are any, where that can be said.
fn rank(found: &mut Vec<&Placed<'_>>, new: &Placed<'_>, look: Look<'_>) -> Result<Option<bool>> {
    let Some(own) = look(&new.blob.digest, new.blob.size)?.filter(|own| own.says_something()) else { return Ok(None) };
    let mut ranked = Vec::new();
    for old in found.drain(..) {
        let likeness = look(&old.blob.digest, old.blob.size)?.and_then(|old| own.likeness(&old));
        ranked.push((Reverse(likeness), old));
    }
    ranked.sort_by_key(|(likeness, _)| *likeness);
    let any = ranked.iter().any(|(likeness, _)| likeness.0.is_some());
    found.extend(ranked.into_iter().map(|(_, old)| old));
    Ok(Some(any))
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
