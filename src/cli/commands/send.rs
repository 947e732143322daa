//! `airlift send`

use crate::cli::sizes::volume_size;
use crate::cli::{Context, output};
use crate::ecosystems::{bytes, count};
use crate::error::{Error, Result};
use crate::link::Outlet;
use crate::steps::send::{Outgoing, Sending, outgoing, send};
use crate::stream::Shape;
use clap::Args;
use std::fs::File;
use std::io::IsTerminal;
use std::os::fd::AsFd;
use std::path::PathBuf;

/// Bytes a second of datagrams, where nothing else is said: what any link and any receiver keeps up with.
const SLOW: u64 = 10_000_000;

/// Send bundles through a channel that only goes one way, such as a data diode
#[derive(Debug, Args)]
#[command(
    after_help = "Example: airlift send /media/usb --rounds 2 | DIODE-TOOL\n\nEvery record checks itself: the receiver starts anywhere, and fills what was lost from recovery records and later rounds."
)]
pub struct Send {
    /// Volumes, or folders that hold them
    #[arg(required = true)]
    places: Vec<PathBuf>,
    /// How often everything is sent; 0 for until it is stopped
    #[arg(long, value_name = "N", default_value_t = 1)]
    rounds: u64,
    /// Recovery records for each hundred: so many of a hundred may be lost, in a single round
    #[arg(long, value_name = "PERCENT", default_value_t = 10, value_parser = clap::value_parser!(u8).range(0..=100))]
    recovery: u8,
    /// Bytes a second at most [default: 10MB with --udp, else as fast as it goes]
    #[arg(long, value_name = "SIZE", value_parser = volume_size)]
    rate: Option<u64>,
    /// Longest record, headers included: what fits into a datagram, or the block of a device
    #[arg(long, value_name = "SIZE", default_value = "1472", value_parser = volume_size)]
    packet: u64,
    /// Send each record in a UDP datagram instead of to standard output
    #[arg(long, value_name = "HOST:PORT")]
    udp: Option<String>,
}

impl Send {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let shape = Shape::new(self.packet, self.recovery)?;
        let mut outlet = self.outlet()?;
        let sets = outgoing(&self.places)?;
        sets.iter().for_each(|set| tell(set, &shape, context));
        let progress = context.out.progress();
        let datagrams = self.udp.is_some();
        let mut emit = |record: &[u8]| {
            outlet.send(record).map_err(|e| match datagrams {
                true => Error::io("a datagram cannot be sent", &e).hint("a packet too long for the link asks for a smaller --packet"),
                false => output::unwritable(&e),
            })
        };
        let rounds = (self.rounds > 0).then_some(self.rounds);
        let sent = send(&sets, &Sending { rounds, shape }, &mut emit, progress.as_ref())?;
        context.out.say(format!("sent {} in {} records", bytes(sent.bytes), sent.records));
        context.out.say("next, on the other side: airlift verify");
        Ok(())
    }

    fn outlet(&self) -> Result<Outlet> {
        if let Some(to) = &self.udp {
            return Outlet::datagrams(to, Some(self.rate.unwrap_or(SLOW)));
        }
        let stdout = std::io::stdout();
        if stdout.is_terminal() {
            return Err(Error::usage("a terminal is no place for a stream").hint("airlift send PLACES | DIODE-TOOL, or --udp HOST:PORT"));
        }
        // Past the buffer of standard output, which would cut records at line feeds: one record is one write.
        let pipe = stdout.as_fd().try_clone_to_owned().map_err(|e| output::unwritable(&e))?;
        Ok(Outlet::pipe(File::from(pipe), self.rate))
    }
}

fn tell(set: &Outgoing, shape: &Shape, context: &Context) {
    let (statement, here) = (&set.statement, set.volumes.len());
    context.out.say(format!("{}   {}   {} in {}", statement.label(), set.id.spoken(), bytes(set.bytes), count(here, "volume")));
    context.out.say(format!("bundle {}   records of {} bytes", set.id.hex(), shape.record_length()));
    if here < statement.volumes.len() {
        context.out.warn(format!(
            "{}: only {here} of its {} are here and are sent",
            statement.label(),
            count(statement.volumes.len(), "volume")
        ));
    }
}
