//! Streams of encoders that are not known: a guess of how a known one would go on, and corrections where that is not so.
//!
//! What it takes begins with the corrections, behind their length; the plain bytes follow. However the corrections lie, what it does is
//! bounded by the plain bytes and by the length of the stream, and so is what it keeps.

mod block;
mod coder;
mod corrections;
mod guess;
mod header;
mod lengths;
mod making;
mod model;
mod parse;
mod presets;
#[cfg(test)]
mod tests;
mod window;

pub use corrections::{Cost, corrections};

use super::{Deflater, EncoderError};
use making::Making;

/// Longest corrections.
pub const MOST: usize = 8 << 20;
/// They are at most one part in so many of what is taken, and a little.
const SHARE: u64 = 8;
/// See there.
const ALWAYS: u64 = 64;
/// Longest of what it takes.
pub const LONGEST: u64 = u32::MAX as u64 - 1;
/// Memory that it takes at most, beside the corrections.
pub const MEMORY: u64 = 4 << 20;

/// Plain bytes that are looked at in one go.
const STEP: usize = 16 << 10;

/// How long the corrections of so many bytes that are taken may be.
pub fn most(taken: u64) -> u64 {
    (taken / SHARE + ALWAYS).min(MOST as u64)
}

/// Why what was given cannot be made into a stream.
fn refused(what: &'static str) -> EncoderError {
    EncoderError::Corrections(what)
}

/// Makes a stream of corrections and plain bytes.
pub struct CorrectedDeflater {
    /// Bytes that are taken in all, and those that were.
    taken: u64,
    given: u64,
    /// How long the stream may become.
    most: u64,
    front: Front,
}

/// What is at hand of what stands before the plain bytes.
enum Front {
    /// Of the length of the corrections.
    Length(Vec<u8>),
    /// Of so many corrections.
    Corrections(Vec<u8>, usize),
    /// All of it.
    Making(Box<Making>),
}

impl CorrectedDeflater {
    /// Takes so many bytes, and makes no more than so many.
    pub const fn new(taken: u64, most: u64) -> Self {
        Self { taken, given: 0, most, front: Front::Length(Vec::new()) }
    }

    /// Takes length and corrections off the front; how many bytes that were.
    fn front(&mut self, bytes: &[u8]) -> Result<usize, EncoderError> {
        let mut used = 0;
        if let Front::Length(length) = &mut self.front {
            let Some(end) = bytes.iter().position(|byte| *byte < 0x80) else {
                length.extend_from_slice(bytes);
                return if length.len() > 4 { Err(refused("a length that is too long")) } else { Ok(bytes.len()) };
            };
            used = end + 1;
            length.extend_from_slice(&bytes[..used]);
            let all = crate::recode::varint::get(&mut &length[..]).map_err(|_| refused("a length that is none"))?;
            let plain = self.taken.checked_sub(length.len() as u64).and_then(|left| left.checked_sub(all));
            if all > most(self.taken) || plain.is_none_or(|plain| plain > LONGEST) {
                return Err(refused("more of them than there may be"));
            }
            self.taken -= length.len() as u64;
            self.given -= length.len() as u64;
            self.front = Front::Corrections(Vec::with_capacity(all as usize), all as usize);
        }
        if let Front::Corrections(corrections, all) = &mut self.front {
            let now = (bytes.len() - used).min(*all - corrections.len());
            corrections.extend_from_slice(&bytes[used..used + now]);
            used += now;
            if corrections.len() == *all {
                let plain = self.taken as usize - *all;
                self.front = Front::Making(Box::new(Making::new(std::mem::take(corrections), plain, self.most)?));
            }
        }
        Ok(used)
    }
}

impl Deflater for CorrectedDeflater {
    fn write(&mut self, mut plain: &[u8], out: &mut Vec<u8>) -> Result<(), EncoderError> {
        self.given += plain.len() as u64;
        if self.given > self.taken {
            return Err(refused("fewer plain bytes"));
        }
        if !matches!(self.front, Front::Making(_)) {
            let used = self.front(plain)?;
            plain = &plain[used..];
        }
        let Front::Making(making) = &mut self.front else { return Ok(()) };
        for part in plain.chunks(STEP) {
            making.guesser.window.feed(part, making.guesser.at);
            making.go_on(out)?;
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), EncoderError> {
        let Front::Making(making) = &mut self.front else { return Err(refused("their beginning")) };
        if self.given != self.taken {
            return Err(refused("more plain bytes"));
        }
        making.go_on(out)?;
        making.end(out)
    }
}
