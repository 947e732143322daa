//! A bundle as a pack has it: what was signed, by whom, by which root, and what was decided about it.

use super::hand::About;
use super::trusting::Trusting;
use super::{Gathering, Notes};
use crate::artifact::Digest;
use crate::bundle::{Authentic, Statement};
use crate::error::{Error, Kind, Result};
use crate::lock::{Lock, LockDiff};
use crate::policy::{Approval, Decision};
use crate::report::controls::{Filed, Folder, Reference, References};
use crate::steps::approve::{self, Pairs, REVIEW, read_review, record, signatures};
use crate::steps::gates::{GATES, kept};
use crate::steps::import::order;
use crate::steps::predecessors::Predecessors;
use crate::steps::review::reviewed;
use crate::store::{Installed, Store};
use crate::trust::{Role, SignatureFile, Tally, TrustRoot, signature_name};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeSet;

/// What there is of a bundle before anything is written.
pub struct Carried {
    /// The bundle id.
    pub id: Digest,
    /// The statement.
    pub statement: Statement,
    /// Its exact bytes.
    statement_bytes: Vec<u8>,
    /// The lock.
    pub lock: Lock,
    lock_bytes: Vec<u8>,
    signatures: Vec<SignatureFile>,
    /// The review that let it in, or as it stands now.
    review: Option<Vec<u8>>,
    /// What the rules found when it was let in.
    gates: Option<Vec<u8>>,
    /// What it replaced or would replace, where there is no review.
    before: Option<(Digest, Lock)>,
}

/// Where the parts of a bundle came to lie.
pub struct Laid {
    /// The statement.
    pub statement: Filed,
    /// The lock.
    pub lock: Filed,
    /// Signatures that count.
    pub signatures: Vec<Filed>,
    /// How many people signed, of how many that are needed.
    pub signed: (usize, usize),
    /// The review.
    pub review: Option<Filed>,
    /// What the rules found when it was let in.
    pub gates: Option<Filed>,
    /// What changes, or changed.
    pub changes: Option<Filed>,
    /// Approvals that count, with their signatures.
    pub approvals: Vec<Filed>,
    /// How many people approved, of how many that are needed.
    pub approved: (usize, usize),
    /// Whether the policy asks for approvals and nobody may give them.
    pub nobody_may: bool,
    /// How many of those signed with keys that were revoked since.
    pub revoked: usize,
    /// Everybody who signed or approved, and whose key was not revoked since.
    pub people: BTreeSet<String>,
    /// Whether the review names the policy that is in force.
    pub policy: bool,
}

impl Carried {
    /// A bundle on a medium, as of a time. One that must not come in has no review; that is no error here.
    pub fn on_medium(bundle: &Authentic, gathering: &Gathering<'_>, time: Timestamp) -> Result<Self> {
        let store = gathering.store;
        let installed = store.accepted()?.into_iter().find(|installed| installed.bundle == bundle.id);
        let gates = installed.as_ref().map(|installed| kept(store, &installed.bundle)).transpose()?.flatten();
        let (review, before) = match installed {
            Some(installed) => (read_review(store, &bundle.id)?, replaced(store, &installed)?),
            None => (current(bundle, gathering, time)?, None),
        };
        Ok(Self {
            id: bundle.id,
            statement: bundle.statement.clone(),
            statement_bytes: bundle.statement_bytes().to_vec(),
            lock: bundle.lock.clone(),
            lock_bytes: bundle.lock_bytes().to_vec(),
            signatures: bundle.head().signatures.to_vec(),
            review,
            gates,
            before,
        })
    }

    /// A bundle that is installed, from the record the store keeps of it.
    pub fn installed(installed: &Installed, store: &Store) -> Result<Self> {
        let statement_bytes = record(store, installed, "bundle.json")?;
        let damaged = |e: Error| e.of_kind(Kind::Store).about(format!("the record of {} {}", installed.name, installed.seq));
        if Digest::of(&statement_bytes) != installed.bundle {
            return Err(damaged(Error::verification("its statement is not the one that was accepted").hint("import the bundle again")));
        }
        let lock = store.lock_of(installed)?;
        Ok(Self {
            id: installed.bundle,
            statement: Statement::parse(&statement_bytes).map_err(damaged)?,
            lock_bytes: lock.to_bytes(),
            statement_bytes,
            lock,
            signatures: signatures(store, installed)?,
            review: read_review(store, &installed.bundle)?,
            gates: kept(store, &installed.bundle)?,
            before: replaced(store, installed)?,
        })
    }

    /// Writes all of it below `bundles/ID/`, and what is to be checked.
    pub fn lay(&self, folder: &mut Folder, trusting: &Trusting, notes: &mut Notes, store: &Store) -> Result<Laid> {
        let at = |name: &str| format!("bundles/{}/{name}", self.id.hex());
        let statement = folder.write(&at("bundle.json"), &self.statement_bytes)?;
        let lock = folder.write(&at("lock.json"), &self.lock_bytes)?;
        let label = self.statement.label();
        notes.transcript("the lock is the one that the statement pins", &label, &Digest::of(&self.lock_bytes).hex());
        notes.hand.names(About::Bundle, &statement, &lock);
        let document = (&statement, &*self.statement_bytes);
        let judged = trusting.signed(folder, notes, &at("sig"), document, &self.signatures, &self.lock.artifacts)?;
        let signed = (judged.tally.people(), judged.tally.threshold);
        notes.transcript("people whose signatures count, of those needed", &label, &format!("{} of {}", signed.0, signed.1));
        let review = self.review.as_ref().map(|review| folder.write(&at(REVIEW), review)).transpose()?;
        let gates = self.gates.as_ref().map(|gates| folder.write(&at(GATES), gates)).transpose()?;
        let said = self.review.as_deref().map(ReviewHead::read).transpose()?.unwrap_or_default();
        let by = notes.policy.clone().filter(|policy| said.policy.as_deref() == Some(&*policy.digest().hex()));
        if let (Some(review), Some(policy)) = (&review, &by) {
            notes.hand.names(About::Decision, review, policy);
        }
        let in_force = trusting.in_force(said.root.as_deref());
        let decisions = self.decisions(trusting, notes, store, &judged.tally, in_force)?;
        let approvals = self.file(folder, notes, &decisions, (&statement, review.as_ref()))?;
        let needed = approve::needed(in_force, &notes.rules);
        let approvers = approvers(&decisions, &self.id, review.as_ref(), &judged.tally, in_force)?;
        let changes = self.changes(folder, &at("changes.json"))?.or_else(|| review.clone());
        let signers = judged.tally.signers.iter().map(|counted| &counted.principal).filter(|who| !judged.revoked.contains(*who));
        let people = signers.chain(&approvers).cloned().collect();
        Ok(Laid {
            statement,
            lock,
            signatures: judged.files,
            signed,
            review,
            gates,
            changes,
            approvals,
            approved: (approvers.len(), needed.as_ref().copied().unwrap_or(0)),
            nobody_may: needed.is_err(),
            revoked: judged.revoked.len(),
            people,
            policy: by.is_some(),
        })
    }

    /// The decisions the store keeps whose signatures count. Anybody can put others there; why those do not count is told.
    fn decisions<'a>(
        &self,
        trusting: &'a Trusting,
        notes: &mut Notes,
        store: &Store,
        signers: &Tally,
        in_force: &TrustRoot,
    ) -> Result<Vec<Decided<'a>>> {
        let mut decided = Vec::new();
        for (stem, pair) in approve::kept(store, &self.id)? {
            let about = |approval: &Approval| approval.bundle == self.id && approval.domain == in_force.terms().name;
            let found = match Approval::parse(&pair.0) {
                Ok(approval) if about(&approval) => trusting.approver(in_force, &pair, signers),
                Ok(_) => Err("it is about another bundle or domain".to_owned()),
                Err(error) => Err(error.message().to_owned()),
            };
            match found {
                Ok((who, key, list)) => decided.push(Decided { stem, name: signature_name("approval", &who, &key), who, list, pair }),
                Err(why) => notes.transcript("an approval that does not count, and is not here", &self.statement.label(), &why),
            }
        }
        Ok(decided)
    }

    /// Writes decisions, each with its signature.
    fn file(
        &self,
        folder: &mut Folder,
        notes: &mut Notes,
        decisions: &[Decided<'_>],
        (statement, review): (&Filed, Option<&Filed>),
    ) -> Result<Vec<Filed>> {
        let mut filed = Vec::new();
        for (n, decided) in decisions.iter().enumerate() {
            let place = format!("bundles/{}/approvals/{:02}", self.id.hex(), n + 1);
            let document = folder.write(&format!("{place}.json"), &decided.pair.0)?;
            let signature = folder.write(&format!("{place}/{}", decided.name), &decided.pair.1)?;
            notes.hand.names(About::Decision, &document, statement);
            if let Some(review) = review.filter(|review| names(&decided.pair.0, &review.digest())) {
                notes.hand.names(About::Decision, &document, review);
            }
            let space = Role::Approve.namespace();
            notes.hand.signature(About::Decision, (decided.list, None), &decided.who, space, (&signature, &document));
            filed.extend([document, signature]);
        }
        Ok(filed)
    }

    /// What an installed bundle changed, where no review says it.
    fn changes(&self, folder: &mut Folder, name: &str) -> Result<Option<Filed>> {
        let Some((before, lock)) = self.before.as_ref().filter(|_| self.review.is_none()) else { return Ok(None) };
        let diff = LockDiff::since(Some(lock), &self.lock);
        let document = json!({
            "airlift-changes": 1, "before": before.hex(), "after": self.id.hex(), "changes": diff.changes, "new-bytes": diff.new_bytes,
        });
        folder.write(name, &pretty(&document)).map(Some)
    }
}

/// A decision whose signature counts.
struct Decided<'a> {
    stem: String,
    /// The signature's name in the pack.
    name: String,
    who: String,
    /// The list they stand in.
    list: &'a Filed,
    pair: (Vec<u8>, Vec<u8>),
}

/// What is read of a review.
#[derive(Default, Deserialize)]
struct ReviewHead {
    root: Option<String>,
    policy: Option<String>,
}

impl ReviewHead {
    fn read(bytes: &[u8]) -> Result<Self> {
        serde_json::from_slice(bytes)
            .map_err(|e| Error::new(Kind::Store, "a review that was kept cannot be read").with("found", e.to_string()))
    }
}

/// Who approved what the review shows, by the root that was in force.
fn approvers(
    decisions: &[Decided<'_>],
    bundle: &Digest,
    review: Option<&Filed>,
    signers: &Tally,
    in_force: &TrustRoot,
) -> Result<Vec<String>> {
    let Some(review) = review else { return Ok(vec![]) };
    let pairs: Pairs = decisions.iter().map(|decided| (decided.stem.clone(), decided.pair.clone())).collect();
    let needed = in_force.rules(Role::Approve).first().map_or(0, |rule| rule.threshold);
    let counted = approve::count(&pairs, bundle, &review.digest(), signers, in_force, needed)?;
    Ok(counted.people(Decision::Approve).into_iter().map(|given| given.principal.clone()).collect())
}

impl Laid {
    /// The statement and the signatures over it.
    pub fn signed(&self) -> Vec<Filed> {
        std::iter::once(&self.statement).chain(&self.signatures).cloned().collect()
    }
}

/// A document of ours.
pub fn pretty(document: &serde_json::Value) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(document).expect("documents have string keys only");
    bytes.push(b'\n');
    bytes
}

/// Several files as references, in an order of their own.
pub fn references(files: impl IntoIterator<Item = Filed>) -> Option<References> {
    let mut files: Vec<Filed> = files.into_iter().collect();
    files.sort();
    References::of(files)
}

/// The names behind references.
pub fn named(references: &[Reference]) -> impl Iterator<Item = &str> {
    references.iter().map(|reference| reference.file.name())
}

fn names(document: &[u8], digest: &Digest) -> bool {
    let hex = digest.hex();
    document.windows(hex.len()).any(|window| window == hex.as_bytes())
}

/// The review as it stands now; none where the bundle's place in its line forbids it to come in.
fn current(bundle: &Authentic, gathering: &Gathering<'_>, time: Timestamp) -> Result<Option<Vec<u8>>> {
    let before = Predecessors::in_store(gathering.store);
    match order(bundle, &before) {
        Ok(order) => Ok(Some(reviewed(bundle, &before, &order, time)?.document().bytes)),
        Err(error) if error.kind() == Kind::Policy => Ok(None),
        Err(error) => Err(error),
    }
}

/// The bundle of the same toolkit and line that was served before an installed one came.
fn replaced(store: &Store, installed: &Installed) -> Result<Option<(Digest, Lock)>> {
    let same = |other: &&Installed| (&other.name, &other.line) == (&installed.name, &installed.line);
    let mut before: Option<Installed> = None;
    for snapshot in store.snapshots()? {
        match snapshot.bundles.iter().find(same) {
            Some(found) if found.bundle == installed.bundle => break,
            found => before = found.cloned().or(before),
        }
    }
    before.map(|before| Ok((before.bundle, store.lock_of(&before)?))).transpose()
}

#[cfg(test)]
mod tests;
