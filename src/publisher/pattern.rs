//! What a key is for: a name, or the beginning of names.

/// A name that means itself, or, with `*` as its last character, whatever begins with what stands before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

/// Longest pattern, in bytes.
const LONGEST: usize = 512;

impl Pattern {
    /// Reads one; `None` where it could be misread: empty, not plain, too long, or with a `*` elsewhere.
    pub fn read(text: &str) -> Option<Self> {
        let plain = crate::error::plain(text) == text && !text.chars().any(char::is_whitespace);
        let stem = text.strip_suffix('*').unwrap_or(text);
        (plain && !text.is_empty() && text.len() <= LONGEST && !stem.contains('*')).then(|| Self(text.to_owned()))
    }

    /// Whether it means a name.
    pub fn covers(&self, name: &str) -> bool {
        self.0.strip_suffix('*').map_or(self.0 == name, |stem| name.starts_with(stem))
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
