//! Inflating as a reader.

use std::io::{self, Read};

use super::{InflateError, Inflater, SeekPoint, Status};

/// How much of the stream is read at a time.
const READ: usize = 64 * 1024;

/// Reads the plain bytes of a deflate stream.
pub struct InflateReader<R> {
    source: R,
    input: Box<[u8]>,
    at: usize,
    filled: usize,
    given: usize,
    inflater: Inflater,
}

impl<R: Read> InflateReader<R> {
    /// Reads the stream at the front of `source`, which may make at most `limit` bytes.
    pub fn new(source: R, limit: u64) -> Self {
        Self { source, input: vec![0; READ].into(), at: 0, filled: 0, given: 0, inflater: Inflater::new(limit) }
    }

    /// Goes on at a kept place; `source` starts at [`SeekPoint::deflated`].
    pub fn resume(source: R, limit: u64, point: &SeekPoint) -> Result<Self, InflateError> {
        let mut reader = Self::new(source, limit);
        reader.inflater.restore(point)?;
        Ok(reader)
    }

    /// The state, for its totals and for seek points.
    pub const fn inflater(&self) -> &Inflater {
        &self.inflater
    }

    /// The next plain bytes, empty at the end; to be given up with [`InflateReader::consume`].
    pub fn fill(&mut self) -> io::Result<&[u8]> {
        while self.given == self.inflater.plain().len() && !self.inflater.is_done() {
            self.given = 0;
            let progress = self.inflater.inflate(&self.input[self.at..self.filled]).map_err(invalid)?;
            self.at += progress.consumed;
            if progress.status == Status::NeedInput && self.inflater.plain().is_empty() {
                self.refill()?;
            }
        }
        Ok(&self.inflater.plain()[self.given..])
    }

    /// Marks bytes of [`InflateReader::fill`] as taken.
    pub fn consume(&mut self, bytes: usize) {
        self.given = (self.given + bytes).min(self.inflater.plain().len());
    }

    fn refill(&mut self) -> io::Result<()> {
        self.at = 0;
        self.filled = loop {
            match self.source.read(&mut self.input) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        if self.filled == 0 { Err(invalid(InflateError::Truncated)) } else { Ok(()) }
    }
}

fn invalid(error: InflateError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

impl<R: Read> Read for InflateReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let plain = self.fill()?;
        let bytes = plain.len().min(out.len());
        out[..bytes].copy_from_slice(&plain[..bytes]);
        self.consume(bytes);
        Ok(bytes)
    }
}
