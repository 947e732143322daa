//! The order of PHP packages: the form Composer gives a version (`VersionParser::normalize`), by PHP's `version_compare`.

use super::digits::{Number, are_digits, significant, split_run};
use std::cmp::Ordering;

/// A version in Composer's form, as PHP's `version_compare` splits it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Composer(Vec<Box<str>>);

/// Most digits of the first number; a longer one is a date.
const LONGEST_FIRST: usize = 5;

/// Reads a version; branches (`dev-main`, `1.x-dev`) have no place in the order, and what Composer does not take is no version.
pub fn parse(text: &str) -> Option<Composer> {
    let text = text.to_ascii_lowercase();
    let text = text.split_once('+').map_or(&*text, |(version, _)| version);
    let text = text.strip_prefix('v').unwrap_or(text);
    [classical, date].into_iter().find_map(|form| {
        let (mut parts, rest) = form(text)?;
        parts.extend(modifier(rest)?);
        Some(Composer(parts))
    })
}

fn number(digits: &str) -> Box<str> {
    let digits = significant(digits);
    if digits.is_empty() { "0".into() } else { digits.into() }
}

/// One to four numbers between dots, filled up to four; and what follows.
fn classical(text: &str) -> Option<(Vec<Box<str>>, &str)> {
    let digits = |text| split_run(text, |c| c.is_ascii_digit());
    let (first, mut rest) = digits(text);
    if first.is_empty() || first.len() > LONGEST_FIRST {
        return None;
    }
    let mut parts = vec![number(first)];
    while let Some((run, behind)) = rest.strip_prefix('.').map(digits).filter(|(run, _)| !run.is_empty() && parts.len() < 4) {
        parts.push(number(run));
        rest = behind;
    }
    parts.resize(4, "0".into());
    Some((parts, rest))
}

/// A date, and a time: four digits, up to six pairs, up to two numbers of three, with or without `.`, `:` or `-` between them.
fn date(text: &str) -> Option<(Vec<Box<str>>, &str)> {
    let digits = |text: &str, fewest: usize, most: usize| {
        let run = split_run(text, |c| c.is_ascii_digit()).0.len().min(most);
        (run >= fewest).then_some(run)
    };
    let mut at = digits(text, 4, 4)?;
    let take = |at: &mut usize, fewest, most| {
        let separator = usize::from(text[*at..].starts_with(['.', ':', '-']));
        digits(&text[*at + separator..], fewest, most).map(|run| *at += separator + run).is_some()
    };
    let pairs = (0..6).take_while(|_| take(&mut at, 2, 2)).count();
    let _ = (0..2).take_while(|_| take(&mut at, 1, 3)).count();
    let (core, rest) = text.split_at(at);
    (pairs > 0).then(|| (core.split(['.', ':', '-']).map(number).collect(), rest))
}

/// What stands behind the numbers: the stability with its numbers, and whether it is a branch's.
fn modifier(text: &str) -> Option<Vec<Box<str>>> {
    let (text, dev) = match text.strip_suffix("dev") {
        Some(rest) => (rest.strip_suffix(['.', '-', '_']).unwrap_or(rest), true),
        None => (text, false),
    };
    let (word, numbers) = split_run(text.strip_prefix(['.', '_', '-']).unwrap_or(text), |c| c.is_ascii_alphabetic());
    let word = match word {
        "" if text.is_empty() => return Some(dev.then(|| "dev".into()).into_iter().collect()),
        "stable" => None,
        "beta" | "b" => Some("beta"),
        "rc" => Some("rc"),
        "alpha" | "a" => Some("alpha"),
        "patch" | "pl" | "p" => Some("pl"),
        _ => return None,
    };
    let runs: Vec<&str> = numbers.strip_prefix(['.', '-']).unwrap_or(numbers).split(['.', '-']).collect();
    if !numbers.is_empty() && !runs.iter().all(|run| are_digits(run)) {
        return None;
    }
    let counted = runs.into_iter().filter(|run| !run.is_empty()).map(number);
    let said = word.map(|word| std::iter::once(word.into()).chain(counted).chain(dev.then(|| "dev".into())));
    Some(said.into_iter().flatten().collect())
}

/// PHP's forms of a word: any other < dev < alpha < beta < RC < a number < pl, by how the word begins.
fn form(part: &str) -> i8 {
    const FORMS: [(&str, i8); 8] = [("dev", 0), ("alpha", 1), ("a", 1), ("beta", 2), ("b", 2), ("rc", 3), ("#", 4), ("pl", 5)];
    if are_digits(part) {
        return 4;
    }
    let found = FORMS.iter().find(|(word, _)| part.starts_with(word)).map(|(_, rank)| *rank);
    found.unwrap_or(if part.starts_with('p') { 5 } else { -1 })
}

impl Ord for Composer {
    fn cmp(&self, other: &Self) -> Ordering {
        let common = self.0.iter().zip(&other.0).map(|(a, b)| parts(a, b)).find(|found| *found != Ordering::Equal);
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

impl PartialOrd for Composer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn parts(a: &str, b: &str) -> Ordering {
    match (Number::parse(a), Number::parse(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => form(a).cmp(&form(b)),
    }
}
