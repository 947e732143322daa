//! Documents that are made once for a snapshot and answered like blobs: with ranges, tags and exact lengths, never content-coded, which
//! clients that unpack `.zst` themselves would not survive.
//!
//! Only the compressed form is kept, a small part of what the records themselves take; the plain form of a long document is unpacked
//! while it is sent.

use super::index::LEVEL;
use crate::artifact::{BlobRead, Blobs, Digest, Sha256Writer};
use crate::error::Result;
use bytes::Bytes;
use std::io::{BufReader, Cursor, Read, Result as IoResult, Seek, SeekFrom, Write, copy, sink};

/// Plain documents up to this length are kept as they are too, in bytes.
const SHORT: u64 = 1 << 20;

/// A document in both its forms.
#[derive(Clone)]
pub(super) struct Made {
    /// Compressed.
    pub packed: Document,
    /// Plain.
    pub plain: Document,
    /// Plain and at hand, if it is short.
    pub short: Option<Bytes>,
}

/// Bytes under their digest.
#[derive(Clone)]
pub(super) struct Document {
    /// What names them.
    pub digest: Digest,
    size: u64,
    bytes: Bytes,
    /// Whether `bytes` are to be unpacked.
    unpack: bool,
}

impl Made {
    /// Takes what `write` writes.
    pub(super) fn new(write: impl FnOnce(&mut dyn Write) -> IoResult<()>) -> IoResult<Self> {
        let mut making = Making { plain: Sha256Writer::default(), short: Some(vec![]), packer: zstd::Encoder::new(vec![], LEVEL)? };
        write(&mut making)?;
        let Making { plain, short, packer } = making;
        let packed = Document::of(packer.finish()?);
        let (size, bytes) = (plain.length(), packed.bytes.clone());
        let plain = Document { digest: plain.finish(), size, bytes, unpack: true };
        Ok(Self { packed, plain, short: short.map(Bytes::from) })
    }
}

impl Document {
    /// Bytes as they are.
    pub(super) fn of(bytes: Vec<u8>) -> Self {
        Self { digest: Digest::of(&bytes), size: bytes.len() as u64, bytes: bytes.into(), unpack: false }
    }
}

/// Takes a document while it is written: hashes it, packs it, and keeps it as long as it is short.
struct Making {
    plain: Sha256Writer,
    short: Option<Vec<u8>>,
    packer: zstd::Encoder<'static, Vec<u8>>,
}

impl Write for Making {
    fn write(&mut self, bytes: &[u8]) -> IoResult<usize> {
        self.plain.update(bytes);
        match &mut self.short {
            Some(short) if self.plain.length() <= SHORT => short.extend_from_slice(bytes),
            short => *short = None,
        }
        self.packer.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> IoResult<()> {
        Ok(())
    }
}

impl Blobs for Document {
    fn open(&self, digest: &Digest) -> Result<Option<Box<dyn BlobRead>>> {
        let found = (*digest == self.digest).then(|| self.bytes.clone());
        Ok(found.map(|bytes| match self.unpack {
            true => Box::new(Unpacked { packed: bytes, size: self.size, at: 0, reader: None }) as Box<dyn BlobRead>,
            false => Box::new(Plain(Cursor::new(bytes))),
        }))
    }

    fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        Ok((*digest == self.digest).then_some(self.size))
    }
}

struct Plain(Cursor<Bytes>);

impl Read for Plain {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        self.0.read(buffer)
    }
}

impl Seek for Plain {
    fn seek(&mut self, to: SeekFrom) -> IoResult<u64> {
        self.0.seek(to)
    }
}

impl BlobRead for Plain {
    fn size(&self) -> u64 {
        self.0.get_ref().len() as u64
    }
}

/// Unpacks while it is read. Going back begins anew, going forward unpacks what lies between.
struct Unpacked {
    packed: Bytes,
    size: u64,
    at: u64,
    reader: Option<(u64, zstd::Decoder<'static, BufReader<Cursor<Bytes>>>)>,
}

impl Read for Unpacked {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        if self.reader.as_ref().is_none_or(|(at, _)| *at > self.at) {
            self.reader = Some((0, zstd::Decoder::new(Cursor::new(self.packed.clone()))?));
        }
        let Some((at, reader)) = &mut self.reader else { return Ok(0) };
        *at += copy(&mut reader.by_ref().take(self.at - *at), &mut sink())?;
        let read = reader.read(buffer)?;
        *at += read as u64;
        self.at = *at;
        Ok(read)
    }
}

impl Seek for Unpacked {
    fn seek(&mut self, to: SeekFrom) -> IoResult<u64> {
        let to = match to {
            SeekFrom::Start(to) => Some(to),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = to.ok_or_else(|| std::io::Error::from(std::io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

impl BlobRead for Unpacked {
    fn size(&self) -> u64 {
        self.size
    }
}
