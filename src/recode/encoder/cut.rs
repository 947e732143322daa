//! Streams whose writer flushed on the way: an empty stored block stands where it did.

use super::{Deflater, EncoderError};

/// Where the writer flushed (`Z_SYNC_FLUSH`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Cut {
    /// Nowhere.
    #[default]
    Nowhere,
    /// Once, after the last byte and before the end of the stream.
    AtEnd,
    /// Whenever so many bytes were written.
    Every(u32),
}

impl Cut {
    /// The bytes behind the parameters of an encoder; none for a stream that was not cut.
    pub(super) fn append_to(self, bytes: &mut Vec<u8>) {
        match self {
            Self::Nowhere => {}
            Self::AtEnd => bytes.push(1),
            Self::Every(length) => {
                bytes.push(2);
                bytes.extend_from_slice(&length.to_le_bytes());
            }
        }
    }

    /// What stands behind the parameters of an encoder.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [] => Some(Self::Nowhere),
            [1] => Some(Self::AtEnd),
            &[2, a, b, c, d] => {
                let length = u32::from_le_bytes([a, b, c, d]);
                (length > 0).then_some(Self::Every(length))
            }
            _ => None,
        }
    }

    /// Starts `inner` so that it is flushed where the writer did.
    pub(super) fn start<D: Flush + 'static>(self, inner: D) -> Box<dyn Deflater> {
        match self {
            Self::Nowhere => Box::new(inner),
            _ => Box::new(Flushed { inner, cut: self, filled: 0 }),
        }
    }
}

/// An encoder that can be flushed.
pub(super) trait Flush: Deflater {
    /// Ends the block and appends an empty stored one.
    fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), EncoderError>;
}

struct Flushed<D> {
    inner: D,
    cut: Cut,
    /// Bytes since the last flush.
    filled: u32,
}

impl<D: Flush> Deflater for Flushed<D> {
    fn write(&mut self, mut plain: &[u8], out: &mut Vec<u8>) -> Result<(), EncoderError> {
        let Cut::Every(length) = self.cut else { return self.inner.write(plain, out) };
        while !plain.is_empty() {
            let (now, rest) = plain.split_at(plain.len().min((length - self.filled) as usize));
            self.inner.write(now, out)?;
            self.filled += now.len() as u32;
            plain = rest;
            if self.filled == length {
                self.inner.flush(out)?;
                self.filled = 0;
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), EncoderError> {
        if self.cut == Cut::AtEnd {
            self.inner.flush(out)?;
        }
        self.inner.finish(out)
    }
}
