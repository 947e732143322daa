//! The tree of a log of signatures: the way from an entry to its root (RFC 9162), and the root as the log signed it (C2SP `tlog-checkpoint`).

use super::refusal::Refusal;
use super::root::Log;
use crate::artifact::Digest;
use crate::log::{leaf_hash, verify_inclusion};
use data_encoding::BASE64;

/// Longest signed tree of a log, in bytes, and most signatures below one.
const MOST_CHECKPOINT_BYTES: usize = 4096;
const MOST_SIGNERS: usize = 16;

/// A way from an entry to the root of its tree (RFC 9162).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The entry's number in the tree.
    pub index: u64,
    /// How many entries the tree has.
    pub size: u64,
    /// The tree's root.
    pub root: Digest,
    /// What lies beside the way.
    pub hashes: Vec<Digest>,
    /// Size and root as the log signed them.
    pub checkpoint: String,
}

impl Proof {
    /// That the entry of these bytes is in a tree that the log signed.
    pub(super) fn verify(&self, body: &[u8], log: &Log) -> Result<(), Refusal> {
        let (size, root) = signed_tree(&self.checkpoint, log)?;
        if (size, root) != (self.size, self.root) {
            return Err(Refusal::Checkpoint("it signed another tree"));
        }
        verify_inclusion(leaf_hash(body), self.index, size, &self.hashes, root)
            .map_err(|_| Refusal::Inclusion("the proof does not lead to the tree's root"))
    }
}

/// Size and root of a tree, as the log signed them (C2SP `tlog-checkpoint`, with the log's own kind of signature).
fn signed_tree(checkpoint: &str, log: &Log) -> Result<(u64, Digest), Refusal> {
    let malformed = || Refusal::Checkpoint("it cannot be read");
    let fits = checkpoint.len() <= MOST_CHECKPOINT_BYTES;
    let at = checkpoint.find("\n\n").filter(|_| fits).ok_or_else(malformed)?;
    let (text, signatures) = (&checkpoint[..=at], &checkpoint[at + 2..]);
    let by_log = |line: &str| {
        let (name, encoded) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
        // The first line begins with the log's name.
        let named = text.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '\n']));
        let bytes = BASE64.decode(encoded.as_bytes()).ok().filter(|_| named)?;
        let (hint, signature) = bytes.split_at_checked(4)?;
        (log.note_key(name) == hint && log.key.verifies(text.as_bytes(), signature)).then_some(())
    };
    if !signatures.lines().take(MOST_SIGNERS).any(|line| by_log(line).is_some()) {
        return Err(Refusal::Checkpoint("none of its signatures is by the log's key"));
    }
    let mut lines = text.lines().skip(1);
    let size = lines.next().and_then(|line| line.parse().ok()).ok_or_else(malformed)?;
    let root = lines.next().and_then(|line| BASE64.decode(line.as_bytes()).ok()?.try_into().ok()).ok_or_else(malformed)?;
    Ok((size, Digest::from_bytes(root)))
}
