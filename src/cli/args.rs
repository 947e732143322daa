//! The arguments, and the help that is generated from them.

use super::commands;
use super::environment::VARIABLES;
use crate::error::{Error, Kind};
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use std::path::PathBuf;

/// Carry a toolkit across an air gap: resolve, pack, verify, import, serve.
#[derive(Debug, Parser)]
#[command(name = "airlift", version, max_term_width = 110, disable_help_subcommand = true)]
pub struct Arguments {
    /// The store's folder [default: ~/.local/share/airlift]
    #[arg(long, global = true, value_name = "DIR")]
    pub store: Option<PathBuf>,
    /// Print data, progress and errors as JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// Print only data, warnings and errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// The verbs, in the order of the walk.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a commented manifest to begin with
    Init(commands::init::Init),
    /// Resolve a manifest into a lock: every blob with digest and size
    #[cfg(feature = "upstream")]
    Lock(commands::lock::Lock),
    /// Bring the blobs of a lock into the store
    #[cfg(feature = "upstream")]
    Fetch(commands::fetch::Fetch),
    /// Write a bundle from fetched blobs, and sign it
    Pack(commands::pack::Pack),
    /// Lock, fetch and pack in one go
    #[cfg(feature = "upstream")]
    Build(commands::build::Build),
    /// Do everything on one machine: lock, fetch, pack, verify, import, serve
    #[cfg(feature = "upstream")]
    Up(commands::up::Up),
    /// Add a signature to a finished bundle
    Sign(commands::sign::Sign),
    /// Send bundles through a channel that only goes one way, such as a data diode
    Send(commands::send::Send),
    /// Receive a bundle from a channel that only goes one way, such as a data diode
    Receive(commands::receive::Receive),
    /// Show what a bundle says of itself, from kilobytes of it
    Inspect(commands::inspect::Inspect),
    /// Write what is installed here into a small file, to be carried back for the next delta
    Inventory(commands::inventory::Inventory),
    /// Compare a bundle, byte by byte, with what was signed
    Verify(commands::verify::Verify),
    /// Write damaged and missing volumes anew, from parity
    Repair(commands::repair::Repair),
    /// Fold deltas into a full bundle, which names those it was made from
    Merge(commands::repack::Merge),
    /// Cut a bundle into other volumes; the result names the one it was made from
    Split(commands::repack::Split),
    /// Take artifacts out of a bundle, as files
    Extract(commands::repack::Extract),
    /// Say what an import would do, which volumes it needs and what is not here yet, and touch nothing
    Plan(commands::plan::PlanCommand),
    /// Show what installing a bundle would change, who signed it, and what the policy says to it
    Review(commands::review::ReviewCommand),
    /// Decide about a bundle, as a person the trust root names for it
    Approve(commands::approve::Approve),
    /// Verify a bundle and install it, or change nothing
    Import(commands::import::Import),
    /// Serve what is installed, or a bundle straight from its medium
    Serve(commands::serve::Serve),
    /// Print what a client is configured with
    Client(commands::client::Client),
    /// Show what changed between two locks
    Diff(commands::diff::Diff),
    /// Show what is installed
    Status(commands::status::Status),
    /// Serve an earlier snapshot again
    Rollback(commands::rollback::Rollback),
    /// Remove blobs that nothing needs any more
    Gc(commands::gc::Gc),
    /// Look into the content of blobs: archives with two readings, names that lead out, secrets
    Scan(commands::scan::Scan),
    /// Judge a lock, a bundle or what is installed by the rules of a policy
    Gate(commands::gate::Gate),
    /// Write a bill of materials of a bundle, a lock or what is installed: CycloneDX, SPDX 2 or SPDX 3
    Sbom(commands::sbom::Sbom),
    /// Ask the advisories that are carried about a lock, a bundle or what is installed
    Audit(commands::audit::Audit),
    /// Write a folder with everything a third party needs to check what was signed, decided and installed, without airlift
    Evidence(commands::evidence::EvidenceCommand),
    /// Report on a bundle, a lock or what is installed, for those who decide and those who ask later
    Report(commands::report::ReportCommand),
    /// Read and hash every blob of the store again
    Scrub(commands::scrub::Scrub),
    /// Show, verify, prove and export the event log
    #[command(subcommand)]
    Log(commands::log::LogCommand),
    /// Make and show signing keys
    #[command(subcommand)]
    Key(commands::key::KeyCommand),
    /// Make, sign, accept and show trust roots
    #[command(subcommand)]
    Trust(commands::trust::TrustCommand),
    /// What this host asks of bundles beyond signatures and order
    #[command(subcommand)]
    Policy(commands::policy::PolicyCommand),
    /// Say, signed and until when, which vulnerabilities do not concern what this site uses
    #[command(subcommand)]
    Vex(commands::vex::VexCommand),
    /// Print the JSON Schema of a manifest, for editors
    Schema(commands::schema::Schema),
    /// Print the completions of a shell
    Completions(commands::completions::Completions),
}

impl Command {
    /// What is true after the command was stopped with Ctrl-C.
    pub fn after_stop(&self) -> &'static str {
        match self {
            Self::Pack(_) => "nothing half written was left: run the command again",
            Self::Plan(_)
            | Self::Gate(_)
            | Self::Sbom(_)
            | Self::Audit(_)
            | Self::Evidence(_)
            | Self::Verify(_)
            | Self::Repair(_)
            | Self::Scan(_)
            | Self::Scrub(_) => "nothing was changed: run the command again",
            #[cfg(feature = "upstream")]
            Self::Lock(_) => "no lock was written: run the command again",
            Self::Send(_) => "what was sent is sent: run the command again",
            Self::Import(_) => "nothing was installed and what was taken in is kept: run the command again, it goes on where it was",
            _ => "what was finished is kept: run the command again, it goes on where it was",
        }
    }
}

/// A command line that cannot be read, as one of our errors.
pub fn refusal(error: &clap::Error) -> Error {
    let text = error.render().to_string();
    let mut paragraphs = text.split("\n\n").map(|p| p.lines().map(str::trim).collect::<Vec<_>>().join(" "));
    if matches!(error.kind(), ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand) {
        return Error::usage("no command is named").hint("--help lists them");
    }
    let first = paragraphs.next().unwrap_or_default();
    let refusal = Error::usage(first.trim_start_matches("error: "));
    paragraphs.fold(refusal, |refusal, paragraph| match paragraph.split_once(": ") {
        Some(("Usage", usage)) => refusal.with("usage", usage),
        Some(("tip", tip)) => refusal.hint(tip),
        _ => refusal,
    })
}

/// The whole command line: for parsing, for completions, for the generated reference.
pub fn command_line() -> clap::Command {
    Arguments::command().after_long_help(footer())
}

/// What holds for every command: exit codes and variables.
fn footer() -> String {
    let mut text = format!("Exit codes:\n  {:>3}  done\n", 0);
    for kind in Kind::ALL {
        text.push_str(&format!("  {:>3}  {}\n", kind.exit_code(), kind.meaning()));
    }
    text.push_str("\nEnvironment:\n");
    for (names, meaning) in VARIABLES {
        text.push_str(&format!("  {names}\n      {meaning}\n"));
    }
    text
}
