//! `airlift import`

use super::gate::{Documents, known};
use super::inventory;
use super::plan::{awaited, foretell};
use super::rescan::{known_before, told_again};
use super::scan::{Scanning, say};
use super::verify::signers;
use crate::artifact::sha256_bytes;
use crate::bundle::{Authentic, Verification, VerifiedBundle};
use crate::cli::Context;
use crate::ecosystems::{bytes, count};
use crate::error::{Error, Result, shown};
use crate::log::Journal;
use crate::policy::gate::Gated;
use crate::steps::approve;
use crate::steps::assess::Held;
use crate::steps::assess::has_evidence;
use crate::steps::gates::refuse;
use crate::steps::import::{Imported, Inspection, import_after, is_current, is_refusal, log_refusals};
use crate::steps::policy::in_force;
use crate::steps::staging::Staged;
use crate::steps::verify::{concerns_one_bundle, open_partly, refused};
use crate::store::Store;
use clap::Args;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::path::{Path, PathBuf};

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
    /// Write what is installed then into this file, as `airlift inventory` does: to be carried back for the next delta
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    inventory: Option<PathBuf>,
    #[command(flatten)]
    documents: Documents,
}

impl Import {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        if self.dry_run {
            self.documents.none_judged()?;
            return foretell(&self.places, self.refuse_expired, None, context);
        }
        self.inventory.as_deref().map_or(Ok(()), check_place)?;
        let store = context.make_store()?;
        if self.documents.asked() && self.advisories.is_none() && !in_force(&store)?.0.terms.ask() {
            self.documents.none_judged()?;
        }
        let documents = self.documents.open()?;
        let (judged, mut failures) = (RefCell::new(Vec::new()), Vec::new());
        let outcome = self.import(&store, (&judged, &mut failures), context);
        failures.extend(outcome.as_ref().err().map(|error| error.message().to_owned()));
        documents.write(&judged.into_inner(), &failures)?;
        outcome.and_then(refused)
    }

    /// Takes in what is there; the errors that concern single bundles are told apart from what ended everything.
    fn import(&self, store: &Store, (judged, failures): (&Told, &mut Vec<String>), context: &Context) -> Result<Vec<Error>> {
        let root = context.accepted_root(store)?;
        let opened = open_partly(&self.places, &root);
        let (bundles, mut errors) = opened.map_err(|error| self.refused(error, store, context))?;
        failures.extend(errors.iter().map(|error| error.message().to_owned()));
        let writer = store.writer()?;
        let journal = context.journal(&writer)?;
        log_refusals(&errors, &self.places, &journal)?;
        let (mut documents, mut counted) = (Vec::new(), 0);
        let known = known(self.advisories.as_deref(), Some(store), &[])?;
        let approvals = self.approvals.as_deref().map(approve::read).transpose()?;
        for bundle in bundles {
            if let Some(pairs) = &approvals {
                approve::take_for(&journal, &bundle, pairs)?;
            }
            let (label, before) = (bundle.statement.label(), judged.borrow().len());
            let by = By { scanning: self.scanning, known: known.as_ref(), told: &|gated| judged.borrow_mut().push(gated.clone()) };
            let aged = context.check_age(store, &bundle.root, self.refuse_expired);
            let taken = aged.and_then(|()| take_in(bundle, &journal, &by, context));
            failures.extend(unjudged(&label, &taken, judged.borrow().get(before)));
            match taken {
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
        let carried = self.carry_back(&mut documents, &journal, context);
        if context.out.json() && !documents.is_empty() {
            context.out.data(&Value::from(documents), "")?;
        }
        errors.extend(carried.err());
        Ok(errors)
    }

    /// What goes back to the sender, so that the next delta need not bring it again: the inventory that was asked for, which the last
    /// document then names; else it is said what would do. Nothing where nothing is installed.
    fn carry_back(&self, documents: &mut [Value], journal: &Journal<'_>, context: &Context) -> Result<()> {
        let installed = |document: &Value| document["staged"] != true;
        let receipt = documents.iter().rev().find_map(|document| document["receipt"].as_str()).map(str::to_owned);
        let Some(last) = documents.iter_mut().rev().find(|document| installed(document)) else {
            self.inventory.iter().for_each(|_| context.out.warn("nothing was installed: no inventory was written"));
            return Ok(());
        };
        let Some(file) = &self.inventory else {
            let receipt = receipt.iter();
            receipt
                .for_each(|receipt| context.out.say(format!("carry {receipt} back for the next delta, or what airlift inventory writes")));
            return Ok(());
        };
        let told = |error: Error| error.hint("what was imported is installed; for the inventory: airlift inventory --out FILE");
        let (document, text) = inventory::write(file, journal).map_err(told)?;
        last["inventory"] = document;
        context.out.say(text);
        inventory::say_what_to_carry(file, context);
        Ok(())
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

/// Refuses what no file can be written to before anything is imported.
fn check_place(file: &Path) -> Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if folder.is_dir() && !file.is_dir() {
        return Ok(());
    }
    Err(Error::usage(format!("{}: no inventory can be written there", shown(file))).hint("name a file in a folder that is there"))
}

/// What rules came to, bundle by bundle.
type Told = RefCell<Vec<Gated>>;
/// What became of a bundle: what is told of it, with an error where volumes are still to come.
type Taken = (Value, Option<Error>);

/// By what the content of a bundle is judged, and who is told.
pub struct By<'a> {
    /// The scanner.
    pub scanning: Scanning,
    /// The advisories that were named.
    pub known: Option<&'a Held>,
    /// Who is told what the policy's rules came to.
    pub told: &'a dyn Fn(&Gated),
}

/// Why the findings do not say what became of a bundle: it was not judged, or something else than its findings ended its import.
fn unjudged(label: &str, taken: &Result<Taken>, judged: Option<&Gated>) -> Option<String> {
    let by_its_findings = judged.is_some_and(|gated| refuse(label, gated).is_err());
    match taken {
        Err(error) => (!by_its_findings).then(|| error.message().to_owned()),
        Ok((_, Some(error))) => Some(error.message().to_owned()),
        Ok(_) if judged.is_none() => Some(format!("{label} is installed already, and was not judged again: airlift gate does that")),
        Ok(_) => None,
    }
}

/// Imports one bundle and tells of it.
pub fn take_in(bundle: Authentic, journal: &Journal<'_>, by: &By<'_>, context: &Context) -> Result<Taken> {
    let scanning = by.scanning;
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
    match import_after(bundle, journal, &verification, Inspection { look: &look, advisories: by.known, told: by.told })? {
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
