//! `evidence`: everything a third party needs to check who signed, decided and installed what, in one folder, which a script checks by
//! stock tools (`docs/formats/evidence.md`).
//!
//! In: a bundle on its medium, or what is installed; the store with its roots, its log, its decisions. Out: a folder that is there whole
//! or not at all, and the digest of its list. Nothing of the store is changed. Names in the folder are made here; what is carried is
//! read as a stream. The same input gives the same bytes: times are those that inputs claim.

mod advised;
mod carried;
mod contents;
mod found;
mod hand;
mod logged;
mod published;
mod seal;
mod trusting;
mod written;

use self::carried::{Carried, Laid};
use self::contents::{Contents, Looked};
use self::hand::{About, ByHand};
use self::logged::Logged;
use self::trusting::Trusting;
use super::sbom::{of_bundle, of_snapshot};
use super::verify::{open_one, verify};
use crate::advisories::vex::Statement;
use crate::artifact::{Artifact, Digest};
use crate::bundle::{InPlace, Verification};
use crate::error::{Error, Kind, Result};
use crate::policy::Policy;
use crate::progress::Progress;
use crate::report::controls::{ControlPack, Filed, Folder, Found, Gathered};
use crate::report::{Language, Subject};
use crate::steps::policy::in_force;
use crate::store::{Snapshot, Store, read_bounded};
use crate::trust::Signer;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The script that checks a pack, as it is published; a copy lies in each.
pub const CHECK: &str = include_str!("../../../docs/formats/check.sh");
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
    /// The time to claim, where one was given; else the newest that the log claims, else that of the bundle.
    pub time: Option<Timestamp>,
    /// The program, with its version.
    pub tool: &'a str,
    /// The digest of the program's file, where it could be read.
    pub program: Option<Digest>,
    /// Who signs the list.
    pub signer: Option<&'a dyn Signer>,
    /// Statements beside those that are carried and kept.
    pub statements: &'a [Statement],
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
    /// Who signed the list.
    pub signed_by: Option<String>,
    /// Which evidence is in it.
    pub gathered: Gathered,
}

/// What is collected while files are written.
#[derive(Debug, Default)]
pub(super) struct Notes {
    hand: ByHand,
    transcript: Vec<Value>,
    policy: Option<Filed>,
    rules: Policy,
}

impl Notes {
    /// A check that was made, what it was about, and what was found.
    fn transcript(&mut self, check: &str, of: &str, found: &str) {
        self.transcript.push(json!({ "check": check, "of": of, "found": found }));
    }
}

/// What was laid into the folder, before it is said which evidence it is.
struct Parts {
    bundles: Vec<Laid>,
    contents: Contents,
    accepted: Found,
    logged: Option<Logged>,
    list: Option<Filed>,
    transcript: Filed,
    installed: bool,
    expected: Vec<Digest>,
}

impl Parts {
    fn laid(&self) -> impl Iterator<Item = &Laid> {
        self.bundles.iter()
    }
}

/// Gathers the evidence and writes the pack.
pub fn gather(of: Of<'_>, gathering: &Gathering<'_>, out: &Path) -> Result<Packed> {
    if let Some(signer) = gathering.signer {
        seal::may_seal(&super::trust::trusted(gathering.store)?, signer)?;
    }
    let mut folder = Folder::begin(out)?;
    let done = match of {
        Of::Medium(places) => of_medium(places, gathering, &mut folder),
        Of::Installed(number) => of_installed(number, gathering, &mut folder),
    }?;
    written::finish(done, gathering, folder)
}

/// Everything but what is made of it.
struct Done {
    subject: Subject,
    title: String,
    at: Timestamp,
    trusting: Trusting,
    notes: Notes,
    parts: Parts,
}

fn of_medium(places: &[PathBuf], gathering: &Gathering<'_>, folder: &mut Folder) -> Result<Done> {
    let store = gathering.store;
    let root = super::trust::trusted(store)?;
    let verification = Verification { threads: gathering.threads, keep_going: false, progress: gathering.progress, phase: "verifying" };
    let bundle = open_one(places, &root)?;
    bundle.stands_alone()?;
    let verified = verify(bundle, &verification, None)?;
    let bundle = verified.bundle();
    let mut notes = begun(gathering, folder)?;
    let (blobs, bytes, label) = (bundle.lock.blobs().len(), bundle.lock.size(), bundle.statement.label());
    notes.transcript("every blob of the volumes has the digest of the lock", &label, &format!("{blobs} blobs, {bytes} bytes"));
    let trusting = Trusting::lay(store, Some((&bundle.root, &bundle.chain)), folder, &mut notes)?;
    let logged = logged::lay(gathering, &[bundle.id], &trusting, folder, &mut notes)?;
    let subject = of_bundle(&bundle.statement, bundle.id);
    let at = time(gathering, logged.as_ref(), &subject);
    let laid = Carried::on_medium(bundle, gathering, at)?.lay(folder, &trusting, &mut notes, store)?;
    let place = InPlace::new(open_one(places, &root)?)?;
    same(&place.bundle().id, &bundle.id)?;
    let artifacts: Vec<&Artifact> = place.bundle().lock.artifacts.iter().collect();
    let looked = Looked { artifacts: &artifacts, blobs: &place, hash: false, at };
    let contents = contents::lay(subject.clone(), looked, gathering, folder, &mut notes)?;
    let installed = store.accepted()?.iter().any(|installed| installed.bundle == bundle.id);
    let accepted = advised::accepted(&notes.rules, notes.policy.as_ref(), at, folder)?;
    let transcript = told(&notes, gathering, folder)?;
    let expected = if installed { vec![bundle.id] } else { vec![] };
    let parts = Parts { bundles: vec![laid], contents, accepted, logged, list: None, transcript, installed: false, expected };
    Ok(Done { subject, title: written::title("of-bundle", &label, gathering.language), at, trusting, notes, parts })
}

/// A device that answers otherwise when it is read again is not believed.
fn same(again: &Digest, first: &Digest) -> Result<()> {
    if again == first {
        return Ok(());
    }
    Err(Error::new(Kind::Verification, "the volumes were others when they were opened again")
        .with("expected", first.spoken())
        .with("found", again.spoken())
        .hint("copy them to another device, and gather the evidence from there"))
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
        let laid = Carried::installed(installed, store)?.lay(folder, &trusting, &mut notes, store)?;
        notes.hand.names(About::Installed, &list, &laid.statement);
        expected.push(installed.bundle);
        bundles.push(laid);
    }
    let logged = logged::lay(gathering, &expected, &trusting, folder, &mut notes)?;
    if let Some(logged) =
        logged.as_ref().filter(|_| super::log::verify(store, None, &[]).is_ok_and(|c| c.snapshots.contains_key(&snapshot.number)))
    {
        notes.hand.names(About::Installed, &logged.events, &list);
    }
    for (events, gates) in logged.iter().flat_map(|logged| bundles.iter().filter_map(|laid| Some((&logged.events, laid.gates.as_ref()?)))) {
        notes.hand.names(About::Decision, events, gates);
    }
    let subject = of_snapshot(&snapshot, store)?;
    let at = time(gathering, logged.as_ref(), &subject);
    let views = store.views(&snapshot)?;
    let artifacts: Vec<&Artifact> =
        views.first().map(|view| view.artifacts.iter().map(|artifact| &**artifact).collect()).unwrap_or_default();
    let looked = Looked { artifacts: &artifacts, blobs: store, hash: true, at };
    let contents = contents::lay(subject.clone(), looked, gathering, folder, &mut notes)?;
    let accepted = advised::accepted(&notes.rules, notes.policy.as_ref(), at, folder)?;
    let transcript = told(&notes, gathering, folder)?;
    let title = written::title("of-installed", &snapshot.number.to_string(), gathering.language);
    let parts = Parts { bundles, contents, accepted, logged, list: Some(list), transcript, installed: true, expected };
    Ok(Done { subject, title, at, trusting, notes, parts })
}

/// As of when a pack is: the time that was given, else the newest that the log claims, else that of what it is about.
fn time(gathering: &Gathering<'_>, logged: Option<&Logged>, subject: &Subject) -> Timestamp {
    let created = || subject.created.as_deref().and_then(|text| text.parse().ok());
    gathering.time.or_else(|| logged.and_then(|logged| logged.time)).or_else(created).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The policy goes first: reviews are compared with it.
fn begun(gathering: &Gathering<'_>, folder: &mut Folder) -> Result<Notes> {
    let (rules, text) = in_force(gathering.store)?;
    let policy = text.map(|text| folder.write("policy.toml", &text)).transpose()?;
    Ok(Notes { policy, rules, ..Notes::default() })
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

fn told(notes: &Notes, gathering: &Gathering<'_>, folder: &mut Folder) -> Result<Filed> {
    let document = json!({ "airlift-transcript": 1, "tool": gathering.tool, "checks": notes.transcript });
    folder.write("transcript.json", &carried::pretty(&document))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_that_answers_otherwise_is_refused() {
        let (one, two) = (Digest::of(b"one"), Digest::of(b"two"));
        assert!(same(&one, &one).is_ok());
        assert_eq!(same(&two, &one).expect_err("another").kind(), Kind::Verification);
    }
}
