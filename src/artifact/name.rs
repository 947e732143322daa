//! The grammar that every name must satisfy before it is printed, stored or served. Names are data: only words become parts of a path.

use crate::error::{Error, Result};

/// Longest name, in bytes.
const LONGEST: usize = 512;

/// Longest word, in bytes.
const LONGEST_WORD: usize = 64;

/// What the volumes and the view of a bundle are called: `NAME-SEQ`, and `NAME@LINE-SEQ` on every line but `main`.
pub fn set_name(name: &str, line: &str, seq: u64) -> String {
    if line == "main" { format!("{name}-{seq}") } else { format!("{name}@{line}-{seq}") }
}

/// Refuses names that are empty, too long, carry control or bidirectional characters, backslashes, or `.`/`..` segments.
pub fn check_name(what: &str, name: &str) -> Result<()> {
    let wrong = |why: &str| Err(Error::verification(format!("{what} is refused: {why}")).with("found", format!("{name:.120}")));
    if name.is_empty() || name.len() > LONGEST {
        return wrong("it must have between 1 and 512 bytes");
    }
    if crate::error::plain(name) != name || name.contains(['\n', '\\']) {
        return wrong("it contains control, bidirectional or backslash characters");
    }
    if name.starts_with('/') || name.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
        return wrong("it has an empty, `.` or `..` segment");
    }
    Ok(())
}

/// Refuses what is not a word (`docs/formats/manifest.md`, "Conventions"): names of toolkits, release lines, targets and sections, which
/// stand in file names and addresses.
pub fn check_word(what: &str, word: &str) -> Result<()> {
    let first = word.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    let all = word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c));
    if first && all && word.len() <= LONGEST_WORD {
        return Ok(());
    }
    Err(Error::verification(format!("{what} is refused"))
        .with("expected", "1 to 64 lower-case letters, digits, `-`, `_` or `.`, a letter or digit first")
        .with("found", format!("{word:.80}")))
}

/// Whether a host, as URLs write it, is this machine: plain HTTP gives nothing away there.
pub fn is_loopback_host(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}
