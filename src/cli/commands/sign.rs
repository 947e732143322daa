//! `airlift sign`

use crate::bundle::{Volume, find};
use crate::cli::Context;
use crate::ecosystems::{bytes, count};
use crate::error::{Error, Result};
use crate::log::Journal;
use crate::steps::inspect::{Reading, inspect};
use crate::steps::sign::{may_sign, sign_logged};
use crate::steps::verify::one;
use crate::store::Store;
use crate::trust::{PlainKeys, Role, Signer, TrustRoot};
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
        if self.keys.key.is_empty() {
            return Err(Error::usage("name the key to sign with: --key KEY").hint("airlift inspect shows who has signed"));
        }
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
        let store = context.open_store()?;
        let signing = self.keys.open(&store, context)?;
        let writer = store.writer()?;
        let signed = sign_all(statement, &volumes, signing.as_ref(), &context.journal(&writer)?, context)?;
        context.out.data(&json!({ "bundle": found.id.hex(), "signed_by": signed }), "")
    }
}

/// Keys that are open, and the root that lets them sign.
pub struct Signing {
    root: TrustRoot,
    signers: Vec<Box<dyn Signer>>,
}

impl Keys {
    /// Opens every key that was named, asking for passphrases, and sees that this host's root lets it sign bundles: before work begins
    /// that would end without a signature. `None` when no key was named.
    pub fn open(&self, store: &Store, context: &Context) -> Result<Option<Signing>> {
        if self.key.is_empty() {
            return Ok(None);
        }
        let root = context.accepted_root(store)?;
        let plain = if self.allow_plain_key { PlainKeys::Allowed } else { PlainKeys::Refused };
        let signers = self.key.iter().map(|key| context.signer(key, plain)).collect::<Result<Vec<_>>>()?;
        signers.iter().try_for_each(|signer| may_sign(&root, signer.public_key()).map(|_| ()))?;
        Ok(Some(Signing { root, signers }))
    }
}

/// Signs with every open key, and says how many people are still needed.
pub fn sign_all(
    statement: &[u8],
    volumes: &[PathBuf],
    signing: Option<&Signing>,
    journal: &Journal<'_>,
    context: &Context,
) -> Result<Vec<String>> {
    let Some(Signing { root, signers }) = signing else {
        let signatures = volumes.first().map(|path| Volume::open(path)).transpose()?.map_or(0, |volume| volume.head.signatures.len());
        match signatures {
            0 => context.out.warn("the bundle is not signed yet, and nobody will accept it: airlift sign VOLUMES --key KEY"),
            // Packed again, a bundle keeps what was signed: it is the same.
            n => context.out.say(format!("not signed just now; {} stayed: airlift inspect shows them", count(n, "earlier signature"))),
        }
        return Ok(vec![]);
    };
    let mut people = Vec::new();
    for signer in signers {
        let signed = sign_logged(statement, volumes, root, signer.as_ref(), journal)?;
        context.out.say(format!("signed by {} ({})", signed.principal, signed.fingerprint));
        people.push(signed.principal);
    }
    people.sort();
    people.dedup();
    let needed = root.rules(Role::Bundle).iter().map(|rule| rule.threshold).min().unwrap_or(1);
    if people.len() < needed {
        context
            .out
            .say(format!("{} of {needed} people have signed just now; earlier signatures stay: airlift inspect shows all", people.len()));
    }
    Ok(people)
}
