//! What a bundle builds on and a store does not have: found before a byte of its payload is read.

use super::authentic::Authentic;
use super::rebuild::hash;
use super::request::Request;
use crate::artifact::{BlobRead, Digest};
use crate::error::{Error, Kind, Result};
use crate::store::Store;
use std::collections::BTreeMap;

/// So many of them are named.
const MOST_NAMED: usize = 8;

/// Blobs that a bundle builds on and that are not here, with their sizes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lacking {
    blobs: BTreeMap<Digest, u64>,
}

impl Lacking {
    /// Whether everything is here.
    pub fn is_empty(&self) -> bool {
        self.blobs.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.blobs.len()
    }

    /// Takes out those that will be here by then.
    pub fn without(&mut self, comes: impl Fn(&Digest, u64) -> bool) {
        self.blobs.retain(|digest, size| !comes(digest, *size));
    }

    /// Adds what another bundle lacks.
    pub fn add(&mut self, other: &Self) {
        self.blobs.extend(&other.blobs);
    }

    /// What asks for them; `None` where there are too many to be asked for one by one.
    pub fn request(&self) -> Option<Request> {
        Request::of(self.blobs.keys())
    }
}

impl Authentic {
    /// Refuses, for whoever reads blobs straight from the medium, a bundle that leaves some out or has them recoded.
    pub fn stands_alone(&self) -> Result<()> {
        if self.bases.is_empty() {
            return Ok(());
        }
        let recoded = self.bases.recoded.len();
        let left_out = self.lock.blobs().len() - self.table.blobs.len();
        Err(Error::usage(format!("{}: it cannot be read in place, from its medium", self.statement.label()))
            .with("left out", format!("{left_out} blobs, which the store is to have"))
            .with("recoded", format!("{recoded} blobs, which are made again when it is imported"))
            .hint("import it, and run this on the store; or make it a full bundle with airlift merge"))
    }

    /// What it builds on and a store lacks. What only a recoded blob is made from is not needed where that blob is here.
    pub fn lacking(&self, store: &Store) -> Result<Lacking> {
        let (mut blobs, in_lock) = (BTreeMap::new(), self.lock.blobs());
        for (digest, size) in &self.bases.granted {
            if in_lock.contains_key(digest) && self.misses(store, digest, *size)? {
                blobs.insert(*digest, *size);
            }
        }
        for blob in self.table.blobs.iter().filter(|blob| blob.is_recoded()) {
            if !store.lacks(&blob.digest, blob.size)? {
                continue;
            }
            for (digest, size) in self.bases.of(&blob.digest) {
                if self.bases.granted.contains_key(digest) && self.misses(store, digest, *size)? {
                    blobs.insert(*digest, *size);
                }
            }
        }
        Ok(Lacking { blobs })
    }

    /// Whether a store lacks what is taken for granted. Where it has it with another size, its bytes say who is wrong: a store that is
    /// damaged is an error of the store, and a bundle that says another size of a blob that is right is refused.
    fn misses(&self, store: &Store, digest: &Digest, size: u64) -> Result<bool> {
        match store.lacks(digest, size) {
            Err(error) if error.kind() == Kind::Store => match store.blob(digest)? {
                Some(blob) if hash(digest, blob.file())? == *digest => {
                    Err(Error::verification(format!("{}: it names a blob with a size that is not its", self.statement.label()))
                        .with("digest", digest)
                        .with("expected", format!("{size} bytes"))
                        .with("found", format!("{} bytes", blob.size()))
                        .hint("it was packed by a faulty or malicious tool (nothing was changed)"))
                }
                _ => Err(error),
            },
            known => known,
        }
    }

    /// The refusal of a bundle that builds on what is not here: which artifacts, and what to ask for.
    pub fn refuse_lacking(&self, lacking: &Lacking) -> Result<()> {
        if lacking.is_empty() {
            return Ok(());
        }
        let count = lacking.len();
        let what = if count == 1 { "blob that is" } else { "blobs that are" };
        let named = lacking.blobs.iter().take(MOST_NAMED).map(|(digest, size)| format!("{}, {size} bytes: {digest}", self.use_of(digest)));
        let more = count.checked_sub(MOST_NAMED).filter(|more| *more > 0).map(|more| format!("and {more} more"));
        let named: Vec<String> = named.chain(more).collect();
        let refs: Vec<String> = self.bases.refs.iter().map(super::bases::BaseRef::label).collect();
        let error = Error::new(Kind::Incomplete, format!("{}: it builds on {count} {what} not in this store", self.statement.label()))
            .with_all("missing", &named)
            .with_all("builds on", &refs);
        let typed = lacking.request().filter(|request| request.len() <= MOST_NAMED);
        let error = match typed {
            Some(request) => error.with("request", request.words().collect::<Vec<_>>().join(" ")),
            None => error,
        };
        Err(error
            .hint("import the bundle it builds on first, and run this again (nothing was changed)")
            .hint("or carry a request back: airlift plan --request FILE writes it, airlift pack --request FILE sends those blobs again"))
    }

    /// What a blob is or is for.
    pub fn use_of(&self, digest: &Digest) -> String {
        if self.lock.artifacts.iter().any(|a| a.descriptors.iter().any(|d| d.digest == *digest)) {
            return self.owner(digest);
        }
        let made = self.bases.recoded.iter().find(|(_, bases)| bases.iter().any(|(base, _)| base == digest));
        made.map_or_else(|| "a blob".to_owned(), |(blob, _)| format!("what {} is made from", self.owner(blob)))
    }

    /// What recoded blobs are made from and the lock does not name: it must stay until they are made.
    pub fn only_bases(&self) -> Vec<Digest> {
        let in_lock = self.lock.blobs();
        self.bases.granted.keys().filter(|digest| !in_lock.contains_key(digest)).copied().collect()
    }
}
