//! An inflater (RFC 1951) for untrusted streams: push in, slices of plain bytes out, bounded, and its state can be kept.
//!
//! The plain bytes lie in one buffer of its own that keeps the window: no match ever crosses buffers. [`Inflater::seek_point`] keeps
//! window and bit position in about 32 KiB, so that a stream can be entered in the middle. An [`Observer`] is told of blocks and
//! symbols: the evidence by which an encoder is found.

mod block;
mod error;
mod fast;
mod reader;
mod seek;
mod table;
#[cfg(test)]
mod tests;

pub use error::InflateError;
pub use reader::InflateReader;
pub use seek::SeekPoint;

pub(crate) use table::{
    Alphabet, DISTANCE_BASE, DISTANCE_BITS, DISTANCE_EXTRA, END, INVALID, LENGTH_BASE, LENGTH_BITS, LENGTH_EXTRA, LITERAL, LITERAL_BITS,
    SUBTABLE, Table,
};

use block::{Lengths, State};

/// How far back a match may reach.
pub const WINDOW: usize = 32 * 1024;
/// The most bytes that one call makes (at least half of it, where the input suffices).
pub const CHUNK: usize = 64 * 1024;
/// Room behind the chunk for the longest match and for copies in wide steps.
const SLACK: usize = 258 + 32;

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockKind {
    /// Bytes as they are, this many.
    Stored(u16),
    /// The codes that the format fixes.
    Fixed,
    /// Codes of its own.
    Dynamic,
}

/// Is told what a stream consists of.
pub trait Observer {
    /// A block starts `at` this many plain bytes.
    fn block(&mut self, kind: BlockKind, last: bool, at: u64) {
        let _ = (kind, last, at);
    }
    /// The block ends `at` this many plain bytes; its symbols do not count the end of block.
    fn block_end(&mut self, symbols: u64, at: u64) {
        let _ = (symbols, at);
    }
    /// A match.
    fn copy(&mut self, length: usize, distance: usize) {
        let _ = (length, distance);
    }
}

/// An observer that looks at nothing.
pub struct Blind;
impl Observer for Blind {}

/// Where a call stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// All input was taken; more is needed.
    NeedInput,
    /// A chunk is full; call again with the rest of the input.
    Full,
    /// The stream ended. What was not consumed stands behind it.
    Done,
}

/// What a call did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the input that belong to the stream so far.
    pub consumed: usize,
    /// Why it stopped.
    pub status: Status,
}

/// The state of inflating one stream.
#[derive(Clone)]
pub struct Inflater {
    /// The window, then the bytes of the current call.
    plain: Vec<u8>,
    /// Where the bytes of the last call start.
    from: usize,
    /// Where the next byte goes.
    to: usize,
    bits: u64,
    count: u32,
    state: State,
    last: bool,
    lengths: Lengths,
    literals: Table,
    distances: Table,
    symbols: u64,
    total_in: u64,
    total_out: u64,
    limit: u64,
}

impl Inflater {
    /// A state at the start of a stream that may make at most `limit` bytes.
    pub fn new(limit: u64) -> Self {
        Self {
            plain: vec![0; WINDOW + CHUNK + SLACK],
            from: 0,
            to: 0,
            bits: 0,
            count: 0,
            state: State::Head,
            last: false,
            lengths: Lengths::default(),
            literals: Table::new(LITERAL_BITS),
            distances: Table::new(DISTANCE_BITS),
            symbols: 0,
            total_in: 0,
            total_out: 0,
            limit,
        }
    }

    /// Goes to the start of another stream, which may make at most `limit` bytes.
    pub(super) fn restart(&mut self, limit: u64) {
        (self.from, self.to, self.bits, self.count) = (0, 0, 0, 0);
        (self.state, self.last, self.symbols) = (State::Head, false, 0);
        (self.total_in, self.total_out, self.limit) = (0, 0, limit);
    }

    /// Takes input and makes at most [`CHUNK`] plain bytes and the rest of a match; they are [`Inflater::plain`] until the next call.
    pub fn inflate(&mut self, input: &[u8]) -> Result<Progress, InflateError> {
        self.inflate_observed(input, &mut Blind)
    }

    /// As [`Inflater::inflate`], and tells `observer` what the stream consists of.
    pub fn inflate_observed<O: Observer>(&mut self, input: &[u8], observer: &mut O) -> Result<Progress, InflateError> {
        self.make_room();
        let mut at = 0;
        let status = self.run(input, &mut at, observer)?;
        if status != Status::NeedInput {
            self.give_back(&mut at);
        }
        self.total_in += at as u64;
        self.total_out += (self.to - self.from) as u64;
        if self.total_out > self.limit {
            return Err(InflateError::TooLong);
        }
        Ok(Progress { consumed: at, status })
    }

    /// The plain bytes that the last call made.
    pub fn plain(&self) -> &[u8] {
        &self.plain[self.from..self.to]
    }

    /// How many bytes of the stream were consumed; the exact length of the stream when it is done.
    pub const fn total_in(&self) -> u64 {
        self.total_in
    }

    /// How many plain bytes were made.
    pub const fn total_out(&self) -> u64 {
        self.total_out
    }

    /// Whether the last block has ended.
    pub const fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    fn position(&self) -> u64 {
        self.total_out + (self.to - self.from) as u64
    }

    /// Keeps the window and makes the rest of the buffer free.
    fn make_room(&mut self) {
        if self.to + CHUNK / 2 + SLACK > self.plain.len() {
            self.plain.copy_within(self.to - WINDOW..self.to, 0);
            self.to = WINDOW;
        }
        self.from = self.to;
    }

    /// Whole bytes that were read ahead belong to the caller again.
    fn give_back(&mut self, at: &mut usize) {
        let bytes = ((self.count / 8) as usize).min(*at);
        *at -= bytes;
        self.count -= 8 * bytes as u32;
        self.bits &= (1 << self.count) - 1;
    }
}
