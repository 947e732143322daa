//! Zip archives, read strictly: the directory for whoever wants one member, and the lint of a whole archive.

mod directory;

pub use directory::{Member, content, local_header, walk};

use super::budget::Budget;
use super::finding::{Findings, Step, Stop, settle};
use super::names::{self, Seen};
use super::packing::Bounded;
use super::{rules, secrets};
use crate::artifact::BlobRead;
use crate::error::Result;
use directory::wrong;
use flate2::bufread::DeflateDecoder;
use std::io::{BufRead, BufReader, Read, SeekFrom, copy, sink};
use std::sync::Arc;

/// The mark of a data descriptor that has one.
const DESCRIPTOR: u32 = 0x0807_4b50;

/// What is done with each member that can be read, and its content.
pub type Visit<'a> = &'a mut dyn FnMut(&Member, &mut dyn Read) -> Result<()>;

/// Reads an archive as a whole and tells what is wrong with it.
pub fn lint(archive: &mut dyn BlobRead, found: &mut Findings, visit: Visit<'_>) -> Result<()> {
    let (mut members, budget) = (Vec::new(), found.budget(archive.size()));
    let walked = walk(archive, |member| members.push(member));
    if found.damage(rules::ZIP_STRUCTURE, "", walked)?.is_none() {
        return Ok(());
    }
    names(&members, found);
    let Some(starts) = found.damage(rules::ZIP_STRUCTURE, "", starts(archive, &members))? else { return Ok(()) };
    if !tiled(archive, &members, &starts, found)? {
        // What overlaps can be made to unpack without end.
        return Ok(());
    }
    let outcome = contents(archive, &members, &starts, &budget, found, visit);
    settle(outcome, "", found)
}

fn names(members: &[Member], found: &mut Findings) {
    let mut seen = Seen::default();
    for member in members {
        let is_link = member.mode & 0o170_000 == 0o120_000;
        names::check(&member.raw_name, found);
        seen.take(&member.raw_name, is_link, member.name.ends_with('/'), found);
        match () {
            () if is_link => found.add(rules::LINK, &member.name, "a symbolic link"),
            () if member.mode & 0o6000 != 0 => found.add(rules::SETUID, &member.name, format!("mode {:o}", member.mode & 0o7777)),
            () if member.name.ends_with('/') && member.size > 0 => found.add(rules::NAME, &member.name, "a folder with content"),
            () => {}
        }
        if member.second_name {
            found.add(rules::ZIP_SECOND_NAME, &member.name, "an extra field gives it a second name");
        }
        if member.flags & 1 << 11 == 0 && !member.raw_name.is_ascii() {
            found.add(rules::NAME_RESERVED, &member.name, "a name whose encoding is not said");
        }
    }
}

/// Where the bytes of each member begin, its own header compared with the directory.
fn starts(archive: &mut dyn BlobRead, members: &[Member]) -> Result<Vec<Option<u64>>> {
    let mut start = |member: &Member| if member.is_encrypted() { Ok(None) } else { local_header(archive, member).map(Some) };
    members.iter().map(|member| start(member).map_err(|e| e.about(format!("{:.120}", member.name)))).collect()
}

/// Whether headers, contents and descriptors lie behind each other without sharing bytes; gaps are told, and encrypted members.
fn tiled(archive: &mut dyn BlobRead, members: &[Member], starts: &[Option<u64>], found: &mut Findings) -> Result<bool> {
    let mut order: Vec<(&Member, u64)> = members.iter().zip(starts).filter_map(|(m, start)| Some((m, (*start)?))).collect();
    order.sort_by_key(|(member, _)| member.offset);
    for member in members.iter().filter(|member| member.is_encrypted()) {
        found.add(rules::ZIP_ENCRYPTED, &member.name, "encrypted, or patched");
    }
    let whole = order.len() == members.len();
    let directory = members.first().map_or(0, |member| member.directory);
    let mut end = 0;
    for (at, (member, start)) in order.iter().enumerate() {
        if member.offset < end {
            found.add(rules::ZIP_OVERLAP, &member.name, "it begins within another member");
            return Ok(false);
        }
        if member.offset > end && whole {
            found.add(rules::ZIP_GAP, &member.name, format!("{} bytes before it belong to nothing", member.offset - end));
        }
        end = start + member.packed;
        let next = order.get(at + 1).map_or(directory, |(next, _)| next.offset);
        if member.has_descriptor() {
            match found.damage(rules::ZIP_DESCRIPTOR, &member.name, descriptor(archive, member, end, next.saturating_sub(end)))? {
                Some(length) => end += length,
                None => end = next,
            }
        }
    }
    if end < directory && whole && !members.is_empty() {
        found.add(rules::ZIP_GAP, "", format!("{} bytes before the directory belong to nothing", directory - end));
    }
    Ok(true)
}

/// The length of the descriptor behind a member: with or without its mark, in 32 or 64 bits, and it must say what the directory says.
fn descriptor(archive: &mut dyn BlobRead, member: &Member, at: u64, room: u64) -> Result<u64> {
    archive.seek(SeekFrom::Start(at)).map_err(|e| directory::cut(&e))?;
    let mut bytes = Vec::new();
    archive.take(room.min(24)).read_to_end(&mut bytes).map_err(|e| directory::cut(&e))?;
    let (mark, crc) = (DESCRIPTOR.to_le_bytes().to_vec(), member.crc32.to_le_bytes());
    let wide = [&crc[..], &member.packed.to_le_bytes(), &member.size.to_le_bytes()].concat();
    let narrow = [&crc[..], &(member.packed as u32).to_le_bytes(), &(member.size as u32).to_le_bytes()].concat();
    let fits = u32::try_from(member.packed.max(member.size)).is_ok();
    let forms = [[mark.clone(), wide.clone()].concat(), [mark, narrow.clone()].concat(), wide, narrow];
    let found = forms.iter().find(|form| bytes.starts_with(form) && (fits || form.len() >= 20));
    found.map(|form| form.len() as u64).ok_or_else(|| wrong("the data descriptor is missing, or not what the directory says"))
}

fn contents(
    archive: &mut dyn BlobRead,
    members: &[Member],
    starts: &[Option<u64>],
    budget: &Arc<Budget>,
    found: &mut Findings,
    visit: Visit<'_>,
) -> Step<()> {
    for (member, start) in members.iter().zip(starts) {
        let Some(start) = start else { continue };
        archive.seek(SeekFrom::Start(*start))?;
        let mut packed = BufReader::with_capacity(64 << 10, archive.take(member.packed));
        match member.method {
            // Readers that go by the one or the other length see two contents, or none.
            0 if member.size != member.packed => {
                found.add(rules::ZIP_CONTENT, &member.name, format!("stored in {} bytes, {} are claimed", member.packed, member.size));
            }
            0 => look_into(member, &mut packed, found, visit)?,
            8 => {
                let mut deflate = DeflateDecoder::new(&mut packed);
                look_into(member, &mut Bounded::new(&mut deflate, member.packed, budget.clone()), found, visit)?;
                if !packed.fill_buf()?.is_empty() {
                    found.add(rules::ZIP_GAP, &member.name, "bytes behind the end of its compressed content");
                }
            }
            method => found.add(rules::ZIP_METHOD, &member.name, format!("method {method} was not looked into")),
        }
    }
    Ok(())
}

/// Hands a member's content on, and compares its length and check sum with the directory.
fn look_into(member: &Member, unpacked: &mut dyn Read, found: &mut Findings, visit: Visit<'_>) -> Step<()> {
    let mut summed = Summed { inner: unpacked.take(member.size.saturating_add(1)), crc: flate2::Crc::new(), length: 0 };
    if member.size <= secrets::LOOKED_AT {
        let mut bytes = Vec::new();
        read(&mut summed, &mut bytes, member, found)?;
        secrets::look(&bytes, &member.name, found);
        visit(member, &mut &bytes[..])?;
    } else {
        visit(member, &mut summed)?;
        copy(&mut summed, &mut sink()).map(|_| ()).or_else(|e| damaged(e, member, found))?;
    }
    if summed.length != member.size || summed.crc.sum() != member.crc32 {
        let what =
            format!("{} bytes with check sum {:08x}, not {} with {:08x}", summed.length, summed.crc.sum(), member.size, member.crc32);
        found.add(rules::ZIP_CONTENT, &member.name, what);
    }
    Ok(())
}

fn read(from: &mut impl Read, into: &mut Vec<u8>, member: &Member, found: &mut Findings) -> Step<()> {
    from.read_to_end(into).map(|_| ()).or_else(|e| damaged(e, member, found))
}

/// A member that cannot be unpacked says nothing about the others.
fn damaged(error: std::io::Error, member: &Member, found: &mut Findings) -> Step<()> {
    let before = found.halted;
    settle(Err(Stop::Io(error)), &member.name, found)?;
    found.halted = before;
    Ok(())
}

/// Counts and sums what passes.
struct Summed<R> {
    inner: R,
    crc: flate2::Crc,
    length: u64,
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.crc.update(&buffer[..read]);
        self.length += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use crate::artifact::InMemory;
    use crate::scan::{Findings, Profile, as_zip};

    /// A zip of one empty member.
    fn of_one(name: &[u8], flags: u16) -> Vec<u8> {
        let (name_length, flags) = ((name.len() as u16).to_le_bytes(), flags.to_le_bytes());
        let length = |bytes: &[u8]| (bytes.len() as u32).to_le_bytes();
        let local = [&b"PK\x03\x04\x14\0"[..], &flags, &[0; 18], &name_length, &[0; 2], name].concat();
        let central = [&b"PK\x01\x02\x14\0\x14\0"[..], &flags, &[0; 18], &name_length, &[0; 16], name].concat();
        let end = [&b"PK\x05\x06\0\0\0\0\x01\0\x01\0"[..], &length(&central), &length(&local), &[0; 2]].concat();
        [local, central, end].concat()
    }

    /// What readers take a name for that says no encoding differs: some read code page 437, some UTF-8.
    #[test]
    fn a_name_without_an_encoding_is_told() {
        let judged = |name: &str, flags| {
            let mut found = Findings::default();
            as_zip(&mut InMemory::new(of_one(name.as_bytes(), flags)), Profile::Package, &mut found).expect("it can be read");
            found.list().iter().map(|finding| (finding.rule.name, finding.what.clone())).collect::<Vec<_>>()
        };
        assert!(judged("plain", 0).is_empty() && judged("n\u{e4}me", 1 << 11).is_empty());
        assert_eq!(judged("n\u{e4}me", 0), [(crate::scan::rules::NAME_RESERVED.name, "a name whose encoding is not said".to_owned())]);
    }
}
