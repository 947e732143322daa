//! Two orders of segments: plain numbers (R packages, Haskell packages) and RubyGems.

use super::digits::{Number, split_run};
use std::cmp::Ordering;

/// Numbers between dots or hyphens, as R's `package_version` and Haskell's `Data.Version` compare them: a longer one is later.
pub fn numbers(text: &str) -> Option<Vec<Number>> {
    text.split(['.', '-']).map(Number::parse).collect()
}

/// A version of a gem: `Gem::Version`, in its canonical segments.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Gem(Vec<Segment>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Segment {
    Word(Box<str>),
    Number(Number),
}

/// Reads a version of a gem; `None` where RubyGems would not take it.
pub fn gem(text: &str) -> Option<Gem> {
    // RubyGems reads `1-2` as `1.pre.2`.
    let text = text.replace('-', ".pre.");
    let whole = text.starts_with(|c: char| c.is_ascii_digit()) && !text.split('.').any(str::is_empty);
    if !whole || !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.') {
        return None;
    }
    let mut segments = Vec::new();
    for mut part in text.split('.') {
        while let Some(first) = part.chars().next() {
            let (run, rest) = split_run(part, |c| c.is_ascii_digit() == first.is_ascii_digit());
            segments.push(Number::parse(run).map_or_else(|| Segment::Word(run.into()), Segment::Number));
            part = rest;
        }
    }
    Some(Gem(canonical(segments)))
}

/// Zeros in front of the first word and at the end say nothing.
fn canonical(segments: Vec<Segment>) -> Vec<Segment> {
    let zero = Segment::Number(Number::zero());
    let first_word = segments.iter().position(|s| matches!(s, Segment::Word(_))).unwrap_or(segments.len());
    let without = |part: &[Segment]| part[..part.iter().rposition(|s| *s != zero).map_or(0, |at| at + 1)].to_vec();
    let (numbers, rest) = segments.split_at(first_word);
    [without(numbers), without(rest)].concat()
}

impl Ord for Gem {
    fn cmp(&self, other: &Self) -> Ordering {
        let zero = Segment::Number(Number::zero());
        let pairs = (0..self.0.len().max(other.0.len())).map(|at| (self.0.get(at).unwrap_or(&zero), other.0.get(at).unwrap_or(&zero)));
        pairs.map(|(a, b)| a.cmp(b)).find(|found| *found != Ordering::Equal).unwrap_or(Ordering::Equal)
    }
}

impl PartialOrd for Gem {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
