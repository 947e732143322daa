//! Provenance files: a clear-signed message (RFC 9580, section 7) around `Chart.yaml` and the digests of the archive.
//!
//! What is read here is whether the file speaks of this archive. Whose signature it carries is judged by the keys of a policy, and by clients
//! with their own keyring.

use crate::artifact::Digest;
use crate::error::{Error, Result};

/// Longest provenance file, in bytes.
pub(super) const MOST_PROVENANCE_BYTES: usize = 1 << 20;
/// The first line of a clear-signed message.
const BEGIN: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
/// Where the message ends and its signature begins.
const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";

/// Whether bytes are a clear-signed message at all: some servers answer every address with a page.
pub(super) fn is_signed(bytes: &[u8]) -> bool {
    bytes.windows(BEGIN.len()).any(|window| window == BEGIN.as_bytes())
}

/// The SHA-256 that a provenance file names for an archive of that name, if it speaks of one; its signature is not looked at.
fn digest(provenance: &[u8], file: &str) -> Result<Option<Digest>> {
    let wrong = |why: &str| Error::verification(format!("{file:.200}.prov is refused: {why}"));
    if provenance.len() > MOST_PROVENANCE_BYTES {
        return Err(wrong("it is too long"));
    }
    let text = std::str::from_utf8(provenance).map_err(|e| wrong("it is not text").because(&e))?;
    let lines = text.lines().map(str::trim_end);
    let mut message = lines.skip_while(|line| *line != BEGIN).skip(1).take_while(|line| *line != SIGNATURE).peekable();
    if message.peek().is_none() {
        return Err(wrong("it is not a clear-signed message"));
    }
    if !text.lines().any(|line| line.trim_end() == SIGNATURE) {
        return Err(wrong("it has no signature"));
    }
    named(message, file)
}

/// The SHA-256 that the lines of a message name for an archive of that name, if they speak of one: after the end of the first document stands
/// the list of files, as YAML of two levels.
pub(super) fn named<'a>(message: impl Iterator<Item = &'a str>, file: &str) -> Result<Option<Digest>> {
    let wrong = |why: &str| Error::verification(format!("{file:.200}.prov is refused: {why}"));
    let mut files = message.skip_while(|line| *line != "...").skip(1).skip_while(|line| *line != "files:").skip(1);
    let mut found = None;
    for line in files.by_ref().take_while(|line| line.starts_with(' ')) {
        let Some((name, value)) = line.trim().rsplit_once(": ") else { continue };
        let (name, value) = (name.trim_matches(['"', '\'']), value.trim_matches(['"', '\'', ' ']));
        if name == file {
            if found.is_some() {
                return Err(wrong("it names the archive twice"));
            }
            found = Some(value.parse::<Digest>().map_err(|e| wrong("the digest it names is malformed").because(&e))?);
        }
    }
    Ok(found)
}

/// Refuses a provenance file of another archive; false where it speaks of another file name, under which no client would find it.
pub(super) fn check(provenance: &[u8], file: &str, archive: Digest) -> Result<bool> {
    let Some(named) = digest(provenance, file)? else { return Ok(false) };
    if named == archive {
        return Ok(true);
    }
    Err(Error::verification(format!("{file:.200}: the archive is not the one its provenance file was made for"))
        .with("expected", named)
        .with("found", archive))
}
