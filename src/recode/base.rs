//! The expanded stream of a base, read at any place: its deflate streams are entered at seek points, its zstd frames are unpacked.

use super::error::{Error, Result};
use super::inflate::{Inflater, SeekPoint, Status, WINDOW};
use super::layout::{Coding, Layout, Place, Stream};
use super::limits::{LONGEST_THIN, THIN, points, spacing};
use super::room::with_room;
use super::source::{Part, ReadAt};
use super::unpacked::{Failure, Unpacked};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Streams that can be gone on with where somebody stopped reading, of all bases; and for one base at least and at most.
pub const MOST_CURSORS: usize = 64;
const FEWEST_CURSORS_OF_ONE: usize = 4;
/// See there.
pub const MOST_CURSORS_OF_ONE: usize = 6;
/// How much of a stream is read at a time.
const READ: u64 = 64 << 10;

/// The expanded stream of one base.
pub struct BaseView<'a> {
    index: usize,
    source: &'a dyn ReadAt,
    layout: &'a Layout,
    unpacked: &'a Unpacked<'a>,
    spacing: u64,
    /// How many seek points this base may keep.
    most: usize,
    most_cursors: usize,
    points: Mutex<Points>,
    cursors: Mutex<Vec<Cursor>>,
}

/// Seek points by stream and place. Their windows stand in one buffer, which goes back to the system as a whole.
#[derive(Default)]
struct Points {
    places: BTreeMap<(usize, u64), (SeekPoint, Range<usize>)>,
    windows: Vec<u8>,
}

impl Points {
    /// The nearest one at or before a place.
    fn before(&self, stream: usize, at: u64) -> Option<(&SeekPoint, &[u8])> {
        let (_, (point, window)) = self.places.range((stream, 0)..=(stream, at)).next_back()?;
        Some((point, &self.windows[window.clone()]))
    }

    /// Keeps one, of so many at most.
    fn keep(&mut self, place: (usize, u64), mut point: SeekPoint, most: usize) {
        if self.places.is_empty() {
            self.windows = with_room(most * WINDOW);
        }
        let start = self.windows.len();
        self.windows.extend_from_slice(&point.take_window());
        self.places.insert(place, (point, start..self.windows.len()));
    }
}

/// A stream that is being inflated.
struct Cursor {
    stream: usize,
    inflater: Inflater,
    /// Bytes of the stream from where the inflater goes on.
    input: Vec<u8>,
    taken: usize,
    density: Density,
}

/// Whether a stream makes something of its bytes: empty blocks could go on for gigabytes in front of a few plain bytes.
#[derive(Clone, Copy)]
pub struct Density {
    /// Bytes of the stream and plain ones where enough had come last.
    mark: (u64, u64),
    longest: u64,
}

impl Density {
    /// For a reader.
    pub fn new(inflater: &Inflater) -> Self {
        Self { mark: (inflater.total_in(), inflater.total_out()), longest: LONGEST_THIN }
    }

    /// For a writer, whose marks lie elsewhere than those of readers: one may lie within any stretch that these would refuse.
    pub fn strict(inflater: &Inflater) -> Self {
        Self { longest: LONGEST_THIN / 4, ..Self::new(inflater) }
    }

    /// Whether too many bytes stand for too few plain ones; to be asked often.
    pub fn is_thin(&mut self, inflater: &Inflater) -> bool {
        let now = (inflater.total_in(), inflater.total_out());
        if now.1 - self.mark.1 >= THIN {
            self.mark = now;
        }
        now.0 - self.mark.0 > self.longest
    }
}

impl Cursor {
    /// Where the plain bytes at hand begin.
    fn start(&self) -> u64 {
        self.inflater.total_out() - self.inflater.plain().len() as u64
    }
}

impl<'a> BaseView<'a> {
    /// The view of the base with this number in the header, which has so many of them.
    pub fn new((index, bases): (usize, usize), source: &'a dyn ReadAt, layout: &'a Layout, unpacked: &'a Unpacked<'a>) -> Self {
        let most_cursors = (MOST_CURSORS / bases.max(1)).clamp(FEWEST_CURSORS_OF_ONE, MOST_CURSORS_OF_ONE);
        let spacing = spacing(layout, bases);
        let most = points(bases).min(layout.inflated() / spacing) as usize;
        Self { index, source, layout, unpacked, spacing, most, most_cursors, points: Mutex::default(), cursors: Mutex::default() }
    }

    /// Fills `to` with what the expanded stream has from `at` on. The place is one within it.
    pub fn read(&self, mut at: u64, mut to: &mut [u8]) -> Result<()> {
        while !to.is_empty() {
            let (place, end) = self.layout.place(at);
            let length = (end - at).min(to.len() as u64) as usize;
            let (now, later) = to.split_at_mut(length);
            match place {
                Place::Raw(offset) => self.source.fill(offset, now).map_err(|error| self.unreadable(error))?,
                Place::Plain(stream, offset) => self.plain(stream, offset, now)?,
            }
            (to, at) = (later, at + length as u64);
        }
        Ok(())
    }

    fn unreadable(&self, source: std::io::Error) -> Error {
        if source.kind() == std::io::ErrorKind::UnexpectedEof {
            return Error::base(self.index, "file", format!("{} bytes", self.layout.size()), "fewer");
        }
        Error::Io { part: format!("base {}", self.index), source }
    }

    /// Plain bytes of one stream.
    fn plain(&self, stream: usize, offset: u64, mut to: &mut [u8]) -> Result<()> {
        if self.layout.streams()[stream].coding == Coding::Zstd {
            return self.frame(stream, offset, to);
        }
        let mut cursor = self.enter(stream, offset)?;
        let mut at = offset;
        loop {
            let (start, here) = (cursor.start(), cursor.inflater.plain());
            let skip = usize::try_from(at - start).unwrap_or(usize::MAX);
            if let Some(wanted) = here.get(skip..) {
                let length = wanted.len().min(to.len());
                to[..length].copy_from_slice(&wanted[..length]);
                (to, at) = (&mut std::mem::take(&mut to)[length..], at + length as u64);
            }
            if to.is_empty() {
                break;
            }
            self.step(&mut cursor)?;
        }
        let mut cursors = self.cursors.lock().unwrap_or_else(PoisonError::into_inner);
        if cursors.len() >= self.most_cursors {
            cursors.remove(0);
        }
        cursors.push(cursor);
        Ok(())
    }

    /// Plain bytes of one zstd frame.
    fn frame(&self, number: usize, offset: u64, to: &mut [u8]) -> Result<()> {
        let stream = &self.layout.streams()[number];
        let frame = Part::new(self.source, stream.offset, stream.deflated);
        self.unpacked.read((self.index, number), frame, stream.plain, offset, to).map_err(|failure| match failure {
            Failure::Source(error) => self.unreadable(error),
            Failure::Frame(Some((packed, plain))) => self.wrong(number, format!("{packed} bytes for {plain} plain ones")),
            Failure::Frame(None) => self.wrong(number, "no such frame"),
            Failure::Other(error) => error,
        })
    }

    /// The nearest place before `offset` from which the stream can be inflated.
    fn enter(&self, stream: usize, offset: u64) -> Result<Cursor> {
        let points = self.points.lock().unwrap_or_else(PoisonError::into_inner);
        let point = points.before(stream, offset);
        let from = point.map_or(0, |(point, _)| point.plain());
        let mut cursors = self.cursors.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |cursor: &Cursor| cursor.stream == stream && cursor.start() <= offset && cursor.inflater.total_out() >= from;
        let best = cursors.iter().enumerate().filter(|(_, cursor)| fits(cursor)).max_by_key(|(_, cursor)| cursor.start());
        if let Some(best) = best.map(|(index, _)| index) {
            return Ok(cursors.remove(best));
        }
        drop(cursors);
        let mut inflater = Inflater::new(self.layout.streams()[stream].plain);
        if let Some((point, window)) = point {
            inflater.restore_with(point, window).map_err(|error| self.wrong(stream, error))?;
        }
        Ok(Cursor { stream, density: Density::new(&inflater), inflater, input: Vec::new(), taken: 0 })
    }

    /// Makes the next plain bytes, and a seek point where none is near.
    fn step(&self, cursor: &mut Cursor) -> Result<()> {
        let stream = &self.layout.streams()[cursor.stream];
        if cursor.inflater.is_done() {
            return Err(self.wrong(cursor.stream, format!("{} plain bytes", cursor.inflater.total_out())));
        }
        // Bits that are left of the last byte may still hold matches.
        let ends = cursor.inflater.total_in() >= stream.deflated;
        if cursor.taken == cursor.input.len() && !ends {
            self.refill(cursor, stream)?;
        }
        let progress = cursor.inflater.inflate(&cursor.input[cursor.taken..]).map_err(|error| self.wrong(cursor.stream, error))?;
        cursor.taken += progress.consumed;
        if cursor.density.is_thin(&cursor.inflater) {
            return Err(self.wrong(cursor.stream, format!("more than {LONGEST_THIN} bytes that make fewer than {THIN}")));
        }
        match progress.status {
            Status::Full => self.keep(cursor),
            Status::Done => {
                let (deflated, plain) = (cursor.inflater.total_in(), cursor.inflater.total_out());
                if (deflated, plain) != (stream.deflated, stream.plain) {
                    return Err(self.wrong(cursor.stream, format!("{deflated} bytes for {plain} plain ones")));
                }
            }
            Status::NeedInput if ends => return Err(self.wrong(cursor.stream, "a stream that goes on behind its end")),
            Status::NeedInput => {}
        }
        Ok(())
    }

    fn refill(&self, cursor: &mut Cursor, stream: &Stream) -> Result<()> {
        let from = cursor.inflater.total_in();
        let length = (stream.deflated - from).min(READ);
        cursor.input.resize(length as usize, 0);
        cursor.taken = 0;
        match self.layout.parent(cursor.stream) {
            Some(parent) => self.plain(parent, stream.offset + from, &mut cursor.input),
            None => self.source.fill(stream.offset + from, &mut cursor.input).map_err(|error| self.unreadable(error)),
        }
    }

    fn keep(&self, cursor: &Cursor) {
        let (stream, at) = (cursor.stream, cursor.inflater.total_out());
        if at < self.spacing {
            return;
        }
        let mut points = self.points.lock().unwrap_or_else(PoisonError::into_inner);
        if points.places.len() >= self.most {
            return;
        }
        let near = (stream, at - self.spacing + 1)..(stream, at + self.spacing);
        if points.places.range(near).next().is_none()
            && let Some(point) = cursor.inflater.seek_point()
        {
            points.keep((stream, at), point, self.most);
        }
    }

    fn wrong(&self, stream: usize, found: impl std::fmt::Display) -> Error {
        let Stream { offset, deflated, plain, .. } = self.layout.streams()[stream];
        Error::base(self.index, format!("stream {stream} at {offset}"), format!("{deflated} bytes for {plain} plain ones"), found)
    }
}

#[cfg(test)]
mod tests {
    use super::{BaseView, Coding, Layout, Stream, Unpacked};
    use crate::recode::encoder::Encoder;
    use crate::recode::limits::{MOST_POINTS, NEAREST_POINTS};

    fn stream(deflated: u64, plain: u64, inner: u32) -> Stream {
        Stream { offset: 0, deflated, plain, inner, encoder: 0, coding: Coding::Deflate }
    }

    #[test]
    fn a_stream_may_end_where_a_chunk_is_full() {
        let encoder = Encoder::from_code(&[1, 9, 15, 8, 0]).expect("an encoder");
        let mut within_the_last_byte = 0;
        for length in (98_200..99_200).step_by(8) {
            let (mut deflater, mut bytes) = (encoder.start(), Vec::new());
            deflater.write(&vec![0; length], &mut bytes).expect("an encoder");
            deflater.finish(&mut bytes).expect("an encoder");
            let layout = Layout::new(bytes.len() as u64, vec![stream(bytes.len() as u64, length as u64, 0)], "a table").expect("a table");
            let mut inflater = crate::recode::inflate::Inflater::new(length as u64);
            let first = inflater.inflate(&bytes).expect("a stream");
            within_the_last_byte += usize::from(!inflater.is_done() && first.consumed == bytes.len());
            let source = &bytes[..];
            let mut plain = vec![1; length];
            BaseView::new((0, 1), &source, &layout, &Unpacked::new(&tempfile::tempfile)).read(0, &mut plain).expect("a sound base");
            assert!(plain.iter().all(|byte| *byte == 0));
        }
        assert!(within_the_last_byte > 0);
    }

    #[test]
    fn seek_points_are_as_far_apart_as_what_is_inflated_is_long() {
        let large = 100 << 30;
        let layout = Layout::new(large, vec![stream(large, large, 1), stream(large - 1, 1, 0)], "a table").expect("a table");
        assert!(layout.expanded() < 10);
        let source = &b""[..];
        let unpacked = Unpacked::new(&tempfile::tempfile);
        let view = BaseView::new((0, 16), &source, &layout, &unpacked);
        assert!(view.spacing > NEAREST_POINTS && view.spacing * MOST_POINTS / 16 >= large);
        assert!(view.most as u64 <= MOST_POINTS / 16);
    }
}
