//! `airlift approve`

use super::review::{reviewed, shown};
use super::sign::Keys;
use crate::artifact::Digest;
use crate::cli::Context;
use crate::error::{Error, Kind, Result};
use crate::policy::Decision;
use crate::steps::approve::{Deciding, Pairs, approve, keep, standing, take};
use crate::steps::log::cosign;
use crate::steps::trust::trusted;
use crate::store::{Installed, Store};
use crate::trust::{PlainKeys, Signer, Tally, TrustRoot, pinned};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// Decide about a bundle, as a person the trust root names for it
#[derive(Debug, Args)]
#[command(
    after_help = "Example: airlift approve /media/usb --review 7Q2KD-0M4XF-9PBSW-T1H8C --key ~/.ssh/carol\n\nThe review's digest is what airlift review shows: type it from there, so that you approve what you saw. On the receiving host the key cosigns the event log as well."
)]
pub struct Approve {
    /// Volumes, or folders that hold them
    #[arg(required_unless_present = "installed", conflicts_with = "installed")]
    places: Vec<PathBuf>,
    /// The bundle id of an installed bundle that came in on one person's word
    #[arg(long, value_name = "ID")]
    installed: Option<String>,
    /// The digest of the review you looked at
    #[arg(long, value_name = "DIGEST")]
    review: String,
    /// Refuse the bundle, and say why
    #[arg(long, value_name = "REASON", conflicts_with = "break_glass")]
    refuse: Option<String>,
    /// Let it in on your word alone, where the policy allows it, and say why
    #[arg(long, value_name = "REASON", conflicts_with = "installed")]
    break_glass: Option<String>,
    /// Write the approval into a folder, to be carried to the receiving host, instead of this host's store
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    keys: Keys,
}

/// What is decided about.
struct Subject {
    bundle: Digest,
    label: String,
    review: Digest,
    signers: Tally,
    /// The root that judged it: the accepted one, or a newer one that comes along.
    root: TrustRoot,
}

impl Approve {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let [key] = self.keys.key.as_slice() else {
            return Err(Error::usage("name one key to decide with: --key KEY").hint("each person decides by a command of their own"));
        };
        let store = context.open_store()?;
        let subject = self.subject(&store, context)?;
        let plain = if self.keys.allow_plain_key { PlainKeys::Allowed } else { PlainKeys::Refused };
        let signer = context.signer(key, plain)?;
        let (decision, reason) = match (&self.refuse, &self.break_glass) {
            (Some(reason), _) => (Decision::Refuse, reason.as_str()),
            (None, Some(reason)) => (Decision::BreakGlass, reason.as_str()),
            (None, None) => (Decision::Approve, ""),
        };
        let created = context.created()?.0;
        let deciding = Deciding { bundle: subject.bundle, typed: &self.review, decision, reason, created };
        let (given, pairs) = approve(&deciding, &subject.review, &subject.signers, &subject.root, signer.as_ref())?;
        let witnessed = self.keep(&store, &subject, &pairs, signer.as_ref(), context)?;
        context.out.say(format!("{}: {} by {} ({})", subject.label, decision.word(), given.principal, given.fingerprint));
        if let Some(size) = witnessed {
            context.out.say(format!("cosigned the event log at {size} events"));
        }
        context.out.say("next: airlift import, when enough people have approved");
        context.out.data(
            &json!({ "bundle": subject.bundle.hex(), "review": subject.review.hex(), "decision": decision.word(), "by": given.principal,
                "cosigned": witnessed }),
            "",
        )
    }

    /// Keeps the decision. Where this is the receiving host, whoever decides is a witness of its event log too: of how many events is said.
    fn keep(&self, store: &Store, subject: &Subject, pairs: &Pairs, signer: &dyn Signer, context: &Context) -> Result<Option<u64>> {
        if let Some(folder) = &self.out {
            return keep(folder, pairs).map(|()| None);
        }
        let writer = store.writer()?;
        let journal = context.journal(&writer)?;
        take(&journal, &subject.bundle, &subject.label, pairs)?;
        cosign(&journal, signer).map(|(checkpoint, _)| Some(checkpoint.size)).or_else(|error| match error.kind() {
            // A log that is not what its witnesses remember is what witnesses are for.
            Kind::Store | Kind::Verification => Err(error.with("decision", "it is kept, and counts")),
            // A token that is not touched a second time takes nothing back.
            _ => {
                let why = error.message();
                context.out.warn(format!("the decision is kept, but the event log was not cosigned: {why}; airlift log cosign does that"));
                Ok(None)
            }
        })
    }

    fn subject(&self, store: &Store, context: &Context) -> Result<Subject> {
        let Some(id) = &self.installed else {
            let (review, bundle) = reviewed(&self.places, store, context)?;
            context.out.say(shown(&review).trim_end());
            let (label, signers, root) = (bundle.statement.label(), bundle.judged.tally, bundle.root);
            return Ok(Subject { bundle: bundle.id, label, review: review.document().digest, signers, root });
        };
        let found = installed(store, id)?;
        let label = format!("{} {}", found.name, found.seq);
        let unasked = || Error::usage(format!("{label}: nobody was asked to approve it"));
        let standing = standing(store, &found)?.ok_or_else(unasked)?;
        Ok(Subject { bundle: found.bundle, label, review: standing.review, signers: standing.signers, root: trusted(store)? })
    }
}

fn installed(store: &Store, id: &str) -> Result<Installed> {
    let mut accepted = store.accepted()?.into_iter();
    accepted.find(|installed| pinned::check_fingerprint(&installed.bundle, id).is_ok()).ok_or_else(|| {
        Error::usage("no bundle of that id was ever installed here").with("found", format!("{id:.80}")).hint("airlift status shows the ids")
    })
}
