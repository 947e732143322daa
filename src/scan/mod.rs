//! Strict readers that lint what is carried: bytes in, findings out, nothing executed, nothing unpacked to a file.
//!
//! In: the bytes of a blob, whose digest is right but whose maker may be hostile. Out: [`Findings`], each by one of the [`rules`]. A
//! strict reader takes only what every reader understands in one way; where two readings are possible it says so. All of them stream,
//! are linear in what they read, and stop at bounds, which is a finding too: what was not looked at is never called clean. Rooms call
//! them from `scan_blob`, where they know more of a format than its form, and read single members with them. No module of this noun knows
//! an ecosystem: rules speak of archives, lists and names.

mod budget;
mod coders;
pub mod confine;
mod finding;
pub mod hooks;
pub mod listing;
mod members;
pub mod names;
mod packing;
pub mod pickle;
pub mod rules;
mod secrets;
pub mod tar;
pub mod tensors;
pub mod zip;

pub use finding::{Finding, Findings, Profile, Severity};
pub use packing::{Packing, unpacked};

use crate::artifact::BlobRead;
use crate::error::{Error, Result};
use std::io::{BufRead, Read, SeekFrom};

/// Lints a blob as what its bytes say it is: a zip, a tar packed or not, a packed file, or a file.
pub fn by_content(blob: &mut dyn BlobRead, profile: Profile, found: &mut Findings) -> Result<()> {
    let mut start = Vec::new();
    peek(blob, &mut start)?;
    found.begin(blob.size());
    found.within(profile, "", |found| match start[..] {
        [b'P', b'K', 3, 4] | [b'P', b'K', 5, 6] => zip::lint(blob, found, &mut |_, _| Ok(())),
        _ => unpacked(Packing::of(&start), blob.size(), blob, "", found, |stream, found| stream_by_content(stream, found)),
    })
}

/// Lints a blob as the zip that it is known to be, whatever stands at its beginning: readers look for the end of one.
pub fn as_zip(blob: &mut dyn BlobRead, profile: Profile, found: &mut Findings) -> Result<()> {
    found.begin(blob.size());
    found.within(profile, "", |found| zip::lint(blob, found, &mut |_, _| Ok(())))
}

/// Lints a blob as the tar, packed or not, that it is known to be.
pub fn as_tar(blob: &mut dyn BlobRead, profile: Profile, found: &mut Findings) -> Result<()> {
    let mut start = Vec::new();
    peek(blob, &mut start)?;
    found.begin(blob.size());
    found.within(profile, "", |found| {
        unpacked(Packing::of(&start), blob.size(), blob, "", found, |stream, found| tar::lint(stream, found, &mut |_, _| Ok(())))
    })
}

/// The first four bytes of a blob, which is at its beginning again afterwards.
fn peek(blob: &mut dyn BlobRead, start: &mut Vec<u8>) -> Result<()> {
    let unreadable = |e: std::io::Error| Error::io("a blob cannot be read", &e);
    blob.take(4).read_to_end(start).map_err(unreadable)?;
    blob.seek(SeekFrom::Start(0)).map(|_| ()).map_err(unreadable)
}

/// A stream that was unpacked, or never packed: a tar, or any file.
fn stream_by_content(stream: &mut dyn BufRead, found: &mut Findings) -> Result<()> {
    let mut start = Vec::new();
    if let Err(error) = stream.take(512).read_to_end(&mut start) {
        return finding::settle(Err(error.into()), "", found);
    }
    let is_tar = tar::begins(&start);
    let mut whole = start.chain(stream);
    if is_tar {
        return tar::lint(&mut whole, found, &mut |_, _| Ok(()));
    }
    let looked = secrets::look_through(&mut whole, found);
    finding::settle(looked, "", found)
}
