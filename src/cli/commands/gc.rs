//! `airlift gc`

use crate::cli::Context;
use crate::ecosystems::{bytes, count};
use crate::error::Result;
use crate::steps::upkeep::gc;
use clap::Args;
use serde_json::json;
use std::time::{Duration, SystemTime};

/// Remove blobs that nothing needs any more
#[derive(Debug, Args)]
#[command(after_help = "Example: airlift gc --dry-run\n\nStatements, signatures, locks and snapshot lists always stay.")]
pub struct Gc {
    /// Earlier snapshots whose blobs stay, for rollback
    #[arg(long, value_name = "N", default_value_t = 1)]
    keep: usize,
    /// Blobs younger than this stay
    #[arg(long, value_name = "HOURS", default_value_t = 24)]
    grace: u64,
    /// Give up the bundles that wait for volumes: what was taken in of them does not stay
    #[arg(long, conflicts_with = "dry_run")]
    give_up_waiting: bool,
    /// Say what would be removed, and remove nothing
    #[arg(long)]
    dry_run: bool,
}

impl Gc {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let writer = context.open_store()?.writer()?;
        let grace = Duration::from_secs(self.grace.saturating_mul(3600));
        let cutoff = context.environment.system_time().checked_sub(grace).unwrap_or(SystemTime::UNIX_EPOCH);
        let pruned = match self.dry_run {
            true => writer.prune(self.keep, cutoff, true)?,
            false => gc(&context.journal(&writer)?, self.keep, cutoff, self.give_up_waiting)?,
        };
        let verb = if self.dry_run { "would remove" } else { "removed" };
        let text = format!("{verb} {}, {}; {} stay\n", count(pruned.blobs as usize, "blob"), bytes(pruned.bytes), pruned.kept);
        let document = json!({ "removed": !self.dry_run, "blobs": pruned.blobs, "bytes": pruned.bytes, "kept": pruned.kept, "snapshots": pruned.snapshots });
        context.out.data(&document, &text)
    }
}
