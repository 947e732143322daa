//! What a `.conda` archive says of itself: `info/about.json`, behind a zip that stores two tars compressed with zstd (CEP 35).
//!
//! Only for descriptions: what is not as expected is not read, and nothing is said then. Archives of the older kind, `.tar.bz2`, are
//! not opened.

use crate::artifact::BlobRead;
use serde_json::{Map, Value};
use std::io::{BufReader, Read, SeekFrom};
use std::path::Path;

/// Longest directory of a zip that is read, in bytes: it has three members.
const DIRECTORY: u64 = 64 << 10;
/// Most that is unpacked to find the document, in bytes.
const UNPACKED: u64 = 64 << 20;
/// Most files that are looked at.
const FILES: usize = 10_000;
/// Longest document, in bytes.
const DOCUMENT: u64 = 1 << 20;
/// Largest window that is unpacked with, as a power of two: 128 MiB, what the packers use at most.
const WINDOW: u32 = 27;

/// The length of a zip's end record without its comment, which conda packers do not write (APPNOTE 6.3.10, section 4.3.16).
const END: u64 = 22;
const END_MARK: &[u8] = b"PK\x05\x06";
const CENTRAL_MARK: &[u8] = b"PK\x01\x02";
const LOCAL_MARK: &[u8] = b"PK\x03\x04";

/// `info/about.json` of a package.
pub(super) fn about(mut archive: Box<dyn BlobRead>) -> Option<Map<String, Value>> {
    let (start, length) = info(&mut *archive)?;
    archive.seek(SeekFrom::Start(start)).ok()?;
    let mut unpacked = zstd::Decoder::with_buffer(BufReader::new(archive.take(length))).ok()?;
    unpacked.window_log_max(WINDOW).ok()?;
    let mut tar = tar::Archive::new(unpacked.take(UNPACKED));
    for entry in tar.entries().ok()?.take(FILES) {
        let entry = entry.ok()?;
        if entry.path().ok()? == Path::new("info/about.json") {
            let mut text = Vec::new();
            entry.take(DOCUMENT).read_to_end(&mut text).ok()?;
            return serde_json::from_slice(&text).ok();
        }
    }
    None
}

/// Where the member `info-….tar.zst` lies in a zip, and its length. It is stored as it is.
fn info(zip: &mut dyn BlobRead) -> Option<(u64, u64)> {
    let before_end = zip.size().checked_sub(END)?;
    let end = part(zip, before_end, END)?;
    let (length, start) = (u64::from(u32_at(&end, 12)?), u64::from(u32_at(&end, 16)?));
    if !end.starts_with(END_MARK) || length > DIRECTORY {
        return None;
    }
    let directory = part(zip, start, length)?;
    let mut rest = &directory[..];
    while rest.starts_with(CENTRAL_MARK) {
        let [name, extra, comment] = [28, 30, 32].map(|at| u16_at(rest, at).map(usize::from));
        let behind = 46 + name? + extra? + comment?;
        let named = rest.get(46..46 + name?)?;
        if named.starts_with(b"info-") && named.ends_with(b".tar.zst") && u16_at(rest, 10)? == 0 {
            let (size, offset) = (u64::from(u32_at(rest, 24)?), u64::from(u32_at(rest, 42)?));
            let head = part(zip, offset, 30)?;
            let before = 30 + u64::from(u16_at(&head, 26)?) + u64::from(u16_at(&head, 28)?);
            return head.starts_with(LOCAL_MARK).then_some((offset + before, size));
        }
        rest = rest.get(behind..)?;
    }
    None
}

fn part(from: &mut dyn BlobRead, start: u64, length: u64) -> Option<Vec<u8>> {
    from.seek(SeekFrom::Start(start)).ok()?;
    let mut bytes = Vec::new();
    from.take(length).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 == length).then_some(bytes)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().ok().map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
}
