//! Versions of Debian packages: Debian Policy 5.6.12, and what `dpkg` refuses.

use super::digits::{self, Number, split_run};
use std::cmp::Ordering;

/// A version of a Debian package.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Debian {
    epoch: Number,
    upstream: Box<str>,
    revision: Box<str>,
}

/// Reads `[epoch:]upstream[-revision]`; `None` where dpkg would not take it.
pub fn parse(text: &str) -> Option<Debian> {
    let (epoch, rest) = match text.split_once(':') {
        Some((epoch, rest)) => (Number::parse(epoch)?, rest),
        None => (Number::zero(), text),
    };
    let (upstream, revision) = rest.rsplit_once('-').map_or((rest, None), |(upstream, revision)| (upstream, Some(revision)));
    let known = |b: u8, more: &[u8]| b.is_ascii_alphanumeric() || more.contains(&b);
    let fits = upstream.starts_with(|c: char| c.is_ascii_digit()) && upstream.bytes().all(|b| known(b, b".+-~:"));
    let behind = revision.is_none_or(|r| !r.is_empty() && r.bytes().all(|b| known(b, b".+~")));
    (fits && behind).then(|| Debian { epoch, upstream: upstream.into(), revision: revision.unwrap_or("0").into() })
}

impl Ord for Debian {
    fn cmp(&self, other: &Self) -> Ordering {
        let upstream = || parts(&self.upstream, &other.upstream);
        self.epoch.cmp(&other.epoch).then_with(upstream).then_with(|| parts(&self.revision, &other.revision))
    }
}

impl PartialOrd for Debian {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Runs of other characters and runs of digits, by turns.
fn parts(mut a: &str, mut b: &str) -> Ordering {
    while !(a.is_empty() && b.is_empty()) {
        let (word_a, rest_a) = split_run(a, |c| !c.is_ascii_digit());
        let (word_b, rest_b) = split_run(b, |c| !c.is_ascii_digit());
        let (number_a, next_a) = split_run(rest_a, |c| c.is_ascii_digit());
        let (number_b, next_b) = split_run(rest_b, |c| c.is_ascii_digit());
        let found = words(word_a, word_b).then_with(|| digits::compare(number_a, number_b));
        if found != Ordering::Equal {
            return found;
        }
        (a, b) = (next_a, next_b);
    }
    Ordering::Equal
}

/// Letters before everything else, `~` even before the end.
fn words(a: &str, b: &str) -> Ordering {
    let weight = |byte: Option<&u8>| match byte {
        Some(b'~') => -1,
        None => 0,
        Some(b) if b.is_ascii_alphabetic() => i32::from(*b),
        Some(b) => i32::from(*b) + 256,
    };
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let longest = a.len().max(b.len());
    let differ = (0..longest).map(|at| weight(a.get(at)).cmp(&weight(b.get(at)))).find(|found| *found != Ordering::Equal);
    differ.unwrap_or(Ordering::Equal)
}
