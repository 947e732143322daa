//! What is let through although a rule finds something: for one rule and one subject, by somebody, for a reason, until a day.

use super::facts::Subject;
use super::gated::Hit;
use super::rules::{EXCEPTABLE, EXPLOITED, MALICIOUS, SEVERITY};
use super::terms::wrong;
use crate::advisories::vex::Verdict;
use crate::error::{Result, plain};
use crate::report::Purl;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;

/// Longest life of an exception, in days.
const LONGEST_DAYS: i32 = 366;
/// Longest text of an exception, in bytes.
const LONGEST: usize = 1000;

/// An exception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// The id of the rule.
    pub rule: String,
    /// What it is about: a package URL, or `ecosystem/name`, either with or without `@version`.
    pub subject: String,
    /// The one finding of the rule that it is about; without, all of them.
    pub finding: Option<String>,
    /// Who answers for it.
    pub owner: String,
    /// Who else does.
    pub second: Option<String>,
    /// Why.
    pub reason: String,
    /// The first day of it.
    pub granted: Date,
    /// The last day of it.
    pub expires: Date,
    /// What it says as a statement about the vulnerability, where it is one too.
    pub vex: Option<Verdict>,
}

/// `[[exception]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::policy) struct WireException {
    rule: String,
    subject: String,
    finding: Option<String>,
    owner: String,
    second_owner: Option<String>,
    reason: String,
    granted: String,
    expires: String,
    vex: Option<String>,
    justification: Option<String>,
}

/// Where an exception stands at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It has not begun.
    Ahead,
    /// It holds.
    Holds,
    /// It has ended.
    Expired,
}

impl Exception {
    pub(super) fn read(n: usize, wire: WireException) -> Result<Self> {
        let about = |why: &str| wrong(&format!("exception {} {why}", n + 1));
        let texts = [Some(&wire.subject), wire.finding.as_ref(), Some(&wire.owner), wire.second_owner.as_ref(), Some(&wire.reason)];
        let wrong = |text: &&String| text.trim().is_empty() || text.len() > LONGEST || plain(text) != **text;
        if let Some(text) = texts.into_iter().flatten().find(wrong) {
            let error = about("has a text that is empty, too long or not plain");
            let found = format!("{:?}, {} bytes", text.chars().take(80).collect::<String>(), text.len());
            return Err(error.with("expected", format!("1 to {LONGEST} bytes without control characters")).with("found", plain(&found)));
        }
        if !EXCEPTABLE.contains(&&*wire.rule) {
            let error = about("names a rule that has no exceptions").with("expected", EXCEPTABLE.join(", "));
            return Err(error.with("found", format!("{:.80}", wire.rule)));
        }
        if wire.rule == MALICIOUS.id && wire.second_owner.as_ref().is_none_or(|second| second.trim() == wire.owner.trim()) {
            return Err(
                about("lets through what is an attack, on the word of one person").with("expected", "another person as second-owner")
            );
        }
        let day = |key: &str, text: &str| {
            let day = text.parse::<Date>().ok().filter(|day| day.to_string() == text);
            day.ok_or_else(|| about(&format!("has no day in `{key}`")).with("expected", "YEAR-MM-DD").with("found", format!("{text:.40}")))
        };
        let (granted, expires) = (day("granted", &wire.granted)?, day("expires", &wire.expires)?);
        let latest = granted.saturating_add(LONGEST_DAYS.days());
        if expires < granted || expires > latest {
            return Err(about("expires too late, or before it begins")
                .with("expected", format!("{granted} to {latest}"))
                .with("found", expires));
        }
        let vex = verdict(&format!("exception {}", n + 1), &wire)?;
        let WireException { rule, subject, finding, owner, second_owner: second, reason, .. } = wire;
        Ok(Self { rule, subject, finding, owner, second, reason, granted, expires, vex })
    }

    /// Where it stands: both of its days are whole days in UTC.
    pub fn standing(&self, now: Timestamp) -> Standing {
        let today = TimeZone::UTC.to_datetime(now).date();
        match today {
            today if today < self.granted => Standing::Ahead,
            today if today > self.expires => Standing::Expired,
            _ => Standing::Holds,
        }
    }

    /// Whether it is about a finding of this subject, by any name of the finding.
    pub(super) fn covers(&self, hit: &Hit, subject: &Subject) -> bool {
        let named = || [Some(&subject.purl), hit.package.as_ref()].into_iter().flatten().any(|purl| self.names(purl, subject));
        let found = |finding: &String| *finding == hit.id || hit.names.contains(finding);
        self.rule == hit.rule.id && self.finding.as_ref().is_none_or(found) && named()
    }

    fn names(&self, purl: &str, subject: &Subject) -> bool {
        if let Some(wanted) = Purl::read(&self.subject) {
            return Purl::read(purl).is_some_and(|found| wanted.covers(&found));
        }
        match self.subject.rsplit_once('@').filter(|(name, _)| *name == subject.name) {
            Some((_, version)) => version == subject.version,
            None => self.subject == subject.name,
        }
    }

    /// Who answers for it, and why, in a line.
    pub fn told(&self) -> String {
        told(&self.owner, self.second.as_deref(), &self.expires.to_string(), &self.reason)
    }
}

/// Who answers for it, until when and why, in a line.
pub(super) fn told(owner: &str, second: Option<&str>, expires: &str, reason: &str) -> String {
    let second = second.map(|second| format!(" and {second}")).unwrap_or_default();
    format!("{owner}{second} until {expires}: {reason}")
}

/// What an exception says as a statement: of one vulnerability in a package that a package URL names.
fn verdict(what: &str, wire: &WireException) -> Result<Option<Verdict>> {
    let about = |why: &str| wrong(&format!("{what} {why}"));
    let Some(status) = &wire.vex else {
        return match wire.justification {
            Some(_) => Err(about("has a `justification`, which asks nothing by itself").with("expected", "beside vex")),
            None => Ok(None),
        };
    };
    let stated = [EXPLOITED.id, SEVERITY.id].contains(&&*wire.rule) && wire.finding.is_some() && Purl::read(&wire.subject).is_some();
    if !stated {
        let expected = format!("`finding`, a package URL as `subject`, and the rule {} or {}", EXPLOITED.id, SEVERITY.id);
        return Err(about("is to be a statement, and does not say about what").with("expected", expected));
    }
    Verdict::read(what, status, wire.justification.as_deref(), true).map(Some)
}
