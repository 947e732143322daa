//! `review`: what a bundle is, who signed it, what installing it would change, and what this host's policy says to it. Nothing is
//! written, and nothing of the payload is read.

use super::import::order;
use super::policy::in_force;
use super::trust::age;
use crate::bundle::{Authentic, Statement};
use crate::error::{Error, Result};
use crate::lock::LockDiff;
use crate::policy::{Facts, Review, Signer};
use crate::store::{Installed, Store};
use crate::trust::{Judged, Order};
use jiff::Timestamp;

/// Reviews an authentic bundle against what is installed. Its place in the line is judged first: [`Kind::Policy`](crate::error::Kind)
/// when it is a rollback, a fork or a jump.
pub fn review(bundle: &Authentic, store: &Store, clock: Timestamp) -> Result<Review> {
    reviewed(bundle, store, &order(bundle, store)?, clock)
}

/// The same for a bundle whose place in the line has been judged.
pub fn reviewed(bundle: &Authentic, store: &Store, order: &Order, clock: Timestamp) -> Result<Review> {
    let (policy, _) = in_force(store)?;
    let missing = match order {
        Order::Gap(missing) => Some(missing.clone()),
        Order::First | Order::Next | Order::Replay => None,
    };
    let statement = &bundle.statement;
    let replaced = installed(store, statement)?;
    let old = replaced.as_ref().map(|i| store.lock_of(i)).transpose()?;
    let facts = Facts {
        toolkit: statement.name.clone(),
        line: statement.line.clone(),
        created: claimed(statement)?,
        ecosystems: bundle.lock.artifacts.iter().map(|a| a.ecosystem.clone()).collect(),
        missing,
        root_expires: bundle.root.terms().expires,
        now: age(store, clock)?.now,
    };
    Ok(Review {
        bundle: bundle.id,
        name: statement.name.clone(),
        line: statement.line.clone(),
        epoch: statement.epoch,
        seq: statement.seq,
        created: statement.created.clone(),
        root: bundle.judged.root,
        signers: signers(&bundle.judged),
        threshold: bundle.judged.tally.threshold,
        replaces: replaced.map(|i| (i.seq, i.bundle)),
        changes: LockDiff::since(old.as_ref(), &bundle.lock),
        artifacts: bundle.lock.artifacts.len(),
        blobs: bundle.lock.blobs().len(),
        bytes: bundle.lock.size(),
        findings: policy.judge(&facts),
        policy: policy.digest,
    })
}

/// The bundle of the same toolkit and line that is served now.
pub fn installed(store: &Store, statement: &Statement) -> Result<Option<Installed>> {
    let current = store.current()?.map_or_else(Vec::new, |snapshot| snapshot.bundles);
    Ok(current.into_iter().find(|i| (&i.name, &i.line) == (&statement.name, &statement.line)))
}

fn claimed(statement: &Statement) -> Result<Timestamp> {
    statement.created.parse().map_err(|_| Error::verification(format!("{}: its creation time is no time", statement.label())))
}

fn signers(judged: &Judged) -> Vec<Signer> {
    let mut signers: Vec<Signer> = judged
        .tally
        .signers
        .iter()
        .map(|s| Signer { name: s.principal.clone(), key: s.fingerprint.clone(), custody: s.custody.name() })
        .collect();
    signers.sort_by(|a, b| (&a.name, &a.key).cmp(&(&b.name, &b.key)));
    signers
}
