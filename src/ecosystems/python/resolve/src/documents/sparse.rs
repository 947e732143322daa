//! A file of which some parts are here: a reader says what is missing, and tries again.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};

/// Bytes of a wheel, read from any position.
pub trait WheelBytes: Read + Seek + Send {
    /// Their number.
    fn size(&self) -> u64;
}

/// Takes the METADATA out of a wheel with that file name, or says why it cannot. It may be called
/// several times for one wheel, with more bytes at hand each time.
pub type ReadMetadata = fn(&str, &mut dyn WheelBytes) -> Result<Vec<u8>, String>;

/// A file known in parts.
pub(super) struct Sparse {
    size: u64,
    at: u64,
    parts: BTreeMap<u64, Vec<u8>>,
    /// The first byte that was asked for and is not here.
    missing: Option<u64>,
}

impl Sparse {
    /// Nothing of a file of that size.
    pub(super) fn new(size: u64) -> Self {
        Self { size, at: 0, parts: BTreeMap::new(), missing: None }
    }

    pub(super) fn add(&mut self, start: u64, bytes: Vec<u8>) {
        self.parts.insert(start, bytes);
    }

    /// What the last reading lacked: the first byte, and where the next known part begins.
    pub(super) fn take_missing(&mut self) -> Option<(u64, u64)> {
        let missing = self.missing.take()?;
        let next = self.parts.range(missing..).next().map_or(self.size, |(start, _)| *start);
        self.at = 0;
        Some((missing, next))
    }
}

impl Read for Sparse {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.size || buffer.is_empty() {
            return Ok(0);
        }
        let part = self.parts.range(..=self.at).next_back();
        let rest = part.and_then(|(start, bytes)| bytes.get(usize::try_from(self.at - start).ok()?..)).unwrap_or_default();
        if rest.is_empty() {
            self.missing = Some(self.at);
            return Err(io::Error::other("not fetched yet"));
        }
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.at += length as u64;
        Ok(length)
    }
}

impl Seek for Sparse {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(offset) => self.size.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.at.checked_add_signed(offset),
        };
        self.at = place.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

impl WheelBytes for Sparse {
    fn size(&self) -> u64 {
        self.size
    }
}

/// A wheel on disk.
pub(super) struct Whole {
    pub(super) file: std::fs::File,
    pub(super) size: u64,
}

impl Read for Whole {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Seek for Whole {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl WheelBytes for Whole {
    fn size(&self) -> u64 {
        self.size
    }
}
