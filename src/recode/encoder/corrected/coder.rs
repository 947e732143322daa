//! The binary arithmetic coder of corrections: the same description of a stream is written with one side and read with the other.

/// Bits of a probability.
const BITS: u32 = 15;
/// A range below this is widened by a byte.
const NARROW: u32 = 1 << 24;
/// How fast a chance follows what comes: the more it has seen, the slower.
const SHIFTS: [u8; 16] = [1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5];
/// Bytes behind the end that a reader takes as zeros: those that a writer leaves out.
const BEHIND: usize = 4;

/// How likely a bit is not set, as learned from those before it.
#[derive(Clone, Copy)]
pub struct Chance {
    clear: u16,
    seen: u8,
}

impl Chance {
    /// Nothing is known.
    pub const EVEN: Self = Self { clear: 1 << (BITS - 1), seen: 0 };
    /// Mostly not set.
    pub const RARE: Self = Self { clear: 30_000, seen: 3 };

    /// Follows a bit.
    #[inline]
    fn learn(&mut self, bit: bool) {
        let shift = SHIFTS[usize::from(self.seen)];
        let last = SHIFTS.len() as u8 - 1;
        self.seen = if self.seen < last { self.seen + 1 } else { last };
        if bit {
            self.clear -= (self.clear - 31) >> shift;
        } else {
            self.clear += ((1 << BITS) - 31 - self.clear) >> shift;
        }
    }
}

/// One side of the coder: given what is so, tells what is so. A reader looks at nothing that it is given.
pub trait Coder {
    /// Whether it writes.
    const WRITES: bool;

    /// A bit with its chance.
    fn bit(&mut self, chance: &mut Chance, bit: bool) -> bool;

    /// Bits without one, at most 16.
    fn plain(&mut self, bits: u32, value: u32) -> u32 {
        let mut all = 0;
        for at in (0..bits).rev() {
            all = (all << 1) | u32::from(self.bit(&mut Chance::EVEN.clone(), value >> at & 1 != 0));
        }
        all
    }

    /// A number of so many bits, each with a chance by those above it. There are 2^`bits` chances.
    fn tree(&mut self, chances: &mut [Chance], bits: u32, value: u32) -> u32 {
        let mut node = 1usize;
        for at in (0..bits).rev() {
            node = node << 1 | usize::from(self.bit(&mut chances[node], value >> at & 1 != 0));
        }
        node as u32 - (1 << bits)
    }
}

/// Chances of a number below 2^20 - 1 of which small ones are likely.
#[derive(Clone)]
pub struct Number {
    lengths: [Chance; Number::LONGEST],
    tops: [Chance; Number::LONGEST + 1],
}

impl Number {
    /// Bits of the longest number, which is one less than what is coded.
    const LONGEST: usize = 19;

    /// Nothing is known.
    pub const NEW: Self = Self { lengths: [Chance::EVEN; Self::LONGEST], tops: [Chance::EVEN; Self::LONGEST + 1] };

    /// The number: how many bits it has with one added, one by one; the second of them with a chance; the others.
    pub fn code<C: Coder>(&mut self, coder: &mut C, value: u32) -> u32 {
        let value = value + 1;
        let wanted = value.ilog2();
        let mut bits = 0;
        while (bits as usize) < Self::LONGEST && coder.bit(&mut self.lengths[bits as usize], bits < wanted) {
            bits += 1;
        }
        if bits == 0 {
            return 0;
        }
        let top = u32::from(coder.bit(&mut self.tops[bits as usize], value >> (bits - 1) & 1 != 0));
        let mut all = 2 | top;
        let mut left = bits - 1;
        while left > 0 {
            let now = left.min(16);
            left -= now;
            all = all << now | coder.plain(now, value >> left & ((1 << now) - 1));
        }
        all - 1
    }
}

/// Writes.
pub struct Writer {
    low: u64,
    range: u32,
    held: u8,
    carried: u64,
    out: Vec<u8>,
    first: bool,
}

impl Writer {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self { low: 0, range: u32::MAX, held: 0, carried: 1, out: Vec::new(), first: true }
    }

    /// How many bits it has so far.
    pub fn bits(&self) -> u64 {
        (self.out.len() as u64 + self.carried) * 8 + u64::from(self.range.leading_zeros())
    }

    fn shift(&mut self) {
        if (self.low as u32) < 0xFF00_0000 || self.low >> 32 != 0 {
            let carry = (self.low >> 32) as u8;
            let mut byte = self.held;
            while self.carried > 0 {
                // The first one is nothing: there is no byte before it that could be carried into.
                if !self.first {
                    self.out.push(byte.wrapping_add(carry));
                }
                self.first = false;
                byte = 0xFF;
                self.carried -= 1;
            }
            self.held = (self.low >> 24) as u8;
        }
        self.carried += 1;
        self.low = (self.low & 0x00FF_FFFF) << 8;
    }

    /// The bytes: of all that would be read the same, one that ends in zeros, of which up to four are left out.
    pub fn finish(mut self) -> Vec<u8> {
        self.low = (self.low + u64::from(NARROW - 1)) & !u64::from(NARROW - 1);
        for _ in 0..5 {
            self.shift();
        }
        for _ in 0..BEHIND {
            if self.out.last() == Some(&0) {
                self.out.pop();
            }
        }
        self.out
    }
}

impl Coder for Writer {
    const WRITES: bool = true;

    fn bit(&mut self, chance: &mut Chance, bit: bool) -> bool {
        let bound = (self.range >> BITS) * u32::from(chance.clear);
        if bit {
            self.low += u64::from(bound);
            self.range -= bound;
        } else {
            self.range = bound;
        }
        chance.learn(bit);
        while self.range < NARROW {
            self.range <<= 8;
            self.shift();
        }
        bit
    }
}

/// Reads.
pub struct Reader {
    bytes: Vec<u8>,
    at: usize,
    range: u32,
    code: u32,
}

impl Reader {
    /// All of the bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        let mut reader = Self { bytes, at: 0, range: u32::MAX, code: 0 };
        for _ in 0..BEHIND {
            reader.code = reader.code << 8 | reader.next();
        }
        reader
    }

    fn next(&mut self) -> u32 {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        u32::from(byte)
    }

    /// Whether more was read than there is.
    pub fn is_over(&self) -> bool {
        self.at > self.bytes.len() + BEHIND
    }

    /// Whether all was read.
    pub fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len() && !self.is_over()
    }
}

impl Coder for Reader {
    const WRITES: bool = false;

    fn bit(&mut self, chance: &mut Chance, _: bool) -> bool {
        let bound = (self.range >> BITS) * u32::from(chance.clear);
        let bit = self.code >= bound;
        if bit {
            self.code -= bound;
            self.range -= bound;
        } else {
            self.range = bound;
        }
        chance.learn(bit);
        while self.range < NARROW {
            self.range <<= 8;
            self.code = self.code << 8 | self.next();
        }
        bit
    }
}
