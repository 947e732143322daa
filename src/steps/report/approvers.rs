//! Who approved a bundle, or refused it: also where that is why it is not let in, and who is waited for.

use crate::artifact::Digest;
use crate::error::{Error, Kind, Result};
use crate::policy::Decision;
use crate::report::document::{ApproverRow, Backed, Claim, Evidence, People, Report, Source, outside};
use crate::steps::approve::{Approvals, Given, count, kept, needed, standing};
use crate::steps::plan::Plan;
use crate::steps::policy::in_force;
use crate::steps::predecessors::Predecessors;
use crate::steps::review::reviewed;
use crate::store::{Installed, Store};
use crate::trust::{Order, Role, Tally, TrustRoot};
use jiff::Timestamp;

/// What the approvers said to something.
#[derive(Default)]
pub struct Answers {
    /// Their decisions; `None` where those cannot be counted.
    approvals: Option<Approvals>,
    /// What must be said loudly, and the review that it is about.
    alarm: Option<(String, Digest)>,
    /// Whether it would be let in if enough of them approved.
    pub awaited: bool,
    /// Who can still decide.
    others: Vec<String>,
}

impl Answers {
    /// Puts them into a report.
    pub fn tell(self, report: &mut Report) {
        let Some(approvals) = &self.approvals else { return };
        fill(report, approvals, self.others);
        let alone = |(note, review)| Claim::say("alone", &[("note", note)], Evidence::of(Source::Approval, review));
        report.remarks.extend(self.alarm.map(alone));
    }
}

/// What the approvers say to a bundle that came in.
pub fn of_arrival(plan: &Plan, before: &Predecessors<'_>, at: Timestamp) -> Result<Answers> {
    if let Some(admitted) = &plan.admitted {
        let alarm = admitted.alarm().map(|note| (note, admitted.digest));
        return Ok(Answers { approvals: Some(admitted.approvals.clone()), alarm, ..Answers::default() });
    }
    match &plan.order {
        Some(Order::Replay) => {
            let installed = before.store().accepted()?.into_iter().find(|installed| installed.bundle == plan.bundle.id);
            installed.map_or_else(|| Ok(Answers::default()), |installed| of_installed(before.store(), &installed))
        }
        Some(order) => counted(plan, before, order, at),
        // Without a place in its line there is no review that anybody could have approved.
        None => Ok(Answers::default()),
    }
}

/// The approvals of an installed bundle, by the review that let it in and the trust root of now.
pub fn of_installed(store: &Store, installed: &Installed) -> Result<Answers> {
    Ok(match unless_refused(standing(store, installed))? {
        Some(Some(standing)) => {
            let alarm = standing.alarm().map(|note| (note, standing.review));
            Answers { approvals: Some(standing.approvals), alarm, ..Answers::default() }
        }
        // Nobody had to be asked when it was let in.
        Some(None) => Answers { approvals: Some(Approvals::default()), ..Answers::default() },
        None => Answers::default(),
    })
}

/// The approvals of a bundle that is not let in; none where they cannot be counted, which is the refusal then.
fn counted(plan: &Plan, before: &Predecessors<'_>, order: &Order, at: Timestamp) -> Result<Answers> {
    let (store, bundle) = (before.store(), &plan.bundle);
    let policy = in_force(store)?.0;
    let Some(needed) = unless_refused(needed(&bundle.root, &policy))? else { return Ok(Answers::default()) };
    let review = reviewed(bundle, before, order, at)?.document().digest;
    let Some(pairs) = unless_refused(kept(store, &bundle.id))? else { return Ok(Answers::default()) };
    let counted = unless_refused(count(&pairs, &bundle.id, &review, &bundle.judged.tally, &bundle.root, needed))?;
    let Some(approvals) = counted else { return Ok(Answers::default()) };
    // What keeps it out is what the approvals alone come to, and nothing that was refused before they were asked.
    let too_few = approvals.admit(&bundle.statement.label(), &review, &policy, &bundle.root).err();
    let by_them = too_few.zip(plan.error.as_ref()).is_some_and(|(few, error)| few.message() == error.message());
    let awaited = by_them && approvals.people(Decision::Refuse).is_empty();
    let others = if awaited { undecided(&approvals, &bundle.root, &bundle.judged.tally) } else { vec![] };
    Ok(Answers { approvals: Some(approvals), awaited, others, ..Answers::default() })
}

/// Who may approve and has not; not those who signed the bundle, where the root asks for other people.
fn undecided(approvals: &Approvals, root: &TrustRoot, signers: &Tally) -> Vec<String> {
    let given = |name: &str| approvals.people(Decision::Approve).iter().any(|given| given.principal == name);
    let apart = root.rules(Role::Approve).iter().all(|rule| rule.distinct_from.contains(&Role::Bundle));
    let signed = |name: &str| apart && signers.signers.iter().any(|signer| signer.principal == name);
    root.people(Role::Approve).into_iter().filter(|name| !given(name) && !signed(name)).map(outside).collect()
}

/// What was found; `None` where that is refused, which the decision tells.
fn unless_refused<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if refuses(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn refuses(error: &Error) -> bool {
    matches!(error.kind(), Kind::Policy | Kind::Verification)
}

fn fill(report: &mut Report, approvals: &Approvals, awaited: Vec<String>) {
    let Some(people) = &report.people else { return };
    let row = |given: &Given| ApproverRow {
        name: outside(&given.principal),
        decision: given.approval.decision.word().to_owned(),
        time: given.approval.created.to_string(),
        reason: outside(&given.approval.reason),
    };
    let approvers = approvals.given.iter().map(row).collect();
    let all = People { approvers, approvals: Some(approvals.needed as u64), awaited, ..people.said().clone() };
    report.people = Some(Backed::new(all, people.evidence().clone()));
}
