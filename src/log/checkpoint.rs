//! Checkpoints (C2SP `tlog-checkpoint`): which log, how many events, which root.

use super::note::{Note, VerifierKey};
use crate::artifact::{Digest, LARGEST};
use crate::error::{Error, Result};
use data_encoding::BASE64;

/// What a log is at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log it is: the name of its key.
    pub origin: String,
    /// How many events it has.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Digest,
}

impl Checkpoint {
    /// The three lines that are signed.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(self.root.as_bytes()))
    }

    /// Reads the text of a note; nothing says yet who signed it. Extension lines are refused: no log of ours writes them.
    fn parse(what: &str, text: &str) -> Result<Self> {
        let wrong = || Error::verification(format!("{what} is not a checkpoint")).with("expected", "origin, size and root, a line each");
        let mut lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
        let (Some(origin), Some(size), Some(root), None) = (lines.next(), lines.next(), lines.next(), lines.next()) else {
            return Err(wrong());
        };
        let root = BASE64.decode(root.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok()).map(Digest::from_bytes);
        let parsed = number(size).zip(root).map(|(size, root)| Self { origin: origin.to_owned(), size, root });
        parsed.filter(|parsed| parsed.text() == text).ok_or_else(wrong)
    }

    /// The checkpoint in a note, when the key of its log has signed it.
    pub fn verified(what: &str, note: &Note, key: &VerifierKey) -> Result<Self> {
        let found = Self::parse(what, note.verify(what, key)?)?;
        if found.origin == key.name() {
            return Ok(found);
        }
        Err(Error::verification(format!("{what} is of another log")).with("expected", key.name()).with("found", found.origin))
    }

    /// The size of the tree and the first 200 bits of its root as eight groups of Crockford's base32, to be written on paper.
    pub fn paper(&self) -> String {
        // A spoken form is 100 bits, twelve bytes and a half: the second one begins in the middle of a byte.
        let (root, mut rest) = (self.root.as_bytes(), [0; 32]);
        for (to, pair) in rest.iter_mut().zip(root[12..].windows(2)) {
            *to = pair[0] << 4 | pair[1] >> 4;
        }
        format!("{} {}-{}", self.size, self.root.spoken(), Digest::from_bytes(rest).spoken())
    }
}

/// A number as the C2SP documents write it: decimal, without leading zeros.
pub(super) fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|n: &u64| *n <= LARGEST && n.to_string() == text)
}

/// Size and root as somebody copied them from paper: case, hyphens, spaces, O for 0, I and L for 1 do not matter.
pub fn read_paper(text: &str) -> Result<(u64, String)> {
    let wrong = || {
        Error::usage("this is not a checkpoint as it is written on paper")
            .with("expected", "the size, a space, and 40 characters in eight groups")
            .with("found", format!("{text:.80}"))
    };
    let (size, words) = text.trim().split_once([' ', ':']).ok_or_else(wrong)?;
    let words: String = words.chars().filter(|c| !matches!(c, '-' | ' ')).map(|c| c.to_ascii_uppercase()).collect();
    let words: String = words.replace('O', "0").replace(['I', 'L'], "1");
    let fits = words.len() == 40 && words.bytes().all(|b| b.is_ascii_alphanumeric() && b != b'U');
    number(size).filter(|_| fits).map(|size| (size, words)).ok_or_else(wrong)
}
