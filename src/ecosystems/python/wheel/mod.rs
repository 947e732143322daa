//! The METADATA document of a wheel, taken out of it on demand (core metadata specification, PEP 427, PEP 658).
//!
//! In: the bytes of a wheel, from whoever made it, and its file name. Out: METADATA, byte for byte, or a refusal. `serve` offers it to
//! clients, `describe` reads licences from it. Memory is bounded by the document's own cap, whatever the archive claims; reading is
//! bounded by the archive's length. Where two readers of zip archives could see two different documents, the wheel is refused: there
//! is exactly one `*.dist-info/METADATA` and it belongs to the project that the file name says. It never extracts to a file, and it
//! never looks at any other member.

#[cfg(test)]
mod tests;

use super::filename::wheel_parts;
use super::version;
use crate::artifact::BlobRead;
use crate::ecosystems::core_metadata::normalised;
use crate::error::{Error, Result};
use crate::scan::zip::{self, Member};

/// Longest METADATA that is taken out, in bytes; the largest seen have some 500 KB.
pub const MOST_METADATA: u64 = 4 << 20;

/// The METADATA of the wheel of that file name.
pub fn metadata(filename: &str, wheel: &mut dyn BlobRead) -> Result<Vec<u8>> {
    let refused = |e: Error| e.about(format!("{filename:.255}: its METADATA cannot be read"));
    let (name, version) = wheel_parts(filename).ok_or_else(|| refused(Error::verification("not the file name of a wheel")))?;
    let member = only_metadata(wheel).map_err(refused)?;
    let folder = member.name.strip_suffix(".dist-info/METADATA").unwrap_or_default();
    let (found_name, found_version) = folder.split_once('-').unwrap_or((folder, ""));
    let same_name = normalised(found_name).is_some_and(|found| Some(found) == normalised(name));
    let same_version = version::key(found_version).is_some_and(|found| Some(found) == version::key(version));
    if !(same_name && same_version) {
        let error = Error::verification("it belongs to another project or version").with("found", format!("{folder:.255}"));
        return Err(refused(error));
    }
    unpacked(&member, wheel).map_err(refused)
}

/// The one member that is a project's METADATA.
fn only_metadata(wheel: &mut dyn BlobRead) -> Result<Member> {
    let mut found: Option<Member> = None;
    let mut more = false;
    zip::walk(wheel, |member| {
        if could_be_metadata(&member.name) {
            more |= found.replace(member).is_some();
        }
    })?;
    match found {
        Some(member) if !more => Ok(member),
        Some(_) => Err(Error::verification("the wheel has more than one *.dist-info/METADATA")),
        None => Err(Error::verification("the wheel has no *.dist-info/METADATA")),
    }
}

/// Whether any reader on any system could take the name for that of the METADATA: some end names at NUL, some take backslashes for
/// slashes, some file systems ignore case. A name that needs such reading then fails as that of another project.
fn could_be_metadata(name: &str) -> bool {
    let name = name.split('\0').next().unwrap_or_default().replace('\\', "/").to_ascii_lowercase();
    let name = name.trim_start_matches("./").trim_start_matches('/');
    name.strip_suffix(".dist-info/metadata").is_some_and(|folder| !folder.contains('/'))
}

/// A member's bytes, at most [`MOST_METADATA`] of them, compared with what the archive's directory says.
pub fn unpacked(member: &Member, wheel: &mut dyn BlobRead) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    zip::content(wheel, member, MOST_METADATA, &mut bytes)?;
    Ok(bytes)
}
