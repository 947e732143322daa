//! The loop that makes most of the bytes: runs while a whole word of input and room for the longest match are there.

use super::table::{DISTANCE_BITS, END, INVALID, LITERAL, LITERAL_BITS, SUBTABLE};
use super::{InflateError, Inflater, Observer, SLACK};

/// Copies a match, in wide steps where it does not overlap itself closely; writes up to 31 bytes past its end.
#[inline]
fn copy(plain: &mut [u8], to: usize, distance: usize, length: usize) {
    let from = to - distance;
    if distance >= 16 {
        let mut done = 0;
        while done < length {
            let word: [u8; 16] = match plain[from + done..from + done + 16].try_into() {
                Ok(word) => word,
                Err(_) => return,
            };
            plain[to + done..to + done + 16].copy_from_slice(&word);
            done += 16;
        }
    } else if distance == 1 {
        let byte = plain[from];
        plain[to..to + length].fill(byte);
    } else {
        for at in to..to + length {
            plain[at] = plain[at - distance];
        }
    }
}

impl Inflater {
    /// True when the end of the block was met, false when the input or the room is nearly used up. One long function, so that the
    /// bit buffer and the places stay in registers.
    pub(super) fn fast<O: Observer>(&mut self, input: &[u8], at: &mut usize, observer: &mut O) -> Result<bool, InflateError> {
        let (mut bits, mut count, mut next, mut to) = (self.bits, self.count, *at, self.to);
        let (literals, distances) = (&self.literals, &self.distances);
        let plain = &mut self.plain[..];
        let end = plain.len() - SLACK - 2;
        let mut symbols = 0u64;
        let mut done = false;
        while to < end {
            let Some(word) = input.get(next..next + 8).and_then(|word| <[u8; 8]>::try_from(word).ok()) else { break };
            bits |= u64::from_le_bytes(word) << count;
            next += ((63 - count) >> 3) as usize;
            count |= 0b11_1000;
            let mut entry = literals.primary::<LITERAL_BITS>(bits);
            // Two literals fit before the bits may run short for a whole match (48 bits of 56).
            if entry & LITERAL != 0 {
                bits >>= entry & 15;
                count -= entry & 15;
                plain[to] = (entry >> 16) as u8;
                to += 1;
                symbols += 1;
                entry = literals.primary::<LITERAL_BITS>(bits);
                if entry & LITERAL != 0 {
                    bits >>= entry & 15;
                    count -= entry & 15;
                    plain[to] = (entry >> 16) as u8;
                    to += 1;
                    symbols += 1;
                    entry = literals.primary::<LITERAL_BITS>(bits);
                    if entry & LITERAL != 0 {
                        bits >>= entry & 15;
                        count -= entry & 15;
                        plain[to] = (entry >> 16) as u8;
                        to += 1;
                        symbols += 1;
                    }
                    continue;
                }
                // One literal took at most 11 bits: 45 are left, and a match may need 48.
                if count < 48 {
                    continue;
                }
            }
            if entry & SUBTABLE != 0 {
                entry = literals.secondary(entry, bits >> LITERAL_BITS);
                bits >>= LITERAL_BITS;
                count -= LITERAL_BITS;
            }
            bits >>= entry & 15;
            count -= entry & 15;
            if entry & (LITERAL | END | INVALID) != 0 {
                if entry & LITERAL != 0 {
                    plain[to] = (entry >> 16) as u8;
                    to += 1;
                    symbols += 1;
                    continue;
                }
                if entry & INVALID != 0 {
                    return Err(InflateError::Symbol);
                }
                done = true;
                break;
            }
            let extra = (entry >> 4) & 15;
            let length = (entry >> 16) as usize + (bits & ((1 << extra) - 1)) as usize;
            bits >>= extra;
            count -= extra;
            let mut entry = distances.primary::<DISTANCE_BITS>(bits);
            if entry & SUBTABLE != 0 {
                entry = distances.secondary(entry, bits >> DISTANCE_BITS);
                bits >>= DISTANCE_BITS;
                count -= DISTANCE_BITS;
            }
            bits >>= entry & 15;
            count -= entry & 15;
            if entry & INVALID != 0 {
                return Err(InflateError::Symbol);
            }
            let extra = (entry >> 4) & 15;
            let distance = (entry >> 16) as usize + (bits & ((1 << extra) - 1)) as usize;
            bits >>= extra;
            count -= extra;
            if distance > to {
                return Err(InflateError::Distance);
            }
            copy(plain, to, distance, length);
            to += length;
            symbols += 1;
            observer.copy(length, distance);
        }
        self.bits = bits & ((1u64 << count) - 1);
        self.count = count;
        self.to = to;
        self.symbols += symbols;
        *at = next;
        Ok(done)
    }
}
