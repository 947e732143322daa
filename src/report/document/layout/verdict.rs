//! The box at the head of page 1: what is decided, by which rules, which exceptions let something through, and what nobody may overlook.

use super::super::evidence::Claim;
use super::super::model::Report;
use super::super::ruled::{Decision, RuleRow};
use super::super::sections::{People, Verdict};
use super::super::words::Words;
use super::{Block, Tone, bases, few, sentence, short};
use std::collections::BTreeSet;

/// Most names in a line.
const MOST_NAMES: usize = 3;
/// Most exceptions, and most remarks, that are told in lines of their own.
const MOST_LINES: usize = 3;
/// Longest line, in characters.
const LONGEST: usize = 150;
/// Remarks that stand beside the decision, whatever it is.
const GRAVE: [&str; 6] = ["alone", "signer-revoked", "signer-spared", "signature-revoked", "installed-revoked", "exception-expired"];

/// The box.
pub fn verdict(report: &Report, words: &Words) -> Block {
    let decision = report.decision.said();
    let mut lines = Vec::new();
    if !decision.reason.is_empty() {
        lines.push(short(&words.of_rules(&decision.reason), 180));
    }
    lines.extend(awaited(report, words));
    let outcomes = ["refused", "not-assessed", "shown", "excepted"];
    let mut told: Vec<String> = outcomes.iter().filter_map(|outcome| rules(words, decision, outcome)).collect();
    if told.is_empty() {
        told.extend(rules(words, decision, "passed"));
    }
    lines.append(&mut told);
    let excepted: Vec<&RuleRow> = excepted(decision).collect();
    lines.extend(some(words, &excepted, |row| format!("{}: {}", row.rule, exception(words, row))));
    let grave: Vec<&Claim> = report.remarks.iter().filter(|claim| GRAVE.contains(&claim.said().key.as_str())).collect();
    lines.extend(some(words, &grave, |claim| sentence(words, claim)));
    lines.push(bases(words, std::iter::once(report.decision.evidence())));
    Block::Verdict { tone: tone(decision, !grave.is_empty()), title: title(report, words), lines }
}

/// A refusal is never softened, and nothing is all well beside a grave remark.
fn tone(decision: &Decision, grave: bool) -> Tone {
    match decision.verdict {
        Verdict::Refused => Tone::Bad,
        Verdict::AllowedWithRemarks
        | Verdict::AllowedWithExceptions
        | Verdict::Undecided
        | Verdict::Waiting
        | Verdict::WaitingForApproval => Tone::Care,
        Verdict::Allowed | Verdict::Installed | Verdict::Information if grave || exceptions(decision) > 0 => Tone::Care,
        Verdict::Allowed | Verdict::Installed => Tone::Good,
        Verdict::Information => Tone::Plain,
    }
}

fn title(report: &Report, words: &Words) -> String {
    let decision = report.decision.said();
    let (given, needed) = report.people.as_ref().map_or((0, 0), |people| approved(people.said()));
    let excepted = exceptions(decision);
    let count = if decision.verdict == Verdict::AllowedWithRemarks { report.remarks.len() } else { excepted };
    let (count, given, needed) = (count.to_string(), given.to_string(), needed.to_string());
    let key = match decision.verdict {
        Verdict::Installed if excepted > 0 => "verdict.installed-with-exceptions".to_owned(),
        verdict => format!("verdict.{}", verdict.word()),
    };
    words.with(&key, &[("count", &count), ("given", &given), ("needed", &needed)])
}

/// How many approved, of how many who have to.
fn approved(people: &People) -> (usize, u64) {
    let given = people.approvers.iter().filter(|row| row.decision == "approve").count();
    (given, people.approvals.unwrap_or_default())
}

/// How many approvals are missing, and who can give them.
fn awaited(report: &Report, words: &Words) -> Option<String> {
    let people = report.people.as_ref()?.said();
    let (given, needed) = approved(people);
    let missing = needed.saturating_sub(given as u64);
    let waits = report.decision.said().verdict == Verdict::WaitingForApproval;
    let names = if people.awaited.is_empty() { words.of("fact", "none") } else { few(words, &people.awaited, MOST_NAMES) };
    let line = || words.with("fact.still-to-approve", &[("count", &missing.to_string()), ("names", &names)]);
    (waits && missing > 0).then(|| short(&line(), LONGEST))
}

/// The rules that came to something, each once.
fn rules(words: &Words, decision: &Decision, outcome: &str) -> Option<String> {
    let rules: BTreeSet<&String> = decision.rules.iter().filter(|rule| rule.outcome == outcome).map(|rule| &rule.rule).collect();
    let rules: Vec<String> = rules.into_iter().cloned().collect();
    let head = format!("{}, {}", words.get("head.rules"), words.of("decided", outcome));
    (!rules.is_empty()).then(|| format!("{head}: {}", short(&few(words, &rules, MOST_NAMES), 120)))
}

/// The findings that lean on an exception, of each exception of a rule the first.
fn excepted(decision: &Decision) -> impl Iterator<Item = &RuleRow> {
    let mut seen = BTreeSet::new();
    let excepted = decision.rules.iter().filter(|row| row.outcome == "excepted" && !row.exception.is_empty());
    excepted.filter(move |row| seen.insert((&row.rule, &row.exception)))
}

/// How many exceptions of the policy let something through.
fn exceptions(decision: &Decision) -> usize {
    excepted(decision).count()
}

/// What is let through, on whose word, until when and why.
fn exception(words: &Words, row: &RuleRow) -> String {
    let by = words.of_form("fact.excepted", &row.exception);
    if row.subject.is_empty() { by } else { format!("{} ({by})", row.subject) }
}

/// The first few of them as lines; the last one says how many more there are.
fn some<T>(words: &Words, items: &[T], line: impl Fn(&T) -> String) -> Vec<String> {
    let mut lines: Vec<String> = items.iter().take(MOST_LINES).map(|item| short(&line(item), LONGEST)).collect();
    let more = items.len().saturating_sub(MOST_LINES);
    if let (Some(last), true) = (lines.last_mut(), more > 0) {
        last.push_str(&format!(" ({})", words.with("fact.and-more", &[("count", &more.to_string())])));
    }
    lines
}
