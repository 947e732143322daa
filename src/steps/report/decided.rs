//! What a report says is decided, and by which rules: what `plan` found, with the content where it was read, or what was kept of an import.

use crate::error::{Kind as ErrorKind, Result};
use crate::policy::gate::Kept;
use crate::policy::gate::rules::SCAN;
use crate::policy::{Finding, Outcome as RuleOutcome};
use crate::report::document::{Claim, Decision, Evidence, Report, RuleRow, Source, Verdict, outside};
use crate::steps::plan::{Outcome, Plan};
use crate::store::Store;
use std::collections::HashMap;

/// Most remarks about what rules found.
const MOST_REMARKS: usize = 100;
/// Most things that a remark names.
const MOST_SUBJECTS: usize = 3;

/// What is decided about a bundle that came in; `awaited` says that nothing but approvals keep it out.
pub(super) fn decision(plan: &Plan, served: bool, awaited: bool) -> Decision {
    let any = |outcome| plan.findings.iter().any(|f| f.outcome == outcome);
    let (shown, excepted) = (any(RuleOutcome::Shown), any(RuleOutcome::Excepted));
    let unapproved = awaited && !any(RuleOutcome::Refused) && (!any(RuleOutcome::NotAssessed) || !plan.undecided.is_empty());
    let alone = plan.admitted.as_ref().is_some_and(|a| a.alone.is_some());
    let verdict = match plan.outcome() {
        Outcome::Install if !plan.undecided.is_empty() => Verdict::Undecided,
        Outcome::Install if excepted => Verdict::AllowedWithExceptions,
        Outcome::Install if shown || alone => Verdict::AllowedWithRemarks,
        Outcome::Install => Verdict::Allowed,
        // It was accepted before: no rule is asked about it again.
        Outcome::Nothing if plan.error.is_none() && served => Verdict::Installed,
        Outcome::Nothing if plan.error.is_none() => Verdict::Information,
        Outcome::Restore => Verdict::Information,
        Outcome::Nothing | Outcome::Stage | Outcome::Lacking => Verdict::Waiting,
        Outcome::Refuse if plan.error.as_ref().is_some_and(|error| error.kind() == ErrorKind::Space) => Verdict::Waiting,
        Outcome::Refuse if unapproved => Verdict::WaitingForApproval,
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

/// What was shown and not refused: what a rule found is told once, with what it found it of.
pub(super) fn remarks(report: &mut Report, findings: &[Finding], judge: &Evidence) {
    let mut told: Vec<Shown<'_>> = Vec::new();
    let mut places: HashMap<(&str, &str), usize> = HashMap::new();
    for (n, finding) in findings.iter().enumerate().filter(|(_, finding)| finding.outcome == RuleOutcome::Shown) {
        // How many artifacts are what is said by the findings that come behind it.
        let counts = |next: &Finding| finding.subject.is_none() && next.subject.is_some() && next.rule == finding.rule;
        if findings.get(n + 1).is_some_and(counts) {
            continue;
        }
        let place = *places.entry((finding.rule, &finding.found)).or_insert_with(|| {
            told.push(Shown { finding, subjects: vec![] });
            told.len() - 1
        });
        told[place].subjects.extend(finding.subject.as_deref());
    }
    let cut: usize = told.iter().skip(MOST_REMARKS).map(|shown| shown.subjects.len().max(1)).sum();
    report.remarks.extend(told.iter().take(MOST_REMARKS).map(|shown| shown.remark(judge)));
    report.remarks.extend((cut > 0).then(|| Claim::say("remarks-cut", &[("count", cut.to_string())], judge.clone())));
}

/// One thing that a rule found and only shows, and what it found it of.
struct Shown<'a> {
    finding: &'a Finding,
    subjects: Vec<&'a str>,
}

impl Shown<'_> {
    fn remark(&self, judge: &Evidence) -> Claim {
        let Finding { rule, expected, found, .. } = self.finding;
        let more = self.subjects.len().saturating_sub(MOST_SUBJECTS);
        let subjects = self.subjects.iter().take(MOST_SUBJECTS).copied().collect::<Vec<_>>().join(", ");
        let key = match (self.subjects.len(), more) {
            (0, _) => "rule-shown",
            (_, 0) => "rule-shown-of",
            _ => "rule-shown-many",
        };
        let more = more.to_string();
        let values = [("rule", (*rule).to_owned()), ("expected", expected.clone()), ("found", found.clone())];
        let named = [("subjects", subjects), ("more", more)];
        let named = named.into_iter().filter(|(name, _)| key != "rule-shown" && (*name == "subjects" || key == "rule-shown-many"));
        let values: Vec<(&str, String)> = values.into_iter().chain(named).collect();
        Claim::say(key, &values, judge.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::document::{Backed, Identity, Kind};

    fn finding(rule: &'static str, found: &str, subject: Option<&str>) -> Finding {
        let (outcome, expected, found) = (RuleOutcome::Shown, "known".to_owned(), found.to_owned());
        Finding { rule, outcome, expected, found, subject: subject.map(str::to_owned), exception: None }
    }

    fn told(findings: &[Finding]) -> Vec<(String, Vec<String>)> {
        let decision = Decision { verdict: Verdict::Information, reason: String::new(), rules: vec![] };
        let identity = Backed::new(Identity::default(), Evidence::tool());
        let mut report = Report::new(Kind::Arrival, "2026-01-01T00:00:00Z", identity, Backed::new(decision, Evidence::tool()));
        remarks(&mut report, findings, &Evidence::tool());
        let one = |claim: &Claim| (claim.said().key.clone(), claim.said().values.values().cloned().collect());
        report.remarks.iter().map(one).collect()
    }

    #[test]
    fn what_was_found_of_many_is_told_once_and_of_what() {
        let (rule, unknown) = ("artifacts.unknown-age", "the lock does not say when it came out");
        let subjects = ["a 1", "b 1", "c 1", "d 1"];
        let mut all = vec![finding(rule, "of 5 artifacts 5 shown", None)];
        all.extend(subjects.iter().map(|subject| finding(rule, unknown, Some(subject))));
        all.push(finding(rule, "it is unknown", Some("e 1")));
        all.push(finding(rule, "3 further findings that are no graver", None));
        let of = |key: &str, values: &[&str]| (key.to_owned(), values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>());
        let wanted = [
            of("rule-shown-many", &["known", unknown, "1", rule, "a 1, b 1, c 1"]),
            of("rule-shown-of", &["known", "it is unknown", rule, "e 1"]),
            of("rule-shown", &["known", "3 further findings that are no graver", rule]),
        ];
        assert_eq!(told(&all), wanted);
        assert_eq!(told(&all[..1]), [of("rule-shown", &["known", "of 5 artifacts 5 shown", rule])], "nothing else says it");
    }

    #[test]
    fn very_many_remarks_are_counted() {
        let all: Vec<Finding> = (0..MOST_REMARKS + 7).map(|n| finding("bundle.gaps", &format!("{n}"), Some("x"))).collect();
        let told = told(&all);
        assert_eq!((told.len(), told[MOST_REMARKS].clone()), (MOST_REMARKS + 1, ("remarks-cut".to_owned(), vec!["7".to_owned()])));
    }
}
