//! The restricted tar of a volume (POSIX.1-1988 ustar): regular files, a closed grammar of names, fixed owner, mode and time. A header
//! is a function of name and size, so that a reader compares 512 bytes and trusts none of them.

use super::frames::Encoding;
use crate::artifact::Digest;
use crate::error::{Error, Result};
use tar::{EntryType, Header};

/// Length of a tar block and header.
pub const BLOCK: u64 = 512;
/// Most bytes of one member: what eleven octal digits hold, rounded down to whole frames.
pub const MAX_MEMBER: u64 = (1 << 33) - (1 << 22);
/// The two zero blocks that end an archive.
pub const END: u64 = 2 * BLOCK;
/// Name of the members that only align the next one.
pub const PAD: &str = ".pad";
/// Name of the member that leaves room for signatures.
pub const SPACE: &str = "sig/.space";

/// The header of a member whose name is one of the grammar.
pub fn header(name: &str, size: u64) -> [u8; 512] {
    header_of(name, size).expect("names of the grammar fit a ustar header")
}

/// The header of any name; `None` for one that a header cannot hold, such as `../x`.
fn header_of(name: &str, size: u64) -> Option<[u8; 512]> {
    let mut header = Header::new_ustar();
    header.set_path(name).ok()?;
    header.set_size(size);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_entry_type(EntryType::Regular);
    header.set_cksum();
    Some(*header.as_bytes())
}

/// Bytes that round a length up to whole blocks.
pub fn padding(size: u64) -> u64 {
    size.next_multiple_of(BLOCK) - size
}

/// A member with its header and padding takes this much.
pub fn occupied(size: u64) -> u64 {
    BLOCK + size.next_multiple_of(BLOCK)
}

/// The name of a blob's member: whole, or one of several parts (from 0).
pub fn blob_name(digest: &Digest, encoding: Encoding, part: Option<usize>) -> String {
    let hex = digest.hex();
    let ending = match encoding {
        Encoding::Stored => "",
        Encoding::Zstd => ".zst",
        Encoding::Recoded => ".recoded",
    };
    let part = part.map(|n| format!(".part{:03}", n + 1)).unwrap_or_default();
    format!("blobs/{hex}{ending}{part}")
}

/// Reads a header of the head: its name and size, after the whole block has proved to be the one header that name and size have.
pub fn parse(block: &[u8; 512], at: u64) -> Result<(String, u64)> {
    let wrong = || Error::verification("a header in the volume's head is damaged").with("at byte", at);
    let seen = Header::from_byte_slice(block);
    let size = seen.size().map_err(|_| wrong())?;
    let name = seen.path_bytes().to_vec();
    let name = String::from_utf8(name).map_err(|_| wrong())?;
    let known = size <= MAX_MEMBER && !name.is_empty() && name.len() < 100 && name.bytes().all(|b| b.is_ascii_graphic());
    if !known || header_of(&name, size).as_ref() != Some(block) {
        return Err(wrong());
    }
    Ok((name, size))
}
