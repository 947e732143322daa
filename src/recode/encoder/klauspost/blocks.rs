//! Blocks with tables that later blocks may go on with. The library's `huffmanBitWriter`.

use crate::recode::encoder::go::bits::BitSink;
use crate::recode::encoder::go::codes::{DISTANCES, END, LITERALS};
use crate::recode::encoder::go::header::Header;
use crate::recode::encoder::go::huffman::{Build, Codes};
use crate::recode::encoder::go::tokens::Frequencies;
use crate::recode::encoder::go::{extra_bits, fixed_distances, fixed_literals, put_tokens, stored_size};

use super::era::{Era, Variant};
use super::tokens::Tokens;

/// Blocks of fewer tokens are tried with the fixed codes.
const FIXED_BELOW: usize = 250;

/// Writes blocks.
pub(super) struct Blocks {
    pub(super) sink: BitSink,
    pub(super) variant: Variant,
    pub(super) literals: Codes<LITERALS>,
    pub(super) spare: Codes<LITERALS>,
    pub(super) distances: Codes<DISTANCES>,
    fixed: (Codes<LITERALS>, Codes<DISTANCES>),
    pub(super) header: Header,
    /// The size of the header of the block that is still open: the next block may go on with its tables.
    pub(super) open: Option<usize>,
    /// The open block has no distances.
    pub(super) literal_only: bool,
    /// How often the first distance occurred in the block before: the first versions add it to sizes of literals.
    pub(super) stale_distance: u32,
    /// A new table costs this power of two more.
    pub(super) penalty: u32,
}

impl Blocks {
    pub(super) fn new(variant: Variant, penalty: u32) -> Self {
        let build = if variant.era >= Era::V1_20_4 { Build::TreeFirst } else { Build::Limited };
        Self {
            sink: BitSink::default(),
            variant,
            literals: Codes::new(build),
            spare: Codes::new(build),
            distances: Codes::new(build),
            fixed: (fixed_literals(), fixed_distances()),
            header: Header::new(build),
            open: None,
            literal_only: false,
            stale_distance: 0,
            penalty,
        }
    }

    /// Ends the open block.
    pub(super) fn close(&mut self) {
        if self.open.take().is_some() {
            self.sink.code(self.literals.of[END]);
        }
    }

    /// Writes a stored block.
    pub(super) fn stored(&mut self, input: &[u8]) {
        self.close();
        self.sink.stored_header(input.len(), false);
        self.sink.raw(input);
    }

    /// Ends the stream.
    pub(super) fn finish(&mut self) {
        self.close();
        if self.variant.era < Era::V1_10_2 {
            self.sink.stored_header(0, true);
        } else {
            self.sink.put(3, 3);
            self.sink.put(0, 7);
        }
        self.sink.align();
    }

    fn reusable(&self, tokens: &Tokens) -> bool {
        let literals = self.literals.size_if_all(&tokens.counted.literals);
        literals.is_some() && self.distances.size_if_all(&tokens.counted.distances).is_some()
    }

    /// Writes a block with its own tables, those of the open block, or the fixed ones, or stored. `sync`: the block ends.
    pub(super) fn dynamic(&mut self, tokens: &mut Tokens, input: Option<&[u8]>, sync: bool) {
        if self.variant.era < Era::V1_14_0 {
            return self.filled(tokens, input, sync);
        }
        if sync {
            tokens.end();
        }
        if self.literal_only && self.open.is_some() {
            self.close();
            self.literal_only = false;
        }
        if self.open.is_some() && !self.reusable(tokens) {
            self.close();
        }
        let (mut counted, listed) = self.list(tokens, sync);
        let stored = stored_size(input);
        let extra = if stored.is_some() || self.open.is_some() { extra_bits(&counted) } else { 0 };
        let fits = |size| stored.is_some_and(|stored| stored <= size);
        let few = tokens.len() < FIXED_BELOW || self.variant.era < Era::V1_14_3;
        if let Some(header) = self.open {
            let size = self.reuse_or_close(header, tokens, &counted, extra);
            let fixed = self.fixed_size(&counted, extra) + 7;
            if fits(size) {
                return self.stored(input.unwrap_or_default());
            }
            if few && fixed < size {
                return self.fixed(tokens);
            }
        }
        if self.open.is_none() {
            counted.literals[END] = 1;
            let size = self.make_tables(&counted, listed) + extra;
            let fixed = self.fixed_size(&counted, extra);
            if few && fixed <= size {
                return if fits(fixed) { self.stored(input.unwrap_or_default()) } else { self.fixed(tokens) };
            }
            if fits(size) {
                return self.stored(input.unwrap_or_default());
            }
            self.header.put(&mut self.sink, listed.0, listed.1, false);
            self.open = Some(self.header.size());
            self.literal_only = false;
        }
        put_tokens(&mut self.sink, &tokens.list, &self.literals.of, &self.distances.of);
        if sync {
            self.close();
        }
    }

    /// The frequencies that sizes are reckoned with, and how many codes of each kind a new header lists.
    fn list(&self, tokens: &Tokens, sync: bool) -> (Frequencies, (usize, usize)) {
        let mut counted = Frequencies { ..tokens.counted };
        if self.variant.era >= Era::V1_18_2 {
            counted.literals[END] = 1;
        } else if !sync && self.variant.era < Era::V1_18_1 {
            return (counted, (LITERALS, DISTANCES));
        }
        let (literals, distances) = counted.listed();
        // 1.18.1 lists too few where no length occurs; no such stream can be read, so none is asked for.
        (counted, (literals.max(END + 1), distances))
    }

    /// The size with the open tables, or, where new ones are estimated to be better, that estimate.
    fn reuse_or_close(&mut self, header: usize, tokens: &Tokens, counted: &Frequencies, extra: usize) -> usize {
        let fresh = header + tokens.estimate(self.variant);
        let fresh = fresh + self.literals.of[END].length() as usize + (fresh >> self.penalty);
        let reuse = self.literals.size(&counted.literals) + self.distances.size(&counted.distances) + extra;
        if fresh < reuse {
            self.close();
            return fresh;
        }
        reuse
    }

    pub(super) fn make_tables(&mut self, counted: &Frequencies, (literals, distances): (usize, usize)) -> usize {
        self.literals.generate(&counted.literals, 15);
        self.distances.generate(&counted.distances, 15);
        self.header.describe(&self.literals.of[..literals], &self.distances.of[..distances]);
        self.header.size() + self.literals.size(&counted.literals) + self.distances.size(&counted.distances)
    }

    pub(super) fn fixed_size(&self, counted: &Frequencies, extra: usize) -> usize {
        3 + self.fixed.0.size(&counted.literals) + self.fixed.1.size(&counted.distances) + extra
    }

    pub(super) fn fixed(&mut self, tokens: &Tokens) {
        self.close();
        self.sink.put(2, 3);
        put_tokens(&mut self.sink, &tokens.list, &self.fixed.0.of, &self.fixed.1.of);
        self.sink.code(self.fixed.0.of[END]);
    }
}
