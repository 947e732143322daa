//! Where a stream is read from, at any place.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Bytes that can be read at any place.
pub trait Source {
    /// Fills `buffer` from `at`; less only at the end.
    fn read_at(&self, at: u64, buffer: &mut [u8]) -> io::Result<usize>;
    /// How many bytes there are.
    fn len(&self) -> u64;
    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Source for &[u8] {
    fn read_at(&self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(at).ok().and_then(|at| self.get(at..)).unwrap_or(&[]);
        let bytes = rest.len().min(buffer.len());
        buffer[..bytes].copy_from_slice(&rest[..bytes]);
        Ok(bytes)
    }

    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }
}

/// A stretch of a file.
pub struct Section<'a> {
    file: &'a File,
    from: u64,
    length: u64,
}

impl<'a> Section<'a> {
    /// `length` bytes of the file from `from` on.
    pub const fn new(file: &'a File, from: u64, length: u64) -> Self {
        Self { file, from, length }
    }
}

impl Source for Section<'_> {
    fn read_at(&self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.length.saturating_sub(at)).unwrap_or(usize::MAX).min(buffer.len());
        let mut done = 0;
        while done < most {
            match self.file.read_at(&mut buffer[done..most], self.from + at + done as u64) {
                Ok(0) => break,
                Ok(bytes) => done += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    fn len(&self) -> u64 {
        self.length
    }
}
