//! `airlift key`

use crate::cli::Context;
use crate::error::{Error, Result};
use crate::steps::keys::{self, KeyShown};
use crate::trust::Protection;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Make and show signing keys
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make an Ed25519 key in OpenSSH's format
    #[command(after_help = "Example: airlift key generate ~/.ssh/release")]
    Generate(Generate),
    /// Print the public half of a key and its fingerprint
    #[command(after_help = "Example: airlift key show ~/.ssh/release.pub")]
    Show {
        /// The key file, or its .pub
        path: PathBuf,
    },
}

/// What a new key is like.
#[derive(Debug, Args)]
pub struct Generate {
    /// Where to write it; the public half goes to PATH.pub
    path: PathBuf,
    /// What stands behind the public key [default: the file's name]
    #[arg(long)]
    comment: Option<String>,
    /// Leave the key without a passphrase: whoever gets the file can sign
    #[arg(long)]
    no_passphrase: bool,
}

/// Runs the command.
pub fn run(command: KeyCommand, context: &Context) -> Result<()> {
    match command {
        KeyCommand::Generate(generate) => generate.run(context),
        KeyCommand::Show { path } => {
            let shown = keys::show(&path)?;
            context.out.data(&document(&shown), &text(&shown))
        }
    }
}

impl Generate {
    fn run(self, context: &Context) -> Result<()> {
        let name = self.path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let comment = self.comment.unwrap_or(name);
        let shown = if self.no_passphrase {
            context.out.warn("the key has no passphrase: whoever gets the file can sign, and using it needs --allow-plain-key");
            keys::generate(&self.path, &comment, Protection::Plain)?
        } else {
            let phrase = context.passphrase("new passphrase: ")?;
            if *context.passphrase("the same again: ")? != *phrase {
                return Err(Error::usage("the two passphrases differ").hint("nothing was written: run the command again"));
            }
            keys::generate(&self.path, &comment, Protection::Passphrase(&phrase))?
        };
        context.out.say(format!("wrote {0} (secret) and {0}.pub", self.path.display()));
        context.out.data(&document(&shown), &text(&shown))
    }
}

fn document(shown: &KeyShown) -> Value {
    json!({ "key": shown.line, "fingerprint": shown.fingerprint, "algorithm": shown.algorithm, "comment": shown.comment })
}

fn text(shown: &KeyShown) -> String {
    format!("{} {}\n{}\n", shown.line, shown.comment, shown.fingerprint)
}
