//! Makes a blob again: slices and members on all cores, the bytes in their order.

use super::Base;
use super::aside::Slices;
use super::base::BaseView;
use super::before::Before;
use super::budget::{Besides, Decoding, MEMORY, Purpose};
use super::encoder::Encoder;
use super::entering::Account;
use super::error::{Error, Result};
use super::format::{Header, Lengths};
use super::layout::Layout;
use super::limits::{BESIDE_LARGE_FRAME, LARGE_FRAME, LONGEST, SLICE};
use super::parallel::{LastWord, gone};
use super::planes::Unpacking;
use super::rebuild::{self, Making};
use super::room::{For, Spare, fit, with_room};
use super::slice::{Method, Slice};
use super::taking::{Member, Queue, Taking};
use super::unpacked::{Scratch, Unpacked};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::sync::{Mutex, PoisonError, mpsc};

/// Makes the blob of `size` bytes again.
///
/// Memory is bounded by the limits of the format, not by the blob. Whether it is the right blob is for the caller to say, by its
/// digest: what is written before an error is not to be used.
///
/// `scratch` makes files without a name; one is made where bases have zstd frames, and one where frames are made that leave little room.
pub fn decode(
    stream: &mut dyn Read,
    size: u64,
    bases: &[Base<'_>],
    threads: usize,
    scratch: Scratch<'_>,
    out: &mut dyn Write,
) -> Result<()> {
    let lengths = Lengths::read(stream)?;
    let _header = MEMORY.take_for(Purpose::Header, lengths.memory());
    let header = lengths.header(stream)?;
    if header.blob.size() != size || size > LONGEST {
        return Err(Error::malformed("header", format!("a blob of {size} bytes"), header.blob.size()));
    }
    let encoders = rebuild::encoders(&header)?;
    let frame = rebuild::frames(&header, &encoders);
    let besides = Besides { frame, corrected: rebuild::corrected(&encoders) };
    let plan = planned(&header, threads, besides);
    if frame.is_some_and(|frame| frame > LARGE_FRAME) && plan.of_bases > BESIDE_LARGE_FRAME {
        let most = format!(
            "at most {BESIDE_LARGE_FRAME} bytes for seek points and streams beside a zstd frame that takes more than {LARGE_FRAME}"
        );
        return Err(Error::malformed("header", most, plan.of_bases));
    }
    if frame.is_some() && plan.memory + lengths.memory() > IN_ONE {
        let file = scratch().map_err(Error::io("scratch file"))?;
        return in_two(header, &encoders, (threads, besides), (bases, scratch), (stream, &file, out));
    }
    let _share = MEMORY.take(plan.memory);
    pass(&header, &encoders, plan, (bases, scratch), (stream, out, Before::new()))
}

/// What may be taken at once where a frame of zstd is made.
const IN_ONE: u64 = 208 << 20;

fn planned(header: &Header, threads: usize, besides: Besides) -> Decoding {
    Decoding::of(&header.blob, header.bases.iter().map(|base| &base.layout), threads, besides)
}

/// First the expanded stream as a whole, into a file, then the blob from that: bases and slices take no memory any more while frames are made.
fn in_two(
    header: Header,
    encoders: &[Encoder],
    (threads, besides): (usize, Besides),
    of: (&[Base<'_>], Scratch<'_>),
    (stream, file, out): (&mut dyn Read, &File, &mut dyn Write),
) -> Result<()> {
    let Header { bases, blob, .. } = header;
    let expanded = blob.expanded();
    {
        let plain = Header { encoders: Vec::new(), bases, blob: Layout::new(expanded, Vec::new(), "expanded stream")? };
        let plan = planned(&plain, threads, Besides::default());
        let _share = MEMORY.take(plan.memory);
        let mut whole = BufWriter::with_capacity(1 << 20, file);
        pass(&plain, &[], plan, of, (stream, &mut whole, Before::new()))?;
        whole.flush().map_err(Error::io("scratch file"))?;
    }
    let made = Header { encoders: Vec::new(), bases: Vec::new(), blob };
    let plan = planned(&made, threads, besides);
    let _share = MEMORY.take(plan.memory);
    pass(&made, encoders, plan, (&[], of.1), (&mut Slices::of(file, expanded), out, Before::none()))
}

/// Makes what the layout of the blob says from the slices of a stream.
fn pass(
    header: &Header,
    encoders: &[Encoder],
    plan: Decoding,
    (bases, scratch): (&[Base<'_>], Scratch<'_>),
    (stream, out, before): (&mut dyn Read, &mut dyn Write, Before),
) -> Result<()> {
    let unpacked = Unpacked::new(scratch);
    let views = views(header, bases, &unpacked)?;
    let (give, take) = mpsc::channel();
    let (answer, answers) = mpsc::channel();
    let shared = Shared { header, encoders, views: &views, take: Mutex::new(take) };
    std::thread::scope(|scope| {
        for _ in 0..plan.threads {
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
            plan,
            in_slices: BTreeMap::new(),
            queue: Queue::new(plan.held, Box::new(give_member)),
            taking: Taking::new(&header.blob, encoders),
            ready: BTreeMap::new(),
            feeding: None,
            held: None,
            before,
            spare: Spare::default(),
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
    /// A slice, what comes before it where that is referred to, with room for what else is; and a buffer for what it becomes.
    Slice(u64, Slice, Vec<u8>, Vec<u8>),
    Member(Member),
}

enum Done {
    /// What a slice became, and the buffers that are of no more use.
    Slice(u64, Vec<u8>, [Vec<u8>; 2]),
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
        let mut planes = Unpacking::default();
        loop {
            let job = self.take.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(job) = job else { return };
            let last_word = LastWord::new(answer, Err(gone()));
            let done = self.one(job, &mut planes);
            last_word.unsaid();
            if answer.send(done).is_err() {
                return;
            }
        }
    }

    fn one(&self, job: Job, planes: &mut Unpacking) -> Result<Done> {
        match job {
            Job::Slice(number, mut slice, mut before, mut out) => {
                let own = before.len().saturating_sub(slice.referred());
                let mut rest = &mut before[own..];
                for stretch in &slice.references {
                    let (now, later) = rest.split_at_mut(stretch.length as usize);
                    self.views[stretch.base].read(stretch.offset, now)?;
                    rest = later;
                }
                slice.decode(&mut before, &mut out, planes, &format!("slice {number}"))?;
                Ok(Done::Slice(number, out, [slice.stored, before]))
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
    plan: Decoding,
    /// What each slice takes that is under way.
    in_slices: BTreeMap<u64, u64>,
    queue: Queue<'a>,
    taking: Taking<'a>,
    /// Slices that are decoded and wait for those before them.
    ready: BTreeMap<u64, Vec<u8>>,
    /// The slice that is being taken apart, and how far it is.
    feeding: Option<(Vec<u8>, usize)>,
    /// A slice that is read, and waits until the one before it is decoded.
    held: Option<Slice>,
    /// What the next slice may refer to.
    before: Before,
    /// Buffers of slices that are done: no more than all that may be under way.
    spare: Spare,
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
            while self.given - self.fed < self.plan.slices && self.give(&mut left)? {}
            if self.move_on()? {
                continue;
            }
            if self.queue.is_empty() && self.given == self.fed && self.held.is_none() && left == 0 {
                break;
            }
            match self.answers.recv().map_err(|_| gone())?? {
                Done::Slice(number, bytes, used) => self.decoded(number, bytes, used),
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
            let all = self.taking.feed(bytes, at, &mut self.queue, self.out)?;
            moved = all || *at > before;
            if all {
                self.in_slices.remove(&self.fed);
                self.fed += 1;
                if let Some((bytes, _)) = self.feeding.take() {
                    self.before.finish(&bytes);
                    self.spare.keep(For::Slice, bytes);
                }
                self.limit_spare();
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
                let slice = Slice::read(self.stream, &format!("slice {}", self.given), *left, &self.lengths, &mut self.spare)?;
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
        let takes = (slice.stored.len() + slice.length + slice.beside(self.before.length())) as u64;
        let under_way = self.under_way();
        if under_way > 0 && under_way + takes > self.plan.in_slices {
            self.held = Some(slice);
            return Ok(false);
        }
        self.in_slices.insert(self.given, takes);
        let (before, out) = self.buffers(&slice);
        self.before.give(slice.length);
        self.limit_spare();
        self.give.send(Job::Slice(self.given, slice, before, out)).map_err(|_| gone())?;
        self.given += 1;
        Ok(true)
    }

    /// What a slice is decoded with: what comes before it and room for what else it refers to, and a buffer for what it becomes.
    fn buffers(&mut self, slice: &Slice) -> (Vec<u8>, Vec<u8>) {
        if slice.method == Method::Stored {
            return (Vec::new(), Vec::new());
        }
        let beside = slice.beside(self.before.length());
        let mut before = self.spare.any(For::Beside);
        if !matches!(slice.method, Method::Planes(_)) {
            fit(&mut before, beside);
            let fed = self.feeding.iter().map(|(bytes, _)| &bytes[..]);
            self.before.fill(fed.chain(self.ready.values().map(|bytes| &bytes[..])), &mut before[..beside - slice.referred()]);
        }
        (before, self.spare.any(For::Slice))
    }

    fn under_way(&self) -> u64 {
        self.in_slices.values().sum()
    }

    /// Keeps as many buffers as there is room for beside slices that are under way and what is stored of the next one.
    fn limit_spare(&mut self) {
        let next = self.held.as_ref().map_or(0, |slice| slice.stored.len() as u64);
        self.spare.limit((self.plan.in_slices + SLICE as u64).saturating_sub(self.under_way() + next));
    }

    /// Keeps what is decoded until its turn comes.
    fn decoded(&mut self, number: u64, bytes: Vec<u8>, [stored, beside]: [Vec<u8>; 2]) {
        self.in_slices.insert(number, bytes.len() as u64);
        self.spare.keep(For::Stored, stored);
        self.spare.keep(For::Beside, beside);
        self.limit_spare();
        self.ready.insert(number, bytes);
        while self.ready.contains_key(&self.decoded) {
            self.decoded += 1;
        }
    }
}
