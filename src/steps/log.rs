//! `log`: what was changed here, whether the log of it is whole, and what others remember of it.

use super::import::is_refusal;
use crate::error::{Error, Kind, Result};
use crate::log::{
    Checked, Checkpoint, Draft, Event, EventLog, Growth, Item, Journal, MAX_PROOF_BYTES, Note, Receipt, Remembered, VerifierKey,
    cosign as cosign_text, cosignature_name, kind, witnessed,
};
use crate::store::{Store, create_folder, read_bounded, write_atomic};
use crate::trust::Signer;
use std::path::{Path, PathBuf};

/// Verifies the whole log, compares it with what was remembered of it, and the store's snapshots with what it says of them.
pub fn verify(store: &Store, key: Option<&VerifierKey>, remembered: &[Remembered]) -> Result<Checked> {
    // Before the log is read: another process may import meanwhile, and its event comes before its snapshot.
    let highest = store.pointed()?.map_or(0, |(_, highest)| highest);
    let checked = EventLog::of(store).check(key, remembered)?;
    for number in 1..=highest {
        compare_snapshot(store, &checked, number)?;
    }
    Ok(checked)
}

fn compare_snapshot(store: &Store, checked: &Checked, number: u64) -> Result<()> {
    let found = store.snapshot_digest(number)?;
    let wrong = |why: &str| {
        Error::new(Kind::Store, format!("snapshot {number} is not as it was logged: {why}"))
            .with("file", format!("snapshots/{number}.json"))
            .with("found", found)
            .hint("somebody changed what is installed without airlift: compare with a backup of the store")
    };
    match checked.snapshots.get(&number) {
        Some((_, digest)) if *digest == found => Ok(()),
        Some((index, digest)) => Err(wrong("its list is another").with("expected", digest).with("event", index)),
        // Earlier snapshots than the one that was served when the log began are not in it.
        None if number <= checked.before => Ok(()),
        None => Err(wrong("no event tells of it")),
    }
}

/// Reads a checkpoint that was kept somewhere: alone, or in a receipt or a proof.
pub fn remembered(path: &Path) -> Result<Remembered> {
    let bytes = read(path)?;
    let note = if bytes.starts_with(b"c2sp.org/") {
        Receipt::parse(&bytes)?.note
    } else {
        Growth::parse(&bytes)?.map_or_else(|note| note, |g| g.note)
    };
    Ok(Remembered::Note(note))
}

/// Reads a file with a checkpoint or proof.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let missing = || Error::usage(format!("{}: there is no such file", path.display()));
    read_bounded(path, MAX_PROOF_BYTES as u64)?.ok_or_else(missing)
}

/// Verifies a receipt by itself: no store is needed, only the log's key.
pub fn verify_receipt(path: &Path, key: &VerifierKey) -> Result<(Event, Checkpoint)> {
    Receipt::parse(&read(path)?).and_then(|receipt| receipt.verify(key)).map_err(|e| e.about(path.display()))
}

/// The newest checkpoint, as it was signed, and the key of the log.
pub fn newest(log: &EventLog) -> Result<(Note, Checkpoint, VerifierKey)> {
    let key = log.key()?;
    let none = || Error::new(Kind::Incomplete, "there is no event log here yet").hint("it begins with the first change of the store");
    let note = log.newest()?.ok_or_else(none)?;
    let checkpoint = Checkpoint::verified("log/checkpoint", &note, &key).map_err(|e| e.of_kind(Kind::Store))?;
    Ok((note, checkpoint, key))
}

/// The receipt of an event, by the newest checkpoint.
pub fn prove_event(log: &EventLog, index: u64) -> Result<Receipt> {
    let (note, checkpoint, key) = newest(log)?;
    let receipt = log.receipt(index, &note, checkpoint.size)?;
    receipt.verify(&key).map_err(|e| e.of_kind(Kind::Store).hint("the log is damaged: airlift log verify names the first bad event"))?;
    Ok(receipt)
}

/// The proof that the log at `to` events (now, when that is not given) grew out of the log at `from`.
pub fn prove_growth(log: &EventLog, from: u64, to: Option<u64>) -> Result<Growth> {
    let (note, checkpoint, key) = newest(log)?;
    let (note, checkpoint) = match to {
        Some(to) if to != checkpoint.size => log.note_of(to, &key)?.ok_or_else(|| {
            Error::new(Kind::Incomplete, format!("no checkpoint of {to} events was kept")).hint("leave out --to for the newest")
        })?,
        _ => (note, checkpoint),
    };
    let growth = log.growth(from, &note, checkpoint.size)?;
    growth
        .verify(&key, log.root_of(from)?)
        .map_err(|e| e.of_kind(Kind::Store).hint("the log is damaged: airlift log verify names the first bad event"))?;
    Ok(growth)
}

/// A person signs the newest checkpoint, once the log has been found whole: nobody is made to witness damage.
pub fn cosign(journal: &Journal<'_>, signer: &dyn Signer) -> Result<(Checkpoint, PathBuf)> {
    let checked = verify(journal.store(), None, &[])?;
    let folder = journal.log().folder().join("cosignatures");
    create_folder(&folder)?;
    let path = folder.join(cosignature_name(checked.checkpoint.size, signer.public_key()));
    write_atomic(&path, cosign_text(signer, &checked.checkpoint.text())?.as_bytes())?;
    Ok((checked.checkpoint, path))
}

/// Remembers another log's checkpoint that came back on a medium; one that does not grow out of the one before is refused, and that logged.
pub fn witness(journal: &Journal<'_>, path: &Path, key: Option<&VerifierKey>) -> Result<witnessed::Accepted> {
    let accepted = witnessed::judge(journal.log(), &read(path)?, key).map_err(|error| {
        let subjects = vec![Item::named("checkpoint", path.file_name().unwrap_or_default().to_string_lossy())];
        if is_refusal(error.kind()) { journal.refused(subjects, error) } else { error }
    })?;
    if accepted.seen != witnessed::Seen::Same {
        let Checkpoint { origin, size, root } = &accepted.checkpoint;
        journal.append(Draft::new(kind::WITNESS, vec![Item::named("checkpoint", format!("{origin} {size}")).digest(*root)]))?;
        witnessed::remember(journal.log(), &accepted)?;
    }
    Ok(accepted)
}
