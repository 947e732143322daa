//! Blocks: which kind is written, and its bits. Go's `huffmanBitWriter`.

use super::bits::BitSink;
use super::codes::{
    DISTANCE_EXTRA, DISTANCES, END, FIRST_LENGTH, LENGTH_EXTRA, LITERALS, STORED_MAX, distance_base, distance_code, length_base,
    length_code,
};
use super::header::Header;
use super::huffman::{Build, Code, Codes};
use super::tokens::{Frequencies, Token};

/// The fixed code of literals and lengths.
pub(in crate::recode::encoder) fn fixed_literals() -> Codes<LITERALS> {
    let mut codes = Codes::new(Build::Limited);
    for (symbol, code) in (0..).zip(codes.of.iter_mut()) {
        *code = match symbol {
            0..=143 => Code::new(symbol + 48, 8),
            144..=255 => Code::new(symbol + 400 - 144, 9),
            256..=279 => Code::new(symbol - 256, 7),
            _ => Code::new(symbol + 192 - 280, 8),
        };
    }
    codes
}

/// The fixed code of distances.
pub(in crate::recode::encoder) fn fixed_distances() -> Codes<DISTANCES> {
    let mut codes = Codes::new(Build::Limited);
    for (symbol, code) in (0..).zip(codes.of.iter_mut()) {
        *code = Code::new(symbol, 5);
    }
    codes
}

/// Writes tokens with these codes, without an end of block.
pub(in crate::recode::encoder) fn put_tokens(sink: &mut BitSink, tokens: &[Token], literals: &[Code], distances: &[Code]) {
    for &token in tokens {
        let Some((length, distance)) = token.pair() else {
            sink.code(literals[usize::from(token.byte())]);
            continue;
        };
        let code = length_code(length);
        sink.code(literals[FIRST_LENGTH + code]);
        sink.put(u32::from(length - length_base(code)), u32::from(LENGTH_EXTRA[code]));
        let code = distance_code(distance);
        sink.code(distances[code]);
        sink.put(distance - distance_base(code), u32::from(DISTANCE_EXTRA[code]));
    }
}

/// Bits that follow the codes of lengths and distances.
pub(in crate::recode::encoder) fn extra_bits(counted: &Frequencies) -> usize {
    let lengths = counted.literals[FIRST_LENGTH..].iter().zip(LENGTH_EXTRA);
    let distances = counted.distances.iter().zip(DISTANCE_EXTRA);
    lengths.chain(distances).map(|(&count, bits)| count as usize * usize::from(bits)).sum()
}

/// Bits of a stored block, if one can hold this.
pub(in crate::recode::encoder) fn stored_size(input: Option<&[u8]>) -> Option<usize> {
    input.filter(|input| input.len() <= STORED_MAX).map(|input| (input.len() + 5) * 8)
}

/// Writes the blocks of Go's standard library.
pub(super) struct Blocks {
    pub(super) sink: BitSink,
    literals: Codes<LITERALS>,
    distances: Codes<DISTANCES>,
    fixed: (Codes<LITERALS>, Codes<DISTANCES>),
    header: Header,
}

impl Blocks {
    pub(super) fn new() -> Self {
        let (literals, distances) = (Codes::new(Build::Limited), Codes::new(Build::Limited));
        Self {
            sink: BitSink::default(),
            literals,
            distances,
            fixed: (fixed_literals(), fixed_distances()),
            header: Header::new(Build::Limited),
        }
    }

    /// Makes the codes and the header; the number of codes of both kinds and the size without extra bits.
    fn prepare(&mut self, counted: &mut Frequencies) -> ((usize, usize), usize) {
        let (literals, distances) = counted.listed();
        self.literals.generate(&counted.literals, 15);
        self.distances.generate(&counted.distances, 15);
        self.header.describe(&self.literals.of[..literals], &self.distances.of[..distances]);
        let size = self.header.size() + self.literals.size(&counted.literals) + self.distances.size(&counted.distances);
        ((literals, distances), size)
    }

    /// Writes the smallest of a fixed, a dynamic and (where `input` is known and fits) a stored block.
    pub(super) fn smallest(&mut self, tokens: &[Token], input: Option<&[u8]>) {
        let mut counted = Frequencies::of(tokens);
        let (listed, dynamic) = self.prepare(&mut counted);
        let stored = stored_size(input);
        let extra = if stored.is_some() { extra_bits(&counted) } else { 0 };
        let fixed = 3 + self.fixed.0.size(&counted.literals) + self.fixed.1.size(&counted.distances) + extra;
        let smaller = fixed.min(dynamic + extra);
        if let (Some(stored), Some(input)) = (stored, input)
            && stored < smaller
        {
            self.stored(input, false);
        } else if dynamic + extra < fixed {
            self.put_dynamic(tokens, listed);
        } else {
            self.sink.put(2, 3);
            put_tokens(&mut self.sink, tokens, &self.fixed.0.of, &self.fixed.1.of);
            self.sink.code(self.fixed.0.of[END]);
        }
    }

    /// Writes a dynamic block, a stored one where that gains less than about 1/16.
    pub(super) fn dynamic(&mut self, tokens: &[Token], input: &[u8]) {
        let (listed, size) = self.prepare(&mut Frequencies::of(tokens));
        if self.gains_little(input, size) {
            self.stored(input, false);
        } else {
            self.put_dynamic(tokens, listed);
        }
    }

    fn gains_little(&self, input: &[u8], size: usize) -> bool {
        stored_size(Some(input)).is_some_and(|stored| stored < size + (size >> 4))
    }

    fn put_dynamic(&mut self, tokens: &[Token], (literals, distances): (usize, usize)) {
        self.header.put(&mut self.sink, literals, distances, false);
        put_tokens(&mut self.sink, tokens, &self.literals.of, &self.distances.of);
        self.sink.code(self.literals.of[END]);
    }

    /// Writes bytes as literals only, or stored where that gains less than about 1/16.
    pub(super) fn literals(&mut self, input: &[u8]) {
        let counted = Frequencies::of_bytes(input);
        self.literals.generate(&counted.literals, 15);
        let distance = [Code::new(0, 1)];
        self.header.describe(&self.literals.of[..=END], &distance);
        // The one distance that is listed counts as if it occurred once.
        let size = self.header.size() + self.literals.size(&counted.literals) + 1;
        if self.gains_little(input, size) {
            return self.stored(input, false);
        }
        self.header.put(&mut self.sink, END + 1, 1, false);
        for &byte in input {
            self.sink.code(self.literals.of[usize::from(byte)]);
        }
        self.sink.code(self.literals.of[END]);
    }

    /// Writes a stored block.
    pub(super) fn stored(&mut self, input: &[u8], last: bool) {
        self.sink.stored_header(input.len(), last);
        self.sink.raw(input);
    }
}
