//! `airlift sign`

use crate::bundle::find;
use crate::cli::Context;
use crate::ecosystems::{bytes, count};
use crate::error::{Error, Result};
use crate::steps::inspect::{Reading, inspect};
use crate::steps::sign::sign;
use crate::steps::verify::one;
use crate::store::Store;
use crate::trust::{PlainKeys, Role};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// Add a signature to a finished bundle
#[derive(Debug, Args)]
#[command(
    after_help = "Example: airlift sign /media/usb/mlops-7.*.airlift --key ~/.ssh/release\n\nThe payload is not touched; all volumes of the set must be named."
)]
pub struct Sign {
    /// The volumes, or the folder that holds them
    #[arg(required = true)]
    places: Vec<PathBuf>,
    #[command(flatten)]
    keys: Keys,
}

/// The keys to sign with.
#[derive(Debug, Clone, Args)]
pub struct Keys {
    /// Key to sign with: an OpenSSH key file; FILE.pub or SHA256:… for a key in ssh-agent; may be repeated
    #[arg(long, value_name = "KEY")]
    pub key: Vec<String>,
    /// Accept a key file without a passphrase
    #[arg(long)]
    pub allow_plain_key: bool,
}

impl Sign {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let set = one(find(&self.places)?)?;
        let found = inspect(&set, Reading::Whole)?;
        context.out.say(format!("{}   {}", found.statement.label(), found.id.spoken()));
        let Some(lock) = &found.lock else {
            return Err(Error::verification(format!(
                "{}: its lock cannot be read, so nobody can say what would be signed",
                found.statement.label()
            ))
            .hint("copy the volumes again from where they were made"));
        };
        context.out.say(format!(
            "carries {} in {}, {}",
            count(lock.artifacts.len(), "artifact"),
            count(lock.blobs().len(), "blob"),
            bytes(lock.size())
        ));
        let volumes: Vec<PathBuf> = found.volumes.iter().map(|(_, path)| path.clone()).collect();
        let statement = &set.volumes.values().next().expect("a set of volumes has at least one").head.statement;
        let signed = sign_all(statement, &volumes, &context.open_store()?, &self.keys, context)?;
        context.out.data(&json!({ "bundle": found.id.hex(), "signed_by": signed }), "")
    }
}

/// Signs with every key that was named, and says how many people are still needed.
pub fn sign_all(statement: &[u8], volumes: &[PathBuf], store: &Store, keys: &Keys, context: &Context) -> Result<Vec<String>> {
    if keys.key.is_empty() {
        context.out.warn("the bundle is not signed yet, and nobody will accept it: airlift sign VOLUMES --key KEY");
        return Ok(vec![]);
    }
    let root = context.accepted_root(store)?;
    let plain = if keys.allow_plain_key { PlainKeys::Allowed } else { PlainKeys::Refused };
    let mut people = Vec::new();
    for key in &keys.key {
        let signer = context.signer(key, plain)?;
        let signed = sign(statement, volumes, &root, signer.as_ref())?;
        context.out.say(format!("signed by {} ({})", signed.principal, signed.fingerprint));
        people.push(signed.principal);
    }
    people.sort();
    people.dedup();
    let needed = root.rule(Role::Bundle).threshold;
    if people.len() < needed {
        context
            .out
            .say(format!("{} of {needed} people have signed just now; earlier signatures stay: airlift inspect shows all", people.len()));
    }
    Ok(people)
}
