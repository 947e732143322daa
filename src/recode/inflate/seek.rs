//! Seek points: what is needed to go on in the middle of a stream.

use super::block::State;
use super::{InflateError, Inflater, WINDOW};

/// A place in a stream: window, bit position, and the code lengths of the block it lies in. About 32 KiB.
#[derive(Clone)]
pub struct SeekPoint {
    window: Box<[u8]>,
    bits: u8,
    count: u8,
    state: State,
    last: bool,
    fixed: bool,
    literals: usize,
    distances: usize,
    codes: Box<[u8]>,
    symbols: u64,
    total_in: u64,
    total_out: u64,
}

impl SeekPoint {
    /// At which byte of the stream the input goes on.
    pub const fn deflated(&self) -> u64 {
        self.total_in
    }

    /// At which plain byte the output goes on.
    pub const fn plain(&self) -> u64 {
        self.total_out
    }

    /// Takes its window out of it, for whoever keeps that elsewhere and goes on with [`Inflater::restore_with`].
    pub fn take_window(&mut self) -> Box<[u8]> {
        std::mem::take(&mut self.window)
    }

    /// About how much memory it takes.
    pub const fn weight(&self) -> usize {
        self.window.len() + self.codes.len() + size_of::<Self>()
    }
}

impl Inflater {
    /// Keeps the place where the last call stopped; whole bytes that wait in the bit buffer are input again. `None` within a block
    /// header.
    pub fn seek_point(&self) -> Option<SeekPoint> {
        if !matches!(self.state, State::Head | State::Stored(_) | State::Symbols | State::Done) {
            return None;
        }
        let count = self.count % 8;
        let coded = self.state == State::Symbols && !self.lengths.fixed;
        let codes = if coded { &self.lengths.codes[..self.lengths.literals + self.lengths.distances] } else { &[] };
        Some(SeekPoint {
            window: self.plain[self.to.saturating_sub(WINDOW)..self.to].into(),
            bits: (self.bits & ((1 << count) - 1)) as u8,
            count: count as u8,
            state: self.state,
            last: self.last,
            fixed: self.state == State::Symbols && self.lengths.fixed,
            literals: if coded { self.lengths.literals } else { 0 },
            distances: if coded { self.lengths.distances } else { 0 },
            codes: codes.into(),
            symbols: self.symbols,
            total_in: self.total_in - u64::from(self.count / 8),
            total_out: self.total_out,
        })
    }

    /// Goes to a kept place: the next input is the stream from [`SeekPoint::deflated`] on.
    pub fn restore(&mut self, point: &SeekPoint) -> Result<(), InflateError> {
        self.restore_with(point, &point.window)
    }

    /// The same with the window that was taken out of it.
    pub fn restore_with(&mut self, point: &SeekPoint, window: &[u8]) -> Result<(), InflateError> {
        self.to = window.len();
        self.from = self.to;
        self.plain[..self.to].copy_from_slice(window);
        self.bits = u64::from(point.bits);
        self.count = u32::from(point.count);
        self.state = point.state;
        self.last = point.last;
        self.symbols = point.symbols;
        self.total_in = point.total_in;
        self.total_out = point.total_out;
        if point.fixed {
            return self.fixed_tables();
        }
        if point.state == State::Symbols {
            self.lengths.fixed = false;
            self.lengths.literals = point.literals;
            self.lengths.distances = point.distances;
            self.lengths.codes[..point.codes.len()].copy_from_slice(&point.codes);
            return self.dynamic_tables();
        }
        Ok(())
    }
}
