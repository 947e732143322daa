//! Taking a bundle apart for another: some of its blobs, its streams as they are, and what it says of itself.

use super::authentic::Authentic;
use super::parents::{Judgement, Parent, read_lists};
use super::portion::Portion;
use super::reader::FrameReader;
use super::recoding::{Recoding, Stream};
use super::verify::Verification;
use crate::artifact::{BlobIntake, Blobs, Digest};
use crate::error::{Error, Result};
use crate::progress::go_on;
use crate::trust::{BUNDLE, Role};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

impl Authentic {
    /// What a bundle that is made from this one says of it: all signatures that lie beside its statement, and which of them count by the
    /// trust root that judged it here.
    pub fn as_parent(&self) -> Result<Parent> {
        let (statement, signatures) = (self.statement_bytes().to_vec(), self.head().signatures.to_vec());
        let uncounted = self.root.tally(Role::Bundle, BUNDLE, &statement, &signatures)?.uncounted;
        let counts = |name: &&String| uncounted.iter().all(|signature| signature.file != **name);
        let mut files: Vec<String> = signatures.iter().map(|(name, _)| name).filter(counts).cloned().collect();
        files.sort();
        Ok(Parent { id: self.id, statement, signatures, counted: Judgement { files, root: self.root.fingerprint().hex() } })
    }

    /// The lists of parents that it carries: its own, and those of its parents. Their exact texts.
    pub fn lists_of_parents(&self) -> Result<Vec<String>> {
        let own = self.parents.clone().map(String::from_utf8).transpose().map_err(|_| Error::failed("a list that was read is UTF-8"))?;
        let others = self.ancestors.as_deref().map_or_else(|| Ok(vec![]), read_lists)?;
        Ok(own.into_iter().chain(others).collect())
    }

    /// The blobs that are carried as they are.
    pub fn carried_plain(&self) -> BTreeSet<Digest> {
        self.table.blobs.iter().filter(|blob| !blob.is_recoded()).map(|blob| blob.digest).collect()
    }

    /// What of some blobs this bundle carries, and of what that is made.
    pub fn closure(&self, wanted: &BTreeSet<Digest>) -> (BTreeSet<Digest>, BTreeSet<Digest>) {
        let (mut own, mut others) = (BTreeSet::new(), wanted.clone());
        // What a blob is made from stands before it: one pass from the end finds all.
        for blob in self.table.blobs.iter().rev() {
            if others.remove(&blob.digest) {
                own.insert(blob.digest);
                others.extend(self.bases.of(&blob.digest).iter().map(|(base, _)| *base));
            }
        }
        (own, others)
    }

    /// Its streams and what they build on, copied into a file without being made into blobs; each frame is compared first.
    pub fn streams(&self, scratch: File, verification: &Verification<'_>) -> Result<Recoding> {
        let (file, mut end, mut reader) = (Arc::new(scratch), 0, FrameReader::new()?);
        let mut streams = BTreeMap::new();
        for blob in self.table.blobs.iter().filter(|blob| blob.is_recoded()) {
            streams.insert(blob.digest, Stream { file: Arc::clone(&file), at: end, length: blob.held });
            for n in 0..blob.frames {
                go_on(verification.progress)?;
                let stored = reader.stored(self, blob, n, true)?;
                file.write_all_at(stored, end).map_err(|e| Error::unwritten("a stream cannot be kept", &e))?;
                end += stored.len() as u64;
            }
        }
        Ok(Recoding { bases: self.bases.clone(), streams })
    }
}

impl Verification<'_> {
    /// Takes some of a bundle's blobs in. It proves nothing about the others, so there is no proof to give back; what could not be made again is.
    pub fn take(&self, bundle: &Authentic, wanted: &BTreeSet<Digest>, intake: &dyn BlobIntake, held: &dyn Blobs) -> Result<Vec<Digest>> {
        let chosen = bundle.table.blobs.iter().enumerate().filter(|(_, blob)| wanted.contains(&blob.digest));
        let portions: Vec<_> = chosen.map(|(index, _)| (index, Portion::Whole)).collect();
        self.read(bundle, (intake, Some(held)), &portions, &|reader, to, blob, _| reader.deliver(to, blob))
    }
}
