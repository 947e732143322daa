//! What a bundle will cost: for `pack --dry-run`, and for `plan --lock` where nothing is fetched yet.

use super::pack::read_lock;
use super::shaping::Shaping;
use crate::artifact::Digest;
use crate::cli::Context;
use crate::ecosystems::{bytes, check, count};
use crate::error::{Result, shown};
use crate::lock::Lock;
use crate::steps::delta::{Cost, Preparing, Resembling, estimate, foresee};
use crate::store::Store;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;

/// So many blobs are listed for a person.
const MOST: usize = 20;
/// So many bytes are recoded to see what comes of it.
const SAMPLED: u64 = 256 << 20;

/// Says what the next bundle would cost by what is known of the receivers. Nothing of it has to be here.
pub fn plan_lock(path: &Path, shaping: &Shaping, context: &Context) -> Result<()> {
    let store = context.open_store()?;
    let lock = read_lock(path)?;
    check(&lock.artifacts)?;
    let (shape, progress) = (shaping.shape(&store, context)?, context.out.progress());
    let work = Preparing { lock: &lock, store: &store, shape: &shape, threads: context.environment.threads(), progress: progress.as_ref() };
    let cost = foresee(&work)?;
    context.out.data(&document(&cost, None), &told(&lock, &cost, None))?;
    let next = if cost.absent.0 > 0 { "airlift fetch" } else { "airlift pack --dry-run" };
    let end = if cost.absent.0 > 0 { "" } else { " with the same options, which tries some of it and has an estimate" };
    context.out.say(format!("next: {next} {}{end}", shown(path)));
    Ok(())
}

/// Says what a bundle would cost whose blobs are all here.
pub fn dry_run(lock: &Lock, shaping: &Shaping, store: &Store, context: &Context) -> Result<()> {
    let (shape, progress) = (shaping.shape(store, context)?, context.out.progress());
    let work = Preparing { lock, store, shape: &shape, threads: context.environment.threads(), progress: progress.as_ref() };
    let (cost, sampled) = estimate(&work, SAMPLED)?;
    context.out.data(&document(&cost, sampled), &told(lock, &cost, sampled))
}

fn told(lock: &Lock, cost: &Cost, sampled: Option<u64>) -> String {
    let mut text = format!("{}: {} in {}\n", lock.name, bytes(lock.size()), count(lock.blobs().len(), "blob"));
    let mut line = |label: &str, (blobs, size): (usize, u64), end: &str| {
        let _ = writeln!(text, "  {label:<10} {}, {}{end}", count(blobs, "blob"), bytes(size));
    };
    line("left out", cost.left_out, "");
    line("as it is", cost.whole, ", at most");
    line("recoded", cost.recoded, ", at most");
    if cost.asked.0 > 0 {
        line("asked for", cost.asked, ", carried once more: in what is above");
    }
    if cost.absent.0 > 0 {
        line("not here", cost.absent, ", to be fetched before it is packed");
    }
    if cost.unknown > 0 {
        let _ = writeln!(text, "  unknown    {} asked for that this lock does not have", count(cost.unknown, "blob"));
    }
    let words = sampled.map_or_else(String::new, |sampled| {
        format!("; by what some of it came to, an estimate of {}", bytes(cost.whole.1.saturating_add(sampled)))
    });
    let _ = writeln!(text, "  in all     {} at most{words}", bytes(cost.most()));
    text.push_str(&compared(&cost.resembling));
    text
}

/// What is compared with what.
fn compared(resembling: &[Resembling]) -> String {
    let mut text = String::new();
    for blob in resembling.iter().take(MOST) {
        let bases: Vec<String> = blob.bases.iter().map(|(artifact, _, size)| format!("{artifact} ({})", bytes(*size))).collect();
        let with = if bases.is_empty() { "nothing: recoded for itself".to_owned() } else { bases.join(", ") };
        let _ = writeln!(text, "  compared   {} ({}) with {with}", blob.artifact, bytes(blob.size));
    }
    if let Some(more) = resembling.len().checked_sub(MOST).filter(|more| *more > 0) {
        let _ = writeln!(text, "  compared   and {more} more: --json has them all");
    }
    text
}

fn document(cost: &Cost, sampled: Option<u64>) -> Value {
    let part = |(blobs, size): (usize, u64)| json!({ "blobs": blobs, "bytes": size });
    let base =
        |(artifact, digest, size): &(String, Digest, u64)| json!({ "artifact": artifact, "digest": digest.to_string(), "bytes": size });
    let blob = |blob: &Resembling| {
        json!({ "artifact": blob.artifact, "digest": blob.digest.to_string(), "bytes": blob.size,
            "with": blob.bases.iter().map(base).collect::<Vec<_>>() })
    };
    json!({ "left-out": part(cost.left_out), "as-it-is": part(cost.whole), "recoded": part(cost.recoded), "at-most": cost.most(),
        "estimate": sampled.map(|sampled| cost.whole.1.saturating_add(sampled)), "asked-for": part(cost.asked), "unknown": cost.unknown,
        "not-here": part(cost.absent), "compared": cost.resembling.iter().map(blob).collect::<Vec<_>>() })
}
