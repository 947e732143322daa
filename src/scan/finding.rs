//! What was found, bounded: a hostile archive cannot make the list of its faults long.

use super::budget::Budget;
use super::rules::{self, Rule};
use crate::error::{Error, Kind, Result};
use std::fmt::Display;
use std::sync::Arc;

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// A person should look at it.
    Warning,
    /// Readers can see different things in it, or it is not what it claims to be.
    Error,
}

impl Severity {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What kind of thing an archive is, which decides how grave some findings are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Its members are installed by name: links out of it and devices have no place there.
    Package,
    /// A piece of a file system, or an archive that nobody is known to unpack.
    Tree,
    /// Something that is loaded, by loaders that may run what is in it: as grave as in a tree, and what nobody looked into as grave as can be.
    Loaded,
}

/// One thing that was found in a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// How grave it is here.
    pub severity: Severity,
    /// The member, or the part of the blob; empty for the whole.
    pub place: String,
    /// What is wrong with it.
    pub what: String,
}

/// Most findings of one blob that are kept, the gravest; of further ones only the numbers are.
const MOST: usize = 100;
/// Most of them by one rule.
const MOST_OF_A_RULE: usize = 10;
/// Longest text of a finding, in bytes.
const LONGEST: usize = 300;

/// The findings of one blob.
#[derive(Debug, Clone)]
pub struct Findings {
    profile: Profile,
    outer: String,
    list: Vec<Finding>,
    /// How many there were of each severity, kept or not.
    counts: [usize; 3],
    worst: Option<Severity>,
    /// What the packed streams of the blob may give, once somebody has set it.
    budget: Option<Arc<Budget>>,
    /// Whether the last reader stopped before the end: its stream is of no more use.
    pub(super) halted: bool,
}

impl Default for Findings {
    fn default() -> Self {
        Self { profile: Profile::Tree, outer: String::new(), list: vec![], counts: [0; 3], worst: None, budget: None, halted: false }
    }
}

impl Findings {
    /// Runs `look` on a part: its findings are named after it, and are as grave as they are in a thing of that kind.
    pub fn within<T>(&mut self, profile: Profile, part: &str, look: impl FnOnce(&mut Self) -> T) -> T {
        let outer = if part.is_empty() { self.outer.clone() } else { format!("{}{part}: ", self.outer) };
        let kept = (std::mem::replace(&mut self.profile, profile), std::mem::replace(&mut self.outer, outer));
        let result = look(self);
        (self.profile, self.outer) = kept;
        result
    }

    /// Tells of something.
    pub fn add(&mut self, rule: Rule, place: impl Display, what: impl Display) {
        let severity = match self.profile {
            Profile::Package => rule.severity,
            Profile::Loaded if rule == rules::NOT_EXAMINED => rule.severity,
            Profile::Tree | Profile::Loaded => rule.in_trees,
        };
        self.add_as(severity, rule, place, what);
    }

    /// The same of something that is so grave.
    fn add_as(&mut self, severity: Severity, rule: Rule, place: impl Display, what: impl Display) {
        let place = shortened(&format!("{}{place}", self.outer));
        let place = place.strip_suffix(": ").unwrap_or(&place).to_owned();
        // One stream that gives too much is met by everyone who reads on.
        if rule == rules::EXPANDS && self.list.iter().any(|f| f.rule == rule && f.place == place) {
            return;
        }
        self.worst = self.worst.max(Some(severity));
        self.counts[severity as usize] += 1;
        if self.has_room(rule, severity) {
            self.list.push(Finding { rule, severity, place, what: shortened(&what.to_string()) });
        }
    }

    /// Whether one more is kept: where there are too many, one that is lighter makes room. What was not looked into is never crowded out.
    fn has_room(&mut self, rule: Rule, severity: Severity) -> bool {
        let of_rule = self.list.iter().filter(|f| f.rule == rule).count() >= MOST_OF_A_RULE;
        if !of_rule && self.list.len() < MOST {
            return true;
        }
        let candidates = self.list.iter().enumerate().filter(|(_, f)| !of_rule || f.rule == rule);
        // Of those that are equally light, the last that was told.
        let lightest =
            candidates.rev().min_by_key(|(_, f)| rank(f.rule, f.severity)).filter(|(_, f)| rank(f.rule, f.severity) < rank(rule, severity));
        lightest.map(|(at, _)| at).is_some_and(|at| {
            self.list.remove(at);
            true
        })
    }

    /// Findings of a part that are told of apart, and may be included later: they share what the blob may unpack to.
    #[must_use]
    pub fn apart(&self) -> Self {
        Self { profile: self.profile, budget: self.budget.clone(), ..Self::default() }
    }

    /// Begins to look into a blob of so many bytes: from here on its packed streams share one budget.
    pub fn begin(&mut self, blob: u64) {
        self.budget = Some(Arc::new(Budget::of(blob)));
    }

    /// What is left to the packed streams of the blob; of so many bytes, where nobody has begun one.
    pub(super) fn budget(&mut self, size: u64) -> Arc<Budget> {
        self.budget.get_or_insert_with(|| Arc::new(Budget::of(size))).clone()
    }

    /// Takes over what was found apart, in what is a part of this; it stays as grave as it was there.
    pub fn include(&mut self, apart: &Self) {
        for finding in &apart.list {
            self.add_as(finding.severity, finding.rule, &finding.place, &finding.what);
        }
        for severity in [Severity::Note, Severity::Warning, Severity::Error] {
            let kept = apart.list.iter().filter(|finding| finding.severity == severity).count();
            self.counts[severity as usize] += apart.counts[severity as usize] - kept;
        }
        self.worst = self.worst.max(apart.worst);
    }

    /// Takes the outcome of a reader of ours: damage is a finding, a place that cannot be read is still an error.
    pub fn damage<T>(&mut self, rule: Rule, place: impl Display, outcome: Result<T>) -> Result<Option<T>> {
        match outcome {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.kind() == Kind::Verification => {
                let evidence = error.context().iter().map(|(label, value)| format!("{label} {value}"));
                let what = std::iter::once(error.message().to_owned()).chain(evidence).collect::<Vec<_>>().join(", ");
                self.add(rule, place, what);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The findings that were kept, in the order in which they were made.
    pub fn list(&self) -> &[Finding] {
        &self.list
    }

    /// Whether so many were kept that there may be others by rules of which none is among them.
    pub fn is_crowded(&self) -> bool {
        self.more() > 0 && self.list.len() >= MOST
    }

    /// How many further ones there were.
    pub fn more(&self) -> usize {
        self.counts.iter().sum::<usize>() - self.list.len()
    }

    /// How many there were of a severity, of those that were not kept too.
    pub fn count(&self, severity: Severity) -> usize {
        self.counts[severity as usize]
    }

    /// How grave the gravest is, of those that were not kept too.
    pub fn worst(&self) -> Option<Severity> {
        self.worst
    }
}

/// What is kept before what.
fn rank(rule: Rule, severity: Severity) -> impl Ord {
    (rule == rules::NOT_EXAMINED, severity)
}

fn shortened(text: &str) -> String {
    if text.len() <= LONGEST { text.to_owned() } else { format!("{}…", &text[..text.floor_char_boundary(LONGEST)]) }
}

/// Why a reader stopped before the end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The finding that says so was made.
    Told,
    /// Reading failed: by damage, or because the place cannot be read.
    Io(std::io::Error),
    /// Something of ours failed.
    Failed(Error),
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// The outcome of one step of a reader.
pub(crate) type Step<T> = std::result::Result<T, Stop>;

/// What the operating system or the medium refuses is an error; everything else that ends a reader is a finding.
pub(crate) fn settle(outcome: Step<()>, place: &str, found: &mut Findings) -> Result<()> {
    found.halted = outcome.is_err();
    match outcome {
        Ok(()) | Err(Stop::Told) => Ok(()),
        Err(Stop::Failed(error)) => found.damage(rules::UNREADABLE, place, Err(error)).map(|_: Option<()>| ()),
        Err(Stop::Io(error)) if error.raw_os_error().is_some() => Err(Error::io("a blob cannot be read", &error)),
        Err(Stop::Io(error)) => match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
            Some(ours) => Err(ours.clone()),
            None if error.get_ref().and_then(|inner| inner.downcast_ref::<super::packing::Expands>()).is_some() => {
                found.add(rules::EXPANDS, place, &error);
                Ok(())
            }
            None => {
                found.add(rules::UNREADABLE, place, &error);
                Ok(())
            }
        },
    }
}
