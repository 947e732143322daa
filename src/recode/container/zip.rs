//! zip (APPNOTE 6.3): the members that the central directory and their local headers agree on.

use super::{Candidate, Found, MOST_MEMBERS, look};
use crate::recode::layout::Coding;
use crate::recode::limits::RATIO;
use crate::recode::source::Part;
use std::io;

/// What a local header begins with, and what the end record does.
pub(super) const LOCAL: [u8; 4] = *b"PK\x03\x04";
pub(super) const END: [u8; 4] = *b"PK\x05\x06";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const LOCATOR: [u8; 4] = *b"PK\x06\x07";
const END_64: [u8; 4] = *b"PK\x06\x06";
/// Methods of members: what is stored is looked into, and so are frames of zstd.
const STORED: u64 = 0;
const DEFLATED: u64 = 8;
const ZSTD: u64 = 93;
/// Longest directory, in bytes.
const LONGEST_DIRECTORY: u64 = 128 << 20;

fn u16_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> u64 {
    u16_at(bytes, at) | u16_at(bytes, at + 2) << 16
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u32_at(bytes, at) | u32_at(bytes, at + 4) << 32
}

/// Where the directory lies: from, to, count of entries.
type Directory = (u64, u64, u64);

pub(super) fn walk(part: Part<'_>, depth: u32, found: &mut Found) -> io::Result<()> {
    let Some((mut members, limit)) = members(part)? else { return Ok(()) };
    members.sort_unstable_by_key(|member| member.header);
    for (index, member) in members.iter().enumerate() {
        let next = members.get(index + 1).map_or(limit, |next| next.header).min(limit);
        take(part, *member, next, depth, found)?;
    }
    Ok(())
}

/// The members of the directory, and where that begins.
pub(super) fn members(part: Part<'_>) -> io::Result<Option<(Vec<Member>, u64)>> {
    let Some((mut at, end, count)) = directory(part)? else { return Ok(None) };
    let mut members = Vec::new();
    let (limit, mut bytes, mut taken) = (at, Vec::new(), 0);
    for _ in 0..count.min(MOST_MEMBERS as u64) {
        // An entry has at most 46 bytes and three fields of 64 KiB.
        if bytes.len() - taken < 46 + 3 * 65536 && at + ((bytes.len() - taken) as u64) < end {
            bytes = part.some(at, (end - at).min(1 << 20) as usize)?;
            taken = 0;
        }
        let Some((member, length)) = entry(&bytes[taken..]) else { return Ok(None) };
        (taken, at) = (taken + length, at + length as u64);
        members.extend(member);
    }
    Ok(Some((members, limit)))
}

/// What the end record says, and the one for large archives where it is needed.
fn directory(part: Part<'_>) -> io::Result<Option<Directory>> {
    let tail_start = part.length().saturating_sub(22 + 65535);
    let tail = part.some(tail_start, 22 + 65535)?;
    let fits = |at: &usize| tail[*at..].starts_with(&END) && u16_at(&tail, at + 20) as usize == tail.len() - at - 22;
    let Some(at) = (0..(tail.len() + 1).saturating_sub(22)).rev().find(fits) else { return Ok(None) };
    let (mut count, mut length, mut from) = (u16_at(&tail, at + 10), u32_at(&tail, at + 12), u32_at(&tail, at + 16));
    let mut end = tail_start + at as u64;
    if count == 0xFFFF || length == 0xFFFF_FFFF || from == 0xFFFF_FFFF {
        let locator = end.checked_sub(20).map(|at| part.array::<20>(at)).transpose()?.flatten();
        if let Some(locator) = locator.filter(|bytes| bytes.starts_with(&LOCATOR)) {
            let place = u64_at(&locator, 8);
            let Some(record) = part.array::<56>(place)?.filter(|bytes| bytes.starts_with(&END_64)) else { return Ok(None) };
            (count, length, from, end) = (u64_at(&record, 32), u64_at(&record, 40), u64_at(&record, 48), place);
        }
    }
    let to = from.checked_add(length).filter(|to| *to <= end && length <= LONGEST_DIRECTORY);
    Ok(to.map(|to| (from, to, count)))
}

/// A member, by its entry of the directory.
#[derive(Clone, Copy)]
pub(super) struct Member {
    header: u64,
    method: u64,
    /// Its length as it stands there.
    pub stored: u64,
    /// Its length.
    pub plain: u64,
    /// CRC-32 of its bytes.
    pub crc: u64,
}

/// An entry of the directory and its length; no member where it is encrypted or too odd.
fn entry(bytes: &[u8]) -> Option<(Option<Member>, usize)> {
    let fixed = bytes.get(..46).filter(|bytes| bytes.starts_with(&CENTRAL))?;
    let (name, extra, comment) = (u16_at(fixed, 28) as usize, u16_at(fixed, 30) as usize, u16_at(fixed, 32) as usize);
    let length = 46 + name + extra + comment;
    let extra = bytes.get(46 + name..46 + name + extra)?;
    bytes.get(..length)?;
    let mut sizes = [u32_at(fixed, 24), u32_at(fixed, 20), u32_at(fixed, 42)];
    if sizes.contains(&0xFFFF_FFFF) {
        let Some(()) = large(extra, &mut sizes) else { return Some((None, length)) };
    }
    let (flags, method) = (u16_at(fixed, 8), u16_at(fixed, 10));
    let member = Member { header: sizes[2], method, stored: sizes[1], plain: sizes[0], crc: u32_at(fixed, 16) };
    let known = flags & 0x2041 == 0 && matches!(method, STORED | DEFLATED | ZSTD);
    Some((known.then_some(member), length))
}

/// Takes numbers of 64 bits for those that did not fit.
fn large(mut extra: &[u8], sizes: &mut [u64; 3]) -> Option<()> {
    loop {
        let (kind, length) = (u16_at(extra.get(..4)?, 0), u16_at(extra, 2) as usize);
        let mut field = extra.get(4..4 + length)?;
        if kind == 1 {
            for size in sizes.iter_mut().filter(|size| **size == 0xFFFF_FFFF) {
                *size = u64_at(field.get(..8)?, 0);
                field = &field[8..];
            }
            return Some(());
        }
        extra = &extra[4 + length..];
    }
}

/// Takes a member whose local header agrees and that ends before the next one.
fn take(part: Part<'_>, member: Member, next: u64, depth: u32, found: &mut Found) -> io::Result<()> {
    let Some(local) = part.array::<30>(member.header)?.filter(|bytes| bytes.starts_with(&LOCAL)) else { return Ok(()) };
    let start = member.header + 30 + u16_at(&local, 26) + u16_at(&local, 28);
    let ends = start.checked_add(member.stored).is_some_and(|end| end <= next);
    if !ends || u16_at(&local, 8) != member.method || found.streams.len() >= MOST_MEMBERS {
        return Ok(());
    }
    let Some(inside) = part.part(start, member.stored) else { return Ok(()) };
    if member.method == DEFLATED {
        let grows = member.plain <= member.stored.saturating_mul(RATIO);
        if grows && member.stored > 0 {
            found.streams.push(Candidate { offset: inside.start(), deflated: member.stored, plain: member.plain, coding: Coding::Deflate });
        }
        return Ok(());
    }
    look(inside, depth + 1, found)
}
