//! Sizes as versions before 1.9.8 estimate them: in double precision, each symbol rounded up.

use crate::recode::encoder::go::codes::{DISTANCE_EXTRA, END, FIRST_LENGTH, LENGTH_EXTRA};
use crate::recode::encoder::go::stored_size;
use crate::recode::encoder::go::tokens::Frequencies;

use super::blocks::Blocks;
use super::filled::fill;
use super::tokens::Tokens;

impl Tokens {
    /// What the block would take at best, in bits.
    pub(super) fn first_estimate(&self) -> usize {
        let (literals, lengths) = self.counted.literals.split_at(FIRST_LENGTH);
        let total = self.list.len() + self.filled;
        if total == 0 {
            return 0;
        }
        let mut sum = entropy(0.0, &literals[..END], total);
        // For the end of block.
        sum += 15.0;
        sum = entropy(sum, lengths, total);
        let mut extra = wrong_extra(lengths, LENGTH_EXTRA);
        let matches: usize = lengths.iter().map(|&count| count as usize).sum();
        if matches > 0 {
            sum = entropy(sum, &self.counted.distances, matches);
            extra += wrong_extra(&self.counted.distances, DISTANCE_EXTRA);
        }
        sum as usize + extra
    }
}

/// The extra bits, but looked up by how often a code occurs.
fn wrong_extra(counts: &[u32], bits: [u8; 32]) -> usize {
    counts.iter().map(|&count| usize::from(bits[count as usize & 31]) * count as usize).sum()
}

impl Blocks {
    /// Writes bytes as literals.
    pub(super) fn first_literals(&mut self, input: &[u8], sync: bool) {
        let mut counted = Frequencies::of_bytes(input);
        counted.literals[END] = 0;
        if !self.literal_only {
            self.stale_distance = 0;
        }
        let mut sum = 0.0;
        let single = (-log2(1.0 / input.len() as f64)).ceil();
        for &count in &counted.literals[..END] {
            sum = if count > 0 { entropy(sum, &[count], input.len()) } else { sum + if sync { 0.0 } else { single } };
        }
        if !sync {
            fill(&mut counted.literals[..END]);
        }
        let fresh = (sum + 0.99) as usize + 15;
        if stored_size(Some(input)).is_some_and(|stored| stored < fresh + (fresh >> 4)) {
            return self.stored(input);
        }
        if let Some(open) = self.open {
            let reuse = self.header.size() + self.literals.size(&counted.literals) + self.stale_distance as usize + open;
            if fresh + (fresh >> self.penalty) < reuse {
                self.close();
            }
        }
        if self.open.is_none() {
            counted.literals[END] = 1;
            self.literals.generate(&counted.literals[..=END], 15);
            self.open_literals();
        }
        self.put_literals(input, sync);
    }
}

fn entropy(mut sum: f64, counts: &[u32], total: usize) -> f64 {
    let inverse = 1.0 / total as f64;
    for count in counts.iter().filter(|&&count| count > 0).map(|&count| f64::from(count)) {
        sum += (-log2(count * inverse) * count).ceil();
    }
    sum
}

/// A positive normal number as a fraction of at least a half and below one, and an exponent.
fn fraction(value: f64) -> (f64, f64) {
    let bits = value.to_bits();
    let exponent = (bits >> 52) as u32;
    (f64::from_bits(bits & !(0x7ff << 52) | 1022 << 52), f64::from(exponent) - 1022.0)
}

/// The logarithm as Go's `math.Log2` makes it; other libraries round some of them otherwise.
fn log2(value: f64) -> f64 {
    let (fraction, exponent) = fraction(value);
    if fraction.to_bits() == 0.5_f64.to_bits() {
        return exponent - 1.0;
    }
    ln(fraction) * std::f64::consts::LOG2_E + exponent
}

/// The natural logarithm of a fraction: the method of FreeBSD's `e_log.c`, as in Go's `math.Log`.
fn ln(value: f64) -> f64 {
    const LOW: f64 = 1.908_214_929_270_587_7e-10;
    const HIGH: f64 = 6.931_471_803_691_238e-1;
    const L: [f64; 7] = [
        6.666_666_666_666_735e-1,
        3.999_999_999_940_942e-1,
        2.857_142_874_366_239e-1,
        2.222_219_843_214_978_4e-1,
        1.818_357_216_161_805e-1,
        1.531_383_769_920_937_3e-1,
        1.479_819_860_511_658_6e-1,
    ];
    let (value, scale) = if value < std::f64::consts::FRAC_1_SQRT_2 { (value * 2.0, -1.0) } else { (value, 0.0) };
    let f = value - 1.0;
    let s = f / (2.0 + f);
    let s2 = s * s;
    let s4 = s2 * s2;
    let odd = s2 * (L[0] + s4 * (L[2] + s4 * (L[4] + s4 * L[6])));
    let even = s4 * (L[1] + s4 * (L[3] + s4 * L[5]));
    let half = 0.5 * f * f;
    scale * HIGH - ((half - (s * (half + (odd + even)) + scale * LOW)) - f)
}
