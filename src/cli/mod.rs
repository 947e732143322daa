//! The command line: the only code that knows a terminal, the environment and the current directory.
//!
//! In: arguments and variables. Out: data on stdout, talk on stderr, an exit code that `error::Kind` decides. Each command is one file
//! that turns arguments into a step's options and prints what the step gives back. No command holds logic of its own, none asks a
//! question without a terminal.

mod args;
mod commands;
mod context;
mod environment;
mod interrupt;
mod output;
mod qr;
mod reporting;
mod sizes;
mod tongue;

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
            return refused(&error);
        }
    };
    raise_open_files();
    let out = output::Output::new(arguments.json, arguments.quiet);
    let context = Context { out, environment: environment::Environment::read(), store: arguments.store };
    let after_stop = arguments.command.after_stop();
    match commands::run(arguments.command, &context) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if output::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let error = if error.kind() == Kind::Interrupted { error.hint(after_stop) } else { error };
            context.out.error(&error);
            ExitCode::from(error.kind().exit_code())
        }
    }
}

/// Tells that the command line cannot be read, or shows the help that was asked for.
fn refused(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    if std::env::args_os().take_while(|a| a != "--").any(|a| a == "--json") {
        output::Output::new(true, false).error(&args::refusal(error));
    } else {
        let _ = error.print();
    }
    ExitCode::from(Kind::Usage.exit_code())
}

/// As many open files as the system allows: a set may have 999 volumes, and shells start programs with room for 1024.
fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}
