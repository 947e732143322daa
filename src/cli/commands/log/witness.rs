//! `airlift log cosign`, `airlift log witness` and `airlift log identities`

use super::{log_of, verifier_key};
use crate::cli::Context;
use crate::error::{Result, plain};
use crate::log::witnessed::Seen;
use crate::log::{Identities, VerifierKey};
use crate::steps::log::{cosign, witness};
use crate::trust::PlainKeys;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// Sign the newest checkpoint with a person's key
#[derive(Debug, Args)]
pub struct Cosign {
    /// Key to sign with: an OpenSSH key file; FILE.pub or SHA256:… for a key in ssh-agent
    #[arg(long, value_name = "KEY")]
    key: String,
    /// Accept a key file without a passphrase
    #[arg(long)]
    allow_plain_key: bool,
}

impl Cosign {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let writer = context.open_store()?.writer()?;
        let plain = if self.allow_plain_key { PlainKeys::Allowed } else { PlainKeys::Refused };
        let signer = context.signer(&self.key, plain)?;
        let (checkpoint, path) = cosign(&context.journal(&writer)?, signer.as_ref())?;
        let document = json!({ "origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.hex(), "paper": checkpoint.paper(),
            "key": signer.public_key().fingerprint(), "file": path });
        let text =
            format!("cosigned  {}\npaper     {}\nfile      {}\n", signer.public_key().fingerprint(), checkpoint.paper(), path.display());
        context.out.data(&document, &text)
    }
}

/// Remember another host's checkpoint
#[derive(Debug, Args)]
pub struct Witness {
    /// What came back: the output of airlift log prove --from N, or of airlift log checkpoint for the first time
    file: PathBuf,
    /// The key of that log, as its people gave it; needed the first time
    #[arg(long, value_name = "NAME+ID+KEY", value_parser = verifier_key)]
    key: Option<VerifierKey>,
}

impl Witness {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let writer = context.open_store()?.writer()?;
        let accepted = witness(&context.journal(&writer)?, &self.file, self.key.as_ref())?;
        let checkpoint = &accepted.checkpoint;
        let (word, how) = match accepted.seen {
            Seen::First => ("first", "remembered for the first time".to_owned()),
            Seen::Same => ("same", "nothing new since last time".to_owned()),
            Seen::Grown { from } => ("grown", format!("grew out of the {from} events remembered")),
        };
        let text = format!("{} at {} events: {how}\npaper     {}\n", checkpoint.origin, checkpoint.size, checkpoint.paper());
        let document = json!({ "origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.hex(), "seen": word });
        context.out.data(&document, &text)
    }
}

/// Show who is behind the pseudonyms of the log, or forget it
#[derive(Debug, Args)]
pub struct IdentitiesOf {
    /// Erase the name behind this pseudonym; the log stays what it is
    #[arg(long, value_name = "PSEUDONYM")]
    erase: Option<String>,
}

impl IdentitiesOf {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        if let Some(pseudonym) = &self.erase {
            let writer = context.open_store()?.writer()?;
            context.journal(&writer)?.erase(pseudonym)?;
            context.out.say(format!("the name behind {pseudonym} is erased here; backups and exports may still have it"));
        }
        let identities = Identities::read(&log_of(context)?)?;
        let text: String = identities.names().iter().map(|(pseudonym, name)| format!("{pseudonym:<6} {name}\n")).collect();
        context.out.data(&json!(identities.names()), &plain(&text))
    }
}
