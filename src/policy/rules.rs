//! The rules of a policy over the facts of one bundle. Each has an id that reports, approvals and scripts name it by.

use super::Policy;
use crate::error::{Error, Kind};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// What a policy is asked about; taken from what was signed and from what the host has installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Toolkit name.
    pub toolkit: String,
    /// Release line.
    pub line: String,
    /// When the bundle was made, as its signers claim.
    pub created: Timestamp,
    /// Ecosystems of its artifacts.
    pub ecosystems: BTreeSet<String>,
    /// Numbers of the line that were never seen here.
    pub missing: Option<RangeInclusive<u64>>,
    /// When the trust root should have been replaced.
    pub root_expires: Option<Timestamp>,
    /// The time to judge by: the highest of clock and claimed times, see `docs/formats/policy.md`.
    pub now: Timestamp,
}

/// What a rule came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Nothing was found.
    Passed,
    /// Not enough is known of it to ask; another rule judges that.
    NotKnown,
    /// Something was found that an exception of the policy lets through.
    Excepted,
    /// Nobody could look, or has looked yet: it does not pass.
    NotAssessed,
    /// Something was found that people should know.
    Shown,
    /// The bundle is not installed.
    Refused,
}

impl Outcome {
    /// All of them, the gravest last.
    pub const ALL: [Self; 6] = [Self::Passed, Self::NotKnown, Self::Excepted, Self::NotAssessed, Self::Shown, Self::Refused];

    /// The word in documents.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::NotKnown => "not-known",
            Self::Excepted => "excepted",
            Self::NotAssessed => "not-assessed",
            Self::Shown => "shown",
            Self::Refused => "refused",
        }
    }
}

/// One rule and what it found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule's id.
    pub rule: &'static str,
    /// What it came to.
    pub outcome: Outcome,
    /// What the rule asks.
    pub expected: String,
    /// What there is. It does not change with the time of day, so that a review stays what was approved.
    pub found: String,
    /// The artifact it is about; `None` for the bundle, and for a rule as a whole.
    pub subject: Option<String>,
    /// Who lets it through, until when and why.
    pub exception: Option<String>,
}

/// Most refusals that an error lists; the document of the findings has all that are kept.
const MOST_TOLD: usize = 20;

impl Policy {
    /// Every rule that is in force, in the order of their ids.
    pub fn judge(&self, facts: &Facts) -> Vec<Finding> {
        let mut findings = Vec::new();
        findings.extend(self.max_age_days.map(|days| age(days, facts)));
        findings.extend(self.ecosystems.as_ref().map(|allowed| ecosystems(allowed, facts)));
        findings.extend(expiry(self.expired_root_refused, facts));
        findings.extend(gaps(self.gaps_refused, facts));
        findings.extend(self.lines.as_ref().map(|allowed| listed("bundle.line", allowed, &facts.line)));
        findings.extend(self.toolkits.as_ref().map(|allowed| listed("bundle.toolkit", allowed, &facts.toolkit)));
        findings
    }
}

/// One error for all rules that refuse; `None` when none does.
pub fn refusals(label: &str, findings: &[Finding]) -> Option<Error> {
    let refused: Vec<&Finding> = findings.iter().filter(|f| f.outcome == Outcome::Refused).collect();
    let say = |error: Error, f: &&Finding| {
        let error = error.with("rule", f.rule).with("expected", &f.expected);
        let error = f.subject.iter().fold(error, |error, subject| error.with("in", subject));
        error.with("found", &f.found)
    };
    refused.first()?;
    let error = Error::new(Kind::Policy, format!("{label}: this host's policy does not take it"));
    let error = refused.iter().take(MOST_TOLD).fold(error, say);
    let error = match refused.len().saturating_sub(MOST_TOLD) {
        0 => error,
        more => error.with("and", format!("{more} further refusals: airlift gate lists them")),
    };
    Some(error.hint("airlift policy show prints the rules; nothing was changed"))
}

fn age(days: u32, facts: &Facts) -> Finding {
    let age = facts.now.as_second().saturating_sub(facts.created.as_second());
    let old = age > i64::from(days) * 86_400;
    verdict("bundle.age", old, Outcome::Refused, format!("made at most {days} days before"), format!("made {}", facts.created))
}

fn ecosystems(allowed: &BTreeSet<String>, facts: &Facts) -> Finding {
    let others: Vec<&str> = facts.ecosystems.difference(allowed).map(String::as_str).collect();
    let found = if others.is_empty() { facts.ecosystems.iter().map(String::as_str).collect() } else { others.clone() };
    verdict("bundle.ecosystems", !others.is_empty(), Outcome::Refused, join(allowed.iter()), found.join(", "))
}

fn expiry(refuse: bool, facts: &Facts) -> Option<Finding> {
    let expires = facts.root_expires?;
    let outcome = if refuse { Outcome::Refused } else { Outcome::Shown };
    Some(verdict(
        "bundle.expired-root",
        expires <= facts.now,
        outcome,
        "a trust root that is in its time".to_owned(),
        format!("until {expires}"),
    ))
}

fn gaps(refuse: bool, facts: &Facts) -> Option<Finding> {
    let missing = facts.missing.as_ref()?;
    let outcome = if refuse { Outcome::Refused } else { Outcome::Shown };
    let found = format!("numbers {} to {} have not been seen here", missing.start(), missing.end());
    Some(verdict("bundle.gaps", true, outcome, "every number of the line".to_owned(), found))
}

fn listed(rule: &'static str, allowed: &BTreeSet<String>, found: &str) -> Finding {
    verdict(rule, !allowed.contains(found), Outcome::Refused, join(allowed.iter()), found.to_owned())
}

fn verdict(rule: &'static str, hit: bool, outcome: Outcome, expected: String, found: String) -> Finding {
    Finding { rule, outcome: if hit { outcome } else { Outcome::Passed }, expected, found, subject: None, exception: None }
}

fn join<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names.map(String::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        let time = |text: &str| text.parse().expect("a time");
        Facts {
            toolkit: "mlops".to_owned(),
            line: "main".to_owned(),
            created: time("2026-01-01T00:00:00Z"),
            ecosystems: BTreeSet::from(["one".to_owned(), "two".to_owned()]),
            missing: None,
            root_expires: Some(time("2027-01-01T00:00:00Z")),
            now: time("2026-04-01T00:00:00Z"),
        }
    }

    fn outcome(policy: &str, facts: &Facts) -> Vec<(&'static str, Outcome)> {
        let policy = Policy::parse(format!("airlift-policy = 1\n{policy}").as_bytes()).expect("a policy");
        policy.judge(facts).into_iter().map(|f| (f.rule, f.outcome)).collect()
    }

    #[test]
    fn ages_are_counted_to_the_second() {
        assert_eq!(outcome("[bundle]\nmax-age-days = 90", &facts())[0], ("bundle.age", Outcome::Passed));
        let later = Facts { now: "2026-04-01T00:00:01Z".parse().expect("a time"), ..facts() };
        assert_eq!(outcome("[bundle]\nmax-age-days = 90", &later)[0], ("bundle.age", Outcome::Refused));
        let unborn = Facts { now: "2025-01-01T00:00:00Z".parse().expect("a time"), ..facts() };
        assert_eq!(outcome("[bundle]\nmax-age-days = 1", &unborn)[0], ("bundle.age", Outcome::Passed));
    }

    #[test]
    fn lists_name_what_is_taken() {
        assert_eq!(outcome("[bundle]\necosystems = [\"one\"]", &facts())[0], ("bundle.ecosystems", Outcome::Refused));
        assert_eq!(outcome("[bundle]\necosystems = [\"one\", \"two\", \"six\"]", &facts())[0], ("bundle.ecosystems", Outcome::Passed));
        let all = outcome("[bundle]\nlines = [\"lab\"]\ntoolkits = [\"mlops\"]", &facts());
        assert_eq!(all[1..], [("bundle.line", Outcome::Refused), ("bundle.toolkit", Outcome::Passed)]);
    }

    #[test]
    fn expiry_and_gaps_are_shown_unless_refused() {
        let late = Facts { now: "2027-01-01T00:00:00Z".parse().expect("a time"), missing: Some(3..=4), ..facts() };
        assert_eq!(outcome("", &late), [("bundle.expired-root", Outcome::Shown), ("bundle.gaps", Outcome::Shown)]);
        let strict = outcome("[bundle]\ngaps = \"refused\"\nexpired-root = \"refused\"", &late);
        assert_eq!(strict, [("bundle.expired-root", Outcome::Refused), ("bundle.gaps", Outcome::Refused)]);
        let findings = Policy::parse(b"airlift-policy = 1\n[bundle]\ngaps = \"refused\"").expect("a policy").judge(&late);
        let error = refusals("mlops 5", &findings).expect("it refuses");
        assert!(error.kind() == Kind::Policy && error.context().iter().any(|(_, text)| text == "bundle.gaps"), "{error:?}");
        assert!(refusals("mlops 5", &Policy::default().judge(&late)).is_none());
    }
}
