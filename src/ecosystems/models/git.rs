//! Names that git gives to contents, and the text that stands in a git tree for a large file.

use crate::artifact::Digest;
use sha1::{Digest as _, Sha1};

/// The first words of every pointer (Git LFS specification, "The Pointer").
pub(super) const POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";

/// The name of a blob in git: SHA-1 over `blob <length>`, a zero byte, and the content; 40 lower-case hex digits.
pub(super) fn blob_sha1(content: &[u8]) -> String {
    let mut hasher = Sha1::new();
    hasher.update(format!("blob {}\0", content.len()));
    hasher.update(content);
    data_encoding::HEXLOWER.encode(hasher.finalize().as_slice())
}

/// A name for exactly these files, by path, in the form of a commit: for those that no hub has as one.
pub(super) fn made_commit<'a>(files: impl Iterator<Item = (&'a str, &'a Digest)>) -> String {
    let lines: String = files.map(|(path, digest)| format!("{} {path}\n", digest.hex())).collect();
    blob_sha1(lines.as_bytes())
}

/// The pointer of a large file (Git LFS specification, version 1, without extensions).
pub(super) fn pointer(digest: &Digest, size: u64) -> String {
    format!("version https://git-lfs.github.com/spec/v1\noid {digest}\nsize {size}\n")
}

/// What a pointer points to, whatever else it holds (lines of `key value`; extensions, other line ends, older versions).
#[cfg(feature = "upstream")]
pub(super) fn points_to(pointer: &[u8]) -> Option<(Digest, u64)> {
    let text = std::str::from_utf8(pointer).ok().filter(|text| text.starts_with("version "))?;
    let value = |key: &str| {
        let mut values = text.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix(' '));
        values.next().filter(|_| values.next().is_none())
    };
    Some((value("oid")?.trim().parse().ok()?, value("size")?.trim().parse().ok()?))
}

/// Whether text is a git object name as this hub writes it: 40 lower-case hex digits.
pub(super) fn is_object_name(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}
