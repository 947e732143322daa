//! `airlift inventory`

use crate::cli::Context;
use crate::ecosystems::{bytes, count};
use crate::error::{Result, shown};
use crate::log::Journal;
use crate::steps::inventory::take;
use crate::store::write_named;
use clap::Args;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

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
        let (document, text) = write(&self.out, &context.journal(&writer)?)?;
        context.out.data(&document, &format!("{text}\n"))?;
        say_what_to_carry(&self.out, context);
        Ok(())
    }
}

/// Lists what is installed into a file; what is told of it, to programs and to people.
pub fn write(file: &Path, journal: &Journal<'_>) -> Result<(Value, String)> {
    let taken = take(journal)?;
    write_named(file, &taken.bytes)?;
    let (inventory, blobs) = (&taken.inventory, taken.inventory.starts.len());
    let text = format!(
        "inventory of {}, snapshot {}: {} of {} in {}   {}",
        inventory.key.name(),
        inventory.snapshot,
        count(blobs, "blob"),
        count(inventory.bundles.len(), "bundle"),
        bytes(taken.bytes.len() as u64),
        taken.digest.spoken()
    );
    let document = json!({ "inventory": taken.digest.hex(), "file": file, "host": inventory.key.name(), "key": inventory.key.to_string(),
        "snapshot": inventory.snapshot, "blobs": blobs, "bytes": taken.bytes.len() });
    Ok((document, text))
}

/// The last line for a person: what goes back to the sender.
pub fn say_what_to_carry(file: &Path, context: &Context) {
    context.out.say(format!("carry {} back; outside: airlift pack LOCK --base {}", shown(file), shown(file)));
}
