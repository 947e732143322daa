//! Numbers of any length: real versions hold dates, hashes and counters that no machine word holds.

use std::cmp::Ordering;

/// A run of ASCII digits without its leading zeros: empty for zero.
pub fn significant(digits: &str) -> &str {
    digits.trim_start_matches('0')
}

/// Compares two runs of ASCII digits by the number they mean.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (significant(a), significant(b));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// Whether this is one or more ASCII digits.
pub fn are_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Splits off the characters at the start that satisfy `belongs`.
pub fn split_run(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

/// A number of any length.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Number(Box<str>);

impl Number {
    /// Reads one or more ASCII digits.
    pub fn parse(text: &str) -> Option<Self> {
        are_digits(text).then(|| Self(significant(text).into()))
    }

    /// The number zero.
    pub fn zero() -> Self {
        Self("".into())
    }

    /// Whether it is zero.
    pub fn is_zero(&self) -> bool {
        self.0.is_empty()
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
