//! Writing a bundle in one pass: frames are read, checked, compressed and placed by several threads, each byte is written once, and the
//! heads, whose length is known from the start, are written last.

use super::encode::Encoder;
use super::frames::{BlobEntry, Encoding, Frame, FrameTable};
use super::geometry::{data_start, ending, gap};
use super::heading::Heading;
use super::member::{END, MAX_MEMBER, blob_name, header};
use super::parents::Parent;
use super::parity::{ParityTable, Redundancy};
use super::protection::{new_volume, protect};
use super::recoding::Recoding;
use super::statement::Previous;
use super::unfinished;
use crate::artifact::{AlignedBuffer, BlobRead, Blobs, CheckValue, Digest, PIECE, Sha256Writer, check_blob};
use crate::error::{Error, Kind, Result, shown};
use crate::lock::Lock;
use crate::progress::{Progress, go_on};
use crate::store::DirectFile;
use std::io::SeekFrom;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock};

/// What is to be packed.
pub struct Draft<'a> {
    /// The lock.
    pub lock: &'a Lock,
    /// Its blobs.
    pub blobs: &'a dyn Blobs,
    /// Epoch of the line.
    pub epoch: u64,
    /// Number in the line.
    pub seq: u64,
    /// The bundle before it.
    pub previous: Option<Previous>,
    /// Creation time (RFC 3339, UTC).
    pub created: String,
    /// The program that writes it.
    pub tool: String,
    /// Told the bundle's id once it is known, before any volume gets its name: whoever numbers bundles must remember it by then.
    pub remember: &'a (dyn Fn(Digest) -> Result<()> + Sync),
    /// What is left out, and what streams stand for.
    pub recoding: &'a Recoding,
    /// The bundles it is made from.
    pub parents: &'a [Parent],
    /// The lists of parents that these carry.
    pub ancestors: &'a [String],
    /// `README` and `trust/…` files to carry in every head, by name.
    pub files: Vec<(String, Vec<u8>)>,
}

/// How it is packed.
pub struct PackOptions<'a> {
    /// The folder that gets the volumes.
    pub out: &'a Path,
    /// Longest volume in bytes; one volume when `None`.
    pub volume_size: Option<u64>,
    /// Threads that read, compress and write.
    pub threads: usize,
    /// How much parity the set gets.
    pub redundancy: Redundancy,
    /// Where the work is reported.
    pub progress: &'a dyn Progress,
}

/// What was packed.
#[derive(Debug, Clone)]
pub struct Written {
    /// SHA-256 of the statement: the bundle id.
    pub id: Digest,
    /// The statement's exact bytes: what is to be signed.
    pub statement: Vec<u8>,
    /// The volumes.
    pub volumes: Vec<PathBuf>,
    /// Bytes of content.
    pub content: u64,
    /// Bytes of all volumes.
    pub stored: u64,
    /// Blobs that are left out.
    pub left_out: usize,
    /// Recoded blobs, their bytes, and those of their streams.
    pub recoded: (usize, u64, u64),
}

/// Writes the volumes. On any error nothing is left behind.
pub fn write(draft: &Draft<'_>, options: &PackOptions<'_>) -> Result<Written> {
    let plan = FrameTable::plan(draft.lock, draft.recoding);
    let lock = draft.lock.to_bytes();
    let head = Heading::new(draft, &plan, lock.len() as u64, options)?;
    check_sources(draft, &plan, options)?;
    unfinished::sweep(options.out, draft.lock)?;
    let held = plan.held();
    let payload = Payload::new(draft, options, plan, head.length)?;
    options.progress.begin("packing", held);
    let packed = payload.run();
    options.progress.end("packing");
    let packed =
        packed.and_then(|packed| if options.redundancy.is_some() { protect(draft, options, head.length, packed) } else { Ok(packed) });
    let written = packed.and_then(|packed| head.finish(draft, lock, packed, options));
    written.inspect_err(|_| drop(unfinished::sweep(options.out, draft.lock)))
}

/// A blob whose SHA-256 was checked when it was taken in is checked again by its fast value while it is packed. Any other is hashed
/// here, before anything is written. What was recoded was read then.
fn check_sources(draft: &Draft<'_>, plan: &FrameTable, options: &PackOptions<'_>) -> Result<()> {
    let wanted: Vec<(Digest, u64)> = plan.blobs.iter().filter(|b| !b.is_recoded()).map(|b| (b.digest, b.size)).collect();
    let (next, failed) = (AtomicUsize::new(0), OnceLock::new());
    std::thread::scope(|scope| {
        for _ in 0..options.threads.max(1) {
            scope.spawn(|| {
                while let Some((digest, size)) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(error) = check_source(draft.blobs, digest, *size) {
                        let _ = failed.set(error);
                    }
                }
            });
        }
    });
    failed.into_inner().map_or(Ok(()), Err)
}

fn open(blobs: &dyn Blobs, digest: &Digest, size: u64) -> Result<Box<dyn BlobRead>> {
    let missing = || Error::new(Kind::Incomplete, format!("{digest} is not in the store")).hint("bring it in with: airlift fetch");
    let blob = blobs.open(digest)?.ok_or_else(missing)?;
    match blob.size() {
        found if found == size => Ok(blob),
        found => Err(damaged(digest).with("expected", format!("{size} bytes")).with("found", format!("{found} bytes"))),
    }
}

fn damaged(digest: &Digest) -> Error {
    Error::new(Kind::Store, format!("{digest} in the store is damaged"))
        .hint("airlift scrub --discard takes it out, airlift fetch brings it back")
}

fn check_source(blobs: &dyn Blobs, digest: &Digest, size: u64) -> Result<()> {
    let mut blob = open(blobs, digest, size)?;
    if blob.check_value().is_some() {
        return Ok(());
    }
    let (mut sha256, mut buffer) = (Sha256Writer::default(), vec![0; 1 << 20]);
    loop {
        match blob.read(&mut buffer).map_err(|e| Error::io(format!("{digest} cannot be read"), &e))? {
            0 => break,
            read => sha256.update(&buffer[..read]),
        }
    }
    check_blob(digest, size, sha256.length(), sha256.finish()).map_err(|_| damaged(digest))
}

/// The payload while it is being written.
struct Payload<'a> {
    draft: &'a Draft<'a>,
    options: &'a PackOptions<'a>,
    plan: FrameTable,
    /// Blob index and frame number of every frame, in payload order.
    frames: usize,
    encodings: Vec<OnceLock<Encoding>>,
    placer: Mutex<Placer>,
    turn: Condvar,
    next: AtomicUsize,
    stop: AtomicBool,
}

/// A payload that is written, with room for the heads before it.
pub struct Packed {
    /// Where every frame lies.
    pub table: FrameTable,
    /// The open volumes.
    pub files: Vec<Arc<DirectFile>>,
    /// Their lengths in bytes.
    pub lengths: Vec<u64>,
    /// Their parity.
    pub parity: Option<ParityTable>,
}

impl<'a> Payload<'a> {
    fn new(draft: &'a Draft<'a>, options: &'a PackOptions<'a>, plan: FrameTable, head: u64) -> Result<Self> {
        let frames = plan.blobs.iter().map(|b| b.frames).sum();
        let encodings = plan.blobs.iter().map(|_| OnceLock::new()).collect();
        let placer = Placer {
            head,
            volume_size: options.volume_size.unwrap_or(u64::MAX),
            end: head,
            open: None,
            placed: Vec::with_capacity(frames),
            pieces: Vec::with_capacity(frames),
            files: vec![],
            lengths: vec![],
            error: None,
        };
        Ok(Self {
            draft,
            options,
            plan,
            frames,
            encodings,
            placer: Mutex::new(placer),
            turn: Condvar::new(),
            next: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        })
    }

    fn run(self) -> Result<Packed> {
        self.new_volume(&mut self.locked())?;
        std::thread::scope(|scope| {
            for _ in 0..self.options.threads.max(1) {
                scope.spawn(|| {
                    let guard = StopOnPanic(&self);
                    if let Err(error) = self.work() {
                        self.fail(error);
                    }
                    std::mem::forget(guard);
                });
            }
        });
        let mut placer = self.locked();
        if let Some(error) = placer.error.take() {
            return Err(error);
        }
        self.close_part(&mut placer)?;
        self.close_volume(&mut placer)?;
        self.check_pieces(&placer.pieces)?;
        let mut table = self.plan.clone();
        table.frames = std::mem::take(&mut placer.placed);
        for (blob, encoding) in table.blobs.iter_mut().zip(&self.encodings) {
            blob.encoding = encoding.get().copied().unwrap_or(Encoding::Stored);
        }
        Ok(Packed { table, files: std::mem::take(&mut placer.files), lengths: std::mem::take(&mut placer.lengths), parity: None })
    }

    fn locked(&self) -> MutexGuard<'_, Placer> {
        self.placer.lock().expect("no packing thread panics while it places a frame")
    }

    fn fail(&self, error: Error) {
        self.stop.store(true, Ordering::Relaxed);
        self.locked().error.get_or_insert(error);
        self.turn.notify_all();
    }

    fn work(&self) -> Result<()> {
        let (mut encoder, mut content) = (Encoder::new()?, AlignedBuffer::new(PIECE));
        while !self.stop.load(Ordering::Relaxed) {
            go_on(self.options.progress)?;
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            if index >= self.frames {
                break;
            }
            let at = self.plan.blobs.partition_point(|b| b.first + b.frames <= index);
            let blob = &self.plan.blobs[at];
            let n = index - blob.first;
            content.set_length(blob.content_length(n));
            let encoding = self.load(at, n, &mut content, &mut encoder)?;
            let piece = *blake3::hash(&content).as_bytes();
            match encoding {
                Encoding::Stored | Encoding::Recoded => self.place(index, at, &content, piece, piece)?,
                Encoding::Zstd => {
                    let stored = encoder.frame(&content)?;
                    self.place(index, at, stored, *blake3::hash(stored).as_bytes(), piece)?;
                }
            }
            self.options.progress.advance("packing", content.len() as u64);
        }
        Ok(())
    }

    /// Reads a frame's content, and says how it is to be stored.
    fn load(&self, at: usize, n: usize, content: &mut [u8], encoder: &mut Encoder) -> Result<Encoding> {
        let (blob, offset) = (&self.plan.blobs[at], n as u64 * PIECE as u64);
        let wrong = |e: &std::io::Error| Error::io(format!("{} cannot be read", blob.digest), e);
        if let Some(stream) = self.draft.recoding.streams.get(&blob.digest) {
            stream.file.read_exact_at(content, stream.at + offset).map_err(|e| wrong(&e))?;
            return Ok(*self.encodings[at].get_or_init(|| Encoding::Recoded));
        }
        let mut source = open(self.draft.blobs, &blob.digest, blob.size)?;
        let encoding = self.encoding(at, source.as_mut(), encoder)?;
        source.seek(SeekFrom::Start(offset)).and_then(|_| source.read_exact(content)).map_err(|e| wrong(&e))?;
        Ok(encoding)
    }

    /// Two threads may probe the same blob at once; the probe is a function of its bytes, so both find the same.
    fn encoding(&self, at: usize, source: &mut dyn BlobRead, encoder: &mut Encoder) -> Result<Encoding> {
        if let Some(known) = self.encodings[at].get() {
            return Ok(*known);
        }
        let chosen = encoder.choose(source)?;
        Ok(*self.encodings[at].get_or_init(|| chosen))
    }

    /// Waits for the frame's turn, gives it its place, and writes it outside the lock.
    fn place(&self, index: usize, blob: usize, stored: &[u8], blake3: [u8; 32], piece: [u8; 32]) -> Result<()> {
        let mut placer = self.locked();
        while placer.placed.len() != index && !self.stop.load(Ordering::Relaxed) {
            placer = self.turn.wait(placer).expect("no packing thread panics while it places a frame");
        }
        if self.stop.load(Ordering::Relaxed) {
            return Ok(());
        }
        let offset = self.next_offset(&mut placer, blob, stored.len() as u64)?;
        let volume = placer.files.len() - 1;
        placer.placed.push(Frame { volume: volume as u16, offset, stored: stored.len() as u32, blake3 });
        placer.pieces.push(piece);
        let file = placer.files[volume].clone();
        drop(placer);
        self.turn.notify_all();
        file.write_all_at(stored, offset).map_err(|e| self.unwritable(volume, &e))
    }

    fn unwritable(&self, volume: usize, error: &std::io::Error) -> Error {
        Error::io(format!("{} cannot be written", shown(&unfinished::path(self.options.out, self.draft, volume))), error)
    }

    fn next_offset(&self, placer: &mut Placer, blob: usize, stored: u64) -> Result<u64> {
        let entry = self.plan.blobs[blob];
        let encoding = self.encodings[blob].get().copied().unwrap_or(Encoding::Stored);
        let goes_on = placer.open.as_ref().is_some_and(|o| o.blob == blob && o.length + stored <= MAX_MEMBER);
        if !goes_on {
            self.close_part(placer)?;
        }
        let start = if goes_on { placer.end } else { data_start(placer.end, entry.size, encoding) };
        if placer.volume_size != u64::MAX && self.length(placer, start + stored) > placer.volume_size {
            self.close_part(placer)?;
            self.close_volume(placer)?;
            self.new_volume(placer)?;
            return Ok(placer.begin(blob, &entry, encoding, stored));
        }
        if goes_on {
            placer.extend(stored);
            return Ok(start);
        }
        Ok(placer.begin(blob, &entry, encoding, stored))
    }

    fn close_part(&self, placer: &mut Placer) -> Result<()> {
        let Some(open) = placer.open.take() else { return Ok(()) };
        let entry = self.plan.blobs[open.blob];
        let encoding = self.encodings[open.blob].get().copied().unwrap_or(Encoding::Stored);
        let whole = open.number == 0 && placer.placed.len() == entry.first + entry.frames;
        let name = blob_name(&entry.digest, encoding, (!whole).then_some(open.number));
        let bytes = gap(open.after, open.start, &header(&name, open.length));
        let volume = placer.files.len() - 1;
        placer.files[volume].write_all_at(&bytes, open.after).map_err(|e| self.unwritable(volume, &e))
    }

    /// How long the volume becomes when its payload ends there.
    fn length(&self, placer: &Placer, end: u64) -> u64 {
        match self.options.redundancy {
            none if !none.is_some() => end.next_multiple_of(512) + END,
            some => some.length(placer.head, end),
        }
    }

    fn close_volume(&self, placer: &mut Placer) -> Result<()> {
        if self.options.redundancy.is_some() {
            return Ok(());
        }
        let volume = placer.files.len() - 1;
        let end = ending(placer.end);
        placer.files[volume].write_all_at(&end, placer.end).map_err(|e| self.unwritable(volume, &e))?;
        placer.lengths.push(placer.end + end.len() as u64);
        Ok(())
    }

    fn new_volume(&self, placer: &mut Placer) -> Result<()> {
        let file = new_volume(self.draft, self.options, placer.files.len())?;
        placer.files.push(Arc::new(file));
        placer.end = placer.head;
        Ok(())
    }

    /// Compares what was read with what was checked when the blobs were taken in.
    fn check_pieces(&self, pieces: &[[u8; 32]]) -> Result<()> {
        for blob in self.plan.blobs.iter().filter(|blob| !blob.is_recoded()) {
            let remembered = open(self.draft.blobs, &blob.digest, blob.size)?.check_value();
            let found = CheckValue::of_pieces(pieces[blob.first..blob.first + blob.frames].iter());
            if remembered.is_some_and(|r| r != found) {
                return Err(damaged(&blob.digest));
            }
        }
        Ok(())
    }
}

/// A thread that panics must not leave the others waiting for its turn.
struct StopOnPanic<'a, 'b>(&'a Payload<'b>);

impl Drop for StopOnPanic<'_, '_> {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::Relaxed);
        // Taken and given back: a thread that has looked at `stop` and does not wait yet would miss the call.
        drop(self.0.placer.lock());
        self.0.turn.notify_all();
    }
}

/// Where the next frame goes; advanced strictly in payload order.
struct Placer {
    head: u64,
    volume_size: u64,
    end: u64,
    open: Option<OpenPart>,
    placed: Vec<Frame>,
    pieces: Vec<[u8; 32]>,
    files: Vec<Arc<DirectFile>>,
    lengths: Vec<u64>,
    error: Option<Error>,
}

/// A member whose length is not known yet.
struct OpenPart {
    blob: usize,
    number: usize,
    after: u64,
    start: u64,
    length: u64,
}

impl Placer {
    fn begin(&mut self, blob: usize, entry: &BlobEntry, encoding: Encoding, stored: u64) -> u64 {
        let start = data_start(self.end, entry.size, encoding);
        let before = &self.placed[entry.first..];
        let breaks =
            before.windows(2).filter(|w| w[0].volume != w[1].volume || w[0].offset + u64::from(w[0].stored) != w[1].offset).count();
        let number = if before.is_empty() { 0 } else { breaks + 1 };
        self.open = Some(OpenPart { blob, number, after: self.end, start, length: stored });
        self.end = start + stored;
        start
    }

    fn extend(&mut self, stored: u64) {
        self.end += stored;
        if let Some(open) = &mut self.open {
            open.length += stored;
        }
    }
}

const _: () = assert!(MAX_MEMBER.is_multiple_of(PIECE as u64), "members are cut between frames");
