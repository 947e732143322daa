//! `airlift rollback`

use crate::cli::Context;
use crate::error::Result;
use crate::steps::upkeep::rollback;
use clap::Args;
use serde_json::json;

/// Serve an earlier snapshot again
#[derive(Debug, Args)]
#[command(
    after_help = "Example: airlift rollback\n\nRolling back changes what is served, not what may be imported: an older bundle is still refused."
)]
pub struct Rollback {
    /// The snapshot [default: the one the current one was made from]
    snapshot: Option<u64>,
}

impl Rollback {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let writer = context.open_store()?.writer()?;
        let snapshot = rollback(&context.journal(&writer)?, self.snapshot)?;
        context.out.data(&json!({ "snapshot": snapshot.number }), &format!("serving snapshot {}\n", snapshot.number))
    }
}
