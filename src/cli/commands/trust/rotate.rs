//! `airlift trust rotate` and `airlift trust diff`

use super::{Keys, limit, next_step, print, refuse_revoked, signers};
use crate::cli::Context;
use crate::error::{Result, plain};
use crate::steps::trust::{self, Edits};
use crate::trust::pinned;
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};

/// What the next root has otherwise.
#[derive(Debug, Args)]
pub struct Rotate {
    /// The root to start from; its signatures lie beside it [default: the one this host has accepted]
    #[arg(long, value_name = "ROOT")]
    from: Option<PathBuf>,
    /// A new principal: NAME=KEY.pub or NAME:CUSTODY=KEY.pub; roles take it in with --role; may be repeated
    #[arg(long, value_name = "NAME=KEY.pub")]
    add: Vec<String>,
    /// A principal that goes, from all roles; may be repeated
    #[arg(long, value_name = "NAME")]
    remove: Vec<String>,
    /// A further key of a principal; may be repeated
    #[arg(long, value_name = "NAME=KEY.pub")]
    add_key: Vec<String>,
    /// A key that goes; may be repeated
    #[arg(long, value_name = "SHA256:…")]
    remove_key: Vec<String>,
    /// A key that counts no more, never again: SHA256:…=compromised, retired or lost; may be repeated
    #[arg(long, value_name = "SHA256:…=REASON")]
    revoke_key: Vec<String>,
    /// Who is in a role: root, bundle, approve, revoke or report; ROLE=none for one that need not be; may be repeated
    #[arg(long, value_name = "ROLE=NAME,NAME")]
    role: Vec<String>,
    /// How many people a role needs; may be repeated
    #[arg(long, value_name = "ROLE=N")]
    threshold: Vec<String>,
    /// A rule for bundles, in place of all there were: N=NAME,NAME, then @ and the artifacts it is about; may be repeated
    #[arg(long, value_name = "N=NAME,NAME@PATTERN")]
    bundle_rule: Vec<String>,
    /// What FIDO2 tokens must have been given in a role: touch or pin; may be repeated
    #[arg(long, value_name = "ROLE=touch|pin")]
    presence: Vec<String>,
    /// How keys must be kept to count in a role: fido2, piv and so on, or any; may be repeated
    #[arg(long, value_name = "ROLE=CUSTODY")]
    custody: Vec<String>,
    /// Roles whose people do not count in this one for the same bundle, or none; may be repeated
    #[arg(long, value_name = "ROLE=ROLE")]
    distinct: Vec<String>,
    /// What no signer can exceed, as in `trust init`; may be repeated
    #[arg(long, value_name = "NAME=MOST", value_parser = limit)]
    limit: Vec<(String, u64)>,
    /// Highest epoch a bundle may claim
    #[arg(long, value_name = "N")]
    epoch: Option<u64>,
    /// When it should be replaced; without it, never
    #[arg(long, value_name = "TIME")]
    expires: Option<jiff::Timestamp>,
    /// The folder to write to
    #[arg(long, default_value = "trust")]
    out: PathBuf,
    #[command(flatten)]
    keys: Keys,
}

impl Rotate {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let store = context.open_store();
        let (root, signatures) = match &self.from {
            Some(path) => pinned::beside(path)?,
            None => {
                let store = store?;
                let root = context.accepted_root(&store)?;
                let (_, signatures) = pinned::beside(&store.trust_folder().join(root.file_name()))?;
                (root, signatures)
            }
        };
        let edits = Edits {
            add: &self.add,
            remove: &self.remove,
            add_key: &self.add_key,
            remove_key: &self.remove_key,
            revoke_key: &self.revoke_key,
            role: &self.role,
            threshold: &self.threshold,
            bundle_rule: &self.bundle_rule,
            presence: &self.presence,
            custody: &self.custody,
            distinct: &self.distinct,
            limits: &self.limit,
            epoch: self.epoch,
            expires: self.expires,
        };
        let signers = signers(&self.keys, context)?;
        refuse_revoked(&signers, context)?;
        let shown = trust::rotate((&root, &signatures), &edits, context.created()?.0, &self.out, &signers)?;
        trust::compare(&root, &shown.root).iter().for_each(|line| context.out.say(line));
        print(&shown, context, next_step)
    }
}

/// Shows what changes.
pub fn diff(new: &Path, old: Option<PathBuf>, context: &Context) -> Result<()> {
    let old = match old {
        Some(path) => pinned::beside(&path)?.0,
        None => context.accepted_root(&context.open_store()?)?,
    };
    let (new, _) = pinned::beside(new)?;
    let lines = trust::compare(&old, &new);
    let title = format!("{}   {}\n{}   {}\n", old.label(), old.fingerprint().spoken(), new.label(), new.fingerprint().spoken());
    let document = json!({ "old": old.fingerprint().hex(), "new": new.fingerprint().hex(), "follows": new.terms().previous == Some(old.fingerprint()), "changes": lines });
    let text: String = lines.iter().map(|line| format!("{}\n", plain(line))).collect();
    context.out.data(&document, &format!("{title}{text}"))
}
