//! The symbols of a block, and in which form it is written (`trees.c`).
//!
//! Ported from zlib, (C) 1995–2024 Jean-loup Gailly and Mark Adler; altered.

use super::super::inflate::{DISTANCE_BASE, DISTANCE_EXTRA, LENGTH_BASE, LENGTH_EXTRA};
use super::bits::BitWriter;
use super::trees::{
    BL_CODES, BL_ORDER, Builder, D_CODES, DISTANCES, END_BLOCK, FIXED, L_CODES, LENGTH_CODE, LENGTHS, LITERALS, Leaf, Tree, distance_code,
};

/// A literal or match, packed: distance in the high half (0 for a literal), literal or length less 3 in the low.
pub type Symbol = u32;

/// The symbols of the open block and their statistics, and the bits on their way out.
#[derive(Clone)]
pub struct Blocks {
    symbols: Vec<Symbol>,
    capacity: usize,
    literal_freq: [u32; L_CODES + 2],
    distance_freq: [u32; D_CODES],
    bits: BitWriter,
    builder: Builder,
    literals: Tree<L_CODES>,
    distances: Tree<D_CODES>,
    lengths: Tree<BL_CODES>,
    /// The fixed codes are used wherever no block is stored.
    fixed_only: bool,
}

impl Blocks {
    /// Blocks of at most `capacity` symbols.
    pub fn new(capacity: usize, fixed_only: bool) -> Self {
        let mut blocks = Self {
            symbols: Vec::with_capacity(capacity),
            capacity,
            literal_freq: [0; L_CODES + 2],
            distance_freq: [0; D_CODES],
            bits: BitWriter::default(),
            builder: Builder::new(),
            literals: Tree::new(),
            distances: Tree::new(),
            lengths: Tree::new(),
            fixed_only,
        };
        blocks.clear();
        blocks
    }

    fn clear(&mut self) {
        self.literal_freq.fill(0);
        self.distance_freq.fill(0);
        self.literal_freq[END_BLOCK] = 1;
        self.symbols.clear();
    }

    /// How many symbols the block has.
    pub const fn len(&self) -> usize {
        self.symbols.len()
    }

    /// Whether the block has no symbol.
    pub const fn is_empty(&self) -> bool {
        self.symbols.is_empty()
    }

    /// How many of the symbols are matches, and how often each distance code stands.
    pub fn distances(&self) -> (usize, &[u32; D_CODES]) {
        (self.distance_freq.iter().sum::<u32>() as usize, &self.distance_freq)
    }

    /// Adds a literal; true when the block is full.
    #[inline]
    pub fn literal(&mut self, byte: u8) -> bool {
        self.symbols.push(u32::from(byte));
        self.literal_freq[usize::from(byte)] += 1;
        self.symbols.len() == self.capacity
    }

    /// Adds a match of a length (3–258) and a distance (1–32768); true when the block is full.
    #[inline]
    pub fn copy(&mut self, length: usize, distance: usize) -> bool {
        let length = (length - 3) & 255;
        self.symbols.push(((distance as u32) << 16) | length as u32);
        self.literal_freq[usize::from(LENGTH_CODE[length]) + 257] += 1;
        self.distance_freq[distance_code(distance - 1)] += 1;
        self.symbols.len() == self.capacity
    }

    /// Ends the block, in the form that takes the fewest bytes; `stored` are its plain bytes where they are still at hand.
    pub fn flush(&mut self, stored: Option<&[u8]>, stored_len: usize, last: bool, out: &mut Vec<u8>) {
        let (lit, lit_fixed) = self.builder.build(&mut self.literal_freq, &LITERALS, Some(&FIXED.literals), &mut self.literals);
        let (dist, dist_fixed) = self.builder.build(&mut self.distance_freq, &DISTANCES, Some(&FIXED.distances), &mut self.distances);
        let (header, rank) = self.length_tree();
        let fixed_bytes = (lit_fixed.wrapping_add(dist_fixed) + 3 + 7) >> 3;
        let mut best = (lit.wrapping_add(dist).wrapping_add(header) + 3 + 7) >> 3;
        if fixed_bytes <= best || self.fixed_only {
            best = fixed_bytes;
        }
        match stored {
            Some(plain) if stored_len as u64 + 4 <= best => self.stored(plain, last, out),
            _ if fixed_bytes == best => {
                self.bits.put(2 | u32::from(last), 3, out);
                send_symbols(&mut self.bits, &self.symbols, &FIXED.literals, &FIXED.distances, out);
            }
            _ => {
                self.bits.put(4 | u32::from(last), 3, out);
                self.send_trees(rank, out);
                send_symbols(&mut self.bits, &self.symbols, &self.literals.leaves, &self.distances.leaves, out);
            }
        }
        self.clear();
        if last {
            self.bits.align(out);
        }
    }

    /// A stored block, which may be empty (a flush marker).
    pub fn stored(&mut self, plain: &[u8], last: bool, out: &mut Vec<u8>) {
        self.bits.put(u32::from(last), 3, out);
        self.bits.align(out);
        let length = plain.len() as u16;
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(plain);
    }

    /// An empty block of the fixed codes.
    pub fn empty_fixed(&mut self, out: &mut Vec<u8>) {
        self.bits.put(2, 10, out);
        self.bits.flush(out);
    }

    /// How many bits of the last byte are taken.
    pub const fn odd_bits(&self) -> u32 {
        self.bits.odd()
    }

    /// Lets all whole bytes out.
    pub fn flush_bits(&mut self, out: &mut Vec<u8>) {
        self.bits.flush(out);
    }

    /// Builds the code for the code lengths; gives the bits of the header and how many of its lengths are sent.
    fn length_tree(&mut self) -> (u64, usize) {
        let mut freq = [0u32; BL_CODES];
        let mut count = |symbol: usize, _: u32, _: u32, times: u32| freq[symbol] += times;
        runs(&self.literals.leaves[..=self.literals.max_code], &mut count);
        runs(&self.distances.leaves[..=self.distances.max_code], &mut count);
        let (bits, _) = self.builder.build(&mut freq, &LENGTHS, None, &mut self.lengths);
        let mut rank = BL_CODES - 1;
        while rank >= 3 && self.lengths.leaves[BL_ORDER[rank]].len == 0 {
            rank -= 1;
        }
        (bits.wrapping_add(3 * (rank as u64 + 1) + 5 + 5 + 4), rank)
    }

    fn send_trees(&mut self, rank: usize, out: &mut Vec<u8>) {
        let Self { bits, lengths, literals, distances, .. } = self;
        bits.put(literals.max_code as u32 + 1 - 257, 5, out);
        bits.put(distances.max_code as u32, 5, out);
        bits.put(rank as u32 + 1 - 4, 4, out);
        for &symbol in &BL_ORDER[..=rank] {
            bits.put(u32::from(lengths.leaves[symbol].len), 3, out);
        }
        let mut send = |symbol: usize, extra: u32, width: u32, times: u32| {
            let leaf = lengths.leaves[symbol];
            for _ in 0..times {
                bits.put(u32::from(leaf.code) | (extra << leaf.len), u32::from(leaf.len) + width, out);
            }
        };
        runs(&literals.leaves[..=literals.max_code], &mut send);
        runs(&distances.leaves[..=distances.max_code], &mut send);
    }
}

/// Walks code lengths as runs: symbol, extra value, its width, how often.
fn runs(leaves: &[Leaf], emit: &mut impl FnMut(usize, u32, u32, u32)) {
    let mut previous = u16::MAX;
    let mut next = leaves[0].len;
    let mut count = 0u32;
    let (mut most, mut least) = if next == 0 { (138, 3) } else { (7, 4) };
    for at in 0..leaves.len() {
        let current = next;
        next = leaves.get(at + 1).map_or(u16::MAX, |leaf| leaf.len);
        count += 1;
        if count < most && current == next {
            continue;
        }
        if count < least {
            emit(usize::from(current), 0, 0, count);
        } else if current != 0 {
            if current != previous {
                emit(usize::from(current), 0, 0, 1);
                count -= 1;
            }
            emit(16, count - 3, 2, 1);
        } else if count <= 10 {
            emit(17, count - 3, 3, 1);
        } else {
            emit(18, count - 11, 7, 1);
        }
        count = 0;
        previous = current;
        (most, least) = match next {
            0 => (138, 3),
            _ if current == next => (6, 3),
            _ => (7, 4),
        };
    }
}

fn send_symbols(bits: &mut BitWriter, symbols: &[Symbol], literals: &[Leaf], distances: &[Leaf; D_CODES], out: &mut Vec<u8>) {
    for &symbol in symbols {
        let distance = (symbol >> 16) as usize;
        let low = (symbol & 0xffff) as usize;
        if distance == 0 {
            let leaf = literals[low];
            bits.put(u32::from(leaf.code), u32::from(leaf.len), out);
            continue;
        }
        let code = usize::from(LENGTH_CODE[low & 255]);
        let leaf = literals[code + 257];
        let extra = low as u32 + 3 - u32::from(LENGTH_BASE[code]);
        bits.put(u32::from(leaf.code) | (extra << leaf.len), u32::from(leaf.len) + u32::from(LENGTH_EXTRA[code]), out);
        let code = distance_code(distance - 1);
        let leaf = distances[code];
        let extra = distance as u32 - u32::from(DISTANCE_BASE[code]);
        bits.put(u32::from(leaf.code) | (extra << leaf.len), u32::from(leaf.len) + u32::from(DISTANCE_EXTRA[code]), out);
    }
    let leaf = literals[END_BLOCK];
    bits.put(u32::from(leaf.code), u32::from(leaf.len), out);
}
