//! The header of a dynamic block: the two code tables, run-length coded.

use super::bits::BitSink;
use super::codes::{DISTANCES, LENGTH_ORDER, LITERALS};
use super::huffman::{Build, Code, Codes};

/// The run-length coded tables of a dynamic block.
pub(in crate::recode::encoder) struct Header {
    items: Vec<(u8, u8)>,
    lengths: [u8; LITERALS + DISTANCES],
    frequencies: [u32; 19],
    codes: Codes<19>,
}

impl Header {
    /// An empty header.
    pub(in crate::recode::encoder) fn new(build: Build) -> Self {
        let lengths = [0; LITERALS + DISTANCES];
        Self { items: Vec::with_capacity(lengths.len()), lengths, frequencies: [0; 19], codes: Codes::new(build) }
    }

    /// Describes these tables.
    pub(in crate::recode::encoder) fn describe(&mut self, literals: &[Code], distances: &[Code]) {
        self.items.clear();
        self.frequencies = [0; 19];
        for (length, code) in self.lengths.iter_mut().zip(literals.iter().chain(distances)) {
            *length = code.length() as u8;
        }
        let total = literals.len() + distances.len();
        let mut at = 0;
        while at < total {
            let length = self.lengths[at];
            let run = self.lengths[at..total].iter().take_while(|&&other| other == length).count();
            self.run(length, run);
            at += run;
        }
        self.codes.generate(&self.frequencies, 7);
    }

    fn run(&mut self, length: u8, mut count: usize) {
        if length != 0 {
            self.item(length, 0);
            count -= 1;
            while count >= 3 {
                let part = count.min(6);
                self.item(16, part - 3);
                count -= part;
            }
        } else {
            while count >= 11 {
                let part = count.min(138);
                self.item(18, part - 11);
                count -= part;
            }
            if count >= 3 {
                self.item(17, count - 3);
                count = 0;
            }
        }
        for _ in 0..count {
            self.item(length, 0);
        }
    }

    fn item(&mut self, code: u8, extra: usize) {
        self.items.push((code, extra as u8));
        self.frequencies[usize::from(code)] += 1;
    }

    /// How many lengths of the code length code are written.
    fn written(&self) -> usize {
        let last = LENGTH_ORDER.iter().rposition(|&code| self.frequencies[code] != 0);
        last.map_or(4, |last| (last + 1).max(4))
    }

    /// Bits of the header, the three bits of the block included.
    pub(in crate::recode::encoder) fn size(&self) -> usize {
        let [.., copies, short, long] = self.frequencies;
        let extra = copies as usize * 2 + short as usize * 3 + long as usize * 7;
        3 + 5 + 5 + 4 + 3 * self.written() + self.codes.size(&self.frequencies) + extra
    }

    /// Writes the header of a block with these numbers of codes.
    pub(in crate::recode::encoder) fn put(&self, sink: &mut BitSink, literals: usize, distances: usize, last: bool) {
        let written = self.written();
        sink.put(4 | u32::from(last), 3);
        sink.put(literals as u32 - 257, 5);
        sink.put(distances as u32 - 1, 5);
        sink.put(written as u32 - 4, 4);
        for &code in &LENGTH_ORDER[..written] {
            sink.put(self.codes.of[code].length(), 3);
        }
        for &(code, extra) in &self.items {
            sink.code(self.codes.of[usize::from(code)]);
            let bits = match code {
                16 => 2,
                17 => 3,
                18 => 7,
                _ => continue,
            };
            sink.put(u32::from(extra), bits);
        }
    }
}
