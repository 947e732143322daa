//! The grammar of distribution file names, and whether a file is what it is listed as (PEP 427, PEP 625).

use super::version;
use crate::ecosystems::core_metadata::normalised;
use crate::error::{Error, Result};

/// Longest file name, in bytes: what file systems allow.
const LONGEST: usize = 255;

/// What sort of distribution a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A built distribution (`.whl`).
    Wheel,
    /// A source distribution (`.tar.gz`, or the older `.zip`).
    Sdist,
}

impl Kind {
    /// The kind a file name stands for.
    pub fn of(filename: &str) -> Option<Self> {
        let wheel = filename.strip_suffix(".whl").map(|_| Self::Wheel);
        wheel.or_else(|| sdist_stem(filename).map(|_| Self::Sdist))
    }

    /// The media type of the file's bytes.
    pub fn media_type(self, filename: &str) -> &'static str {
        match self {
            Self::Sdist if filename.strip_suffix(".zip").is_none() => "application/gzip",
            _ => "application/zip",
        }
    }
}

/// The parts of a wheel's file name that name what is in it: project and version as they are spelt there.
pub fn wheel_parts(filename: &str) -> Option<(&str, &str)> {
    let stem = filename.strip_suffix(".whl").filter(|_| clean(filename))?;
    let parts: Vec<&str> = stem.split('-').collect();
    if parts.iter().any(|part| part.is_empty()) {
        return None;
    }
    match parts[..] {
        [name, version, _, _, _] => Some((name, version)),
        [name, version, build, _, _, _] if build.starts_with(|c: char| c.is_ascii_digit()) => Some((name, version)),
        _ => None,
    }
}

/// Refuses a file whose name says another project or version than the one it is listed under.
pub fn check(filename: &str, name: &str, version: &str) -> Result<Kind> {
    let refused = |why: &str| {
        Error::verification(format!("{filename:.255}: {why}"))
            .with("listed as", format!("{name:.255} {version:.255}"))
            .hint("the index is wrong or hostile; choose another version or another index")
    };
    let kind =
        Kind::of(filename).filter(|_| clean(filename)).ok_or_else(|| refused("not the file name of a wheel or source distribution"))?;
    let wanted = (normalised(name), version::key(version));
    let same = |found: (&str, &str)| wanted.0.is_some() && wanted.1.is_some() && (normalised(found.0), version::key(found.1)) == wanted;
    let matches = match kind {
        Kind::Wheel => same(wheel_parts(filename).ok_or_else(|| refused("not the file name of a wheel (PEP 427)"))?),
        Kind::Sdist => {
            let stem = sdist_stem(filename).unwrap_or_default();
            // Older names have dashes in the project part and in the version: any cut may be the right one.
            stem.match_indices('-').any(|(at, _)| same((&stem[..at], &stem[at + 1..])))
        }
    };
    if matches { Ok(kind) } else { Err(refused("the file name says another project or version")) }
}

fn sdist_stem(filename: &str) -> Option<&str> {
    filename.strip_suffix(".tar.gz").or_else(|| filename.strip_suffix(".zip"))
}

fn clean(filename: &str) -> bool {
    filename.len() <= LONGEST && filename.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.+!".contains(&b))
}
