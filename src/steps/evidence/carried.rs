//! A bundle as a pack has it: what was signed, by whom, by which root, and what was decided about it.

use super::trusting::Trusting;
use super::{Gathering, Notes};
use crate::artifact::Digest;
use crate::bundle::{Authentic, Statement};
use crate::error::{Error, Kind, Result};
use crate::lock::{Lock, LockDiff};
use crate::report::controls::{Filed, Folder, Reference, References};
use crate::steps::approve::{self, REVIEW, read_review, record, signatures};
use crate::steps::import::order;
use crate::steps::predecessors::Predecessors;
use crate::steps::review::reviewed;
use crate::store::{Installed, Store};
use crate::trust::{BUNDLE, Role, SignatureFile};
use serde_json::json;

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
    /// What changes, or changed.
    pub changes: Option<Filed>,
    /// Approvals with their signatures.
    pub approvals: Vec<Filed>,
    /// How many people approved, of how many that are needed.
    pub approved: (usize, usize),
    /// Whether the review names the policy that is in force.
    pub policy: bool,
}

impl Carried {
    /// A bundle on a medium. One that must not come in has no review; that is no error here.
    pub fn on_medium(bundle: &Authentic, gathering: &Gathering<'_>) -> Result<Self> {
        let store = gathering.store;
        let installed = store.accepted()?.into_iter().find(|installed| installed.bundle == bundle.id);
        let (review, before) = match installed {
            Some(installed) => (read_review(store, &bundle.id)?, replaced(store, &installed)?),
            None => (current(bundle, gathering)?, None),
        };
        Ok(Self {
            id: bundle.id,
            statement: bundle.statement.clone(),
            statement_bytes: bundle.statement_bytes().to_vec(),
            lock: bundle.lock.clone(),
            lock_bytes: bundle.lock_bytes().to_vec(),
            signatures: bundle.head().signatures.to_vec(),
            review,
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
        notes.checks.names(&statement, &lock);
        let signed = trusting.signed(
            folder,
            notes,
            &at("sig"),
            (Role::Bundle, BUNDLE, "bundle"),
            (&statement, &self.statement_bytes),
            &self.signatures,
        )?;
        notes.transcript("people whose signatures count, of those needed", &label, &format!("{} of {}", signed.people, signed.needed));
        signed.signers.iter().for_each(|signers| notes.checks.people(signed.needed, signers, &statement, &label));
        let review = self.review.as_ref().map(|review| folder.write(&at(REVIEW), review)).transpose()?;
        let policy = match (&review, &notes.policy, &self.review) {
            (Some(filed), Some(policy), Some(bytes)) if names(bytes, &policy.digest()) => {
                notes.checks.names(filed, policy);
                true
            }
            _ => false,
        };
        let (approvals, approved) = self.approvals(folder, trusting, notes, (store, &statement, review.as_ref()))?;
        let changes = self.changes(folder, &at("changes.json"))?.or_else(|| review.clone());
        let (signatures, signed) = (signed.files, (signed.people, signed.needed));
        Ok(Laid { statement, lock, signatures, signed, review, changes, approvals, approved, policy })
    }

    /// The decisions the store keeps, each with what it is about.
    fn approvals(
        &self,
        folder: &mut Folder,
        trusting: &Trusting,
        notes: &mut Notes,
        (store, statement, review): (&Store, &Filed, Option<&Filed>),
    ) -> Result<(Vec<Filed>, (usize, usize))> {
        let root = &trusting.newest;
        let needed = root.rules(Role::Approve).first().map_or(0, |rule| rule.threshold);
        let pairs = approve::kept(store, &self.id)?;
        let (mut filed, mut approved) = (Vec::new(), 0);
        if let Some(review) = review {
            let signers = root.tally(Role::Bundle, BUNDLE, &self.statement_bytes, &self.signatures)?;
            let counted = approve::count(&pairs, &self.id, &review.digest(), &signers, root, needed)?;
            approved = counted.people(crate::policy::Decision::Approve).len();
        }
        for (n, (document, signature)) in pairs.values().enumerate() {
            let at = |ending: &str| format!("bundles/{}/approvals/{:02}.{ending}", self.id.hex(), n + 1);
            let document_filed = folder.write(&at("json"), document)?;
            notes.checks.names(&document_filed, statement);
            if let Some(review) = review.filter(|review| names(document, &review.digest())) {
                notes.checks.names(&document_filed, review);
            }
            let wanted = (Role::Approve, Role::Approve.namespace(), "approval");
            let place = format!("bundles/{}/approvals/{:02}", self.id.hex(), n + 1);
            let one = [("approval.sshsig".to_owned(), signature.clone())];
            let signed = trusting.signed(folder, notes, &place, wanted, (&document_filed, document), &one)?;
            filed.push(document_filed);
            filed.extend(signed.files);
        }
        Ok((filed, (approved, needed)))
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
fn current(bundle: &Authentic, gathering: &Gathering<'_>) -> Result<Option<Vec<u8>>> {
    let before = Predecessors::in_store(gathering.store);
    match order(bundle, &before) {
        Ok(order) => Ok(Some(reviewed(bundle, &before, &order, gathering.now)?.document().bytes)),
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
