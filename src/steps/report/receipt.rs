//! What one import did: the bundle it installed, what that changed, who stood behind it, and the proof that the event log tells of it.

use super::decided::rules;
use super::{age, age_of_root, approvers, changes, content, custody, exceptions, identity, signed_by};
use crate::artifact::{Artifact, Digest};
use crate::bundle::Statement;
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::lock::{Lock, LockDiff};
use crate::log::{Checkpoint, Event, EventLog, Receipt, VerifierKey, kind};
use crate::policy::gate::read;
use crate::report::Inventory;
use crate::report::document::{
    Backed, Changes, Claim, Decision, Evidence, Identity, Kind, ProofRow, Report, RuleRow, Source, Verdict, outside,
};
use crate::steps::approve::{record, signatures};
use crate::steps::gates::kept;
use crate::steps::log::prove_event;
use crate::steps::report::Risks;
use crate::steps::trust::trusted;
use crate::store::{Installed, Snapshot, Store};
use crate::trust::{BUNDLE, Role};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

/// An import as the log tells of it.
pub struct Received {
    /// The snapshot that it made.
    pub snapshot: Snapshot,
    /// The bundle that it installed.
    pub installed: Installed,
    /// What is in the bundle.
    pub lock: Lock,
    event: Event,
    receipt: Receipt,
    checkpoint: Checkpoint,
    key: VerifierKey,
}

/// Finds the import that made a snapshot, and proves that the log tells of it. [`Kind::Usage`](ErrorKind) where no event does.
pub fn received(store: &Store, number: u64) -> Result<Received> {
    let log = EventLog::of(store);
    let none = || Error::new(ErrorKind::Incomplete, "there is no event log here yet").hint("it begins with the first change of the store");
    let checkpoint = log.signed()?.ok_or_else(none)?;
    let (mut found, name) = (None, number.to_string());
    log.each_of(&checkpoint, |event, _| {
        let made = event.subject("snapshot").is_some_and(|snapshot| snapshot.name.as_ref() == Some(&name));
        if event.kind == kind::IMPORT && made {
            found = Some(event.clone());
        }
        Ok(())
    })?;
    let event = found.ok_or_else(|| {
        Error::usage("no event of the log tells of an import that made this snapshot")
            .with("asked for", number)
            .hint("airlift status and airlift log show list what was imported")
    })?;
    let (snapshot, listed) = (store.snapshot(number)?, store.snapshot_digest(number)?);
    let wrong =
        |why: &str| Error::new(ErrorKind::Store, format!("snapshot {number} is not as it was logged: {why}")).with("event", event.index);
    if event.subject("snapshot").and_then(|item| item.digest) != Some(listed) {
        return Err(wrong("its list is another").with("found", listed).hint("airlift log verify says more"));
    }
    let bundle = event.subject("bundle").and_then(|item| item.digest);
    let installed = snapshot.bundles.iter().find(|installed| Some(installed.bundle) == bundle).cloned();
    let installed = installed.ok_or_else(|| wrong("it does not hold the bundle that was installed"))?;
    let receipt = prove_event(&log, event.index)?;
    let (lock, key) = (store.lock_of(&installed)?, log.key()?);
    let (_, checkpoint) = receipt.verify(&key)?;
    Ok(Received { snapshot, installed, lock, event, receipt, checkpoint, key })
}

impl Received {
    /// Whether nothing was installed here before it.
    pub const fn is_first(&self) -> bool {
        self.event.pointer.is_none()
    }
}

/// The report of an import.
pub fn of_receipt(store: &Store, received: &Received, (inventory, risks): (&Inventory, &Risks), at: Timestamp) -> Result<Report> {
    let Received { installed, lock, event, .. } = received;
    let bytes = record(store, installed, "bundle.json")?;
    let statement = Statement::parse(&bytes)?;
    let by = Evidence::of(Source::Statement, installed.bundle);
    let told = Evidence::event(event.index);
    let identity = Identity {
        name: outside(&statement.name),
        line: outside(&statement.line),
        epoch: Some(statement.epoch),
        seq: Some(statement.seq),
        created: Some(statement.created.clone()),
        ..identity(&lock.artifacts, installed.bundle)
    };
    let (rules, kept) = found(store, received, &told)?;
    let decision = Decision { verdict: Verdict::Installed, reason: String::new(), rules };
    let mut report = Report::new(Kind::Receipt, &at.to_string(), Backed::new(identity, by.clone()), Backed::new(decision, told.clone()));
    let root = trusted(store)?;
    let tally = root.tally(Role::Bundle, BUNDLE, &bytes, &signatures(store, installed)?)?;
    signed_by(&mut report, &tally, installed.bundle, &root);
    approvers::of_installed(store, installed)?.tell(&mut report);
    let served = store.current()?.is_some_and(|current| current.bundles.contains(installed));
    report.remarks.extend((!served).then(|| Claim::say("not-served", &[], by.clone())));
    changed(&mut report, store, received)?;
    content::fill(&mut report, &lock.artifacts, inventory, risks, &Evidence::of(Source::Inventory, installed.bundle));
    match kept.said().key.as_str() {
        "rules-kept" => report.transcript.push(kept),
        _ => report.not_checked.insert(0, kept),
    }
    exceptions::fill(&mut report, store, at)?;
    proven(&mut report, received, &told);
    if let Ok(created) = statement.created.parse() {
        report.ages.push(age("bundle", created, at, by));
    }
    age_of_root(&mut report, &root, at);
    custody::of_bundles(&mut report, store, &BTreeSet::from([installed.bundle]))?;
    super::commands(&mut report, &tally);
    report.commands.push(format!("python3 verify_log.py STORE/log '{}'", received.key));
    Ok(report)
}

/// What the rules found when it was let in, as it was kept and the event names it; and what is to be said of that.
fn found(store: &Store, received: &Received, told: &Evidence) -> Result<(Vec<RuleRow>, Claim)> {
    let Received { installed, event, .. } = received;
    let named = event.evidence.iter().find(|item| item.what == "gates").and_then(|item| item.digest);
    let Some(named) = named else { return Ok((vec![], Claim::say("rules-not-kept", &[], told.clone()))) };
    let Some(bytes) = kept(store, &installed.bundle)? else { return Ok((vec![], Claim::say("rules-lost", &[], told.clone()))) };
    let found = Digest::of(&bytes);
    if found != named {
        let error = Error::new(ErrorKind::Store, "what the rules found at the import is not what was logged");
        let error = error.with("event", event.index).with("expected", named).with("found", found);
        return Err(error.hint("put gates.json of the bundle's record back from a backup of the store"));
    }
    let by = Evidence::of(Source::Gates, found);
    Ok((rules(read(&bytes)?), Claim::say("rules-kept", &[], by)))
}

/// What the snapshot has that the one that was served before has not; nothing is said where that is gone.
fn changed(report: &mut Report, store: &Store, received: &Received) -> Result<()> {
    let before = received.event.pointer.map(|pointer| pointer.snapshot);
    let old = match before {
        Some(number) => match artifacts(store, &store.snapshot(number)?) {
            Ok(old) => old,
            Err(_) => return Ok(()),
        },
        None => vec![],
    };
    let difference = LockDiff::of(&old, &artifacts(store, &received.snapshot)?);
    let before = before.map_or_else(String::new, |number| number.to_string());
    let by = Evidence::named(Source::Snapshot, &received.snapshot.number.to_string(), store.snapshot_digest(received.snapshot.number)?);
    report.changes = Some(Backed::new(Changes { before, rows: changes(&difference) }, by));
    Ok(())
}

fn artifacts(store: &Store, snapshot: &Snapshot) -> Result<Vec<Arc<Artifact>>> {
    Ok(store.views(snapshot)?.into_iter().next().map(|view| view.artifacts.clone()).unwrap_or_default())
}

fn proven(report: &mut Report, received: &Received, told: &Evidence) {
    let Received { receipt, checkpoint, key, event, snapshot, .. } = received;
    let values = [("index", event.index.to_string()), ("size", checkpoint.size.to_string())];
    report.transcript.push(Claim::say("imported", &values, told.clone()));
    report.transcript.push(Claim::say("snapshot-listed", &[("number", snapshot.number.to_string())], told.clone()));
    let lines = receipt.to_string().lines().map(str::to_owned).collect();
    let proof = ProofRow { index: event.index, size: checkpoint.size, root: checkpoint.root.hex(), key: key.to_string(), lines };
    report.proof = Some(Backed::new(proof, told.clone()));
}

#[cfg(test)]
mod tests {
    use super::{ErrorKind, Installed, Store, kind, received};
    use crate::artifact::Digest;
    use crate::log::{Draft, Item, Journal, Scribe};

    /// What the log says was installed is that list, and no other one of its number.
    #[test]
    fn no_report_is_made_of_another_list_than_was_logged() {
        let said = |list: fn(Digest) -> Digest| {
            let folder = tempfile::tempdir().expect("a folder");
            let store = Store::open_or_create(&folder.path().join("store")).expect("a store");
            let writer = store.writer().expect("nobody else writes");
            let scribe = Scribe { clock: || "2026-01-01T00:00:00Z".parse().expect("a time"), actor: "somebody".to_owned() };
            let journal = Journal::open(&writer, scribe).expect("a log");
            let bundle = Digest::of(b"bundle");
            let lock = Digest::of(b"lock");
            let installed = Installed { bundle, name: "kit".to_owned(), line: "main".to_owned(), epoch: 0, seq: 1, lock };
            let staged = writer.stage(installed).expect("a snapshot");
            let snapshot = Item::named("snapshot", staged.number()).digest(list(staged.list()));
            let subjects = vec![Item::named("bundle", "kit 1").digest(bundle), snapshot];
            journal.append(Draft::new(kind::IMPORT, subjects)).expect("an event");
            writer.install(staged).expect("it is served");
            let error = received(&store, 1).map(drop).expect_err("the lock is missing");
            (error.kind(), error.message().to_owned())
        };
        let (kind, message) = said(|list| list);
        assert!(kind == ErrorKind::Store && message.contains("is missing"), "{message}");
        let (kind, message) = said(|_| Digest::of(b"another list"));
        assert!(kind == ErrorKind::Store && message.contains("its list is another"), "{message}");
    }
}
