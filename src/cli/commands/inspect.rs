//! `airlift inspect`

mod upstream;

use crate::bundle::{Encoding, Parent, Redundancy, Statement, Taken, VolumeSet, find};
use crate::cli::Context;
use crate::ecosystems::{bytes, count};
use crate::error::Result;
use crate::scan::confine::confine;
use crate::steps::inspect::{Inspection, Reading, Spent, inspect};
use clap::Args;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::PathBuf;
use upstream::{Judge, Judged};

/// Show what a bundle says of itself, from kilobytes of it
#[derive(Debug, Args)]
#[command(after_help = "Example: airlift inspect /media/usb\n\nNothing shown has been verified: airlift verify does that.")]
pub struct Inspect {
    /// Volumes, or folders that hold them
    #[arg(required = true)]
    places: Vec<PathBuf>,
    /// List every artifact
    #[arg(long)]
    artifacts: bool,
    /// Judge signatures of publishers by this policy file; without, by the policy that is in force here
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

impl Inspect {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let judge = Judge::of(self.policy.as_deref(), context)?;
        if judge.reads() {
            confine();
        }
        let seen = |set: VolumeSet| Ok((inspect(&set, Reading::Careful)?, judge.judge(set)));
        let found = find(&self.places)?.into_iter().map(seen).collect::<Result<Vec<_>>>()?;
        let text: String = found.iter().map(|(found, judged)| shown(found, judged, self.artifacts)).collect();
        context.out.data(&found.iter().map(|(found, judged)| document(found, judged, self.artifacts)).collect(), &text)?;
        context.out.say("not verified: this is what the volumes say of themselves; next: airlift verify");
        Ok(())
    }
}

/// Artifacts and bytes of each ecosystem; a blob that several artifacts share counts once.
fn by_ecosystem(found: &Inspection) -> BTreeMap<&str, (usize, u64)> {
    let (mut counts, mut seen) = (BTreeMap::new(), BTreeSet::new());
    for artifact in found.lock.iter().flat_map(|l| &l.artifacts) {
        let new = artifact.descriptors.iter().filter(|blob| seen.insert(blob.digest));
        let entry: &mut (usize, u64) = counts.entry(artifact.ecosystem.as_str()).or_default();
        *entry = (entry.0 + 1, entry.1 + new.map(|blob| blob.size).sum::<u64>());
    }
    counts
}

fn shown(found: &Inspection, judged: &Judged, artifacts: bool) -> String {
    let statement = &found.statement;
    let mut text = format!("{} ({} line)   {}\n", statement.label(), statement.line, found.id.spoken());
    let _ = writeln!(text, "  made      {} by {}", statement.created, statement.tool);
    if let Some(previous) = &statement.previous {
        let _ = writeln!(text, "  follows   {}   {}", previous.seq, previous.bundle.spoken());
    }
    let here = found.volumes.iter().map(|(n, _)| n.to_string()).collect::<Vec<_>>().join(", ");
    let _ = writeln!(
        text,
        "  volumes   {} of {} here ({here}), {} in all",
        found.volumes.len(),
        statement.volumes.len(),
        bytes(statement.volumes.iter().sum())
    );
    if statement.has_parity() {
        let _ = writeln!(text, "  parity    {}", found.parity.map_or_else(|| "not read".to_owned(), parity));
    }
    let ancestors = found.ancestors.iter().map(|(back, parent)| (*back, parent));
    for (back, parent) in found.parents.iter().map(|parent| (1, parent)).chain(ancestors) {
        let words = if back == 1 { "made from".to_owned() } else { format!("{:<9}", format!("  {back} back")) };
        let _ = writeln!(
            text,
            "  {words} {}, {} beside it, of which {} counted for whoever packed it again   {}",
            label(parent),
            count(parent.signatures.len(), "signature"),
            parent.counted.files.len(),
            parent.id.spoken()
        );
    }
    text.push_str(&spent(found));
    for (ecosystem, (n, size)) in by_ecosystem(found) {
        let _ = writeln!(text, "  {ecosystem:<9} {}, {}", count(n, "artifact"), bytes(size));
    }
    text.push_str(&upstream::shown(found, judged));
    if found.unread {
        let _ = writeln!(text, "  lock      not read: it is large, and nobody has been believed yet");
    } else if found.lock.is_none() {
        let _ = writeln!(text, "  lock      damaged: it is not the file the statement names");
    }
    for (name, _) in &found.signatures {
        let _ = writeln!(text, "  signature {name}");
    }
    if found.signatures.is_empty() {
        let _ = writeln!(text, "  signature none");
    }
    for artifact in found.lock.iter().flat_map(|l| &l.artifacts).filter(|_| artifacts) {
        let _ = writeln!(text, "    {}  {}", artifact.label(), bytes(artifact.size()));
    }
    text
}

/// How a parent names itself.
fn label(parent: &Parent) -> String {
    Statement::parse(&parent.statement).map_or_else(|_| "a bundle".to_owned(), |statement| statement.label())
}

/// The words for encodings.
const fn word(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Stored => "as it is",
        Encoding::Zstd => "zstd",
        Encoding::Recoded => "recoded",
    }
}

/// What each encoding saved, and what the bundle builds on.
fn spent(found: &Inspection) -> String {
    let Some(spent) = &found.spent else { return String::new() };
    let mut text: String = spent.bases.refs.iter().map(|base| format!("  builds on {}\n", base.label())).collect();
    if spent.left_out.0 > 0 {
        let _ = writeln!(text, "  left out  {}, {}", count(spent.left_out.0, "blob"), bytes(spent.left_out.1));
    }
    for taken in spent.by_encoding.iter().filter(|taken| taken.blobs > 0) {
        let (word, blobs) = (word(taken.encoding), count(taken.blobs, "blob"));
        let _ = writeln!(text, "  {word:<9} {blobs}, {} in {}", bytes(taken.bytes), bytes(taken.carried));
    }
    text
}

/// How much of a set may be lost.
fn parity(found: Redundancy) -> String {
    let within = (found.permille > 0).then(|| format!("{}.{} % in every volume", found.permille / 10, found.permille % 10));
    let beside = (found.spares > 0).then(|| count(found.spares, "spare volume"));
    within.into_iter().chain(beside).collect::<Vec<_>>().join(", ")
}

fn encodings(spent: &Spent) -> Value {
    let one =
        |taken: &Taken| json!({ "encoding": word(taken.encoding), "blobs": taken.blobs, "bytes": taken.bytes, "stored": taken.carried });
    json!({ "left-out": { "blobs": spent.left_out.0, "bytes": spent.left_out.1 }, "carried": spent.by_encoding.iter().map(one).collect::<Vec<_>>() })
}

fn document(found: &Inspection, judged: &Judged, artifacts: bool) -> Value {
    let statement = &found.statement;
    let list = |a: &crate::artifact::Artifact| json!({ "ecosystem": a.ecosystem, "name": a.name, "version": a.version, "bytes": a.size() });
    let counts: serde_json::Map<String, Value> =
        by_ecosystem(found).into_iter().map(|(e, (n, size))| (e.to_owned(), json!({ "artifacts": n, "bytes": size }))).collect();
    json!({
        "verified": false,
        "bundle": found.id.hex(),
        "spoken": found.id.spoken(),
        "name": statement.name,
        "line": statement.line,
        "epoch": statement.epoch,
        "seq": statement.seq,
        "created": statement.created,
        "tool": statement.tool,
        "previous": statement.previous.map(|p| json!({ "seq": p.seq, "bundle": p.bundle.hex() })),
        "volumes": statement.volumes,
        "base": statement.base,
        "parents": found.parents.iter().map(|parent| parent.id.hex()).collect::<Vec<_>>(),
        "ancestors": found.ancestors.iter().map(|(back, parent)| json!({ "bundle": parent.id.hex(), "generations": back })).collect::<Vec<_>>(),
        "encodings": found.spent.as_ref().map(encodings),
        "parity": found.parity.map(|p| json!({ "permille": p.permille, "spare-volumes": p.spares })),
        "volumes_here": found.volumes.iter().map(|(n, path)| json!({ "number": n, "path": path })).collect::<Vec<_>>(),
        "lock": if found.unread { "not read" } else if found.lock.is_some() { "read" } else { "damaged" },
        "upstream-signatures": upstream::document(found, judged),
        "ecosystems": counts,
        "signatures": found.signatures.iter().map(|(name, _)| name).collect::<Vec<_>>(),
        "artifacts": artifacts.then(|| found.lock.iter().flat_map(|l| &l.artifacts).map(list).collect::<Vec<_>>()),
    })
}
