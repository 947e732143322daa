//! `airlift receive`

use crate::artifact::Digest;
use crate::cli::Context;
use crate::cli::sizes::volume_size;
use crate::ecosystems::count;
use crate::error::{Error, Result, shown};
use crate::link::Arrivals;
use crate::steps::receive::{Received, Receiving, receive};
use crate::stream::Bounds;
use clap::{Args, value_parser};
use serde_json::{Value, json};
use std::fs::File;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::path::PathBuf;

/// Receive a bundle from a channel that only goes one way, such as a data diode
#[derive(Debug, Args)]
#[command(
    after_help = "Example: DIODE-TOOL | airlift receive --out incoming\n\nStopped at any time, the same command goes on where it was. Nothing is believed: airlift verify and import do that."
)]
pub struct Receive {
    /// The folder that gets the volumes, and until they are whole what has come of them
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Receive this bundle only, by its id [default: the first that is not whole in the folder]
    #[arg(long, value_name = "ID", value_parser = bundle)]
    bundle: Option<Digest>,
    /// Most bytes of all volumes together
    #[arg(long, value_name = "SIZE", default_value = "1TB", value_parser = volume_size)]
    max_bytes: u64,
    /// Take UDP datagrams sent to this address instead of standard input
    #[arg(long, value_name = "IP:PORT")]
    udp: Option<SocketAddr>,
    /// Refuse a bundle once its head is here, when not enough of the people this host trusts have signed it
    #[arg(long)]
    judge: bool,
    /// End after so long without a byte [default: never]
    #[arg(long, value_name = "SECONDS", value_parser = value_parser!(u64).range(1..))]
    patience: Option<u64>,
}

impl Receive {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let root = if self.judge { Some(context.accepted_root(&context.open_store()?)?) } else { None };
        let mut arrivals = self.arrivals()?;
        if let Some(address) = arrivals.address() {
            context.out.note(&format!("taking datagrams at {address}"));
        }
        let progress = context.out.progress();
        let bounds = Bounds { bundle: self.bundle, bytes: self.max_bytes };
        let receiving = Receiving { out: &self.out, bounds, patience: self.patience, root: root.as_ref(), progress: progress.as_ref() };
        let received = receive(&mut arrivals, &receiving)?;
        context.out.data(&document(&received), &text(&received))?;
        context.out.say(format!("not verified: this is what came; next: airlift verify {}", shown(&self.out)));
        Ok(())
    }

    fn arrivals(&self) -> Result<Arrivals> {
        if let Some(address) = self.udp {
            return Arrivals::datagrams(address);
        }
        let stdin = std::io::stdin();
        if stdin.is_terminal() {
            return Err(
                Error::usage("a terminal is no source of a stream").hint("DIODE-TOOL | airlift receive --out DIR, or --udp IP:PORT")
            );
        }
        let pipe = stdin.as_fd().try_clone_to_owned().map_err(|e| Error::io("standard input cannot be read", &e))?;
        Ok(Arrivals::of(File::from(pipe), "standard input"))
    }
}

fn bundle(text: &str) -> std::result::Result<Digest, String> {
    let hex = text.strip_prefix("sha256:").unwrap_or(text);
    Digest::from_hex(hex).map_err(|_| "a bundle id is 64 lower-case hex digits, as airlift send and inspect --json show it".to_owned())
}

fn text(received: &Received) -> String {
    let Some(bundle) = &received.bundle else {
        return received.tally.whole.iter().map(|id| format!("{}   is here already\n", id.spoken())).collect();
    };
    let tally = &received.tally;
    let records = format!("{} taken, {} recovered, {} again", tally.taken, tally.recovered, tally.again);
    let mut text = format!("{}   {}\n  records    {records}\n", bundle.spoken(), count(received.volumes.len(), "volume"));
    for (what, n) in [("damaged", received.skipped), ("disagree", tally.disagreeing), ("others", tally.other)] {
        if n > 0 {
            text.push_str(&format!("  {what:<10} {n}\n"));
        }
    }
    text
}

fn document(received: &Received) -> Value {
    let tally = &received.tally;
    json!({
        "verified": false,
        "bundle": received.bundle.map(|id| id.hex()),
        "spoken": received.bundle.map(|id| id.spoken()),
        "volumes": received.volumes.iter().map(|(n, path)| json!({ "number": n, "path": path })).collect::<Vec<_>>(),
        "records": {
            "taken": tally.taken,
            "recovered": tally.recovered,
            "again": tally.again,
            "disagreeing": tally.disagreeing,
            "other": tally.other,
        },
        "discarded": tally.discarded,
        "damaged-bytes": received.skipped,
        "others": tally.others.iter().map(Digest::hex).collect::<Vec<_>>(),
    })
}
