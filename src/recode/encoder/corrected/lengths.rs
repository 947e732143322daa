//! Code lengths of a block: guessed from how often each symbol is there, corrected where they are others.

use super::super::trees::{self, Builder, Tree};
use super::coder::{Chance, Coder, Number};

/// Longest code.
const LONGEST: u32 = 15;

/// Which alphabet.
#[derive(Clone, Copy)]
pub enum Alphabet {
    /// Literals, the end of a block, lengths.
    Literals,
    /// Distances.
    Distances,
    /// Code lengths.
    Lengths,
}

impl Alphabet {
    const fn size(self) -> usize {
        match self {
            Self::Literals => trees::L_CODES,
            Self::Distances => trees::D_CODES,
            Self::Lengths => trees::BL_CODES,
        }
    }

    const fn longest(self) -> u32 {
        match self {
            Self::Literals | Self::Distances => LONGEST,
            Self::Lengths => 7,
        }
    }
}

/// Chances for the lengths of one alphabet.
#[derive(Clone)]
pub struct LengthModel {
    sorted: Chance,
    differ: Chance,
    other: [Chance; 18],
    none: Chance,
    longer: Chance,
    by: Number,
}

impl LengthModel {
    /// Nothing is known.
    pub const fn new() -> Self {
        Self {
            sorted: Chance::EVEN,
            differ: Chance::EVEN,
            other: [Chance::RARE; 18],
            none: Chance::EVEN,
            longer: Chance::EVEN,
            by: Number::NEW,
        }
    }

    /// The lengths of the alphabet's codes, for symbols that are there so often. None where one is longer than can be.
    pub fn code<C: Coder>(&mut self, coder: &mut C, alphabet: Alphabet, often: &[u32], lengths: &mut [u8]) -> Option<()> {
        let size = alphabet.size();
        let guesses = [by_heap(alphabet, often), by_order(alphabet, often)];
        let differences = |guess: &[u8; trees::L_CODES]| guess.iter().zip(&lengths[..size]).filter(|(one, other)| one != other).count();
        let [heap, order] = [differences(&guesses[0]), differences(&guesses[1])];
        let sorted = coder.bit(&mut self.sorted, order < heap);
        let guess = &guesses[usize::from(sorted)];
        if !coder.bit(&mut self.differ, order.min(heap) > 0) {
            lengths[..size].copy_from_slice(&guess[..size]);
            return Some(());
        }
        let mut missed = false;
        for (length, &guess) in lengths[..size].iter_mut().zip(guess) {
            let context = usize::from(guess.min(8)) * 2 + usize::from(missed);
            missed = coder.bit(&mut self.other[context], *length != guess);
            *length = if missed { self.other(coder, *length, guess) } else { guess };
            if u32::from(*length) > alphabet.longest() {
                return None;
            }
        }
        Some(())
    }

    fn other<C: Coder>(&mut self, coder: &mut C, length: u8, guess: u8) -> u8 {
        if guess > 0 && coder.bit(&mut self.none, length == 0) {
            return 0;
        }
        let longer = guess == 0 || coder.bit(&mut self.longer, length > guess);
        let by = self.by.code(coder, u32::from(length.abs_diff(guess)).saturating_sub(1)).min(LONGEST) as u8 + 1;
        if longer { guess + by } else { guess.saturating_sub(by) }
    }
}

/// As zlib has them.
fn by_heap(alphabet: Alphabet, often: &[u32]) -> [u8; trees::L_CODES] {
    fn lengths<const N: usize>(shape: &trees::Shape, often: &[u32]) -> [u8; trees::L_CODES] {
        let mut tree = Tree::<N>::new();
        let mut often = often.to_vec();
        Builder::new().build(&mut often, shape, None, &mut tree);
        let mut lengths = [0; trees::L_CODES];
        lengths.iter_mut().zip(&tree.leaves).for_each(|(length, leaf)| *length = leaf.len as u8);
        lengths
    }
    match alphabet {
        Alphabet::Literals => lengths::<{ trees::L_CODES }>(&trees::LITERALS, often),
        Alphabet::Distances => lengths::<{ trees::D_CODES }>(&trees::DISTANCES, often),
        Alphabet::Lengths => lengths::<{ trees::BL_CODES }>(&trees::LENGTHS, often),
    }
}

/// The shortest codes for what is there most often, and of two that are there as often for the later symbol: as encoders have them that sort. How many
/// of each length there are comes of joining the two rarest nodes until one is left; a leaf comes before a node that is as rare.
fn by_order(alphabet: Alphabet, often: &[u32]) -> [u8; trees::L_CODES] {
    let mut lengths = [0; trees::L_CODES];
    let mut leaves: Vec<(u32, usize)> = often[..alphabet.size()].iter().copied().zip(0..).filter(|(often, _)| *often > 0).collect();
    leaves.sort_unstable();
    if leaves.len() < 2 {
        leaves.iter().for_each(|(_, symbol)| lengths[*symbol] = 1);
        return lengths;
    }
    let mut counts = depths(&leaves);
    shorten(&mut counts, alphabet.longest() as usize);
    let mut rarest = leaves.iter();
    for (length, count) in counts.iter().enumerate().rev() {
        rarest.by_ref().take(*count).for_each(|(_, symbol)| lengths[*symbol] = length as u8);
    }
    lengths
}

/// How many leaves are how deep.
fn depths(leaves: &[(u32, usize)]) -> Vec<usize> {
    let count = leaves.len();
    let mut weights: Vec<u32> = Vec::with_capacity(count);
    let mut parents = vec![0; 2 * count - 1];
    let (mut leaf, mut node) = (0, 0);
    for next in 0..count - 1 {
        let mut weight = 0u32;
        for _ in 0..2 {
            let is_leaf = leaf < count && (node >= weights.len() || leaves[leaf].0 <= weights[node]);
            let rare = if is_leaf { leaf } else { count + node };
            weight = weight.saturating_add(if is_leaf { leaves[leaf].0 } else { weights[node] });
            (leaf, node) = if is_leaf { (leaf + 1, node) } else { (leaf, node + 1) };
            parents[rare] = count + next;
        }
        weights.push(weight);
    }
    let mut depth = vec![0; 2 * count - 1];
    let mut counts = vec![0; count];
    for at in (0..2 * count - 2).rev() {
        depth[at] = depth[parents[at]] + 1;
        if at < count {
            counts[depth[at]] += 1;
        }
    }
    counts
}

/// Brings codes that are too long down: each takes the place of one that is shorter, which goes one down.
fn shorten(counts: &mut Vec<usize>, longest: usize) {
    let long: usize = counts.iter().skip(longest + 1).sum();
    counts.resize(longest + 1, 0);
    counts[longest] += long;
    // In units of the longest code: what all take, and what there is.
    let mut taken: usize = counts.iter().enumerate().skip(1).map(|(length, count)| count << (longest - length)).sum();
    while taken > 1 << longest {
        let Some(shorter) = (1..longest).rev().find(|length| counts[*length] > 0) else { return };
        counts[shorter] -= 1;
        counts[shorter + 1] += 1;
        taken -= 1 << (longest - shorter - 1);
    }
}

/// The code of each symbol, its bits in the order of sending.
pub fn codes(lengths: &[u8]) -> Vec<trees::Leaf> {
    let mut count = [0u16; LONGEST as usize + 1];
    lengths.iter().filter(|length| **length > 0).for_each(|length| count[usize::from(*length & 15)] += 1);
    let mut next = [0u16; LONGEST as usize + 2];
    for bits in 1..=LONGEST as usize {
        next[bits + 1] = next[bits].wrapping_add(count[bits]) << 1;
    }
    let leaf = |&length: &u8| {
        if length == 0 {
            return trees::Leaf::default();
        }
        let slot = &mut next[usize::from(length & 15)];
        let code = slot.reverse_bits() >> (16 - u16::from(length & 15));
        *slot = slot.wrapping_add(1);
        trees::Leaf { code, len: u16::from(length & 15) }
    };
    lengths.iter().map(leaf).collect()
}
