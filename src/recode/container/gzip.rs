//! gzip (RFC 1952): one or several members, each a header, a deflate stream and eight bytes.

use super::{Candidate, Found, MOST_MEMBERS};
use crate::recode::inflate::{Inflater, Status};
use crate::recode::layout::Coding;
use crate::recode::source::{Part, ReadAt};
use std::io;

/// What a member begins with: the magic and the one method there is.
pub(super) const MAGIC: [u8; 3] = [0x1F, 0x8B, 8];
/// Longest of a header's fields together.
const LONGEST_HEADER: usize = 64 << 10;
/// How much is read at a time.
const READ: u64 = 64 << 10;

pub(super) fn walk(part: Part<'_>, found: &mut Found) -> io::Result<()> {
    let mut at = 0;
    while found.streams.len() < MOST_MEMBERS {
        let Some(header) = header(&part.some(at, LONGEST_HEADER)?) else { break };
        let Some((deflated, plain)) = measure(part, at + header)? else { break };
        let end = at + header + deflated;
        // The last four bytes are the length modulo 2^32: what differs was no such stream.
        if part.array::<8>(end)?.is_none_or(|trailer| trailer[4..] != (plain as u32).to_le_bytes()) {
            break;
        }
        found.streams.push(Candidate { offset: part.start() + at + header, deflated, plain, coding: Coding::Deflate });
        at = end + 8;
    }
    Ok(())
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
fn measure(part: Part<'_>, from: u64) -> io::Result<Option<(u64, u64)>> {
    let mut inflater = Inflater::new(u64::MAX);
    let mut input = Vec::new();
    loop {
        let at = from + inflater.total_in();
        input.resize(part.length().saturating_sub(at).min(READ) as usize, 0);
        if input.is_empty() {
            return Ok(None);
        }
        part.fill(at, &mut input)?;
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
