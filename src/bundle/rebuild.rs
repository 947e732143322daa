//! Making recoded blobs again: the stream is read frame by frame, each compared with its BLAKE3 before a decoder sees it, and the blob
//! that comes out is compared with its SHA-256 like any other.

use super::authentic::Authentic;
use super::frames::BlobEntry;
use super::portion::Portion;
use super::reader::{Delivery, FrameReader};
use crate::artifact::{AlignedBuffer, BlobRead, BlobSink, Blobs, Digest, PIECE, Sha256Writer};
use crate::error::{Error, Kind, Result};
use crate::progress::go_on;
use crate::recode::{Base, at_hand, decode};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// What is at hand of a blob that is made again, beside a frame and a piece.
const BESIDE: u64 = 1 << 20;

impl FrameReader {
    /// Makes one blob again and hands it to the intake; false where a base is not at hand, and then only its frames were compared. A blob
    /// that was begun before is begun anew: what is there of it does not spare reading the stream.
    pub(super) fn rebuild(&mut self, to: &Delivery<'_>, blob: &BlobEntry, held: Option<&dyn Blobs>, threads: usize) -> Result<bool> {
        let Some(mut sink) = to.intake.receive(&blob.digest, blob.size)? else {
            to.progress.advance(to.phase, blob.held);
            return Ok(true);
        };
        let Some(opened) = bases(to.bundle, blob, held)? else {
            return self.compare_from(to, blob, 0).map(|()| false);
        };
        // A frame of the stream, and what is handed on.
        let _at_hand = at_hand(2 * blob.size.min(PIECE as u64) + BESIDE);
        sink.rewind(0)?;
        let files: Vec<Base<'_>> = opened.iter().filter_map(Opened::base).collect();
        let mut stream = StreamReader { reader: self, to, blob, next: 0, at: 0, failed: None };
        let mut out = SinkWriter { to, blob, sink: sink.as_mut(), held: AlignedBuffer::new(PIECE), length: 0, made: 0, failed: None };
        let lending = Lending { held, lent: Mutex::default(), unavailable: AtomicBool::new(false) };
        let scratch = || lending.scratch();
        let decoded = decode(&mut stream, blob.size, &files, threads, &scratch, &mut out).map_err(Error::from).and_then(|()| out.hand_on());
        let unavailable = lending.end();
        if decoded.is_err() && unavailable && stream.failed.is_none() && out.failed.is_none() {
            // Bases are there, but no place for what they unpack to: as if they were not.
            let next = stream.next;
            drop(out);
            return self.compare_from(to, blob, next).map(|()| false);
        }
        // What stopped either end is the cause; the decoder has only seen that it was stopped.
        let cause = stream.failed.take().or(out.failed.take()).map_or(decoded, Err);
        if to.stop.load(Ordering::Relaxed) && cause.is_err() {
            return Ok(true);
        }
        match cause.and_then(|()| sink.finish()) {
            Err(error) if error.kind() == Kind::Verification && error.hints().is_empty() => Err(blame(to.bundle, blob, &opened, error)),
            done => done.map(|()| true),
        }
    }
}

impl FrameReader {
    /// Compares the frames from one on, and makes nothing of them.
    fn compare_from(&mut self, to: &Delivery<'_>, blob: &BlobEntry, next: usize) -> Result<()> {
        for n in next..blob.frames {
            go_on(to.progress)?;
            self.stored(to.bundle, blob, n, true)?;
            to.progress.advance(to.phase, blob.content_length(n) as u64);
        }
        Ok(())
    }
}

/// Files for what is made on the way, while one blob is.
struct Lending<'a> {
    held: Option<&'a dyn Blobs>,
    lent: Mutex<Vec<File>>,
    /// Whether one was asked for and there was none.
    unavailable: AtomicBool,
}

impl Lending<'_> {
    fn scratch(&self) -> io::Result<File> {
        let made = self.held.map_or_else(|| Err(io::ErrorKind::Unsupported.into()), Blobs::scratch);
        let none = made.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::Unsupported);
        self.unavailable.fetch_or(none, Ordering::Relaxed);
        let made = made?;
        self.lent.lock().unwrap_or_else(PoisonError::into_inner).push(made.try_clone()?);
        Ok(made)
    }

    /// Gives all back, for the blob is made or is not going to be; whether there was none when one was asked for.
    fn end(self) -> bool {
        let lent = self.lent.into_inner().unwrap_or_else(PoisonError::into_inner);
        lent.into_iter().for_each(|file| {
            if let Some(held) = self.held {
                held.give_back(file);
            }
        });
        self.unavailable.into_inner()
    }
}

/// A base that is open.
struct Opened {
    digest: Digest,
    blob: Box<dyn BlobRead>,
}

impl Opened {
    fn base(&self) -> Option<Base<'_>> {
        self.blob.as_extent().map(|(file, at)| Base { digest: self.digest, file, at, size: self.blob.size() })
    }
}

/// Opens what a blob is made from; `None` where not all of it is at hand.
fn bases(bundle: &Authentic, blob: &BlobEntry, held: Option<&dyn Blobs>) -> Result<Option<Vec<Opened>>> {
    let mut opened = Vec::new();
    for (digest, size) in bundle.bases.of(&blob.digest) {
        let found = held.map(|held| held.open(digest)).transpose()?.flatten();
        match found.filter(|found| found.size() == *size && found.as_extent().is_some()) {
            Some(found) => opened.push(Opened { digest: *digest, blob: found }),
            None => return Ok(None),
        }
    }
    Ok(Some(opened))
}

/// Who is at fault where every frame is as signed and the blob is not: a base that is damaged, else whoever packed it.
fn blame(bundle: &Authentic, blob: &BlobEntry, opened: &[Opened], error: Error) -> Error {
    let owner = bundle.owner(&blob.digest);
    for base in opened {
        match base.base().map(|base| hash_at(&base.digest, base.file, base.at..base.at.saturating_add(base.size))) {
            Some(Ok(found)) if found == base.digest => {}
            Some(Err(error)) => return error,
            _ if base.blob.as_file().is_none() => {
                return Error::new(Kind::Store, format!("{owner}: what it is made from came back from the disk other than it was kept"))
                    .with("damaged", base.digest)
                    .hint("the disk or its cable is failing: run this again with a store elsewhere");
            }
            _ => {
                return Error::new(Kind::Store, format!("{owner}: it is made from a blob of the store that is damaged"))
                    .with("damaged", base.digest)
                    .hint(
                        "airlift scrub --discard takes it out, importing the bundle that brought it brings it back; then run this again",
                    );
            }
        }
    }
    error
        .about(owner)
        .with("digest", blob.digest)
        .hint("every frame is as signed, but the blob is not: it was packed by a faulty or malicious tool")
}

/// SHA-256 of a file's bytes, whatever they should be.
pub(super) fn hash(named: &Digest, file: &File) -> Result<Digest> {
    hash_at(named, file, 0..u64::MAX)
}

/// SHA-256 of what a file has in a range.
fn hash_at(named: &Digest, file: &File, range: Range<u64>) -> Result<Digest> {
    let wrong = |e: &io::Error| Error::io(format!("{named} cannot be read"), e);
    let (mut sha256, mut buffer) = (Sha256Writer::default(), vec![0; 1 << 20]);
    loop {
        let at = range.start + sha256.length();
        let most = range.end.saturating_sub(at).min(buffer.len() as u64) as usize;
        match file.read_at(&mut buffer[..most], at).map_err(|e| wrong(&e))? {
            0 => return Ok(sha256.finish()),
            read => sha256.update(&buffer[..read]),
        }
    }
}

/// The bytes of a recoded stream.
struct StreamReader<'a, 'b> {
    reader: &'a mut FrameReader,
    to: &'a Delivery<'b>,
    blob: &'a BlobEntry,
    next: usize,
    at: usize,
    failed: Option<Error>,
}

impl StreamReader<'_, '_> {
    fn load(&mut self) -> Result<()> {
        go_on(self.to.progress)?;
        if self.to.stop.load(Ordering::Relaxed) {
            return Err(Error::failed("another thread has failed"));
        }
        self.reader.stored(self.to.bundle, self.blob, self.next, true)?;
        (self.next, self.at) = (self.next + 1, 0);
        Ok(())
    }
}

impl Read for StreamReader<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let used_up = self.next == 0 || self.at == self.reader.last(self.blob).len();
        if used_up && self.next == self.blob.frames {
            return Ok(0);
        }
        if used_up && let Err(error) = self.load() {
            self.failed = Some(error);
            return Err(io::Error::other("the bundle could not be read"));
        }
        let left = &self.reader.last(self.blob)[self.at..];
        let take = left.len().min(buffer.len());
        buffer[..take].copy_from_slice(&left[..take]);
        self.at += take;
        Ok(take)
    }
}

/// Hands what is written to it on in pieces that files take directly. By these the work is told and may be stopped: one frame of a
/// stream can be all of a large blob.
struct SinkWriter<'a, 'b> {
    to: &'a Delivery<'b>,
    blob: &'a BlobEntry,
    sink: &'a mut dyn BlobSink,
    held: AlignedBuffer,
    length: usize,
    /// Bytes of the blob that have been handed on.
    made: u64,
    failed: Option<Error>,
}

impl SinkWriter<'_, '_> {
    fn hand_on(&mut self) -> Result<()> {
        go_on(self.to.progress)?;
        if self.to.stop.load(Ordering::Relaxed) {
            return Err(Error::failed("another thread has failed"));
        }
        self.held.set_length(self.length);
        let before = self.share();
        self.made += self.length as u64;
        self.length = 0;
        self.sink.write(&self.held)?;
        self.to.progress.advance(self.to.phase, self.share() - before);
        Ok(())
    }

    /// How much of the stream what has been made so far stands for.
    fn share(&self) -> u64 {
        let share = u128::from(self.blob.held) * u128::from(self.made) / u128::from(self.blob.size.max(1));
        u64::try_from(share).map_or(self.blob.held, |share| share.min(self.blob.held))
    }
}

impl Write for SinkWriter<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.length == 0 {
            self.held.set_length(PIECE);
        }
        let take = bytes.len().min(PIECE - self.length);
        self.held[self.length..self.length + take].copy_from_slice(&bytes[..take]);
        self.length += take;
        if self.length == PIECE
            && let Err(error) = self.hand_on()
        {
            self.failed = Some(error);
            return Err(io::Error::other("the blob could not be written"));
        }
        Ok(take)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Portions in waves: first those that need nothing to be made, then recoded blobs, none before what it is made from.
pub(super) fn waves(bundle: &Authentic, portions: &[(usize, Portion)]) -> (Vec<(usize, Portion)>, Vec<Vec<usize>>) {
    let made = |(index, portion): &(usize, Portion)| *portion == Portion::Whole && bundle.table.blobs[*index].is_recoded();
    let (again, plain): (Vec<_>, Vec<_>) = portions.iter().copied().partition(made);
    let mut again: Vec<usize> = again.into_iter().map(|(index, _)| index).collect();
    again.sort_unstable();
    let (mut depth, mut waves) = (BTreeMap::<Digest, usize>::new(), Vec::<Vec<usize>>::new());
    for index in again {
        let digest = bundle.table.blobs[index].digest;
        let bases = bundle.bases.of(&digest).iter();
        let wave = bases.filter_map(|(base, _)| depth.get(base)).max().map_or(0, |deepest| deepest + 1);
        depth.insert(digest, wave);
        if waves.len() == wave {
            waves.push(vec![]);
        }
        waves[wave].push(index);
    }
    (plain, waves)
}
