//! `airlift verify`

use super::gate::{Documents, Judged as Of, Judging, shown};
use super::scan::{Scanning, confinement, tell};
use crate::artifact::{Digest, sha256_bytes};
use crate::bundle::{Authentic, InPlace, Scratch, Verification, VerifiedBundle};
use crate::cli::Context;
use crate::ecosystems::{bytes, count};
use crate::error::{Kind, Result};
use crate::policy::gate::{Gated, document as findings};
use crate::scan::confine::{Confined, confine};
use crate::steps::gates::refuse;
use crate::steps::sbom::of_bundle;
use crate::steps::verify::{open, refuse_unbuilt, verify_in};
use crate::store::{Store, unnamed};
use crate::trust::Judged;
use clap::Args;
use serde_json::{Value, json};
use std::fmt::Write;
use std::fs::File;
use std::path::PathBuf;

/// Compare a bundle, byte by byte, with what was signed
#[derive(Debug, Args)]
#[command(
    after_help = "Example: airlift verify /media/usb1 /media/usb2\n\nNothing is written but the documents, and files without a name for what recoded blobs are made from, which are gone with the command. Exit code 4 means: not what was signed; 3: not all blobs could be made again to be compared, or, with --policy, not everything could be assessed; 5, with --scan or --policy: what was found in it is refused."
)]
pub struct Verify {
    /// Volumes, or folders that hold them
    #[arg(required = true)]
    places: Vec<PathBuf>,
    /// Name every damaged blob instead of stopping at the first
    #[arg(long)]
    keep_going: bool,
    /// Refuse bundles by a trust root that has expired, instead of warning
    #[arg(long)]
    refuse_expired: bool,
    #[command(flatten)]
    scanning: Scanning,
    #[command(flatten)]
    judging: Judging,
    #[command(flatten)]
    documents: Documents,
}

/// The one that decides the exit code: what could not be assessed never hides what is refused.
fn graver(first: Result<()>, second: Result<()>) -> Result<()> {
    match (&first, &second) {
        (Err(one), Err(other)) if one.kind() == Kind::Incomplete && other.kind() != Kind::Incomplete => second,
        _ => first.and(second),
    }
}

impl Verify {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        if self.judging.policy.is_none() {
            self.documents.none_asked()?;
        }
        let store = context.open_store()?;
        // Behind this nothing can be opened for writing.
        let opened = self.documents.open()?;
        let file = || store.scratch().or_else(|_| unnamed(&context.environment.temporary));
        let files = (file(), (0..Scratch::FILES * context.environment.threads()).map_while(|_| file().ok()).collect());
        let confined = confine();
        if let Some(told) = confinement(confined) {
            context.out.note(told);
        }
        let mut judged = Vec::new();
        let outcome = self.verify((&store, files), confined, &mut judged, context);
        let failed: Vec<String> = outcome.as_ref().err().map(|error| error.message().to_owned()).into_iter().collect();
        opened.write(&judged, &failed)?;
        outcome?
    }

    /// Each bundle, with a file for what recoded blobs are made from and some for what is made on the way; what a rule refuses is told apart from what could not be judged.
    fn verify(
        &self,
        (store, (file, files)): (&Store, (std::io::Result<File>, Vec<File>)),
        confined: Confined,
        findings: &mut Vec<Gated>,
        context: &Context,
    ) -> Result<Result<()>> {
        let root = context.accepted_root(store)?;
        let (mut documents, mut text, mut counted, mut refusal) = (Vec::new(), String::new(), 0, Ok(()));
        let bundles = open(&self.places, &root)?;
        let scratch = Scratch::new(file, &bundles, Some(store))?.with_files(files);
        for bundle in bundles {
            context.check_age(store, &bundle.root, self.refuse_expired)?;
            let progress = context.out.progress();
            let (threads, keep_going) = (context.environment.threads(), self.keep_going);
            let verification = Verification { threads, keep_going, progress: progress.as_ref(), phase: "verifying" };
            let verified = verify_in(bundle, &verification, &scratch)?;
            refusal = graver(refusal, refuse_unbuilt(&verified, scratch.without()));
            text.push_str(&summary(verified.bundle()));
            text.push_str(&made(&verified, store)?);
            let mut document = document(&verified);
            if !verified.bundle().bases.is_empty() {
                document["lacking"] = verified.bundle().lacking(store)?.len().into();
            }
            document["sha256-bytes"] = (sha256_bytes() - counted).into();
            counted = sha256_bytes();
            document["confined"] = confined.name().into();
            if !self.looks_inside() {
                documents.push(document);
                continue;
            }
            let place = InPlace::new(verified.into_bundle())?;
            refusal = graver(refusal, self.judge(&place, &mut text, &mut document, (findings, context))?);
            if self.scanning.scan {
                let outcome = self.scanning.run(&place.bundle().lock.artifacts, &place, false, context)?;
                tell(&outcome, &mut text);
                document["scan"] = super::scan::document(&outcome);
                refusal = graver(refusal, outcome.refuse(self.scanning.least()));
            }
            documents.push(document);
        }
        context.out.data(&Value::from(documents), &text)?;
        Ok(refusal)
    }
}

impl Verify {
    /// Whether more is asked than what was signed.
    fn looks_inside(&self) -> bool {
        self.scanning.scan || self.judging.policy.is_some() || self.judging.advisories.is_some()
    }

    /// The rules of a policy that was named: told, and the refusal where there is one.
    fn judge(
        &self,
        place: &InPlace,
        text: &mut String,
        document: &mut Value,
        (judged, context): (&mut Vec<Gated>, &Context),
    ) -> Result<Result<()>> {
        let bundle = place.bundle();
        let (label, created) = (bundle.statement.label(), bundle.statement.created.parse().ok());
        let subject = of_bundle(&bundle.statement, bundle.id);
        let of = Of { subject, artifacts: &bundle.lock.artifacts, blobs: place, as_of: created, hash: false };
        let Some(gated) = self.judging.run(&of, context)? else { return Ok(Ok(())) };
        text.push_str(&shown(&label, &gated));
        document["gates"] = findings(&gated);
        let refusal = refuse(&label, &gated);
        judged.push(gated);
        Ok(refusal)
    }
}

/// Who signed, in one line.
pub fn signers(judged: &Judged) -> String {
    let names = judged.tally.signers.iter().map(|s| format!("{} ({})", s.principal, s.custody.name())).collect::<Vec<_>>().join(", ");
    format!("{} of {}: {names}", judged.tally.people(), judged.tally.threshold)
}

/// So many blobs that were not made again are named to people.
const MOST_NAMED: usize = 20;

fn summary(bundle: &Authentic) -> String {
    let (table, lock) = (&bundle.table, &bundle.lock);
    format!(
        "{}   {}\n  signatures {}\n  verified   {} · {} · {}\n",
        bundle.statement.label(),
        bundle.id.spoken(),
        signers(&bundle.judged),
        count(table.frames.len(), "frame"),
        count(table.blobs.len(), "blob"),
        bytes(lock.size())
    )
}

/// What is said of a bundle that builds on others: what was made again, and what an import would find missing.
fn made(verified: &VerifiedBundle, store: &Store) -> Result<String> {
    let (bundle, mut text) = (verified.bundle(), String::new());
    if bundle.bases.is_empty() {
        return Ok(text);
    }
    let (recoded, left) = (bundle.bases.recoded.len(), verified.unbuilt());
    if recoded > 0 {
        let _ = writeln!(text, "  made again {} of {}", recoded - left.len(), count(recoded, "recoded blob"));
    }
    if !left.is_empty() {
        text.push_str("  not made again, so not compared with their digests; every stored byte is as signed:\n");
        for digest in left.iter().take(MOST_NAMED) {
            let _ = writeln!(text, "             {}   {digest}", bundle.owner(digest));
        }
        if left.len() > MOST_NAMED {
            let _ = writeln!(text, "             and {} more: --json lists all", left.len() - MOST_NAMED);
        }
    }
    let lacking = bundle.lacking(store)?;
    if !lacking.is_empty() {
        let _ = writeln!(text, "  builds on  {} that this store does not have: airlift plan names them", count(lacking.len(), "blob"));
    }
    Ok(text)
}

fn document(verified: &VerifiedBundle) -> Value {
    let (bundle, unbuilt) = (verified.bundle(), verified.unbuilt());
    let named = |digest: &Digest| json!({ "artifact": bundle.owner(digest), "sha256": digest.hex() });
    let mut document = json!({
        "verified": unbuilt.is_empty(),
        "bundle": bundle.id.hex(),
        "name": bundle.statement.name,
        "line": bundle.statement.line,
        "seq": bundle.statement.seq,
        "signers": bundle.judged.tally.signers.iter().map(|s| json!({ "principal": s.principal, "key": s.fingerprint })).collect::<Vec<_>>(),
        "threshold": bundle.judged.tally.threshold,
        "frames": bundle.table.frames.len(),
        "blobs": bundle.table.blobs.len(),
        "bytes": bundle.lock.size(),
    });
    if !bundle.bases.is_empty() {
        document["recoded"] = bundle.bases.recoded.len().into();
        document["not-made"] = unbuilt.len().into();
        document["unbuilt"] = unbuilt.iter().map(named).collect();
    }
    document
}
