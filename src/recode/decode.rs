//! Makes a blob again: slices and members on all cores, the bytes in their order.

use super::Base;
use super::base::BaseView;
use super::budget::{MEMORY, to_correct, to_decode};
use super::encoder::Encoder;
use super::entering::Account;
use super::error::{Error, Result};
use super::format::Header;
use super::limits::{LONGEST, LONGEST_BEFORE};
use super::parallel::{LastWord, gone};
use super::rebuild::{self, Making};
use super::room::{copied, with_room, zeros};
use super::slice::{Method, Slice};
use super::taking::{Member, Queue, Taking};
use super::unpacked::{Scratch, Unpacked};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::sync::{Mutex, PoisonError, mpsc};

/// Slices that are decoded or wait for their turn, where several threads decode: each may hold its bytes twice over, and what it refers
/// to.
pub(super) const MOST_SLICES: u64 = 3;
/// Threads that make members: each holds what its encoder needs.
const MOST_THREADS: usize = 8;

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
    let layouts = header.bases.iter().map(|base| &base.layout);
    // Where frames of zstd are made, that takes the memory of other slices.
    let frames = rebuild::frames(&header, &encoders);
    let most_slices = if frames.is_some() { 1 } else { MOST_SLICES.min(threads as u64 + 1) };
    let making = (threads.clamp(1, MOST_THREADS) as u64, rebuild::corrected(&encoders));
    let making = frames.unwrap_or(0) + if making.1 { to_correct(making.0) } else { 0 };
    let _share = MEMORY.take(to_decode(&header.blob, layouts, (threads.max(1) as u64, most_slices), making));
    let unpacked = Unpacked::new(scratch);
    let views = views(&header, bases, &unpacked)?;
    let threads = threads.clamp(1, MOST_THREADS);
    let (give, take) = mpsc::channel();
    let (answer, answers) = mpsc::channel();
    let shared = Shared { header: &header, encoders: &encoders, views: &views, take: Mutex::new(take) };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (answer, shared) = (answer.clone(), &shared);
            scope.spawn(move || shared.work(&answer));
        }
        drop(answer);
        let lengths = header.bases.iter().map(|base| base.layout.expanded()).collect();
        let members = give.clone();
        let give_member = move |member| members.send(Job::Member(member)).map_err(|_| gone());
        let mut run = Run {
            stream,
            out,
            lengths,
            account: Account::new(header.bases.iter().map(|base| &base.layout)),
            give,
            answers,
            most_slices,
            queue: Queue::new(if frames.is_some() { 1 } else { threads }, Box::new(give_member)),
            taking: Taking::new(&header.blob, &encoders),
            ready: BTreeMap::new(),
            feeding: None,
            held: None,
            before: with_room(2 * LONGEST_BEFORE),
            given: 0,
            decoded: 0,
            fed: 0,
        };
        run.all(header.blob.expanded())
    })
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
        Ok(BaseView::new((index, header.bases.len()), given, &table.layout, unpacked))
    };
    header.bases.iter().zip(bases).enumerate().map(view).collect()
}

/// What there is to do, with the number that the result is waited for by.
enum Job {
    /// A slice, and what comes before it where that is referred to.
    Slice(u64, Slice, Vec<u8>),
    Member(Member),
}

enum Done {
    Slice(u64, Vec<u8>),
    /// What was made of a member that has this number, and what was set aside for it.
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
                let length: usize = slice.references.iter().map(|stretch| stretch.length as usize).sum();
                let mut before = zeros(own.len() + length);
                let (first, mut rest) = before.split_at_mut(own.len());
                first.copy_from_slice(&own);
                drop(own);
                for stretch in &slice.references {
                    let (now, later) = rest.split_at_mut(stretch.length as usize);
                    self.views[stretch.base].read(stretch.offset, now)?;
                    rest = later;
                }
                Ok(Done::Slice(number, slice.decode(&before, &format!("slice {number}"))?))
            }
            Job::Member(Member { number, stream, bytes, set_aside }) => {
                let mut making = Making::new(self.header.blob.streams(), stream, self.encoders);
                // As long as it has to become, or it would take up to twice that while it grows.
                let mut out = with_room(self.header.blob.streams()[stream].deflated as usize);
                making.write(&bytes, &mut out)?;
                making.finish(&mut out)?;
                Ok(Done::Piece(number, out, set_aside))
            }
        }
    }
}

struct Run<'a, 'io> {
    stream: &'io mut dyn Read,
    out: &'io mut dyn Write,
    /// Of the expanded streams of the bases.
    lengths: Vec<u64>,
    /// What is inflated of the bases.
    account: Account<'a>,
    give: mpsc::Sender<Job>,
    answers: mpsc::Receiver<Result<Done>>,
    most_slices: u64,
    queue: Queue<'a>,
    taking: Taking<'a>,
    /// Slices that are decoded and wait for those before them.
    ready: BTreeMap<u64, Vec<u8>>,
    /// The slice that is being taken apart, and how far it is.
    feeding: Option<(Vec<u8>, usize)>,
    /// A slice that is read, and waits until the one before it is decoded.
    held: Option<Slice>,
    /// The end of what is decoded so far.
    before: Vec<u8>,
    given: u64,
    decoded: u64,
    fed: u64,
}

impl Run<'_, '_> {
    fn all(&mut self, expanded: u64) -> Result<()> {
        let mut left = expanded;
        if left == 0 {
            // Streams without plain bytes are made without any slice.
            (self.feeding, self.given) = (Some((Vec::new(), 0)), 1);
        }
        loop {
            while self.given - self.fed < self.most_slices && self.give(&mut left)? {}
            if self.move_on()? {
                continue;
            }
            if self.queue.is_empty() && self.given == self.fed && self.held.is_none() && left == 0 {
                break;
            }
            match self.answers.recv().map_err(|_| gone())?? {
                Done::Slice(number, bytes) => self.decoded(number, bytes),
                Done::Piece(number, bytes, set_aside) => self.queue.made(number, bytes, set_aside),
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
    /// Takes the next slice apart as far as there is room, and writes what is ready; false where nothing moves until a thread answers.
    fn move_on(&mut self) -> Result<bool> {
        if self.feeding.is_none() {
            self.feeding = self.ready.remove(&self.fed).map(|bytes| (bytes, 0));
        }
        let mut moved = false;
        if let Some((bytes, at)) = &mut self.feeding {
            let before = *at;
            let all = self.taking.feed(bytes, at, &mut self.queue)?;
            moved = all || *at > before;
            if all {
                self.feeding = None;
                self.fed += 1;
            }
        }
        let written = self.queue.write(self.out)?;
        Ok(moved || written && self.feeding.is_some())
    }

    /// Gives the next slice to be decoded; false where there is none, or it has to wait.
    fn give(&mut self, left: &mut u64) -> Result<bool> {
        let slice = match self.held.take() {
            Some(slice) => slice,
            None if *left == 0 => return Ok(false),
            None => {
                let slice = Slice::read(self.stream, &format!("slice {}", self.given), *left, &self.lengths)?;
                *left -= slice.length as u64;
                self.account.grant(slice.length as u64);
                self.account.charge(&slice.references).map_err(|beyond| {
                    let most = format!("references that take at most {} bytes of inflating", beyond.allowed);
                    Error::malformed(format!("slice {}", self.given), most, beyond.found)
                })?;
                slice
            }
        };
        let follows = slice.method == Method::Following;
        if follows && self.decoded < self.given {
            self.held = Some(slice);
            return Ok(false);
        }
        let own = if follows { copied(&self.before) } else { Vec::new() };
        self.give.send(Job::Slice(self.given, slice, own)).map_err(|_| gone())?;
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
