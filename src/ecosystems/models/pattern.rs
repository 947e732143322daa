//! Patterns over paths, as the hub's own clients read them (Python's `fnmatch`, without character classes).

/// Whether a pattern matches a whole path: `*` is any text, slashes too, `?` is one character; a pattern that ends in a slash means
/// everything below.
pub(super) fn matches(pattern: &str, path: &str) -> bool {
    let below = pattern.ends_with('/').then(|| format!("{pattern}*"));
    let (pattern, path): (Vec<char>, Vec<char>) = (below.as_deref().unwrap_or(pattern).chars().collect(), path.chars().collect());
    let (mut p, mut at) = (0, 0);
    // Where the last star stands, and up to where it reaches: only that one ever has to be tried again.
    let mut star: Option<(usize, usize)> = None;
    while at < path.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, at));
                p += 1;
            }
            Some(c) if *c == '?' || *c == path[at] => (p, at) = (p + 1, at + 1),
            _ => match star {
                Some((place, reach)) => {
                    star = Some((place, reach + 1));
                    (p, at) = (place + 1, reach + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Whether patterns select a path: one of `include`, where there are any, and none of `exclude`.
pub(super) fn selects(include: &[String], exclude: &[String], path: &str) -> bool {
    let one_of = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, path));
    (include.is_empty() || one_of(include)) && !one_of(exclude)
}
