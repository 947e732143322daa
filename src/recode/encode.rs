//! Makes the recoded stream of a blob, and the blob again from it before anybody relies on it.

use super::budget::{MEMORY, to_encode};
use super::decode::decode;
use super::entering::Account;
use super::error::{Error, Result};
use super::expand::Expansion;
use super::kept::Kept;
use super::limits::{LONGEST_BEFORE, MOST_BASES, SLICE};
use super::planes::{Filter, Packing};
use super::room::{For, Spare, fit, zeros};
use super::similar::{Index, Picked, Reading, Stretch};
use super::slice::{Method, Slice};
use super::source::{Part, ReadAt};
use super::tensors::{Numbers, Region};
use super::unpacked::Scratch;
use super::watch::{Meter, Stage, Watch, Watched};
use super::{Base, Effort, Recoded, parallel, zstandard};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::sync::{Mutex, PoisonError};

/// Corrections are at most one part in so many of a stream: without bases they have to leave room for what plain bytes gain, with bases a stream
/// that is left as it is would be all new.
const CORRECTED_ALONE: u64 = 16;
const CORRECTED_AGAINST: u64 = 4;
/// Threads that compress slices: each holds one, what it refers to, and the tables of zstd.
const MOST_COMPRESSING: usize = 2;

/// Encodes `blob`; None where no smaller stream than `bound` bytes comes out or the format has no room for it, and then `out` holds
/// nothing of use: an error is one of reading or writing. `scratch` makes files without a name. The stream goes to `out` from where
/// that stands; it was decoded and compared before it is returned.
pub fn encode(
    blob: &File,
    size: u64,
    bases: &[Base<'_>],
    effort: &Effort,
    bound: u64,
    scratch: Scratch<'_>,
    out: &mut File,
) -> Result<Option<Recoded>> {
    encode_watched(blob, size, bases, effort, bound, &Means { scratch, watch: &|_, _| true }, out)
}

/// What encoding is done with.
pub struct Means<'a> {
    /// Makes files without a name.
    pub scratch: Scratch<'a>,
    /// Is told how far it is, with every piece of a few MiB at most, and may end it.
    pub watch: Watch<'a>,
}

/// The same, watched; [`Error::Stopped`] where it was ended.
pub fn encode_watched(
    blob: &File,
    size: u64,
    bases: &[Base<'_>],
    effort: &Effort,
    bound: u64,
    means: &Means<'_>,
    out: &mut File,
) -> Result<Option<Recoded>> {
    let bases = &bases[..bases.len().min(MOST_BASES)];
    let meter = Meter::new(means.watch, size, bases.iter().map(|base| base.size).sum());
    let outcome = attempt(blob, size, bases, effort, bound, (means.scratch, &meter), out);
    // Whatever broke off then, this is why.
    if meter.is_stopped() { Err(Error::Stopped) } else { usable(outcome) }
}

/// A blob that cannot be recoded is sent as it is; only what cannot be read or written is an error.
fn usable(attempt: Result<Option<Recoded>>) -> Result<Option<Recoded>> {
    match attempt {
        Err(Error::Malformed { .. } | Error::Base { .. }) => Ok(None),
        // What was made again differs from the blob.
        Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::InvalidData => Ok(None),
        other => other,
    }
}

fn attempt(
    blob: &File,
    size: u64,
    bases: &[Base<'_>],
    effort: &Effort,
    bound: u64,
    (scratch, meter): (Scratch<'_>, &Meter<'_>),
    out: &mut File,
) -> Result<Option<Recoded>> {
    let file = || scratch().map_err(Error::io("scratch file"));
    let start = out.stream_position().map_err(Error::io("recoded stream"))?;
    let Some(recoded) = write(blob, size, bases, effort, bound, (&file, meter), out)? else { return Ok(None) };
    out.seek(SeekFrom::Start(start)).map_err(Error::io("recoded stream"))?;
    // The decoder is given what the stream needs and nothing else, as every receiver will have it.
    let used = super::bases(&mut BufReader::new(Read::take(&mut *out, recoded.length)))?;
    out.seek(SeekFrom::Start(start)).map_err(Error::io("recoded stream"))?;
    let used = used.iter().filter_map(|(digest, _)| bases.iter().find(|base| base.digest == *digest));
    let used: Vec<Base<'_>> = used.map(|base| Base { ..*base }).collect();
    meter.begin(Stage::Checking, size);
    let blob = Watched { source: blob, meter, stage: Stage::Checking };
    let mut compare = Compare { blob: Part::new(&blob, 0, size), at: 0, read: Vec::new() };
    let mut stream = BufReader::with_capacity(1 << 16, Read::take(&mut *out, recoded.length));
    decode(&mut stream, size, &used, effort.threads, scratch, &mut compare)?;
    if compare.at != size {
        return Err(Error::malformed("what is made again", format!("{size} bytes"), compare.at));
    }
    out.seek(SeekFrom::Start(start + recoded.length)).map_err(Error::io("recoded stream"))?;
    Ok(Some(recoded))
}

fn write(
    blob: &File,
    size: u64,
    bases: &[Base<'_>],
    effort: &Effort,
    bound: u64,
    (scratch, meter): (&dyn Fn() -> Result<File>, &Meter<'_>),
    out: &mut File,
) -> Result<Option<Recoded>> {
    // Its streams are read twice: inflated, and compared with what an encoder makes.
    meter.begin(Stage::Expanding, size.saturating_mul(2));
    let watched = Watched { source: blob, meter, stage: Stage::Expanding };
    let exact = Some(if bases.is_empty() { CORRECTED_ALONE } else { CORRECTED_AGAINST });
    let expansion = Expansion::new(&watched, size, scratch()?, exact, effort.threads)?;
    let watched: Vec<_> = bases.iter().map(|base| Watched { source: base, meter, stage: Stage::Base }).collect();
    meter.begin(Stage::Base, bases.iter().map(|base| base.size).sum());
    let mut expanded = Vec::with_capacity(bases.len());
    for (base, watched) in bases.iter().zip(&watched) {
        expanded.push(Expansion::new(watched, base.size, scratch()?, None, effort.threads)?);
    }
    meter.begin(Stage::Index, expanded.iter().map(|base| base.layout.expanded()).sum());
    let passed = |stage: Stage, length: usize| meter.passed(stage, length as u64).map_err(Error::io("working"));
    let read = &|base: &Expansion<'_>, at: u64, to: &mut [u8]| passed(Stage::Index, to.len()).and_then(|()| base.read(at, to));
    let readings: Vec<_> = expanded.iter().map(|base| move |at: u64, to: &mut [u8]| read(base, at, to)).collect();
    let readings: Vec<(u64, Reading<'_>)> =
        expanded.iter().zip(&readings).map(|(base, read)| (base.layout.expanded(), read as Reading<'_>)).collect();
    let threads = effort.threads.clamp(1, MOST_COMPRESSING);
    let bases_long = (Index::total(&readings), Index::most_places(&readings));
    let _share = MEMORY.take(to_encode(expansion.layout.expanded(), bases_long, (effort.threads.max(1) as u64, threads as u64)));
    let index = Index::new(&readings, effort.threads)?;
    let compressing = Compressing { expansion: &expansion, bases: &readings, index: &index, effort, spare: Mutex::default() };
    // What slices refer to decides what the header has of bases; where there are none, all is written in its place at once.
    let aside = if bases.is_empty() { None } else { Some(scratch()?) };
    let Some(mut kept) = Kept::new(&expansion, aside, out)? else { return Ok(None) };
    let cuts = cuts(expansion.layout.expanded(), if effort.planes { &expansion.regions } else { &[] });
    meter.begin(Stage::Compressing, expansion.layout.expanded());
    let keep = |mut slice: Slice| {
        passed(Stage::Compressing, slice.length)?;
        let stored = std::mem::take(&mut slice.stored);
        let length = kept.keep(slice, &stored)?;
        compressing.spare().keep(For::Stored, stored);
        Ok(length < bound)
    };
    // In order: what readers have inflated by then depends on the slices before.
    let mut account = Account::new(expanded.iter().map(|base| &base.layout));
    let picked = cuts.into_iter().map(|cut| Ok((compressing.pick(&cut, &mut account)?, cut)));
    let one = |own: &mut Own, picked: Result<(Picked, Cut)>| picked.and_then(|(picked, cut)| compressing.one(&cut, picked, own));
    parallel::ordered_by((threads, threads + 1), picked, Own::default, one, keep)?;
    drop(compressing);
    drop(index);
    kept.finish(&expansion, bases, &expanded, bound)
}

/// A stretch of the expanded stream that becomes a slice.
struct Cut {
    start: u64,
    length: usize,
    numbers: Option<Numbers>,
}

/// Slices begin anew where tensors do, so that no element is divided.
fn cuts(expanded: u64, regions: &[Region]) -> Vec<Cut> {
    let mut cuts = Vec::new();
    let mut cut = |mut start: u64, end: u64, numbers: Option<Numbers>| {
        while start < end {
            let length = (end - start).min(SLICE as u64);
            cuts.push(Cut { start, length: length as usize, numbers });
            start += length;
        }
    };
    let mut at = 0;
    for region in regions {
        cut(at, region.start, None);
        cut(region.start, region.end, Some(region.numbers));
        at = region.end;
    }
    cut(at, expanded, None);
    cuts
}

/// What slices are compressed with.
struct Compressing<'a> {
    expansion: &'a Expansion<'a>,
    bases: &'a [(u64, Reading<'a>)],
    index: &'a Index,
    effort: &'a Effort,
    /// Buffers of slices that are written.
    spare: Mutex<Spare>,
}

/// What each thread has from slice to slice.
#[derive(Default)]
struct Own {
    bytes: Vec<u8>,
    planes: Packing,
}

impl Compressing<'_> {
    /// What a slice is compressed against, as much of it as a reader will enter.
    fn pick(&self, cut: &Cut, account: &mut Account<'_>) -> Result<Picked> {
        if self.bases.is_empty() {
            return Ok(Picked::default());
        }
        let mut bytes = zeros(cut.length);
        self.expansion.read(cut.start, &mut bytes)?;
        let mut picked = self.index.pick(&bytes);
        let before = picked.length();
        account.afford(cut.length as u64, &mut picked.stretches);
        if picked.length() < before {
            picked.covered = (picked.covered as u64 * picked.length() / before) as usize;
        }
        Ok(picked)
    }

    fn one(&self, cut: &Cut, picked: Picked, own: &mut Own) -> Result<Slice> {
        let (length, mut stored) = (cut.length, self.spare().any(For::Stored));
        fit(&mut own.bytes, length);
        self.expansion.read(cut.start, &mut own.bytes)?;
        let (method, references) = self.smallest(cut, picked, own, &mut stored)?;
        if method == Method::Stored {
            std::mem::swap(&mut stored, &mut own.bytes);
        }
        Ok(Slice { method, length, references, stored })
    }

    /// Compresses what is read of a slice, and says how; [`Method::Stored`] where it does not get smaller.
    fn smallest(&self, cut: &Cut, picked: Picked, own: &mut Own, stored: &mut Vec<u8>) -> Result<(Method, Vec<Stretch>)> {
        let as_it_is = (Method::Stored, Vec::new());
        if let Some(numbers) = cut.numbers.filter(|_| !picked.covers()) {
            let filter = Filter { width: numbers.width, rotated: numbers.rotated };
            own.planes.pack(&own.bytes, filter, stored)?;
            return Ok(if stored.len() < cut.length { (Method::Planes(filter), Vec::new()) } else { as_it_is });
        }
        // Tables of zstd take the place of what is not used now.
        own.planes.rest();
        self.spare().limit(0);
        // Higher levels burn time on what does not shrink; the lowest one sees that at once.
        if picked.stretches.is_empty() {
            zstandard::compress(&own.bytes, &[], 1, stored)?;
            if stored.len() >= cut.length - cut.length / 64 {
                return Ok(as_it_is);
            }
        }
        // What the bases do not have may be much like what comes before it.
        let follows = if picked.covers_well() { 0 } else { cut.start.min(LONGEST_BEFORE as u64) };
        let before = self.before(&picked.stretches, cut.start, follows as usize)?;
        zstandard::compress(&own.bytes, &before, self.effort.level, stored)?;
        let method = if follows > 0 { Method::Following } else { Method::Zstd };
        Ok(if stored.len() < cut.length { (method, picked.stretches) } else { as_it_is })
    }

    fn spare(&self) -> std::sync::MutexGuard<'_, Spare> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Compressing<'_> {
    /// What a slice is compressed against: so many bytes before it, then stretches of the bases.
    fn before(&self, stretches: &[Stretch], start: u64, own: usize) -> Result<Vec<u8>> {
        let mut before = zeros(stretches.iter().map(|stretch| stretch.length as usize).sum::<usize>() + own);
        let (first, mut rest) = before.split_at_mut(own);
        self.expansion.read(start - own as u64, first)?;
        for stretch in stretches {
            let (now, later) = rest.split_at_mut(stretch.length as usize);
            self.bases[stretch.base].1(stretch.offset, now)?;
            rest = later;
        }
        Ok(before)
    }
}

/// Takes the bytes of a blob and compares them with it.
struct Compare<'a> {
    blob: Part<'a>,
    at: u64,
    read: Vec<u8>,
}

impl Write for Compare<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let bytes = &bytes[..bytes.len().min(1 << 20)];
        self.read.resize(bytes.len(), 0);
        self.blob.fill(self.at, &mut self.read)?;
        if self.read != bytes {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("other bytes than the blob has from {} on", self.at)));
        }
        self.at += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Error, io, usable};

    #[test]
    fn only_reading_and_writing_are_errors_of_encoding() {
        for error in [
            Error::malformed("header", "at most 32 MiB", "more"),
            Error::base(0, "file", "5 bytes", "fewer"),
            Error::io("what is made again")(io::ErrorKind::InvalidData.into()),
        ] {
            assert!(usable(Err(error)).expect("a blob that is sent as it is").is_none());
        }
        assert!(usable(Err(Error::io("scratch file")(io::ErrorKind::StorageFull.into()))).is_err());
    }
}
