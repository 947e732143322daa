//! Reads a chart archive: a gzipped tar with one folder, everything bounded, nothing written anywhere.
//!
//! In: the bytes of a `.tgz` or a reader of them. Out: names below the chart's folder, and contents. Links, absolute names, `..`,
//! back slashes, doubled names and `Chart.yaml` outside a folder are refused, and so is an archive that unpacks to more than it may.

#[cfg(test)]
mod tests;

use crate::error::{Error, Result};
use flate2::read::MultiGzDecoder;
use std::collections::BTreeSet;
use std::io::Read;
use tar::EntryType;

/// What a chart with all charts inside it may unpack to, in bytes: Helm's own bound.
pub const MAX_UNPACKED: u64 = 100 << 20;
/// How large one file of a chart may be, in bytes.
pub const MAX_FILE: u64 = 32 << 20;
/// How many entries an archive may have.
pub const MAX_ENTRIES: usize = 50_000;
/// How long the name of an entry may be.
const MAX_NAME: usize = 1_024;

/// A file of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path below the chart's folder, with slashes.
    pub name: String,
    /// Its bytes, without a byte order mark.
    pub data: Vec<u8>,
}

/// What may still be unpacked, over an archive and those inside it.
#[derive(Debug)]
pub struct Budget {
    bytes: u64,
    entries: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { bytes: MAX_UNPACKED, entries: MAX_ENTRIES }
    }
}

/// The files of an archive called `name` in messages.
pub fn read(name: &str, archive: impl Read, budget: &mut Budget) -> Result<Vec<File>> {
    let damaged = |what: &str, e: &std::io::Error| Error::verification(format!("{name}: {what}")).because(e);
    // One byte more than allowed is read at most, whatever the headers claim.
    let bounded = MultiGzDecoder::new(archive).take(budget.bytes.saturating_add(16 << 20));
    let mut tar = tar::Archive::new(bounded);
    let (mut files, mut seen) = (vec![], BTreeSet::new());
    for entry in tar.entries().map_err(|e| damaged("not a chart archive (a gzipped tar)", &e))? {
        let mut entry = entry.map_err(|e| damaged("the archive is damaged", &e))?;
        budget.entries = budget.entries.checked_sub(1).ok_or_else(|| too_much(name, &format!("more than {MAX_ENTRIES} entries")))?;
        let kind = entry.header().entry_type();
        if matches!(kind, EntryType::Directory | EntryType::XGlobalHeader | EntryType::XHeader) {
            continue;
        }
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if kind != EntryType::Regular && kind != EntryType::Continuous && kind != EntryType::GNUSparse {
            return Err(illegal(name, &path, "a chart has plain files only, no links and no devices"));
        }
        let inner = below_root(name, &path)?;
        let data = contents(name, &path, &mut entry, budget)?;
        if !seen.insert(inner.clone()) {
            return Err(illegal(name, &path, "the archive has this file twice"));
        }
        files.push(File { name: inner, data });
    }
    if files.is_empty() {
        return Err(Error::verification(format!("{name}: no files in the chart archive")));
    }
    Ok(files)
}

fn contents(name: &str, path: &str, entry: &mut impl Read, budget: &mut Budget) -> Result<Vec<u8>> {
    let allowed = budget.bytes.min(MAX_FILE);
    let mut data = vec![];
    let read = entry.take(allowed + 1).read_to_end(&mut data);
    let length = read.map_err(|e| Error::verification(format!("{name}: {path}: the archive is damaged")).because(&e))? as u64;
    if length > allowed {
        let bound = if allowed == MAX_FILE {
            format!("a file of more than {MAX_FILE} bytes, {path}")
        } else {
            format!("more than {MAX_UNPACKED} bytes")
        };
        return Err(too_much(name, &bound));
    }
    budget.bytes -= length;
    if data.starts_with(b"\xEF\xBB\xBF") {
        data.drain(..3);
    }
    Ok(data)
}

/// The path below the archive's one folder.
fn below_root(name: &str, path: &str) -> Result<String> {
    if path.len() > MAX_NAME {
        return Err(illegal(name, &path[..path.floor_char_boundary(80)], "the name is too long"));
    }
    if path.contains(['\\', '\0']) || path.starts_with('/') || path.as_bytes().get(1) == Some(&b':') {
        return Err(illegal(name, path, "the name leaves the archive"));
    }
    let parts: Vec<&str> = path.split('/').filter(|p| !matches!(*p, "" | ".")).collect();
    if parts.contains(&"..") {
        return Err(illegal(name, path, "the name leaves the archive"));
    }
    match parts.split_first() {
        Some((_, [])) | None => Err(illegal(name, path, "a chart lies in a folder of the archive")),
        Some((_, inner)) => Ok(inner.join("/")),
    }
}

fn illegal(name: &str, path: &str, why: &str) -> Error {
    Error::verification(format!("{name}: illegal entry in the chart archive: {why}")).with("found", path)
}

fn too_much(name: &str, what: &str) -> Error {
    Error::verification(format!("{name}: the chart archive unpacks to {what}"))
        .hint("a chart of this size is no chart; it is refused unread")
}
