//! Recoded blobs (`docs/formats/recode.md`): what stands in a bundle in place of a blob where that is really smaller, and makes it
//! again bit for bit.
//!
//! Compressed containers hide that two versions are nearly the same, and compress worse than they could. Here their deflate
//! streams and zstd frames are replaced by the plain bytes, which are compressed against what the receiver has, and made again by the very
//! encoders that made them.

mod aside;
mod base;
mod before;
mod budget;
mod container;
#[cfg(test)]
mod corpora;
mod decode;
mod encode;
pub mod encoder;
mod entering;
mod error;
mod expand;
mod format;
mod frames;
pub mod identify;
pub mod inflate;
mod inflating;
mod kept;
mod layout;
mod limits;
mod parallel;
mod planes;
mod rebuild;
mod room;
mod similar;
mod slice;
mod source;
mod taking;
mod tensors;
mod unpacked;
mod varint;
mod watch;
mod zstandard;

#[cfg(test)]
mod tests;

pub use budget::{Share, at_hand};
pub use container::{Sketch, sketch};
pub use decode::decode;
pub use encode::{Means, encode, encode_watched};
pub use error::{Error, Result};
pub use watch::Watch;

use crate::artifact::Digest;
use std::fs::File;
use std::io::Read;

/// How much is done to make a stream small.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Level of zstd.
    pub level: i32,
    /// Whether tensors are taken apart into planes.
    pub planes: bool,
    /// Threads of both encoding and the check that follows.
    pub threads: usize,
}

/// A blob that the receiver has.
pub struct Base<'a> {
    /// What names it.
    pub digest: Digest,
    /// The file that has its bytes.
    pub file: &'a File,
    /// Where they begin.
    pub at: u64,
    /// How many they are.
    pub size: u64,
}

impl source::ReadAt for Base<'_> {
    fn fill(&self, offset: u64, to: &mut [u8]) -> std::io::Result<()> {
        source::Part::new(self.file, self.at, self.size).fill(offset, to)
    }
}

/// What became of a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recoded {
    /// Length of the recoded stream.
    pub length: u64,
    /// Length of the blob with its streams expanded.
    pub expanded: u64,
    /// Bytes of the blob that are in streams which are made again.
    pub deflated: u64,
    /// How many of the given bases it needs.
    pub bases: usize,
}

/// The bases that a recoded stream needs, from its first bytes.
pub fn bases(stream: &mut dyn Read) -> Result<Vec<(Digest, u64)>> {
    let lengths = format::Lengths::read(stream)?;
    let _share = budget::MEMORY.take_for(budget::Purpose::Header, lengths.memory());
    Ok(lengths.header(stream)?.bases.iter().map(|base| (base.digest, base.layout.size())).collect())
}
