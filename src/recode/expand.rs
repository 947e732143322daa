//! The expanded stream of a blob that is at hand: its streams are decompressed into a scratch file, once.

use super::container::{self, Candidate};
use super::encoder::Encoder;
use super::error::{Error, Result};
use super::inflating::{Inflated, MOST_FOUND, Work};
use super::layout::{Layout, Place, Stream};
use super::limits::MOST_ENCODERS;
use super::source::{Part, ReadAt};
use super::tensors::{self, Region};
use std::fs::File;

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
    /// Where in the scratch file the bytes of each stream are, and how many of these are corrections.
    places: Vec<(u64, u64)>,
}

impl<'a> Expansion<'a> {
    /// Expands a blob. With `exact`, only streams that can be made again: with an encoder, or with corrections of one part in so many at most.
    pub fn new(blob: &'a dyn ReadAt, size: u64, scratch: File, exact: Option<u64>, threads: usize) -> Result<Self> {
        let whole = Part::new(blob, 0, size);
        let found = container::walk(whole).map_err(Error::io("blob"))?;
        let mut work = Work::new(blob, &scratch, exact, threads, size);
        let outer = work.all(&found.streams.iter().map(|candidate| (whole, *candidate, candidate.deflated)).collect::<Vec<_>>())?;
        let outer: Vec<Inflated> = outer.into_iter().flatten().collect();
        let (candidates, mut tensors) = work.inside(&outer, MOST_FOUND.saturating_sub(outer.len()), MOST_FOUND)?;
        let source = |index: usize, inner: Candidate| (outer[index].plain(&scratch), inner, outer[index].takes(inner.deflated));
        let sources: Vec<(Part<'_>, Candidate, u64)> = candidates.iter().map(|(index, inner)| source(*index, *inner)).collect();
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
            let encoder = numbered(&mut encoders, stream.encoder.clone());
            let at = streams.len();
            if let Some(encoder) = encoder {
                numbers[number] = Some(at);
                streams.push(Stream::of(&stream, encoder, 0));
                places.push((stream.place - stream.front, stream.front));
            }
            while let Some((index, (inner, _))) = within.next_if(|(_, (_, parent))| *parent == number) {
                let Some(encoder) = encoder.and_then(|_| numbered(&mut encoders, inner.encoder.clone())) else { continue };
                streams[at].inner += 1;
                numbers[count + index] = Some(streams.len());
                streams.push(Stream::of(&inner, encoder, stream.front));
                places.push((inner.place - inner.front, inner.front));
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
            let (place, front) = self.places[*stream];
            Some((Part::new(&self.scratch, place + front + file.0, file.1), self.layout.of_plain(*stream, front + file.0)?))
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
                Place::Plain(stream, offset) => {
                    self.scratch.fill(self.places[stream].0 + offset, now).map_err(Error::io("scratch file"))?;
                }
            }
            (to, at) = (later, at + length as u64);
        }
        Ok(())
    }
}

impl Stream {
    /// One that lies in plain bytes before which there are so many corrections.
    fn of(stream: &Inflated, encoder: u8, before: u64) -> Self {
        let Candidate { offset, deflated, plain, coding } = stream.candidate;
        Self { offset: before + offset, deflated, plain: stream.front + plain, inner: 0, encoder, coding }
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
