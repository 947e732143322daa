//! The `airlift` program: parse, run, map the kind of an error to the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    airlift::cli::main()
}
