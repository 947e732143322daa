//! Encoders that are crates of their own, pinned to a version: what another version writes is another encoder.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::DeflateEncoder;
use miniz_oxide::deflate::core::{CompressorOxide, TDEFLFlush, TDEFLStatus, compress, create_comp_flags_from_zip_params};

use super::chunk::{Chunk, Chunked};
use super::cut::Flush;
use super::{Deflater, EncoderError};

/// How much output flate2 makes at a time.
const STEP: usize = 32 * 1024;

/// The crate zlib-rs as flate2 calls it: raw deflate, window of 2^15.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ZlibRs {
    level: u8,
    chunk: Chunk,
}

impl ZlibRs {
    /// Level 1–9; `None` outside of these.
    pub fn new(level: u8, chunk: Chunk) -> Option<Self> {
        (1..=9).contains(&level).then_some(Self { level, chunk })
    }

    pub(super) const fn parameters(self) -> [u8; 2] {
        [self.level, self.chunk.parameter()]
    }

    pub(super) fn from_parameters(bytes: &[u8]) -> Option<Self> {
        let &[level, chunk] = bytes else { return None };
        Self::new(level, Chunk::from_parameter(chunk))
    }

    /// Starts a stream.
    pub fn start(self) -> Chunked<ZlibRsStream> {
        self.chunk.start(ZlibRsStream { writer: DeflateEncoder::new(Vec::new(), Compression::new(u32::from(self.level))) })
    }
}

/// A running zlib-rs, behind the writer of flate2: when that asks for output matters too.
pub struct ZlibRsStream {
    writer: DeflateEncoder<Vec<u8>>,
}

impl ZlibRsStream {
    /// Lets go what was made, unless writing failed.
    fn drain(&mut self, written: io::Result<()>, out: &mut Vec<u8>) -> Result<(), EncoderError> {
        out.append(self.writer.get_mut());
        written.map_err(|_| EncoderError::Broken("zlib-rs"))
    }
}

impl Deflater for ZlibRsStream {
    fn write(&mut self, plain: &[u8], out: &mut Vec<u8>) -> Result<(), EncoderError> {
        let written = self.writer.write_all(plain);
        self.drain(written, out)
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), EncoderError> {
        let written = self.writer.try_finish();
        self.drain(written, out)
    }
}

/// The crate `miniz_oxide`, as flate2 calls it: raw deflate, default strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MinizOxide {
    level: u8,
    chunk: Chunk,
}

impl MinizOxide {
    /// Level 1–10; `None` outside of these.
    pub fn new(level: u8, chunk: Chunk) -> Option<Self> {
        (1..=10).contains(&level).then_some(Self { level, chunk })
    }

    pub(super) const fn parameters(self) -> [u8; 2] {
        [self.level, self.chunk.parameter()]
    }

    pub(super) fn from_parameters(bytes: &[u8]) -> Option<Self> {
        let &[level, chunk] = bytes else { return None };
        Self::new(level, Chunk::from_parameter(chunk))
    }

    /// Starts a stream.
    pub fn start(self) -> Chunked<MinizStream> {
        let flags = create_comp_flags_from_zip_params(i32::from(self.level), 0, 0);
        self.chunk.start(MinizStream { state: Box::new(CompressorOxide::new(flags)), step: vec![0; STEP] })
    }
}

/// A running `miniz_oxide`.
pub struct MinizStream {
    state: Box<CompressorOxide>,
    step: Vec<u8>,
}

impl MinizStream {
    /// One call with all the room for output: how much was taken and made, and whether the stream is done.
    fn step(&mut self, plain: &[u8], flush: TDEFLFlush, out: &mut Vec<u8>) -> Result<(usize, usize, bool), EncoderError> {
        let (status, taken, made) = compress(&mut self.state, plain, &mut self.step, flush);
        out.extend_from_slice(&self.step[..made]);
        match status {
            TDEFLStatus::Okay | TDEFLStatus::Done => Ok((taken, made, status == TDEFLStatus::Done)),
            TDEFLStatus::BadParam | TDEFLStatus::PutBufFailed => Err(EncoderError::Broken("miniz_oxide")),
        }
    }
}

impl Deflater for MinizStream {
    fn write(&mut self, mut plain: &[u8], out: &mut Vec<u8>) -> Result<(), EncoderError> {
        while !plain.is_empty() {
            let (taken, made, _) = self.step(plain, TDEFLFlush::None, out)?;
            plain = &plain[taken..];
            if taken == 0 && made == 0 {
                return Err(EncoderError::Broken("miniz_oxide"));
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), EncoderError> {
        while !self.step(&[], TDEFLFlush::Finish, out)?.2 {}
        Ok(())
    }
}

impl Flush for ZlibRsStream {
    fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), EncoderError> {
        let written = self.writer.flush();
        self.drain(written, out)
    }
}

impl Flush for MinizStream {
    fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), EncoderError> {
        while self.step(&[], TDEFLFlush::Sync, out)?.1 == STEP {}
        Ok(())
    }
}
