//! The order of versions (Semantic Versioning 2.0, section 11), for lists that clients read from the top.

use std::cmp::Ordering;

/// The order of two versions; one that is none comes before those that are.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    match (Parts::of(a), Parts::of(b)) {
        (Some(x), Some(y)) => x.release.cmp(&y.release).then_with(|| pre_release(x.pre, y.pre)).then_with(|| a.cmp(b)),
        (x, y) => x.is_some().cmp(&y.is_some()).then_with(|| a.cmp(b)),
    }
}

/// Whether a version is a pre-release.
#[cfg(feature = "upstream")]
pub(super) fn is_pre_release(text: &str) -> bool {
    Parts::of(text).is_some_and(|parts| !parts.pre.is_empty())
}

struct Parts<'a> {
    release: [u64; 3],
    pre: &'a str,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text).split('+').next()?;
        let (numbers, pre) = text.split_once('-').unwrap_or((text, ""));
        let mut release = [0; 3];
        for (at, number) in numbers.split('.').enumerate() {
            *release.get_mut(at)? = number.parse().ok()?;
        }
        Some(Self { release, pre })
    }
}

fn pre_release(a: &str, b: &str) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(x), Some(y)) => match (x.parse::<u64>(), y.parse::<u64>()) {
                (Ok(x), Ok(y)) => x.cmp(&y),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => x.cmp(y),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}
