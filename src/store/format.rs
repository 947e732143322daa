//! `docs/formats/store.md`, version 1: the wire form of `current` and `snapshots/N.json`.

use super::snapshot::{Installed, Snapshot};
use crate::artifact::{Digest, Limits, parse_strict, parse_versioned};
use crate::error::{Error, Kind, Result};
use serde::{Deserialize, Serialize};

/// Longest snapshot file, in bytes.
pub const MAX_SNAPSHOT_BYTES: u64 = 16 << 20;

const VERSION: u32 = 1;

/// What to do when the pointer is lost or damaged: a scrub finds it and cannot make it again.
pub const RESTORE: &str = "put `current` back from a backup, or write it anew: one line {\"snapshot\":N,\"highest\":N}, where N is the \
                           highest number in the store's folder snapshots; then run airlift scrub";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireSnapshot {
    #[serde(rename = "airlift-snapshot")]
    version: u32,
    number: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<u64>,
    bundles: Vec<WireInstalled>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireInstalled {
    bundle: String,
    name: String,
    line: String,
    epoch: u64,
    seq: u64,
    lock: String,
}

/// `current`: which snapshot is served, and the highest number ever committed.
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
pub struct WireCurrent {
    /// The snapshot that is served.
    pub snapshot: u64,
    /// The highest snapshot ever committed; files above it are leftovers of a crash.
    pub highest: u64,
}

/// The bytes of `current`.
pub fn current_bytes(current: WireCurrent) -> Vec<u8> {
    format!("{{\"snapshot\":{},\"highest\":{}}}\n", current.snapshot, current.highest).into_bytes()
}

/// Reads `current`.
pub fn parse_current(bytes: &[u8]) -> Result<WireCurrent> {
    let wrong = |e: Error| e.of_kind(Kind::Store).hint(RESTORE);
    let current: WireCurrent = parse_strict("the store's pointer `current`", bytes, Limits { bytes: 4096, depth: 4 }).map_err(wrong)?;
    if (1..=current.highest).contains(&current.snapshot) {
        return Ok(current);
    }
    Err(wrong(Error::new(Kind::Store, "the store's pointer `current` names a snapshot that cannot be"))
        .with("expected", format!("a number from 1 to {}", current.highest))
        .with("found", current.snapshot))
}

/// The bytes of a snapshot file.
pub fn snapshot_bytes(snapshot: &Snapshot) -> Vec<u8> {
    let bundles = snapshot.bundles.iter().map(|b| WireInstalled {
        bundle: b.bundle.hex(),
        name: b.name.clone(),
        line: b.line.clone(),
        epoch: b.epoch,
        seq: b.seq,
        lock: b.lock.hex(),
    });
    let wire = WireSnapshot { version: VERSION, number: snapshot.number, parent: snapshot.parent, bundles: bundles.collect() };
    let mut bytes = serde_json::to_vec_pretty(&wire).expect("a snapshot has string keys only");
    bytes.push(b'\n');
    bytes
}

/// Reads a snapshot file.
pub fn parse_snapshot(what: &str, bytes: &[u8]) -> Result<Snapshot> {
    let limits = Limits { bytes: MAX_SNAPSHOT_BYTES as usize, depth: 8 };
    let wire: WireSnapshot = damaged(parse_versioned(what, bytes, limits, "airlift-snapshot", VERSION))?;
    let installed = |b: WireInstalled| -> Result<Installed> {
        Ok(Installed {
            bundle: Digest::from_hex(&b.bundle)?,
            name: b.name,
            line: b.line,
            epoch: b.epoch,
            seq: b.seq,
            lock: Digest::from_hex(&b.lock)?,
        })
    };
    let bundles = damaged(wire.bundles.into_iter().map(installed).collect())?;
    Ok(Snapshot { number: wire.number, parent: wire.parent, bundles })
}

fn damaged<T>(result: Result<T>) -> Result<T> {
    result.map_err(|e| match e.hints() {
        [] => e.of_kind(Kind::Store).hint("the store is damaged: airlift scrub names what is wrong"),
        _ => e.of_kind(Kind::Store),
    })
}
