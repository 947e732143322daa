//! `airlift rollback`

use crate::cli::Context;
use crate::error::{Error, Result};
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
        let store = context.open_store()?;
        let writer = store.writer()?;
        let parent = || store.current().map(|current| current.and_then(|s| s.parent));
        let number = self.snapshot.map_or_else(parent, |n| Ok(Some(n)))?;
        let number = number.ok_or_else(|| Error::usage("there is no snapshot before the current one").hint("airlift status lists them"))?;
        let snapshot = writer.switch(number)?;
        context.out.data(&json!({ "snapshot": snapshot.number }), &format!("serving snapshot {}\n", snapshot.number))
    }
}
