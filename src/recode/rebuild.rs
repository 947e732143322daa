//! Makes the bytes of a blob again from its expanded stream, as that comes.

use super::encoder::{Deflater, Encoder, MOST_MEMORY};
use super::error::{Error, Result};
use super::format::Header;
use super::layout::{Coding, Stream};

/// How much is given to an encoder before what it made is counted: some make many times what they are given.
pub const STEP: usize = 16 << 10;

/// The encoders of a header.
pub fn encoders(header: &Header) -> Result<Vec<Encoder>> {
    let known = |code: &Vec<u8>| Encoder::from_code(code).map_err(|error| Error::malformed("encoders", "one that is known here", error));
    let encoders: Vec<Encoder> = header.encoders.iter().map(known).collect::<Result<_>>()?;
    for (number, stream) in header.blob.streams().iter().enumerate() {
        suits(number, stream, &encoders[usize::from(stream.encoder)])?;
    }
    Ok(encoders)
}

/// The most memory that making one of the frames of zstd takes; None where there are none.
pub fn frames(header: &Header, encoders: &[Encoder]) -> Option<u64> {
    let memory = |stream: &Stream| match &encoders[usize::from(stream.encoder)] {
        Encoder::Zstd(zstd) => Some(zstd.memory(stream.deflated, stream.plain)),
        _ => None,
    };
    header.blob.streams().iter().filter_map(memory).max()
}

/// Whether there are streams that are made of corrections.
pub fn corrected(encoders: &[Encoder]) -> bool {
    encoders.contains(&Encoder::Corrected)
}

/// Whether an encoder makes streams of this kind, within the memory that there is for it.
fn suits(number: usize, stream: &Stream, encoder: &Encoder) -> Result<()> {
    let (expected, found) = match (stream.coding, encoder) {
        (Coding::Deflate, Encoder::Zstd(_)) => ("an encoder of deflate streams", "one of zstd".to_owned()),
        (Coding::Zstd, Encoder::Zstd(zstd)) => match zstd.memory(stream.deflated, stream.plain) {
            0..=MOST_MEMORY => return Ok(()),
            memory => ("an encoder that takes at most 176 MiB", format!("{memory} bytes")),
        },
        (Coding::Zstd, _) => ("an encoder of zstd", "one of deflate streams".to_owned()),
        (Coding::Deflate, _) => return Ok(()),
    };
    Err(Error::malformed(format!("stream {number}"), expected, found))
}

/// A stream that is being made, with those within its plain bytes.
pub struct Making<'a> {
    encoders: &'a [Encoder],
    number: usize,
    outer: &'a Stream,
    inner: &'a [Stream],
    deflater: Box<dyn Deflater>,
    /// Where in the plain bytes of the outer stream this is.
    at: u64,
    /// Which of the inner streams is next.
    next: usize,
    within: Option<Within>,
    made: u64,
}

/// An inner stream that is being made.
struct Within {
    deflater: Box<dyn Deflater>,
    left: u64,
    made: u64,
}

impl<'a> Making<'a> {
    /// Begins with the stream of that number in the recipe.
    pub fn new(streams: &'a [Stream], number: usize, encoders: &'a [Encoder]) -> Self {
        let outer = &streams[number];
        let inner = &streams[number + 1..number + 1 + outer.inner as usize];
        let deflater = encoders[usize::from(outer.encoder)].start_of(outer.plain, outer.deflated);
        Self { encoders, number, outer, inner, deflater, at: 0, next: 0, within: None, made: 0 }
    }

    /// Takes bytes of the expanded stream, appends what is ready.
    pub fn write(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) -> Result<()> {
        while !bytes.is_empty() {
            let taken = if self.within() { self.inner(bytes, out)? } else { self.plain(bytes, out)? };
            bytes = &bytes[taken..];
        }
        Ok(())
    }

    /// How much may come at the end at once: of a frame of zstd all that is left of it.
    pub fn tail(&self) -> u64 {
        match self.outer.coding {
            Coding::Deflate => 0,
            Coding::Zstd => self.outer.deflated.saturating_sub(self.made).min(MOST_MEMORY),
        }
    }

    /// The end of the expanded bytes of this stream.
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<()> {
        // Streams without plain bytes end without any coming.
        while self.within() {
            if self.within.as_ref().is_some_and(|within| within.left > 0) {
                return Err(Error::malformed(format!("stream {}", self.number), "more plain bytes", "their end"));
            }
            self.inner(&[], out)?;
        }
        let before = out.len();
        self.deflater.finish(out).map_err(|error| broken(self.number, error))?;
        self.made += (out.len() - before) as u64;
        check(self.number, self.outer, self.made)
    }

    /// Whether the next bytes are those of an inner stream, which then has begun.
    fn within(&mut self) -> bool {
        let Some(stream) = self.inner.get(self.next).filter(|stream| stream.offset == self.at) else { return false };
        if self.within.is_none() {
            let deflater = self.encoders[usize::from(stream.encoder)].start_of(stream.plain, stream.deflated);
            self.within = Some(Within { deflater, left: stream.plain, made: 0 });
        }
        true
    }

    fn plain(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<usize> {
        let end = self.inner.get(self.next).map_or(self.outer.plain, |stream| stream.offset);
        let taken = (end - self.at).min(bytes.len() as u64) as usize;
        if taken == 0 {
            return Err(Error::malformed(format!("stream {}", self.number), "the end of its plain bytes", "more of them"));
        }
        self.outer(&bytes[..taken], out)?;
        Ok(taken)
    }

    /// Gives plain bytes to the outer encoder.
    fn outer(&mut self, plain: &[u8], out: &mut Vec<u8>) -> Result<()> {
        for plain in plain.chunks(STEP) {
            let before = out.len();
            self.deflater.write(plain, out).map_err(|error| broken(self.number, error))?;
            self.made += (out.len() - before) as u64;
            self.at += plain.len() as u64;
            // No encoder can make good for what is too much already.
            if self.made > self.outer.deflated {
                return check(self.number, self.outer, self.made);
            }
        }
        Ok(())
    }

    fn inner(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<usize> {
        let (number, stream) = (self.number + 1 + self.next, &self.inner[self.next]);
        let Some(mut within) = self.within.take() else { return Ok(0) };
        let taken = within.left.min(bytes.len().min(STEP) as u64) as usize;
        let mut made = Vec::new();
        within.deflater.write(&bytes[..taken], &mut made).map_err(|error| broken(number, error))?;
        within.left -= taken as u64;
        let ends = within.left == 0;
        if ends {
            within.deflater.finish(&mut made).map_err(|error| broken(number, error))?;
        }
        within.made += made.len() as u64;
        if ends || within.made > stream.deflated {
            check(number, stream, within.made)?;
        }
        // The outer place stands still until the inner stream has ended: it tells which one that is.
        let at = self.at;
        self.outer(&made, out)?;
        if ends {
            self.at = stream.end();
            self.next += 1;
        } else {
            self.at = at;
            self.within = Some(within);
        }
        Ok(taken)
    }
}

fn broken(number: usize, error: impl std::fmt::Display) -> Error {
    Error::malformed(format!("stream {number}"), "an encoder that makes it again", error)
}

fn check(number: usize, stream: &Stream, made: u64) -> Result<()> {
    if made == stream.deflated {
        return Ok(());
    }
    Err(Error::malformed(format!("stream {number} of {} plain bytes", stream.plain), format!("{} bytes", stream.deflated), made))
}

#[cfg(test)]
mod tests {
    use super::{Coding, Encoder, Making, STEP, Stream};

    #[test]
    fn an_encoder_that_expands_is_stopped_soon() {
        // zlib that flushes behind every byte: seven bytes for one.
        let encoders = [Encoder::from_code(&[1, 6, 15, 8, 0, 2, 1, 0, 0, 0]).expect("an encoder")];
        let plain = vec![7; 1 << 20];
        let stream = |deflated, plain, inner| Stream { offset: 0, deflated, plain, inner, encoder: 0, coding: Coding::Deflate };
        // Alone, and within another one.
        for streams in [vec![stream(9_000, 1 << 20, 0)], vec![stream(9_000, 9_000_000, 1), stream(8_000_000, 1 << 20, 0)]] {
            let mut out = Vec::new();
            assert!(Making::new(&streams, 0, &encoders).write(&plain, &mut out).is_err());
            assert!(out.len() < 16 * STEP, "{}", out.len());
        }
    }
}
