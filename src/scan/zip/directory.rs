//! The central directory of a zip archive, read strictly and in a stream (APPNOTE 6.3.10, sections 4.3.7 to 4.3.16).
//!
//! Stricter than clients are: offsets count from the first byte, the directory ends where the end record begins, and that ends the
//! file. No spanning; no encryption of what is read. Where two places say two things (32-bit and 64-bit fields, local and central
//! header) the archive is refused.

use crate::artifact::BlobRead;
use crate::error::{Error, Result};
use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use std::io::{BufReader, ErrorKind, Read, SeekFrom};

/// A member as the central directory lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name; bytes that are not UTF-8 are replaced.
    pub name: String,
    /// 0 stored, 8 deflated.
    pub method: u16,
    /// CRC-32 of the content.
    pub crc32: u32,
    /// Length in the archive, in bytes.
    pub packed: u64,
    /// Length of the content, in bytes.
    pub size: u64,
    /// Unix mode, 0 where the directory has none.
    pub mode: u16,
    pub(super) flags: u16,
    pub(super) raw_name: Vec<u8>,
    pub(super) offset: u64,
    pub(super) directory: u64,
    /// Whether an extra field gives it another name (Info-ZIP's Unicode path).
    pub(super) second_name: bool,
}

impl Member {
    /// Whether check sum and lengths stand behind the content too.
    pub(super) fn has_descriptor(&self) -> bool {
        self.flags & DESCRIPTOR_FOLLOWS != 0
    }

    /// Whether what its bytes mean depends on more than its method.
    pub(super) fn is_encrypted(&self) -> bool {
        self.flags & UNKNOWN_FLAGS != 0
    }
}

/// Most members of an archive.
const MOST_MEMBERS: u64 = 1_000_000;
/// Longest directory, in bytes.
const MOST_DIRECTORY: u64 = 128 << 20;
/// The extra field for 64-bit values, and the one for a second name.
const WIDE: u16 = 1;
const UNICODE_PATH: u16 = 0x7075;
/// General purpose flags that change what bytes mean: encryption, compressed patched data, strong encryption, masked headers.
const UNKNOWN_FLAGS: u16 = 1 | 1 << 5 | 1 << 6 | 1 << 13;
/// General purpose flag: check sum and lengths stand behind the content, not in the member's own header.
const DESCRIPTOR_FOLLOWS: u16 = 1 << 3;
const END: u32 = 0x0605_4b50;
const END_64: u32 = 0x0606_4b50;
const LOCATOR_64: u32 = 0x0706_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const LOCAL: u32 = 0x0403_4b50;

/// Calls `each` with every member, in the directory's order.
pub fn walk(archive: &mut dyn BlobRead, mut each: impl FnMut(Member)) -> Result<()> {
    let place = find(archive)?;
    archive.seek(SeekFrom::Start(place.start)).map_err(|e| cut(&e))?;
    let mut reader = BufReader::with_capacity(64 << 10, archive.take(place.length));
    for _ in 0..place.members {
        each(central_header(&mut reader, place.start)?);
    }
    let mut rest = [0u8; 1];
    match reader.read(&mut rest) {
        Ok(0) => Ok(()),
        _ => Err(wrong("the central directory has more members than the end record says")),
    }
}

/// Checks that a member can be read in one way only, and says where its bytes begin.
pub fn local_header(archive: &mut dyn BlobRead, member: &Member) -> Result<u64> {
    if member.flags & UNKNOWN_FLAGS != 0 {
        return Err(wrong("the member is encrypted"));
    }
    archive.seek(SeekFrom::Start(member.offset)).map_err(|e| cut(&e))?;
    let head = Fields::<30>::read(archive)?;
    let (name_length, extra_length) = (head.u16(26), head.u16(28));
    let mut name = vec![0u8; usize::from(name_length)];
    archive.read_exact(&mut name).map_err(|e| cut(&e))?;
    if head.u32(0) != LOCAL || name != member.raw_name || head.u16(8) != member.method || head.u16(6) != member.flags {
        return Err(wrong("a member's own header is not what the central directory says"));
    }
    let mut extra = vec![0u8; usize::from(extra_length)];
    archive.read_exact(&mut extra).map_err(|e| cut(&e))?;
    let mut wide = Wide::of(&extra)?;
    let (size, packed) = (wide.or(head.u32(22))?, wide.or(head.u32(18))?);
    // Where a descriptor follows, the header may have zeros, and zeros only.
    let zeros = member.has_descriptor() && (head.u32(14), size, packed) == (0, 0, 0);
    if !zeros && (head.u32(14), size, packed) != (member.crc32, member.size, member.packed) {
        return Err(wrong("a member's own header is not what the central directory says"));
    }
    let start = member.offset + 30 + u64::from(name_length) + u64::from(extra_length);
    match start.checked_add(member.packed) {
        Some(end) if end <= member.directory => Ok(start),
        _ => Err(wrong("a member reaches into the central directory")),
    }
}

/// A member's content, put into `bytes` in the place of what is there: at most `most` bytes, stored or deflated, its length and check sum
/// compared with what the directory says.
pub fn content(archive: &mut dyn BlobRead, member: &Member, most: u64, bytes: &mut Vec<u8>) -> Result<()> {
    bytes.clear();
    if member.size > most {
        return Err(wrong("it is too large").with("expected", format!("at most {most} bytes")).with("found", member.size));
    }
    let start = local_header(archive, member)?;
    archive.seek(SeekFrom::Start(start)).map_err(|e| cut(&e))?;
    let packed = BufReader::with_capacity(32 << 10, archive.take(member.packed));
    // One byte more than it may have shows that it has more.
    let bound = member.size.saturating_add(1);
    match member.method {
        0 => packed.take(bound).read_to_end(bytes),
        8 => DeflateDecoder::new(packed).take(bound).read_to_end(bytes),
        method => return Err(wrong("it is compressed by a method that is not read").with("found", format!("method {method}"))),
    }
    .map_err(|e| wrong("it cannot be unpacked").because(&e))?;
    if bytes.len() as u64 != member.size {
        return Err(wrong("it has another length than the archive says").with("expected", member.size).with("found", bytes.len()));
    }
    let mut sum = Crc::new();
    sum.update(bytes);
    if sum.sum() == member.crc32 { Ok(()) } else { Err(wrong("its check sum is not what the archive says")) }
}

/// Where the central directory lies.
struct Place {
    start: u64,
    length: u64,
    members: u64,
}

fn find(archive: &mut dyn BlobRead) -> Result<Place> {
    let size = archive.size();
    let at = end_record(archive, size)?;
    archive.seek(SeekFrom::Start(at)).map_err(|e| cut(&e))?;
    let end = Fields::<22>::read(archive)?;
    let here = (u64::from(end.u16(10)), u64::from(end.u32(12)), u64::from(end.u32(16)));
    if end.u16(4) != 0 || end.u16(6) != 0 || end.u16(8) != end.u16(10) {
        return Err(wrong("the archive spans several disks"));
    }
    let (place, directory_end) = match end_64(archive, at)? {
        Some((wide, begin)) => {
            let agrees = |narrow: u64, wide: u64, limit: u64| narrow == wide || narrow == limit;
            let limit = u64::from(u32::MAX);
            if !(agrees(here.0, wide.members, 0xffff) && agrees(here.1, wide.length, limit) && agrees(here.2, wide.start, limit)) {
                return Err(wrong("the two end records say different things"));
            }
            (wide, begin)
        }
        None => (Place { members: here.0, length: here.1, start: here.2 }, at),
    };
    if place.members > MOST_MEMBERS {
        return Err(wrong("too many members").with("expected", format!("at most {MOST_MEMBERS}")).with("found", place.members));
    }
    if place.length > MOST_DIRECTORY {
        return Err(wrong("the central directory is too long").with("expected", format!("at most {MOST_DIRECTORY} bytes")));
    }
    if place.start.checked_add(place.length) != Some(directory_end) {
        return Err(wrong("there are bytes before, between or after the parts of the archive"));
    }
    Ok(place)
}

/// The offset of the end record: its comment must reach exactly to the end of the file, and only one record may claim that.
fn end_record(archive: &mut dyn BlobRead, size: u64) -> Result<u64> {
    let tail_length = size.min(22 + 0xffff);
    archive.seek(SeekFrom::Start(size - tail_length)).map_err(|e| cut(&e))?;
    let mut tail = Vec::new();
    archive.take(tail_length).read_to_end(&mut tail).map_err(|e| cut(&e))?;
    let mut ends = tail.windows(22).enumerate().filter(|(at, record)| {
        let comment = usize::from(u16::from_le_bytes([record[20], record[21]]));
        record.starts_with(&END.to_le_bytes()) && at + 22 + comment == tail.len()
    });
    match (ends.next(), ends.next()) {
        (Some((at, _)), None) => Ok(size - tail_length + at as u64),
        (None, _) => Err(wrong("not a zip archive: it has no end record")),
        (Some(_), Some(_)) => Err(wrong("the archive has two end records")),
    }
}

/// The 64-bit end record and its offset, where a locator stands before the end record.
fn end_64(archive: &mut dyn BlobRead, end: u64) -> Result<Option<(Place, u64)>> {
    let Some(at) = end.checked_sub(20) else { return Ok(None) };
    archive.seek(SeekFrom::Start(at)).map_err(|e| cut(&e))?;
    let locator = Fields::<20>::read(archive)?;
    if locator.u32(0) != LOCATOR_64 {
        return Ok(None);
    }
    let begin = locator.u64(8);
    // 56 bytes of the record, of which 12 are not counted in its own length; an extensible data sector is not known to any reader.
    if begin.checked_add(56) != Some(at) {
        return Err(wrong("the 64-bit end record is not where its locator says"));
    }
    archive.seek(SeekFrom::Start(begin)).map_err(|e| cut(&e))?;
    let record = Fields::<56>::read(archive)?;
    if record.u32(0) != END_64 || record.u64(4) != 44 || record.u64(24) != record.u64(32) {
        return Err(wrong("the 64-bit end record is damaged"));
    }
    Ok(Some((Place { members: record.u64(32), length: record.u64(40), start: record.u64(48) }, begin)))
}

fn central_header(reader: &mut impl Read, directory: u64) -> Result<Member> {
    let head = Fields::<46>::read(reader)?;
    if head.u32(0) != CENTRAL {
        return Err(wrong("the central directory has fewer members than the end record says"));
    }
    let mut raw_name = vec![0u8; usize::from(head.u16(28))];
    let mut extra = vec![0u8; usize::from(head.u16(30))];
    let mut comment = vec![0u8; usize::from(head.u16(32))];
    for part in [&mut raw_name, &mut extra, &mut comment] {
        reader.read_exact(part).map_err(|e| cut(&e))?;
    }
    let (mut wide, second_name) = (Wide::of(&extra)?, fields(&extra).any(|field| field.is_ok_and(|(id, _)| id == UNICODE_PATH)));
    let member = Member {
        name: String::from_utf8_lossy(&raw_name).into_owned(),
        method: head.u16(10),
        crc32: head.u32(16),
        size: wide.or(head.u32(24))?,
        packed: wide.or(head.u32(20))?,
        offset: wide.or(head.u32(42))?,
        // Made by Unix (3) or macOS (19): the upper half of the external attributes is the mode.
        mode: if matches!(head.u16(4) >> 8, 3 | 19) { head.u16(40) } else { 0 },
        flags: head.u16(8),
        raw_name,
        directory,
        second_name,
    };
    if member.offset >= directory { Err(wrong("a member lies behind the central directory")) } else { Ok(member) }
}

/// The 64-bit values of a member (APPNOTE, section 4.5.3), taken in their order, one for each 32-bit field that is full.
struct Wide<'a>(&'a [u8]);

impl<'a> Wide<'a> {
    fn of(extra: &'a [u8]) -> Result<Self> {
        let mut found = None;
        for field in fields(extra) {
            let (id, body) = field?;
            if id == WIDE && found.replace(body).is_some() {
                return Err(wrong("a member has two 64-bit extra fields"));
            }
        }
        Ok(Self(found.unwrap_or_default()))
    }

    fn or(&mut self, narrow: u32) -> Result<u64> {
        if narrow != u32::MAX {
            return Ok(u64::from(narrow));
        }
        let (value, rest) = self.0.split_first_chunk::<8>().ok_or_else(|| wrong("a 64-bit value is missing"))?;
        self.0 = rest;
        Ok(u64::from_le_bytes(*value))
    }
}

/// The extra fields of a header: their kind and their bytes. Fewer than four bytes at the end are padding.
fn fields(mut extra: &[u8]) -> impl Iterator<Item = Result<(u16, &[u8])>> {
    std::iter::from_fn(move || {
        let [a, b, c, d, rest @ ..] = extra else { return None };
        let length = usize::from(u16::from_le_bytes([*c, *d]));
        let Some(body) = rest.get(..length) else {
            extra = &[];
            return Some(Err(wrong("an extra field is cut short")));
        };
        extra = &rest[length..];
        Some(Ok((u16::from_le_bytes([*a, *b]), body)))
    })
}

/// A fixed record of little-endian fields.
struct Fields<const N: usize>([u8; N]);

impl<const N: usize> Fields<N> {
    fn read(reader: &mut (impl Read + ?Sized)) -> Result<Self> {
        let mut bytes = [0u8; N];
        reader.read_exact(&mut bytes).map_err(|e| cut(&e))?;
        Ok(Self(bytes))
    }

    fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes(self.0[at..at + 2].try_into().expect("two bytes"))
    }

    fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.0[at..at + 4].try_into().expect("four bytes"))
    }

    fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.0[at..at + 8].try_into().expect("eight bytes"))
    }
}

pub(super) fn wrong(why: &str) -> Error {
    Error::verification(why.to_owned())
}

pub(super) fn cut(error: &std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::UnexpectedEof => wrong("the archive is cut short"),
        _ => Error::io("the archive cannot be read", error),
    }
}

#[cfg(test)]
mod tests {
    use super::{LOCAL, Member, local_header};
    use crate::artifact::InMemory;

    /// What a member's bytes mean must not depend on a key, on another file, or on a directory that is masked.
    #[test]
    fn members_that_are_encrypted_or_patched_are_refused() {
        let judged = |flags: u16| {
            let mut bytes = LOCAL.to_le_bytes().to_vec();
            bytes.resize(30, 0);
            bytes[6..8].copy_from_slice(&flags.to_le_bytes());
            bytes[26] = 1;
            bytes.push(b'a');
            let member = Member {
                name: "a".to_owned(),
                method: 0,
                crc32: 0,
                packed: 0,
                size: 0,
                mode: 0,
                flags,
                raw_name: b"a".to_vec(),
                offset: 0,
                directory: bytes.len() as u64,
                second_name: false,
            };
            (local_header(&mut InMemory::new(bytes), &member).map_err(|e| e.message().to_owned()), member.is_encrypted())
        };
        for flags in [0, 1 << 1 | 1 << 2, 1 << 3, 1 << 11] {
            assert_eq!(judged(flags), (Ok(31), false), "{flags:#06x}");
        }
        for flag in [0, 5, 6, 13] {
            for flags in [1 << flag, 1 << flag | 1 << 11] {
                assert_eq!(judged(flags), (Err("the member is encrypted".to_owned()), true), "{flags:#06x}");
            }
        }
    }
}
