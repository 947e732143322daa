//! Other hosts' logs as this one remembers them: a checkpoint that came back on a medium may only ever grow.

use super::checkpoint::Checkpoint;
use super::folder::EventLog;
use super::note::{Note, VerifierKey};
use super::receipt::{Growth, MAX_PROOF_BYTES};
use crate::artifact::Digest;
use crate::error::{Error, Kind, Result};
use crate::store::{create_folder, read_bounded, write_atomic};
use std::path::PathBuf;

/// What is remembered of another log.
#[derive(Debug, Clone)]
pub struct Remembered {
    /// Its key, which a person gave.
    pub key: VerifierKey,
    /// Its newest checkpoint.
    pub checkpoint: Checkpoint,
    note: Note,
}

/// How a checkpoint stands to what was remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// The first of its log.
    First,
    /// The same again.
    Same,
    /// The log has grown.
    Grown {
        /// From so many events.
        from: u64,
    },
}

/// A checkpoint that may be remembered: everything about it is right.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// The log's key.
    pub key: VerifierKey,
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// How it stands to the one before.
    pub seen: Seen,
    note: Note,
}

fn path(log: &EventLog, origin: &str) -> PathBuf {
    log.path("witnessed").join(&Digest::of(origin.as_bytes()).hex()[..32])
}

/// What is remembered of a log.
pub fn remembered(log: &EventLog, origin: &str) -> Result<Option<Remembered>> {
    let path = path(log, origin);
    let Some(bytes) = read_bounded(&path, MAX_PROOF_BYTES as u64)? else { return Ok(None) };
    let read = || -> Result<Remembered> {
        let text = std::str::from_utf8(&bytes).unwrap_or_default();
        let (key, note) = text.split_once('\n').unwrap_or_default();
        let (key, note) = (VerifierKey::parse(key)?, Note::parse("the remembered checkpoint", note.as_bytes())?);
        let checkpoint = Checkpoint::verified("the remembered checkpoint", &note, &key)?;
        Ok(Remembered { key, checkpoint, note })
    };
    let damaged =
        |e: Error| e.of_kind(Kind::Store).with("file", path.display()).hint("the store is damaged: put the file back from a backup");
    read().map(Some).map_err(damaged)
}

/// Judges what came back: a checkpoint, or one with the proof that it grew out of the remembered one. The first of a log needs its key,
/// as its host's people gave it: there is no trust on first use.
pub fn judge(log: &EventLog, bytes: &[u8], given: Option<&VerifierKey>) -> Result<Accepted> {
    let read = Growth::parse(bytes)?;
    let note = read.as_ref().map_or_else(Note::clone, |growth| growth.note.clone());
    let origin = note.first_line();
    let known = remembered(log, origin)?;
    let key = match (&known, given) {
        (Some(known), Some(given)) if known.key != *given => return Err(another_key(known, given)),
        (Some(known), _) => known.key.clone(),
        (None, Some(given)) => given.clone(),
        (None, None) => {
            return Err(Error::new(Kind::Incomplete, "this is the first checkpoint of its log here, so its key must be given")
                .with("log", format!("{origin:.120}"))
                .hint(
                    "airlift log checkpoint on that host prints the key; get it from its people, not from the medium: --key NAME+ID+KEY",
                ));
        }
    };
    let checkpoint = Checkpoint::verified("the checkpoint", &note, &key)?;
    let seen = known.as_ref().map_or(Ok(Seen::First), |known| compare(known, &checkpoint, read.ok(), &key))?;
    Ok(Accepted { key, checkpoint, seen, note })
}

fn compare(known: &Remembered, new: &Checkpoint, growth: Option<Growth>, key: &VerifierKey) -> Result<Seen> {
    let old = &known.checkpoint;
    let sizes = |e: Error| {
        e.with("log", &new.origin).with("remembered", format!("{} events", old.size)).with("found", format!("{} events", new.size))
    };
    if new.size == old.size {
        return if new.root == old.root { Ok(Seen::Same) } else { Err(sizes(fork()).with("kept", known.note.to_string())) };
    }
    if new.size < old.size {
        return Err(sizes(Error::new(Kind::Policy, "rollback: the checkpoint is older than the one remembered"))
            .hint("ask that host for a newer one; a host that has none lost events"));
    }
    let Some(growth) = growth.filter(|growth| growth.old == old.size) else {
        return Err(sizes(Error::new(Kind::Incomplete, "the checkpoint comes without the proof that the remembered log grew into it"))
            .hint(format!("on that host: airlift log prove --from {} > FILE", old.size)));
    };
    growth.verify(key, old.root).map(|_| Seen::Grown { from: old.size }).map_err(|e| sizes(fork()).with("proof", e.message()))
}

/// Keeps an accepted checkpoint in the place of the one before.
pub fn remember(log: &EventLog, accepted: &Accepted) -> Result<()> {
    create_folder(&log.path("witnessed"))?;
    write_atomic(&path(log, &accepted.checkpoint.origin), format!("{}\n{}", accepted.key, accepted.note).as_bytes())
}

fn fork() -> Error {
    Error::verification("fork: the checkpoint is of another history than the one remembered")
        .hint("that host's log was written anew with its own key: keep both checkpoints as evidence and ask its people")
}

fn another_key(known: &Remembered, given: &VerifierKey) -> Error {
    Error::new(Kind::Policy, "another key is remembered for this log").with("remembered", &known.key).with("given", given)
}
