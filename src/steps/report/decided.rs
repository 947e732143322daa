//! What a report says is decided, and by which rules: what `plan` found, with the content where it was read, or what was kept of an import.

use crate::error::{Kind as ErrorKind, Result};
use crate::policy::gate::Kept;
use crate::policy::gate::rules::SCAN;
use crate::policy::{Finding, Outcome as RuleOutcome};
use crate::report::document::{Claim, Decision, Evidence, Report, RuleRow, Source, Verdict, outside};
use crate::steps::plan::{Outcome, Plan};
use crate::store::Store;

/// What is decided about a bundle that came in.
pub(super) fn decision(plan: &Plan, served: bool) -> Decision {
    let shown = plan.findings.iter().any(|f| f.outcome == RuleOutcome::Shown);
    let alone = plan.admitted.as_ref().is_some_and(|a| a.alone.is_some());
    let verdict = match plan.outcome() {
        Outcome::Install if !plan.undecided.is_empty() => Verdict::Undecided,
        Outcome::Install if shown || alone => Verdict::AllowedWithRemarks,
        Outcome::Install => Verdict::Allowed,
        // It was accepted before: no rule is asked about it again.
        Outcome::Nothing if plan.error.is_none() && served => Verdict::Installed,
        Outcome::Nothing if plan.error.is_none() => Verdict::Information,
        Outcome::Restore => Verdict::Information,
        Outcome::Nothing | Outcome::Stage | Outcome::Lacking => Verdict::Waiting,
        Outcome::Refuse if plan.error.as_ref().is_some_and(|error| error.kind() == ErrorKind::Space) => Verdict::Waiting,
        Outcome::Refuse => Verdict::Refused,
    };
    let reason = plan.error.as_ref().map_or_else(String::new, |error| outside(error.message()));
    let reason = match verdict {
        Verdict::Undecided => format!("{}: rules that only the content decides were not asked", outside(&plan.bundle.statement.label())),
        _ => reason,
    };
    Decision { verdict, reason, rules: plan.findings.iter().map(|finding| rule(finding, &plan.undecided)).collect() }
}

/// Rules that were not asked are named before anything else that was not checked; where the content was judged, the scanner is no longer
/// among that.
pub(super) fn undecided(report: &mut Report, plan: &Plan, judge: &Evidence) {
    if !plan.undecided.is_empty() {
        let values = [("rules", plan.undecided.join(", "))];
        report.not_checked.insert(0, Claim::say("rules-undecided", &values, judge.clone()));
    } else if plan.findings.iter().any(|finding| finding.rule == SCAN.id) {
        report.not_checked.retain(|claim| claim.said().key != "no-scan");
    }
}

/// What the rules found when something was let in, from what was kept of it then.
pub(super) fn rules(kept: Vec<Kept>) -> Vec<RuleRow> {
    let text = |text: Option<String>| outside(text.as_deref().unwrap_or_default());
    let row = |kept: Kept| RuleRow {
        rule: outside(&kept.rule),
        outcome: outside(&kept.outcome),
        subject: text(kept.subject),
        expected: outside(&kept.expected),
        found: outside(&kept.found),
        exception: text(kept.exception),
    };
    kept.into_iter().map(row).collect()
}

/// What the decision rests on: the rules, where they were asked; what is installed, where the order in the line decided; else what was
/// looked at.
pub(super) fn decided_by(plan: &Plan, store: &Store, judge: &Evidence) -> Result<Evidence> {
    let room = plan.error.as_ref().is_some_and(|error| error.kind() == ErrorKind::Space);
    let asked = !plan.findings.is_empty() || plan.admitted.is_some();
    Ok(match store.current()? {
        _ if room => Evidence::tool(),
        _ if asked && plan.order.is_some() => judge.clone(),
        Some(current) => Evidence::named(Source::Snapshot, &current.number.to_string(), store.snapshot_digest(current.number)?),
        None => judge.clone(),
    })
}

/// A finding as a row. That the lock speaks for a rule which only the content decides is not that it passed.
fn rule(finding: &Finding, undecided: &[&str]) -> RuleRow {
    let (expected, found) = (outside(&finding.expected), outside(&finding.found));
    let text = |text: &Option<String>| outside(text.as_deref().unwrap_or_default());
    let (subject, exception) = (text(&finding.subject), text(&finding.exception));
    let light = finding.subject.is_none() && finding.outcome < RuleOutcome::NotAssessed;
    let outcome = if light && undecided.contains(&finding.rule) { RuleOutcome::NotAssessed } else { finding.outcome };
    RuleRow { rule: finding.rule.to_owned(), outcome: outcome.word().to_owned(), subject, expected, found, exception }
}

/// What was shown and not refused.
pub(super) fn remarks(report: &mut Report, findings: &[Finding], judge: &Evidence) {
    for finding in findings.iter().filter(|f| f.outcome == RuleOutcome::Shown) {
        let values = [("rule", finding.rule.to_owned()), ("expected", finding.expected.clone()), ("found", finding.found.clone())];
        report.remarks.push(Claim::say("rule-shown", &values, judge.clone()));
    }
}
