//! Who approved a bundle, or refused it: also where that is why it is not let in.

use crate::error::{Error, Kind, Result};
use crate::report::document::{ApproverRow, Backed, Claim, Evidence, People, Report, Source, outside};
use crate::steps::approve::{Approvals, Given, count, kept, needed, standing};
use crate::steps::plan::Plan;
use crate::steps::policy::in_force;
use crate::steps::predecessors::Predecessors;
use crate::steps::review::reviewed;
use crate::store::{Installed, Store};
use crate::trust::Order;
use jiff::Timestamp;

/// The approvals of a bundle that came in.
pub fn of_arrival(report: &mut Report, plan: &Plan, before: &Predecessors<'_>, at: Timestamp) -> Result<()> {
    if let Some(admitted) = &plan.admitted {
        fill(report, &admitted.approvals);
        if let Some(note) = admitted.alarm() {
            report.remarks.push(Claim::say("alone", &[("note", note)], Evidence::of(Source::Approval, admitted.digest)));
        }
        return Ok(());
    }
    match &plan.order {
        Some(Order::Replay) => {
            let installed = before.store().accepted()?.into_iter().find(|installed| installed.bundle == plan.bundle.id);
            installed.map_or(Ok(()), |installed| of_installed(report, before.store(), &installed))
        }
        Some(order) => {
            let counted = counted(plan, before, order, at)?;
            counted.iter().for_each(|approvals| fill(report, approvals));
            Ok(())
        }
        // Without a place in its line there is no review that anybody could have approved.
        None => Ok(()),
    }
}

/// The approvals of an installed bundle, by the review that let it in and the trust root of now.
pub fn of_installed(report: &mut Report, store: &Store, installed: &Installed) -> Result<()> {
    let standing = match unless_refused(standing(store, installed))? {
        Some(Some(standing)) => standing,
        // Nobody had to be asked when it was let in.
        Some(None) => {
            fill(report, &Approvals::default());
            return Ok(());
        }
        None => return Ok(()),
    };
    fill(report, &standing.approvals);
    if let Some(note) = standing.alarm() {
        report.remarks.push(Claim::say("alone", &[("note", note)], Evidence::of(Source::Approval, standing.review)));
    }
    Ok(())
}

/// The approvals of a bundle that is not let in; `None` where they cannot be counted, which is the refusal then.
fn counted(plan: &Plan, before: &Predecessors<'_>, order: &Order, at: Timestamp) -> Result<Option<Approvals>> {
    let (store, bundle) = (before.store(), &plan.bundle);
    let Some(needed) = unless_refused(needed(&bundle.root, &in_force(store)?.0))? else { return Ok(None) };
    let review = reviewed(bundle, before, order, at)?.document().digest;
    let Some(pairs) = unless_refused(kept(store, &bundle.id))? else { return Ok(None) };
    unless_refused(count(&pairs, &bundle.id, &review, &bundle.judged.tally, &bundle.root, needed))
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

fn fill(report: &mut Report, approvals: &Approvals) {
    let Some(people) = &report.people else { return };
    let row = |given: &Given| ApproverRow {
        name: outside(&given.principal),
        decision: given.approval.decision.word().to_owned(),
        time: given.approval.created.to_string(),
        reason: outside(&given.approval.reason),
    };
    let approvers = approvals.given.iter().map(row).collect();
    let all = People { approvers, approvals: Some(approvals.needed as u64), ..people.said().clone() };
    report.people = Some(Backed::new(all, people.evidence().clone()));
}
