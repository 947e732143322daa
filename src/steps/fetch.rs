//! `fetch`: every blob of a lock comes into the store: in parallel, resumed inside a blob, bounded and checked while it streams.

mod transfer;

use self::transfer::Transfer;
use super::Fetched;
use crate::artifact::{Artifact, BlobIntake, Descriptor, Digest};
use crate::ecosystems;
use crate::error::{Error, Kind, Result};
use crate::lock::Lock;
use crate::log::{Draft, Item, Journal, kind};
use crate::progress::Progress;
use crate::store::{Store, Writer, check_space};
use crate::upstream::{Upstream, learned_path};
use futures::{StreamExt, TryStreamExt};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use tokio::task::block_in_place;

/// What fetching did.
#[derive(Debug)]
pub struct FetchOutcome {
    /// The proof that every blob is here.
    pub fetched: Fetched,
    /// Bytes that were not in the store before.
    pub bytes: u64,
    /// Blobs that an earlier run had begun and that were gone on with.
    pub resumed: usize,
}

/// What is still to be fetched.
struct Missing<'a> {
    artifact: &'a Artifact,
    blob: &'a Descriptor,
}

/// How fetching goes about it.
pub struct FetchOptions<'a> {
    /// The network.
    pub upstream: &'a Upstream,
    /// The cache the lock step used: what it had to download is there.
    pub cache: &'a Path,
    /// Blobs at a time.
    pub parallel: usize,
    /// Where the work is reported.
    pub progress: &'a dyn Progress,
}

/// Fetches what the store does not have yet; of a lock none of whose entries its room refuses.
pub async fn fetch(lock: Lock, journal: &Journal<'_>, options: &FetchOptions<'_>) -> Result<FetchOutcome> {
    let (progress, parallel, writer) = (options.progress, options.parallel, journal.writer());
    ecosystems::check(&lock.artifacts)?;
    let missing = missing(&lock, writer.store())?;
    let partial: u64 = missing.iter().map(|m| writer.store().partial_size(&m.blob.digest)).sum();
    let bytes: u64 = missing.iter().map(|m| m.blob.size).sum();
    let resumed = missing.iter().filter(|m| writer.store().partial_size(&m.blob.digest) > 0).count();
    check_space(writer.store().root(), bytes.saturating_sub(partial))?;
    let subjects = vec![Item::named("lock", format!("{}@{}", lock.name, lock.line)).digest(lock.digest())];
    journal.append(Draft::new(kind::FETCH, subjects).on(vec![Item::of("manifest", lock.manifest)]))?;
    writer.hold(&lock)?;
    progress.begin("fetching", bytes);
    let work = futures::stream::iter(missing.iter().map(|m| one(m, writer, options)));
    let done = work.buffer_unordered(parallel.max(1)).try_collect::<Vec<()>>().await;
    let settled = block_in_place(|| writer.settle());
    progress.end("fetching");
    done?;
    settled?;
    drop(missing);
    Ok(FetchOutcome { fetched: Fetched::of(lock, writer.store())?, bytes, resumed })
}

/// Every blob that is not in the store, once, in the lock's order.
fn missing<'a>(lock: &'a Lock, store: &Store) -> Result<Vec<Missing<'a>>> {
    let (mut seen, mut missing) = (BTreeSet::<Digest>::new(), Vec::new());
    for artifact in &lock.artifacts {
        for blob in &artifact.descriptors {
            if seen.insert(blob.digest) && !store.has(&blob.digest, blob.size)? {
                missing.push(Missing { artifact, blob });
            }
        }
    }
    Ok(missing)
}

async fn one(missing: &Missing<'_>, writer: &Writer, options: &FetchOptions<'_>) -> Result<()> {
    let blob = missing.blob;
    let about = |e: Error| e.about(missing.artifact.label()).with("blob", blob.name.as_deref().unwrap_or(&blob.digest.to_string()));
    let mut transfer = Transfer::new(missing.artifact, blob, options.upstream, options.progress).map_err(about)?;
    if block_in_place(|| take_learned(options.cache, blob, writer)).map_err(about)? {
        transfer.show(blob.size);
        return Ok(());
    }
    loop {
        let Some(mut sink) = block_in_place(|| writer.receive(&blob.digest, blob.size)).map_err(about)? else { return Ok(()) };
        let received = match transfer.fill(sink.as_mut()).await {
            Ok(()) => block_in_place(|| sink.finish()),
            Err(error) => return Err(about(error)),
        };
        match received {
            Err(error) if error.kind() == Kind::Verification => transfer.distrust(error).map_err(about)?,
            other => return other.map_err(about),
        }
    }
}

/// Moves what the lock step had to download into the store, instead of asking for it again. The cache is not believed: what is there
/// and is not the blob is thrown away.
fn take_learned(cache: &Path, blob: &Descriptor, writer: &Writer) -> Result<bool> {
    let path = learned_path(cache, &blob.digest);
    let Ok(file) = File::open(&path) else { return Ok(false) };
    let taken = pour(file, blob, writer);
    match taken {
        Err(error) if error.kind() != Kind::Verification => Err(error),
        taken => {
            std::fs::remove_file(&path).map_err(|e| Error::io(format!("{} cannot be removed", path.display()), &e))?;
            Ok(taken.is_ok())
        }
    }
}

fn pour(mut file: File, blob: &Descriptor, writer: &Writer) -> Result<()> {
    let unusable = |why: &str| Error::verification(format!("what was learned of {} {why}", blob.digest));
    if file.metadata().map(|m| m.len()).ok() != Some(blob.size) {
        return Err(unusable("has another length"));
    }
    let Some(mut sink) = writer.receive(&blob.digest, blob.size)? else { return Ok(()) };
    sink.rewind(0)?;
    let mut buffer = vec![0; 1 << 20];
    while sink.offset() < blob.size {
        match file.read(&mut buffer) {
            Ok(read @ 1..) => sink.write(&buffer[..read])?,
            Ok(0) | Err(_) => {
                sink.rewind(0)?;
                return Err(unusable("cannot be read"));
            }
        }
    }
    sink.finish()
}
