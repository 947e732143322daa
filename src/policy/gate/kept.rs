//! A document of findings, read back: what each rule came to, and what it found.

use super::exceptions::told;
use super::gated::counted;
use crate::error::{Error, Kind, Result};
use crate::policy::Outcome;
use serde::Deserialize;
use std::collections::BTreeMap;

const VERSION: u32 = 1;

/// What a rule came to as a whole, or one thing that it found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The rule's id.
    pub rule: String,
    /// The word of what it came to.
    pub outcome: String,
    /// What the rule asks.
    pub expected: String,
    /// What there was.
    pub found: String,
    /// What it is about; `None` for the rule as a whole.
    pub subject: Option<String>,
    /// Who lets it through, until when and why.
    pub exception: Option<String>,
}

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "airlift-gates")]
    version: u32,
    rules: Vec<Rule>,
    exceptions: Vec<Exception>,
}

#[derive(Deserialize)]
struct Rule {
    rule: String,
    outcome: String,
    expected: String,
    artifacts: BTreeMap<String, usize>,
    exempt: usize,
    findings: Vec<Hit>,
    more: usize,
}

#[derive(Deserialize)]
struct Hit {
    artifact: Option<String>,
    package: Option<String>,
    finding: String,
    outcome: String,
    found: String,
    exception: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Exception {
    owner: String,
    second_owner: Option<String>,
    reason: String,
    expires: String,
}

/// Reads a document as [`document`](super::document()) writes it: the same lines as [`Gated::told`](super::Gated::told).
pub fn read(bytes: &[u8]) -> Result<Vec<Kept>> {
    let wrong = |found: String| Error::new(Kind::Store, "the findings that were kept cannot be read").with("found", found);
    let document: Document = serde_json::from_slice(bytes).map_err(|e| wrong(e.to_string()))?;
    if document.version != VERSION {
        return Err(wrong(format!("version {}", document.version)).with("expected", format!("version {VERSION}")));
    }
    let named = |at: usize| {
        let exception = at.checked_sub(1).and_then(|at| document.exceptions.get(at));
        exception.ok_or_else(|| wrong(format!("exception {at}, which is not in it")))
    };
    let mut all = Vec::new();
    for rule in &document.rules {
        all.push(rule.line(&rule.outcome, rule.counted()));
        // Of a rule that is not about single artifacts, the line above says the only finding.
        let known = rule.findings.iter().filter(|hit| hit.outcome != Outcome::NotKnown.word());
        for hit in known.filter(|_| rule.artifacts() > 0 || rule.findings.len() > 1) {
            let by = hit.exception.map(named).transpose()?;
            let exception = by.map(|by| told(&by.owner, by.second_owner.as_deref(), &by.expires, &by.reason));
            all.push(Kept { subject: hit.subject(), exception, ..rule.line(&hit.outcome, hit.found.clone()) });
        }
        if rule.more > 0 {
            let outcome = if rule.outcome == Outcome::Refused.word() { Outcome::Shown.word() } else { &rule.outcome };
            all.push(rule.line(outcome, format!("{} further findings that are no graver", rule.more)));
        }
    }
    Ok(all)
}

impl Rule {
    fn line(&self, outcome: &str, found: String) -> Kept {
        let (rule, outcome, expected) = (self.rule.clone(), outcome.to_owned(), self.expected.clone());
        Kept { rule, outcome, expected, found, subject: None, exception: None }
    }

    fn artifacts(&self) -> usize {
        self.artifacts.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    fn counted(&self) -> String {
        match self.artifacts() {
            0 => self.findings.first().map_or_else(|| "as asked".to_owned(), |hit| hit.found.clone()),
            all => counted(&self.rule, all, |outcome: Outcome| self.artifacts.get(outcome.word()).copied().unwrap_or(0), self.exempt),
        }
    }
}

impl Hit {
    fn subject(&self) -> Option<String> {
        let package = self.package.as_ref().map(|package| format!(" ({package})")).unwrap_or_default();
        let artifact = self.artifact.as_ref().map(|artifact| format!("{artifact}{package}"));
        artifact.or_else(|| Some(self.finding.clone()).filter(|id| !id.is_empty()))
    }
}
