//! Three orders of segments: plain numbers (R packages, Haskell packages), RubyGems, and PHP's `version_compare`.

use super::digits::{Number, are_digits, split_run};
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

/// A version as PHP's `version_compare` splits it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Php(Vec<Box<str>>);

/// Reads a version of PHP's kind; branches (`dev-main`) have no place in the order.
pub fn php(text: &str) -> Option<Php> {
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let known = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._+-".contains(&b));
    if !known || !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let mut parts = Vec::new();
    for mut part in text.split(['.', '_', '+', '-']).filter(|part| !part.is_empty()) {
        while let Some(first) = part.chars().next() {
            let (run, rest) = split_run(part, |c| c.is_ascii_digit() == first.is_ascii_digit());
            parts.push(run.into());
            part = rest;
        }
    }
    Some(Php(parts))
}

/// PHP's forms of a word: any other < dev < alpha < beta < RC < a number < pl, by how the word begins.
fn form(part: &str) -> i8 {
    const FORMS: [(&str, i8); 9] = [("dev", 0), ("alpha", 1), ("a", 1), ("beta", 2), ("b", 2), ("RC", 3), ("rc", 3), ("#", 4), ("pl", 5)];
    if are_digits(part) {
        return 4;
    }
    let found = FORMS.iter().find(|(word, _)| part.starts_with(word)).map(|(_, rank)| *rank);
    found.unwrap_or(if part.starts_with('p') { 5 } else { -1 })
}

impl Ord for Php {
    fn cmp(&self, other: &Self) -> Ordering {
        let common = self.0.iter().zip(&other.0).map(|(a, b)| php_parts(a, b)).find(|found| *found != Ordering::Equal);
        let beyond = |longer: &Self, at: usize| match &longer.0[at] {
            number if are_digits(number) => Ordering::Greater,
            word => form(word).cmp(&4),
        };
        common.unwrap_or_else(|| match self.0.len().cmp(&other.0.len()) {
            Ordering::Greater => beyond(self, other.0.len()),
            Ordering::Less => beyond(other, self.0.len()).reverse(),
            Ordering::Equal => Ordering::Equal,
        })
    }
}

impl PartialOrd for Php {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn php_parts(a: &str, b: &str) -> Ordering {
    match (Number::parse(a), Number::parse(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => form(a).cmp(&form(b)),
    }
}
