//! Where records come from: an archive as ecosystems are published in (`all.zip`), or a folder of records. Bounded, and streamed.

use super::format::LONGEST_RECORD;
use crate::artifact::BlobRead;
use crate::error::{Error, Result, shown};
use crate::scan::zip::{content, walk};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Most records of one archive or folder.
pub const MOST_RECORDS: usize = 1_000_000;
/// Most bytes of all records of one archive or folder together.
pub const MOST_BYTES: u64 = 8 << 30;

/// Hands every record of an archive to `each`, with its name: `what` names the archive in errors.
pub fn archive(what: &str, archive: &mut dyn BlobRead, mut each: impl FnMut(&str, &[u8]) -> Result<()>) -> Result<()> {
    let mut members = Vec::new();
    walk(archive, |member| members.push(member)).map_err(|e| e.about(what).hint("take the archive anew"))?;
    members.retain(|member| member.name.rsplit_once('.').is_some_and(|(_, extension)| extension == "json"));
    let total = members.iter().fold(0u64, |sum, member| sum.saturating_add(member.size));
    bounded(what, members.len(), total)?;
    let mut bytes = Vec::new();
    for member in &members {
        let named = format!("{what}: {:.200}", member.name);
        content(archive, member, LONGEST_RECORD, &mut bytes).map_err(|e| e.about(&named).hint("take the archive anew"))?;
        each(&named, &bytes)?;
    }
    Ok(())
}

fn bounded(what: &str, records: usize, bytes: u64) -> Result<()> {
    if records > MOST_RECORDS || bytes > MOST_BYTES {
        let error = Error::verification(format!("{what}: too much for one snapshot of advisories"));
        let expected = format!("at most {MOST_RECORDS} records of together {MOST_BYTES} bytes");
        return Err(error.with("expected", expected).with("found", format!("{records} records, {bytes} bytes")));
    }
    Ok(())
}

fn too_long(found: u64) -> Error {
    Error::verification("the record is too long").with("expected", format!("at most {LONGEST_RECORD} bytes")).with("found", found)
}

/// Hands every record of a folder to `each`, in the order of their names. Folders within are not looked into, links are refused.
pub fn folder(folder: &Path, mut each: impl FnMut(&str, &[u8]) -> Result<()>) -> Result<()> {
    let what = shown(folder);
    let unreadable = |e: std::io::Error| Error::io(format!("{what} cannot be read"), &e);
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            paths.push(path);
        }
        bounded(&what, paths.len(), 0)?;
    }
    paths.sort();
    let mut total = 0u64;
    for path in &paths {
        let bytes = whole(path)?;
        total = total.saturating_add(bytes.len() as u64);
        bounded(&what, paths.len(), total)?;
        each(&shown(path), &bytes)?;
    }
    Ok(())
}

fn whole(path: &Path) -> Result<Vec<u8>> {
    let what = shown(path);
    let unreadable = |e: std::io::Error| Error::io(format!("{what} cannot be read"), &e);
    if !path.symlink_metadata().map_err(unreadable)?.is_file() {
        return Err(Error::verification(format!("{what} is not a plain file")));
    }
    let mut bytes = Vec::new();
    File::open(path).map_err(unreadable)?.take(LONGEST_RECORD + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LONGEST_RECORD { Err(too_long(bytes.len() as u64).about(what)) } else { Ok(bytes) }
}
