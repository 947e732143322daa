//! Finding records in whatever bytes arrive: from anywhere on, behind garbage, after a gap.

use super::record::{HEADER, Header, MARK, VERSION};

/// How many bytes may be hashed in vain at once. A stream that is made of beginnings of records costs no more than twice its length.
const CREDIT: usize = 1 << 20;
/// Consumed bytes are moved out of the buffer when they are so many.
const SWEEP: usize = 1 << 20;

/// One intact record.
#[derive(Debug)]
pub struct Found<'a> {
    /// What it says it is.
    pub header: Header,
    /// Its payload, of the length the header says.
    pub payload: &'a [u8],
}

/// Takes bytes in any pieces, gives intact records in their order.
#[derive(Debug)]
pub struct Scanner {
    buffer: Vec<u8>,
    at: usize,
    credit: usize,
    skipped: u64,
    newer: bool,
    closed: bool,
}

impl Default for Scanner {
    fn default() -> Self {
        Self { buffer: Vec::new(), at: 0, credit: CREDIT, skipped: 0, newer: false, closed: false }
    }
}

impl Scanner {
    /// Takes the next bytes; [`Scanner::record`] is asked for all they hold before more are given.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.at == self.buffer.len() || self.at >= SWEEP {
            self.buffer.drain(..self.at);
            self.at = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Whether nothing follows any more.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// How many bytes were no part of an intact record.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Whether something looked like a record of another version of the format.
    pub fn newer(&self) -> bool {
        self.newer
    }

    /// Nothing follows any more: a record that is not whole by now never will be, and others may lie in what waits for its rest.
    pub fn close(&mut self) {
        self.closed = true;
    }

    /// The next intact record; `None` when more bytes are needed.
    pub fn record(&mut self) -> Option<Found<'_>> {
        loop {
            self.seek();
            let rest = &self.buffer[self.at..];
            if rest.len() < HEADER {
                let lost = if self.closed { rest.len() } else { 0 };
                self.pass(lost);
                return None;
            }
            let Some(header) = Header::read(rest) else {
                self.newer |= rest[8] > VERSION && rest[8] < 16;
                self.pass(MARK.len());
                continue;
            };
            let length = header.record_length();
            let Some(record) = rest.get(..length) else {
                if !self.closed {
                    return None;
                }
                self.pass(MARK.len());
                continue;
            };
            if Header::is_intact(record) {
                let start = self.at + HEADER;
                self.at += length;
                self.credit = (self.credit + length).min(CREDIT);
                return Some(Found { header, payload: &self.buffer[start..start + usize::from(header.payload)] });
            }
            self.doubt(length);
        }
    }

    /// Goes on behind something that begins like a record and is none. The next record may begin within it, where bytes are missing.
    fn doubt(&mut self, length: usize) {
        if self.credit < length {
            return self.pass(length);
        }
        self.credit -= length;
        self.pass(MARK.len());
    }

    /// Goes to the next mark, or to where one may yet become whole.
    fn seek(&mut self) {
        let rest = &self.buffer[self.at..];
        if rest.starts_with(&MARK) {
            return;
        }
        let found = rest.windows(MARK.len()).position(|window| window == MARK);
        self.pass(found.unwrap_or_else(|| rest.len().saturating_sub(MARK.len() - 1)));
    }

    fn pass(&mut self, bytes: usize) {
        self.at += bytes;
        self.skipped += bytes as u64;
        self.credit = (self.credit + bytes).min(CREDIT);
    }
}
