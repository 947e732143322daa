//! Ranges of versions, evaluated as the OSV specification has it ("Evaluation").

use super::order::{Order, Version};
use std::cell::OnceCell;
use std::cmp::Ordering;

/// What happens at a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// From here on, affected.
    Introduced,
    /// From here on, no longer.
    Fixed,
    /// Behind this one, no longer.
    LastAffected,
    /// Nothing is said from here on; `*` is no limit.
    Limit,
}

/// An event of a range as it is written.
#[derive(Debug, Clone)]
pub struct Event {
    /// What happens.
    pub kind: Kind,
    /// At which version.
    pub text: Box<str>,
}

/// A range of versions.
#[derive(Debug, Clone)]
pub struct Range {
    order: Order,
    /// In the order of their versions; those of one version as the record has them.
    turns: Box<[Turn]>,
    limits: Box<[Option<Version>]>,
    /// The first version that the order does not know.
    unknown: Option<Box<str>>,
}

#[derive(Debug, Clone)]
struct Turn {
    /// `None` is before every version: `introduced: "0"`.
    at: Option<Version>,
    kind: Kind,
    text: Box<str>,
}

/// The version that is asked about, read once in each order that is needed.
#[derive(Debug)]
pub struct Asked<'a> {
    text: &'a str,
    order: Order,
    own: Option<Version>,
    fingerprint: u64,
    semantic: (Order, OnceCell<Option<Version>>),
}

impl<'a> Asked<'a> {
    /// A version in its ecosystem's order, and in the one for ranges of type `SEMVER`.
    pub fn new(text: &'a str, order: Order, semantic: Order) -> Self {
        Self { text, order, own: order.parse(text), fingerprint: order.fingerprint(text), semantic: (semantic, OnceCell::new()) }
    }

    /// Whether its ecosystem's order knows it.
    pub fn is_known(&self) -> bool {
        self.own.is_some()
    }

    /// The fingerprint in its ecosystem's order.
    pub(super) fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    fn within(&self, order: Order) -> Option<&Version> {
        if order == self.order { self.own.as_ref() } else { self.semantic.1.get_or_init(|| self.semantic.0.parse(self.text)).as_ref() }
    }
}

/// What is found about a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer<'a> {
    /// It is affected; the nearest later version that is not, where one is named.
    Affected {
        /// That version.
        fixed: Option<&'a str>,
    },
    /// It is not.
    NotAffected,
    /// Nobody knows: this text is not a version of the order.
    Unknown(&'a str),
    /// Nobody knows: the record has neither ranges of versions nor versions.
    Unsaid {
        /// Whether it has ranges of commits, or of a kind that is not known.
        commits: bool,
    },
}

impl Answer<'_> {
    fn weight(&self) -> u8 {
        match self {
            Self::Affected { fixed: Some(_) } => 4,
            Self::Affected { fixed: None } => 3,
            Self::Unknown(_) => 2,
            Self::Unsaid { .. } => 1,
            Self::NotAffected => 0,
        }
    }

    /// What two ranges of one package say together: one that affects is enough, and what is not known is never "no".
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if other.weight() > self.weight() { other } else { self }
    }
}

impl Range {
    /// A range of these events.
    pub fn new(order: Order, events: Vec<Event>) -> Self {
        let mut range = Self { order, turns: Box::default(), limits: Box::default(), unknown: None };
        let (mut turns, mut limits) = (Vec::new(), Vec::new());
        for Event { kind, text } in events {
            let bound = (kind == Kind::Introduced && &*text == "0") || (kind == Kind::Limit && &*text == "*");
            let at = if bound { None } else { order.parse(&text) };
            if at.is_none() && !bound {
                range.unknown.get_or_insert(text);
            } else if kind == Kind::Limit {
                limits.push(at);
            } else {
                insert(&mut turns, Turn { at, kind, text });
            }
        }
        (range.turns, range.limits) = (turns.into(), limits.into());
        range
    }

    /// Whether a version lies in it.
    pub fn judge<'a>(&'a self, asked: &Asked<'a>) -> Answer<'a> {
        let Some(version) = asked.within(self.order) else { return Answer::Unknown(asked.text) };
        if let Some(unknown) = &self.unknown {
            return Answer::Unknown(unknown);
        }
        let before = |limit: &Option<Version>| limit.as_ref().is_none_or(|limit| compare(Some(version), Some(limit)).is_lt());
        let limited = !self.limits.is_empty() && !self.limits.iter().any(before);
        if limited || !self.contains(version) {
            return Answer::NotAffected;
        }
        let later = |turn: &&Turn| turn.kind == Kind::Fixed && compare(turn.at.as_ref(), Some(version)).is_gt();
        Answer::Affected { fixed: self.turns.iter().find(later).map(|turn| &*turn.text) }
    }

    fn contains(&self, version: &Version) -> bool {
        let mut inside = false;
        for turn in &self.turns {
            let beside = compare(Some(version), turn.at.as_ref());
            match turn.kind {
                Kind::Introduced if beside.is_ge() => inside = true,
                Kind::Fixed if beside.is_ge() => inside = false,
                Kind::LastAffected if beside.is_gt() => inside = false,
                _ => {}
            }
        }
        inside
    }
}

/// Puts an event behind those of its version and of earlier ones. Not by the library's sort, which may panic where an order is not
/// total, as Maven's and PHP's are not.
fn insert(turns: &mut Vec<Turn>, turn: Turn) {
    let at = turns.partition_point(|other| compare(other.at.as_ref(), turn.at.as_ref()).is_le());
    turns.insert(at, turn);
}

/// Nothing is before everything. All versions of a range are of one order.
fn compare(a: Option<&Version>, b: Option<&Version>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => a.compare(b).unwrap_or(Ordering::Equal),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}
