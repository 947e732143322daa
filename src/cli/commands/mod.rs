//! One file a command: arguments to options, result to words.

pub mod approve;
pub mod audit;
#[cfg(feature = "upstream")]
pub mod build;
pub mod client;
pub mod completions;
mod cost;
pub mod diff;
pub mod evidence;
#[cfg(feature = "upstream")]
pub mod fetch;
pub mod gate;
pub mod gc;
pub mod import;
pub mod init;
pub mod inspect;
pub mod inventory;
pub mod key;
#[cfg(feature = "upstream")]
pub mod lock;
pub mod log;
#[cfg(feature = "upstream")]
pub mod network;
pub mod network_free;
pub mod pack;
pub mod plan;
pub mod policy;
pub mod receive;
pub mod repack;
pub mod repair;
pub mod report;
pub mod rescan;
pub mod review;
pub mod rollback;
pub mod sbom;
pub mod scan;
pub mod schema;
pub mod scrub;
pub mod send;
pub mod serve;
pub mod shaping;
pub mod sign;
pub mod status;
pub mod trust;
#[cfg(feature = "upstream")]
pub mod up;
pub mod verify;
pub mod vex;

use super::Context;
use super::args::Command;
use crate::error::Result;

/// Runs one command.
pub fn run(command: Command, context: &Context) -> Result<()> {
    match command {
        Command::Init(command) => command.run(context),
        #[cfg(feature = "upstream")]
        Command::Lock(command) => command.run(context),
        #[cfg(feature = "upstream")]
        Command::Fetch(command) => command.run(context),
        Command::Pack(command) => command.run(context),
        #[cfg(feature = "upstream")]
        Command::Build(command) => command.run(context),
        #[cfg(feature = "upstream")]
        Command::Up(command) => command.run(context),
        Command::Sign(command) => command.run(context),
        Command::Send(command) => command.run(context),
        Command::Receive(command) => command.run(context),
        Command::Inspect(command) => command.run(context),
        Command::Inventory(command) => command.run(context),
        Command::Verify(command) => command.run(context),
        Command::Repair(command) => command.run(context),
        Command::Merge(command) => command.run(context),
        Command::Split(command) => command.run(context),
        Command::Extract(command) => command.run(context),
        Command::Plan(command) => command.run(context),
        Command::Review(command) => command.run(context),
        Command::Approve(command) => command.run(context),
        Command::Import(command) => command.run(context),
        Command::Serve(command) => command.run(context),
        Command::Client(command) => command.run(context),
        Command::Diff(command) => command.run(context),
        Command::Status(command) => command.run(context),
        Command::Rollback(command) => command.run(context),
        Command::Gc(command) => command.run(context),
        Command::Gate(command) => command.run(context),
        Command::Sbom(command) => command.run(context),
        Command::Audit(command) => command.run(context),
        Command::Scan(command) => command.run(context),
        Command::Evidence(command) => command.run(context),
        Command::Report(command) => command.run(context),
        Command::Scrub(command) => command.run(context),
        Command::Log(command) => log::run(command, context),
        Command::Key(command) => key::run(command, context),
        Command::Trust(command) => trust::run(command, context),
        Command::Policy(command) => policy::run(command, context),
        Command::Vex(command) => vex::run(command, context),
        Command::Schema(command) => command.run(context),
        Command::Completions(command) => command.run(context),
    }
}
