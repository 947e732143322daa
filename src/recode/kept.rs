//! Slices on their way into the recoded stream of a blob, and what its header has of the bases.

use super::error::{Error, Result};
use super::expand::Expansion;
use super::format::{BaseTable, Header};
use super::layout::{Layout, Place};
use super::limits::MOST_STREAMS;
use super::similar::Stretch;
use super::slice::Slice;
use super::{Base, Recoded};
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, Write};

/// A recoded stream that is being written, slice by slice in their order.
pub struct Kept<'a> {
    to: BufWriter<&'a mut File>,
    /// Where there are bases, slices wait here: what they refer to decides what the header before them has.
    aside: Option<Aside>,
    length: u64,
}

/// What stands before the bytes of slices, and their lengths; the bytes in a scratch file.
struct Aside {
    slices: Vec<(Slice, usize)>,
    bytes: BufWriter<File>,
}

impl<'a> Kept<'a> {
    /// Nothing yet but, where nothing waits in a scratch file, the header; None where the format has no room for it.
    pub fn new(expansion: &Expansion<'_>, scratch: Option<File>, out: &'a mut File) -> Result<Option<Self>> {
        let mut to = BufWriter::with_capacity(1 << 20, out);
        let (aside, mut length) = (scratch.map(Aside::new), 0);
        if aside.is_none() {
            let Some(head) = head(expansion, Vec::new())? else { return Ok(None) };
            to.write_all(&head).map_err(Error::io("recoded stream"))?;
            length = head.len() as u64;
        }
        Ok(Some(Self { to, aside, length }))
    }

    /// Takes the next slice, whose bytes are not in it; the length of what is there so far.
    pub fn keep(&mut self, slice: Slice, stored: &[u8]) -> Result<u64> {
        self.length += stored.len() as u64;
        match &mut self.aside {
            None => {
                let head = slice.head(stored.len());
                self.length += head.len() as u64;
                self.to.write_all(&head).and_then(|()| self.to.write_all(stored)).map_err(Error::io("recoded stream"))?;
            }
            Some(aside) => {
                aside.bytes.write_all(stored).map_err(Error::io("scratch file"))?;
                aside.slices.push((slice, stored.len()));
            }
        }
        Ok(self.length)
    }

    /// Writes what is missing; None where it would not be shorter than `bound`.
    pub fn finish(
        mut self,
        expansion: &Expansion<'_>,
        bases: &[Base<'_>],
        expanded: &[Expansion<'_>],
        bound: u64,
    ) -> Result<Option<Recoded>> {
        if self.length >= bound {
            return Ok(None);
        }
        let mut numbers = 0;
        if let Some(mut aside) = self.aside.take() {
            let (used, tables) = used(&mut aside.slices, bases, expanded)?;
            let Some(head) = head(expansion, tables)? else { return Ok(None) };
            let heads: Vec<Vec<u8>> = aside.slices.iter().map(|(slice, stored)| slice.head(*stored)).collect();
            self.length += (head.len() + heads.iter().map(Vec::len).sum::<usize>()) as u64;
            if self.length >= bound {
                return Ok(None);
            }
            self.to.write_all(&head).map_err(Error::io("recoded stream"))?;
            aside.write(&heads, &mut self.to)?;
            numbers = used;
        }
        self.to.flush().map_err(Error::io("recoded stream"))?;
        let outer = expansion.layout.streams().iter().enumerate().filter(|(index, _)| expansion.layout.parent(*index).is_none());
        let deflated = outer.map(|(_, stream)| stream.deflated).sum();
        Ok(Some(Recoded { length: self.length, expanded: expansion.layout.expanded(), deflated, bases: numbers }))
    }
}

impl Aside {
    fn new(file: File) -> Self {
        Self { slices: Vec::new(), bytes: BufWriter::with_capacity(1 << 20, file) }
    }

    /// Writes all slices, each behind its head.
    fn write(self, heads: &[Vec<u8>], to: &mut BufWriter<&mut File>) -> Result<()> {
        let mut bytes = self.bytes.into_inner().map_err(|error| Error::io("scratch file")(error.into_error()))?;
        bytes.rewind().map_err(Error::io("scratch file"))?;
        for (head, (_, stored)) in heads.iter().zip(&self.slices) {
            to.write_all(head).map_err(Error::io("recoded stream"))?;
            io::copy(&mut Read::take(&mut bytes, *stored as u64), to).map_err(Error::io("recoded stream"))?;
        }
        Ok(())
    }
}

/// The header of a blob with these tables of its bases; None where these have too many streams.
fn head(expansion: &Expansion<'_>, bases: Vec<BaseTable>) -> Result<Option<Vec<u8>>> {
    let streams = bases.iter().map(|base| base.layout.streams().len()).sum::<usize>() + expansion.layout.streams().len();
    if streams > MOST_STREAMS {
        return Ok(None);
    }
    let encoders = expansion.encoders.iter().map(|encoder| encoder.code().as_bytes().to_vec()).collect();
    Header { encoders, bases, blob: expansion.layout.clone() }.write().map(Some)
}

/// The bases that slices refer to, with the streams that they touch: all others stay as they are in the base, and references are
/// moved to where their bytes then stand.
fn used(slices: &mut [(Slice, usize)], bases: &[Base<'_>], expanded: &[Expansion<'_>]) -> Result<(usize, Vec<BaseTable>)> {
    let mut tables = Vec::new();
    for (number, (base, full)) in bases.iter().zip(expanded).enumerate() {
        let full = &full.layout;
        let mut keep = vec![false; full.streams().len()];
        let of = |slice: &Slice| slice.references.iter().copied().filter(|stretch| stretch.base == number).collect::<Vec<_>>();
        let stretches: Vec<Stretch> = slices.iter().flat_map(|(slice, _)| of(slice)).collect();
        if stretches.is_empty() {
            continue;
        }
        stretches.iter().for_each(|stretch| touch(full, *stretch, &mut keep));
        let layout = full.only(&keep)?;
        let moved = Moved { full, kept: &layout, numbers: numbers(&keep) };
        for stretch in slices.iter_mut().flat_map(|(slice, _)| &mut slice.references).filter(|stretch| stretch.base == number) {
            stretch.offset =
                moved.to(stretch.offset).ok_or_else(|| Error::malformed("references", "a place of the base", stretch.offset))?;
            // Bases that are used come in order: the number only ever falls, and is not looked at again.
            stretch.base = usize::MAX - tables.len();
        }
        tables.push(BaseTable { digest: base.digest, layout });
    }
    for stretch in slices.iter_mut().flat_map(|(slice, _)| &mut slice.references) {
        stretch.base = usize::MAX - stretch.base;
    }
    Ok((tables.len(), tables))
}

/// Marks the streams that a stretch has bytes of.
fn touch(layout: &Layout, stretch: Stretch, keep: &mut [bool]) {
    let (mut at, end) = (stretch.offset, stretch.offset + stretch.length);
    while at < end {
        let (place, next) = layout.place(at);
        if let Place::Plain(stream, _) = place {
            keep[stream] = true;
            if let Some(parent) = layout.parent(stream) {
                keep[parent] = true;
            }
        }
        at = next;
    }
}

/// The new number of each stream that is kept.
fn numbers(keep: &[bool]) -> Vec<usize> {
    keep.iter()
        .scan(0, |next, kept| {
            *next += usize::from(*kept);
            Some(next.saturating_sub(1))
        })
        .collect()
}

/// From one layout of a base to the one with fewer streams.
struct Moved<'a> {
    full: &'a Layout,
    kept: &'a Layout,
    numbers: Vec<usize>,
}

impl Moved<'_> {
    fn to(&self, at: u64) -> Option<u64> {
        match self.full.place(at).0 {
            Place::Raw(offset) => self.kept.of_blob(offset),
            Place::Plain(stream, offset) => self.kept.of_plain(self.numbers[stream], offset),
        }
    }
}
