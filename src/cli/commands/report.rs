//! `airlift report`

use super::gate::known;
use super::pack::read_lock;
use super::vex::Vexing;
use crate::artifact::{Artifact, Blobs, Digest};
use crate::bundle::{Authentic, InPlace, Scratch, Verification};
use crate::cli::Context;
use crate::cli::tongue::Tongue;
use crate::error::{Error, Result};
use crate::report::Language;
use crate::report::document::{Evidence, Form, Report, Source, Verdict};
use crate::report::{Inventory, Subject};
use crate::steps::advise::Beside;
use crate::steps::gates::Gates;
use crate::steps::known::since;
use crate::steps::plan::{Plan, plan};
use crate::steps::policy::in_force;
use crate::steps::predecessors::Predecessors;
use crate::steps::report::{self, Arrived, Before, Compared, Risks};
use crate::steps::sbom::{Nowhere, Stocktaking, of_bundle, of_lock, of_snapshot};
use crate::steps::verify::{open_partly, refused, verify_in};
use crate::store::{Store, create_folder, unnamed, write_atomic};
use crate::trust::{Order, PlainKeys, key_digest};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The form of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The document itself, of which docs/formats/report-1.schema.json is the schema
    Json,
    /// One file to be read and printed
    Html,
    /// For text tools and code forges
    Markdown,
    /// Every table, for spreadsheets
    Csv,
}

impl Format {
    const fn form(self) -> Form {
        match self {
            Self::Json => Form::Json,
            Self::Html => Form::Html,
            Self::Markdown => Form::Markdown,
            Self::Csv => Form::Csv,
        }
    }
}

/// Report on a bundle, a lock or what is installed, for those who decide and those who ask later
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  airlift report /media/usb --out mlops-7\n  airlift report --why numpy --format markdown\n  airlift report --receipt 3 --out receipt-3\n\nA bundle is verified and compared with what is installed; without places the report is of what is installed. Ages are counted at --at, so that the same input gives the same bytes."
)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct ReportCommand {
    /// Volumes of one bundle, or folders that hold them
    #[arg(conflicts_with_all = ["lock", "installed", "impact", "receipt"])]
    places: Vec<PathBuf>,
    /// A bundle as it is about to be carried: it is not compared with what is installed
    #[arg(long, requires = "places")]
    outgoing: bool,
    /// Leave the content of the volumes unread but for what the inventory reads of it
    #[arg(long, requires = "places")]
    unverified: bool,
    /// Compare every blob that is here of what is reported with its digest first, as scrub does; --sign of what is installed does so always
    #[arg(long, conflicts_with_all = ["places", "impact"])]
    scrub: bool,
    /// A lock, before anything is built
    #[arg(long, value_name = "FILE", conflicts_with_all = ["installed", "impact", "receipt"])]
    lock: Option<PathBuf>,
    /// A snapshot of the store, by its number
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["impact", "receipt"])]
    installed: Option<u64>,
    /// What the import that made this snapshot did, with the receipt of its event and the proof that the log has it
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["since", "since_lock", "impact"])]
    receipt: Option<u64>,
    /// What it has that this snapshot of the store has not
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["since_lock", "impact"])]
    since: Option<u64>,
    /// What it has that this lock has not
    #[arg(long, value_name = "FILE", conflicts_with = "impact")]
    since_lock: Option<PathBuf>,
    /// Why something of this name is there, inside artifacts too: a name, a name and a version, a package URL
    #[arg(long, value_name = "NAME", conflicts_with_all = ["since", "since_lock", "impact"])]
    why: Option<String>,
    /// What rests on a key on this host, revoked or not; the key as ssh-keygen -l prints it
    #[arg(long, value_name = "SHA256:…")]
    impact: Option<String>,
    /// A folder of advisories in OSV's form, by ecosystem, beside those that are carried; of a bundle the rules of the policy ask them as
    /// `import --advisories` does
    #[arg(long, value_name = "DIR", conflicts_with = "impact")]
    advisories: Option<PathBuf>,
    #[command(flatten)]
    vexing: Vexing,
    /// The form that is printed
    #[arg(long, value_name = "FORM", default_value = "markdown")]
    format: Format,
    /// The language
    #[arg(long, value_name = "LANGUAGE", default_value = "en")]
    language: Tongue,
    /// Write every form into this folder instead of printing one
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The time by which ages are counted and rules about time are judged [default: SOURCE_DATE_EPOCH, else now]
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// Sign the report, log it, and keep it in the store, where the mirror's pages show it
    #[arg(long, value_name = "KEY")]
    sign: Option<String>,
    /// Accept a key file without a passphrase
    #[arg(long, requires = "sign")]
    allow_plain_key: bool,
}

/// What was found out, and what it was found out from.
struct Found {
    report: Report,
    artifacts: Vec<Artifact>,
    inventory: Option<Inventory>,
}

impl ReportCommand {
    /// Runs the command.
    pub fn run(self, context: &Context) -> Result<()> {
        let at = self.at.map_or_else(|| context.created().map(|(time, _)| time), Ok)?;
        let at = Timestamp::from_second(at.as_second()).expect("a time without its fraction is in range");
        let mut found = self.found(at, context)?;
        self.compare(&mut found, context)?;
        self.narrow(&mut found, context)?;
        // Who may not sign it gets nothing that looks as if it were.
        if let Some(key) = &self.sign {
            self.keep(&found.report, key, context)?;
        }
        self.write(&found.report, context)
    }

    fn found(&self, at: Timestamp, context: &Context) -> Result<Found> {
        let statements = self.vexing.statements(context)?;
        let known = known(self.advisories.as_deref(), context.any_store()?.as_ref(), &statements)?;
        let beside = Beside { folder: known.as_ref(), statements: &statements };
        if let Some(path) = &self.lock {
            let lock = read_lock(path)?;
            let store = if context.store_path().exists() { Some(context.open_store()?) } else { None };
            let blobs: &dyn Blobs = store.as_ref().map_or(&Nowhere, |store| store);
            let inventory = take(of_lock(&lock), &lock.artifacts, blobs, context)?;
            let risks = Risks::ask((&lock.artifacts, blobs, store.as_ref()), beside, &inventory, Before::Uncompared, at);
            let mut report = report::of_lock(&lock, (&inventory, &risks), at);
            if let Some(store) = &store {
                report::signatures(&mut report, &in_force(store)?.0, (&lock.artifacts, &inventory), blobs)?;
            }
            return Ok(Found { report, artifacts: lock.artifacts, inventory: Some(inventory) });
        }
        let store = context.open_store()?;
        if let Some(key) = &self.impact {
            let root = context.accepted_root(&store)?;
            let key = key_digest(key).map_err(|e| e.of_kind(crate::error::Kind::Usage))?;
            return Ok(Found { report: report::of_key(&store, &root, &key, at)?, artifacts: vec![], inventory: None });
        }
        if let Some(number) = self.receipt {
            let received = report::received(&store, number)?;
            let inventory = take(of_lock(&received.lock), &received.lock.artifacts, &store, context)?;
            let before = if received.is_first() { Before::Nothing } else { Before::Uncompared };
            let risks = Risks::ask((&received.lock.artifacts, &store, Some(&store)), beside, &inventory, before, at);
            let mut report = report::of_receipt(&store, &received, (&inventory, &risks), at)?;
            report::signatures(&mut report, &in_force(&store)?.0, (&received.lock.artifacts, &inventory), &store)?;
            return Ok(Found { report, artifacts: received.lock.artifacts, inventory: Some(inventory) });
        }
        if self.places.is_empty() { self.of_installed(&store, beside, at, context) } else { self.of_places(&store, beside, at, context) }
    }

    fn of_installed(&self, store: &Store, beside: Beside<'_>, at: Timestamp, context: &Context) -> Result<Found> {
        let snapshot = match self.installed {
            Some(number) => store.snapshot(number)?,
            None => store.current()?.ok_or_else(report::nothing_installed)?,
        };
        let artifacts = artifacts_of(store, snapshot.number)?;
        let inventory = take(of_snapshot(&snapshot, store)?, &artifacts, store, context)?;
        let since = since(store, snapshot.number);
        let before = since.as_ref().map_or(Before::Uncompared, |(_, had)| Before::Known(had));
        let risks = Risks::ask((&artifacts, store, Some(store)), beside, &inventory, before, at);
        let mut report = report::of_snapshot(store, &snapshot, &artifacts, (&inventory, &risks), at)?;
        report::signatures(&mut report, &in_force(store)?.0, (&artifacts, &inventory), store)?;
        if let (Some((number, _)), Risks::Known(_)) = (&since, &risks) {
            report.transcript.push(report::compared_since(store, *number)?);
        }
        Ok(Found { report, artifacts, inventory: Some(inventory) })
    }

    fn of_places(&self, store: &Store, beside: Beside<'_>, at: Timestamp, context: &Context) -> Result<Found> {
        let root = context.accepted_root(store)?;
        let (mut bundles, errors) = open_partly(&self.places, &root)?;
        if let (Some(bundle), 1) = (bundles.pop(), bundles.len() + 1) {
            refused(errors)?;
            return self.of_one(bundle, store, beside, at, context);
        }
        refused(errors)?;
        Err(Error::usage("there is not one bundle here, but none or several").hint("name the files of one of them"))
    }

    fn of_one(&self, mut bundle: Authentic, store: &Store, beside: Beside<'_>, at: Timestamp, context: &Context) -> Result<Found> {
        let whole = bundle.shortage().is_none();
        let (verified, mut compared) = (whole && !self.unverified, Compared::Nothing);
        if verified {
            let (threads, progress) = (context.environment.threads(), context.out.progress());
            let verification = Verification { threads, keep_going: false, progress: progress.as_ref(), phase: "verifying" };
            let file = store.scratch().or_else(|_| unnamed(&context.environment.temporary));
            let scratch = Scratch::new(file, std::slice::from_ref(&bundle), Some(store))?;
            let made = verify_in(bundle, &verification, &scratch)?;
            compared = Compared::by(&made);
            bundle = made.into_bundle();
        }
        let subject = of_bundle(&bundle.statement, bundle.id);
        let artifacts = bundle.lock.artifacts.clone();
        let before = Predecessors::in_store(store);
        // What has to be made first cannot be looked into on its medium; what of it is here is.
        if !whole || bundle.stands_alone().is_err() {
            let blobs: &dyn Blobs = if whole { store } else { &Nowhere };
            let inventory = take(subject, &artifacts, blobs, context)?;
            let asked = whole && !self.outgoing;
            let had = if asked { had(store, context)? } else { None };
            let had = if asked { had.as_ref().map_or(Before::Nothing, Before::Installed) } else { Before::Uncompared };
            let risks = if whole { Risks::ask((&artifacts, blobs, Some(store)), beside, &inventory, had, at) } else { Risks::Unasked };
            let mut report = match self.outgoing {
                true => report::of_bundle(&bundle, (&inventory, &risks), compared, at),
                false => {
                    let plan = plan(bundle, &before, at)?;
                    let arrived = Arrived { plan: &plan, before: &before, inventory: &inventory, risks: &risks, compared };
                    report::of_arrival(&arrived, at)?
                }
            };
            report::signatures(&mut report, &in_force(store)?.0, (&artifacts, &inventory), blobs)?;
            return Ok(Found { report, artifacts, inventory: Some(inventory) });
        }
        let place = InPlace::new(bundle)?;
        let inventory = take(subject, &artifacts, &place, context)?;
        let mut report = if self.outgoing {
            let risks = Risks::ask((&artifacts, &place, Some(store)), beside, &inventory, Before::Uncompared, at);
            report::of_bundle(place.bundle(), (&inventory, &risks), compared, at)
        } else {
            // Opened anew: the place keeps the one it reads from.
            let again = crate::steps::verify::open_one(&self.places, &context.accepted_root(store)?)?;
            if again.id != place.bundle().id {
                return Err(Error::verification("the medium holds another bundle than a moment ago")
                    .with("expected", place.bundle().id)
                    .with("found", again.id)
                    .hint("use a medium that nobody changes meanwhile"));
            }
            let plan = plan(again, &before, at)?;
            let plan = if verified { judged(plan, (&inventory, &place), (store, beside), at, context)? } else { plan };
            let had = had(store, context)?;
            let had = had.as_ref().map_or(Before::Nothing, Before::Installed);
            let risks = Risks::ask((&artifacts, &place, Some(store)), beside, &inventory, had, at);
            report::of_arrival(&Arrived { plan: &plan, before: &before, inventory: &inventory, risks: &risks, compared }, at)?
        };
        report::signatures(&mut report, &in_force(store)?.0, (&artifacts, &inventory), &place)?;
        Ok(Found { report, artifacts, inventory: Some(inventory) })
    }

    /// Compares what the store has of it with the digests, where that was asked for and where people sign what is said of it.
    fn compare(&self, found: &mut Found, context: &Context) -> Result<()> {
        if !self.places.is_empty() || self.impact.is_some() {
            return Ok(());
        }
        if self.scrub || (self.sign.is_some() && self.lock.is_none()) {
            let (store, progress) = (context.open_store()?, context.out.progress());
            return report::scrub(&mut found.report, &store, &found.artifacts, (context.environment.threads(), progress.as_ref()));
        }
        if self.lock.is_none() {
            report::not_scrubbed(&mut found.report);
        }
        Ok(())
    }

    /// Makes it a report of a difference, or of why something is there, where that was asked for.
    fn narrow(&self, found: &mut Found, context: &Context) -> Result<()> {
        if let Some(path) = &self.since_lock {
            let lock = read_lock(path)?;
            report::since(&mut found.report, (Source::Lock, &lock.name, lock.digest(), &lock.artifacts), &found.artifacts);
        }
        if let Some(number) = self.since {
            let store = context.open_store()?;
            let (old, digest) = (artifacts_of(&store, number)?, store.snapshot_digest(number)?);
            report::since(&mut found.report, (Source::Snapshot, &number.to_string(), digest, &old), &found.artifacts);
        }
        if let (Some(name), Some(inventory)) = (&self.why, &found.inventory) {
            let digest = Digest::from_hex(&found.report.subject.said().sha256)?;
            report::why(&mut found.report, name, &found.artifacts, inventory, &Evidence::of(Source::Inventory, digest))?;
        }
        Ok(())
    }

    fn write(&self, report: &Report, context: &Context) -> Result<()> {
        let language = self.language.into();
        let Some(folder) = &self.out else {
            if context.out.json() {
                let document: Value = serde_json::from_slice(&report.render(Form::Json, language)).expect("a report is JSON");
                return context.out.data(&document, "");
            }
            let bytes = report.render(self.format.form(), language);
            return context.out.raw(&String::from_utf8_lossy(&bytes));
        };
        write_all(report, language, folder)?;
        let said = report.decision.said().verdict;
        context.out.say(format!("report    {}   {}", report.digest().spoken(), folder.display()));
        let document = json!({ "report": report.digest().hex(), "decision": said.word(), "folder": folder });
        context.out.data(&document, &format!("{}\n", if said == Verdict::Information { "written" } else { said.word() }))
    }

    fn keep(&self, report: &Report, key: &str, context: &Context) -> Result<()> {
        let store = context.open_store()?;
        let root = context.accepted_root(&store)?;
        let signer = context.signer(key, if self.allow_plain_key { PlainKeys::Allowed } else { PlainKeys::Refused })?;
        let writer = store.writer()?;
        let (digest, index) = report::keep(&context.journal(&writer)?, report, &root, signer.as_ref())?;
        context.out.say(format!("signed, logged as event {index}, and kept as reports/{}", digest.hex()));
        Ok(())
    }
}

/// Every form of a report, the document last.
fn write_all(report: &Report, language: Language, folder: &Path) -> Result<()> {
    create_folder(folder)?;
    for form in Form::ALL.into_iter().rev() {
        write_atomic(&folder.join(format!("report.{}", form.ending())), &report.render(form, language))?;
    }
    Ok(())
}

/// The plan with what the rules find in the content, where an import would ask them.
fn judged(
    plan: Plan,
    (inventory, place): (&Inventory, &InPlace),
    (store, beside): (&Store, Beside<'_>),
    at: Timestamp,
    context: &Context,
) -> Result<Plan> {
    if plan.order.as_ref().is_none_or(|order| *order == Order::Replay) {
        return Ok(plan);
    }
    let (policy, progress) = (in_force(store)?.0, context.out.progress());
    let by = Stocktaking { threads: context.environment.threads(), progress: progress.as_ref() };
    let gates = Gates::of_import(&policy, &plan.bundle.statement, store, at, beside.folder, by)?;
    let gates = Gates { statements: beside.statements, ..gates };
    let gated = gates.over(inventory, &place.bundle().lock.artifacts, place)?;
    Ok(plan.judged(&gated))
}

fn artifacts_of(store: &Store, number: u64) -> Result<Vec<Artifact>> {
    let latest = store.views(&store.snapshot(number)?)?.into_iter().next().map(|view| view.artifacts).unwrap_or_default();
    Ok(latest.iter().map(|artifact| (**artifact).clone()).collect())
}

/// The inventory of what is installed, where something is.
fn had(store: &Store, context: &Context) -> Result<Option<Inventory>> {
    let current = store.current()?;
    let of = |current: crate::store::Snapshot| take(of_snapshot(&current, store)?, &artifacts_of(store, current.number)?, store, context);
    current.map(of).transpose()
}

fn take(subject: Subject, artifacts: &[Artifact], blobs: &dyn Blobs, context: &Context) -> Result<Inventory> {
    let progress = context.out.progress();
    Stocktaking { threads: context.environment.threads(), progress: progress.as_ref() }.run(subject, artifacts, blobs)
}
