//! Blobs said by what is like them (`docs/formats/recode.md`): a *recoded stream* stands for a blob where it is smaller, and the blob is
//! made again from it and from *bases*, blobs that the receiver has.
//!
//! In: files. Out: streams, and blobs made again. Packing encodes, import and verification decode. Each slice of the stream is decoded on
//! its own with bounded memory; nothing in a stream is believed: whoever decodes compares the SHA-256 of what comes out.

mod decode;
mod encode;
mod format;
#[cfg(test)]
mod tests;

pub use decode::{bases, decode};
pub use encode::encode;

use crate::artifact::Digest;
use std::fs::File;

/// How much work encoding is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Level of zstd.
    pub level: i32,
    /// Whether tensors are cut into planes.
    pub planes: bool,
    /// Threads.
    pub threads: usize,
}

/// A blob that both sides have.
#[derive(Debug, Clone, Copy)]
pub struct Base<'a> {
    /// Its SHA-256.
    pub digest: Digest,
    /// Its bytes, from offset 0.
    pub file: &'a File,
    /// Its length in bytes.
    pub size: u64,
}

/// A stream that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recoded {
    /// Its length in bytes.
    pub length: u64,
    /// The bases it needs, with their sizes.
    pub bases: Vec<(Digest, u64)>,
}
