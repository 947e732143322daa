//! `receive`: whatever comes out of a channel that only goes one way, put together into volumes (`docs/formats/stream.md`). Nothing of it
//! is believed: that is for verify and import.

use crate::artifact::Digest;
use crate::bundle::Volume;
use crate::error::{Error, Kind, Result, shown};
use crate::link::{Arrival, Arrivals};
use crate::progress::{Progress, interrupted};
use crate::stream::{Assembly, Bounds, Scanner, Tally};
use crate::trust::TrustRoot;
use std::path::{Path, PathBuf};

/// Bytes of a bundle that may come between two looks at who signed it.
const UNJUDGED: u64 = 32 << 20;
/// Most volumes that are named as missing.
const MAX_NAMED: usize = 16;

/// Where to and how much.
pub struct Receiving<'a> {
    /// The folder that gets the volumes.
    pub out: &'a Path,
    /// What may be received.
    pub bounds: Bounds,
    /// After how many seconds without a byte it is over; `None` for never.
    pub patience: Option<u64>,
    /// Whose signatures a head must have for the rest to be received; `None` to receive what anybody sends.
    pub root: Option<&'a TrustRoot>,
    /// Where the work is reported.
    pub progress: &'a dyn Progress,
}

/// What was received.
#[derive(Debug)]
pub struct Received {
    /// The bundle that is whole now; `None` when the stream ended and held only bundles that were whole before.
    pub bundle: Option<Digest>,
    /// Its volumes, by number from 1.
    pub volumes: Vec<(u16, PathBuf)>,
    /// What became of the records.
    pub tally: Tally,
    /// Bytes that were no part of an intact record.
    pub skipped: u64,
}

/// Receives until a bundle is whole, or nothing more comes; then what is missing is an error, and what is here stays.
pub fn receive(from: &mut Arrivals, receiving: &Receiving<'_>) -> Result<Received> {
    let created = std::fs::create_dir_all(receiving.out);
    created.map_err(|e| Error::unwritten(format!("{} cannot be created", shown(receiving.out)), &e))?;
    let (mut scanner, mut assembly) = (Scanner::default(), Assembly::new(receiving.out, receiving.bounds));
    receiving.progress.begin("receiving", 0);
    let ended = take_all(from, receiving, &mut scanner, &mut assembly);
    // Whatever ended it: what has come is kept.
    let saved = assembly.save();
    receiving.progress.end("receiving");
    ended.and(saved)?;
    outcome(receiving, &scanner, &assembly)
}

fn take_all(from: &mut Arrivals, receiving: &Receiving<'_>, scanner: &mut Scanner, assembly: &mut Assembly) -> Result<()> {
    let (mut quiet, mut unjudged) = (0, 0);
    loop {
        if receiving.progress.stopped() {
            return Err(interrupted());
        }
        match from.wait()? {
            Arrival::Bytes(bytes) => {
                quiet = 0;
                scanner.feed(&bytes);
            }
            Arrival::Quiet => {
                quiet += 1;
                assembly.save()?;
                judge(receiving, assembly)?;
                if receiving.patience.is_some_and(|patience| quiet >= patience) {
                    scanner.close();
                }
            }
            Arrival::End => scanner.close(),
        }
        while let Some(found) = scanner.record() {
            let brought = assembly.take(&found)?;
            receiving.progress.advance("receiving", brought);
            unjudged += brought;
            if assembly.is_complete() {
                return Ok(());
            }
            if unjudged >= UNJUDGED {
                unjudged = 0;
                judge(receiving, assembly)?;
            }
        }
        if scanner.is_closed() {
            return Ok(());
        }
    }
}

/// Ends with what strangers send, before more disk is spent on it: nothing of volumes that are not whole is left.
fn judge(receiving: &Receiving<'_>, assembly: &mut Assembly) -> Result<()> {
    let Some(root) = receiving.root else { return Ok(()) };
    let judged = assembly.heads().iter().try_for_each(|volume| volume.judge(root));
    judged.or_else(|error| {
        assembly.discard()?;
        let id = assembly.bundle().map(|id| id.hex()).unwrap_or_default();
        Err(error.with("bundle", id).hint("what had come of it was removed; --bundle ID receives another one"))
    })
}

fn outcome(receiving: &Receiving<'_>, scanner: &Scanner, assembly: &Assembly) -> Result<Received> {
    let tally = assembly.tally();
    let nothing_else = assembly.bundle().is_none() && !tally.whole.is_empty() && tally.whole == tally.others;
    if assembly.is_complete() || nothing_else {
        let (bundle, volumes) = (assembly.bundle(), assembly.volumes());
        if let Some(root) = receiving.root {
            volumes.iter().try_for_each(|(_, path)| Volume::open(path)?.judge(root))?;
        }
        return Ok(Received { bundle, volumes, tally: tally.clone(), skipped: scanner.skipped() });
    }
    let error = match assembly.bundle() {
        Some(bundle) => lacking(receiving, &bundle, assembly),
        None => nothing(receiving, scanner, tally),
    };
    let others: Vec<String> = tally.others.iter().map(|id| format!("{} {}", id.spoken(), id.hex())).collect();
    let counted = [
        ("damaged", scanner.skipped(), "bytes that were no part of an intact record"),
        ("disagreeing", tally.disagreeing, "records of another length, count of volumes or set of signatures"),
        ("discarded", tally.discarded, "volumes whose bytes were all here and were not a volume of this bundle"),
    ];
    let error =
        counted.into_iter().filter(|(_, n, _)| *n > 0).fold(error, |error, (label, n, what)| error.with(label, format!("{n} {what}")));
    Err(error.with_all("also sent", &others))
}

fn lacking(receiving: &Receiving<'_>, bundle: &Digest, assembly: &Assembly) -> Error {
    let (missing, payload) = (assembly.missing(), u64::from(assembly.payload()).max(1));
    let lines: Vec<String> = missing
        .iter()
        .take(MAX_NAMED)
        .map(|m| match m.bytes {
            Some(bytes) => format!("volume {}: {bytes} bytes, {} records of {payload}", m.volume, bytes.div_ceil(payload)),
            None => format!("volume {}: all of it", m.volume),
        })
        .collect();
    let more = missing.len().saturating_sub(MAX_NAMED);
    let error = Error::new(Kind::Incomplete, format!("bundle {} is not whole yet", bundle.spoken())).with_all("missing", &lines);
    let error = if more == 0 { error } else { error.with("missing", format!("{more} more volumes")) };
    error
        .with("kept in", shown(receiving.out))
        .hint("have it sent again, best with more --recovery and at a lower --rate, and run the same command: it fills the gaps")
}

fn nothing(receiving: &Receiving<'_>, scanner: &Scanner, tally: &Tally) -> Error {
    let error = match receiving.bounds.bundle {
        Some(wanted) if tally.other > 0 => Error::new(Kind::Incomplete, format!("no record of bundle {} has come", wanted.spoken())),
        _ => Error::new(Kind::Incomplete, "no record of a bundle has come"),
    };
    match scanner.newer() {
        true => error.hint("there is a stream of another format version: a newer airlift may read it"),
        false if tally.other > 0 => error.hint("the stream is of the bundles below: name one with --bundle"),
        false => error.hint("send it with airlift send, and let the link carry bytes as they are"),
    }
}
