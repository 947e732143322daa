//! Semantic Versioning 2.0.0, and the orders that differ from it in a few points: Go's, NuGet's, Pub's (which is Julia's too) and Bitnami's.

use super::digits::Number;
use std::cmp::Ordering;

/// In which points an order differs from Semantic Versioning 2.0.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Semantic Versioning 2.0.0, sections 2 to 11.
    Plain,
    /// The same, where a `v` may stand in front, as the modules of Go write it.
    Prefixed,
    /// One to four numbers, letters compared without case: NuGet's `VersionComparer.Default`.
    UpToFour,
    /// What follows `+` counts, after everything else: Pub's `Version.compareTo`.
    BuildCounts,
    /// A single number behind `-` is a revision of the release, and after it: Bitnami.
    Revised,
}

/// A version of one of these orders, in the form in which equal versions are the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SemVer {
    numbers: [Number; 4],
    pre: Vec<Part>,
    build: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Part {
    // Numbers stand below words (section 11.4.3).
    Number(Number),
    Word(Box<str>),
}

/// Reads a version; `None` where the order does not know the text.
pub fn parse(text: &str, dialect: Dialect) -> Option<SemVer> {
    let text = if dialect == Dialect::Prefixed { text.strip_prefix('v').unwrap_or(text) } else { text };
    let (rest, build) = split_once_or_all(text, '+');
    let (core, pre) = split_once_or_all(rest, '-');
    let strict = dialect != Dialect::UpToFour;
    let fold = |text: &str| if strict { text.to_owned() } else { text.to_ascii_lowercase() };
    let build = parts(build.map(fold).as_deref(), false)?;
    let pre = parts(pre.map(fold).as_deref(), strict)?;
    let numbers = numbers(core, dialect)?;
    Some(match dialect {
        Dialect::BuildCounts => SemVer { numbers, pre, build },
        Dialect::Revised if matches!(pre[..], [Part::Number(_)]) => SemVer { numbers, pre: Vec::new(), build: pre },
        _ => SemVer { numbers, pre, build: Vec::new() },
    })
}

fn split_once_or_all(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at).map_or((text, None), |(before, after)| (before, Some(after)))
}

fn numbers(core: &str, dialect: Dialect) -> Option<[Number; 4]> {
    let mut numbers = [const { None }; 4];
    let mut count = 0;
    for part in core.split('.') {
        if dialect != Dialect::UpToFour && part.len() > 1 && part.starts_with('0') {
            return None;
        }
        *numbers.get_mut(count)? = Some(Number::parse(part)?);
        count += 1;
    }
    let whole = if dialect == Dialect::UpToFour { count >= 1 } else { count == 3 };
    whole.then(|| numbers.map(|n| n.unwrap_or_else(Number::zero)))
}

/// The identifiers between dots; `strict` refuses numbers with leading zeros (section 9).
fn parts(text: Option<&str>, strict: bool) -> Option<Vec<Part>> {
    let Some(text) = text else { return Some(Vec::new()) };
    text.split('.').map(|part| one(part, strict)).collect()
}

fn one(part: &str, strict: bool) -> Option<Part> {
    if part.is_empty() || !part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return None;
    }
    match Number::parse(part) {
        Some(_) if strict && part.len() > 1 && part.starts_with('0') => None,
        Some(number) => Some(Part::Number(number)),
        None => Some(Part::Word(part.into())),
    }
}

impl Ord for SemVer {
    fn cmp(&self, other: &Self) -> Ordering {
        // A version with identifiers behind `-` comes before the one without (section 11.3).
        let released = self.pre.is_empty().cmp(&other.pre.is_empty());
        let before_build = self.numbers.cmp(&other.numbers).then(released).then_with(|| self.pre.cmp(&other.pre));
        before_build.then_with(|| self.build.cmp(&other.build))
    }
}

impl PartialOrd for SemVer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
