//! `review`: what a bundle is, who signed it, what installing it would change, and what this host's policy says to it. Nothing is
//! written, and nothing of the payload is read.

use super::gates::{as_of, of_lock};
use super::import::order;
use super::policy::in_force;
use super::predecessors::Predecessors;
use super::trust::age;
use crate::bundle::{Authentic, Statement};
use crate::error::{Error, Result};
use crate::lock::LockDiff;
use crate::policy::{Facts, Review, Signer};
use crate::trust::{Judged, Order};
use jiff::Timestamp;

/// Reviews an authentic bundle against what comes before it. Its place in the line is judged first: [`Kind::Policy`](crate::error::Kind)
/// when it is a rollback, a fork or a jump.
pub fn review(bundle: &Authentic, before: &Predecessors<'_>, clock: Timestamp) -> Result<Review> {
    reviewed(bundle, before, &order(bundle, before)?, clock)
}

/// The same for a bundle whose place in the line has been judged.
pub fn reviewed(bundle: &Authentic, before: &Predecessors<'_>, order: &Order, clock: Timestamp) -> Result<Review> {
    let (policy, _) = in_force(before.store())?;
    let missing = match order {
        Order::Gap(missing) => Some(missing.clone()),
        Order::First | Order::Next | Order::Replay => None,
    };
    let statement = &bundle.statement;
    let replaced = before.of_line(statement)?;
    let old = replaced.as_ref().map(|i| before.lock_of(i)).transpose()?;
    let (now, created) = (age(before.store(), clock)?.now, claimed(statement)?);
    let facts = Facts {
        toolkit: statement.name.clone(),
        line: statement.line.clone(),
        created,
        ecosystems: bundle.lock.artifacts.iter().map(|a| a.ecosystem.clone()).collect(),
        missing,
        root_expires: bundle.root.terms().expires,
        now,
    };
    let mut findings = policy.judge(&facts);
    findings.extend(of_lock(&policy, &bundle.lock.artifacts, now, as_of(statement, before.store(), clock)?)?);
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
        findings,
        policy: policy.digest,
    })
}

/// When a bundle was made, as it claims.
pub(super) fn claimed(statement: &Statement) -> Result<Timestamp> {
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
