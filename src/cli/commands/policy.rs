//! `airlift policy`

use crate::cli::Context;
use crate::error::Result;
use crate::steps::policy::{clear, in_force, set};
use clap::Subcommand;
use serde_json::json;
use std::path::PathBuf;

/// What this host asks of bundles beyond signatures and order
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Put a policy in force
    #[command(after_help = "Example: airlift policy set policy.toml\n\nWhat can stand in it: docs/formats/policy.md.")]
    Set {
        /// The policy file
        file: PathBuf,
    },
    /// Print the policy in force
    #[command(after_help = "Example: airlift policy show")]
    Show,
    /// Ask nothing any more
    #[command(after_help = "Example: airlift policy clear")]
    Clear,
}

/// Runs the command.
pub fn run(command: PolicyCommand, context: &Context) -> Result<()> {
    match command {
        PolicyCommand::Set { file } => {
            let writer = context.make_store()?.writer()?;
            let policy = set(&context.journal(&writer)?, &file)?;
            let digest = policy.digest.map(|digest| digest.spoken()).unwrap_or_default();
            context.out.say(format!("in force: bundles are asked by it from now on   {digest}"));
            context.out.data(&json!({ "policy": policy.digest.map(|digest| digest.hex()) }), "")
        }
        PolicyCommand::Show => {
            let (policy, text) = in_force(&context.open_store()?)?;
            let text = text.map(|text| String::from_utf8_lossy(&text).into_owned());
            let shown = text.clone().unwrap_or_else(|| "# no policy: nothing is asked beyond signatures and order\n".to_owned());
            context.out.data(&json!({ "policy": policy.digest.map(|digest| digest.hex()), "text": text }), &shown)
        }
        PolicyCommand::Clear => {
            let writer = context.open_store()?.writer()?;
            clear(&context.journal(&writer)?)?;
            context.out.say("nothing is asked beyond signatures and order");
            context.out.data(&json!({ "policy": null }), "")
        }
    }
}
