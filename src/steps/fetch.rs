//! `fetch`: every blob of a lock comes into the store: in parallel, resumed inside a blob, bounded and checked while it streams.

use super::Fetched;
use crate::artifact::{Artifact, BlobIntake, BlobSink, Descriptor, Digest};
use crate::ecosystems;
use crate::error::{Error, Kind, Result};
use crate::lock::Lock;
use crate::progress::Progress;
use crate::store::{Store, Writer, check_space};
use crate::upstream::{Failure, Upstream, learned_path};
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

/// Fetches what the store does not have yet.
pub async fn fetch(lock: Lock, writer: &Writer, options: &FetchOptions<'_>) -> Result<FetchOutcome> {
    let (progress, parallel) = (options.progress, options.parallel);
    let missing = missing(&lock, writer.store())?;
    let partial: u64 = missing.iter().map(|m| writer.store().partial_size(&m.blob.digest)).sum();
    let bytes: u64 = missing.iter().map(|m| m.blob.size).sum();
    let resumed = missing.iter().filter(|m| writer.store().partial_size(&m.blob.digest) > 0).count();
    check_space(writer.store().root(), bytes.saturating_sub(partial))?;
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
    let (upstream, progress) = (options.upstream, options.progress);
    let blob = missing.blob;
    let about = |e: Error| e.about(missing.artifact.label()).with("blob", blob.name.as_deref().unwrap_or(&blob.digest.to_string()));
    let Some(mut sink) = block_in_place(|| writer.receive(&blob.digest, blob.size)).map_err(about)? else { return Ok(()) };
    progress.advance("fetching", sink.offset());
    if block_in_place(|| take_learned(options.cache, blob, sink.as_mut())).map_err(about)? {
        progress.advance("fetching", blob.size);
        return block_in_place(|| sink.finish()).map_err(about);
    }
    let resumed = sink.offset() > 0;
    stream(missing, sink.as_mut(), upstream, progress).await.map_err(|e| about(other_bytes(e)))?;
    match block_in_place(|| sink.finish()) {
        Err(error) if resumed && error.kind() == Kind::Verification => {
            // The beginning came from an earlier run, perhaps from an upstream that has changed since: once more from zero.
            let Some(mut sink) = writer.receive(&blob.digest, blob.size).map_err(about)? else { return Ok(()) };
            stream(missing, sink.as_mut(), upstream, &crate::progress::Silent).await.map_err(|e| about(other_bytes(e)))?;
            block_in_place(|| sink.finish()).map_err(|e| about(other_bytes(e)))
        }
        other => other.map_err(|e| about(other_bytes(e))),
    }
}

fn other_bytes(error: Error) -> Error {
    match error.kind() {
        Kind::Verification => error.hint("the upstream sends other bytes than were locked: lock again and review what changed"),
        _ => error,
    }
}

/// Moves what the lock step had to download into the store, instead of asking for it again.
fn take_learned(cache: &Path, blob: &Descriptor, sink: &mut dyn BlobSink) -> Result<bool> {
    let path = learned_path(cache, &blob.digest);
    let Ok(mut file) = File::open(&path) else { return Ok(false) };
    let wrong = |e: &std::io::Error| Error::io(format!("{} cannot be read", path.display()), e);
    sink.rewind(0)?;
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).map_err(|e| wrong(&e))? {
            0 => break,
            read => sink.write(&buffer[..read])?,
        }
    }
    std::fs::remove_file(&path).map_err(|e| wrong(&e))?;
    Ok(sink.offset() == blob.size)
}

/// Streams a blob into its sink, going on after cut connections for as long as there is progress.
async fn stream(missing: &Missing<'_>, sink: &mut dyn BlobSink, upstream: &Upstream, progress: &dyn Progress) -> Result<()> {
    let mut backoff = upstream.backoff();
    while sink.offset() < missing.blob.size {
        let before = sink.offset();
        match attempt(missing, sink, upstream, progress).await {
            Ok(()) => {}
            Err(Broken::Sink(error)) => return Err(error),
            Err(Broken::Network(failure)) => {
                if sink.offset() > before {
                    backoff.progressed();
                }
                tokio::time::sleep(backoff.after(failure)?).await;
            }
        }
    }
    Ok(())
}

/// Which side of a transfer gave up.
enum Broken {
    Network(Failure),
    Sink(Error),
}

async fn attempt(
    missing: &Missing<'_>,
    sink: &mut dyn BlobSink,
    upstream: &Upstream,
    progress: &dyn Progress,
) -> std::result::Result<(), Broken> {
    let room = ecosystems::find(&missing.artifact.ecosystem).map_err(Broken::Sink)?;
    let mut body = room.fetch(missing.artifact, missing.blob, sink.offset(), upstream).await.map_err(Broken::Network)?;
    check_length(missing.blob, body.offset, body.length).map_err(Broken::Sink)?;
    sink.rewind(body.offset).map_err(Broken::Sink)?;
    while let Some(bytes) = body.stream.next().await {
        let bytes = bytes.map_err(Broken::Network)?;
        sink.write(&bytes).map_err(Broken::Sink)?;
        progress.advance("fetching", bytes.len() as u64);
    }
    if sink.offset() < missing.blob.size {
        let short = Error::new(Kind::Upstream, "the body ended too early")
            .with("expected", format!("{} bytes", missing.blob.size))
            .with("found", format!("{} bytes", sink.offset()));
        return Err(Broken::Network(Failure::transient(short)));
    }
    Ok(())
}

/// A server that announces more than was locked is refused before a byte is read.
fn check_length(blob: &Descriptor, offset: u64, length: Option<u64>) -> Result<()> {
    match length {
        Some(length) if offset + length > blob.size => Err(Error::verification("the upstream announces more bytes than were locked")
            .with("expected", format!("{} bytes", blob.size))
            .with("found", format!("{} bytes", offset + length))),
        _ => Ok(()),
    }
}
