//! Blobs with small documents before them that no store holds.

use crate::artifact::{BlobRead, Blobs, Digest};
use crate::error::Result;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::io::{Cursor, Read, Result as IoResult, Seek, SeekFrom};
use std::sync::Arc;

/// Made documents, and behind them the blobs of a view.
pub(super) struct WithMade {
    /// The documents by digest.
    pub made: BTreeMap<Digest, Bytes>,
    /// Everything else.
    pub stored: Arc<dyn Blobs>,
}

impl Blobs for WithMade {
    fn open(&self, digest: &Digest) -> Result<Option<Box<dyn BlobRead>>> {
        match self.made.get(digest) {
            Some(bytes) => Ok(Some(Box::new(Made(Cursor::new(bytes.clone()))))),
            None => self.stored.open(digest),
        }
    }

    fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        self.made.get(digest).map_or_else(|| self.stored.size(digest), |bytes| Ok(Some(bytes.len() as u64)))
    }
}

struct Made(Cursor<Bytes>);

impl Read for Made {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        self.0.read(buffer)
    }
}

impl Seek for Made {
    fn seek(&mut self, to: SeekFrom) -> IoResult<u64> {
        self.0.seek(to)
    }
}

impl BlobRead for Made {
    fn size(&self) -> u64 {
        self.0.get_ref().len() as u64
    }
}
