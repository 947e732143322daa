//! `send`: the volumes of bundles into a channel that only goes one way, as records that check themselves (`docs/formats/stream.md`).

use crate::artifact::Digest;
use crate::bundle::{Statement, Volume, find};
use crate::error::{Error, Result, shown};
use crate::progress::{Progress, go_on};
use crate::steps::inspect::{Reading, inspect};
use crate::stream::{Cut, Shape};
use std::fs::TryLockError;
use std::path::PathBuf;

/// A set that is sent: of which bundle, and where its volumes lie.
#[derive(Debug)]
pub struct Outgoing {
    /// The bundle.
    pub id: Digest,
    /// What it says of itself.
    pub statement: Statement,
    /// The volumes that are here, in order.
    pub volumes: Vec<PathBuf>,
    /// Bytes of those.
    pub bytes: u64,
}

/// What there is to send in some places. A volume that is not as long as its bundle says would never be accepted, and is refused here.
pub fn outgoing(places: &[PathBuf]) -> Result<Vec<Outgoing>> {
    find(places)?
        .into_iter()
        .map(|set| {
            let statement = inspect(&set, Reading::Careful)?.statement;
            for (index, volume) in &set.volumes {
                let expected = statement.volumes.get(*index).copied();
                if expected != Some(volume.length) {
                    return Err(Error::verification(format!("{}: {} has the wrong length", statement.label(), shown(&volume.path)))
                        .with("expected", expected.map_or_else(|| "no such volume".to_owned(), |n| format!("{n} bytes")))
                        .with("found", format!("{} bytes", volume.length))
                        .hint("it was cut or added to: copy it again from where it was made"));
                }
            }
            let bytes = set.volumes.values().map(|volume| volume.length).sum();
            Ok(Outgoing { id: set.id, statement, volumes: set.volumes.into_values().map(|volume| volume.path).collect(), bytes })
        })
        .collect()
}

/// How often and in which shape.
#[derive(Debug, Clone, Copy)]
pub struct Sending {
    /// How often everything is sent; `None` for until it is stopped.
    pub rounds: Option<u64>,
    /// The records.
    pub shape: Shape,
}

/// What was sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    /// Records.
    pub records: u64,
    /// Bytes of all records.
    pub bytes: u64,
}

/// Sends every volume once a round, each read once and never held.
pub fn send(sets: &[Outgoing], sending: &Sending, emit: &mut dyn FnMut(&[u8]) -> Result<()>, progress: &dyn Progress) -> Result<Sent> {
    let mut sent = Sent::default();
    let mut counted = |record: &[u8]| {
        go_on(progress)?;
        emit(record)?;
        sent = Sent { records: sent.records + 1, bytes: sent.bytes + record.len() as u64 };
        progress.advance("sending", record.len() as u64);
        Ok(())
    };
    progress.begin("sending", 0);
    let mut round = 0;
    while sending.rounds.is_none_or(|rounds| round < rounds) {
        for set in sets {
            set.volumes.iter().try_for_each(|path| volume(set, path, sending.shape, &mut counted))?;
        }
        round += 1;
    }
    progress.end("sending");
    Ok(sent)
}

/// Sends one volume as it is now: between two rounds it may have been signed again. Who signs it meanwhile waits.
fn volume(set: &Outgoing, path: &std::path::Path, shape: Shape, emit: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let file = std::fs::File::open(path).map_err(|e| Error::io(format!("{} cannot be read", shown(path)), &e))?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => file.lock_shared().map_err(|e| Error::io(format!("{} cannot be locked", shown(path)), &e))?,
        // Not every file system of a stick has locks.
        Err(TryLockError::Error(_)) | Ok(()) => {}
    }
    let volume = Volume::open(path)?;
    if Digest::of(&volume.head.statement) != set.id {
        return Err(Error::failed(format!("{} was replaced while it was being sent", shown(path))).hint("send it again"));
    }
    Cut::new(&volume, set.statement.volumes.len(), shape)?.run(emit)
}
