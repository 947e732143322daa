//! The expanded stream of a blob that is at hand: its deflate streams are inflated into a scratch file, once.

use super::base::Density;
use super::container::{self, Candidate};
use super::encoder::Encoder;
use super::error::{Error, Result};
use super::identify::{self, IdentifyError};
use super::inflate::{Inflater, Status};
use super::layout::{Layout, Place, Stream};
use super::limits::{ALWAYS, GROWTH, MOST_ENCODERS, MOST_STREAMS};
use super::parallel;
use super::source::{Part, ReadAt};
use super::tensors::{self, Region};
use std::collections::VecDeque;
use std::fs::File;
use std::os::unix::fs::FileExt;

/// How much of a stream is read at a time.
const READ: u64 = 256 << 10;
/// How much of it is inflated at a time.
const STEP: usize = 16 << 10;
/// Most streams of a blob with those within them, and most files in them that look like those of tensors; what is beyond stays as it is.
const MOST_FOUND: usize = MOST_STREAMS / 2;
/// Streams that are looked into at a time: what each holds is kept until its turn comes.
const MOST_WALKING: usize = 2;
/// What may be spent on finding encoders, in bytes encoded: so many times the length of a stream, and so many times that of the blob for
/// all its streams together.
const TRIED: u64 = 32;
const TRIED_BY_SIZE: u64 = 16;
/// Streams whose encoders are tried on the others first, and how long they may be at most: none that all others would wait for.
const SAMPLES: usize = 8;
const LONGEST_SAMPLE: u64 = 4 << 20;

/// A blob with its plain bytes at hand.
pub struct Expansion<'a> {
    blob: &'a dyn ReadAt,
    /// Its streams.
    pub layout: Layout,
    /// What the streams are made again with; `encoder` of a stream is its place here.
    pub encoders: Vec<Encoder>,
    /// Tensors, by their places in the expanded stream.
    pub regions: Vec<Region>,
    scratch: File,
    /// Where in the scratch file the plain bytes of each stream are.
    places: Vec<u64>,
}

/// A stream that inflates as its container says.
struct Inflated {
    candidate: Candidate,
    place: u64,
    encoder: Option<Encoder>,
}

impl<'a> Expansion<'a> {
    /// Expands a blob. With `exact`, only streams whose encoder is found: those that can be made again.
    pub fn new(blob: &'a dyn ReadAt, size: u64, scratch: File, exact: bool, threads: usize) -> Result<Self> {
        let whole = Part::new(blob, 0, size);
        let found = container::walk(whole).map_err(Error::io("blob"))?;
        let room = Room { taken: 0, most: size.saturating_mul(GROWTH - 1).saturating_add(ALWAYS) };
        let mut work = Work { scratch: &scratch, exact, threads, size, room };
        let outer = work.all(&found.streams.iter().map(|candidate| (whole, *candidate)).collect::<Vec<_>>())?;
        let outer: Vec<Inflated> = outer.into_iter().flatten().collect();
        let (candidates, mut tensors) = work.inside(&outer, MOST_FOUND.saturating_sub(outer.len()), MOST_FOUND)?;
        let sources: Vec<(Part<'_>, Candidate)> =
            candidates.iter().map(|(index, inner)| (outer[*index].plain(&scratch), *inner)).collect();
        let nested = candidates.iter().map(|(index, _)| *index).zip(work.all(&sources)?);
        let (parents, inner): (Vec<usize>, Vec<Inflated>) = nested.filter_map(|(index, inner)| Some((index, inner?))).unzip();
        let (_, further) = work.inside(&inner, 0, MOST_FOUND - tensors.len())?;
        tensors.extend(further.into_iter().map(|(index, file)| (outer.len() + index, file)));
        drop(sources);
        Self::assemble(blob, size, scratch, (outer, inner, parents), (&found.tensors, &tensors))
    }

    /// Puts streams and those within them (whose outer ones `parents` has) into one table. Files of tensors in streams are told by
    /// the number of the stream, inner ones counted behind the outer ones.
    fn assemble(
        blob: &'a dyn ReadAt,
        size: u64,
        scratch: File,
        (outer, inner, parents): (Vec<Inflated>, Vec<Inflated>, Vec<usize>),
        (files, tensors): (&[(u64, u64)], &[(usize, (u64, u64))]),
    ) -> Result<Self> {
        let (mut encoders, mut streams, mut places) = (Vec::new(), Vec::new(), Vec::new());
        let mut numbers = vec![None; outer.len() + inner.len()];
        let (count, mut within) = (outer.len(), inner.into_iter().zip(parents).enumerate().peekable());
        for (number, stream) in outer.into_iter().enumerate() {
            let encoder = numbered(&mut encoders, stream.encoder);
            let at = streams.len();
            if let Some(encoder) = encoder {
                numbers[number] = Some(at);
                streams.push(Stream::of(stream.candidate, encoder));
                places.push(stream.place);
            }
            while let Some((index, (inner, _))) = within.next_if(|(_, (_, parent))| *parent == number) {
                let Some(encoder) = encoder.and_then(|_| numbered(&mut encoders, inner.encoder)) else { continue };
                streams[at].inner += 1;
                numbers[count + index] = Some(streams.len());
                streams.push(Stream::of(inner.candidate, encoder));
                places.push(inner.place);
            }
        }
        let heads: Vec<_> = tensors.iter().filter_map(|(number, file)| Some((numbers[*number]?, *file))).collect();
        let layout = Layout::new(size, streams, "the streams of a blob")?;
        let mut expansion = Self { blob, layout, encoders, regions: Vec::new(), scratch, places };
        expansion.regions = expansion.tensors(files, &heads);
        Ok(expansion)
    }

    /// Tensors of files in the blob and in its streams.
    fn tensors(&self, files: &[(u64, u64)], heads: &[(usize, (u64, u64))]) -> Vec<Region> {
        let outer = files.iter().filter_map(|file| Some((Part::new(self.blob, file.0, file.1), self.layout.of_blob(file.0)?)));
        let inner = heads.iter().filter_map(|(stream, file)| {
            let place = self.places[*stream] + file.0;
            Some((Part::new(&self.scratch, place, file.1), self.layout.of_plain(*stream, file.0)?))
        });
        let mut regions = Vec::new();
        for (part, start) in outer.chain(inner) {
            let moved =
                tensors::regions(part).into_iter().map(|region| Region { start: region.start + start, end: region.end + start, ..region });
            regions.extend(moved);
        }
        regions.sort_unstable_by_key(|region| region.start);
        let mut end = 0;
        regions.retain(|region| {
            let fits = region.start >= end && region.end <= self.layout.expanded();
            end = if fits { region.end } else { end };
            fits
        });
        regions
    }

    /// Fills `to` with what the expanded stream has from `at` on.
    pub fn read(&self, mut at: u64, mut to: &mut [u8]) -> Result<()> {
        while !to.is_empty() {
            let (place, end) = self.layout.place(at);
            let length = (end - at).min(to.len() as u64) as usize;
            let (now, later) = to.split_at_mut(length);
            match place {
                Place::Raw(offset) => self.blob.fill(offset, now).map_err(Error::io("blob"))?,
                Place::Plain(stream, offset) => self.scratch.fill(self.places[stream] + offset, now).map_err(Error::io("scratch file"))?,
            }
            (to, at) = (later, at + length as u64);
        }
        Ok(())
    }
}

impl Stream {
    fn of(candidate: Candidate, encoder: u8) -> Self {
        let Candidate { offset, deflated, plain } = candidate;
        Self { offset, deflated, plain, inner: 0, encoder }
    }
}

/// The number of an encoder, a new one where it is the first of its kind; 0 where none is asked for, None where there are too many.
fn numbered(encoders: &mut Vec<Encoder>, encoder: Option<Encoder>) -> Option<u8> {
    let Some(encoder) = encoder else { return Some(0) };
    let at = encoders.iter().position(|known| *known == encoder).unwrap_or(encoders.len());
    if at == encoders.len() {
        if at == MOST_ENCODERS {
            return None;
        }
        encoders.push(encoder);
    }
    Some(at as u8)
}

/// The scratch file: how many bytes of it are taken, and how many may be. Handed out before threads start, so that what has no room
/// does not depend on which of them comes first.
struct Room {
    taken: u64,
    most: u64,
}

impl Room {
    /// A place for so many bytes, where there is room for them.
    fn take(&mut self, length: u64) -> Option<u64> {
        let place = self.taken;
        self.taken = place.checked_add(length).filter(|end| *end <= self.most)?;
        Some(place)
    }
}

/// What all streams of a blob are expanded with.
struct Work<'a> {
    scratch: &'a File,
    exact: bool,
    threads: usize,
    /// Of the blob.
    size: u64,
    room: Room,
}

/// Things that lie in streams, each with the number of its stream.
type Numbered<T> = Vec<(usize, T)>;

impl Work<'_> {
    /// Inflates streams, each of its source, and finds their encoders; None for those that are not as they should be.
    fn all(&mut self, streams: &[(Part<'_>, Candidate)]) -> Result<Vec<Option<Inflated>>> {
        // The longest first: the last one to be done decides when all is done.
        let mut order: Vec<usize> = (0..streams.len()).collect();
        order.sort_by_key(|index| std::cmp::Reverse(streams[*index].1.plain));
        let places: Vec<Option<u64>> = order.iter().map(|index| self.room.take(streams[*index].1.plain)).collect();
        let work = &*self;
        let one = |turn: usize, hints: &[Encoder]| {
            let (source, candidate) = streams[order[turn]];
            work.one(source, candidate, places[turn], hints, share(work.size, streams.len(), candidate.deflated))
        };
        // What made the first few made most others: which these are depends on the blob alone, not on who is done first.
        let first = order.iter().position(|index| streams[*index].1.plain <= LONGEST_SAMPLE).unwrap_or(0);
        let samples = if work.exact { first..(first + SAMPLES).min(order.len()) } else { 0..0 };
        let mut sampled: VecDeque<_> = parallel::each(work.threads, samples.len(), |turn| one(samples.start + turn, &[]))?.into();
        let hints = frequent(sampled.iter().flatten().filter_map(|stream| stream.encoder.as_ref()));
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
    fn inside(&self, outer: &[Inflated], mut most: usize, mut most_files: usize) -> Result<(Numbered<Candidate>, Numbered<(u64, u64)>)> {
        let (mut streams, mut files) = (Vec::new(), Vec::new());
        let walk = |index: usize| Ok((index, container::walk(outer[index].plain(self.scratch)).map_err(Error::io("scratch file"))?));
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

    /// Inflates a stream; None where it is not what it should be, or nobody makes it.
    fn one(&self, source: Part<'_>, candidate: Candidate, place: Option<u64>, hints: &[Encoder], share: u64) -> Result<Option<Inflated>> {
        let Some(place) = place else { return Ok(None) };
        let Some(deflated) = source.part(candidate.offset, candidate.deflated) else { return Ok(None) };
        if !self.inflate(deflated, candidate, place)? {
            return Ok(None);
        }
        let encoder = if self.exact { identified(deflated, candidate, hints, share)? } else { None };
        Ok((encoder.is_some() || !self.exact).then_some(Inflated { candidate, place, encoder }))
    }

    /// Writes the plain bytes to their place; false where they are not those that the container announced.
    fn inflate(&self, deflated: Part<'_>, candidate: Candidate, place: u64) -> Result<bool> {
        let mut inflater = Inflater::new(candidate.plain);
        let (mut input, mut out) = (Vec::new(), Vec::new());
        let mut density = Density::strict(&inflater);
        loop {
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

/// How much may be spent on finding the encoder of a stream, in a blob that has so many: by its length, not by what it expands to, and
/// an equal part of what there is besides; and always enough to try one encoder on a short stream.
fn share(size: u64, count: usize, deflated: u64) -> u64 {
    let besides = size.saturating_mul(TRIED_BY_SIZE).saturating_add(ALWAYS) / count.max(1) as u64;
    deflated.saturating_mul(TRIED).saturating_add(besides.clamp(2 * identify::START, ALWAYS))
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
fn identified(deflated: Part<'_>, candidate: Candidate, hints: &[Encoder], share: u64) -> Result<Option<Encoder>> {
    match identify::search(&deflated, candidate.plain, hints, share) {
        Ok(looked) => Ok(looked.found.filter(|found| found.deflated == candidate.deflated).map(|found| found.encoder)),
        Err(IdentifyError::Inflate(_) | IdentifyError::Encoder(_)) => Ok(None),
        Err(IdentifyError::Io(error)) => Err(Error::io("blob")(error)),
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
    /// Its plain bytes.
    fn plain<'s>(&self, scratch: &'s File) -> Part<'s> {
        Part::new(scratch, self.place, self.candidate.plain)
    }
}

#[cfg(test)]
mod tests {
    use super::Room;

    #[test]
    fn what_has_no_room_leaves_it_to_what_is_shorter() {
        let mut room = Room { taken: 0, most: 100 };
        let places: Vec<_> = [60, 50, u64::MAX, 40, 1].into_iter().map(|length| room.take(length)).collect();
        assert_eq!(places, [Some(0), None, None, Some(60), None]);
    }
}
