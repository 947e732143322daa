//! The event log as a pack has it: the events that were signed, the checkpoint, who cosigned it, and a receipt for each import.

use super::hand::About;
use super::trusting::Trusting;
use super::{Gathering, Notes};
use crate::artifact::Digest;
use crate::error::{Error, Kind, Result};
use crate::log::{CHECKPOINT, EventLog, Note, VerifierKey, cosignatures, kind};
use crate::report::controls::{Filed, Folder};
use crate::steps::log::{prove_event, verify};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Most events that are named one by one.
const MOST_NAMED: u64 = 100;
/// Most sizes whose cosignatures are taken along, the newest.
const MOST_COSIGNED: usize = 200;

/// The log of a host.
pub struct Logged {
    /// The events.
    pub events: Filed,
    /// The checkpoint and the key.
    pub signed: Vec<Filed>,
    /// Cosignatures of people whom a root knows.
    pub cosigned: Vec<Filed>,
    /// The imports of the bundles that were asked for, by their ids: the event, and the receipt.
    pub imports: BTreeMap<Digest, (u64, Filed)>,
    /// Refusals, the first of them.
    pub refusals: Vec<u64>,
    /// How many there are.
    pub refused: u64,
    /// The highest size that people here cosigned, of how many events.
    pub cosigned_to: (u64, u64),
    /// The verifier key.
    pub key: String,
    /// The newest time that the host's clock said at an event.
    pub time: Option<Timestamp>,
}

/// Verifies the log and writes it to `log/`; `None` where there is none yet.
pub fn lay(
    gathering: &Gathering<'_>,
    wanted: &[Digest],
    trusting: &Trusting,
    folder: &mut Folder,
    notes: &mut Notes,
) -> Result<Option<Logged>> {
    let log = EventLog::of(gathering.store);
    let checked = match verify(gathering.store, None, &[]) {
        Ok(checked) => checked,
        Err(error) if error.kind() == Kind::Incomplete => return Ok(None),
        Err(error) => return Err(error),
    };
    let size = checked.checkpoint.size;
    let (mut refusals, mut refused, mut imported, mut time) = (Vec::new(), 0, BTreeMap::new(), None);
    let events = folder.stream("log/events.jsonl", |out| {
        log.each(size, |event, line| {
            match event.kind.as_str() {
                kind::REFUSE => {
                    refused += 1;
                    refusals.extend(Some(event.index).filter(|_| refused <= MOST_NAMED));
                }
                kind::IMPORT => {
                    let bundle = event.subject("bundle").and_then(|item| item.digest).filter(|digest| wanted.contains(digest));
                    bundle.map(|bundle| imported.insert(bundle, event.index));
                }
                _ => {}
            }
            time = time.max(Some(event.time));
            out.write_all(line).and_then(|()| out.write_all(b"\n")).map_err(|e| Error::unwritten("log/events.jsonl", &e))
        })
    })?;
    let signed = vec![
        folder.write("log/checkpoint", checked.note.to_string().as_bytes())?,
        folder.write("log/verifier-key", format!("{}\n", checked.key).as_bytes())?,
    ];
    notes.hand.log();
    notes.transcript("the event log is whole, and its checkpoint is signed by", &checked.key.to_string(), &format!("{size} events"));
    let mut imports = BTreeMap::new();
    for (bundle, index) in imported {
        let receipt = prove_event(&log, index)?;
        let filed = folder.write(&format!("log/receipts/event-{index}.tlog-proof"), receipt.to_string().as_bytes())?;
        imports.insert(bundle, (index, filed));
    }
    let (cosigned, highest) = people(&log, &checked.key, &checked.note, size, trusting, folder, notes)?;
    let key = checked.key.to_string();
    Ok(Some(Logged { events, signed, cosigned, imports, refusals, refused, cosigned_to: (highest, size), key, time }))
}

/// The cosignatures that count, with what was signed, and the highest size among them.
fn people(
    log: &EventLog,
    key: &VerifierKey,
    newest: &Note,
    newest_size: u64,
    trusting: &Trusting,
    folder: &mut Folder,
    notes: &mut Notes,
) -> Result<(Vec<Filed>, u64)> {
    let (mut filed, mut written, mut highest) = (Vec::new(), BTreeSet::new(), 0);
    for (size, all) in cosignatures(log)?.into_iter().rev().take(MOST_COSIGNED) {
        for cosignature in all {
            let Some((who, signers)) = trusting.cosigner(cosignature.key()) else {
                let key = cosignature.key().fingerprint();
                notes.transcript("a cosignature that does not count, and is not here", &format!("{size} events"), &key);
                continue;
            };
            let note = if size == newest_size { Some(newest.clone()) } else { log.note_of(size, key)?.map(|(note, _)| note) };
            let Some(note) = note else { continue };
            let text: String = note.to_string().split_inclusive('\n').take(3).collect();
            if cosignature.verify(text.as_bytes()).is_err() {
                continue;
            }
            let name = format!("log/checkpoints/{size}.txt");
            let text = if written.insert(size) {
                let note = folder.write(&format!("log/checkpoints/{size}.note"), note.to_string().as_bytes())?;
                let text = folder.write(&name, text.as_bytes())?;
                filed.extend([note, text.clone()]);
                text
            } else {
                filed.iter().find(|file: &&Filed| file.name() == name).cloned().expect("it was written for the first of this size")
            };
            let place = format!("log/cosignatures/{size}.{}.sshsig", cosignature.key().short());
            let signature = folder.write(&place, cosignature.armour())?;
            let lists = (signers, Some(trusting.revoked()));
            notes.hand.signature(About::Log, lists, &who, CHECKPOINT, (&signature, &text));
            highest = highest.max(size);
            filed.push(signature);
        }
    }
    Ok((filed, highest))
}
