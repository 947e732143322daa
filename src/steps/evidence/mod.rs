//! `evidence`: everything a third party needs to check who signed, decided and installed what, in one folder, with a script that checks
//! it by stock tools (`docs/formats/evidence.md`).
//!
//! In: a bundle on its medium, or what is installed; the store with its roots, its log, its decisions. Out: a folder that is there whole
//! or not at all, and the digest of its list. Nothing of the store is changed. Names in the folder are made here; what is carried is
//! read as a stream. The same input gives the same bytes: times are those that inputs claim.

mod carried;
mod checks;
mod contents;
mod logged;
mod said;
mod seal;
mod trusting;

pub use self::seal::EVIDENCE;

use self::carried::{Carried, Laid, named, pretty, references};
use self::checks::Checks;
use self::contents::Contents;
use self::logged::Logged;
use self::seal::Seal;
use self::trusting::Trusting;
use super::sbom::{of_bundle, of_snapshot};
use super::verify::{open_one, verify};
use crate::artifact::{Artifact, Digest};
use crate::bundle::{InPlace, Verification};
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::report::Language;
use crate::report::Subject;
use crate::report::controls::{
    About, ControlPack, Evidence, Filed, Folder, Found, Gathered, OSCAL_VERSION, Reason, References, assessment_plan, assessment_results,
    component_definition, csv, json as json_table, markdown,
};
use crate::steps::policy::in_force;
use crate::store::{Snapshot, Store, read_bounded};
use crate::trust::Signer;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The script that checks a pack, the same in each.
pub const CHECK: &str = include_str!("check.sh");
/// What says that there was no time at all.
const NO_TIME: &str = "1970-01-01T00:00:00Z";
/// Longest list of a snapshot, in bytes.
const MAX_LIST_BYTES: u64 = 64 << 20;

/// How evidence is gathered.
#[derive(Clone, Copy)]
pub struct Gathering<'a> {
    /// The host's store.
    pub store: &'a Store,
    /// The frameworks whose tables are written.
    pub packs: &'a [&'a ControlPack],
    /// The language of tables and texts.
    pub language: Language,
    /// Threads that read.
    pub threads: usize,
    /// The host's clock, for a policy's ages; it is not written.
    pub now: jiff::Timestamp,
    /// The time to claim, where one was given; else the newest that the log claims, else that of the bundle.
    pub time: Option<jiff::Timestamp>,
    /// The program, with its version.
    pub tool: &'a str,
    /// SHA-256 of the program's own file, where that can be read.
    pub program: Option<Digest>,
    /// Who signs the list of all files.
    pub signer: Option<&'a dyn Signer>,
    /// Where the work is reported.
    pub progress: &'a dyn Progress,
}

/// What the evidence is of.
#[derive(Debug, Clone, Copy)]
pub enum Of<'a> {
    /// The only bundle in some places.
    Medium(&'a [PathBuf]),
    /// A snapshot; the one that is served where none is named.
    Installed(Option<u64>),
}

/// A pack that is there.
#[derive(Debug, Clone)]
pub struct Packed {
    /// What it is of.
    pub title: String,
    /// SHA-256 of the list of its files: stands for the whole pack.
    pub sums: Digest,
    /// Fingerprint of the newest trust root in it.
    pub root: Digest,
    /// The log's key, where there is a log.
    pub key: Option<String>,
    /// How many files.
    pub files: usize,
    /// Which evidence is in it.
    pub gathered: Gathered,
}

/// What is collected while files are written.
#[derive(Debug, Default)]
pub(super) struct Notes {
    checks: Checks,
    transcript: Vec<Value>,
    policy: Option<Filed>,
}

impl Notes {
    /// A check that was made, what it was about, and what was found.
    fn transcript(&mut self, check: &str, of: &str, found: &str) {
        self.transcript.push(json!({ "check": check, "of": of, "found": found }));
    }
}

/// What was laid into the folder, before it is said which evidence it is.
struct Parts {
    bundles: Vec<(Digest, Laid)>,
    contents: Contents,
    logged: Option<Logged>,
    list: Option<Filed>,
    transcript: Filed,
    installed: bool,
    expected: Vec<Digest>,
}

/// Gathers the evidence and writes the pack.
pub fn gather(of: Of<'_>, gathering: &Gathering<'_>, out: &Path) -> Result<Packed> {
    let mut folder = Folder::begin(out)?;
    match of {
        Of::Medium(places) => of_medium(places, gathering, &mut folder).and_then(|done| finish(done, gathering, folder)),
        Of::Installed(number) => of_installed(number, gathering, &mut folder).and_then(|done| finish(done, gathering, folder)),
    }
}

/// Everything but what is made of it.
struct Done {
    subject: Subject,
    title: String,
    trusting: Trusting,
    notes: Notes,
    parts: Parts,
}

fn of_medium(places: &[PathBuf], gathering: &Gathering<'_>, folder: &mut Folder) -> Result<Done> {
    let root = super::trust::trusted(gathering.store)?;
    let verification = Verification { threads: gathering.threads, keep_going: false, progress: gathering.progress, phase: "verifying" };
    let bundle = open_one(places, &root)?;
    bundle.stands_alone()?;
    let verified = verify(bundle, &verification, None)?;
    let bundle = verified.bundle();
    let mut notes = begun(gathering, folder)?;
    let (blobs, bytes) = (bundle.lock.blobs().len(), bundle.lock.size());
    notes.transcript(
        "every blob of the volumes has the digest of the lock",
        &bundle.statement.label(),
        &format!("{blobs} blobs, {bytes} bytes"),
    );
    let trusting = Trusting::lay(gathering.store, Some((&bundle.root, &bundle.chain)), folder, &mut notes)?;
    let carried = Carried::on_medium(bundle, gathering)?;
    let laid = carried.lay(folder, &trusting, &mut notes, gathering.store)?;
    let logged = logged::lay(gathering, &[carried.id], &trusting, folder, &mut notes)?;
    let subject = of_bundle(&bundle.statement, bundle.id);
    let title = format!("bundle {}", bundle.statement.label());
    let place = InPlace::new(open_one(places, &root)?)?;
    let artifacts: Vec<&Artifact> = place.bundle().lock.artifacts.iter().collect();
    let contents = contents::lay(subject.clone(), &artifacts, &place, false, gathering, folder, &mut notes)?;
    let installed = gathering.store.accepted()?.iter().any(|installed| installed.bundle == carried.id);
    let transcript = written(&notes, gathering, folder)?;
    let expected = if installed { vec![carried.id] } else { vec![] };
    let parts = Parts { bundles: vec![(carried.id, laid)], contents, logged, list: None, transcript, installed: false, expected };
    Ok(Done { subject, title, trusting, notes, parts })
}

fn of_installed(number: Option<u64>, gathering: &Gathering<'_>, folder: &mut Folder) -> Result<Done> {
    let store = gathering.store;
    let nothing = || Error::usage("nothing is installed").hint("name a bundle's volumes");
    let snapshot = match number {
        Some(number) => store.snapshot(number)?,
        None => store.current()?.ok_or_else(nothing)?,
    };
    let mut notes = begun(gathering, folder)?;
    let trusting = Trusting::lay(store, None, folder, &mut notes)?;
    let list = folder.write(&format!("installed/snapshot-{}.json", snapshot.number), &list_of(store, &snapshot)?)?;
    let (mut bundles, mut expected) = (Vec::new(), Vec::new());
    for installed in &snapshot.bundles {
        let carried = Carried::installed(installed, store)?;
        let laid = carried.lay(folder, &trusting, &mut notes, store)?;
        notes.checks.names(&list, &laid.statement);
        expected.push(carried.id);
        bundles.push((carried.id, laid));
    }
    let logged = logged::lay(gathering, &expected, &trusting, folder, &mut notes)?;
    if let Some(logged) =
        logged.as_ref().filter(|_| super::log::verify(store, None, &[]).is_ok_and(|c| c.snapshots.contains_key(&snapshot.number)))
    {
        notes.checks.names(&logged.events, &list);
    }
    let subject = of_snapshot(&snapshot, store)?;
    let views = store.views(&snapshot)?;
    let artifacts: Vec<&Artifact> =
        views.first().map(|view| view.artifacts.iter().map(|artifact| &**artifact).collect()).unwrap_or_default();
    let contents = contents::lay(subject.clone(), &artifacts, store, true, gathering, folder, &mut notes)?;
    let transcript = written(&notes, gathering, folder)?;
    let title = format!("installed, snapshot {}", snapshot.number);
    let parts = Parts { bundles, contents, logged, list: Some(list), transcript, installed: true, expected };
    Ok(Done { subject, title, trusting, notes, parts })
}

/// The policy goes first: reviews are compared with it.
fn begun(gathering: &Gathering<'_>, folder: &mut Folder) -> Result<Notes> {
    let (_, text) = in_force(gathering.store)?;
    let policy = text.map(|text| folder.write("policy.toml", &text)).transpose()?;
    Ok(Notes { policy, ..Notes::default() })
}

fn list_of(store: &Store, snapshot: &Snapshot) -> Result<Vec<u8>> {
    let path = store.root().join("snapshots").join(format!("{}.json", snapshot.number));
    let bytes = read_bounded(&path, MAX_LIST_BYTES)?.unwrap_or_default();
    if Digest::of(&bytes) == store.snapshot_digest(snapshot.number)? {
        Ok(bytes)
    } else {
        Err(Error::failed("the store changed meanwhile"))
    }
}

fn written(notes: &Notes, gathering: &Gathering<'_>, folder: &mut Folder) -> Result<Filed> {
    folder.write("transcript.json", &pretty(&json!({ "airlift-transcript": 1, "tool": gathering.tool, "checks": notes.transcript })))
}

/// Says which evidence was found, and writes everything that is made of it.
fn finish(done: Done, gathering: &Gathering<'_>, mut folder: Folder) -> Result<Packed> {
    let Done { subject, title, trusting, mut notes, parts } = done;
    let mut gathered = said_of(&parts, &trusting, &notes);
    let logged_time = parts.logged.as_ref().and_then(|logged| logged.time.clone());
    let given = gathering.time.map(|time| time.to_string());
    let time = given.or(logged_time).or_else(|| subject.created.clone()).unwrap_or_else(|| NO_TIME.to_owned());
    let about = About { title: &title, subject: subject.digest, time: &time, tool: gathering.tool };
    gathered.note(Evidence::E9, said::exceptions(gathering, &time, &mut folder, &mut notes)?);
    gathered.note(Evidence::E19, said::program(gathering, &mut folder, &mut notes)?);
    let seal = gathering.signer.map(|signer| Seal::announce(signer, &trusting, &mut folder, &mut notes)).transpose()?;
    tables(&gathered, &about, gathering, &mut folder)?;
    folder.write("checks.tsv", notes.checks.bytes())?;
    folder.write("check.sh", CHECK.as_bytes())?;
    folder.write("README.md", readme(&about, gathering.language, &notes.checks).as_bytes())?;
    let key = parts.logged.as_ref().map(|logged| logged.key.clone());
    let root = trusting.newest.fingerprint();
    let index = index(&folder, &gathered, &about, (&root, key.as_deref()), gathering);
    folder.write("pack.json", &pretty(&index))?;
    let files = folder.files().count() + 1;
    let sums = folder.finish_sealed(|list| seal.map_or(Ok(vec![]), |seal| seal.over(list)))?;
    Ok(Packed { title, sums, root, key, files, gathered })
}

fn tables(gathered: &Gathered, about: &About<'_>, gathering: &Gathering<'_>, folder: &mut Folder) -> Result<()> {
    let language = gathering.language;
    for pack in gathering.packs {
        let at = |ending: &str| format!("controls/{}.{ending}", pack.id);
        folder.write(&at("md"), markdown(pack, gathered, about, language).as_bytes())?;
        folder.write(&at("csv"), csv(pack, gathered, language).as_bytes())?;
        folder.write(&at("json"), &json_table(pack, gathered, about, language))?;
    }
    folder.write("oscal/assessment-results.json", &assessment_results(gathering.packs, gathered, about, language))?;
    folder.write("oscal/assessment-plan.json", &assessment_plan())?;
    folder.write("oscal/component-definition.json", &component_definition(language)).map(|_| ())
}

/// Every file, with the evidence it is.
fn index(
    folder: &Folder,
    gathered: &Gathered,
    about: &About<'_>,
    (root, key): (&Digest, Option<&str>),
    gathering: &Gathering<'_>,
) -> Value {
    let evidence_in = |name: &str| -> Vec<&str> {
        let of = |(evidence, found): (Evidence, &Found)| named(found.references()).any(|file| file == name).then(|| evidence.code());
        gathered.all().filter_map(of).collect()
    };
    let files =
        folder.files().map(|file| json!({ "name": file.name(), "sha256": file.digest().hex(), "evidence": evidence_in(file.name()) }));
    json!({
        "airlift-evidence-pack": 1,
        "subject": { "title": about.title, "sha256": about.subject.hex() },
        "as-of": about.time,
        "tool": about.tool,
        "language": gathering.language.code(),
        "profiles": gathering.packs.iter().map(|pack| &pack.id).collect::<Vec<_>>(),
        "root": root.hex(),
        "log-key": key,
        "content": files.collect::<Vec<_>>(),
    })
}

fn readme(about: &About<'_>, language: Language, checks: &Checks) -> String {
    let template = match language {
        Language::English => include_str!("readme.en.md"),
        Language::German => include_str!("readme.de.md"),
        Language::Italian => include_str!("readme.it.md"),
    };
    let subject = about.subject.hex();
    let filled =
        [("{title}", about.title), ("{time}", about.time), ("{tool}", about.tool), ("{subject}", &subject), ("{oscal}", OSCAL_VERSION)];
    filled.iter().fold(template.to_owned(), |text, (name, value)| text.replace(name, value)).replace("{commands}", &checks.by_hand())
}

/// Which piece of the catalogue is here, by what was written.
fn said_of(parts: &Parts, trusting: &Trusting, notes: &Notes) -> Gathered {
    let mut gathered = Gathered::default();
    let every = |take: &dyn Fn(&Laid) -> Vec<Filed>| references(parts.bundles.iter().flat_map(|(_, laid)| take(laid)));
    let mut note = |evidence, found: Option<Found>| found.into_iter().for_each(|found| gathered.note(evidence, found));
    let some = |references: Option<References>, reasons: Vec<Reason>| references.map(|references| Found::but(references, reasons));
    note(Evidence::E1, some(every(&Laid::signed), too_few(parts, |laid| laid.signed, Reason::TooFewSignatures)));
    note(Evidence::E2, some(references(trusting.files.clone()), vec![]));
    note(Evidence::E3, Some(Found::Present(References::to(parts.transcript.clone()))));
    note(Evidence::E5, Some(approvals(parts)));
    note(Evidence::E7, Some(parts.contents.bills.clone()));
    note(Evidence::E8, Some(parts.contents.scan.clone()));
    note(Evidence::E10, some(every(&|laid| vec![laid.lock.clone()]), vec![Reason::NoPublisherSignatures]));
    note(Evidence::E11, Some(parts.contents.licences.clone()));
    note(Evidence::E12, Some(parts.contents.models.clone()));
    note(Evidence::E13, Some(changes(parts)));
    note(Evidence::E14, some(every(&|laid| vec![laid.statement.clone()]), vec![Reason::NoCustodians]));
    note(Evidence::E15, Some(policy(parts, notes)));
    note(Evidence::E17, Some(reread(parts)));
    note(Evidence::E18, some(every(&|laid| vec![laid.lock.clone()]), vec![Reason::NoManifest]));
    let (log, receipts, refusals) = log(parts);
    note(Evidence::E4, Some(log));
    note(Evidence::E6, Some(receipts));
    note(Evidence::E16, Some(refusals));
    gathered
}

fn too_few(parts: &Parts, of: impl Fn(&Laid) -> (usize, usize), reason: impl Fn(u64, u64) -> Reason) -> Vec<Reason> {
    let counts = parts.bundles.iter().map(|(_, laid)| of(laid)).filter(|(n, m)| n < m);
    counts.map(|(n, m)| reason(n as u64, m as u64)).take(1).collect()
}

fn approvals(parts: &Parts) -> Found {
    let files = references(parts.bundles.iter().flat_map(|(_, laid)| laid.approvals.iter().chain(&laid.review).cloned()));
    let needed = parts.bundles.iter().any(|(_, laid)| laid.approved.1 > 0);
    let given = parts.bundles.iter().any(|(_, laid)| !laid.approvals.is_empty());
    match files.filter(|_| given) {
        Some(files) => Found::but(files, too_few(parts, |laid| laid.approved, Reason::TooFewApprovals)),
        None if needed => Found::Absent(Reason::NotGathered),
        None => Found::NotApplicable(Reason::NobodyAsked),
    }
}

fn changes(parts: &Parts) -> Found {
    match references(parts.bundles.iter().filter_map(|(_, laid)| laid.changes.clone())) {
        Some(files) => Found::Present(files),
        None if parts.installed || !parts.expected.is_empty() => Found::NotApplicable(Reason::NothingBefore),
        None => Found::Absent(Reason::NotReviewed),
    }
}

fn policy(parts: &Parts, notes: &Notes) -> Found {
    let Some(policy) = &notes.policy else { return Found::Absent(Reason::NoPolicy) };
    let reviews = parts.bundles.iter().filter_map(|(_, laid)| laid.review.clone());
    let all = parts.bundles.iter().all(|(_, laid)| laid.policy);
    let reasons = if all { vec![] } else { vec![Reason::PolicyNotInReview] };
    references(reviews.chain([policy.clone()])).map_or(Found::Absent(Reason::NoPolicy), |files| Found::but(files, reasons))
}

fn reread(parts: &Parts) -> Found {
    match &parts.list {
        Some(list) => Found::Partial(References::to(parts.transcript.clone()).and(list.clone()), vec![Reason::Once]),
        None => Found::NotApplicable(Reason::NotInstalled),
    }
}

/// The log, the receipts in it, the refusals in it.
fn log(parts: &Parts) -> (Found, Found, Found) {
    let absent = if parts.expected.is_empty() { Found::NotApplicable(Reason::NotInstalled) } else { Found::Absent(Reason::NoLog) };
    let Some(logged) = &parts.logged else { return (Found::Absent(Reason::NoLog), absent, Found::Absent(Reason::NoLog)) };
    let files = logged.signed.iter().chain(&logged.cosigned).cloned();
    let log = files.fold(References::to(logged.events.clone()), References::and);
    let log = Found::but(log, if logged.cosigned.is_empty() { vec![Reason::NotCosigned] } else { vec![] });
    let refusals = match logged.refusals.is_empty() {
        true => Found::NotApplicable(Reason::NothingRefused),
        false => Found::Present(References::events(logged.events.clone(), logged.refusals.clone())),
    };
    let (have, want) = (logged.imports.len() as u64, parts.expected.len() as u64);
    let receipts = match references(logged.imports.values().map(|(_, receipt)| receipt.clone())) {
        Some(files) => Found::but(files, if have < want { vec![Reason::SomeReceipts(have, want)] } else { vec![] }),
        None if want == 0 => Found::NotApplicable(Reason::NotInstalled),
        None => Found::Absent(Reason::NotGathered),
    };
    (log, receipts, refusals)
}
