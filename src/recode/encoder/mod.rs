//! Deterministic encoders of DEFLATE and zstd: their decisions are part of the format of recoded streams, so each is pinned by a code.
//!
//! A code is a family byte and parameter bytes. The families here are 0x01–0x3f; those of zstd start at 0x20, those of the Go encoders at 0x40.

mod bits;
mod blocks;
mod chains;
mod chunk;
mod code;
mod corrected;
mod cut;
pub mod go;
mod go_writers;
#[cfg(test)]
mod go_writers_tests;
mod infozip;
pub mod klauspost;
mod lz;
pub mod pgzip;
mod pigz;
mod pinned;
#[cfg(test)]
mod tests;
mod trees;
mod zlib;
mod zstd;
#[cfg(test)]
mod zstd_tests;

use std::fmt;

pub use chunk::{Chunk, WHOLE};
pub use code::{Code, Encoder, MAX_CODE};
pub use corrected::{Cost, MEMORY as CORRECTED_MEMORY, MOST as MOST_CORRECTIONS, corrections};
pub use cut::Cut;
pub use go_writers::GoWriter;
pub use infozip::InfoZip;
pub use pigz::{Joint, Pigz};
pub use pinned::{MinizOxide, ZlibRs};
pub use zlib::{Strategy, Zlib};
pub use zstd::{Feed, MOST_MEMORY, Zstd};

/// Why an encoder could not be had or went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EncoderError {
    /// A family that this version does not know.
    Family(u8),
    /// Parameters that the family does not have.
    Parameters(Vec<u8>),
    /// More bytes than the encoder takes in one.
    TooLong,
    /// Corrections of a stream that are none: what there should have been.
    Corrections(&'static str),
    /// An encoder broke off; it can do so only by a fault of its own.
    Broken(&'static str),
}

impl fmt::Display for EncoderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Family(family) => write!(f, "deflate encoder of family {family:#04x}, which this version does not know"),
            Self::Parameters(code) => write!(f, "deflate encoder with parameters it does not have: {code:02x?}"),
            Self::TooLong => f.write_str("deflate encoder was given more bytes than it takes in one"),
            Self::Corrections(wanted) => write!(f, "corrections of a deflate stream: expected {wanted}, found something else"),
            Self::Broken(name) => write!(f, "deflate encoder {name} broke off"),
        }
    }
}

impl std::error::Error for EncoderError {}

/// A running encoder: plain bytes in, the deflate stream out. What comes out does not depend on how the plain bytes are cut.
pub trait Deflater: Send {
    /// Takes plain bytes and appends what is ready of the stream.
    fn write(&mut self, plain: &[u8], out: &mut Vec<u8>) -> Result<(), EncoderError>;
    /// Ends the stream.
    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), EncoderError>;
}

/// An encoder that never breaks off.
pub trait Infallible: Send {
    /// Takes plain bytes and appends what is ready of the stream.
    fn write(&mut self, plain: &[u8], out: &mut Vec<u8>);
    /// Ends the stream.
    fn finish(&mut self, out: &mut Vec<u8>);
}

impl<T: Infallible> Deflater for T {
    fn write(&mut self, plain: &[u8], out: &mut Vec<u8>) -> Result<(), EncoderError> {
        Infallible::write(self, plain, out);
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), EncoderError> {
        Infallible::finish(self, out);
        Ok(())
    }
}
