//! `docs/formats/advisories.md`, "Statements of one's own": TOML as a site's people write it, and the mark that says in any form who answers
//! for a statement and until when.

use super::{Justification, MOST_STATEMENTS, Product, Statement, Status, text};
use crate::artifact::Purl;
use crate::error::{Error, Kind, Result};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;
use std::collections::BTreeSet;

/// What people sign such statements in.
pub const VEX: &str = "vex.v1@airlift";
/// Longest file of statements, in bytes.
pub const LONGEST_OWN: usize = 4 << 20;
/// Longest life of a statement, in days.
pub const LONGEST_DAYS: i32 = 366;
const VERSION: u32 = 1;

/// Who answers for a statement, and its last day, a whole one in UTC.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// The last day.
    pub until: Date,
    /// Who answers for it.
    pub owner: String,
}

impl Mark {
    /// As it stands in documents that have no member for it: `until 2026-03-31 by Alice`.
    pub fn told(&self) -> String {
        format!("until {} by {}", self.until, self.owner)
    }

    /// Reads that; `None` for other words.
    pub(super) fn read(words: &str) -> Option<Self> {
        let (day, owner) = words.strip_prefix("until ")?.split_once(" by ")?;
        Self::of(day, owner)
    }

    pub(super) fn of(day: &str, owner: &str) -> Option<Self> {
        let until = day.parse::<Date>().ok().filter(|until| until.to_string() == day)?;
        (!owner.is_empty()).then(|| Self { until, owner: owner.to_owned() })
    }

    /// Whether its last day has not passed.
    pub fn holds(&self, now: Timestamp) -> bool {
        TimeZone::UTC.to_datetime(now).date() <= self.until
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WireFile {
    airlift_statements: u32,
    #[serde(default)]
    statement: Vec<WireStatement>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WireStatement {
    vulnerability: String,
    #[serde(default)]
    aliases: Vec<String>,
    products: Vec<String>,
    status: String,
    justification: Option<String>,
    reason: Option<String>,
    owner: String,
    granted: String,
    expires: String,
}

/// Reads a file of statements; `what` names it in errors.
pub fn read(what: &str, bytes: &[u8]) -> Result<Vec<Statement>> {
    if bytes.len() > LONGEST_OWN {
        return Err(wrong(what, "it is too long").with("expected", format!("at most {LONGEST_OWN} bytes")));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| wrong(what, "it is not UTF-8"))?;
    let file: WireFile = toml::from_str(text).map_err(|e| wrong(what, "it cannot be read").with("found", e.to_string().trim_end()))?;
    if file.airlift_statements != VERSION {
        let error = wrong(what, "its format is another").with("expected", format!("airlift-statements = {VERSION}"));
        return Err(error.with("found", file.airlift_statements));
    }
    let parts = file.statement.iter().fold(0usize, |sum, s| sum.saturating_add(1 + s.products.len() + s.aliases.len()));
    if file.statement.is_empty() || parts > MOST_STATEMENTS {
        return Err(wrong(what, "it has no statement, or too many").with("expected", format!("at most {MOST_STATEMENTS} with their names")));
    }
    file.statement.into_iter().enumerate().map(|(n, wire)| statement(&format!("{what}: statement {}", n + 1), wire)).collect()
}

fn statement(what: &str, wire: WireStatement) -> Result<Statement> {
    let fits = |kind: &str, words: String| text(what, kind, words).map_err(|e| e.of_kind(Kind::Usage));
    let verdict = Verdict::read(what, &wire.status, wire.justification.as_deref(), wire.reason.is_some())?;
    let products = wire.products.into_iter().map(|id| product(what, &id)).collect::<Result<BTreeSet<_>>>()?;
    if products.is_empty() {
        return Err(wrong(what, "it names no product"));
    }
    let names = std::iter::once(wire.vulnerability).chain(wire.aliases);
    let names = names.map(|name| fits("vulnerability", name)).collect::<Result<_>>()?;
    let (granted, until) = (day(what, "granted", &wire.granted)?, day(what, "expires", &wire.expires)?);
    let latest = granted.saturating_add(LONGEST_DAYS.days());
    if until < granted || until > latest {
        let error = wrong(what, "it expires too late, or before it begins");
        return Err(error.with("expected", format!("{granted} to {latest}")).with("found", until));
    }
    Ok(Statement {
        names,
        products,
        status: verdict.status,
        justification: verdict.justification,
        detail: wire.reason.map(|reason| fits("reason", reason)).transpose()?,
        timestamp: begins(granted),
        author: String::new(),
        mark: Some(Mark { until, owner: fits("owner", wire.owner)? }),
        signers: vec![],
    })
}

/// The first moment of a day.
pub fn begins(day: Date) -> Timestamp {
    day.to_zoned(TimeZone::UTC).map_or(Timestamp::MIN, |zoned| zoned.timestamp())
}

/// A package URL.
pub fn product(what: &str, id: &str) -> Result<Product> {
    let id = text(what, "product", id.to_owned()).map_err(|e| e.of_kind(Kind::Usage))?;
    if Purl::read(&id).is_none() {
        return Err(wrong(what, "its product is no package URL")
            .with("expected", "pkg:TYPE/NAME@VERSION")
            .with("found", format!("{id:.80}")));
    }
    Ok(Product { id, parts: BTreeSet::new() })
}

/// What a statement says, read from words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// What it says.
    pub status: Status,
    /// Why.
    pub justification: Option<Justification>,
}

impl Verdict {
    /// Reads both words: who says that something is not affected says why.
    pub fn read(what: &str, status: &str, justification: Option<&str>, explained: bool) -> Result<Self> {
        let unknown = |key: &str, all: Vec<&str>, found: &str| {
            wrong(what, &format!("its {key} is not known")).with("expected", all.join(", ")).with("found", format!("{found:.60}"))
        };
        let status = Status::from_word(status).ok_or_else(|| unknown("status", Status::ALL.map(|(_, word)| word).to_vec(), status))?;
        let justification = justification.map(|word| {
            Justification::from_word(word).ok_or_else(|| unknown("justification", Justification::ALL.map(|(_, word)| word).to_vec(), word))
        });
        let justification = justification.transpose()?;
        match (status, justification, explained) {
            (Status::NotAffected, None, false) => Err(wrong(what, "it says that a product is not affected, but not why")),
            (Status::Affected, _, false) => Err(wrong(what, "it says that something is to be done, but not what")),
            (Status::NotAffected, ..) | (_, None, _) => Ok(Self { status, justification }),
            _ => Err(wrong(what, "it justifies what needs no justification").with("expected", "a justification of `not_affected` only")),
        }
    }
}

fn day(what: &str, key: &str, words: &str) -> Result<Date> {
    let day = words.parse::<Date>().ok().filter(|day| day.to_string() == words);
    day.ok_or_else(|| {
        wrong(what, &format!("it has no day in `{key}`")).with("expected", "YEAR-MM-DD").with("found", format!("{words:.40}"))
    })
}

fn wrong(what: &str, why: &str) -> Error {
    Error::usage(format!("{what}: {why}"))
}
