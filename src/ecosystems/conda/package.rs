//! What a `.conda` archive says of itself: `info/about.json`, behind a zip that stores two tars compressed with zstd (CEP 35).
//!
//! Only for descriptions: what is not as expected is not read, and nothing is said then. Archives of the older kind, `.tar.bz2`, are
//! not opened.

use crate::artifact::BlobRead;
use crate::scan::zip::{local_header, walk};
use serde_json::{Map, Value};
use std::io::{BufReader, Read, SeekFrom};
use std::path::Path;

/// Most that is unpacked to find the document, in bytes.
const UNPACKED: u64 = 64 << 20;
/// Most files that are looked at.
const FILES: usize = 10_000;
/// Longest document, in bytes.
const DOCUMENT: u64 = 1 << 20;
/// Largest window that is unpacked with, as a power of two: 128 MiB, what the packers use at most.
const WINDOW: u32 = 27;

/// The part that holds `info/`.
pub(super) const INFO: &str = "info";

/// The name of a part of the package whose file is called `stem.conda`.
pub(super) fn part_name(part: &str, stem: &str) -> String {
    format!("{part}-{stem}.tar.zst")
}

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
    let mut found = None;
    walk(zip, |member| {
        let named = member.name.strip_prefix("info-").is_some_and(|rest| rest.ends_with(".tar.zst"));
        if named && member.method == 0 {
            found.get_or_insert(member);
        }
    })
    .ok()?;
    let member = found?;
    local_header(zip, &member).ok().map(|start| (start, member.packed))
}
