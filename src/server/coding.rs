//! Content codings for documents: gzip (RFC 1952) and zstd (RFC 8878), each made once and kept for a while.

use super::kept::Kept;
use bytes::Bytes;
use std::io::Write;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

/// How a document is coded on the wire, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Coding {
    /// As it is.
    Identity,
    /// gzip.
    Gzip,
    /// zstd.
    Zstd,
}

impl Coding {
    /// The name in `Content-Encoding`; `None` for identity, which is not written.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
        }
    }
}

/// Shorter documents fit a packet or two anyway.
const SHORTEST: usize = 1 << 10;
/// Longer ones would hold up the thread that answers; nobody makes them yet.
const LONGEST: usize = 32 << 20;
/// What kept variants, and documents whose hashes are kept, may each take, in bytes.
const KEPT: usize = 16 << 20;

/// Variants by content, so that every server and every snapshot of the process may share them.
static VARIANTS: LazyLock<Mutex<Kept<Key, Bytes>>> = LazyLock::new(|| Mutex::new(Kept::new(KEPT)));

/// Hashes by place in memory. The document is kept too, so that its place cannot come to mean another one.
static HASHES: LazyLock<Mutex<Kept<Place, Hashed>>> = LazyLock::new(|| Mutex::new(Kept::new(KEPT)));

type Key = ([u8; 32], Coding);
/// Address and length.
type Place = (usize, usize);
type Hashed = (Bytes, blake3::Hash);

/// The document's hash; hashed once as long as the room hands out the same bytes.
pub fn hash(document: &Bytes) -> blake3::Hash {
    if document.len() < SHORTEST {
        return blake3::hash(document);
    }
    let place = (document.as_ptr().addr(), document.len());
    if let Some((_, known)) = lock(&HASHES).get(&place) {
        return known;
    }
    let hash = blake3::hash(document);
    lock(&HASHES).keep(place, (document.clone(), hash), document.len());
    hash
}

/// The document in a coding; `None` when it is better sent as it is.
pub fn encoded(document: &Bytes, hash: blake3::Hash, coding: Coding) -> Option<Bytes> {
    if coding == Coding::Identity || !(SHORTEST..=LONGEST).contains(&document.len()) {
        return None;
    }
    let key = (*hash.as_bytes(), coding);
    if let Some(known) = lock(&VARIANTS).get(&key) {
        return worthwhile(known);
    }
    let made = encode(document, coding).filter(|made| made.len() < document.len()).map(Bytes::from).unwrap_or_default();
    lock(&VARIANTS).keep(key, made.clone(), made.len());
    worthwhile(made)
}

/// A variant that would not be shorter is kept as an empty one, so that it is not tried again.
fn worthwhile(made: Bytes) -> Option<Bytes> {
    (!made.is_empty()).then_some(made)
}

fn lock<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Fast levels: a document is made once a snapshot, the network behind an air gap is near.
fn encode(document: &[u8], coding: Coding) -> Option<Vec<u8>> {
    match coding {
        Coding::Identity => None,
        Coding::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::with_capacity(document.len() / 4), flate2::Compression::new(4));
            encoder.write_all(document).and_then(|()| encoder.finish()).ok()
        }
        Coding::Zstd => zstd::bulk::compress(document, 3).ok(),
    }
}
