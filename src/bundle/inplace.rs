//! Blobs read straight from the medium, without import: each frame is compared with the signed table before a byte of it is given out.

use super::authentic::Authentic;
use super::recent::Recent;
use crate::artifact::{BlobRead, Blobs, Digest, PIECE, set_name};
use crate::error::Result;
use crate::store::View;
use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

/// An authentic bundle as a place that holds blobs.
#[derive(Clone)]
pub struct InPlace {
    bundle: Arc<Authentic>,
    index: Arc<BTreeMap<Digest, usize>>,
    recent: Arc<Recent>,
}

impl InPlace {
    /// Opens a bundle for serving; its payload is checked frame by frame as it is read. One that does not have all its blobs as they are is
    /// refused.
    pub fn new(bundle: Authentic) -> Result<Self> {
        bundle.stands_alone()?;
        bundle.check_geometry()?;
        let index = bundle.table.blobs.iter().enumerate().map(|(i, b)| (b.digest, i)).collect();
        Ok(Self { bundle: Arc::new(bundle), index: Arc::new(index), recent: Arc::new(Recent::new()?) })
    }

    /// The bundle as a view, under its own name and as `latest`.
    pub fn views(&self) -> Vec<View> {
        let statement = &self.bundle.statement;
        let artifacts: Vec<_> = self.bundle.lock.artifacts.iter().cloned().map(Arc::new).collect();
        let view = |name: String| View { name, id: self.bundle.id, artifacts: artifacts.clone(), blobs: Arc::new(self.clone()) };
        vec![view("latest".to_owned()), view(set_name(&statement.name, &statement.line, statement.seq))]
    }

    /// The bundle.
    pub fn bundle(&self) -> &Authentic {
        &self.bundle
    }
}

impl Blobs for InPlace {
    fn open(&self, digest: &Digest) -> Result<Option<Box<dyn BlobRead>>> {
        let Some(index) = self.index.get(digest) else { return Ok(None) };
        let size = self.bundle.table.blobs[*index].size;
        Ok(Some(Box::new(BundledBlob { medium: self.clone(), index: *index, size, at: 0 })))
    }

    fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        Ok(self.index.get(digest).map(|i| self.bundle.table.blobs[*i].size))
    }
}

/// One blob of a bundle.
struct BundledBlob {
    medium: InPlace,
    index: usize,
    size: u64,
    at: u64,
}

impl Read for BundledBlob {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.size || buffer.is_empty() {
            return Ok(0);
        }
        let frame = (self.index, (self.at / PIECE as u64) as usize);
        let from = (self.at % PIECE as u64) as usize;
        let taken = self.medium.recent.with(&self.medium.bundle, frame, |content| {
            let take = buffer.len().min(content.len() - from);
            buffer[..take].copy_from_slice(&content[from..from + take]);
            take
        });
        let taken = taken.map_err(io::Error::other)?;
        self.at += taken as u64;
        Ok(taken)
    }
}

impl Seek for BundledBlob {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

impl BlobRead for BundledBlob {
    fn size(&self) -> u64 {
        self.size
    }
}
