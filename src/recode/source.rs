//! Bytes that can be read at any place.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Bytes of a known length that can be read at any place by several threads.
pub trait ReadAt: Sync {
    /// Fills `to` with the bytes from `offset` on; fewer than that are an error.
    fn fill(&self, offset: u64, to: &mut [u8]) -> io::Result<()>;

    /// An error once whoever waits for the work wants no more of it.
    fn go_on(&self) -> io::Result<()> {
        Ok(())
    }
}

impl ReadAt for File {
    fn fill(&self, offset: u64, to: &mut [u8]) -> io::Result<()> {
        self.read_exact_at(to, offset)
    }
}

impl ReadAt for &[u8] {
    fn fill(&self, offset: u64, to: &mut [u8]) -> io::Result<()> {
        let here = usize::try_from(offset).ok().and_then(|at| self.get(at..at.checked_add(to.len())?));
        to.copy_from_slice(here.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

/// A stretch of a source, as a source.
#[derive(Clone, Copy)]
pub struct Part<'a> {
    source: &'a dyn ReadAt,
    start: u64,
    length: u64,
}

impl<'a> Part<'a> {
    /// The `length` bytes from `start` on.
    pub fn new(source: &'a dyn ReadAt, start: u64, length: u64) -> Self {
        Self { source, start, length }
    }

    /// How many bytes it has.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Where it begins in what it is a part of.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// A stretch of this one; None where it would reach beyond the end.
    pub fn part(&self, start: u64, length: u64) -> Option<Self> {
        let inside = start.checked_add(length).is_some_and(|end| end <= self.length);
        inside.then(|| Self { source: self.source, start: self.start + start, length })
    }

    /// At most `most` bytes from `offset` on: fewer only at the end.
    pub fn some(&self, offset: u64, most: usize) -> io::Result<Vec<u8>> {
        let length = self.length.saturating_sub(offset).min(most as u64) as usize;
        let mut bytes = vec![0; length];
        self.fill(offset, &mut bytes)?;
        Ok(bytes)
    }

    /// Exactly `N` bytes from `offset` on; None beyond the end.
    pub fn array<const N: usize>(&self, offset: u64) -> io::Result<Option<[u8; N]>> {
        if offset.checked_add(N as u64).is_none_or(|end| end > self.length) {
            return Ok(None);
        }
        let mut bytes = [0; N];
        self.fill(offset, &mut bytes)?;
        Ok(Some(bytes))
    }
}

impl ReadAt for Part<'_> {
    fn fill(&self, offset: u64, to: &mut [u8]) -> io::Result<()> {
        if offset.checked_add(to.len() as u64).is_none_or(|end| end > self.length) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.source.fill(self.start + offset, to)
    }
}

/// Reads a part from its beginning to its end.
pub struct Forward<'a> {
    part: Part<'a>,
    at: u64,
}

impl<'a> Forward<'a> {
    /// Begins at the first byte.
    pub fn new(part: Part<'a>) -> Self {
        Self { part, at: 0 }
    }
}

impl io::Read for Forward<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let length = (self.part.length - self.at).min(to.len() as u64) as usize;
        self.part.fill(self.at, &mut to[..length])?;
        self.at += length as u64;
        Ok(length)
    }
}
