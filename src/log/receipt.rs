//! Proofs that travel: of one event (C2SP `tlog-proof`), and that one checkpoint grew out of another (the request of `tlog-witness`).

use super::checkpoint::{Checkpoint, number};
use super::event::Event;
use super::format;
use super::merkle::{leaf_hash, verify_consistency, verify_inclusion};
use super::note::{Note, VerifierKey};
use crate::artifact::Digest;
use crate::error::{Error, Result};
use data_encoding::BASE64;
use std::fmt;

/// The first line of a receipt.
const HEAD: &str = "c2sp.org/tlog-proof@v1";
/// Most hashes of a proof (`tlog-witness`).
const MAX_HASHES: usize = 63;
/// Longest file with a proof, in bytes: a line in base64, hashes, a note.
pub const MAX_PROOF_BYTES: usize = 200 << 10;

/// An event, its place, and the proof that a checkpoint covers it: can be verified alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The event's place.
    pub index: u64,
    /// The event's line.
    pub line: Vec<u8>,
    /// The inclusion proof.
    pub path: Vec<Digest>,
    /// The signed checkpoint.
    pub note: Note,
}

/// A checkpoint and the proof that it grew out of an older one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Growth {
    /// The size of the older one.
    pub old: u64,
    /// The consistency proof.
    pub path: Vec<Digest>,
    /// The newer, signed.
    pub note: Note,
}

impl Receipt {
    /// Reads a receipt.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let wrong = || refused("receipt");
        let (head, note) = parts(bytes, "receipt")?;
        let mut lines = head.split('\n');
        let (Some(HEAD), Some(extra), Some(index)) = (lines.next(), lines.next(), lines.next()) else { return Err(wrong()) };
        let line = extra.strip_prefix("extra ").and_then(|text| BASE64.decode(text.as_bytes()).ok()).ok_or_else(wrong)?;
        let index = index.strip_prefix("index ").and_then(number).ok_or_else(wrong)?;
        Ok(Self { index, line, path: hashes(lines).ok_or_else(wrong)?, note })
    }

    /// The event it is of, for whom it makes no difference whether any log has it.
    pub fn unverified(&self) -> Result<Event> {
        format::parse(&self.line)
    }

    /// The event, when the log of this key has it.
    pub fn verify(&self, key: &VerifierKey) -> Result<(Event, Checkpoint)> {
        let checkpoint = Checkpoint::verified("the receipt's checkpoint", &self.note, key)?;
        verify_inclusion(leaf_hash(&self.line), self.index, checkpoint.size, &self.path, checkpoint.root)?;
        let event = format::parse(&self.line)?;
        if event.index == self.index { Ok((event, checkpoint)) } else { Err(refused("receipt")) }
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD}\nextra {}\nindex {}", BASE64.encode(&self.line), self.index)?;
        write_hashes(f, &self.path)?;
        write!(f, "\n{}", self.note)
    }
}

impl Growth {
    /// Reads a checkpoint with its proof; a checkpoint alone has none.
    pub fn parse(bytes: &[u8]) -> Result<std::result::Result<Self, Note>> {
        if !bytes.starts_with(b"old ") {
            return Note::parse("the file", bytes).map(Err);
        }
        let wrong = || refused("consistency proof");
        let (head, note) = parts(bytes, "consistency proof")?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old ")).and_then(number).ok_or_else(wrong)?;
        Ok(Ok(Self { old, path: hashes(lines).ok_or_else(wrong)?, note }))
    }

    /// The newer checkpoint, when it begins with the older one.
    pub fn verify(&self, key: &VerifierKey, old_root: Digest) -> Result<Checkpoint> {
        let new = Checkpoint::verified("the checkpoint", &self.note, key)?;
        verify_consistency((self.old, old_root), (new.size, new.root), &self.path)?;
        Ok(new)
    }
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        write_hashes(f, &self.path)?;
        write!(f, "\n{}", self.note)
    }
}

/// The lines before the first blank one, and the note after it.
fn parts<'a>(bytes: &'a [u8], what: &str) -> Result<(&'a str, Note)> {
    let text = std::str::from_utf8(bytes).ok().filter(|_| bytes.len() <= MAX_PROOF_BYTES).ok_or_else(|| refused(what))?;
    let (head, note) = text.split_once("\n\n").ok_or_else(|| refused(what))?;
    Ok((head, Note::parse(&format!("the checkpoint of the {what}"), note.as_bytes())?))
}

fn hashes<'a>(lines: impl Iterator<Item = &'a str>) -> Option<Vec<Digest>> {
    let hash = |line: &str| BASE64.decode(line.as_bytes()).ok()?.try_into().ok().map(Digest::from_bytes);
    let hashes: Vec<Digest> = lines.map(hash).take(MAX_HASHES + 1).collect::<Option<_>>()?;
    (hashes.len() <= MAX_HASHES).then_some(hashes)
}

fn write_hashes(f: &mut fmt::Formatter<'_>, hashes: &[Digest]) -> fmt::Result {
    hashes.iter().try_for_each(|hash| writeln!(f, "{}", BASE64.encode(hash.as_bytes())))
}

fn refused(what: &str) -> Error {
    Error::verification(format!("this is not a {what}"))
}
