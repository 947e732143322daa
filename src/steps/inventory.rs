//! `inventory`: what is installed here, in a small file that is carried back, so that the next bundle need not bring it again.

use crate::artifact::Digest;
use crate::error::{Error, Kind, Result};
use crate::log::{Draft, Held, HostInventory, Item, Journal, MAX_INVENTORY_BYTES, MAX_PROOF_BYTES, kind, start};
use std::collections::BTreeSet;

/// An inventory with its proof.
#[derive(Debug, Clone)]
pub struct Taken {
    /// What is in it.
    pub inventory: HostInventory,
    /// SHA-256 of its body.
    pub digest: Digest,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Lists what is installed and there, and logs that it was listed.
pub fn take(journal: &Journal<'_>) -> Result<Taken> {
    let store = journal.store();
    let nothing = || Error::new(Kind::Incomplete, "nothing is installed here yet").hint("import a bundle first: airlift import");
    let snapshot = store.current()?.ok_or_else(nothing)?;
    let (mut starts, mut bundles) = (BTreeSet::new(), Vec::new());
    for installed in &snapshot.bundles {
        for (digest, size) in store.lock_of(installed)?.blobs() {
            if store.has(&digest, size)? {
                starts.insert(start(&digest));
            }
        }
        bundles.push(Held {
            bundle: installed.bundle.hex(),
            epoch: installed.epoch,
            line: installed.line.clone(),
            lock: installed.lock.hex(),
            name: installed.name.clone(),
            seq: installed.seq,
        });
    }
    let key = journal.verifier().clone();
    let inventory = HostInventory { key, made: journal.now().to_string(), snapshot: snapshot.number, bundles, starts };
    let body = inventory.body();
    let most = MAX_INVENTORY_BYTES - MAX_PROOF_BYTES as u64;
    if body.len() as u64 > most {
        return Err(Error::usage("so many blobs are installed that no reader takes the inventory")
            .with("expected", format!("at most {most} bytes"))
            .with("found", format!("{} bytes", body.len()))
            .hint("outside, give the bundles or the receipt of the import with --base instead"));
    }
    let digest = Digest::of(&body);
    let subject = Item::named("inventory", format!("snapshot {}", snapshot.number)).digest(digest);
    let on = Item::named("snapshot", snapshot.number).digest(store.snapshot_digest(snapshot.number)?);
    let index = journal.append(Draft::new(kind::INVENTORY, vec![subject]).on(vec![on]))?;
    let bytes = [&body[..], journal.proof(index)?.as_bytes()].concat();
    Ok(Taken { inventory, digest, bytes })
}
