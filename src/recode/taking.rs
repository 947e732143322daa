//! Takes the expanded stream apart into raw bytes and members, no faster than there is room for what comes of them.

use super::encoder::Encoder;
use super::error::{Error, Result};
use super::layout::{Coding, Layout};
use super::rebuild::{Making, STEP};
use super::room::{taken, with_room};
use std::collections::VecDeque;
use std::io::Write;

/// Longest expanded bytes of a stream that is made as one piece of work; longer ones are made as their bytes come.
const LONGEST_PIECE: u64 = 16 << 20;
/// What is held of members and of raw bytes: what they are made of, what is made of them, and what each takes besides; where one
/// thread makes them, and where several do.
pub const HELD_BY_ONE: usize = 24 << 20;
pub const MOST_HELD: usize = 40 << 20;
/// What is held of them at most before a frame of zstd is begun or goes on, and what that may add.
pub const HELD_BESIDE_FRAME: usize = 4 << 20;
/// What a piece takes besides its bytes: its place in the queue, the message that it is to be made, the answer, and allocations.
const PIECE: usize = 512;
/// Raw bytes that are taken at a time, and how short a piece is that others are joined to.
const RAW: usize = 256 << 10;
const SHORT: usize = 64 << 10;
/// How much may come of one step of a stream that is made as its bytes come, apart from what its encoder had kept back.
const STREAMED: usize = 1 << 20;

/// A stream that is to be made in one piece.
pub struct Member {
    /// Its place in the queue.
    pub number: u64,
    /// Which stream of the blob.
    pub stream: usize,
    /// Its expanded bytes.
    pub bytes: Vec<u8>,
    /// How much was set aside for these bytes and for what is made of them.
    pub set_aside: usize,
}

/// Pieces of the blob in their order; those that are being made are empty.
pub struct Queue<'a> {
    give: Box<dyn Fn(Member) -> Result<()> + 'a>,
    pieces: VecDeque<Option<Vec<u8>>>,
    written: u64,
    held: usize,
    most: usize,
}

impl<'a> Queue<'a> {
    /// An empty one that may hold so much; `give` hands a member to a thread.
    pub fn new(most: usize, give: Box<dyn Fn(Member) -> Result<()> + 'a>) -> Self {
        Self { give, pieces: VecDeque::new(), written: 0, held: 0, most }
    }

    /// Whether all is written.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Whether so many bytes more may be held. What is longer than all room has it while nothing else is held.
    fn has_room(&self, bytes: usize) -> bool {
        self.held == 0 || self.held.saturating_add(bytes).saturating_add(PIECE) <= self.most
    }

    /// Takes room for so many bytes, where there is any.
    fn set_aside(&mut self, bytes: usize) -> bool {
        let room = self.has_room(bytes);
        self.held += if room { bytes + PIECE } else { 0 };
        room
    }

    fn piece(&mut self, bytes: &[u8]) {
        match self.pieces.back_mut() {
            Some(Some(last)) if last.len() < SHORT => {
                let before = last.capacity();
                last.extend_from_slice(bytes);
                self.held += last.capacity() - before;
            }
            _ => {
                self.held += bytes.len() + PIECE;
                self.pieces.push_back(Some(bytes.to_vec()));
            }
        }
    }

    /// Takes a piece as it is.
    fn whole(&mut self, bytes: Vec<u8>) {
        self.held += taken(&bytes) + PIECE;
        self.pieces.push_back(Some(bytes));
    }

    /// Gives a member to be made, for which room was set aside.
    fn member(&mut self, stream: usize, bytes: Vec<u8>, set_aside: usize) -> Result<()> {
        let number = self.written + self.pieces.len() as u64;
        self.pieces.push_back(None);
        (self.give)(Member { number, stream, bytes, set_aside })
    }

    /// A member is made.
    pub fn made(&mut self, number: u64, bytes: Vec<u8>, set_aside: usize) {
        self.held = self.held - set_aside + taken(&bytes);
        self.pieces[(number - self.written) as usize] = Some(bytes);
    }

    /// Writes what is next and ready; whether there was anything.
    pub fn write(&mut self, out: &mut dyn Write) -> Result<bool> {
        let before = self.written;
        while let Some(Some(bytes)) = self.pieces.front() {
            out.write_all(bytes).map_err(Error::io("what is made again"))?;
            self.held -= taken(bytes) + PIECE;
            self.pieces.pop_front();
            self.written += 1;
        }
        Ok(self.written > before)
    }
}

/// Takes the expanded stream apart, into raw bytes and streams.
pub struct Taking<'a> {
    blob: &'a Layout,
    encoders: &'a [Encoder],
    /// Where in the expanded stream this is.
    at: u64,
    /// The stream that this lies in or before.
    stream: usize,
    /// The bytes of a member, once room is set aside for it, and how much that is.
    gathered: Option<(Vec<u8>, usize)>,
    making: Option<Making<'a>>,
}

impl<'a> Taking<'a> {
    /// Begins with the first byte of the expanded stream.
    pub fn new(blob: &'a Layout, encoders: &'a [Encoder]) -> Self {
        Self { blob, encoders, at: 0, stream: 0, gathered: None, making: None }
    }

    /// Takes what stands in `bytes` from `from` on, as far as there is room; whether it took all of it.
    /// Raw bytes that nothing stands before are written at once.
    pub fn feed(&mut self, bytes: &[u8], from: &mut usize, queue: &mut Queue<'_>, out: &mut dyn Write) -> Result<bool> {
        loop {
            let rest = &bytes[*from..];
            let (start, end) = self.blob.streams().get(self.stream).map_or((u64::MAX, u64::MAX), |_| self.blob.span(self.stream));
            let left = if self.at < start { start } else { end } - self.at;
            let now = &rest[..left.min(rest.len() as u64) as usize];
            if now.is_empty() && left > 0 {
                return Ok(true);
            }
            let taken = if self.at < start { raw(now, queue, out)? } else { self.inside(now, end, queue)? };
            let Some(taken) = taken else { return Ok(false) };
            *from += taken;
            self.at += taken as u64;
        }
    }

    /// Takes bytes of the stream that ends at `end`; None where there is no room.
    fn inside(&mut self, now: &[u8], end: u64, queue: &mut Queue<'_>) -> Result<Option<usize>> {
        let stream = self.blob.streams()[self.stream];
        let length = end - self.blob.span(self.stream).0;
        // What it is made of and what is made of it: either may be the longer one.
        // Frames of zstd are made here, one at a time, for each takes as much memory as all else together.
        let in_one = stream.coding == Coding::Deflate && length.max(stream.deflated) <= LONGEST_PIECE;
        let taken = if in_one { self.gather(now, (length, stream.deflated), queue) } else { self.step(now, queue)? };
        if taken.is_some_and(|taken| self.at + taken as u64 == end) {
            self.end(queue)?;
            self.stream += 1 + stream.inner as usize;
        }
        Ok(taken)
    }

    /// Keeps bytes of a member until it has all of them, with room for these and for what is made of them.
    fn gather(&mut self, now: &[u8], lengths: (u64, u64), queue: &mut Queue<'_>) -> Option<usize> {
        if self.gathered.is_none() {
            let all = (lengths.0 + lengths.1) as usize;
            queue.set_aside(all).then(|| self.gathered = Some((with_room(lengths.0 as usize), all)))?;
        }
        self.gathered.as_mut()?.0.extend_from_slice(now);
        Some(now.len())
    }

    /// Gives bytes to the encoder of a long stream.
    fn step(&mut self, now: &[u8], queue: &mut Queue<'_>) -> Result<Option<usize>> {
        let frame = self.blob.streams()[self.stream].coding == Coding::Zstd;
        if !queue.has_room(STREAMED) || frame && queue.held + STREAMED > HELD_BESIDE_FRAME {
            return Ok(None);
        }
        let now = &now[..now.len().min(STEP)];
        let making = self.making.get_or_insert_with(|| Making::new(self.blob.streams(), self.stream, self.encoders));
        let mut out = Vec::new();
        making.write(now, &mut out)?;
        if out.len() < SHORT {
            queue.piece(&out);
        } else {
            out.shrink_to_fit();
            queue.whole(out);
        }
        Ok(Some(now.len()))
    }

    /// The stream has all its bytes.
    fn end(&mut self, queue: &mut Queue<'_>) -> Result<()> {
        if let Some((bytes, set_aside)) = self.gathered.take() {
            return queue.member(self.stream, bytes, set_aside);
        }
        let Some(making) = self.making.take() else { return Ok(()) };
        // A frame of zstd may come all at once.
        let mut out = with_room(making.tail() as usize);
        making.finish(&mut out)?;
        queue.whole(out);
        Ok(())
    }
}

/// Takes raw bytes; None where there is no room.
fn raw(bytes: &[u8], queue: &mut Queue<'_>, out: &mut dyn Write) -> Result<Option<usize>> {
    let taken = &bytes[..bytes.len().min(RAW)];
    if queue.is_empty() && taken.len() >= SHORT {
        out.write_all(taken).map_err(Error::io("what is made again"))?;
        return Ok(Some(taken.len()));
    }
    Ok(queue.has_room(taken.len()).then(|| {
        queue.piece(taken);
        taken.len()
    }))
}

#[cfg(test)]
mod tests {
    use super::{Coding, HELD_BY_ONE, Layout, MOST_HELD, Member, PIECE, Queue, STREAMED, Taking, taken};
    use crate::recode::encoder::Encoder;
    use crate::recode::layout::Stream;
    use std::cell::RefCell;

    /// zlib that flushes behind every byte: seven bytes for one.
    fn flushing() -> Encoder {
        Encoder::from_code(&[1, 1, 15, 8, 0, 2, 1, 0, 0, 0]).expect("an encoder")
    }

    fn deflate(encoder: &Encoder, plain: &[u8]) -> Vec<u8> {
        let (mut deflater, mut out) = (encoder.start(), Vec::new());
        deflater.write(plain, &mut out).expect("an encoder");
        deflater.finish(&mut out).expect("an encoder");
        out
    }

    fn noise(length: usize) -> Vec<u8> {
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        (0..length).map(|_| next()).collect()
    }

    /// So many members of the same bytes with two raw ones before each; what they are made of and the blob.
    fn members(count: usize, plain: &[u8], encoder: &Encoder) -> (Layout, Vec<u8>, Vec<u8>) {
        let deflated = deflate(encoder, plain);
        let (mut streams, mut expanded, mut blob) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..count {
            blob.extend_from_slice(b"--");
            expanded.extend_from_slice(b"--");
            let (offset, deflated_length) = (blob.len() as u64, deflated.len() as u64);
            streams.push(Stream {
                offset,
                deflated: deflated_length,
                plain: plain.len() as u64,
                inner: 0,
                encoder: 0,
                coding: Coding::Deflate,
            });
            blob.extend_from_slice(&deflated);
            expanded.extend_from_slice(plain);
        }
        (Layout::new(blob.len() as u64, streams, "a table").expect("a table"), expanded, blob)
    }

    /// Feeds all in one, has members of the blob made only when nothing else moves, and says the most that was held.
    fn most_held(may: usize, (layout, expanded, blob): &(Layout, Vec<u8>, Vec<u8>), encoder: Encoder) -> usize {
        let (encoders, given) = ([encoder], RefCell::new(Vec::<Member>::new()));
        let mut queue = Queue::new(
            may,
            Box::new(|member| {
                given.borrow_mut().push(member);
                Ok(())
            }),
        );
        let (mut taking, mut from, mut out, mut most) = (Taking::new(layout, &encoders), 0, Vec::new(), 0);
        loop {
            let all = taking.feed(expanded, &mut from, &mut queue, &mut out).expect("a good stream");
            let members = given.take();
            let own: usize = members.iter().map(|member| taken(&member.bytes)).sum();
            let pieces: usize = queue.pieces.iter().flatten().map(taken).sum();
            assert!(own + pieces + PIECE * queue.pieces.len() <= queue.held, "more is held than is counted");
            most = most.max(queue.held);
            for Member { number, stream, bytes, set_aside } in members {
                let stream = layout.streams()[stream];
                assert_eq!(bytes.len() as u64, stream.plain);
                queue.made(number, blob[stream.offset as usize..stream.end() as usize].to_vec(), set_aside);
                most = most.max(queue.held);
            }
            queue.write(&mut out).expect("room");
            if all && queue.is_empty() {
                assert_eq!(queue.held, 0);
                assert!(out == *blob, "other bytes came out");
                return most;
            }
        }
    }

    #[test]
    fn many_tiny_members_take_no_more_than_a_few_large_ones() {
        // One byte each, in a slice of 400 KiB: what they take besides would be more than all that may be held.
        let encoder = Encoder::from_code(&[1, 6, 15, 8, 0]).expect("an encoder");
        let all = members(120_000, b"x", &encoder);
        const { assert!(120_000 * PIECE > MOST_HELD) };
        for most in [HELD_BY_ONE, MOST_HELD] {
            let held = most_held(most, &all, encoder.clone());
            assert!(held <= most && held > most / 2, "{held} of {most}");
        }
    }

    #[test]
    fn what_members_become_is_counted_before_they_are_made() {
        // 4 MiB that become 28.
        let plain: Vec<u8> = (0..=255).cycle().take(64 << 10).collect();
        let all = members(64, &plain, &flushing());
        assert!(all.2.len() > HELD_BY_ONE && all.1.len() < 5 << 20);
        let held = most_held(HELD_BY_ONE, &all, flushing());
        assert!(held <= HELD_BY_ONE, "{held}");
    }

    #[test]
    fn long_streams_stop_where_there_is_no_room() {
        // Made as they come, for they are longer than what is made in one piece.
        let encoder = Encoder::from_code(&[1, 1, 15, 8, 0]).expect("an encoder");
        let all = members(2, &noise(17 << 20), &encoder);
        assert!(all.2.len() > HELD_BY_ONE + 2 * STREAMED);
        let held = most_held(HELD_BY_ONE, &all, encoder);
        assert!(held <= HELD_BY_ONE + STREAMED, "{held}");
    }

    #[test]
    fn a_member_longer_than_all_room_has_it_alone() {
        let encoder = Encoder::from_code(&[1, 1, 15, 8, 0]).expect("an encoder");
        let held = most_held(HELD_BY_ONE, &members(3, &noise(14 << 20), &encoder), encoder);
        assert!(held > HELD_BY_ONE && held < 32 << 20, "{held}");
    }
}
