//! `airlift inventory`

use crate::cli::Context;
use crate::ecosystems::{bytes, count};
use crate::error::{Result, shown};
use crate::steps::inventory::take;
use crate::store::write_atomic;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// Write what is installed here into a small file, to be carried back for the next delta
#[derive(Debug, Args)]
#[command(
    after_help = "Example: airlift inventory --out /media/usb/site-a.inventory\n\nOutside: airlift pack LOCK --base site-a.inventory"
)]
pub struct Inventory {
    /// The file
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Inventory {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let store = context.open_store()?;
        let writer = store.writer()?;
        let taken = take(&context.journal(&writer)?)?;
        write_atomic(&self.out, &taken.bytes)?;
        let (inventory, blobs) = (&taken.inventory, taken.inventory.starts.len());
        let text = format!(
            "inventory of {}, snapshot {}: {} of {} in {}   {}\n",
            inventory.key.name(),
            inventory.snapshot,
            count(blobs, "blob"),
            count(inventory.bundles.len(), "bundle"),
            bytes(taken.bytes.len() as u64),
            taken.digest.spoken()
        );
        let document = json!({ "inventory": taken.digest.hex(), "file": self.out, "host": inventory.key.name(), "key": inventory.key.to_string(),
            "snapshot": inventory.snapshot, "blobs": blobs, "bytes": taken.bytes.len() });
        context.out.data(&document, &text)?;
        context.out.say(format!("carry {} back; outside: airlift pack LOCK --base {}", shown(&self.out), shown(&self.out)));
        Ok(())
    }
}
