//! Strings by hash, in the order that zlib visits them, and the search for the longest match.
//!
//! zlib chains all strings whose three bytes share a hash, and visits a limited number of them, the nearest first. Here each string
//! also knows its ordinal in that chain, and a second chain links the strings whose four bytes share a hash. Once three bytes agree
//! only the second chain is walked: the ordinals tell which of its strings zlib would still have come to, so the match is the same,
//! found in far fewer steps.
//!
//! Ported from zlib, (C) 1995–2024 Jean-loup Gailly and Mark Adler; altered as said.

use super::lz::{MAX_MATCH, MIN_LOOKAHEAD, MIN_MATCH};

/// The most that fits two windows.
pub const FULL: usize = 1 << 16;
/// Room behind the window: words may be read past its end.
const PAD: usize = MAX_MATCH + 16;
const HALF: usize = FULL / 2;
/// Steps over strings that only share a hash, before the search falls back to the first chain.
const STRAY: usize = 32;

/// How far a search goes.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The chain is a quarter as long where a match of this length is known.
    pub good: usize,
    /// A match of this length is good enough.
    pub nice: usize,
    /// How many strings are visited.
    pub chain: usize,
    /// A match up to the end of the input is good enough. Where it is not, what the window still holds behind the end counts in the search.
    pub to_end: bool,
}

/// The window and its chains.
pub struct Chains {
    pub window: Box<[u8; FULL + PAD]>,
    /// Per hash of three bytes: the last string (low half) and its ordinal in the chain (high half).
    head: Box<[u32; FULL]>,
    prev: Box<[u16; HALF]>,
    /// Heads of the chains by four bytes.
    head4: Box<[u16; FULL]>,
    /// Per string: the one before it in the chain by four bytes.
    prev4: Box<[u16; HALF]>,
    /// Per string: its ordinal in the chain by three bytes.
    ordinal: Box<[u16; HALF]>,
    /// Whether the chains by four bytes are kept.
    deep: bool,
    size: usize,
    mask: usize,
    hash_shift: u32,
    hash_mask: u32,
    /// Where the match that was found starts.
    pub match_start: usize,
}

fn boxed<T: Copy, const N: usize>(value: T) -> Box<[T; N]> {
    vec![value; N].into_boxed_slice().try_into().unwrap_or_else(|_| Box::new([value; N]))
}

/// The bits of a word that hold the bytes up to the one that makes a match longer than `best`, and how far back the word starts.
#[inline]
const fn tail_of(best: usize) -> (u64, usize) {
    if best >= 7 { (u64::MAX, best - 7) } else { ((1 << (8 * (best + 1))) - 1, 0) }
}

#[inline]
fn hash4(word: u64) -> usize {
    ((word as u32).wrapping_mul(0x9e37_79b1) >> 16) as usize
}

/// Whether the first three bytes agree.
#[inline]
const fn shares_three(a: u64, b: u64) -> bool {
    ((a ^ b) << 40) == 0
}

/// Moves the positions in the low halves down.
fn slide_low(entries: &mut [u32], by: u16) {
    entries.iter_mut().for_each(|entry| *entry = (*entry & 0xffff_0000) | u32::from((*entry as u16).saturating_sub(by)));
}

impl Chains {
    /// An empty window of two times 2^`window_bits`.
    pub fn new(window_bits: u32, hash_bits: u32, deep: bool) -> Self {
        Self {
            window: boxed(0),
            head: boxed(0),
            prev: boxed(0),
            head4: boxed(0),
            prev4: boxed(0),
            ordinal: boxed(0),
            deep,
            size: 1 << window_bits,
            mask: ((1 << window_bits) - 1) & (HALF - 1),
            hash_shift: hash_bits.div_ceil(3),
            hash_mask: (1 << hash_bits) - 1,
            match_start: 0,
        }
    }

    /// Bytes of one window.
    pub const fn size(&self) -> usize {
        self.size
    }

    /// How far back a match may reach.
    pub const fn reach(&self) -> usize {
        self.size - MIN_LOOKAHEAD
    }

    /// Forgets all strings.
    pub fn clear(&mut self) {
        self.head.fill(0);
        self.head4.fill(0);
    }

    /// Moves the upper window down to the lower one.
    pub fn slide(&mut self) {
        let size = self.size;
        self.window.copy_within(size..2 * size, 0);
        self.match_start = self.match_start.wrapping_sub(size);
        let by = size as u16;
        slide_low(&mut self.head[..=self.hash_mask as usize], by);
        self.prev[..size].iter_mut().for_each(|at| *at = at.saturating_sub(by));
        if self.deep {
            self.head4.iter_mut().for_each(|at| *at = at.saturating_sub(by));
            self.prev4[..size].iter_mut().for_each(|at| *at = at.saturating_sub(by));
        }
    }

    #[inline]
    fn word(&self, at: usize) -> u64 {
        let at = at & (FULL - 1);
        let mut word = [0; 8];
        word.copy_from_slice(&self.window[at..at + 8]);
        u64::from_le_bytes(word)
    }

    /// A word that may lie past the window.
    #[inline]
    fn wide(&self, at: usize) -> u64 {
        match self.window.get(at..at + 8).and_then(|word| <[u8; 8]>::try_from(word).ok()) {
            Some(word) => u64::from_le_bytes(word),
            None => 0,
        }
    }

    #[inline]
    fn hash(&self, word: u64) -> usize {
        let (a, b, c) = (word as u32 & 0xff, (word >> 8) as u32 & 0xff, (word >> 16) as u32 & 0xff);
        (((a << (2 * self.hash_shift)) ^ (b << self.hash_shift) ^ c) & self.hash_mask) as usize & (FULL - 1)
    }

    /// Puts the string into its chain; gives the one before it, 0 for none. Three of its bytes have to be there. The string before
    /// it, whose four bytes are there now, goes into its chain by four.
    #[inline]
    pub fn insert(&mut self, at: usize) -> usize {
        let word = if at == 0 { self.word(0) << 8 } else { self.word(at - 1) };
        let hash = self.hash(word >> 8);
        let before = self.head[hash];
        let ordinal = (before & 0xffff_0000).wrapping_add(1 << 16);
        self.prev[at & self.mask] = before as u16;
        self.head[hash] = ordinal | at as u32;
        if self.deep {
            self.ordinal[at & self.mask] = (ordinal >> 16) as u16;
            if at > 0 {
                let hash = hash4(word);
                let before = self.head4[hash];
                self.head4[hash] = (at - 1) as u16;
                self.prev4[(at - 1) & self.mask] = before;
            }
        }
        (before & 0xffff) as usize
    }

    /// The longest match of the string at `start` that is longer than `best`, from `first` on, the one before it in its chain;
    /// the length counts no byte past the `lookahead`.
    #[inline]
    pub fn longest_match(&mut self, start: usize, lookahead: usize, first: usize, best: usize, limits: &Limits) -> usize {
        let chain = if best >= limits.good { limits.chain >> 2 } else { limits.chain };
        let nice = if limits.to_end { limits.nice.min(lookahead) } else { limits.nice };
        let best = if self.deep { self.by_four(start, first, best, chain, nice) } else { self.by_three(start, first, best, chain, nice) };
        best.min(lookahead)
    }

    /// The search as zlib does it.
    #[inline]
    fn by_three(&mut self, start: usize, first: usize, mut best: usize, mut chain: usize, nice: usize) -> usize {
        let limit = start.saturating_sub(self.reach());
        let scan = self.word(start);
        let mut candidate = first;
        let (mut width, mut back) = tail_of(best);
        let mut tail = self.word(start + back);
        loop {
            if (self.word(candidate + back) ^ tail) & width == 0 {
                let length = self.common(start, candidate, scan);
                if length > best {
                    self.match_start = candidate;
                    best = length;
                    if length >= nice {
                        return best;
                    }
                    (width, back) = tail_of(best);
                    tail = self.word(start + back);
                }
            }
            candidate = usize::from(self.prev[candidate & self.mask]);
            chain -= 1;
            if candidate <= limit || chain == 0 {
                return best;
            }
        }
    }

    /// The first string of the chain whose three bytes agree, if zlib would come to it.
    #[inline]
    fn first_of_three(&self, scan: u64, first: usize, limit: usize, mut chain: usize) -> Option<usize> {
        let mut candidate = first;
        loop {
            if shares_three(self.word(candidate), scan) {
                return Some(candidate);
            }
            candidate = usize::from(self.prev[candidate & self.mask]);
            chain -= 1;
            if candidate <= limit || chain == 0 {
                return None;
            }
        }
    }

    #[inline]
    fn by_four(&mut self, start: usize, first: usize, mut best: usize, chain: usize, nice: usize) -> usize {
        let limit = start.saturating_sub(self.reach());
        let scan = self.word(start);
        if best < MIN_MATCH {
            let Some(candidate) = self.first_of_three(scan, first, limit, chain) else { return best };
            self.match_start = candidate;
            best = self.common(start, candidate, scan);
            if best >= nice {
                return best;
            }
        }
        let ordinal = self.ordinal[start & self.mask];
        let mut candidate = usize::from(self.head4[hash4(scan)]);
        let (mut width, mut back) = tail_of(best);
        let mut tail = self.word(start + back);
        let mut steps = chain + STRAY;
        while candidate > limit || candidate == first {
            let next = usize::from(self.prev4[candidate & self.mask]);
            let beyond = usize::from(ordinal.wrapping_sub(self.ordinal[candidate & self.mask])) > chain;
            if (self.word(candidate + back) ^ tail) & width == 0 {
                let length = self.common(start, candidate, scan);
                if length > best {
                    if beyond {
                        return best;
                    }
                    self.match_start = candidate;
                    best = length;
                    if length >= nice {
                        return best;
                    }
                    (width, back) = tail_of(best);
                    tail = self.word(start + back);
                }
            } else if beyond && shares_three(self.word(candidate), scan) {
                return best;
            }
            candidate = next;
            steps -= 1;
            if steps == 0 {
                return self.by_three(start, first, best, chain, nice);
            }
        }
        best
    }

    /// How many bytes agree, at most 258.
    #[inline]
    fn common(&self, start: usize, candidate: usize, scan: u64) -> usize {
        let first = scan ^ self.word(candidate);
        if first != 0 {
            return (first.trailing_zeros() / 8) as usize;
        }
        let mut length = 8;
        while length < MAX_MATCH {
            let differ = self.wide(start + length) ^ self.wide(candidate + length);
            if differ != 0 {
                return (length + (differ.trailing_zeros() / 8) as usize).min(MAX_MATCH);
            }
            length += 8;
        }
        MAX_MATCH
    }
}
