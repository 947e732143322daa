//! Makes a blob again: slices and members on all cores, the bytes in their order.

use super::Base;
use super::base::BaseView;
use super::encoder::Encoder;
use super::error::{Error, Result};
use super::format::Header;
use super::layout::{Coding, Stream};
use super::limits::{LONGEST, LONGEST_BEFORE};
use super::parallel::{LastWord, gone};
use super::rebuild::{self, Making};
use super::slice::{Method, Slice};
use super::unpacked::{Scratch, Unpacked};
use std::collections::{BTreeMap, VecDeque};
use std::io::{Read, Write};
use std::sync::{Mutex, PoisonError, mpsc};

/// Slices that are decoded or wait for their turn: each may hold its bytes twice over, and what it refers to.
const MOST_SLICES: u64 = 3;
/// Longest expanded bytes of a stream that is made as one piece of work; longer ones are made as their bytes come.
const LONGEST_PIECE: u64 = 16 << 20;
/// Bytes that are being made or wait to be written; beyond that no slice is taken apart.
const MOST_PENDING: usize = 40 << 20;

/// Makes the blob of `size` bytes again.
///
/// Memory is bounded by the limits of the format, not by the blob. Whether it is the right blob is for the caller to say, by its
/// digest: what is written before an error is not to be used.
///
/// `scratch` makes files without a name; one is made where bases have zstd frames.
pub fn decode(
    stream: &mut dyn Read,
    size: u64,
    bases: &[Base<'_>],
    threads: usize,
    scratch: Scratch<'_>,
    out: &mut dyn Write,
) -> Result<()> {
    let header = Header::read(stream)?;
    if header.blob.size() != size || size > LONGEST {
        return Err(Error::malformed("header", format!("a blob of {size} bytes"), header.blob.size()));
    }
    let encoders = rebuild::encoders(&header)?;
    let unpacked = Unpacked::new(scratch);
    let views = views(&header, bases, &unpacked)?;
    let (give, take) = mpsc::channel();
    let (answer, answers) = mpsc::channel();
    let shared = Shared { header: &header, encoders: &encoders, views: &views, take: Mutex::new(take) };
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            let (answer, shared) = (answer.clone(), &shared);
            scope.spawn(move || shared.work(&answer));
        }
        drop(answer);
        let lengths = header.bases.iter().map(|base| base.layout.expanded()).collect();
        let queue = Queue { give, pieces: VecDeque::new(), written: 0, pending: 0 };
        let mut run = Run {
            stream,
            out,
            lengths,
            answers,
            queue,
            taking: Taking::new(&header, &encoders),
            ready: BTreeMap::new(),
            held: None,
            before: Vec::new(),
            most_slices: most_slices(&header),
            given: 0,
            decoded: 0,
            fed: 0,
        };
        run.all(header.blob.expanded())
    })
}

/// How many slices may be under way: where frames of zstd are made, that takes the memory of the others.
fn most_slices(header: &Header) -> u64 {
    if header.blob.streams().iter().any(|stream| stream.coding == Coding::Zstd) { 1 } else { MOST_SLICES }
}

/// The bases in the order of the header, which are all that were given: whoever names more than a stream needs wants something else of them.
fn views<'a>(header: &'a Header, bases: &'a [Base<'a>], unpacked: &'a Unpacked<'a>) -> Result<Vec<BaseView<'a>>> {
    let missing = header.bases.iter().enumerate().find(|(_, table)| bases.iter().all(|base| base.digest != table.digest));
    if let Some((index, table)) = missing {
        return Err(Error::base(index, "blob", table.digest, "a blob that is not at hand"));
    }
    if header.bases.iter().map(|table| table.digest).ne(bases.iter().map(|base| base.digest)) {
        let found = format!("{} others, or in another order", bases.len());
        return Err(Error::malformed("header", "the bases that are listed, in their order", found));
    }
    let view = |(index, (table, given)): (usize, (&'a super::format::BaseTable, &'a Base<'a>))| {
        if given.size != table.layout.size() {
            return Err(Error::base(index, "size", table.layout.size(), given.size));
        }
        Ok(BaseView::new((index, header.bases.len()), given.file, &table.layout, unpacked))
    };
    header.bases.iter().zip(bases).enumerate().map(view).collect()
}

/// What there is to do, with the number that the result is waited for by.
enum Job {
    /// A slice, and what comes before it where that is referred to.
    Slice(u64, Slice, Vec<u8>),
    Member(u64, usize, Vec<u8>),
}

enum Done {
    Slice(u64, Vec<u8>),
    /// A piece, and how many bytes it was made of.
    Piece(u64, Vec<u8>, usize),
}

struct Shared<'a> {
    header: &'a Header,
    encoders: &'a [Encoder],
    views: &'a [BaseView<'a>],
    take: Mutex<mpsc::Receiver<Job>>,
}

impl Shared<'_> {
    fn work(&self, answer: &mpsc::Sender<Result<Done>>) {
        loop {
            let job = self.take.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(job) = job else { return };
            let last_word = LastWord::new(answer, Err(gone()));
            let done = self.one(job);
            last_word.unsaid();
            if answer.send(done).is_err() {
                return;
            }
        }
    }

    fn one(&self, job: Job) -> Result<Done> {
        match job {
            Job::Slice(number, slice, own) => {
                let mut before = own;
                let own = before.len();
                let length: usize = slice.references.iter().map(|stretch| stretch.length as usize).sum();
                before.reserve_exact(length);
                before.resize(own + length, 0);
                let mut rest = &mut before[own..];
                for stretch in &slice.references {
                    let (now, later) = rest.split_at_mut(stretch.length as usize);
                    self.views[stretch.base].read(stretch.offset, now)?;
                    rest = later;
                }
                Ok(Done::Slice(number, slice.decode(&before, &format!("slice {number}"))?))
            }
            Job::Member(number, stream, bytes) => {
                let mut making = Making::new(self.header.blob.streams(), stream, self.encoders);
                let mut out = Vec::with_capacity(self.header.blob.streams()[stream].deflated.min(bytes.len() as u64 + 1024) as usize);
                making.write(&bytes, &mut out)?;
                making.finish(&mut out)?;
                Ok(Done::Piece(number, out, bytes.len()))
            }
        }
    }
}

/// Pieces of the blob in their order; those that are being made are empty.
struct Queue {
    give: mpsc::Sender<Job>,
    pieces: VecDeque<Option<Vec<u8>>>,
    written: u64,
    /// Bytes of pieces, and bytes that pieces are being made of.
    pending: usize,
}

impl Queue {
    fn piece(&mut self, bytes: Vec<u8>) {
        self.pending += bytes.len();
        match self.pieces.back_mut() {
            Some(Some(last)) if last.len() < 1 << 16 => last.extend_from_slice(&bytes),
            _ => self.pieces.push_back(Some(bytes)),
        }
    }

    fn member(&mut self, stream: usize, bytes: Vec<u8>) -> Result<()> {
        self.pending += bytes.len();
        let number = self.written + self.pieces.len() as u64;
        self.pieces.push_back(None);
        self.give.send(Job::Member(number, stream, bytes)).map_err(|_| gone())
    }

    fn made(&mut self, number: u64, bytes: Vec<u8>, of: usize) {
        self.pending = self.pending + bytes.len() - of;
        self.pieces[(number - self.written) as usize] = Some(bytes);
    }

    /// Writes what is next and ready.
    fn write(&mut self, out: &mut dyn Write) -> Result<()> {
        while let Some(Some(bytes)) = self.pieces.front() {
            out.write_all(bytes).map_err(Error::io("what is made again"))?;
            self.pending -= bytes.len();
            self.pieces.pop_front();
            self.written += 1;
        }
        Ok(())
    }
}

/// Takes the expanded stream apart, into raw bytes and streams.
struct Taking<'a> {
    header: &'a Header,
    encoders: &'a [Encoder],
    /// Where in the expanded stream this is.
    at: u64,
    /// The stream that this lies in or before.
    stream: usize,
    gathered: Vec<u8>,
    making: Option<Making<'a>>,
}

impl<'a> Taking<'a> {
    fn new(header: &'a Header, encoders: &'a [Encoder]) -> Self {
        Self { header, encoders, at: 0, stream: 0, gathered: Vec::new(), making: None }
    }

    fn feed(&mut self, mut bytes: &[u8], queue: &mut Queue) -> Result<()> {
        loop {
            let streams = self.header.blob.streams();
            let (start, end) = streams.get(self.stream).map_or((u64::MAX, u64::MAX), |_| self.header.blob.span(self.stream));
            let inside = self.at >= start;
            let length = (if inside { end } else { start } - self.at).min(bytes.len() as u64) as usize;
            let (now, later) = bytes.split_at(length);
            self.at += length as u64;
            bytes = later;
            if !inside {
                if now.is_empty() {
                    return Ok(());
                }
                queue.piece(now.to_vec());
            } else if self.inside(streams, now, end - start, queue)? {
                return Ok(());
            }
        }
    }

    /// Bytes within a stream; says whether there are too few to end it.
    fn inside(&mut self, streams: &'a [Stream], bytes: &[u8], length: u64, queue: &mut Queue) -> Result<bool> {
        let ends = self.at == self.header.blob.span(self.stream).1;
        // What it is made of and what is made of it: either may be the longer one.
        // Frames of zstd are made here, one at a time: a thread that waits for its turn must not keep slices waiting.
        let frame = streams[self.stream].coding == Coding::Zstd;
        if !frame && length.max(streams[self.stream].deflated) <= LONGEST_PIECE {
            self.gathered.extend_from_slice(bytes);
            if ends {
                queue.member(self.stream, std::mem::take(&mut self.gathered))?;
            }
        } else {
            let mut out = Vec::new();
            let mut making = self.making.take().unwrap_or_else(|| Making::new(streams, self.stream, self.encoders));
            making.write(bytes, &mut out)?;
            if ends {
                making.finish(&mut out)?;
            } else {
                self.making = Some(making);
            }
            queue.piece(out);
        }
        if ends {
            self.stream += 1 + streams[self.stream].inner as usize;
        }
        Ok(!ends)
    }
}

struct Run<'a, 'io> {
    stream: &'io mut dyn Read,
    out: &'io mut dyn Write,
    /// Of the expanded streams of the bases.
    lengths: Vec<u64>,
    answers: mpsc::Receiver<Result<Done>>,
    queue: Queue,
    taking: Taking<'a>,
    /// Slices that are decoded and wait for those before them.
    ready: BTreeMap<u64, Vec<u8>>,
    /// A slice that is read, and waits until the one before it is decoded.
    held: Option<Slice>,
    /// The end of what is decoded so far.
    before: Vec<u8>,
    /// Slices that may be under way.
    most_slices: u64,
    given: u64,
    decoded: u64,
    fed: u64,
}

impl Run<'_, '_> {
    fn all(&mut self, expanded: u64) -> Result<()> {
        let mut left = expanded;
        if left == 0 {
            self.taking.feed(&[], &mut self.queue)?;
        }
        loop {
            while self.given - self.fed < self.most_slices && self.give(&mut left)? {}
            let mut moved = false;
            if self.queue.pending < MOST_PENDING
                && let Some(bytes) = self.ready.remove(&self.fed)
            {
                self.taking.feed(&bytes, &mut self.queue)?;
                self.fed += 1;
                moved = true;
            }
            self.queue.write(self.out)?;
            if moved {
                continue;
            }
            if self.queue.pieces.is_empty() && self.given == self.fed && self.held.is_none() && left == 0 {
                break;
            }
            match self.answers.recv().map_err(|_| gone())?? {
                Done::Slice(number, bytes) => self.decoded(number, bytes),
                Done::Piece(number, bytes, of) => self.queue.made(number, bytes, of),
            }
        }
        let mut more = [0];
        loop {
            return match self.stream.read(&mut more) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => Err(Error::io("recoded stream")(error)),
                Ok(0) => Ok(()),
                Ok(_) => Err(Error::malformed("end", "the end of the stream", "more bytes")),
            };
        }
    }
}

impl Run<'_, '_> {
    /// Gives the next slice to be decoded; false where there is none, or it has to wait.
    fn give(&mut self, left: &mut u64) -> Result<bool> {
        let slice = match self.held.take() {
            Some(slice) => slice,
            None if *left == 0 => return Ok(false),
            None => {
                let slice = Slice::read(self.stream, &format!("slice {}", self.given), *left, &self.lengths)?;
                *left -= slice.length as u64;
                slice
            }
        };
        let follows = slice.method == Method::Following;
        if follows && self.decoded < self.given {
            self.held = Some(slice);
            return Ok(false);
        }
        let own = if follows { self.before.clone() } else { Vec::new() };
        self.queue.give.send(Job::Slice(self.given, slice, own)).map_err(|_| gone())?;
        self.given += 1;
        Ok(true)
    }

    /// Keeps what is decoded until its turn comes, and the end of it for the slice behind it.
    fn decoded(&mut self, number: u64, bytes: Vec<u8>) {
        self.ready.insert(number, bytes);
        while let Some(bytes) = self.ready.get(&self.decoded) {
            let new = &bytes[bytes.len().saturating_sub(LONGEST_BEFORE)..];
            let old = (self.before.len() + new.len()).saturating_sub(LONGEST_BEFORE);
            self.before.drain(..old);
            self.before.extend_from_slice(new);
            self.decoded += 1;
        }
    }
}
