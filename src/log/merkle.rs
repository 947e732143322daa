//! The Merkle tree of RFC 6962, section 2.1: hashes of leaves and nodes, the root of a growing list, proofs and their verification.
//!
//! SHA-256 is called directly: what `sha256_bytes` counts is content that crosses the gap.

use crate::artifact::Digest;
use crate::error::{Error, Result};
use sha2::{Digest as _, Sha256};
use std::ops::Range;

/// The hash of a leaf.
pub fn leaf_hash(data: &[u8]) -> Digest {
    Digest::from_bytes(Sha256::new_with_prefix([0]).chain_update(data).finalize().into())
}

/// The hash of a node over its two children.
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    Digest::from_bytes(Sha256::new_with_prefix([1]).chain_update(left.as_bytes()).chain_update(right.as_bytes()).finalize().into())
}

/// A growing tree, of which only the roots of its whole subtrees are kept: one hash for each bit of its size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    size: u64,
    /// The largest subtree first.
    peaks: Vec<Digest>,
}

impl Tree {
    /// Adds the hash of a leaf.
    pub fn push(&mut self, leaf: Digest) {
        let mut carry = leaf;
        for _ in 0..self.size.trailing_ones() {
            let left = self.peaks.pop().expect("a subtree for each bit of the size");
            carry = node_hash(&left, &carry);
        }
        self.peaks.push(carry);
        self.size += 1;
    }

    /// How many leaves it has.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Its root; of no leaves, the hash of nothing.
    pub fn root(&self) -> Digest {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return Digest::from_bytes(Sha256::digest([]).into()) };
        peaks.fold(*last, |right, left| node_hash(left, &right))
    }
}

/// The ranges of leaves whose roots are the inclusion proof of a leaf, from its sibling up.
pub fn inclusion_ranges(index: u64, size: u64) -> Vec<Range<u64>> {
    let (mut ranges, mut part) = (Vec::new(), 0..size);
    while part.end - part.start > 1 {
        let middle = part.start + split(part.end - part.start);
        if index < middle {
            ranges.push(middle..part.end);
            part.end = middle;
        } else {
            ranges.push(part.start..middle);
            part.start = middle;
        }
    }
    ranges.reverse();
    ranges
}

/// The ranges whose roots prove that the tree of `size` leaves begins with that of `old`.
pub fn consistency_ranges(old: u64, size: u64) -> Vec<Range<u64>> {
    let (mut ranges, mut part, mut known) = (Vec::new(), 0..size, true);
    if old == 0 || old >= size {
        return ranges;
    }
    while part.end != old {
        let middle = part.start + split(part.end - part.start);
        if old <= middle {
            ranges.push(middle..part.end);
            part.end = middle;
        } else {
            ranges.push(part.start..middle);
            (part.start, known) = (middle, false);
        }
    }
    if !known {
        ranges.push(part);
    }
    ranges.reverse();
    ranges
}

/// The largest power of two below a number from 2.
const fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

/// Roots of ranges, gathered while the leaves pass by once.
#[derive(Debug)]
pub struct RangeRoots {
    parts: Vec<(Range<u64>, Tree)>,
    next: u64,
}

impl RangeRoots {
    /// Ranges in the order in which their roots are wanted.
    pub fn new(ranges: Vec<Range<u64>>) -> Self {
        Self { parts: ranges.into_iter().map(|range| (range, Tree::default())).collect(), next: 0 }
    }

    /// Takes the hash of the next leaf.
    pub fn push(&mut self, leaf: Digest) {
        let (index, parts) = (self.next, self.parts.iter_mut());
        parts.filter(|(range, _)| range.contains(&index)).for_each(|(_, tree)| tree.push(leaf));
        self.next += 1;
    }

    /// The roots.
    pub fn finish(self) -> Vec<Digest> {
        self.parts.into_iter().map(|(_, tree)| tree.root()).collect()
    }
}

/// A walk up the right edge of a tree (RFC 9162, sections 2.1.3.2 and 2.1.4.2).
struct Edge {
    node: u64,
    last: u64,
}

impl Edge {
    fn up(&mut self) {
        self.node >>= 1;
        self.last >>= 1;
    }

    /// Whether the next hash of a path stands on the left; where it does, levels without a sibling are passed over.
    fn sibling_is_left(&mut self) -> bool {
        let left = self.node & 1 == 1 || self.node == self.last;
        if left {
            while self.node & 1 == 0 && self.node != 0 {
                self.up();
            }
        }
        self.up();
        left
    }
}

/// Verifies that a leaf is the one at `index` of a tree (RFC 9162, section 2.1.3.2).
pub fn verify_inclusion(leaf: Digest, index: u64, size: u64, path: &[Digest], root: Digest) -> Result<()> {
    let wrong = || Error::verification("the inclusion proof does not lead to the checkpoint's root");
    if index >= size {
        return Err(wrong().with("index", index).with("size", size));
    }
    let (mut edge, mut found) = (Edge { node: index, last: size - 1 }, leaf);
    for hash in path {
        if edge.last == 0 {
            return Err(wrong().with("found", "more hashes than the tree is deep"));
        }
        found = if edge.sibling_is_left() { node_hash(hash, &found) } else { node_hash(&found, hash) };
    }
    if edge.last == 0 && found == root { Ok(()) } else { Err(wrong().with("expected", root.hex()).with("found", found.hex())) }
}

/// Verifies that a tree begins with an older one (RFC 9162, section 2.1.4.2).
pub fn verify_consistency((old, old_root): (u64, Digest), (size, root): (u64, Digest), path: &[Digest]) -> Result<()> {
    let wrong = |why: &str| Error::verification(format!("the consistency proof is refused: {why}")).with("old", old).with("new", size);
    if old == size || old == 0 {
        let same = path.is_empty() && (old == 0 || old_root == root);
        return if same { Ok(()) } else { Err(wrong("one size has two roots, or hashes that are not needed")) };
    }
    // Where the older tree is one whole subtree, its root is known and not repeated in the path.
    let first = if old.is_power_of_two() { std::slice::from_ref(&old_root) } else { &[] };
    let mut hashes = first.iter().chain(path);
    let (Some(start), true) = (hashes.next(), old < size) else { return Err(wrong("it is empty, or backwards")) };
    let mut edge = Edge { node: old - 1, last: size - 1 };
    while edge.node & 1 == 1 {
        edge.up();
    }
    let (mut before, mut after) = (*start, *start);
    for hash in hashes {
        if edge.last == 0 {
            return Err(wrong("it has more hashes than the tree is deep"));
        }
        if edge.sibling_is_left() {
            before = node_hash(hash, &before);
            after = node_hash(hash, &after);
        } else {
            after = node_hash(&after, hash);
        }
    }
    if edge.last == 0 && before == old_root && after == root {
        Ok(())
    } else {
        Err(wrong("the newer log does not begin with the older one"))
    }
}
