//! `report`: finds out what is to be said of a bundle, of what is installed, of a difference, a key or a name, and what each of it rests
//! on. Nothing is decided here: the decision is that of `plan`, the rules are the policy's.
//!
//! In: an authentic bundle or a store, artifacts and their inventory, a time. Out: a [`Report`]. Nothing is changed; keeping a signed
//! report in the store is a step of its own.

mod approvers;
mod compare;
mod content;
mod custody;
mod decided;
mod exceptions;
mod inside;
mod keep;
mod key;
mod origin;
mod payload;
mod receipt;
mod revoked;
mod risks;
mod signed;

pub use compare::changes;
pub use keep::{Kept, Stamp, keep, kept, report_role, signature, sound, stamp};
pub use key::of_key;
pub use origin::why;
pub use payload::{Compared, not_scrubbed, scrub};
pub use receipt::{Received, of_receipt, received};
pub use risks::{Before, Risks};
pub use signed::signatures;

use self::decided::{decided_by, decision, remarks, undecided};
use super::plan::{Outcome, Plan};
use super::predecessors::Predecessors;
use crate::artifact::{Artifact, Digest};
use crate::bundle::{Authentic, Presence, VolumeNeed};
use crate::error::{Error, Result};
use crate::lock::{Lock, LockDiff};
use crate::report::Inventory;
use crate::report::document::{
    Age, Backed, Changes, Claim, Decision, Evidence, Identity, Kind, People, Report, SignerRow, Source, Verdict, VolumeRow, outside,
};
use crate::store::{Installed, Snapshot, Store};
use crate::trust::{Judged, Order, Tally, TrustRoot};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// A bundle as it came in, before anything is changed.
pub struct Arrived<'a> {
    /// What importing it would do.
    pub plan: &'a Plan,
    /// What it is judged against.
    pub before: &'a Predecessors<'a>,
    /// What is in it.
    pub inventory: &'a Inventory,
    /// What advisories say of it.
    pub risks: &'a Risks,
    /// How much of its content was compared with what was signed.
    pub compared: Compared,
}

/// The report of a bundle that is about to be carried.
pub fn of_bundle(bundle: &Authentic, (inventory, risks): (&Inventory, &Risks), compared: Compared, at: Timestamp) -> Report {
    let decision = Decision { verdict: Verdict::Information, reason: String::new(), rules: vec![] };
    let mut report = begin(Kind::Bundle, at, subject(bundle), Backed::new(decision, statement(bundle)));
    signed(&mut report, &bundle.judged, &bundle.root);
    content::fill(&mut report, &bundle.lock.artifacts, inventory, risks, &Evidence::of(Source::Inventory, bundle.id));
    payload::fill(&mut report, bundle, compared);
    age_of_bundle(&mut report, bundle, at);
    report
}

/// The report of a bundle that has come in: what `plan` says to it, for those who decide.
pub fn of_arrival(arrived: &Arrived<'_>, at: Timestamp) -> Result<Report> {
    let (plan, bundle) = (arrived.plan, &arrived.plan.bundle);
    let store = arrived.before.store();
    let judge = judge_of(store, &bundle.root)?;
    let served = store.current()?.is_some_and(|snapshot| snapshot.bundles.iter().any(|one| one.bundle == bundle.id));
    // What was accepted before is not compared with what is installed: nothing is known of changes, which is not the same as none.
    let compared = plan.order.as_ref().is_some_and(|order| *order != Order::Replay);
    let mut identity = subject(bundle);
    identity.new_bytes = compared.then_some(plan.changes.new_bytes);
    if let Some(Order::Gap(missing)) = &plan.order {
        identity.missing = Some([*missing.start(), *missing.end()]);
    }
    let asked = approvers::of_arrival(plan, arrived.before, at)?;
    let decision = decision(plan, served, asked.awaited);
    let mut report = begin(Kind::Arrival, at, identity, Backed::new(decision, decided_by(plan, store, &judge)?));
    signed(&mut report, &bundle.judged, &bundle.root);
    asked.tell(&mut report);
    let before = plan.follows.as_ref().map_or_else(String::new, |i| format!("{} {} ({})", i.name, i.seq, i.bundle.spoken()));
    report.changes = compared.then(|| {
        let changes = Changes { before: outside(&before), rows: changes(&plan.changes) };
        Backed::new(changes, Evidence::of(Source::Lock, bundle.lock_digest()))
    });
    if plan.outcome() == Outcome::Restore {
        let values = [("blobs", plan.needs.blobs.to_string())];
        report.remarks.push(Claim::say("would-restore", &values, Evidence::of(Source::Volumes, bundle.id)));
    }
    let put_away = plan.order == Some(Order::Replay) && !served;
    report.remarks.extend(put_away.then(|| Claim::say("not-served", &[], statement(bundle))));
    content::fill(&mut report, &bundle.lock.artifacts, arrived.inventory, arrived.risks, &Evidence::of(Source::Inventory, bundle.id));
    remarks(&mut report, &plan.findings, &judge);
    exceptions::fill(&mut report, store, at)?;
    placed(&mut report, plan.order.as_ref(), bundle);
    payload::fill(&mut report, bundle, arrived.compared);
    undecided(&mut report, plan, &judge);
    age_of_bundle(&mut report, bundle, at);
    custody::of_bundles(&mut report, store, &BTreeSet::from([bundle.id]))?;
    commands(&mut report, &bundle.judged.tally);
    Ok(report)
}

/// The report of a lock, before anything is built.
pub fn of_lock(lock: &Lock, (inventory, risks): (&Inventory, &Risks), at: Timestamp) -> Report {
    let digest = lock.digest();
    let by = Evidence::of(Source::Lock, digest);
    let decision = Decision { verdict: Verdict::Information, reason: String::new(), rules: vec![] };
    let identity = Identity { name: outside(&lock.name), line: outside(&lock.line), ..identity(&lock.artifacts, digest) };
    let mut report = Report::new(Kind::Plan, &at.to_string(), Backed::new(identity, by.clone()), Backed::new(decision, by.clone()));
    content::fill(&mut report, &lock.artifacts, inventory, risks, &Evidence::of(Source::Inventory, digest));
    report
}

/// The report of what is installed.
pub fn of_snapshot(
    store: &Store,
    snapshot: &Snapshot,
    artifacts: &[Artifact],
    (inventory, risks): (&Inventory, &Risks),
    at: Timestamp,
) -> Result<Report> {
    let digest = store.snapshot_digest(snapshot.number)?;
    let by = Evidence::named(Source::Snapshot, &snapshot.number.to_string(), digest);
    let current = store.current()?.is_some_and(|current| current.number == snapshot.number);
    let state = if current { "served" } else { "not-served" };
    let identity = Identity { name: "snapshot".to_owned(), seq: Some(snapshot.number), ..identity(artifacts, digest) };
    let verdict = if current { Verdict::Installed } else { Verdict::Information };
    let decision = Decision { verdict, reason: String::new(), rules: vec![] };
    let mut report = Report::new(Kind::Installed, &at.to_string(), Backed::new(identity, by.clone()), Backed::new(decision, by.clone()));
    report.remarks.extend((!current).then(|| Claim::say("not-served", &[], by)));
    content::fill(&mut report, artifacts, inventory, risks, &Evidence::named(Source::Inventory, &snapshot.number.to_string(), digest));
    let mut revoked = BTreeSet::new();
    if let Some(root) = crate::trust::pinned::load(&store.trust_folder())? {
        revoked = revoked::of_installed(&mut report, store, &snapshot.bundles, &root);
        age_of_root(&mut report, &root, at);
    }
    let state = |installed: &Installed| if revoked.contains(&installed.bundle) { format!("{state}-revoked") } else { state.to_owned() };
    let bundles = snapshot.bundles.iter().map(|installed| key::bundle_row(installed, &state(installed))).collect();
    let identity = Identity { bundles, ..report.subject.said().clone() };
    report.subject = Backed::new(identity, report.subject.evidence().clone());
    exceptions::fill(&mut report, store, at)?;
    custody::of_bundles(&mut report, store, &snapshot.bundles.iter().map(|installed| installed.bundle).collect())?;
    Ok(report)
}

/// That findings were compared with what was known before the advisories of a snapshot came.
pub fn compared_since(store: &Store, number: u64) -> Result<Claim> {
    let by = Evidence::named(Source::Snapshot, &number.to_string(), store.snapshot_digest(number)?);
    Ok(Claim::say("compared-since", &[("number", number.to_string())], by))
}

/// Adds what something has that another has not, and makes it a report of the difference.
pub fn since(report: &mut Report, before: (Source, &str, Digest, &[Artifact]), after: &[Artifact]) {
    let (source, label, digest, old) = before;
    let changes = Changes { before: outside(label), rows: changes(&LockDiff::of(old, after)) };
    report.kind = Kind::Difference;
    report.changes = Some(Backed::new(changes, Evidence::named(source, label, digest)));
}

fn begin(kind: Kind, at: Timestamp, identity: Identity, decision: Backed<Decision>) -> Report {
    let digest = Digest::from_hex(&identity.sha256).expect("it was written from a digest");
    Report::new(kind, &at.to_string(), Backed::new(identity, Evidence::of(Source::Statement, digest)), decision)
}

fn statement(bundle: &Authentic) -> Evidence {
    Evidence::of(Source::Statement, bundle.id)
}

/// What decided: the policy's text where there is one, else the trust root.
fn judge_of(store: &Store, root: &TrustRoot) -> Result<Evidence> {
    let policy = super::policy::in_force(store)?.0.digest;
    Ok(policy.map_or_else(|| Evidence::named(Source::TrustRoot, &root.label(), root.fingerprint()), |d| Evidence::of(Source::Policy, d)))
}

fn identity(artifacts: &[Artifact], digest: Digest) -> Identity {
    let blobs: std::collections::BTreeMap<Digest, u64> =
        artifacts.iter().flat_map(|a| &a.descriptors).map(|blob| (blob.digest, blob.size)).collect();
    Identity {
        sha256: digest.hex(),
        spoken: digest.spoken(),
        artifacts: Some(artifacts.len() as u64),
        blobs: Some(blobs.len() as u64),
        bytes: Some(blobs.values().fold(0, |sum, size| sum.saturating_add(*size))),
        ..Identity::default()
    }
}

fn subject(bundle: &Authentic) -> Identity {
    let statement = &bundle.statement;
    let volume = |need: VolumeNeed| VolumeRow { name: outside(&need.name), size: need.size, here: need.presence == Presence::Here };
    Identity {
        name: outside(&statement.name),
        line: outside(&statement.line),
        epoch: Some(statement.epoch),
        seq: Some(statement.seq),
        created: Some(statement.created.clone()),
        volumes: bundle.volume_needs().into_iter().map(volume).collect(),
        ..identity(&bundle.lock.artifacts, bundle.id)
    }
}

/// Who signed, and how many had to.
fn signed(report: &mut Report, judged: &Judged, root: &TrustRoot) {
    signed_by(report, &judged.tally, judged.message, root);
}

fn signed_by(report: &mut Report, tally: &Tally, message: Digest, root: &TrustRoot) {
    let signer = |s: &crate::trust::Counted| SignerRow {
        name: outside(&s.principal),
        key: s.fingerprint.clone(),
        custody: s.custody.name().to_owned(),
        revoked: revoked::reason(root, &s.fingerprint),
    };
    let by = Evidence::of(Source::Signatures, message);
    let people = People {
        signers: tally.signers.iter().map(signer).collect(),
        threshold: tally.threshold as u64,
        root: format!("{}, {}", outside(&root.label()), root.fingerprint().spoken()),
        ..People::default()
    };
    report.people = Some(Backed::new(people, by.clone()));
    revoked::of_tally(report, tally, &message, root);
    let values = [("people", tally.people().to_string()), ("threshold", tally.threshold.to_string())];
    report.transcript.push(Claim::say("signed", &values, by));
}

/// Where it stands in its line.
fn placed(report: &mut Report, order: Option<&Order>, bundle: &Authentic) {
    let (key, values) = match order {
        Some(Order::First) => ("order-first", vec![]),
        Some(Order::Next) => ("order-next", vec![]),
        Some(Order::Gap(gap)) => ("order-gap", vec![("first", gap.start().to_string()), ("last", gap.end().to_string())]),
        Some(Order::Replay) => ("order-replay", vec![]),
        None => return,
    };
    report.transcript.push(Claim::say(key, &values, statement(bundle)));
}

/// Whole days from one time to another; `None` when the first is later.
fn days(from: Timestamp, to: Timestamp) -> Option<u64> {
    to.as_second().checked_sub(from.as_second()).and_then(|seconds| u64::try_from(seconds).ok()).map(|seconds| seconds / 86_400)
}

fn age(what: &str, time: Timestamp, at: Timestamp, by: Evidence) -> Backed<Age> {
    let age = Age { what: what.to_owned(), name: String::new(), time: Some(time.to_string()), days: days(time, at), newest: None };
    Backed::new(age, by)
}

fn age_of_bundle(report: &mut Report, bundle: &Authentic, at: Timestamp) {
    if let Ok(created) = bundle.statement.created.parse() {
        report.ages.push(age("bundle", created, at, statement(bundle)));
    }
    age_of_root(report, &bundle.root, at);
}

fn age_of_root(report: &mut Report, root: &TrustRoot, at: Timestamp) {
    report.ages.push(age("trust-root", root.terms().created, at, Evidence::named(Source::TrustRoot, &root.label(), root.fingerprint())));
}

/// How anybody checks the signatures with a stock tool.
fn commands(report: &mut Report, tally: &Tally) {
    report.commands.push("airlift trust allowed-signers > allowed_signers".to_owned());
    for signer in &tally.signers {
        // The root's names are words of a narrow grammar: nothing in them means anything to a shell.
        let name = &signer.principal;
        report.commands.push(format!("ssh-keygen -Y verify -f allowed_signers -I {name} -n bundle.v1@airlift -s SIGNATURE < bundle.json"));
    }
}

/// Refuses a snapshot that is not there.
pub fn nothing_installed() -> Error {
    Error::usage("nothing is installed").hint("name a bundle's volumes, or --lock FILE")
}
