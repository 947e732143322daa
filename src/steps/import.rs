//! `import`: a verified bundle is taken into the store and becomes the current snapshot, or nothing changes.
//!
//! The payload is read once: while it is verified, its blobs go into the store, where nothing names them yet. Only when all of them are
//! right is the record kept and the pointer moved. The same command after a kill, a pulled stick or a full disk goes on where it stopped.
//! Volumes may come one after the other: what is here is taken in, and what the store has already needs no volume.

use super::approve::{Admitted, admit};
use super::assess::{Held, database_time, has_evidence, must_not_be_ahead, must_not_go_back};
use super::gates::{GATES, Gates, bytes, of_bundle, refuse_import};
use super::policy::in_force;
use super::predecessors::Predecessors;
use super::sbom::Stocktaking;
use super::staging::{self, stage};
use super::trust::{age, trusted};
use super::verify::told;
use crate::artifact::{Artifact, Digest};
use crate::bundle::{Authentic, Needs, Statement, Verification, VerifiedBundle};
use crate::ecosystems::unserved;
use crate::error::{Error, Kind, Result};
use crate::log::{Draft, Item, Journal, kind};
use crate::policy::gate::Gated;
use crate::policy::{Decision, Outcome};
use crate::store::{Installed, Snapshot, Staged, Store, Waiting, Writer, check_space};
use crate::trust::{Candidate, Gaps, Judged, Mark, Order, OrderRules, judge_sequence, pinned};
use jiff::Timestamp;
use std::path::PathBuf;
use std::sync::Arc;

/// What importing a bundle came to.
#[derive(Debug, Clone)]
pub enum Imported {
    /// It is installed now.
    Done {
        /// The new snapshot.
        snapshot: Snapshot,
        /// What a person should know: numbers that were left out, and what will not be served.
        notes: Vec<String>,
        /// What was damaged or not here and was worked out from parity, a line a volume.
        repaired: Vec<String>,
        /// Who signed, by the root that was accepted when it was installed.
        judged: Judged,
        /// Who approved it here.
        approved: Vec<String>,
        /// How many of its blobs came from the medium; the others were here and have not been read again.
        taken: usize,
        /// Where the proof lies that the import is in the event log.
        receipt: PathBuf,
    },
    /// Something was taken in, and volumes that are needed are not here yet.
    Staged(staging::Staged),
    /// Exactly this bundle was installed before.
    Already {
        /// As it was installed.
        installed: Installed,
        /// How many of its blobs had gone missing since and were brought back.
        restored: usize,
        /// Whether its record was damaged, and was written again.
        rewritten: bool,
        /// How many blobs are gone that it builds on. It is not served any more, so nothing was done about that.
        lacking: usize,
    },
}

/// What would be checked and moved by an import, without doing it.
pub fn order(bundle: &Authentic, before: &Predecessors<'_>) -> Result<Order> {
    let rules = OrderRules { epoch: bundle.root.terms().epoch, gaps: Gaps::Shown };
    judge_sequence(&before.marks()?, &candidate(&bundle.statement, bundle.id), rules)
}

/// Judges the content of a bundle between its verification and its commit; an error leaves everything as it was.
pub type Look<'a> = &'a dyn Fn(&VerifiedBundle, &Store) -> Result<()>;

/// How the content of a bundle is judged beside its signatures.
#[derive(Clone, Copy)]
pub struct Inspection<'a> {
    /// Who else looks at it.
    pub look: Look<'a>,
    /// The advisories that the policy's rules ask.
    pub advisories: Option<&'a Held>,
    /// Who is told what the policy's rules came to, before any of them refuses.
    pub told: &'a dyn Fn(&Gated),
}

/// Imports one bundle. It is judged again by the root that is accepted now, under the writer's lock: since it was opened, another import
/// may have brought a root that no longer counts its signers. A refusal is logged as well.
pub fn import(bundle: Authentic, journal: &Journal<'_>, verification: &Verification<'_>) -> Result<Imported> {
    import_after(bundle, journal, verification, Inspection { look: &|_, _| Ok(()), advisories: None, told: &|_| {} })
}

/// The same, when the inspection agrees: it sees the blobs in the store, where nothing names them yet.
pub fn import_after(
    bundle: Authentic,
    journal: &Journal<'_>,
    verification: &Verification<'_>,
    inspection: Inspection<'_>,
) -> Result<Imported> {
    let subject = Item::named("bundle", bundle.statement.label()).digest(bundle.id);
    let done = judge_and_take(bundle, journal, verification, inspection);
    done.map_err(|error| if is_refusal(error.kind()) { journal.refused(vec![subject], error) } else { error })
}

/// Whether an error says that a bundle must not come in; others say that it could not.
pub const fn is_refusal(kind: Kind) -> bool {
    matches!(kind, Kind::Verification | Kind::Policy)
}

/// Most refusals of one medium that are logged.
const MOST_REFUSALS: usize = 64;

/// Logs that bundles on a medium are not authentic. Where the medium was plugged in is left out: such paths hold people's names.
pub fn log_refusals(errors: &[Error], places: &[PathBuf], journal: &Journal<'_>) -> Result<()> {
    let refused = errors.iter().filter(|e| is_refusal(e.kind()));
    for error in refused.take(MOST_REFUSALS) {
        let without = |text: String, place: &PathBuf| {
            let folder = if place.is_dir() { place.as_path() } else { place.parent().unwrap_or(place) };
            text.replace(&format!("{}/", folder.display()), "")
        };
        let reason = places.iter().fold(error.message().to_owned(), without);
        journal.append(Draft::new(kind::REFUSE, vec![]).note(&format!("{}: {reason}", error.kind().name())))?;
    }
    Ok(())
}

fn judge_and_take(
    bundle: Authentic,
    journal: &Journal<'_>,
    verification: &Verification<'_>,
    inspection: Inspection<'_>,
) -> Result<Imported> {
    let (writer, store) = (journal.writer(), journal.store());
    let bundle = bundle.judged_by(&trusted(store)?)?;
    let before = Predecessors::in_store(store);
    let mut notes = match order(&bundle, &before)? {
        Order::Replay => return again(bundle, journal, verification),
        Order::Gap(missing) => vec![format!("numbers {} to {} of this line have not been seen here", missing.start(), missing.end())],
        Order::First | Order::Next => vec![],
    };
    check_evidence(&bundle, &before, journal.now())?;
    let admitted = admit(&bundle, &before, journal.now())?;
    notes.extend(admitted.alarm());
    bundle.refuse_lacking(&bundle.lacking(store)?)?;
    bundle.spill_to(store.root());
    let (bundle, needs) = with_room(bundle, store)?;
    if let Some(staged) = stage(&bundle, &needs, journal, verification, staging::KIND)? {
        return Ok(Imported::Staged(staged));
    }
    let taken = needs.blobs;
    let verified = made(bundle, verification, writer)?;
    verified.bundle().forget_kept(writer)?;
    (inspection.look)(&verified, store)?;
    let gated = gated(&verified, journal, verification, inspection)?;
    notes.extend(
        gated.rules.iter().filter(|ruled| ruled.worst > Outcome::NotKnown).map(|ruled| format!("{}: {}", ruled.rule.id, ruled.counted())),
    );
    let found = bytes(&gated.beside(&admitted.findings));
    let judged = verified.bundle().judged.clone();
    let repaired = told(&verified.bundle().damage());
    notes.extend(unserved(&verified.lock().artifacts));
    let approved = admitted.approvals.people(Decision::Approve).iter().map(|given| given.principal.clone()).collect();
    let (snapshot, receipt, waits) = commit(&verified, (&admitted, found), journal)?;
    notes.extend(waits);
    Ok(Imported::Done { snapshot, notes, repaired, judged, approved, taken, receipt })
}

/// Refuses evidence about packages that is of an earlier time than any that was accepted here, also where that is not what is
/// served now: going back to an older snapshot, or by way of a bundle without any, brings no older knowledge in. What is of a time that has
/// not come is refused too.
pub fn check_evidence(bundle: &Authentic, before: &Predecessors<'_>, clock: Timestamp) -> Result<()> {
    let artifacts = &bundle.lock.artifacts;
    if !has_evidence(artifacts) && !artifacts.iter().any(|artifact| database_time(artifact).is_some()) {
        return Ok(());
    }
    must_not_be_ahead(artifacts, age(before.store(), clock)?.now)?;
    for installed in before.accepted()? {
        // A record that cannot be read is told by scrub; what is served now is read below.
        if let Ok(lock) = before.lock_of(&installed) {
            must_not_go_back(artifacts, &lock.artifacts)?;
        }
    }
    must_not_go_back(artifacts, &latest(before.store())?)
}

/// What is installed.
pub fn latest(store: &Store) -> Result<Vec<Arc<Artifact>>> {
    let Some(snapshot) = store.current()? else { return Ok(vec![]) };
    Ok(store.views(&snapshot)?.into_iter().next().map(|view| view.artifacts.clone()).unwrap_or_default())
}

/// Judges the content by the policy's rules about artifacts, and tells what was found before anything is refused by it.
fn gated(bundle: &VerifiedBundle, journal: &Journal<'_>, verification: &Verification<'_>, inspection: Inspection<'_>) -> Result<Gated> {
    let (policy, statement, store) = (in_force(journal.store())?.0, &bundle.bundle().statement, journal.store());
    let by = Stocktaking { threads: verification.threads, progress: verification.progress };
    let gated = of_bundle(&Gates::of_import(&policy, statement, store, journal.now(), inspection.advisories, by)?, bundle, store)?;
    (inspection.told)(&gated);
    refuse_import(&statement.label(), &gated).map(|()| gated)
}

/// The commit point: everything before it can be repeated, everything after it is only telling. The event is durable before anything
/// counts: a log that cannot be written stops the import. What could not be tidied up after it is given back.
fn commit(
    bundle: &VerifiedBundle,
    (admitted, found): (&Admitted, Vec<u8>),
    journal: &Journal<'_>,
) -> Result<(Snapshot, PathBuf, Option<String>)> {
    let writer = journal.writer();
    let (statement, id) = (&bundle.bundle().statement, bundle.bundle().id);
    for (digest, size) in bundle.lock().blobs() {
        if !writer.store().has(&digest, size)? {
            return Err(
                Error::new(Kind::Store, format!("{digest} went missing while the bundle was imported")).hint("run the command again")
            );
        }
    }
    let (mut record, gates) = (bundle.record(), Digest::of(&found));
    record.push((GATES.to_owned(), found));
    writer.keep_record(&id, &record)?;
    admitted.keep(writer.store(), &id)?;
    let staged = writer.stage(Installed {
        bundle: id,
        name: statement.name.clone(),
        line: statement.line.clone(),
        epoch: statement.epoch,
        seq: statement.seq,
        lock: bundle.lock_digest(),
    })?;
    let index = journal.append(event(bundle, (admitted, gates), &staged))?;
    let receipt = journal.write_receipt(&format!("snapshot-{}", staged.number()), index)?;
    keep_roots(bundle, writer.store())?;
    let snapshot = writer.install(staged)?;
    let waits = writer.await_no_more(&staging::named(statement)).err();
    Ok((snapshot, receipt, waits.map(|e| format!("it is installed, and still listed as waiting: {}", e.message()))))
}

/// What is about to be installed, by whose signatures, under which root.
fn event(bundle: &VerifiedBundle, (admitted, gates): (&Admitted, Digest), staged: &Staged) -> Draft {
    let Authentic { statement, id, judged, root, .. } = bundle.bundle();
    let subjects =
        vec![Item::named("bundle", statement.label()).digest(*id), Item::named("snapshot", staged.number()).digest(staged.list())];
    let (lock, root) = (bundle.lock_digest(), Item::named("root", root.terms().version).digest(root.fingerprint()));
    let mut evidence = vec![Item::of("lock", lock), root, Item::of("gates", gates)];
    evidence.extend(judged.tally.signers.iter().take(MOST_REFUSALS).map(|signer| Item::named("key", &signer.fingerprint)));
    evidence.extend(admitted.evidence());
    let draft = Draft::new(kind::IMPORT, subjects).on(evidence);
    match admitted.alarm() {
        Some(alarm) => draft.note(&alarm),
        None => draft,
    }
}

/// A newer root that came with the bundle, followed by signature from the accepted one, is accepted with it.
fn keep_roots(bundle: &VerifiedBundle, store: &Store) -> Result<()> {
    let folder = store.trust_folder();
    let accepted = pinned::load(&folder)?.ok_or_else(pinned::none_yet)?;
    pinned::advance(&folder, &accepted, &bundle.bundle().chain).map(|_| ())
}

/// A bundle that was accepted before, as it was installed, and whether its record is damaged and would be written again.
pub fn as_accepted(bundle: &Authentic, store: &Store) -> Result<(Installed, bool)> {
    let installed = store.accepted()?.into_iter().find(|i| i.bundle == bundle.id);
    let installed = installed.ok_or_else(|| Error::failed("a replayed bundle is in the list of accepted ones"))?;
    let damaged = store.lock_of(&installed).is_err();
    Ok((installed, damaged))
}

/// Whether a bundle that was installed is in no snapshot that is kept: its blobs may have been pruned, and that is no damage.
pub fn is_superseded(installed: &Installed, store: &Store) -> Result<bool> {
    for number in store.kept_snapshots(0)? {
        if store.snapshot(number)?.bundles.iter().any(|kept| kept.bundle == installed.bundle) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a bundle is of the current snapshot.
pub fn is_current(bundle: &Digest, store: &Store) -> Result<bool> {
    Ok(store.current()?.is_some_and(|snapshot| snapshot.bundles.iter().any(|installed| installed.bundle == *bundle)))
}

/// Nothing new; but what a scrub took out, or a pruning, comes back.
fn again(bundle: Authentic, journal: &Journal<'_>, verification: &Verification<'_>) -> Result<Imported> {
    let (writer, store) = (journal.writer(), journal.store());
    let (installed, rewritten) = as_accepted(&bundle, store)?;
    let lacking = bundle.lacking(store)?;
    if !lacking.is_empty() && is_superseded(&installed, store)? {
        writer.await_no_more(&waiting(&installed))?;
        return Ok(Imported::Already { installed, restored: 0, rewritten: false, lacking: lacking.len() });
    }
    bundle.refuse_lacking(&lacking)?;
    let (bundle, needs) = with_room(bundle, store)?;
    let restored = needs.blobs;
    if let Some(staged) = stage(&bundle, &needs, journal, verification, kind::RESTORE)? {
        return Ok(Imported::Staged(staged));
    }
    if restored > 0 || rewritten {
        let subjects =
            vec![Item::named("bundle", bundle.statement.label()).digest(bundle.id), Item::named("count", format!("{restored} blobs"))];
        journal.append(Draft::new(kind::RESTORE, subjects))?;
        let verified = made(bundle, verification, writer)?;
        verified.bundle().forget_kept(writer)?;
        writer.keep_record(&installed.bundle, &verified.record())?;
    }
    writer.await_no_more(&waiting(&installed))?;
    Ok(Imported::Already { installed, restored, rewritten, lacking: 0 })
}

/// Takes a bundle in, and makes its recoded blobs again.
fn made(bundle: Authentic, verification: &Verification<'_>, writer: &Writer) -> Result<VerifiedBundle> {
    let verified = verification.run(bundle, writer, Some(writer.store()))?;
    match verified.unbuilt().first() {
        None => Ok(verified),
        Some(blob) => Err(Error::new(Kind::Store, format!("what {blob} is made from went missing while the bundle was imported"))
            .hint("run the command again")),
    }
}

fn waiting(installed: &Installed) -> Waiting {
    Waiting { name: installed.name.clone(), line: installed.line.clone(), epoch: installed.epoch, seq: installed.seq }
}

/// What the store needs of a bundle, after it has been seen that there is room for all of it.
fn with_room(bundle: Authentic, store: &Store) -> Result<(Authentic, Needs)> {
    let bundle = bundle.with_kept(store);
    let needs = bundle.needs(store)?;
    check_space(store.root(), needs.bytes)?;
    Ok((bundle, needs))
}

fn candidate(statement: &Statement, id: Digest) -> Candidate {
    Candidate {
        mark: Mark { name: statement.name.clone(), line: statement.line.clone(), epoch: statement.epoch, seq: statement.seq, id },
        previous: statement.previous.map(|p| (p.seq, p.bundle)),
    }
}

/// The mark that an accepted bundle leaves in its line.
pub fn mark(installed: &Installed) -> Mark {
    Mark { name: installed.name.clone(), line: installed.line.clone(), epoch: installed.epoch, seq: installed.seq, id: installed.bundle }
}
