//! The expanded stream of a blob that is at hand: its streams are decompressed into a scratch file, once.

use super::container::{self, Candidate};
use super::encoder::Encoder;
use super::error::{Error, Result};
use super::frames;
use super::identify::{self, IdentifyError, Outcome};
use super::inflate::{Inflater, Status};
use super::layout::{Coding, Layout, Place, Stream};
use super::limits::{ALWAYS, GROWTH, MOST_ENCODERS, MOST_STREAMS};
use super::parallel;
use super::source::{Part, ReadAt};
use super::tensors::{self, Region};
use std::fs::File;
use std::os::unix::fs::FileExt;

/// How much of a stream is read at a time.
const READ: u64 = 256 << 10;
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

/// A stream that decompresses as its container says.
struct Inflated {
    candidate: Candidate,
    place: u64,
    encoder: Option<Encoder>,
    inner: Vec<Inflated>,
    tensors: Vec<(u64, u64)>,
}

impl<'a> Expansion<'a> {
    /// Expands a blob. With `exact`, only streams whose encoder is found: those that can be made again.
    pub fn new(blob: &'a dyn ReadAt, size: u64, scratch: File, exact: bool, threads: usize) -> Result<Self> {
        let whole = Part::new(blob, 0, size);
        let found = container::walk(whole).map_err(Error::io("blob"))?;
        let mut room = Room { taken: 0, most: size.saturating_mul(GROWTH - 1).saturating_add(ALWAYS) };
        let work = Work { scratch: &scratch, exact, threads };
        let mut outer = work.all(whole, &found.streams, &mut room)?;
        let inner: Vec<(usize, Candidate)> =
            outer.iter().enumerate().flat_map(|(index, stream)| stream.inner.iter().map(move |inner| (index, inner.candidate))).collect();
        outer.iter_mut().for_each(|stream| stream.inner.clear());
        for (index, inner) in work.nested(&outer, &inner, &mut room)? {
            outer[index].inner.push(inner);
        }
        Self::assemble(blob, size, scratch, outer, &found.tensors)
    }

    fn assemble(blob: &'a dyn ReadAt, size: u64, scratch: File, outer: Vec<Inflated>, files: &[(u64, u64)]) -> Result<Self> {
        let (mut encoders, mut streams, mut places) = (Vec::new(), Vec::new(), Vec::new());
        let mut heads = Vec::new();
        for stream in outer {
            if streams.len() + 1 + stream.inner.len() > MOST_STREAMS / 2 {
                break;
            }
            let Some(encoder) = numbered(&mut encoders, stream.encoder) else { continue };
            let at = streams.len();
            heads.extend(stream.tensors.iter().map(|file| (at, *file)));
            streams.push(Stream::of(stream.candidate, encoder));
            places.push(stream.place);
            for inner in stream.inner {
                let Some(encoder) = numbered(&mut encoders, inner.encoder) else { continue };
                streams[at].inner += 1;
                heads.extend(inner.tensors.iter().map(|file| (streams.len(), *file)));
                streams.push(Stream::of(inner.candidate, encoder));
                places.push(inner.place);
            }
        }
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
        let Candidate { offset, deflated, plain, coding } = candidate;
        Self { offset, deflated, plain, inner: 0, encoder, coding }
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
}

impl Work<'_> {
    /// Those of some streams that are as they should be, in order.
    fn all(&self, source: Part<'_>, candidates: &[Candidate], room: &mut Room) -> Result<Vec<Inflated>> {
        // The longest first: the last one to be done decides when all is done.
        let mut order: Vec<usize> = (0..candidates.len()).collect();
        order.sort_by_key(|index| std::cmp::Reverse(candidates[*index].plain));
        let places: Vec<Option<u64>> = order.iter().map(|index| room.take(candidates[*index].plain)).collect();
        let done = parallel::each(self.threads, order.len(), |turn| self.one(source, candidates[order[turn]], places[turn]))?;
        let mut done: Vec<Inflated> = done.into_iter().flatten().collect();
        done.sort_unstable_by_key(|stream| stream.candidate.offset);
        Ok(done)
    }

    /// The streams within the plain bytes of others.
    fn nested(&self, outer: &[Inflated], inner: &[(usize, Candidate)], room: &mut Room) -> Result<Vec<(usize, Inflated)>> {
        let places: Vec<Option<u64>> = inner.iter().map(|(_, candidate)| room.take(candidate.plain)).collect();
        let done = parallel::each(self.threads, inner.len(), |turn| {
            let (index, candidate) = inner[turn];
            let source = Part::new(self.scratch, outer[index].place, outer[index].candidate.plain);
            Ok(self.one(source, candidate, places[turn])?.map(|stream| (index, stream)))
        })?;
        Ok(done.into_iter().flatten().collect())
    }

    /// Decompresses a stream; None where it is not what it should be, or nobody makes it.
    fn one(&self, source: Part<'_>, candidate: Candidate, place: Option<u64>) -> Result<Option<Inflated>> {
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
        let encoder = if self.exact { identified(deflated, plain, candidate)? } else { None };
        if self.exact && encoder.is_none() {
            return Ok(None);
        }
        let inside = container::walk_plain(plain).map_err(Error::io("scratch file"))?;
        let inner = inside.streams.into_iter().map(Inflated::found).collect();
        Ok(Some(Inflated { candidate, place, encoder, inner, tensors: inside.tensors }))
    }

    /// The same for a frame of zstd.
    fn unpack(&self, frame: Part<'_>, candidate: Candidate, place: u64) -> Result<bool> {
        let mut to = place;
        let mut take = |bytes: &[u8]| {
            self.scratch.write_all_at(bytes, to)?;
            to += bytes.len() as u64;
            Ok(())
        };
        let lengths = frames::unpack(frame, candidate.plain, &mut take).map_err(Error::io("scratch file"))?;
        Ok(lengths == Some((candidate.deflated, candidate.plain)))
    }

    /// Writes the plain bytes to their place; false where they are not those that the container announced.
    fn inflate(&self, deflated: Part<'_>, candidate: Candidate, place: u64) -> Result<bool> {
        let mut inflater = Inflater::new(candidate.plain);
        let (mut input, mut out) = (Vec::new(), Vec::new());
        loop {
            let at = inflater.total_in();
            input.resize((candidate.deflated - at).min(READ) as usize, 0);
            deflated.fill(at, &mut input).map_err(Error::io("blob"))?;
            let mut taken = 0;
            loop {
                let Ok(progress) = inflater.inflate(&input[taken..]) else { return Ok(false) };
                taken += progress.consumed;
                out.extend_from_slice(inflater.plain());
                if out.len() >= 4 * READ as usize || progress.status == Status::Done {
                    let to = place + inflater.total_out() - out.len() as u64;
                    self.scratch.write_all_at(&out, to).map_err(Error::io("scratch file"))?;
                    out.clear();
                }
                match progress.status {
                    Status::Done => return Ok((inflater.total_in(), inflater.total_out()) == (candidate.deflated, candidate.plain)),
                    Status::NeedInput => break,
                    Status::Full => {}
                }
            }
            if inflater.total_in() == candidate.deflated {
                return Ok(false);
            }
        }
    }
}

/// The encoder that makes a stream again.
fn identified(deflated: Part<'_>, plain: Part<'_>, candidate: Candidate) -> Result<Option<Encoder>> {
    let outcome = match candidate.coding {
        Coding::Deflate => identify::identify(&deflated, candidate.plain, None),
        Coding::Zstd => identify::frame(deflated, plain).map(|encoder| match encoder {
            Some(encoder) => Outcome::Found(identify::Found { encoder, deflated: candidate.deflated, plain: candidate.plain }),
            None => Outcome::Unknown { deflated: candidate.deflated, plain: candidate.plain },
        }),
    };
    match outcome {
        Ok(Outcome::Found(found)) => Ok((found.deflated == candidate.deflated).then_some(found.encoder)),
        Ok(Outcome::Unknown { .. }) | Err(IdentifyError::Inflate(_) | IdentifyError::Encoder(_)) => Ok(None),
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
    /// A stream that is still to be inflated.
    fn found(candidate: Candidate) -> Self {
        Self { candidate, place: 0, encoder: None, inner: Vec::new(), tensors: Vec::new() }
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
