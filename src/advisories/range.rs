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

    /// Another text, to be asked in the same orders.
    pub(super) fn instead<'b>(&self, text: &'b str) -> Asked<'b> {
        Asked::new(text, self.order, self.semantic.0)
    }

    /// The orders it is read in, and it in each of them; its ecosystem's first.
    pub(super) fn read(&self) -> impl Iterator<Item = (Order, &Version)> {
        let second = Some(self.semantic.0).filter(|second| *second != self.order);
        std::iter::once(self.order).chain(second).filter_map(|order| Some((order, self.within(order)?)))
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
    /// Nobody knows: this text is not a version of the order, or cannot be compared with the one asked about.
    Unknown(&'a str),
    /// Nobody knows: the record has neither ranges of versions nor versions, or a range without a beginning.
    Unsaid {
        /// Whether it has ranges of commits, or of a kind that is not known.
        commits: bool,
    },
}

impl Answer<'_> {
    fn weight(&self) -> u8 {
        match self {
            Self::Affected { .. } => 3,
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
        let (mut turns, mut limits) = (Vec::with_capacity(events.len()), Vec::new());
        for Event { kind, text } in events {
            let bound = (kind == Kind::Introduced && &*text == "0") || (kind == Kind::Limit && &*text == "*");
            let at = if bound { None } else { order.parse(&text) };
            if at.is_none() && !bound {
                range.unknown.get_or_insert(text);
            } else if kind == Kind::Limit {
                limits.push(at);
            } else {
                turns.push(Turn { at, kind, text });
            }
        }
        (range.turns, range.limits) = (in_order(turns).into(), limits.into());
        range
    }

    /// Whether a version lies in it; what is fixed, only the whole record can say.
    pub fn judge<'a>(&'a self, asked: &Asked<'a>) -> Answer<'a> {
        let Some(version) = asked.within(self.order) else { return Answer::Unknown(asked.text) };
        if let Some(unknown) = &self.unknown {
            return Answer::Unknown(unknown);
        }
        // A range that says where it ends, but not where it begins, says nothing.
        if !self.turns.iter().any(|turn| turn.kind == Kind::Introduced) {
            return Answer::Unsaid { commits: false };
        }
        let open = |at: &Option<Version>| at.as_ref().is_some_and(|at| at.leaves_open(version));
        if let Some(turn) = self.turns.iter().find(|turn| open(&turn.at)) {
            return Answer::Unknown(&turn.text);
        }
        if self.limits.iter().any(open) {
            return Answer::Unknown(asked.text);
        }
        let before = |limit: &Option<Version>| limit.as_ref().is_none_or(|limit| compare(Some(version), Some(limit)).is_lt());
        let limited = !self.limits.is_empty() && !self.limits.iter().any(before);
        if limited || !self.contains(version) {
            return Answer::NotAffected;
        }
        Answer::Affected { fixed: None }
    }

    /// The first version behind this one that is said to be fixed, where the range is of that order.
    pub(super) fn fixed_after(&self, order: Order, version: &Version) -> Option<(&Version, &str)> {
        let fixes = self.turns.iter().filter(|turn| self.order == order && turn.kind == Kind::Fixed);
        let later = fixes.filter_map(|turn| Some((turn.at.as_ref()?, &*turn.text)));
        later.into_iter().find(|(at, _)| compare(Some(at), Some(version)).is_gt())
    }

    /// How much it keeps.
    pub(super) fn weight(&self) -> usize {
        1 + self.turns.len() + self.limits.len()
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

/// Puts events in the order of their versions, those of one version as they came. Not by the library's sort, which may panic where an
/// order is not total, as Maven's and PHP's are not.
fn in_order(mut turns: Vec<Turn>) -> Vec<Turn> {
    if turns.len() < 2 {
        return turns;
    }
    let later = in_order(turns.split_off(turns.len() / 2));
    let mut sorted = Vec::with_capacity(turns.len() + later.len());
    let (mut first, mut second) = (in_order(turns).into_iter().peekable(), later.into_iter().peekable());
    while let Some((a, b)) = first.peek().zip(second.peek()) {
        let ahead = compare(b.at.as_ref(), a.at.as_ref()).is_lt();
        sorted.extend(if ahead { second.next() } else { first.next() });
    }
    sorted.extend(first.chain(second));
    sorted
}

/// Nothing is before everything. All versions of a range are of one order.
fn compare(a: Option<&Version>, b: Option<&Version>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => a.compare(b).unwrap_or(Ordering::Equal),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}
