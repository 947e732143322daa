//! `airlift log prove` and `airlift log checkpoint`

use super::log_of;
use crate::cli::Context;
use crate::cli::qr;
use crate::error::{Error, Result};
use crate::steps::log::{newest, prove_event, prove_growth};
use clap::Args;
use serde_json::json;

/// Print the proof that an event is in the log, or that the log only grew
#[derive(Debug, Args)]
pub struct Prove {
    /// The event's index: prints a receipt that verifies alone
    #[arg(long, value_name = "N", conflicts_with_all = ["from", "to"])]
    index: Option<u64>,
    /// How many events the older checkpoint has: prints the newer one with the proof that it grew out of it
    #[arg(long, value_name = "EVENTS")]
    from: Option<u64>,
    /// How many events the newer checkpoint has [default: all]
    #[arg(long, value_name = "EVENTS", requires = "from")]
    to: Option<u64>,
}

impl Prove {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let log = log_of(context)?;
        let proof = match (self.index, self.from) {
            (Some(index), _) => prove_event(&log, index)?.to_string(),
            (None, Some(from)) => prove_growth(&log, from, self.to)?.to_string(),
            (None, None) => {
                return Err(Error::usage("say what to prove").hint("--index N for an event, --from EVENTS for the growth since then"));
            }
        };
        context.out.data(&json!({ "proof": proof }), &proof)
    }
}

/// Print the newest checkpoint: signed, in words for paper, as a QR code
#[derive(Debug, Args)]
pub struct PrintCheckpoint {
    /// Add a QR code of the signed checkpoint, to be printed or photographed
    #[arg(long)]
    qr: bool,
}

impl PrintCheckpoint {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let (note, checkpoint, key) = newest(&log_of(context)?)?;
        let (signed, paper) = (note.to_string(), checkpoint.paper());
        let code = if self.qr { qr::draw(&signed) } else { None };
        let drawn = code.as_deref().map(|code| format!("\n{code}")).unwrap_or_default();
        let document = json!({ "origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.hex(), "key": key.to_string(),
            "note": signed, "paper": paper, "qr": code });
        context.out.data(&document, &format!("{signed}{drawn}"))?;
        context.out.say(format!("paper  {paper}"));
        context.out.say(format!("key    {key}"));
        Ok(())
    }
}
