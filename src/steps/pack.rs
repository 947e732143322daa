//! `pack`: fetched blobs become a bundle. Numbering is remembered per line, so that packing the same lock again gives the same bytes.

use super::Fetched;
use crate::artifact::{Blobs, Digest};
use crate::bundle::{self, Draft, PackOptions, Previous, Written};
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::store::{LastPacked, Writer, check_space};
use std::path::Path;

/// What goes into every bundle's head for a reader without airlift.
const README: &str = include_str!("../../docs/formats/bundle-readme.txt");

/// What a bundle is packed with; `None` means: as remembered from the last bundle of the line.
pub struct PackRequest<'a> {
    /// The proof that everything is here.
    pub fetched: &'a Fetched,
    /// The store.
    pub writer: &'a Writer,
    /// The folder that gets the volumes.
    pub out: &'a Path,
    /// Longest volume in bytes.
    pub volume_size: Option<u64>,
    /// Threads.
    pub threads: usize,
    /// Creation time to claim (RFC 3339, UTC).
    pub created: String,
    /// Whether the time was given by a person, who then gets it even for a lock packed before.
    pub created_given: bool,
    /// Epoch.
    pub epoch: Option<u64>,
    /// Number.
    pub seq: Option<u64>,
    /// The bundle before it.
    pub previous: Option<Previous>,
    /// Trust roots and their signatures, as `trust/…` files.
    pub trust: Vec<(String, Vec<u8>)>,
    /// Where the work is reported.
    pub progress: &'a dyn Progress,
}

/// Packs; signing is a step of its own.
pub fn pack(request: &PackRequest<'_>) -> Result<(Written, u64)> {
    let lock = request.fetched.lock();
    let store = request.writer.store();
    let last = store.last_packed(&lock.name, &lock.line)?;
    let number = numbering(request, last.as_ref(), lock.digest());
    let out = request.out;
    std::fs::create_dir_all(out).map_err(|e| Error::io(format!("{} cannot be created", out.display()), &e))?;
    check_space(out, lock.size() / 64)?;
    let mut files = request.trust.clone();
    files.push(("README".to_owned(), README.as_bytes().to_vec()));
    let draft = Draft {
        lock,
        blobs: store as &dyn Blobs,
        epoch: number.epoch,
        seq: number.seq,
        previous: number.previous.map(|(seq, bundle)| Previous { bundle, seq }),
        created: number.created.clone(),
        tool: concat!("airlift ", env!("CARGO_PKG_VERSION")).to_owned(),
        files,
    };
    let options = PackOptions { out, volume_size: request.volume_size, threads: request.threads, progress: request.progress };
    let written = bundle::write(&draft, &options)?;
    request.writer.remember_packed(&lock.name, &lock.line, &LastPacked { bundle: written.id, ..number.clone() })?;
    Ok((written, number.seq))
}

/// The number of the next bundle: the last one again when it had the same lock, else the next.
fn numbering(request: &PackRequest<'_>, last: Option<&LastPacked>, lock: Digest) -> LastPacked {
    let given = request.previous.map(|p| (p.seq, p.bundle));
    let mut number = match last {
        Some(last) if last.lock == lock && request.seq.is_none_or(|seq| seq == last.seq) => last.clone(),
        Some(last) => LastPacked {
            seq: last.seq + 1,
            previous: Some((last.seq, last.bundle)),
            lock,
            created: request.created.clone(),
            ..last.clone()
        },
        None => LastPacked { epoch: 0, seq: 1, bundle: lock, lock, created: request.created.clone(), previous: None },
    };
    if request.created_given {
        number.created.clone_from(&request.created);
    }
    number.epoch = request.epoch.unwrap_or(number.epoch);
    number.seq = request.seq.unwrap_or(number.seq);
    number.previous = given.or(number.previous).filter(|(seq, _)| *seq < number.seq);
    number
}
