//! `airlift scrub`

use crate::cli::Context;
use crate::ecosystems::{bytes, count};
use crate::error::{Error, Kind, Result};
use clap::Args;
use serde_json::json;

/// Read and hash every blob of the store again
#[derive(Debug, Args)]
#[command(after_help = "Example: airlift scrub\n\nExit code 7 means: something is damaged or missing.")]
pub struct Scrub {
    /// Take damaged blobs out, so that importing or fetching again brings them back
    #[arg(long)]
    discard: bool,
}

impl Scrub {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let store = context.open_store()?;
        let progress = context.out.progress();
        let scrubbed = store.scrub(context.environment.threads(), progress.as_ref())?;
        if self.discard {
            store.writer()?.discard(&scrubbed.faults)?;
        }
        let faults: Vec<_> = scrubbed.faults.iter().map(|f| json!({ "place": f.place, "problem": f.problem })).collect();
        let text =
            format!("read {}, {}: {}\n", count(scrubbed.blobs as usize, "blob"), bytes(scrubbed.bytes), count(faults.len(), "fault"));
        context.out.data(&json!({ "blobs": scrubbed.blobs, "bytes": scrubbed.bytes, "faults": faults }), &text)?;
        if scrubbed.faults.is_empty() {
            return Ok(());
        }
        let error =
            Error::new(Kind::Store, "the store is damaged").hint("airlift scrub --discard, then import or fetch the same bundle again");
        Err(scrubbed.faults.iter().take(20).fold(error, |e, f| e.with("fault", format!("{}: {}", f.place, f.problem))))
    }
}
