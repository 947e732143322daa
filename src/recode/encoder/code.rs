//! Which encoder, as a value and as bytes.

use super::corrected::CorrectedDeflater;
use super::cut::Cut;
use super::go_writers::{self, GoWriter};
use super::infozip::InfoZip;
use super::pigz::Pigz;
use super::pinned::{MinizOxide, ZlibRs};
use super::zlib::Zlib;
use super::zstd::Zstd;
use super::{Deflater, EncoderError};

/// The most bytes a code takes.
pub const MAX_CODE: usize = 16;

const ZLIB: u8 = 0x01;
const INFO_ZIP: u8 = 0x02;
const PIGZ: u8 = 0x03;
const ZLIB_RS: u8 = 0x04;
const MINIZ_OXIDE: u8 = 0x05;
const CORRECTED: u8 = 0x06;
const ZSTD_1_5_7: u8 = 0x20;

/// The code of an encoder: a family byte and its parameters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Code(Vec<u8>);

impl Code {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// An encoder with its parameters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Encoder {
    /// Stock zlib, by level, memory level, window and strategy.
    Zlib(Zlib, Cut),
    /// Info-ZIP's zip, and GNU gzip, by level.
    InfoZip(InfoZip),
    /// pigz, by level, block size and how blocks hang together.
    Pigz(Pigz),
    /// The Rust crate zlib-rs, by level.
    ZlibRs(ZlibRs, Cut),
    /// The Rust crate `miniz_oxide`, by level.
    MinizOxide(MinizOxide, Cut),
    /// No encoder in particular: a guess, and corrections that stand before the plain bytes.
    Corrected,
    /// A library of Go, by level, era and blocks.
    Go(GoWriter),
    /// libzstd 1.5.7, by level, window, what the frame says and how it was fed. It makes frames of zstd, all others deflate streams.
    Zstd(Zstd),
}

impl Encoder {
    /// The bytes that stand for the encoder in a recoded stream.
    pub fn code(&self) -> Code {
        let mut bytes = Vec::with_capacity(MAX_CODE);
        match self {
            Self::Zlib(zlib, cut) => {
                bytes.push(ZLIB);
                bytes.extend_from_slice(&zlib.parameters());
                cut.append_to(&mut bytes);
            }
            Self::InfoZip(zip) => {
                bytes.push(INFO_ZIP);
                bytes.extend_from_slice(&zip.parameters());
            }
            Self::Pigz(pigz) => {
                bytes.push(PIGZ);
                bytes.extend_from_slice(&pigz.parameters());
            }
            Self::ZlibRs(zlib_rs, cut) => {
                bytes.push(ZLIB_RS);
                bytes.extend_from_slice(&zlib_rs.parameters());
                cut.append_to(&mut bytes);
            }
            Self::MinizOxide(miniz, cut) => {
                bytes.push(MINIZ_OXIDE);
                bytes.extend_from_slice(&miniz.parameters());
                cut.append_to(&mut bytes);
            }
            Self::Corrected => bytes.push(CORRECTED),
            Self::Go(writer) => bytes.extend(writer.code()),
            Self::Zstd(zstd) => {
                bytes.push(ZSTD_1_5_7);
                bytes.extend_from_slice(&zstd.parameters());
            }
        }
        Code(bytes)
    }

    /// The encoder that a code stands for.
    pub fn from_code(code: &[u8]) -> Result<Self, EncoderError> {
        let wrong = || EncoderError::Parameters(code[..code.len().min(MAX_CODE)].to_vec());
        let (&family, parameters) = code.split_first().ok_or_else(wrong)?;
        match family {
            ZLIB => cut_off(parameters, 4, Zlib::from_parameters).map(|(zlib, cut)| Self::Zlib(zlib, cut)).ok_or_else(wrong),
            INFO_ZIP => InfoZip::from_parameters(parameters).map(Self::InfoZip).ok_or_else(wrong),
            PIGZ => Pigz::from_parameters(parameters).map(Self::Pigz).ok_or_else(wrong),
            ZLIB_RS => cut_off(parameters, 2, ZlibRs::from_parameters).map(|(zlib_rs, cut)| Self::ZlibRs(zlib_rs, cut)).ok_or_else(wrong),
            MINIZ_OXIDE => {
                cut_off(parameters, 2, MinizOxide::from_parameters).map(|(miniz, cut)| Self::MinizOxide(miniz, cut)).ok_or_else(wrong)
            }
            CORRECTED if parameters.is_empty() => Ok(Self::Corrected),
            CORRECTED => Err(wrong()),
            family if go_writers::FAMILIES.contains(&family) => GoWriter::from_code(code).map(Self::Go).ok_or_else(wrong),
            ZSTD_1_5_7 => Zstd::from_parameters(parameters).map(Self::Zstd).ok_or_else(wrong),
            other => Err(EncoderError::Family(other)),
        }
    }

    /// Starts a stream of `deflated` bytes that takes so many: its plain bytes, for [`Encoder::Corrected`] with what stands before them.
    pub fn start_of(&self, plain: u64, deflated: u64) -> Box<dyn Deflater> {
        match self {
            Self::Corrected => Box::new(CorrectedDeflater::new(plain, deflated)),
            Self::Zstd(zstd) => Box::new(zstd.start(plain)),
            _ => self.start(),
        }
    }

    /// Starts a stream, where its lengths do not matter: for frames of zstd and for [`Encoder::Corrected`] they do.
    pub fn start(&self) -> Box<dyn Deflater> {
        match self {
            Self::Zlib(zlib, cut) => cut.start(zlib.start()),
            Self::InfoZip(zip) => Box::new(zip.start()),
            Self::Pigz(pigz) => Box::new(pigz.start()),
            Self::ZlibRs(zlib_rs, cut) => cut.start(zlib_rs.start()),
            Self::MinizOxide(miniz, cut) => cut.start(miniz.start()),
            Self::Corrected => Box::new(CorrectedDeflater::new(0, 0)),
            Self::Go(writer) => writer.start(),
            Self::Zstd(zstd) => Box::new(zstd.start(0)),
        }
    }
}

/// Parameters of a known length, and the cut behind them.
fn cut_off<T>(parameters: &[u8], length: usize, parse: impl Fn(&[u8]) -> Option<T>) -> Option<(T, Cut)> {
    let (own, cut) = parameters.split_at_checked(length)?;
    Some((parse(own)?, Cut::from_bytes(cut)?))
}
