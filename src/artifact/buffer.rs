//! Memory that a disk can take as it is.

use std::ops::{Deref, DerefMut};

/// The largest alignment that direct writing asks for (open(2), `O_DIRECT`).
const ALIGNMENT: usize = 4096;

/// A buffer whose first byte is page-aligned, so that its content can be written past the page cache.
#[derive(Debug)]
pub struct AlignedBuffer {
    memory: Vec<u8>,
    start: usize,
    length: usize,
}

impl AlignedBuffer {
    /// Room for `capacity` bytes; empty.
    pub fn new(capacity: usize) -> Self {
        let memory = vec![0; capacity + ALIGNMENT];
        // `align_offset` may decline to answer: then nothing is aligned, and only speed is lost.
        let start = Some(memory.as_ptr().align_offset(ALIGNMENT)).filter(|s| *s < ALIGNMENT).unwrap_or(0);
        Self { memory, start, length: 0 }
    }

    /// Sets the length; what the bytes are is left open. At most the capacity.
    pub fn set_length(&mut self, length: usize) {
        assert!(length + ALIGNMENT <= self.memory.len(), "a buffer is made for its longest content");
        self.length = length;
    }
}

impl Deref for AlignedBuffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.memory[self.start..self.start + self.length]
    }
}

impl DerefMut for AlignedBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..self.start + self.length]
    }
}
