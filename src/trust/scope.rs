//! Scopes: typed patterns that say which artifacts a rule of the role `bundle` is about (`docs/formats/trust.md`, "Scopes").
//!
//! A pattern is compared with `ecosystem:name` as the lock has them; this module knows no ecosystem. A segment has one star at most and
//! `**` stands at the end only, so that no pattern costs more than one walk over the name.

use super::judge::{RuleCount, Tally};
use super::root::{Role, TrustRoot};
use crate::artifact::{Artifact, check_name, check_word};
use crate::error::{Error, Kind, Result};
use std::fmt;

/// Longest pattern, in bytes.
const LONGEST: usize = 256;

/// A typed pattern, `ecosystem:pattern`; either side may be `*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scope(String);

impl Scope {
    /// Reads a pattern.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |why: &str| {
            Error::verification(format!("a scope is refused: {why}"))
                .with("expected", "ECOSYSTEM:PATTERN, such as *:** or *:registry.example/team/**")
                .with("found", format!("{text:.80}"))
        };
        let (ecosystem, pattern) = text.split_once(':').ok_or_else(|| wrong("it names no ecosystem"))?;
        if ecosystem != "*" {
            check_word("the ecosystem of a scope", ecosystem)?;
        }
        check_name("the pattern of a scope", pattern)?;
        if text.len() > LONGEST {
            return Err(wrong("it is too long"));
        }
        let mut segments = pattern.split('/').rev();
        let last = segments.next().unwrap_or_default();
        if segments.chain([last].into_iter().filter(|s| *s != "**")).any(|s| s.matches('*').count() > 1) {
            return Err(wrong("a segment has more than one star, or `**` stands elsewhere than at the end"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The pattern as it is written.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Whether an artifact of that ecosystem and name is meant.
    pub fn matches(&self, ecosystem: &str, name: &str) -> bool {
        let (wanted, pattern) = self.0.split_once(':').unwrap_or_default();
        if wanted != "*" && wanted != ecosystem {
            return false;
        }
        let mut segments = name.split('/');
        for part in pattern.split('/') {
            match segments.next() {
                Some(_) if part == "**" => return true,
                Some(segment) if fits(part, segment) => {}
                _ => return false,
            }
        }
        segments.next().is_none()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One segment against one that has a star at most.
fn fits(part: &str, segment: &str) -> bool {
    match part.split_once('*') {
        None => part == segment,
        Some((head, tail)) => segment.len() >= head.len() + tail.len() && segment.starts_with(head) && segment.ends_with(tail),
    }
}

impl TrustRoot {
    /// Judges what a bundle carries by the scopes of the rules, once its statement has been judged and its lock is known: every rule whose
    /// scope matches an artifact must be met, and an artifact that no rule matches is refused.
    pub fn judge_scopes(&self, tally: &Tally, artifacts: &[Artifact]) -> Result<()> {
        let rules = self.rules(Role::Bundle);
        let met: Vec<bool> = tally.rules.iter().map(|count| count.missing() == 0).collect();
        if met.iter().all(|met| *met) && rules.iter().any(|rule| rule.scopes.is_empty()) {
            return Ok(());
        }
        for artifact in artifacts {
            let matching: Vec<usize> = (0..rules.len()).filter(|n| rules[*n].covers(&artifact.ecosystem, &artifact.name)).collect();
            if matching.is_empty() {
                return Err(self.out_of_scope(artifact));
            }
            if let Some(unmet) = matching.into_iter().find(|n| !met.get(*n).copied().unwrap_or(false)) {
                return Err(self.scope_unmet(artifact, unmet, &tally.rules));
            }
        }
        Ok(())
    }

    fn out_of_scope(&self, artifact: &Artifact) -> Error {
        let scopes: Vec<&str> = self.rules(Role::Bundle).iter().flat_map(|r| &r.scopes).map(Scope::text).collect();
        Error::new(Kind::Policy, format!("{}: nobody may sign for it by this trust root", artifact.label()))
            .with("expected", scopes.join(", "))
            .with("found", format!("{}:{}", artifact.ecosystem, artifact.name))
            .with("trust root", format!("{} {}", self.label(), self.fingerprint().spoken()))
            .hint("leave it out of the toolkit, or have a trust root made whose scopes cover it: airlift trust rotate")
    }

    fn scope_unmet(&self, artifact: &Artifact, unmet: usize, counts: &[RuleCount]) -> Error {
        let rule = &self.rules(Role::Bundle)[unmet];
        let have = counts.get(unmet).map(|c| c.people.iter().cloned().collect::<Vec<_>>().join(", ")).unwrap_or_default();
        Error::verification(format!("{}: too few of those who sign for it have signed", artifact.label()))
            .with("expected", rule.needs())
            .with("found", if have.is_empty() { "nobody of them" } else { &have })
            .with("trust root", format!("{} {}", self.label(), self.fingerprint().spoken()))
            .hint("a signer adds a signature with: airlift sign")
    }
}
