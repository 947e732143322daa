//! gzip (RFC 1952): one or several members, each a header, a deflate stream and eight bytes.

use super::{Candidate, Found, MOST_MEMBERS};
use crate::recode::inflate::{Inflater, Status};
use crate::recode::layout::Coding;
use crate::recode::source::Part;
use std::io;

/// What a member begins with: the magic and the one method there is.
pub(super) const MAGIC: [u8; 3] = [0x1F, 0x8B, 8];
/// How much is read at a time, and the longest header that is looked for.
const READ: u64 = 64 << 10;

/// Members may be shorter than what is read at a time: what is at hand is not read again, and one inflater serves all.
pub(super) fn walk(part: Part<'_>, found: &mut Found) -> io::Result<()> {
    let (mut ahead, mut inflater) = (Ahead { part, start: 0, bytes: Vec::new() }, Inflater::new(u64::MAX));
    let mut at = 0;
    while found.streams.len() < MOST_MEMBERS {
        let Some(header) = next_header(&mut ahead, at)? else { break };
        let Some((deflated, plain)) = measure(&mut ahead, at + header, &mut inflater)? else { break };
        let end = at + header + deflated;
        // The last four bytes are the length modulo 2^32: what differs was no such stream.
        if ahead.from(end, 8)?.get(4..8) != Some(&(plain as u32).to_le_bytes()) {
            break;
        }
        found.streams.push(Candidate { offset: part.start() + at + header, deflated, plain, coding: Coding::Deflate });
        at = end + 8;
    }
    Ok(())
}

/// Bytes that were read and not passed yet.
struct Ahead<'a> {
    part: Part<'a>,
    start: u64,
    bytes: Vec<u8>,
}

impl Ahead<'_> {
    /// What is at hand from there on: `least` bytes or more, fewer only at the end.
    fn from(&mut self, at: u64, least: u64) -> io::Result<&[u8]> {
        let end = self.start + self.bytes.len() as u64;
        if at < self.start || at.saturating_add(least).min(self.part.length()) > end {
            self.bytes = self.part.some(at, READ as usize)?;
            self.start = at;
        }
        Ok(self.bytes.get((at - self.start) as usize..).unwrap_or_default())
    }
}

/// The length of the header that stands there; more is read only where what is at hand may be too little of it.
fn next_header(ahead: &mut Ahead<'_>, at: u64) -> io::Result<Option<u64>> {
    let here = header(ahead.from(at, 10)?);
    if here.is_some() { Ok(here) } else { Ok(header(ahead.from(at, READ)?)) }
}

/// The length of a member's header.
fn header(bytes: &[u8]) -> Option<u64> {
    let flags = *bytes.get(3).filter(|_| bytes.starts_with(&MAGIC))?;
    let mut at = 10;
    if flags & 0xE0 != 0 {
        return None;
    }
    if flags & 4 != 0 {
        at += 2 + usize::from(u16::from_le_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
    }
    for text in [8, 16] {
        if flags & text != 0 {
            at += bytes.get(at..)?.iter().position(|byte| *byte == 0)? + 1;
        }
    }
    if flags & 2 != 0 {
        at += 2;
    }
    (at <= bytes.len()).then_some(at as u64)
}

/// How long the stream that begins there is, and its plain bytes; None where it is none.
fn measure(ahead: &mut Ahead<'_>, from: u64, inflater: &mut Inflater) -> io::Result<Option<(u64, u64)>> {
    inflater.restart(u64::MAX);
    loop {
        let input = ahead.from(from + inflater.total_in(), 1)?;
        if input.is_empty() {
            return Ok(None);
        }
        let mut taken = 0;
        while taken < input.len() {
            let Ok(progress) = inflater.inflate(&input[taken..]) else { return Ok(None) };
            taken += progress.consumed;
            match progress.status {
                Status::Done => return Ok(Some((inflater.total_in(), inflater.total_out()))),
                Status::NeedInput => break,
                Status::Full => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::walk;
    use crate::recode::source::{Part, ReadAt};
    use std::sync::atomic::{AtomicU64, Ordering};

    /// Counts what is read of it.
    struct Counted<'a>(&'a [u8], AtomicU64);

    impl ReadAt for Counted<'_> {
        fn fill(&self, offset: u64, to: &mut [u8]) -> std::io::Result<()> {
            self.1.fetch_add(to.len() as u64, Ordering::Relaxed);
            self.0.fill(offset, to)
        }
    }

    #[test]
    fn members_that_are_short_are_read_once() {
        // A stored block of 70 bytes; headers with a long name now and then.
        let body = [&[1u8, 70, 0, 185, 255][..], &[7; 70], &[0; 4], &70u32.to_le_bytes()].concat();
        let plain = [&[0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3][..], &body].concat();
        let named = [&[0x1F, 0x8B, 8, 8, 0, 0, 0, 0, 0, 3][..], &[b'n'; 9000], b"\0", &body].concat();
        let mut file = Vec::new();
        for index in 0..20_000 {
            file.extend_from_slice(if index % 200 == 7 { &named } else { &plain });
        }
        let counted = Counted(&file, AtomicU64::new(0));
        let found = walk(Part::new(&counted, 0, file.len() as u64)).expect("bytes at hand");
        assert_eq!(found.streams.len(), 20_000);
        assert!(found.streams.iter().all(|stream| (stream.deflated, stream.plain) == (75, 70)));
        let read = counted.1.into_inner();
        assert!(read < 2 * file.len() as u64, "{read} bytes of {}", file.len());
    }
}
