//! `airlift log`

mod prove;
mod show;
mod verify;
mod witness;

use crate::cli::Context;
use crate::error::Result;
use crate::log::{EventLog, VerifierKey};
use clap::Subcommand;

/// Show, verify, prove and export the event log
#[derive(Debug, Subcommand)]
pub enum LogCommand {
    /// List what was changed here
    #[command(after_help = "Example: airlift log show --since 2026-11-01T00:00:00Z")]
    Show(show::Show),
    /// Verify every event, checkpoint and cosignature, and name the first bad one
    #[command(
        after_help = "Examples: airlift log verify; airlift log verify --checkpoint kept.txt; airlift log verify --receipt snapshot-7.tlog-proof\n\nExit code 7 means: the log is damaged, the message names the first bad event. Exit code 4: it is not the log that was remembered."
    )]
    Verify(verify::Verify),
    /// Print the proof that an event is in the log, or that the log only grew
    #[command(after_help = "Examples: airlift log prove --index 12 > event-12.tlog-proof; airlift log prove --from 10 > growth.txt")]
    Prove(prove::Prove),
    /// Print the events in the form of another tool
    #[command(after_help = "Example: airlift log export --format cef > events.cef")]
    Export(show::Export),
    /// Print the newest checkpoint: signed, in words for paper, as a QR code
    #[command(after_help = "Example: airlift log checkpoint --qr")]
    Checkpoint(prove::PrintCheckpoint),
    /// Sign the newest checkpoint with a person's key: rewriting the log then needs that key as well
    #[command(after_help = "Example: airlift log cosign --key ~/.ssh/release")]
    Cosign(witness::Cosign),
    /// Remember another host's checkpoint, and refuse one that does not grow out of the last
    #[command(after_help = "Example: airlift log witness growth.txt")]
    Witness(witness::Witness),
    /// Show who is behind the pseudonyms of the log, or forget it
    #[command(after_help = "Examples: airlift log identities; airlift log identities --erase p2")]
    Identities(witness::IdentitiesOf),
}

/// Runs the command.
pub fn run(command: LogCommand, context: &Context) -> Result<()> {
    match command {
        LogCommand::Show(command) => command.run(context),
        LogCommand::Verify(command) => command.run(context),
        LogCommand::Prove(command) => command.run(context),
        LogCommand::Export(command) => command.run(context),
        LogCommand::Checkpoint(command) => command.run(context),
        LogCommand::Cosign(command) => command.run(context),
        LogCommand::Witness(command) => command.run(context),
        LogCommand::Identities(command) => command.run(context),
    }
}

fn log_of(context: &Context) -> Result<EventLog> {
    Ok(EventLog::of(&context.open_store()?))
}

/// The key of a log, as `airlift log checkpoint` prints it.
fn verifier_key(text: &str) -> std::result::Result<VerifierKey, String> {
    VerifierKey::parse(text).map_err(|_| "expected NAME+ID+KEY, as airlift log checkpoint prints it".to_owned())
}
