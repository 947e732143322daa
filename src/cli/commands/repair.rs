//! `airlift repair`

use crate::cli::Context;
use crate::ecosystems::count;
use crate::error::Result;
use crate::steps::repair::repair;
use crate::steps::verify::{open_one, told};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// Write damaged and missing volumes anew, from parity
#[derive(Debug, Args)]
#[command(
    after_help = "Example: airlift repair /media/usb1 /media/usb2 --out repaired\n\nEach volume is compared with what was signed before it gets its name. Whole volumes are not written."
)]
pub struct Repair {
    /// Volumes, or folders that hold them
    #[arg(required = true)]
    places: Vec<PathBuf>,
    /// The folder that gets the repaired volumes
    #[arg(long, value_name = "DIR", required_unless_present = "in_place")]
    out: Option<PathBuf>,
    /// Put each repaired volume in the place of the damaged one
    #[arg(long, conflicts_with = "out")]
    in_place: bool,
}

impl Repair {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let root = context.accepted_root(&context.open_store()?)?;
        let bundle = open_one(&self.places, &root)?;
        let (label, id) = (bundle.statement.label(), bundle.id);
        let progress = context.out.progress();
        let repaired = repair(bundle, self.out.as_deref(), context.environment.threads(), progress.as_ref())?;
        let damage = told(&repaired.damage);
        let mut text = format!("{label}   {}\n", id.spoken());
        damage.iter().for_each(|line| text.push_str(&format!("  damaged  {line}\n")));
        repaired.written.values().for_each(|path| text.push_str(&format!("  written  {}\n", path.display())));
        text.push_str(&match repaired.written.len() {
            0 => "nothing is damaged, nothing was written\n".to_owned(),
            n => format!("repaired {}\n", count(n, "volume")),
        });
        let volumes = repaired.damage.iter().map(|(n, damage)| {
            json!({ "volume": n + 1, "absent": damage.absent, "head": damage.head, "bytes": damage.bytes(),
                "ranges": damage.ranges().collect::<Vec<_>>(), "written": repaired.written.get(n) })
        });
        let volumes: Vec<_> = volumes.collect();
        context.out.data(&json!({ "bundle": id.hex(), "repaired": volumes }), &text)
    }
}
