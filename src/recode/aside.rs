//! An expanded stream that is set aside in a file: read again, it is slices as they are.

use super::slice::{Method, Slice};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

/// How long these slices are.
const LENGTH: u64 = 1 << 20;

/// The slices of a file, as they stand in a stream.
pub struct Slices<'a> {
    file: &'a File,
    /// Where in the file this is, and where that ends.
    at: u64,
    end: u64,
    /// What stands before the next bytes of the file, and how many of these belong to the slice.
    head: Vec<u8>,
    left: u64,
}

impl<'a> Slices<'a> {
    /// Those of a file that has so many bytes.
    pub fn of(file: &'a File, end: u64) -> Self {
        Self { file, at: 0, end, head: Vec::new(), left: 0 }
    }
}

impl Read for Slices<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.head.is_empty() && self.left == 0 {
            self.left = (self.end - self.at).min(LENGTH);
            if self.left == 0 {
                return Ok(0);
            }
            let length = self.left as usize;
            self.head = Slice { method: Method::Stored, length, references: Vec::new(), stored: Vec::new() }.head(length);
        }
        if !self.head.is_empty() {
            let taken = self.head.len().min(to.len());
            to[..taken].copy_from_slice(&self.head[..taken]);
            self.head.drain(..taken);
            return Ok(taken);
        }
        let taken = self.left.min(to.len() as u64) as usize;
        let read = self.file.read_at(&mut to[..taken], self.at)?;
        (self.at, self.left) = (self.at + read as u64, self.left - read as u64);
        Ok(read)
    }
}
