//! What blobs are made of, looked up when it is asked for and remembered for one bundle.

use super::prepare::Preparing;
use crate::artifact::{BlobRead, Digest};
use crate::error::Result;
use crate::progress::go_on;
use crate::recode::{Sketch, sketch};
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;

/// Name of the phase in reports.
const PHASE: &str = "comparing";
/// Most bytes that are read for all blobs of a bundle: what has not been looked at by then is chosen by its size.
const MOST_READ: u64 = 4 << 30;

/// Looks up what a blob is made of; `None` where it is not here.
pub(super) type Look<'a> = &'a mut dyn FnMut(&Digest, u64) -> Result<Option<Rc<Sketch>>>;

/// Sketches of blobs in the store.
pub(super) struct Looks<'a> {
    work: &'a Preparing<'a>,
    known: BTreeMap<Digest, Option<Rc<Sketch>>>,
    left: u64,
}

impl<'a> Looks<'a> {
    pub fn new(work: &'a Preparing<'a>) -> Self {
        Self { work, known: BTreeMap::new(), left: MOST_READ }
    }

    /// The sketch of a blob. A blob that cannot be read has none: whoever recodes or packs it says why.
    pub fn of(&mut self, digest: &Digest, size: u64) -> Result<Option<Rc<Sketch>>> {
        if let Some(known) = self.known.get(digest) {
            return Ok(known.clone());
        }
        if self.left == 0 {
            return Ok(None);
        }
        let progress = self.work.progress;
        if self.known.is_empty() {
            progress.begin(PHASE, 0);
        }
        let blob = self.work.store.blob(digest)?.filter(|blob| blob.size() == size);
        let asked = || go_on(progress).map_err(|_| io::Error::other("stopped"));
        let found = blob.and_then(|blob| sketch(blob.file(), size, &asked).ok()).map(Rc::new);
        go_on(progress)?;
        let read = found.as_ref().map_or(0, |sketch| sketch.read());
        self.left = self.left.saturating_sub(read.max(1));
        progress.advance(PHASE, read);
        self.known.insert(*digest, found.clone());
        Ok(found)
    }

    /// Nothing more is asked for.
    pub fn end(self) {
        if !self.known.is_empty() {
            self.work.progress.end(PHASE);
        }
    }
}
