//! `airlift trust`

use super::pack::volume_size;
use super::sign::Keys;
use crate::cli::Context;
use crate::error::{Error, Result, plain};
use crate::steps::trust::{self, Founding, RootShown};
use crate::trust::{PlainKeys, Role, RootLimits, Signer};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Found a trust domain, sign and accept its root
#[derive(Debug, Subcommand)]
pub enum TrustCommand {
    /// Write a first trust root: whose signatures count, and how many are needed
    #[command(after_help = "Example: airlift trust init hospital.example --principal alice=alice.pub --threshold 1")]
    Init(Init),
    /// Add a signature to a trust root
    #[command(after_help = "Example: airlift trust sign trust/root.1.json --key ~/.ssh/release")]
    Sign {
        /// The root
        root: PathBuf,
        #[command(flatten)]
        keys: Keys,
    },
    /// Trust a root on this host, by the fingerprint its makers read to you
    #[command(after_help = "Example: airlift trust accept root.1.json --fingerprint 7Q2KD-0M4XF-9PBSW-T1H8C")]
    Accept {
        /// The root; its signatures lie beside it
        root: PathBuf,
        /// The fingerprint as you got it by telephone or on paper, never from the medium
        #[arg(long)]
        fingerprint: String,
    },
    /// Show a trust root and who has signed it
    #[command(after_help = "Example: airlift trust show trust/root.1.json")]
    Show {
        /// The root; without it, the one this host has accepted
        root: Option<PathBuf>,
    },
    /// Print the root's people for `ssh-keygen -Y verify -f`
    #[command(after_help = "Example: airlift trust allowed-signers > allowed_signers")]
    AllowedSigners {
        /// The root; without it, the one this host has accepted
        root: Option<PathBuf>,
    },
}

/// What a new trust domain is made of.
#[derive(Debug, Args)]
pub struct Init {
    /// Name of the trust domain
    name: String,
    /// NAME=KEY.pub, or NAME:CUSTODY=KEY.pub with custody file, agent, fido2, piv or pkcs11; may be repeated
    #[arg(long, required = true, value_name = "NAME=KEY.pub")]
    principal: Vec<String>,
    /// How many people must sign a bundle, and the next root
    #[arg(long)]
    threshold: usize,
    /// When it should be replaced: 2028-01-01T00:00:00Z
    #[arg(long, value_name = "TIME")]
    expires: Option<jiff::Timestamp>,
    /// What no signer can exceed, as NAME=MOST: bundle-bytes, blobs, blob-bytes, frame-bytes, volumes; may be repeated
    #[arg(long, value_name = "NAME=MOST", value_parser = limit)]
    limit: Vec<(String, u64)>,
    /// The folder to write to
    #[arg(long, default_value = "trust")]
    out: PathBuf,
    #[command(flatten)]
    keys: Keys,
}

/// Runs the command.
pub fn run(command: TrustCommand, context: &Context) -> Result<()> {
    match command {
        TrustCommand::Init(Init { name, principal, threshold, expires, limit, out, keys }) => {
            let mut limits = RootLimits::default();
            for (name, most) in &limit {
                limits.set(name, *most);
            }
            let founding = Founding { name: &name, principals: &principal, threshold, created: context.created()?.0, expires, limits };
            print(&trust::init(&out, &founding, &signers(&keys, context)?)?, context, next_step)
        }
        TrustCommand::Sign { root, keys } => {
            let signed = signers(&keys, context)?.iter().try_fold(None, |_, s| trust::sign_root(&root, s.as_ref()).map(Some))?;
            print(&signed.ok_or_else(|| Error::usage("name the key to sign with: --key KEY"))?, context, next_step)
        }
        TrustCommand::Accept { root, fingerprint } => {
            let accepted = trust::accept(&context.make_store()?.writer()?, &root, &fingerprint)?;
            print(&accepted, context, |_| "accepted: this host takes bundles signed by these people".to_owned())
        }
        TrustCommand::Show { root } => print(&shown(root, context)?, context, next_step),
        TrustCommand::AllowedSigners { root } => context.out.raw(&trust::signers_file(&shown(root, context)?.root)),
    }
}

/// `NAME=MOST`; bytes may have a unit, as in `bundle-bytes=2TB`.
fn limit(text: &str) -> std::result::Result<(String, u64), String> {
    let names = RootLimits::NAMES.join(", ");
    let (name, most) = text
        .split_once('=')
        .filter(|(name, _)| RootLimits::NAMES.contains(name))
        .ok_or_else(|| format!("expected NAME=MOST with one of {names}"))?;
    let most =
        if name.ends_with("-bytes") { volume_size(most)? } else { most.parse().map_err(|_| format!("expected a number of {name}"))? };
    if most == 0 { Err("a limit of 0 admits nothing".to_owned()) } else { Ok((name.to_owned(), most)) }
}

fn next_step(shown: &RootShown) -> String {
    match shown.tally.missing() {
        0 => "signed by enough people; tell the fingerprint to the other side, not on the medium: airlift trust accept".to_owned(),
        missing => format!("needs {missing} more: airlift trust sign {} --key KEY", shown.file.display()),
    }
}

fn shown(root: Option<PathBuf>, context: &Context) -> Result<RootShown> {
    root.map_or_else(|| trust::accepted(&context.open_store()?), |path| trust::show(&path))
}

fn signers(keys: &Keys, context: &Context) -> Result<Vec<Box<dyn Signer>>> {
    let plain = if keys.allow_plain_key { PlainKeys::Allowed } else { PlainKeys::Refused };
    keys.key.iter().map(|key| context.signer(key, plain)).collect()
}

fn print(shown: &RootShown, context: &Context, talk: fn(&RootShown) -> String) -> Result<()> {
    let (root, terms) = (&shown.root, shown.root.terms());
    let signed: Vec<&str> = shown.tally.signers.iter().map(|s| s.principal.as_str()).collect();
    let needed = |role: Role| format!("{:<10} {} of {}", role.name(), root.rule(role).threshold, root.rule(role).principals.join(", "));
    let title = format!("{}   {}   {}", root.label(), root.fingerprint().spoken(), shown.file.display());
    let mut lines = vec![title, needed(Role::Bundle), needed(Role::Root)];
    for (who, held) in terms.principals.iter().flat_map(|p| p.keys.iter().map(|k| (&p.name, k))) {
        lines.push(format!("{who:<10} {} ({})", held.key.fingerprint(), held.custody.name()));
    }
    lines.push(format!("signed by  {}\n", if signed.is_empty() { "nobody".to_owned() } else { signed.join(", ") }));
    let document = serde_json::json!({
        "name": terms.name, "version": terms.version, "file": shown.file, "signed-by": signed, "missing": shown.tally.missing(),
        "fingerprint": root.fingerprint().hex(), "spoken": root.fingerprint().spoken(),
    });
    context.out.data(&document, &plain(&lines.join("\n"))).map(|()| context.out.say(talk(shown)))
}
