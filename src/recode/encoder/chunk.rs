//! Encoders whose output depends on how their input is cut: the cuts are made again.

use super::cut::Flush;
use super::{Deflater, EncoderError};

/// How a writer handed its bytes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Chunk {
    /// All in one: at most [`WHOLE`] bytes.
    Whole,
    /// So many KiB at a time.
    Kib(u8),
}

/// The most bytes that are handed over in one, for they are kept until the end.
pub const WHOLE: usize = 4 << 20;

impl Chunk {
    pub(super) const fn parameter(self) -> u8 {
        match self {
            Self::Whole => 0,
            Self::Kib(kib) => kib,
        }
    }

    pub(super) const fn from_parameter(byte: u8) -> Self {
        if byte == 0 { Self::Whole } else { Self::Kib(byte) }
    }

    pub(super) fn start<D>(self, inner: D) -> Chunked<D> {
        let size = match self {
            Self::Whole => WHOLE,
            Self::Kib(kib) => usize::from(kib) * 1024,
        };
        Chunked { inner, pending: Vec::new(), size, whole: self == Self::Whole }
    }
}

/// An encoder that is given its bytes in chunks.
pub struct Chunked<D> {
    inner: D,
    pending: Vec<u8>,
    size: usize,
    whole: bool,
}

impl<D: Deflater> Chunked<D> {
    fn let_go(&mut self, out: &mut Vec<u8>) -> Result<(), EncoderError> {
        self.inner.write(&self.pending, out)?;
        self.pending.clear();
        Ok(())
    }
}

impl<D: Deflater> Deflater for Chunked<D> {
    fn write(&mut self, mut plain: &[u8], out: &mut Vec<u8>) -> Result<(), EncoderError> {
        while !plain.is_empty() {
            let (now, rest) = plain.split_at(plain.len().min(self.size - self.pending.len()));
            self.pending.extend_from_slice(now);
            plain = rest;
            if self.whole {
                if !rest.is_empty() {
                    return Err(EncoderError::TooLong);
                }
            } else if self.pending.len() == self.size {
                self.let_go(out)?;
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), EncoderError> {
        self.let_go(out)?;
        self.inner.finish(out)
    }
}

impl<D: Flush> Flush for Chunked<D> {
    fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), EncoderError> {
        self.let_go(out)?;
        self.inner.flush(out)
    }
}
