//! The documents of a source distribution (PEP 625), found in a stream that may be hostile.

use std::io::{self, Read};

use flate2::read::GzDecoder;
use tar::{Archive, Entry, EntryType, PaxExtensions};
use uv_pep440::Version;
use uv_pypi_types::{PyProjectToml, ResolutionMetadata};

use super::checked::{MOST_DOCUMENT, checked};
use crate::failure::{Failure, FailureKind};
use crate::inputs::too_deep;

/// Most bytes that are unpacked in search of the documents.
const MOST_UNPACKED: u64 = 4 << 30;
/// Most members that are looked at.
const MOST_MEMBERS: usize = 1_000_000;
/// Longest extension header (a long name, PAX records) and longest `pyproject.toml`, in bytes.
const LONGEST: u64 = 1 << 20;

/// What was found. Members further back are not looked at once static metadata was met.
#[derive(Default)]
pub(crate) struct Found {
    pkg_info: Option<Vec<u8>>,
    pyproject: Option<Vec<u8>>,
}

impl Found {
    /// The metadata, if it can be known without running anything: from PKG-INFO (PEP 643) or the
    /// project table (PEP 621).
    pub(crate) fn metadata(&self, version: Option<&Version>) -> Option<ResolutionMetadata> {
        self.static_pkg_info().or_else(|| {
            let text = std::str::from_utf8(self.pyproject.as_deref()?).ok().filter(|text| !too_deep(text))?;
            let project = PyProjectToml::from_toml(text, "pyproject.toml").ok()?;
            ResolutionMetadata::parse_pyproject_toml(project, version).ok()
        })
    }

    fn static_pkg_info(&self) -> Option<ResolutionMetadata> {
        ResolutionMetadata::parse_pkg_info(self.pkg_info.as_deref()?).ok()
    }

    fn enough(&self) -> bool {
        self.static_pkg_info().is_some() || (self.pkg_info.is_some() && self.pyproject.is_some())
    }
}

/// The text of `NAME-VERSION/pyproject.toml` in a `.tar.gz` archive, empty where there is none.
///
/// # Errors
///
/// [`FailureKind::Malformed`] for what is not such an archive, or goes over a bound.
pub fn pyproject_of_sdist(archive: &mut dyn Read) -> Result<String, Failure> {
    let malformed = |why: &str| Failure::new(FailureKind::Malformed, format!("the archive cannot be read: {why}"));
    let found = walk(archive, |found| found.pyproject.is_some()).map_err(|why| malformed(&why))?;
    String::from_utf8(found.pyproject.unwrap_or_default()).map_err(|_| malformed("pyproject.toml is not UTF-8"))
}

/// The documents of a `.tar.gz` archive.
pub(crate) fn scan(archive: &mut dyn Read) -> Result<Found, String> {
    walk(archive, Found::enough)
}

fn walk(archive: &mut dyn Read, enough: impl Fn(&Found) -> bool) -> Result<Found, String> {
    let told = |error: io::Error| error.to_string();
    let mut unpacked = Bounded { inner: GzDecoder::new(archive), left: MOST_UNPACKED };
    let mut archive = Archive::new(&mut unpacked);
    let mut found = Found::default();
    let mut long_name = None;
    // Raw: the reader would else take extension headers into memory whole, however long they are.
    for (at, entry) in archive.entries().map_err(told)?.raw(true).enumerate() {
        let mut entry = entry.map_err(told)?;
        if at == MOST_MEMBERS {
            return Err(format!("more than {MOST_MEMBERS} members"));
        }
        let kind = entry.header().entry_type();
        if extends(kind) {
            let bytes = bounded(&mut entry, LONGEST).map_err(|_| "an extension header is longer than 1 MiB".to_owned())?;
            long_name = name_in(kind, &bytes).or(long_name);
            continue;
        }
        let name = long_name.take().unwrap_or_else(|| entry.path_bytes().into_owned());
        if kind.is_file() {
            keep(&mut found, &name, &mut entry)?;
        }
        if enough(&found) {
            break;
        }
    }
    Ok(found)
}

/// Keeps one of the two documents at the top of the archive's one folder; the first counts.
fn keep(found: &mut Found, name: &[u8], entry: &mut Entry<'_, impl Read>) -> Result<(), String> {
    let mut parts = name.split(|byte| *byte == b'/').filter(|part| !matches!(part, [] | [b'.']));
    match (parts.next(), parts.next(), parts.next()) {
        (Some(_), Some(b"PKG-INFO"), None) if found.pkg_info.is_none() => {
            let bytes = bounded(entry, MOST_DOCUMENT).map_err(|error| format!("PKG-INFO: {error}"))?;
            checked(&bytes).map_err(|why| format!("PKG-INFO: {why}"))?;
            found.pkg_info = Some(bytes);
        }
        (Some(_), Some(b"pyproject.toml"), None) if found.pyproject.is_none() => {
            found.pyproject = Some(bounded(entry, LONGEST).map_err(|error| format!("pyproject.toml: {error}"))?);
        }
        _ => {}
    }
    Ok(())
}

fn extends(kind: EntryType) -> bool {
    kind.is_gnu_longname() || kind.is_gnu_longlink() || kind.is_pax_local_extensions() || kind.is_pax_global_extensions()
}

/// The name that an extension header gives to the member after it.
fn name_in(kind: EntryType, bytes: &[u8]) -> Option<Vec<u8>> {
    if kind.is_gnu_longname() {
        return Some(bytes.split(|byte| *byte == 0).next().unwrap_or_default().to_vec());
    }
    if !kind.is_pax_local_extensions() {
        return None;
    }
    let path = PaxExtensions::new(bytes).filter_map(Result::ok).find(|record| record.key_bytes() == b"path")?;
    Some(path.value_bytes().to_vec())
}

fn bounded(entry: &mut impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    entry.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(io::Error::other(format!("longer than {most} bytes"))) } else { Ok(bytes) }
}

/// A reader that fails after so many bytes, where `take` would seem to end.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.left =
            self.left.checked_sub(length as u64).ok_or_else(|| io::Error::other(format!("unpacks to more than {MOST_UNPACKED} bytes")))?;
        Ok(length)
    }
}
