//! Huffman codes as zlib and its relatives build them (`trees.c`).
//!
//! Ported from zlib, (C) 1995–2024 Jean-loup Gailly and Mark Adler; altered. Every tie is broken as there: the heap's order and the
//! depth decide which of several optimal codes is written.

use super::super::inflate::{DISTANCE_BASE, DISTANCE_EXTRA, LENGTH_BASE, LENGTH_EXTRA};

/// Literals, the end of block, lengths.
pub const L_CODES: usize = 286;
/// Distance codes.
pub const D_CODES: usize = 30;
pub const BL_CODES: usize = 19;
const HEAP: usize = 2 * L_CODES + 1;
const MAX_BITS: usize = 15;
pub const END_BLOCK: usize = 256;

pub const BL_ORDER: [usize; BL_CODES] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const BL_EXTRA: [u8; BL_CODES] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 7];

/// The length code (less 257) of a length less 3.
pub static LENGTH_CODE: [u8; 256] = length_codes();
static DISTANCE_CODE: [u8; 512] = distance_codes();
pub static FIXED: Fixed = fixed();

const fn length_codes() -> [u8; 256] {
    let mut table = [28; 256];
    let mut code = 0;
    while code < 28 {
        let first = LENGTH_BASE[code] as usize - 3;
        let mut at = 0;
        while at < 1 << LENGTH_EXTRA[code] && first + at < 255 {
            table[first + at] = code as u8;
            at += 1;
        }
        code += 1;
    }
    table
}

const fn distance_codes() -> [u8; 512] {
    let mut table = [0; 512];
    let mut code = 0;
    while code < D_CODES {
        let first = DISTANCE_BASE[code] as usize - 1;
        let mut at = 0;
        while at < 1 << DISTANCE_EXTRA[code] {
            let distance = first + at;
            let slot = if distance < 256 { distance } else { 256 + (distance >> 7) };
            table[slot] = code as u8;
            at += if distance < 256 { 1 } else { 128 };
        }
        code += 1;
    }
    table
}

/// The code of a distance less 1 (below 32768).
#[inline]
pub fn distance_code(distance: usize) -> usize {
    let slot = if distance < 256 { distance } else { 256 + (distance >> 7) };
    usize::from(DISTANCE_CODE[slot & 511])
}

pub struct Fixed {
    pub literals: [Leaf; L_CODES + 2],
    pub distances: [Leaf; D_CODES],
}

const fn fixed() -> Fixed {
    let mut literals = [Leaf { code: 0, len: 0 }; L_CODES + 2];
    let mut at = 0;
    while at < L_CODES + 2 {
        let (len, code) = match at {
            0..=143 => (8, 0x30 + at),
            144..=255 => (9, 0x190 + at - 144),
            256..=279 => (7, at - 256),
            _ => (8, 0xc0 + at - 280),
        };
        literals[at] = Leaf { code: (code as u16).reverse_bits() >> (16 - len), len };
        at += 1;
    }
    let mut distances = [Leaf { code: 0, len: 5 }; D_CODES];
    at = 0;
    while at < D_CODES {
        distances[at].code = (at as u16).reverse_bits() >> 11;
        at += 1;
    }
    Fixed { literals, distances }
}

/// A code: its bits in the order of sending, and how many.
#[derive(Clone, Copy, Default)]
pub struct Leaf {
    pub code: u16,
    pub len: u16,
}

/// One tree: frequencies in, codes out.
#[derive(Clone)]
pub struct Tree<const N: usize> {
    pub leaves: [Leaf; N],
    pub max_code: usize,
}

impl<const N: usize> Tree<N> {
    pub const fn new() -> Self {
        Self { leaves: [Leaf { code: 0, len: 0 }; N], max_code: 0 }
    }
}

/// What a tree is built for.
pub struct Shape {
    elements: usize,
    extra: &'static [u8],
    base: usize,
    max_bits: usize,
}

pub const LITERALS: Shape = Shape { elements: L_CODES, extra: &LENGTH_EXTRA, base: 257, max_bits: MAX_BITS };
pub const DISTANCES: Shape = Shape { elements: D_CODES, extra: &DISTANCE_EXTRA, base: 0, max_bits: MAX_BITS };
pub const LENGTHS: Shape = Shape { elements: BL_CODES, extra: &BL_EXTRA, base: 0, max_bits: 7 };

/// Scratch for building a tree.
#[derive(Clone)]
pub struct Builder {
    freq: [u32; HEAP],
    dad: [u16; HEAP],
    len: [u16; HEAP],
    depth: [u8; HEAP],
    heap: [u16; HEAP + 1],
    heap_len: usize,
    heap_max: usize,
    count: [u16; MAX_BITS + 1],
}

impl Builder {
    pub const fn new() -> Self {
        Self {
            freq: [0; HEAP],
            dad: [0; HEAP],
            len: [0; HEAP],
            depth: [0; HEAP],
            heap: [0; HEAP + 1],
            heap_len: 0,
            heap_max: 0,
            count: [0; MAX_BITS + 1],
        }
    }

    fn smaller(&self, a: u16, b: u16) -> bool {
        let (a, b) = (usize::from(a), usize::from(b));
        self.freq[a] < self.freq[b] || (self.freq[a] == self.freq[b] && self.depth[a] <= self.depth[b])
    }

    fn sift_down(&mut self, mut at: usize) {
        let moved = self.heap[at];
        let mut son = at * 2;
        while son <= self.heap_len {
            if son < self.heap_len && self.smaller(self.heap[son + 1], self.heap[son]) {
                son += 1;
            }
            if self.smaller(moved, self.heap[son]) {
                break;
            }
            self.heap[at] = self.heap[son];
            at = son;
            son *= 2;
        }
        self.heap[at] = moved;
    }

    /// Builds the tree; gives the bits that its symbols take with it and with the fixed code.
    pub fn build<const N: usize>(&mut self, freq: &mut [u32], shape: &Shape, fixed: Option<&[Leaf]>, tree: &mut Tree<N>) -> (u64, u64) {
        let (mut own, mut stat) = (0i64, 0i64);
        self.heap_len = 0;
        self.heap_max = HEAP;
        let mut max_code = None;
        for (symbol, &n) in freq[..shape.elements].iter().enumerate() {
            self.len[symbol] = 0;
            self.freq[symbol] = n;
            if n != 0 {
                self.heap_len += 1;
                self.heap[self.heap_len] = symbol as u16;
                max_code = Some(symbol);
                self.depth[symbol] = 0;
            }
        }
        // At least two codes are made, so that a decoder always reads a bit.
        while self.heap_len < 2 {
            let small = max_code.is_none_or(|code| code < 2);
            let node = if small { max_code.map_or(0, |code| code + 1) } else { 0 };
            if small {
                max_code = Some(node);
            }
            self.heap_len += 1;
            self.heap[self.heap_len] = node as u16;
            self.freq[node] = 1;
            freq[node] = 1;
            self.depth[node] = 0;
            own -= 1;
            stat -= fixed.map_or(0, |leaves| i64::from(leaves[node].len));
        }
        tree.max_code = max_code.unwrap_or(0);
        self.combine(shape.elements);
        let (more_own, more_stat) = self.lengths(shape, tree.max_code, fixed);
        self.codes(tree);
        ((own + more_own) as u64, (stat + more_stat) as u64)
    }

    fn combine(&mut self, elements: usize) {
        for at in (1..=self.heap_len / 2).rev() {
            self.sift_down(at);
        }
        let mut node = elements;
        loop {
            let least = self.heap[1];
            self.heap[1] = self.heap[self.heap_len];
            self.heap_len -= 1;
            self.sift_down(1);
            let next = self.heap[1];
            self.heap[self.heap_max - 1] = least;
            self.heap[self.heap_max - 2] = next;
            self.heap_max -= 2;
            let (n, m) = (usize::from(least), usize::from(next));
            self.freq[node] = self.freq[n] + self.freq[m];
            self.depth[node] = self.depth[n].max(self.depth[m]) + 1;
            self.dad[n] = node as u16;
            self.dad[m] = node as u16;
            self.heap[1] = node as u16;
            node += 1;
            self.sift_down(1);
            if self.heap_len < 2 {
                break;
            }
        }
        self.heap_max -= 1;
        self.heap[self.heap_max] = self.heap[1];
    }

    fn lengths(&mut self, shape: &Shape, max_code: usize, fixed: Option<&[Leaf]>) -> (i64, i64) {
        let (mut own, mut stat, mut overflow) = (0i64, 0i64, 0i32);
        self.count = [0; MAX_BITS + 1];
        self.len[usize::from(self.heap[self.heap_max])] = 0;
        for at in self.heap_max + 1..HEAP {
            let node = usize::from(self.heap[at]);
            let mut bits = usize::from(self.len[usize::from(self.dad[node])]) + 1;
            if bits > shape.max_bits {
                bits = shape.max_bits;
                overflow += 1;
            }
            self.len[node] = bits as u16;
            if node > max_code {
                continue;
            }
            self.count[bits] += 1;
            let extra = if node >= shape.base { i64::from(shape.extra[node - shape.base]) } else { 0 };
            let n = i64::from(self.freq[node]);
            own += n * (i64::from(self.len[node]) + extra);
            if let Some(fixed) = fixed {
                stat += n * (i64::from(fixed[node].len) + extra);
            }
        }
        if overflow > 0 {
            own += self.shorten(shape, max_code, overflow);
        }
        (own, stat)
    }

    /// Brings codes that are too long down to the longest allowed; gives by how many bits the block grows.
    fn shorten(&mut self, shape: &Shape, max_code: usize, mut overflow: i32) -> i64 {
        while overflow > 0 {
            let mut bits = shape.max_bits - 1;
            while self.count[bits] == 0 {
                bits -= 1;
            }
            self.count[bits] -= 1;
            self.count[bits + 1] += 2;
            self.count[shape.max_bits] -= 1;
            overflow -= 2;
        }
        let mut grown = 0;
        let mut at = HEAP;
        for bits in (1..=shape.max_bits).rev() {
            let mut n = self.count[bits];
            while n != 0 {
                at -= 1;
                let node = usize::from(self.heap[at]);
                if node > max_code {
                    continue;
                }
                let before = i64::from(self.len[node]);
                self.len[node] = bits as u16;
                grown += (i64::from(self.len[node]) - before) * i64::from(self.freq[node]);
                n -= 1;
            }
        }
        grown
    }

    fn codes<const N: usize>(&self, tree: &mut Tree<N>) {
        let mut next = [0u16; MAX_BITS + 1];
        let mut code = 0u16;
        for (slot, shorter) in next[1..].iter_mut().zip(self.count) {
            code = code.wrapping_add(shorter) << 1;
            *slot = code;
        }
        for (symbol, leaf) in tree.leaves.iter_mut().enumerate() {
            let len = if symbol <= tree.max_code { self.len[symbol] } else { 0 };
            *leaf = Leaf { code: 0, len };
            if len != 0 {
                let slot = &mut next[usize::from(len)];
                leaf.code = slot.reverse_bits() >> (16 - len);
                *slot = slot.wrapping_add(1);
            }
        }
    }
}
