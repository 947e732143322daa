//! Which distribution an image is of (os-release(5)).

use super::filesystem::Filesystem;
use super::wanted::RELEASE;
use crate::artifact::percent_encoded;

/// Longest name or version of a distribution, in bytes: it stands in every package URL.
const LONGEST: usize = 100;

/// A distribution.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Release {
    /// `ID`: `debian`.
    pub id: String,
    /// `VERSION_ID`: `12`; empty for a rolling one.
    pub version: String,
}

impl Release {
    /// That of some files.
    pub fn of(files: &Filesystem) -> Self {
        let text = RELEASE.iter().find_map(|path| files.content(path)).map(String::from_utf8_lossy).unwrap_or_default();
        let value = |key: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
            let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            let fits = |value: &String| value.len() <= LONGEST && value.chars().all(plain);
            line.map(|value| value.trim_matches(['"', '\'', ' ']).to_owned()).filter(fits).unwrap_or_default()
        };
        Self { id: value("ID"), version: value("VERSION_ID") }
    }

    /// The namespace of package URLs: the distribution, or what the kind of package is at home in.
    pub fn namespace<'a>(&'a self, otherwise: &'a str) -> &'a str {
        if self.id.is_empty() { otherwise } else { &self.id }
    }

    /// The package URL of a package of the distribution; further qualifiers come behind `arch` and `distro`, in alphabetical order.
    pub fn purl(&self, kind: &str, otherwise: &str, name: &str, version: &str, qualifiers: &[(&str, &str)]) -> String {
        let distro = if self.version.is_empty() { self.id.clone() } else { format!("{}-{}", self.id, self.version) };
        let mut all: Vec<(&str, &str)> = qualifiers.to_vec();
        all.push(("distro", &distro));
        all.sort_unstable();
        let pairs: Vec<String> = all.iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| format!("{k}={}", percent_encoded(v))).collect();
        let query = if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) };
        format!("{}@{}{query}", self.base(kind, otherwise, name), percent_encoded(version))
    }

    /// The package URL of whatever version there is of a name.
    pub fn base(&self, kind: &str, otherwise: &str, name: &str) -> String {
        format!("pkg:{kind}/{}/{}", percent_encoded(self.namespace(otherwise)), percent_encoded(name))
    }
}
