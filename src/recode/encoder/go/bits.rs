//! The bit sink of a DEFLATE stream: least significant bit first.

use super::huffman::Code;

/// Collects bits into bytes. The bytes are taken by [`BitSink::drain`].
#[derive(Default)]
pub(in crate::recode::encoder) struct BitSink {
    bytes: Vec<u8>,
    bits: u64,
    count: u32,
}

impl BitSink {
    /// Appends the low `count` bits (at most 16) of `value`, which has no others.
    pub(in crate::recode::encoder) fn put(&mut self, value: u32, count: u32) {
        self.bits |= u64::from(value) << self.count;
        self.count += count;
        if self.count >= 48 {
            let ready = self.bits.to_le_bytes();
            self.bytes.extend_from_slice(&ready[..6]);
            self.bits >>= 48;
            self.count -= 48;
        }
    }

    /// Appends one Huffman code.
    pub(in crate::recode::encoder) fn code(&mut self, code: Code) {
        self.put(code.bits(), code.length());
    }

    /// Fills up to a whole byte with zero bits.
    pub(in crate::recode::encoder) fn align(&mut self) {
        let whole = self.count.div_ceil(8) as usize;
        let rest = self.bits.to_le_bytes();
        self.bytes.extend_from_slice(&rest[..whole]);
        self.bits = 0;
        self.count = 0;
    }

    /// Appends whole bytes; the sink is aligned before.
    pub(in crate::recode::encoder) fn raw(&mut self, bytes: &[u8]) {
        self.align();
        self.bytes.extend_from_slice(bytes);
    }

    /// The header of a stored block and its alignment, without its content.
    pub(in crate::recode::encoder) fn stored_header(&mut self, length: usize, last: bool) {
        self.put(u32::from(last), 3);
        self.align();
        let length = length as u16;
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(&(!length).to_le_bytes());
    }

    /// Moves the whole bytes that are ready to `out`.
    pub(in crate::recode::encoder) fn drain(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.bytes);
    }
}
