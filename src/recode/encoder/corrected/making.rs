//! The side that makes a stream again.

use super::super::EncoderError;
use super::super::bits::BitWriter;
use super::block::Tokens;
use super::coder::Reader;
use super::guess::{Guesser, Token};
use super::header::Codes;
use super::model::{Extent, Head, Kind, MOST_TOKENS, Model};
use super::presets::PRESETS;
use super::refused;

/// Longest stored block.
const MOST_STORED: usize = 0xFFFF;

/// A stream that is being made.
pub struct Making {
    /// Where it is in the plain bytes.
    pub guesser: Guesser,
    model: Model,
    reader: Reader,
    bits: BitWriter,
    tokens: Tokens,
    /// The block that was begun, and how much of a stored one is left.
    block: Option<(Head, usize)>,
    is_done: bool,
    made: u64,
    most: u64,
}

impl Making {
    /// Begins with these corrections and so many plain bytes; no more than `most` bytes are made.
    pub fn new(mut corrections: Vec<u8>, plain: usize, most: u64) -> Result<Self, EncoderError> {
        let preset = corrections.first().and_then(|preset| PRESETS.get(usize::from(*preset)));
        let guesser = Guesser::new(*preset.ok_or(refused("a preset that is known"))?, plain);
        corrections.remove(0);
        let reader = Reader::new(corrections);
        let (model, bits, tokens) = (Model::new(), BitWriter::default(), Tokens::new());
        Ok(Self { guesser, model, reader, bits, tokens, block: None, is_done: false, made: 0, most })
    }

    /// Goes on as far as the plain bytes that are there let it.
    pub fn go_on(&mut self, out: &mut Vec<u8>) -> Result<(), EncoderError> {
        let mut from = out.len();
        while !self.is_done {
            let block = match self.block.take() {
                Some(block) => block,
                None => self.begin(out)?,
            };
            let ends = if block.0.kind == Kind::Stored { self.stored(block, out) } else { self.coded(block.0, out)? };
            self.made += (out.len() - from) as u64;
            from = out.len();
            if self.made > self.most {
                return Err(refused("a stream that is no longer than it was"));
            }
            if !ends {
                break;
            }
        }
        Ok(())
    }

    fn begin(&mut self, out: &mut Vec<u8>) -> Result<(Head, usize), EncoderError> {
        let left = self.guesser.window.left(self.guesser.at);
        let none = Head { last: false, kind: Kind::Stored, extent: Extent::Rest, filling: 0 };
        let head = self.model.head(&mut self.reader, left, self.bits.odd(), none).ok_or(refused("a block of a known kind"))?;
        let length = match head.extent {
            Extent::Rest => left,
            Extent::Count(count) => count as usize,
        };
        let stored = head.kind == Kind::Stored;
        if self.reader.is_over() || stored && length > left.min(MOST_STORED) || !stored && !fits(head.extent) {
            return Err(refused("a block that there can be"));
        }
        self.bits.put(u32::from(head.last) | (head.kind as u32) << 1, 3, out);
        if stored {
            if self.bits.odd() > 0 {
                self.bits.put(head.filling.into(), 8 - self.bits.odd(), out);
            }
            self.bits.put(length as u32, 16, out);
            self.bits.put(length as u32 ^ 0xFFFF, 16, out);
            self.bits.flush(out);
        }
        Ok((head, length))
    }

    /// Bytes of a stored block; whether it ends.
    fn stored(&mut self, (head, left): (Head, usize), out: &mut Vec<u8>) -> bool {
        let now = left.min(self.guesser.window.known(self.guesser.at));
        out.extend_from_slice(self.guesser.window.slice(self.guesser.at, now));
        self.guesser.skip(now);
        if now < left {
            self.block = Some((head, left - now));
            return false;
        }
        self.is_done = head.last;
        true
    }

    /// Tokens of another one; whether it ends.
    fn coded(&mut self, head: Head, out: &mut Vec<u8>) -> Result<bool, EncoderError> {
        loop {
            let left = self.guesser.window.left(self.guesser.at);
            let ends = match head.extent {
                Extent::Rest => left == 0,
                Extent::Count(count) => self.tokens.count() >= count as usize,
            };
            if ends {
                break;
            }
            if self.tokens.count() >= MOST_TOKENS as usize || left == 0 {
                return Err(refused("a block that ends"));
            }
            let at = self.guesser.at;
            if !self.guesser.window.reaches(at) {
                self.block = Some((head, 0));
                return Ok(false);
            }
            let token =
                self.model.token(&mut self.reader, &mut self.guesser, Token::Literal).ok_or(refused("bytes that were there before"))?;
            if self.reader.is_over() {
                return Err(refused("more of them"));
            }
            self.tokens.push(token, self.guesser.window.byte(at));
        }
        if head.kind == Kind::Fixed {
            self.tokens.write_fixed(&mut self.bits, out);
        } else {
            let mut codes = Codes::new();
            let often = (&self.tokens.literals[..], &self.tokens.distances[..]);
            let coded = self.model.codes(&mut self.reader, often, &mut codes);
            coded.and_then(|()| self.tokens.write_with(&codes, &mut self.bits, out)).ok_or(refused("codes that there can be"))?;
        }
        self.tokens.clear();
        self.is_done = head.last;
        Ok(true)
    }

    /// The last bits, once all plain bytes were there.
    pub fn end(&mut self, out: &mut Vec<u8>) -> Result<(), EncoderError> {
        if !self.is_done || self.guesser.window.left(self.guesser.at) > 0 {
            return Err(refused("the last block at the end"));
        }
        let odd = self.bits.odd();
        let filling = self.model.filling(&mut self.reader, odd, 0);
        if odd > 0 {
            self.bits.put(filling.into(), 8 - odd, out);
        }
        self.bits.flush(out);
        if self.reader.is_at_end() { Ok(()) } else { Err(refused("their end")) }
    }
}

/// Whether a block may have so many tokens.
const fn fits(extent: Extent) -> bool {
    match extent {
        Extent::Rest => true,
        Extent::Count(count) => count <= MOST_TOKENS,
    }
}
