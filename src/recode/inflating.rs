//! Decompresses the streams of a blob and those within them, and finds their encoders: all of it bounded by the size of the blob, and the same
//! on any machine with any number of threads.

use super::base::Density;
use super::budget::{MEMORY, UNPACKING};
use super::container::{self, Candidate};
use super::encoder::{CORRECTED_MEMORY, Cost, Encoder, MOST_CORRECTIONS, corrections};
use super::error::{Error, Result};
use super::frames::Unpacker;
use super::identify::{self, IdentifyError};
use super::inflate::{Inflater, Status};
use super::layout::Coding;
use super::limits::{ALWAYS, GROWTH, MOST_STREAMS, RATIO};
use super::parallel;
use super::source::{Forward, Part, ReadAt};
use std::collections::VecDeque;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::sync::{Mutex, PoisonError};

/// How much of a stream is read at a time.
const READ: u64 = 256 << 10;
/// How much of it is inflated at a time.
const STEP: usize = 16 << 10;
/// Most streams of a blob with those within them, and most files in them that look like those of tensors; what is beyond stays as it is.
pub const MOST_FOUND: usize = MOST_STREAMS / 2;
/// Streams that are looked into at a time: what each holds is kept until its turn comes.
const MOST_WALKING: usize = 2;
/// What may be spent on finding encoders, in bytes encoded: so many times the length of a stream, and so many times that of the blob for
/// all its streams together.
const TRIED: u64 = 32;
const TRIED_BY_SIZE: u64 = 16;
/// Streams whose encoders are tried on the others first, and how long they may be at most: none that all others would wait for.
const SAMPLES: usize = 8;
const LONGEST_SAMPLE: u64 = 4 << 20;
/// How long corrections may be beyond their part of a stream.
const CORRECTED_ALWAYS: u64 = 16;

/// A stream that decompresses as its container says.
pub struct Inflated {
    /// As its container has it.
    pub candidate: Candidate,
    /// Where in the scratch file its plain bytes are.
    pub place: u64,
    /// How many bytes of corrections stand before them.
    pub front: u64,
    /// What makes it again, where that is asked for.
    pub encoder: Option<Encoder>,
}

/// The scratch file: how many bytes of it are taken, and how many may be. Handed out before threads start, so that what has no room
/// does not depend on which of them comes first.
struct Room {
    taken: u64,
    most: u64,
    /// The end of what is taken, with room for corrections, which are shorter than the streams they stand for.
    end: u64,
}

impl Room {
    /// A place for so many bytes, where there is room for them, behind so many of corrections.
    fn take(&mut self, length: u64, front: u64) -> Option<u64> {
        self.taken = self.taken.checked_add(length).filter(|taken| *taken <= self.most)?;
        let place = self.end + front;
        self.end = place + length;
        Some(place)
    }
}

/// What all streams of a blob are expanded with.
pub struct Work<'a> {
    /// Asked whether to go on, also while streams within streams are read from the scratch file.
    blob: &'a dyn ReadAt,
    scratch: &'a File,
    exact: Option<u64>,
    threads: usize,
    /// Of the blob.
    size: u64,
    room: Room,
    unpacker: Mutex<Unpacker>,
}

/// Things that lie in streams, each with the number of its stream.
pub type Numbered<T> = Vec<(usize, T)>;

impl<'a> Work<'a> {
    /// For a blob of this size. With `exact`, only streams whose encoder is found, or whose corrections are one part in so many at most.
    pub fn new(blob: &'a dyn ReadAt, scratch: &'a File, exact: Option<u64>, threads: usize, size: u64) -> Self {
        let room = Room { taken: 0, most: size.saturating_mul(GROWTH - 1).saturating_add(ALWAYS), end: 0 };
        Self { blob, scratch, exact, threads, size, room, unpacker: Mutex::default() }
    }

    /// Decompresses streams, each of its source, and finds their encoders; None for those that are not as they should be. Each comes with how
    /// many bytes of the blob it takes.
    pub fn all(&mut self, streams: &[(Part<'_>, Candidate, u64)]) -> Result<Vec<Option<Inflated>>> {
        // The longest first: the last one to be done decides when all is done.
        let mut order: Vec<usize> = (0..streams.len()).collect();
        order.sort_by_key(|index| std::cmp::Reverse(streams[*index].1.plain));
        let (exact, room) = (self.exact, &mut self.room);
        let place = |candidate: &Candidate| room.take(candidate.plain, most_corrections(exact, candidate));
        let places: Vec<Option<u64>> = order.iter().map(|index| &streams[*index].1).map(place).collect();
        let work = &*self;
        let one = |turn: usize, hints: &[Encoder]| {
            let (source, candidate, taken) = streams[order[turn]];
            work.one(source, candidate, places[turn], hints, share(work.size, streams.len(), taken))
        };
        // What made the first few made most others: which these are depends on the blob alone, not on who is done first.
        let first = order.iter().position(|index| streams[*index].1.plain <= LONGEST_SAMPLE).unwrap_or(0);
        let samples = if work.exact.is_some() { first..(first + SAMPLES).min(order.len()) } else { 0..0 };
        let mut sampled: VecDeque<_> = parallel::each(work.threads, samples.len(), |turn| one(samples.start + turn, &[]))?.into();
        let deflated = sampled.iter().flatten().filter(|stream| stream.candidate.coding == Coding::Deflate);
        let hints = frequent(deflated.filter_map(|stream| stream.encoder.as_ref()));
        let others: Vec<usize> = (0..order.len()).filter(|turn| !samples.contains(turn)).collect();
        let mut done: VecDeque<_> = parallel::each(work.threads, others.len(), |other| one(others[other], &hints))?.into();
        let mut all: Vec<Option<Inflated>> = (0..streams.len()).map(|_| None).collect();
        for (turn, index) in order.iter().enumerate() {
            all[*index] = if samples.contains(&turn) { sampled.pop_front() } else { done.pop_front() }.flatten();
        }
        Ok(all)
    }

    /// What lies in the plain bytes of streams: at most so many streams and files of tensors in all of them, the first ones. What
    /// each holds is counted and cut off before the next is kept, so that no number of containers takes memory for all they say.
    pub fn inside(
        &self,
        outer: &[Inflated],
        mut most: usize,
        mut most_files: usize,
    ) -> Result<(Numbered<Candidate>, Numbered<(u64, u64)>)> {
        let (mut streams, mut files) = (Vec::new(), Vec::new());
        let walk = |index: usize| Ok((index, container::walk_plain(outer[index].plain(self.scratch)).map_err(Error::io("scratch file"))?));
        parallel::ordered(self.threads.min(MOST_WALKING), MOST_WALKING + 1, 0..outer.len(), walk, |(index, mut found)| {
            found.streams.truncate(most);
            found.tensors.truncate(most_files);
            (most, most_files) = (most - found.streams.len(), most_files - found.tensors.len());
            streams.extend(found.streams.into_iter().map(|stream| (index, stream)));
            files.extend(found.tensors.into_iter().map(|file| (index, file)));
            Ok(most > 0 || most_files > 0)
        })?;
        Ok((streams, files))
    }

    /// Decompresses a stream; None where it is not what it should be, or nobody makes it.
    fn one(&self, source: Part<'_>, candidate: Candidate, place: Option<u64>, hints: &[Encoder], share: u64) -> Result<Option<Inflated>> {
        let Some(place) = place else { return Ok(None) };
        let Some(deflated) = source.part(candidate.offset, candidate.deflated) else { return Ok(None) };
        let sound = match candidate.coding {
            Coding::Deflate => self.inflate(deflated, candidate, place)?,
            Coding::Zstd => self.unpack(deflated, candidate, place)?,
        };
        if !sound {
            return Ok(None);
        }
        let plain = Part::new(self.scratch, place, candidate.plain);
        let whole = Inflated { candidate, place, front: 0, encoder: None };
        if self.exact.is_none() {
            return Ok(Some(whole));
        }
        if let Some(encoder) = identified((deflated, plain), candidate, hints, share)? {
            return Ok(Some(Inflated { encoder: Some(encoder), ..whole }));
        }
        self.corrected((deflated, plain), whole, share)
    }

    /// Writes the corrections of a stream before its plain bytes; None where they are too long or there are none.
    fn corrected(&self, (deflated, plain): (Part<'_>, Part<'_>), stream: Inflated, share: u64) -> Result<Option<Inflated>> {
        let candidate = stream.candidate;
        let most = most_corrections(self.exact, &candidate);
        if candidate.coding != Coding::Deflate {
            return Ok(None);
        }
        let _share = MEMORY.take(2 * CORRECTED_MEMORY + 2 * most);
        self.blob.go_on().map_err(Error::io("blob"))?;
        let open = || (Asking { blob: self.blob, stream: Forward::new(deflated) }, Forward::new(plain));
        let found = corrections(open, (candidate.deflated, candidate.plain), Cost { most, work: share }).map_err(Error::io("blob"))?;
        let Some(front) = found else { return Ok(None) };
        let length = front.len() as u64;
        // What the tables of the format have no room for.
        if candidate.plain + length > RATIO.saturating_mul(candidate.deflated + 1) {
            return Ok(None);
        }
        self.scratch.write_all_at(&front, stream.place - length).map_err(Error::io("scratch file"))?;
        Ok(Some(Inflated { front: length, encoder: Some(Encoder::Corrected), ..stream }))
    }

    /// Writes the plain bytes of a frame of zstd to their place; false where they are not what was announced.
    fn unpack(&self, frame: Part<'_>, candidate: Candidate, place: u64) -> Result<bool> {
        let _share = MEMORY.take(UNPACKING);
        let mut to = place;
        let mut take = |bytes: &[u8]| {
            self.scratch.write_all_at(bytes, to)?;
            to += bytes.len() as u64;
            Ok(())
        };
        let mut unpacker = self.unpacker.lock().unwrap_or_else(PoisonError::into_inner);
        let lengths = unpacker.unpack(frame, candidate.plain, &mut take).map_err(Error::io("scratch file"))?;
        Ok(lengths == Some((candidate.deflated, candidate.plain)))
    }

    /// Writes the plain bytes to their place; false where they are not those that the container announced.
    fn inflate(&self, deflated: Part<'_>, candidate: Candidate, place: u64) -> Result<bool> {
        let mut inflater = Inflater::new(candidate.plain);
        let (mut input, mut out) = (Vec::new(), Vec::new());
        let mut density = Density::strict(&inflater);
        loop {
            self.blob.go_on().map_err(Error::io("blob"))?;
            let at = inflater.total_in();
            input.resize((candidate.deflated - at).min(READ) as usize, 0);
            deflated.fill(at, &mut input).map_err(Error::io("blob"))?;
            let mut taken = 0;
            loop {
                let step = input.len().min(taken + STEP);
                let Ok(progress) = inflater.inflate(&input[taken..step]) else { return Ok(false) };
                taken += progress.consumed;
                // As a base it would be refused; as a blob it is not worth it either.
                if density.is_thin(&inflater) {
                    return Ok(false);
                }
                out.extend_from_slice(inflater.plain());
                if out.len() >= 4 * READ as usize || progress.status == Status::Done {
                    let to = place + inflater.total_out() - out.len() as u64;
                    self.scratch.write_all_at(&out, to).map_err(Error::io("scratch file"))?;
                    out.clear();
                }
                match progress.status {
                    Status::Done => return Ok((inflater.total_in(), inflater.total_out()) == (candidate.deflated, candidate.plain)),
                    Status::NeedInput if taken == input.len() => break,
                    Status::NeedInput | Status::Full => {}
                }
            }
            if inflater.total_in() == candidate.deflated {
                return Ok(false);
            }
        }
    }
}

/// How long the corrections of a stream may be: always shorter than itself.
fn most_corrections(exact: Option<u64>, candidate: &Candidate) -> u64 {
    match (exact, candidate.coding) {
        (Some(part), Coding::Deflate) => (candidate.deflated / part + CORRECTED_ALWAYS).min(MOST_CORRECTIONS as u64),
        _ => 0,
    }
}

/// How much may be spent on finding the encoder of a stream, in a blob that has so many: by what it takes of the blob, not by what it
/// expands to, and an equal part of what there is besides; and always enough to try one encoder on a short stream.
fn share(size: u64, count: usize, taken: u64) -> u64 {
    let besides = size.saturating_mul(TRIED_BY_SIZE).saturating_add(ALWAYS) / count.max(1) as u64;
    taken.saturating_mul(TRIED).saturating_add(besides.clamp(2 * identify::START, ALWAYS))
}

/// Encoders by how often they are there, those that are there as often in the order they came.
fn frequent<'e>(found: impl Iterator<Item = &'e Encoder>) -> Vec<Encoder> {
    let mut counted: Vec<(&Encoder, usize)> = Vec::new();
    for encoder in found {
        match counted.iter_mut().find(|(known, _)| *known == encoder) {
            Some((_, count)) => *count += 1,
            None => counted.push((encoder, 1)),
        }
    }
    counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counted.into_iter().map(|(encoder, _)| encoder.clone()).collect()
}

/// The encoder that makes a stream again.
fn identified((deflated, plain): (Part<'_>, Part<'_>), candidate: Candidate, hints: &[Encoder], share: u64) -> Result<Option<Encoder>> {
    if candidate.coding == Coding::Zstd {
        return match identify::frame(deflated, plain, share) {
            Ok(encoder) => Ok(encoder),
            Err(IdentifyError::Io(error)) => Err(Error::io("blob")(error)),
            Err(_) => Ok(None),
        };
    }
    match identify::search(&deflated, candidate.plain, hints, share) {
        Ok(looked) => Ok(looked.found.filter(|found| found.deflated == candidate.deflated).map(|found| found.encoder)),
        Err(IdentifyError::Inflate(_) | IdentifyError::Encoder(_)) => Ok(None),
        Err(IdentifyError::Io(error)) => Err(Error::io("blob")(error)),
    }
}

/// Reads a stream, and asks each time whether to go on.
struct Asking<'a> {
    blob: &'a dyn ReadAt,
    stream: Forward<'a>,
}

impl Read for Asking<'_> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        self.blob.go_on()?;
        self.stream.read(to)
    }
}

impl identify::Source for Part<'_> {
    fn len(&self) -> u64 {
        self.length()
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> std::io::Result<usize> {
        let length = self.length().saturating_sub(at).min(into.len() as u64) as usize;
        self.fill(at, &mut into[..length])?;
        Ok(length)
    }
}

impl Inflated {
    /// How many bytes of the blob so many of its plain bytes take.
    pub fn takes(&self, plain: u64) -> u64 {
        let taken = u128::from(plain) * u128::from(self.candidate.deflated) / u128::from(self.candidate.plain.max(1));
        u64::try_from(taken).unwrap_or(u64::MAX).min(self.candidate.deflated)
    }

    /// Its plain bytes.
    pub fn plain<'s>(&self, scratch: &'s File) -> Part<'s> {
        Part::new(scratch, self.place, self.candidate.plain)
    }
}

#[cfg(test)]
mod tests {
    use super::{ALWAYS, Candidate, Coding, Encoder, Inflated, Room, TRIED, TRIED_BY_SIZE, Work, frequent, identify, share};
    use crate::recode::encoder::{Chunk, Cut, MinizOxide, Strategy, Zlib};
    use std::os::unix::fs::FileExt;

    #[test]
    fn what_has_no_room_leaves_it_to_what_is_shorter() {
        let mut room = Room { taken: 0, most: 100, end: 0 };
        let places: Vec<_> = [60, 50, u64::MAX, 40, 1].into_iter().map(|length| room.take(length, 0)).collect();
        assert_eq!(places, [Some(0), None, None, Some(60), None]);
    }

    #[test]
    fn what_lies_in_streams_is_counted_for_all_of_them_together() {
        // Five plain bytes of streams, each with four members of gzip.
        let body = [&[1u8, 70, 0, 185, 255][..], &[7; 70], &[0; 4], &70u32.to_le_bytes()].concat();
        let plain = [&[0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3][..], &body].concat().repeat(4);
        let scratch = tempfile::tempfile().expect("a file");
        let length = plain.len() as u64;
        let candidate = Candidate { offset: 0, deflated: 100, plain: length, coding: Coding::Deflate };
        let outer: Vec<Inflated> = (0..5).map(|index| Inflated { candidate, place: index * length, front: 0, encoder: None }).collect();
        outer.iter().for_each(|stream| scratch.write_all_at(&plain, stream.place).expect("room"));
        for threads in [1, 8] {
            let work = Work { room: Room { taken: 0, most: 0, end: 0 }, ..Work::new(&scratch, &scratch, Some(4), threads, 1000) };
            let numbers = |most| work.inside(&outer, most, 10).expect("a file").0.iter().map(|(index, _)| *index).collect::<Vec<_>>();
            assert_eq!(numbers(6), [0, 0, 0, 0, 1, 1]);
            assert_eq!(numbers(0), [0; 0]);
            assert_eq!(numbers(100).len(), 20);
        }
    }

    #[test]
    fn an_inner_stream_counts_by_what_it_takes_of_the_blob() {
        let candidate = |deflated, plain| Candidate { offset: 0, deflated, plain, coding: Coding::Deflate };
        let outer = |deflated, plain| Inflated { candidate: candidate(deflated, plain), place: 0, front: 0, encoder: None };
        assert_eq!(outer(1000, 1_000_000).takes(500_000), 500);
        assert_eq!(outer(1005, 1000).takes(1000), 1005);
        assert_eq!(outer(1005, 0).takes(1000), 1005);
    }

    #[test]
    fn shares_are_bounded_by_the_size_of_the_blob() {
        for (size, count) in [(1 << 20, 1), (1 << 20, 16_000), (1 << 30, 200_000), (1 << 30, 3)] {
            let each = size / count as u64;
            let all = share(size, count, each) * count as u64;
            let most = size * (TRIED + TRIED_BY_SIZE) + ALWAYS + count as u64 * 2 * identify::START;
            assert!(all <= most, "{all} of {most} for {count} in {size}");
            assert!(share(size, count, each) > identify::START);
        }
    }

    #[test]
    fn a_search_spends_its_share_and_no_more() {
        // What expands a thousandfold, by an encoder that is far down the list.
        let encoder = Encoder::MinizOxide(MinizOxide::new(9, Chunk::Kib(8)).expect("a level"), Cut::Nowhere);
        let (mut deflater, mut stream, plain) = (encoder.start(), Vec::new(), vec![0; 4 << 20]);
        deflater.write(&plain, &mut stream).and_then(|()| deflater.finish(&mut stream)).expect("an encoder");
        let limit = plain.len() as u64;
        for most in [0, 10_000, 500_000, 3 << 20] {
            let looked = identify::search(&&stream[..], limit, &[], most).expect("a stream");
            assert!(looked.found.is_none() && looked.spent <= most, "{} of {most}", looked.spent);
        }
        let all = identify::search(&&stream[..], limit, &[], u64::MAX).expect("a stream");
        let hinted = identify::search(&&stream[..], limit, std::slice::from_ref(&encoder), u64::MAX).expect("a stream");
        assert!(all.found.is_some() && hinted.found.is_some_and(|found| found.encoder == encoder));
        assert!(hinted.spent == limit + identify::START && all.spent > hinted.spent, "{} and {}", all.spent, hinted.spent);
    }

    #[test]
    fn what_made_most_is_tried_first() {
        let zlib = |level| Encoder::Zlib(Zlib::new(level, 15, 8, Strategy::Default).expect("a level"), Cut::Nowhere);
        let found = [zlib(1), zlib(6), zlib(9), zlib(6)];
        assert_eq!(frequent(found.iter()), [zlib(6), zlib(1), zlib(9)]);
    }
}
