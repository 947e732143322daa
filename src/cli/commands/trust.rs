//! `airlift trust`

mod revoke;
mod rotate;

use super::sign::Keys;
use crate::cli::Context;
use crate::cli::sizes::volume_size;
use crate::error::{Error, Kind, Result, plain};
use crate::steps::trust::{self, Founding, RootShown};
use crate::trust::{PlainKeys, Role, RootLimits, Signer, pinned, told};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Found a trust domain, sign, accept and replace its root, revoke keys
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
    /// Trust a root on this host: the first by the fingerprint its makers read to you, later ones by their signatures
    #[command(after_help = "Example: airlift trust accept root.1.json --fingerprint 7Q2KD-0M4XF-9PBSW-T1H8C")]
    Accept {
        /// The root; its signatures lie beside it, and the roots between it and the accepted one
        root: PathBuf,
        /// The fingerprint as you got it by telephone or on paper, never from the medium; not needed for a root that follows the accepted one
        #[arg(long)]
        fingerprint: Option<String>,
    },
    /// Write the next root: other people, keys, roles or limits
    #[command(
        after_help = "Example: airlift trust rotate --add dora=dora.pub --remove bob --role root=alice,dora --role bundle=alice,dora"
    )]
    Rotate(Box<rotate::Rotate>),
    /// Show what changes from one root to another, before you sign it
    #[command(after_help = "Example: airlift trust diff trust/root.2.json")]
    Diff {
        /// The new root
        new: PathBuf,
        /// The old one [default: the one this host has accepted]
        #[arg(long, value_name = "ROOT")]
        old: Option<PathBuf>,
    },
    /// Put a root of a new domain in the place of the accepted one: when so many keys are lost that nobody can sign the next
    #[command(after_help = "Example: airlift trust reset root.1.json --fingerprint NEW --retire OLD --reason fire")]
    Reset {
        /// The first root of the new domain; its signatures lie beside it
        root: PathBuf,
        /// Its fingerprint as you got it by telephone or on paper
        #[arg(long)]
        fingerprint: String,
        /// The fingerprint of the root that is given up
        #[arg(long, value_name = "FINGERPRINT")]
        retire: String,
        /// Who lost what, and when
        #[arg(long)]
        reason: String,
    },
    /// Say that a key counts no more: one signature is enough
    #[command(
        after_help = "Example: airlift trust revoke --key-fingerprint SHA256:… --reason compromised --last-good kit@main:7 --key ~/.ssh/release"
    )]
    Revoke(revoke::Revoke),
    /// Take a revocation over on this host, and list what its key had admitted
    #[command(after_help = "Example: airlift trust apply-revocation --text 04GXKM…")]
    ApplyRevocation(revoke::Apply),
    /// List what a key has admitted on this host
    #[command(after_help = "Example: airlift trust impact SHA256:…")]
    Impact {
        /// Its fingerprint, as `ssh-keygen -l` prints it
        key: String,
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
    /// Print the revoked keys for `ssh-keygen -Y verify -r`
    #[command(after_help = "Example: airlift trust revoked-keys > revoked_keys")]
    RevokedKeys,
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
            let signers = signers(&keys, context)?;
            refuse_revoked(&signers, context)?;
            let signed = signers.iter().try_fold(None, |_, s| trust::sign_root(&root, s.as_ref()).map(Some))?;
            print(&signed.ok_or_else(|| Error::usage("name the key to sign with: --key KEY"))?, context, next_step)
        }
        TrustCommand::Accept { root, fingerprint } => {
            let writer = context.make_store()?.writer()?;
            let journal = context.journal(&writer)?;
            let accepted = match fingerprint {
                Some(typed) => trust::accept(&journal, &root, &typed)?,
                None => trust::accept_next(&journal, &root)?,
            };
            print(&accepted, context, |_| "accepted: this host takes bundles signed by these people".to_owned())
        }
        TrustCommand::Rotate(command) => command.run(context),
        TrustCommand::Diff { new, old } => rotate::diff(&new, old, context),
        TrustCommand::Reset { root, fingerprint, retire, reason } => {
            let writer = context.open_store()?.writer()?;
            let reset = trust::reset(&context.journal(&writer)?, &root, (&fingerprint, &retire), &reason, context.environment.now())?;
            context.out.warn(format!("{} is trusted no more; its files are kept in the store's trust/retired", reset.retired.label()));
            print(&reset.shown, context, |_| "accepted in its place: this host takes bundles signed by these people".to_owned())
        }
        TrustCommand::Revoke(command) => command.run(context),
        TrustCommand::ApplyRevocation(command) => command.run(context),
        TrustCommand::Impact { key } => revoke::impact(&key, context),
        TrustCommand::Show { root } => print(&shown(root, context)?, context, next_step),
        TrustCommand::AllowedSigners { root } => {
            let root = shown(root, context)?.root;
            context.out.raw(&format!("{}{}", trust::signers_file(&root), crate::steps::vex::signers_file(&root)))
        }
        TrustCommand::RevokedKeys => {
            let store = context.open_store()?;
            context.out.raw(&trust::revoked_file(&context.accepted_root(&store)?, &store.trust_folder())?)
        }
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
    if shown.tally.missing() == 0 && shown.root.terms().previous.is_some() {
        return match (&shown.before, shown.missing()) {
            (None, _) => {
                "signed by enough of its own people; whether enough of the root before it did shows beside that root's file".to_owned()
            }
            (Some(_), 0) => "signed by enough people; it travels in bundles, or inside: airlift trust accept ROOT".to_owned(),
            (Some(_), n) => format!("needs {n} more people of the root before it: airlift trust sign {} --key KEY", shown.file.display()),
        };
    }
    match shown.missing() {
        0 => "signed by enough people; tell the fingerprint to the other side, not on the medium: airlift trust accept".to_owned(),
        missing => format!("needs {missing} more: airlift trust sign {} --key KEY", shown.file.display()),
    }
}

fn shown(root: Option<PathBuf>, context: &Context) -> Result<RootShown> {
    let Some(path) = root else {
        let store = context.open_store()?;
        let accepted = trust::accepted(&store)?;
        return Ok(RootShown { root: context.accepted_root(&store)?, ..accepted });
    };
    trust::show(&path)
}

fn signers(keys: &Keys, context: &Context) -> Result<Vec<Box<dyn Signer>>> {
    let plain = if keys.allow_plain_key { PlainKeys::Allowed } else { PlainKeys::Refused };
    keys.key.iter().map(|key| context.signer(key, plain)).collect()
}

/// A key that was revoked on this host signs nothing on it.
fn refuse_revoked(signers: &[Box<dyn Signer>], context: &Context) -> Result<()> {
    let store = match context.open_store() {
        Err(error) if error.kind() == Kind::Incomplete => return Ok(()),
        store => store?,
    };
    // Who has accepted nobody's root has been told of no revocation; a root that cannot be read is another thing.
    let Some(root) = pinned::load(&store.trust_folder())? else { return Ok(()) };
    signers.iter().try_for_each(|signer| trust::check_not_revoked(&root, signer.public_key()))
}

fn print(shown: &RootShown, context: &Context, talk: fn(&RootShown) -> String) -> Result<()> {
    let (root, terms) = (&shown.root, shown.root.terms());
    let signed: Vec<&str> = shown.tally.signers.iter().map(|s| s.principal.as_str()).collect();
    let needed = |role: Role| format!("{:<10} {}", role.name(), root.needs(role));
    let title = format!("{}   {}   {}", root.label(), root.fingerprint().spoken(), shown.file.display());
    let more = [Role::Approve, Role::Revoke, Role::Report].into_iter().filter(|role| !root.rules(*role).is_empty());
    let mut lines = vec![title, needed(Role::Bundle), needed(Role::Root)];
    lines.extend(more.map(needed));
    lines.extend(terms.expires.map(|expires| format!("expires    {expires}")));
    for (who, held) in terms.principals.iter().flat_map(|p| p.keys.iter().map(|k| (&p.name, k))) {
        lines.push(format!("{who:<10} {} ({})", held.key.fingerprint(), held.custody.name()));
    }
    let mut revoked: Vec<_> =
        terms.revoked.iter().chain(root.revocations().iter().map(crate::trust::Revocation::revoked)).map(told).collect();
    revoked.sort();
    revoked.dedup();
    lines.extend(revoked.iter().map(|told| format!("revoked    {told}")));
    lines.push(format!("signed by  {}\n", if signed.is_empty() { "nobody".to_owned() } else { signed.join(", ") }));
    let document = serde_json::json!({
        "name": terms.name, "version": terms.version, "file": shown.file, "signed-by": signed, "missing": shown.missing(), "revoked": revoked,
        "fingerprint": root.fingerprint().hex(), "spoken": root.fingerprint().spoken(),
    });
    context.out.data(&document, &plain(&lines.join("\n"))).map(|()| context.out.say(talk(shown)))
}
