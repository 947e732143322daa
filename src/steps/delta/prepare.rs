//! Deciding for each blob of a lock how it travels, and making the streams.

use super::candidates::{Candidates, Placed};
use super::looks::Looks;
use super::site::artifacts;
use super::{Profile, Shape};
use crate::artifact::{BlobRead, Digest, Sha256Writer, check_blob};
use crate::bundle::{Bases, MAX_BASES, Recoding, Stream, stored_length};
use crate::error::{Error, Kind, Result};
use crate::lock::Lock;
use crate::progress::{Progress, go_on};
use crate::recode::{self, Base, Effort, Means, Recoded, at_hand, encode_watched};
use crate::store::{Store, StoredBlob};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Name of the phase in reports.
pub(super) const PHASE: &str = "recoding";
/// Shorter blobs are not worth it.
const SHORT: u64 = 4096;
/// A blob of this length is recoded with all threads: it mostly takes so much memory that no other one has room beside it.
const LARGE: u64 = 4 << 20;
/// What is at hand of a smaller one beside its bytes, as they are and as compressed without bases: the tables for that, buffers.
const BESIDE: u64 = 4 << 20;
/// A stream has to be smaller by this part of what the blob takes otherwise.
const WORTHWHILE: u64 = 32;

/// What preparing needs.
#[derive(Clone, Copy)]
pub struct Preparing<'a> {
    /// The lock.
    pub lock: &'a Lock,
    /// Its blobs, and those they may be made from.
    pub store: &'a Store,
    /// For whom, and how small.
    pub shape: &'a Shape,
    /// Threads.
    pub threads: usize,
    /// Where the work is reported.
    pub progress: &'a dyn Progress,
}

/// One blob that is to be recoded.
pub(super) struct Job {
    pub digest: Digest,
    pub size: u64,
    pub bases: Vec<(Digest, u64)>,
}

/// Which blobs are left out, and which are to be recoded from what.
pub(super) struct Decided {
    pub bases: Bases,
    pub jobs: Vec<Job>,
}

/// Decides how each blob travels and makes what stands for it.
pub fn prepare(work: &Preparing<'_>) -> Result<Recoding> {
    if work.shape.is_plain() || !work.shape.parents.is_empty() {
        return Ok(Recoding::default());
    }
    let Decided { mut bases, jobs } = decide(work)?;
    let in_lock = work.lock.blobs();
    let made = make(work, &jobs)?;
    let mut streams = BTreeMap::new();
    for (digest, (stream, used)) in made {
        for (base, size) in &used {
            // What is neither in the bundle nor in its lock can only be at the receivers.
            if !in_lock.contains_key(base) {
                bases.granted.insert(*base, *size);
            }
        }
        bases.recoded.insert(digest, used);
        streams.insert(digest, stream);
    }
    Ok(Recoding { bases, streams })
}

/// Decides by digests, names and sizes, and by what blobs are made of where names do not say it: of those that are here.
pub(super) fn decide(work: &Preparing<'_>) -> Result<Decided> {
    let (lock, shape) = (work.lock, work.shape);
    let counted_on = |digest: &Digest| shape.counts_on(digest);
    let granted: BTreeMap<Digest, u64> = lock.blobs().into_iter().filter(|(digest, _)| counted_on(digest)).collect();
    let mut refs: Vec<_> = shape.sites.iter().flat_map(|site| site.refs.iter().cloned()).collect();
    refs.sort();
    refs.dedup();
    if refs.len() > MAX_BASES {
        return Err(Error::usage("the bundle would build on too many others")
            .with("expected", format!("at most {MAX_BASES}"))
            .with("found", refs.len()));
    }
    let bases = Bases { refs, granted, recoded: BTreeMap::new() };
    if shape.profile == Profile::Fast {
        return Ok(Decided { bases, jobs: vec![] });
    }
    let old = artifacts(&shape.sites);
    let mut candidates = Candidates::default();
    for artifact in &old {
        for (position, blob) in artifact.descriptors.iter().enumerate().filter(|(_, blob)| counted_on(&blob.digest)) {
            if work.store.has(&blob.digest, blob.size)? {
                candidates.add(Placed { artifact, position, blob, there: true, depth: 0 });
            }
        }
    }
    let (mut seen, mut new) = (BTreeSet::new(), Vec::new());
    for artifact in &lock.artifacts {
        for (position, blob) in artifact.descriptors.iter().enumerate() {
            if !bases.granted.contains_key(&blob.digest) && seen.insert(blob.digest) {
                new.push(Placed { artifact, position, blob, there: false, depth: 0 });
            }
        }
    }
    let (mut jobs, mut looks) = (Vec::new(), Looks::new(work));
    for placed in new.into_iter().filter(|placed| placed.blob.size > SHORT) {
        let (from, depth) = candidates.of(&placed, &mut |digest, size| looks.of(digest, size))?;
        let tried = shape.profile == Profile::Small || !from.is_empty();
        candidates.add(Placed { depth: if tried { depth } else { 0 }, ..placed });
        if tried {
            jobs.push(Job { digest: placed.blob.digest, size: placed.blob.size, bases: from });
        }
    }
    looks.end();
    Ok(Decided { bases, jobs })
}

/// A stream and what it is made from.
pub(super) type Made = (Stream, Vec<(Digest, u64)>);

/// Recodes what gets smaller by it.
fn make(work: &Preparing<'_>, jobs: &[Job]) -> Result<BTreeMap<Digest, Made>> {
    let shelf = Shelf::new(work.store)?;
    let made = Mutex::new(BTreeMap::new());
    work.progress.begin(PHASE, jobs.iter().map(|job| job.size).sum());
    let outcome = sides(work.threads).into_iter().try_for_each(|(large, side, within)| {
        let chosen: Vec<&Job> = jobs.iter().filter(|job| (job.size >= LARGE) == large).collect();
        each(&chosen, side, |job| {
            let _at_hand = at_hand(2 * job.size.min(LARGE) + BESIDE);
            if let Some(one) = recode(work, job, within, &shelf)? {
                made.lock().expect(NO_PANIC).insert(job.digest, one);
            }
            Ok(())
        })
    });
    work.progress.end(PHASE);
    outcome.map(|()| made.into_inner().expect(NO_PANIC))
}

/// First the large ones: whether it is they, how many are recoded at a time, and on how many threads each. Of small ones as many go side by side
/// as memory has room for.
pub(super) const fn sides(threads: usize) -> [(bool, usize, usize); 2] {
    [(true, 1, threads), (false, threads, 1)]
}

const NO_PANIC: &str = "no recoding thread panics";

/// Does something with each of some jobs, several at a time; the first error ends it.
fn each(jobs: &[&Job], threads: usize, work: impl Fn(&Job) -> Result<()> + Sync) -> Result<()> {
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(None));
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(error) = work(job) {
                        failed.lock().expect(NO_PANIC).get_or_insert(error);
                        next.store(jobs.len(), Ordering::Relaxed);
                    }
                }
            });
        }
    });
    failed.into_inner().expect(NO_PANIC).map_or(Ok(()), Err)
}

/// One file for all streams: thousands of open files are more than a system allows.
pub(super) struct Shelf {
    file: Arc<File>,
    end: Mutex<u64>,
    /// Bases that have been hashed.
    checked: Mutex<BTreeSet<Digest>>,
}

impl Shelf {
    pub fn new(store: &Store) -> Result<Self> {
        Ok(Self { file: Arc::new(store.scratch().map_err(|e| unwritten(&e))?), end: Mutex::new(0), checked: Mutex::default() })
    }

    /// Opens a blob that others are made from. It is hashed once: a stream that was made from damaged bytes decodes here, and nowhere else.
    fn base(&self, work: &Preparing<'_>, digest: &Digest, size: u64) -> Result<StoredBlob> {
        let blob = open(work.store, digest, size)?;
        if !self.checked.lock().expect(NO_PANIC).contains(digest) {
            check(&blob, digest, size, work.progress)?;
            self.checked.lock().expect(NO_PANIC).insert(*digest);
        }
        Ok(blob)
    }

    /// Takes over a stream from the file it was made in.
    fn put(&self, from: &mut File, length: u64) -> Result<Stream> {
        let at = {
            let mut end = self.end.lock().expect(NO_PANIC);
            let at = *end;
            *end += length;
            at
        };
        let (mut done, mut buffer) = (0, vec![0; 1 << 20]);
        while done < length {
            let take = (length - done).min(buffer.len() as u64) as usize;
            let moved = from.read_exact_at(&mut buffer[..take], done).and_then(|()| self.file.write_all_at(&buffer[..take], at + done));
            moved.map_err(|e| unwritten(&e))?;
            done += take as u64;
        }
        Ok(Stream { file: Arc::clone(&self.file), at, length })
    }
}

fn unwritten(error: &io::Error) -> Error {
    Error::unwritten("what is recoded cannot be kept in the store", error)
}

/// The part of the progress that one blob is: it grows with the work on it, to its size.
struct Share<'a> {
    progress: &'a dyn Progress,
    size: u64,
    told: AtomicU64,
}

impl Share<'_> {
    /// So much of so much work is done; says whether to go on.
    fn is_at(&self, done: u64, of: u64) -> bool {
        let upto = u128::from(self.size) * u128::from(done.min(of)) / u128::from(of.max(1));
        let upto = u64::try_from(upto).unwrap_or(self.size);
        let before = self.told.fetch_max(upto, Ordering::Relaxed);
        if upto > before {
            self.progress.advance(PHASE, upto - before);
        }
        !self.progress.stopped()
    }
}

/// Recodes one blob; `None` where it does not get smaller.
pub(super) fn recode(work: &Preparing<'_>, job: &Job, threads: usize, shelf: &Shelf) -> Result<Option<Made>> {
    let mut source = open(work.store, &job.digest, job.size)?;
    check(&source, &job.digest, job.size, work.progress)?;
    let stored = stored_length(&mut source)?;
    let opened = job.bases.iter().map(|(digest, size)| Ok((*digest, shelf.base(work, digest, *size)?))).collect::<Result<Vec<_>>>()?;
    let bases: Vec<Base<'_>> =
        opened.iter().map(|(digest, blob)| Base { digest: *digest, file: blob.file(), at: 0, size: blob.size() }).collect();
    let effort = Effort { level: work.shape.profile.level(), planes: true, threads };
    let mut out = work.store.scratch().map_err(|e| unwritten(&e))?;
    let bound = (stored - stored / WORTHWHILE).min(job.size);
    let share = Share { progress: work.progress, size: job.size, told: AtomicU64::new(0) };
    let means = Means { scratch: &|| work.store.scratch(), watch: &|done, of| share.is_at(done, of) };
    let recoded = encode_watched(source.file(), job.size, &bases, &effort, bound, &means, &mut out)?;
    share.is_at(1, 1);
    let Some(Recoded { length, .. }) = recoded.filter(|recoded| recoded.length > 0 && recoded.length < bound) else { return Ok(None) };
    out.seek(SeekFrom::Start(0)).map_err(|e| unwritten(&e))?;
    let bases = recode::bases(&mut out)?;
    Ok(Some((shelf.put(&mut out, length)?, bases)))
}

fn open(store: &Store, digest: &Digest, size: u64) -> Result<StoredBlob> {
    let missing = || Error::new(Kind::Incomplete, format!("{digest} is not in the store")).hint("bring it in with: airlift fetch");
    store.blob(digest)?.filter(|blob| blob.size() == size).ok_or_else(missing)
}

/// What is recoded is not hashed while it is packed: so it is now.
fn check(blob: &StoredBlob, digest: &Digest, size: u64, progress: &dyn Progress) -> Result<()> {
    let (mut sha256, mut buffer) = (Sha256Writer::default(), vec![0; 1 << 20]);
    loop {
        go_on(progress)?;
        match blob.file().read_at(&mut buffer, sha256.length()) {
            Ok(0) => break,
            Ok(read) => sha256.update(&buffer[..read]),
            Err(error) => return Err(Error::io(format!("{digest} cannot be read"), &error)),
        }
    }
    check_blob(digest, size, sha256.length(), sha256.finish()).map_err(|_| {
        Error::new(Kind::Store, format!("{digest} in the store is damaged"))
            .hint("airlift scrub --discard takes it out, airlift fetch brings it back")
    })
}
