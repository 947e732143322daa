//! Writing bits, lowest first.

/// A bit buffer in front of a byte sink.
#[derive(Default, Clone)]
pub struct BitWriter {
    bits: u64,
    count: u32,
}

impl BitWriter {
    /// Appends `count` (at most 32) bits of `value`, which has no others.
    #[inline]
    pub fn put(&mut self, value: u32, count: u32, out: &mut Vec<u8>) {
        self.bits |= u64::from(value) << self.count;
        self.count += count;
        if self.count >= 32 {
            out.extend_from_slice(&(self.bits as u32).to_le_bytes());
            self.bits >>= 32;
            self.count -= 32;
        }
    }

    /// How many bits of the last, unfinished byte are taken.
    pub const fn odd(&self) -> u32 {
        self.count % 8
    }

    /// Writes the whole bytes.
    pub fn flush(&mut self, out: &mut Vec<u8>) {
        while self.count >= 8 {
            out.push(self.bits as u8);
            self.bits >>= 8;
            self.count -= 8;
        }
    }

    /// Fills the last byte with zeros and writes it.
    pub fn align(&mut self, out: &mut Vec<u8>) {
        self.count = self.count.next_multiple_of(8);
        self.flush(out);
    }
}
