//! The only way to a [`VerifiedBundle`]: every byte of every volume that is here and every blob have been compared with what was signed, but
//! for blobs that the intake had already.

use super::authentic::Authentic;
use super::frames::BlobEntry;
use super::head::{ANCESTORS, PARENTS};
use super::parity::{Damage, Extent};
use super::portion::Portion;
use super::reader::{Delivery, FrameReader};
use super::rebuild::waves;
use crate::artifact::{BlobIntake, Blobs, Digest};
use crate::error::{Error, Kind, Result};
use crate::lock::Lock;
use crate::progress::Progress;
use crate::store::Writer;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// A blob of this length is worth a jump on the medium.
const LONG: u64 = 64 << 20;
/// A recoded blob of this length is made with all threads: it mostly takes so much memory that no other one has room beside it.
const LARGE: u64 = 4 << 20;
/// Buffers that threads take over once what is plain has been read; others make their own, which then are as large as what they read.
const TAKEN_OVER: usize = 2;

/// A bundle whose signatures, structure and every blob have been checked, but for recoded ones that could not be made again: of these,
/// every stored byte. Its fields are private: no other code can make one.
#[derive(Debug)]
pub struct VerifiedBundle {
    authentic: Authentic,
    unbuilt: Vec<Digest>,
}

/// How verification goes about it.
pub struct Verification<'a> {
    /// Threads that read, decode and hash.
    pub threads: usize,
    /// Whether to go on after a damaged blob, so that all of them are named.
    pub keep_going: bool,
    /// Where the work is reported.
    pub progress: &'a dyn Progress,
    /// Name of the phase in reports.
    pub phase: &'static str,
}

impl VerifiedBundle {
    /// What was checked.
    pub fn bundle(&self) -> &Authentic {
        &self.authentic
    }

    /// The recoded blobs that could not be made again, because what they are made from is not at hand.
    pub fn unbuilt(&self) -> &[Digest] {
        &self.unbuilt
    }

    /// What was checked, for reading it in place.
    pub fn into_bundle(self) -> Authentic {
        self.authentic
    }

    /// The lock.
    pub fn lock(&self) -> &Lock {
        &self.authentic.lock
    }

    /// The files to keep as evidence: the statement, its signatures, trust roots and the lock, by name.
    pub fn record(&self) -> Vec<(String, Vec<u8>)> {
        let head = self.authentic.head();
        let mut files =
            vec![("bundle.json".to_owned(), head.statement.to_vec()), ("lock.json".to_owned(), self.authentic.lock_bytes.clone())];
        files.extend(self.authentic.parents.iter().map(|bytes| (PARENTS.to_owned(), bytes.clone())));
        files.extend(self.authentic.ancestors.iter().map(|bytes| (ANCESTORS.to_owned(), bytes.clone())));
        files.extend(head.signatures.iter().cloned());
        files.extend(head.trust.iter().cloned());
        files
    }

    /// Reads, where there is parity, what verification has not needed, and gives everything that was found to be damaged: what is here
    /// was worked out where it was lost.
    pub fn damage(&self, progress: &dyn Progress) -> Result<BTreeMap<usize, Damage>> {
        self.authentic.examine(Extent::Parity, progress)?;
        Ok(self.authentic.damage())
    }

    /// SHA-256 of the lock's bytes.
    pub fn lock_digest(&self) -> Digest {
        self.authentic.lock_digest()
    }
}

impl Verification<'_> {
    /// Reads the payload once, into `intake`, and gives back the proof. With `keep_going`, the error names every damaged blob. Recoded blobs
    /// are made again from those in `held`, where blobs that `intake` took in are expected as well.
    pub fn run(&self, authentic: Authentic, intake: &dyn BlobIntake, held: Option<&dyn Blobs>) -> Result<VerifiedBundle> {
        let order: Vec<_> = order(&authentic.table.blobs).into_iter().map(|index| (index, Portion::Whole)).collect();
        let unbuilt = self.read(&authentic, (intake, held), &order, &|reader, to, blob, _| reader.deliver(to, blob))?;
        Ok(VerifiedBundle { authentic, unbuilt })
    }

    /// Takes in what is here of a set that is not all here. It proves nothing about the rest, so there is no proof to give back.
    pub fn stage(&self, bundle: &Authentic, portions: &[(usize, Portion)], writer: &Writer) -> Result<()> {
        self.read(bundle, (writer, None), portions, &|reader, to, blob, portion| reader.take(to, writer, blob, portion)).map(|_| ())
    }

    pub(super) fn read(
        &self,
        bundle: &Authentic,
        (intake, held): (&dyn BlobIntake, Option<&dyn Blobs>),
        portions: &[(usize, Portion)],
        take: Take<'_>,
    ) -> Result<Vec<Digest>> {
        bundle.check_geometry()?;
        let bytes = portions.iter().map(|(index, portion)| portion.content(bundle, &bundle.table.blobs[*index])).sum();
        self.progress.begin(self.phase, bytes);
        let (plain, again) = waves(bundle, portions);
        let stop = AtomicBool::new(false);
        let delivery = Delivery { bundle, intake, progress: self.progress, phase: self.phase, stop: &stop };
        let crew = Crew { delivery: &delivery, idle: Mutex::new(Vec::new()) };
        let (mut errors, mut unbuilt) = (self.wave(&crew, &plain, self.threads, take), Vec::new());
        // Making takes memory: most of the buffers are given back.
        {
            let mut idle = crew.idle.lock().expect("no reading thread panics");
            idle.truncate(TAKEN_OVER);
            idle.iter_mut().for_each(FrameReader::rest);
        }
        for wave in again {
            let whole =
                |large: bool| wave.iter().filter(move |n| (bundle.table.blobs[**n].size >= LARGE) == large).map(|n| (*n, Portion::Whole));
            // A large blob keeps all threads busy; of small ones as many are made at a time as memory has room for.
            for (blobs, side, within) in [(whole(true).collect::<Vec<_>>(), 1, self.threads), (whole(false).collect(), self.threads, 1)] {
                let hopeless = errors.iter().any(|(_, error)| error.kind() != Kind::Verification);
                if stop.load(Ordering::Relaxed) || hopeless {
                    break;
                }
                let left = Mutex::new(Vec::new());
                errors.extend(self.wave(&crew, &blobs, side, &|reader, to, blob, _| {
                    if !reader.rebuild(to, blob, held, within)? {
                        left.lock().expect("no reading thread panics").push(blob.digest);
                    }
                    Ok(())
                }));
                unbuilt.append(&mut left.into_inner().expect("no reading thread panics"));
            }
        }
        self.progress.end(self.phase);
        unbuilt.sort();
        // Being stopped is no damage, and after it nobody knows what else there would be.
        errors.sort_by_key(|(index, error)| (error.kind() != Kind::Interrupted, *index));
        if errors.first().is_some_and(|(_, error)| error.kind() == Kind::Interrupted) {
            errors.truncate(1);
        }
        errors_in_one(errors.into_iter().map(|(_, error)| error).collect()).map_or(Ok(unbuilt), Err)
    }

    /// Hands each of some portions to `take`, on several threads, and makes what came of it durable.
    fn wave(&self, crew: &Crew<'_>, portions: &[(usize, Portion)], threads: usize, take: Take<'_>) -> Vec<(usize, Error)> {
        let (delivery, next, errors) = (crew.delivery, AtomicUsize::new(0), Mutex::new(Vec::new()));
        std::thread::scope(|scope| {
            for _ in 0..threads.max(1) {
                scope.spawn(|| {
                    if let Err(error) = self.work(crew, (portions, &next), take, &errors) {
                        errors.lock().expect("no reading thread panics").push((usize::MAX, error));
                        delivery.stop.store(true, Ordering::Relaxed);
                    }
                });
            }
        });
        let settled = delivery.intake.settle();
        let mut errors = errors.into_inner().expect("no reading thread panics");
        errors.extend(settled.err().map(|error| (usize::MAX, error)));
        errors
    }

    /// One thread's part. Whoever sets `stop` has told an error before: a blob that was not ended is never taken for a whole one.
    fn work(&self, crew: &Crew<'_>, (portions, next): Queue<'_>, take: Take<'_>, errors: &Mutex<Vec<(usize, Error)>>) -> Result<()> {
        let idle = || crew.idle.lock().expect("no reading thread panics");
        let (to, waiting) = (crew.delivery, idle().pop());
        let mut reader = waiting.map_or_else(FrameReader::new, Ok)?;
        while !to.stop.load(Ordering::Relaxed) {
            let Some(&(index, portion)) = portions.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
            if let Err(error) = take(&mut reader, to, &to.bundle.table.blobs[index], portion) {
                errors.lock().expect("no reading thread panics").push((index, error));
                if !self.keep_going {
                    to.stop.store(true, Ordering::Relaxed);
                }
            }
        }
        idle().push(reader);
        Ok(())
    }
}

/// Where blobs go, and the buffers that no thread uses now: waves may be many, and each frees no more than it takes over.
struct Crew<'a> {
    delivery: &'a Delivery<'a>,
    idle: Mutex<Vec<FrameReader>>,
}

/// What is done with each portion.
type Take<'a> = &'a (dyn Fn(&mut FrameReader, &Delivery<'_>, &BlobEntry, Portion) -> Result<()> + Sync);
/// Portions, and which of them is next.
type Queue<'a> = (&'a [(usize, Portion)], &'a AtomicUsize);

/// Everything that is damaged, or else the first that went wrong: several threads meet one full disk, and it damages nothing.
fn errors_in_one(errors: Vec<Error>) -> Option<Error> {
    let (damaged, others): (Vec<_>, Vec<_>) = errors.into_iter().partition(|error| error.kind() == Kind::Verification);
    let count = damaged.len();
    let mut damaged = damaged.into_iter();
    match damaged.next() {
        None => others.into_iter().next(),
        Some(first) if count == 1 => Some(first),
        Some(first) => Some(damaged.fold(first.with("damaged", format!("{count} blobs")), |all, e| all.with("also", e.message()))),
    }
}

/// Blobs as they lie on the medium, but very long ones first: a blob is one thread's work, and none should be left alone with it.
fn order(blobs: &[BlobEntry]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..blobs.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(blobs[*index].size / LONG));
    order
}
