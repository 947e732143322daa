//! `plan`: what importing a bundle would do, what it needs for that and what is not here yet, without touching the store. It asks what
//! `import` asks, in the same order, but for the rules that only the content decides: of the payload nothing is read, and which rules were not
//! asked is said. Who has read the content puts in what they found.

use super::approve::{Admitted, admit};
use super::gates::{refuse_import, undecided};
use super::import::{as_accepted, check_evidence, is_superseded, order};
use super::predecessors::Predecessors;
use super::review::reviewed;
use super::staging::still_needed;
use crate::bundle::{Authentic, Lacking, Needs};
use crate::error::{Error, Kind, Result};
use crate::lock::LockDiff;
use crate::policy::gate::Gated;
use crate::policy::{Finding, Review};
use crate::store::{Installed, Store, free_space, shortfall};
use crate::trust::Order;
use jiff::Timestamp;

/// What would be done with a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It would be installed.
    Install,
    /// It is installed, and what has gone missing or is damaged of it would come back.
    Restore,
    /// It is installed, and nothing would be changed.
    Nothing,
    /// What is here would be taken in, to wait for the volumes that are not.
    Stage,
    /// Nothing would be changed, because what it builds on is not here.
    Lacking,
    /// It would be refused.
    Refuse,
}

impl Outcome {
    /// The word in documents.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Restore => "restore",
            Self::Nothing => "nothing",
            Self::Stage => "stage",
            Self::Lacking => "lacking",
            Self::Refuse => "refuse",
        }
    }
}

/// What importing a bundle would do.
#[derive(Debug)]
pub struct Plan {
    /// The bundle, as far as it is here.
    pub bundle: Authentic,
    /// Its place in the line; `None` when that is refused.
    pub order: Option<Order>,
    /// The bundle of its line that is served when its turn comes.
    pub follows: Option<Installed>,
    /// Volumes, blobs and bytes.
    pub needs: Needs,
    /// Bytes that are free where the store is.
    pub free: u64,
    /// What installing it would change.
    pub changes: LockDiff,
    /// What the rules found.
    pub findings: Vec<Finding>,
    /// Rules in force that only the content decides, and that were not asked.
    pub undecided: Vec<&'static str>,
    /// Who let it in, where it would be let in.
    pub admitted: Option<Admitted>,
    /// Whether it is installed and its damaged record would be written again.
    pub rewritten: bool,
    /// What it builds on and will not be here.
    pub lacking: Lacking,
    /// What importing it would end with, where that is not success.
    pub error: Option<Error>,
}

impl Plan {
    /// The same where the rules were asked of the content as import asks them: what they found takes the place of what the lock alone says.
    /// That there is no room for it matters less than that it is refused.
    #[must_use]
    pub fn judged(mut self, gated: &Gated) -> Self {
        self.findings.retain(|finding| finding.rule.starts_with("bundle."));
        self.findings.extend(gated.told());
        self.undecided.clear();
        let refused = refuse_import(&self.bundle.statement.label(), gated).err();
        self.error = match self.error {
            Some(error) if error.kind() != Kind::Space => Some(error),
            other => refused.or(other),
        };
        self
    }

    /// Whether it would be installed if what it builds on were here; other refusals come first.
    pub fn waits_for_bases(&self) -> bool {
        !self.lacking.is_empty() && self.error.as_ref().is_some_and(|error| error.kind() == Kind::Incomplete)
    }

    /// What would be done.
    pub fn outcome(&self) -> Outcome {
        match (&self.error, &self.order) {
            (Some(_), _) if self.waits_for_bases() => Outcome::Lacking,
            (Some(error), _) if error.kind() == Kind::Incomplete && !self.needs.portions.is_empty() => Outcome::Stage,
            (Some(error), _) if error.kind() == Kind::Incomplete => Outcome::Nothing,
            (Some(_), _) => Outcome::Refuse,
            // Superseded, and what it builds on is gone: nothing is done about that.
            (None, Some(Order::Replay)) if !self.lacking.is_empty() => Outcome::Nothing,
            (None, Some(Order::Replay)) if self.needs.blobs == 0 && !self.rewritten => Outcome::Nothing,
            (None, Some(Order::Replay)) => Outcome::Restore,
            (None, _) => Outcome::Install,
        }
    }
}

/// Plans the import of a bundle of which volumes may be missing. What a rule refuses is part of the plan; a store that cannot be read is an
/// error. Room is judged for each bundle alone, as what is free now.
pub fn plan(bundle: Authentic, before: &Predecessors<'_>, clock: Timestamp) -> Result<Plan> {
    let store = before.store();
    let bundle = bundle.with_kept(store);
    let (needs, follows) = (bundle.needs(store)?, before.of_line(&bundle.statement)?);
    let mut lacking = bundle.lacking(store)?;
    lacking.without(|blob, size| before.brings(blob, size));
    let (order, refused) = told(order(&bundle, before))?;
    let replay = order == Some(Order::Replay);
    let (rewritten, superseded) = match replay {
        true => as_accepted(&bundle, store).and_then(|(installed, damaged)| Ok((damaged, is_superseded(&installed, store)?)))?,
        false => (false, false),
    };
    let let_be = superseded && !lacking.is_empty();
    let old = follows.as_ref().filter(|_| !replay).map(|i| before.lock_of(i)).transpose()?;
    let changes = if replay { LockDiff::default() } else { LockDiff::since(old.as_ref(), &bundle.lock) };
    let review = order.as_ref().filter(|_| !replay).map(|order| reviewed(&bundle, before, order, clock)).transpose()?;
    let (admitted, unwanted) = match review {
        Some(_) => told(check_evidence(&bundle, before, clock).and_then(|()| admit(&bundle, before, clock)))?,
        None => (None, None),
    };
    let error = match refused.or(unwanted).or_else(|| bundle.refuse_lacking(&lacking).err().filter(|_| !let_be)) {
        Some(error) => Some(error),
        None if let_be => None,
        None => unmet(&bundle, &needs, store)?,
    };
    let findings = review.map_or_else(Vec::new, |review: Review| review.findings);
    let (free, undecided) = (free_space(store.root())?, undecided(&findings, &bundle.lock.artifacts));
    Ok(Plan { bundle, order, follows, needs, free, changes, findings, undecided, admitted, rewritten, lacking, error })
}

/// What was found, or the refusal; other errors stay errors.
fn told<T>(outcome: Result<T>) -> Result<(Option<T>, Option<Error>)> {
    match outcome {
        Ok(found) => Ok((Some(found), None)),
        Err(error) if matches!(error.kind(), Kind::Policy | Kind::Verification) => Ok((None, Some(error))),
        Err(error) => Err(error),
    }
}

/// Room and volumes, as `import` asks for them.
fn unmet(bundle: &Authentic, needs: &Needs, store: &Store) -> Result<Option<Error>> {
    if let Some(error) = shortfall(store.root(), needs.bytes)? {
        return Ok(Some(error));
    }
    Ok(match needs.awaited().is_empty() {
        true => None,
        false => Some(bundle.misplaced().unwrap_or_else(|| still_needed(bundle, needs))),
    })
}
