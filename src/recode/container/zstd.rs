//! Frames of zstd, one behind the other, and those that are to be skipped between them.

use super::{Candidate, Found, MOST_MEMBERS};
use crate::recode::budget::{MEMORY, UNPACKING};
use crate::recode::frames::{MAGIC, Unpacker};
use crate::recode::layout::Coding;
use crate::recode::limits::RATIO;
use crate::recode::source::Part;
use std::io;

/// Whether a frame, or one that is to be skipped, begins here.
pub(super) fn begins(head: &[u8]) -> bool {
    head.starts_with(&MAGIC) || skipped(head).is_some()
}

/// The length of a frame that is to be skipped.
fn skipped(head: &[u8]) -> Option<u64> {
    let head = head.get(..8).filter(|head| head[0] & 0xF0 == 0x50 && head[1..4] == [0x2A, 0x4D, 0x18])?;
    Some(8 + u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]])))
}

pub(super) fn walk(part: Part<'_>, found: &mut Found) -> io::Result<()> {
    let (mut at, mut unpacker) = (0, Unpacker::default());
    for _ in 0..MOST_MEMBERS {
        if found.frames == 0 || found.streams.len() >= MOST_MEMBERS {
            break;
        }
        if let Some(length) = skipped(&part.some(at, 8)?) {
            at += length;
            continue;
        }
        let Some(rest) = part.part(at, part.length().saturating_sub(at)) else { break };
        let most = rest.length().saturating_mul(RATIO);
        let share = MEMORY.take(UNPACKING);
        let Some((packed, plain)) = unpacker.unpack(rest, most, &mut |_| Ok(()))? else { break };
        drop(share);
        found.frames -= 1;
        if plain <= packed.saturating_mul(RATIO) {
            found.streams.push(Candidate { offset: rest.start(), deflated: packed, plain, coding: Coding::Zstd });
        }
        at += packed;
    }
    Ok(())
}
