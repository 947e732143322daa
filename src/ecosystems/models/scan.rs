//! Lints: archives as what they are, and what runs something when it is loaded. Nothing is loaded here.

use super::format::{Format, LOOKED_AT, MOST_LOOKED_AT, Sight, recognise};
use crate::artifact::{Artifact, BlobRead, Descriptor};
use crate::error::{Error, Result};
use crate::scan::{self, Findings, Profile, rules, zip};
use std::io::{Read, SeekFrom};

/// Most members of an archive that are told of.
const MOST: usize = 100;

/// Looks into one file.
pub(super) fn blob(_: &Artifact, _: &Descriptor, bytes: &mut dyn BlobRead, found: &mut Findings) -> Result<()> {
    let unreadable = |e: std::io::Error| Error::io("a blob cannot be read", &e);
    let size = bytes.size();
    let sight = look(bytes, size).map_err(unreadable)?;
    bytes.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    if !matches!(sight, Sight::Is(Format::Zip | Format::PickleInZip)) {
        tell("", sight, found);
        return scan::by_content(bytes, Profile::Tree, found);
    }
    let mut members = Vec::new();
    zip::lint(bytes, found, &mut |member, content| {
        // A member that cannot be read is told of by whoever hands it out.
        let sight = look(content, member.size).unwrap_or(Sight::Other);
        if members.len() < MOST && !matches!(sight, Sight::Other) {
            members.push((member.name.clone(), sight));
        }
        Ok(())
    })?;
    members.into_iter().for_each(|(member, sight)| tell(&member, sight, found));
    Ok(())
}

/// What a file is by its beginning: as much of it is read as tells, within a bound.
fn look(bytes: &mut (impl Read + ?Sized), size: u64) -> std::io::Result<Sight> {
    let (mut start, mut wanted) = (Vec::new(), LOOKED_AT as u64);
    loop {
        bytes.take(wanted - start.len() as u64).read_to_end(&mut start)?;
        match recognise(&start, size) {
            Sight::Unsure(further) if further.min(MOST_LOOKED_AT) > start.len() as u64 && start.len() as u64 == wanted => {
                wanted = further.min(MOST_LOOKED_AT);
            }
            sight => return Ok(sight),
        }
    }
}

fn tell(place: &str, sight: Sight, found: &mut Findings) {
    match sight {
        Sight::Is(format) if format.carries_pickle() => found.add(rules::RUNS_CODE, place, format.name()),
        Sight::Unsure(_) => {
            found.add(rules::NOT_EXAMINED, place, "its beginning does not tell whether it runs something when it is loaded")
        }
        Sight::Is(_) | Sight::Other => {}
    }
}
