//! Versions of RPM packages: `[epoch:]version[-release]`, each part by `rpmvercmp` (rpm-version(7)), with `~` and `^`.

use super::digits::{self, Number, split_run};
use std::cmp::Ordering;

/// A version of an RPM package.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rpm {
    epoch: Number,
    version: Box<str>,
    release: Option<Box<str>>,
}

/// Reads a version; `None` where it holds what no RPM version may.
pub fn parse(text: &str) -> Option<Rpm> {
    let (epoch, rest) = match text.split_once(':') {
        Some((epoch, rest)) => (Number::parse(epoch)?, rest),
        None => (Number::zero(), text),
    };
    let (version, release) = rest.rsplit_once('-').map_or((rest, None), |(version, release)| (version, Some(release)));
    let known = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._+~^-".contains(&b));
    (known(version) && release.is_none_or(known)).then(|| Rpm { epoch, version: version.into(), release: release.map(Into::into) })
}

impl Rpm {
    /// Whether the two are the same but for a release that only one of them names.
    pub fn leaves_open(&self, other: &Self) -> bool {
        let same = self.epoch == other.epoch && segments(&self.version, &other.version).is_eq();
        same && self.release.is_some() != other.release.is_some()
    }
}

impl Ord for Rpm {
    fn cmp(&self, other: &Self) -> Ordering {
        let release = || match (&self.release, &other.release) {
            (Some(a), Some(b)) => segments(a, b),
            // Which of the two is earlier is not known; an order that is one puts the version without a release first.
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        self.epoch.cmp(&other.epoch).then_with(|| segments(&self.version, &other.version)).then_with(release)
    }
}

impl PartialOrd for Rpm {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// `rpmvercmp`.
pub fn segments<'a>(mut a: &'a str, mut b: &'a str) -> Ordering {
    let separator = |c: char| !(c.is_ascii_alphanumeric() || c == '~' || c == '^');
    loop {
        (a, b) = (a.trim_start_matches(separator), b.trim_start_matches(separator));
        // `~` is before everything, the end included.
        match (a.strip_prefix('~'), b.strip_prefix('~')) {
            (Some(rest_a), Some(rest_b)) => (a, b) = (rest_a, rest_b),
            (Some(_), None) => return Ordering::Less,
            (None, Some(_)) => return Ordering::Greater,
            (None, None) => match caret(a, b) {
                Caret::Both(rest_a, rest_b) => (a, b) = (rest_a, rest_b),
                Caret::Decides(found) => return found,
                Caret::Neither if a.is_empty() || b.is_empty() => return a.len().cmp(&b.len()),
                Caret::Neither => match segment(a, b) {
                    (Ordering::Equal, rest_a, rest_b) => (a, b) = (rest_a, rest_b),
                    (found, ..) => return found,
                },
            },
        }
    }
}

enum Caret<'a> {
    Both(&'a str, &'a str),
    Decides(Ordering),
    Neither,
}

/// `^` is after the end, and before everything else.
fn caret<'a>(a: &'a str, b: &'a str) -> Caret<'a> {
    match (a.strip_prefix('^'), b.strip_prefix('^')) {
        (Some(rest_a), Some(rest_b)) => Caret::Both(rest_a, rest_b),
        (Some(_), None) => Caret::Decides(if b.is_empty() { Ordering::Greater } else { Ordering::Less }),
        (None, Some(_)) => Caret::Decides(if a.is_empty() { Ordering::Less } else { Ordering::Greater }),
        (None, None) => Caret::Neither,
    }
}

/// One run of digits or of letters of each; a number is after a word.
fn segment<'a>(a: &'a str, b: &'a str) -> (Ordering, &'a str, &'a str) {
    let number = a.starts_with(|c: char| c.is_ascii_digit());
    let belongs = |c: char| if number { c.is_ascii_digit() } else { c.is_ascii_alphabetic() };
    let ((run_a, rest_a), (run_b, rest_b)) = (split_run(a, belongs), split_run(b, belongs));
    let found = match (number, run_b.is_empty()) {
        (true, true) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (true, false) => digits::compare(run_a, run_b),
        (false, false) => run_a.cmp(run_b),
    };
    (found, rest_a, rest_b)
}
