//! `airlift import`

use super::gate::known;
use super::plan::{awaited, foretell};
use super::rescan::{known_before, told_again};
use super::scan::{Scanning, say};
use super::verify::signers;
use crate::artifact::sha256_bytes;
use crate::bundle::{Authentic, Verification, VerifiedBundle};
use crate::cli::Context;
use crate::ecosystems::{bytes, count};
use crate::error::{Error, Result};
use crate::log::Journal;
use crate::steps::approve;
use crate::steps::assess::Held;
use crate::steps::assess::has_evidence;
use crate::steps::import::{Imported, Inspection, import_after, is_current, is_refusal, log_refusals};
use crate::steps::staging::Staged;
use crate::steps::verify::{concerns_one_bundle, open_partly, refused};
use crate::store::Store;
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Verify a bundle and install it, or change nothing
#[derive(Debug, Args)]
#[command(after_help = "Example: airlift import /media/usb1 /media/usb2\n\nStopped at any time, the same command goes on where it was. \
Volumes may come one after the other: run it for each; exit code 3 says which are still needed.")]
pub struct Import {
    /// Volumes, or folders that hold them
    #[arg(required = true)]
    places: Vec<PathBuf>,
    /// Say what would be done, and change nothing: the same as `airlift plan`
    #[arg(long)]
    dry_run: bool,
    /// A folder of approvals that were given elsewhere; they are kept in the store
    #[arg(long, value_name = "DIR")]
    approvals: Option<PathBuf>,
    /// Refuse bundles by a trust root that has expired, instead of warning
    #[arg(long)]
    refuse_expired: bool,
    #[command(flatten)]
    scanning: Scanning,
    /// A folder of advisories in OSV's form, by ecosystem, for the rules of the policy that ask them
    #[arg(long, value_name = "DIR")]
    advisories: Option<PathBuf>,
}

impl Import {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        if self.dry_run {
            return foretell(&self.places, self.refuse_expired, None, context);
        }
        let store = context.make_store()?;
        let root = context.accepted_root(&store)?;
        let opened = open_partly(&self.places, &root);
        let (bundles, mut errors) = opened.map_err(|error| self.refused(error, &store, context))?;
        let writer = store.writer()?;
        let journal = context.journal(&writer)?;
        log_refusals(&errors, &self.places, &journal)?;
        let (mut documents, mut counted) = (Vec::new(), 0);
        let known = known(self.advisories.as_deref(), Some(&store), &[])?;
        let approvals = self.approvals.as_deref().map(approve::read).transpose()?;
        for bundle in bundles {
            if let Some(pairs) = &approvals {
                approve::take_for(&journal, &bundle, pairs)?;
            }
            let aged = context.check_age(&store, &bundle.root, self.refuse_expired);
            match aged.and_then(|()| take_in(bundle, &journal, self.scanning, known.as_ref(), context)) {
                Ok((mut document, lacking)) => {
                    document["sha256-bytes"] = (sha256_bytes() - counted).into();
                    counted = sha256_bytes();
                    documents.push(document);
                    errors.extend(lacking);
                }
                Err(error) if concerns_one_bundle(error.kind()) => errors.push(error),
                Err(error) => {
                    errors.insert(0, error);
                    break;
                }
            }
        }
        if context.out.json() && !documents.is_empty() {
            context.out.data(&Value::from(documents), "")?;
        }
        refused(errors)
    }

    /// A medium that cannot be taken apart: the log is told, and where that fails both errors are shown.
    fn refused(&self, error: Error, store: &Store, context: &Context) -> Error {
        if !is_refusal(error.kind()) {
            return error;
        }
        let logged = || log_refusals(std::slice::from_ref(&error), &self.places, &context.journal(&store.writer()?)?);
        match logged() {
            Err(failed) => error.with("also", failed.message()),
            Ok(()) => error,
        }
    }
}

/// Imports one bundle and tells of it; with an error where volumes are still to come.
pub fn take_in(
    bundle: Authentic,
    journal: &Journal<'_>,
    scanning: Scanning,
    known: Option<&Held>,
    context: &Context,
) -> Result<(Value, Option<Error>)> {
    let (label, id, lock) = (bundle.statement.label(), bundle.id, bundle.lock.clone());
    let frames = bundle.table.frames.len();
    let had = has_evidence(&lock.artifacts).then(|| known_before(journal.store(), context));
    let progress = context.out.progress();
    let verification =
        Verification { threads: context.environment.threads(), keep_going: false, progress: progress.as_ref(), phase: "importing" };
    let look = |bundle: &VerifiedBundle, store: &Store| {
        if !scanning.scan {
            return Ok(());
        }
        let outcome = scanning.run(&bundle.lock().artifacts, store, false, context)?;
        say(&outcome, context);
        outcome.refuse(scanning.least())
    };
    match import_after(bundle, journal, &verification, Inspection { look: &look, advisories: known })? {
        Imported::Staged(staged) => Ok((tell_staged(&id.hex(), &staged, context), Some(staged.error))),
        Imported::Already { installed, restored, rewritten, lacking } => {
            let brought = match restored {
                0 if lacking > 0 => {
                    format!("nothing was changed; it is not served now, and {} it builds on are gone", count(lacking, "blob"))
                }
                0 if rewritten => "its damaged record was written again".to_owned(),
                0 if is_current(&installed.bundle, journal.store())? => "nothing was changed".to_owned(),
                0 => "nothing was changed; it is not served now, to go back to it: airlift rollback N".to_owned(),
                n => format!("{} had gone missing and {} brought back", count(n, "blob"), if n == 1 { "was" } else { "were" }),
            };
            context.out.say(format!("{label} is installed already ({}); {brought}", installed.bundle.spoken()));
            Ok((json!({ "bundle": id.hex(), "imported": false, "restored": restored, "rewritten": rewritten, "lacking": lacking }), None))
        }
        Imported::Done { snapshot, notes, repaired, judged, approved, taken, receipt } => {
            let who = signers(&judged);
            notes.iter().for_each(|note| context.out.warn(note));
            repaired.iter().for_each(|damage| context.out.warn(format!("repaired on the way: {damage}")));
            let blobs = lock.blobs().len();
            context.out.say(format!("{label}   {}   signatures {who}", id.spoken()));
            let verified = match blobs - taken {
                0 => format!("verified {} · {} · {}", count(frames, "frame"), count(blobs, "blob"), bytes(lock.size())),
                here => format!("verified {taken} of {} · {here} here already, not read again", count(blobs, "blob")),
            };
            if !approved.is_empty() {
                context.out.say(format!("approved  {}", approved.join(", ")));
            }
            context.out.say(format!("{verified} · imported as snapshot {}", snapshot.number));
            context.out.say(format!("receipt   {}", receipt.display()));
            context.out.say("next: airlift serve");
            let mut document = json!({ "bundle": id.hex(), "imported": true, "snapshot": snapshot.number, "blobs": blobs, "taken": taken, "bytes": lock.size(), "notes": notes, "approved_by": approved, "repaired": repaired,
                    "receipt": receipt });
            if let Some(known) = had.and_then(|had| told_again(had, journal.store(), context)) {
                document["known"] = known;
            }
            Ok((document, None))
        }
    }
}

/// Tells what was taken in of a bundle that waits for volumes.
fn tell_staged(id: &str, staged: &Staged, context: &Context) -> Value {
    let label = &staged.label;
    let taken = match staged.bytes {
        0 => "nothing here was needed that is not in the store".to_owned(),
        taken => format!("took in {} ({} whole)", bytes(taken), count(staged.blobs, "blob")),
    };
    context.out.say(format!("{label}: {taken}; it waits in the store until the rest is here"));
    json!({ "bundle": id, "imported": false, "staged": true, "blobs": staged.blobs, "bytes": staged.bytes, "needed": awaited(&staged.needs) })
}
