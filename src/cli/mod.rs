//! The command line: the only code that knows a terminal, the environment and the current directory.
//!
//! In: arguments and variables. Out: data on stdout, talk on stderr, an exit code that `error::Kind` decides. Each command is one file
//! that turns arguments into a step's options and prints what the step gives back. No command holds logic of its own, none asks a
//! question without a terminal.

mod args;
mod commands;
mod context;
mod environment;
mod output;
mod reporting;

pub use args::command_line;
pub use context::Context;
pub use environment::VARIABLES;

use crate::error::Kind;
use clap::FromArgMatches;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::process::ExitCode;

/// Runs the program.
pub fn main() -> ExitCode {
    let arguments = match command_line().try_get_matches().and_then(|matches| args::Arguments::from_arg_matches(&matches)) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { Kind::Usage.exit_code() } else { 0 });
        }
    };
    raise_open_files();
    let out = output::Output::new(arguments.json, arguments.quiet);
    let context = Context { out, environment: environment::Environment::read(), store: arguments.store };
    match commands::run(arguments.command, &context) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if output::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            context.out.error(&error);
            ExitCode::from(error.kind().exit_code())
        }
    }
}

/// As many open files as the system allows: a set may have 999 volumes, and shells start programs with room for 1024.
fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// An error for a step that was stopped with Ctrl-C.
#[cfg(feature = "upstream")]
pub(crate) fn interrupted() -> crate::error::Error {
    crate::error::Error::new(Kind::Interrupted, "stopped").hint("run the command again: it goes on where it stopped")
}
