//! What an archive says of itself, in its folder `info/`: in a `.conda`, behind a zip that stores two tars compressed with zstd (CEP 35);
//! in the older kind, `.tar.bz2`, before everything else.
//!
//! Only for descriptions: what is not as expected is not read, and nothing is said then.

use crate::artifact::BlobRead;
use crate::report::{MAX_LICENCE_BYTES, recognised};
use crate::scan::zip::{local_header, walk};
use serde_json::{Map, Value};
use std::io::{BufReader, Read, SeekFrom};

/// Most that is unpacked to find the document, in bytes.
const UNPACKED: u64 = 64 << 20;
/// Most files that are looked at.
const FILES: usize = 10_000;
/// Longest document, in bytes.
const DOCUMENT: u64 = 16 << 20;
/// Largest window that is unpacked with, as a power of two: 128 MiB, what the packers use at most.
const WINDOW: u32 = 27;

/// The part that holds `info/`.
pub(super) const INFO: &str = "info";

/// The name of a part of the package whose file is called `stem.conda`.
pub(super) fn part_name(part: &str, stem: &str) -> String {
    format!("{part}-{stem}.tar.zst")
}

/// What `info/` of a package says.
#[derive(Debug, Default)]
pub(super) struct Info {
    /// `about.json`.
    pub about: Map<String, Value>,
    /// The files below `info/licenses/`, sorted, and what was recognised in each.
    pub licences: Vec<(String, Vec<String>)>,
    /// The files it installs, by `paths.json` or the older `files`.
    pub paths: Vec<String>,
    /// Whether the list of those, or the folder, was not read to its end.
    pub cut: bool,
}

/// `info/` of a package whose file has that name; `None` where there is no such folder to be read.
pub(super) fn info(mut archive: Box<dyn BlobRead>, file: &str) -> Option<Info> {
    if file.strip_suffix(".conda").is_none() {
        return folder(bzip2::bufread::MultiBzDecoder::new(BufReader::new(archive)), false);
    }
    let (start, length) = info_member(&mut *archive)?;
    archive.seek(SeekFrom::Start(start)).ok()?;
    let mut unpacked = zstd::Decoder::with_buffer(BufReader::new(archive.take(length))).ok()?;
    unpacked.window_log_max(WINDOW).ok()?;
    folder(unpacked, true)
}

/// Reads the folder within bounds. In archives of the older kind it stands in front, and the bounds may end within another file: only a tar
/// that holds nothing else must be whole.
fn folder(unpacked: impl Read, whole: bool) -> Option<Info> {
    let mut tar = tar::Archive::new(unpacked.take(UNPACKED));
    let (mut info, mut any) = (Info::default(), false);
    for (n, entry) in tar.entries().ok()?.enumerate() {
        let entry = match entry {
            Ok(entry) if n < FILES => entry,
            Err(_) if whole => return None,
            _ => {
                info.cut = true;
                break;
            }
        };
        let path = entry.path().ok()?.to_string_lossy().into_owned();
        let Some(name) = path.strip_prefix("info/") else {
            // It lies together: what comes behind it need not be unpacked.
            if info.paths.is_empty() {
                continue;
            }
            break;
        };
        any = true;
        match path.as_str() {
            "info/about.json" => info.about = serde_json::from_slice(&document(entry)?).unwrap_or_default(),
            "info/paths.json" => {
                let paths = listed(&document(entry)?);
                info.cut |= paths.is_none();
                info.paths = paths.unwrap_or_default();
            }
            "info/files" if info.paths.is_empty() => {
                let text = document(entry)?;
                info.cut |= text.len() as u64 == DOCUMENT;
                info.paths = String::from_utf8_lossy(&text).lines().map(str::to_owned).collect();
            }
            _ if name.strip_prefix("licenses/").is_some_and(|n| !n.is_empty() && !n.ends_with('/')) => {
                let mut text = Vec::new();
                // What cannot be read ends the folder with the next entry.
                let read = entry.take(MAX_LICENCE_BYTES).read_to_end(&mut text).is_ok();
                info.licences.push((path, if read { recognised(&text) } else { vec![] }));
            }
            _ => {}
        }
    }
    info.licences.sort();
    any.then_some(info)
}

fn document(entry: impl Read) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    entry.take(DOCUMENT).read_to_end(&mut text).ok()?;
    Some(text)
}

/// The paths of CEP 20.
fn listed(text: &[u8]) -> Option<Vec<String>> {
    let document: Value = serde_json::from_slice(text).ok()?;
    Some(document.get("paths")?.as_array()?.iter().filter_map(|path| path.get("_path")?.as_str().map(str::to_owned)).collect())
}

/// Where the member `info-….tar.zst` lies in a zip, and its length. It is stored as it is.
fn info_member(zip: &mut dyn BlobRead) -> Option<(u64, u64)> {
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
