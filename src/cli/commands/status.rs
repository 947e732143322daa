//! `airlift status`

use crate::cli::Context;
use crate::ecosystems::{bytes, count};
use crate::error::Result;
use crate::steps::approve::standing;
use crate::steps::trust::revoked_signers;
use crate::store::Snapshot;
use crate::trust::pinned;
use clap::Args;
use serde_json::json;
use std::fmt::Write;

/// So many snapshots are listed besides the one that is served.
const MOST: usize = 20;

/// Show what is installed
#[derive(Debug, Args)]
pub struct Status {}

impl Status {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let store = context.open_store()?;
        let (current, all) = (store.current()?, store.snapshots()?);
        let root = pinned::load(&store.trust_folder())?;
        let mut text = format!("store     {}\n", store.root().display());
        let trusted = root.as_ref().map_or_else(|| "nobody yet".to_owned(), |r| format!("{}   {}", r.label(), r.fingerprint().spoken()));
        let _ = writeln!(text, "trusts    {trusted}");
        let revoked = root.as_ref().map(|root| revoked_signers(&store, root)).transpose()?.unwrap_or_default();
        let mut bundles = Vec::new();
        if let Some(snapshot) = &current {
            let _ = writeln!(text, "serving   snapshot {} of {}", snapshot.number, all.last().map_or(0, |s| s.number));
            for bundle in &snapshot.bundles {
                let lock = store.lock_of(bundle)?;
                let _ = writeln!(
                    text,
                    "  {} {} ({} line)   {}   {}, {}",
                    bundle.name,
                    bundle.seq,
                    bundle.line,
                    bundle.bundle.spoken(),
                    count(lock.artifacts.len(), "artifact"),
                    bytes(lock.size())
                );
                let by = revoked.get(&bundle.bundle).cloned().unwrap_or_default();
                by.iter().for_each(|key| text.push_str(&format!("    admitted by a revoked key: {key}\n")));
                if let Some(alarm) = standing(&store, bundle)?.and_then(|standing| standing.alarm()) {
                    let _ = writeln!(text, "  {alarm} {}", bundle.bundle.spoken());
                }
                bundles.push(json!({ "revoked_keys": by, "name": bundle.name, "line": bundle.line, "epoch": bundle.epoch, "seq": bundle.seq, "bundle": bundle.bundle.hex(),
                    "artifacts": lock.artifacts.len(), "bytes": lock.size() }));
            }
            let others = all.iter().rev().filter(|s| s.number != snapshot.number);
            others.clone().take(MOST).for_each(|s| text.push_str(&other(s)));
            if let Some(more) = others.count().checked_sub(MOST).filter(|more| *more > 0) {
                let _ = writeln!(text, "also      {} before these", count(more, "snapshot"));
            }
        } else {
            let _ = writeln!(text, "serving   nothing yet: airlift import FOLDER");
        }
        let waiting = store.waiting()?;
        waiting.iter().for_each(|w| {
            text.push_str(&format!("waiting   {} {} ({} line) for volumes: airlift import goes on\n", w.name, w.seq, w.line));
        });
        let waiting: Vec<_> = waiting.iter().map(|w| json!({ "name": w.name, "line": w.line, "epoch": w.epoch, "seq": w.seq })).collect();
        let document = json!({ "store": store.root(), "waiting": waiting, "snapshot": current.as_ref().map(|s| s.number), "snapshots": all.iter().map(|s| s.number).collect::<Vec<_>>(),
            "trust_root": root.map(|r| r.fingerprint().hex()), "bundles": bundles });
        context.out.data(&document, &text)
    }
}

/// A snapshot that a rollback could go to.
fn other(snapshot: &Snapshot) -> String {
    let bundles: Vec<_> = snapshot.bundles.iter().map(|b| format!("{} {} ({} line)", b.name, b.seq, b.line)).collect();
    format!("also      snapshot {}: {}\n", snapshot.number, bundles.join(", "))
}
