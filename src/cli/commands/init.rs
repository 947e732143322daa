//! `airlift init`

use crate::cli::Context;
use crate::error::{Error, Result};
use crate::store::write_named;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// Write a commented manifest to begin with
#[derive(Debug, Args)]
#[command(after_help = "Example: airlift init mlops")]
pub struct Init {
    /// Name of the toolkit
    name: String,
}

const MANIFEST: &str = include_str!("init.toml");

impl Init {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let path = PathBuf::from(format!("{}.toml", self.name));
        if path.exists() {
            return Err(Error::usage(format!("{} is there already", path.display())).hint("choose another name, or edit the file"));
        }
        let text = MANIFEST.replace("NAME", &self.name);
        crate::manifest::Manifest::parse(&text, &crate::ecosystems::names())?;
        write_named(&path, text.as_bytes())?;
        context.out.data(&json!({ "manifest": path }), &format!("wrote {}\n", path.display()))?;
        context.out.say(format!("next: edit it, then airlift lock {}", path.display()));
        Ok(())
    }
}
