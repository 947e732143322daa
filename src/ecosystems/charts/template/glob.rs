//! Patterns of `.Files.Glob`: `*` and `?` stop at a slash, `**` does not, `[a-z]`, `[!a]`, `{one,two}`.

use regex::Regex;

/// A compiled pattern.
pub(super) struct Glob(Option<Regex>);

impl Glob {
    /// A pattern that cannot be read matches every path without a slash, as in Helm.
    pub(super) fn new(pattern: &str) -> Self {
        Self(translate(pattern).and_then(|p| super::bounded_regex(&p).ok()).or_else(|| Regex::new("(?s)^.*$").ok()))
    }

    pub(super) fn matches(&self, path: &str) -> bool {
        self.0.as_ref().is_some_and(|r| r.is_match(path))
    }
}

fn translate(pattern: &str) -> Option<String> {
    let mut out = String::from("(?s)^");
    let mut characters = pattern.chars().peekable();
    let mut braces = 0_usize;
    while let Some(c) = characters.next() {
        match c {
            '*' if characters.peek() == Some(&'*') => {
                while characters.next_if_eq(&'*').is_some() {}
                out.push_str(".*");
            }
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '[' => class(&mut characters, &mut out)?,
            '{' => {
                braces += 1;
                out.push_str("(?:");
            }
            '}' if braces > 0 => {
                braces -= 1;
                out.push(')');
            }
            ',' if braces > 0 => out.push('|'),
            '\\' => out.push_str(&regex::escape(&characters.next()?.to_string())),
            other => out.push_str(&regex::escape(&other.to_string())),
        }
    }
    out.push('$');
    (braces == 0).then_some(out)
}

fn class(characters: &mut std::iter::Peekable<std::str::Chars<'_>>, out: &mut String) -> Option<()> {
    out.push('[');
    if characters.next_if_eq(&'!').is_some() {
        out.push('^');
    }
    loop {
        match characters.next()? {
            ']' => break,
            '-' => out.push('-'),
            '\\' => out.push_str(&regex::escape(&characters.next()?.to_string())),
            c => out.push_str(&regex::escape(&c.to_string())),
        }
    }
    out.push(']');
    Some(())
}
