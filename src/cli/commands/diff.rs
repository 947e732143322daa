//! `airlift diff`

use super::pack::read_lock;
use crate::cli::Context;
use crate::ecosystems::bytes;
use crate::error::Result;
use crate::lock::{Change, LockDiff};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// Show what changed between two locks
#[derive(Debug, Args)]
#[command(after_help = "Example: git show HEAD:mlops.lock > /tmp/old.lock; airlift diff /tmp/old.lock mlops.lock")]
pub struct Diff {
    /// The lock before
    old: PathBuf,
    /// The lock after
    new: PathBuf,
}

impl Diff {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let diff = LockDiff::between(&read_lock(&self.old)?, &read_lock(&self.new)?);
        let mut text: String = diff.changes.iter().map(line).collect();
        let (changed, new, removed, rebuilt) = diff.counts();
        text.push_str(&format!(
            "{changed} changed, {new} new, {removed} removed, {rebuilt} with the same version and other bytes; {} to fetch\n",
            bytes(diff.new_bytes)
        ));
        context.out.data(&json!({ "changes": diff.changes, "new_bytes": diff.new_bytes }), &text)
    }
}

/// One line for a person.
pub fn line(change: &Change) -> String {
    match change {
        Change::New { name, after } => format!("new      {name} {}\n", after.join(", ")),
        Change::Removed { name, before } => format!("removed  {name} {}\n", before.join(", ")),
        Change::Changed { name, before, after } => format!("changed  {name} {} → {}\n", before.join(", "), after.join(", ")),
        Change::Rebuilt { name, version } => format!("rebuilt  {name} {version}: the same version has other bytes\n"),
    }
}
