//! `airlift completions`

use crate::cli::{Context, command_line};
use crate::error::Result;
use clap::Args;

/// Print the completions of a shell
#[derive(Debug, Args)]
#[command(after_help = "Example: airlift completions bash > /etc/bash_completion.d/airlift")]
pub struct Completions {
    /// The shell
    shell: clap_complete::Shell,
}

impl Completions {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut command_line(), "airlift", &mut text);
        context.out.raw(&String::from_utf8_lossy(&text))
    }
}
