//! Package URLs (ECMA-427), as far as an inventory needs to read them: what a thing is, and which version.

use crate::artifact::percent_decoded;

/// A package URL taken apart; still percent-encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purl<'a> {
    /// Type, namespace and name: `pkg:deb/debian/bash`.
    pub base: &'a str,
    /// Version; empty where there is none.
    pub version: &'a str,
    /// Qualifiers; empty where there are none.
    pub qualifiers: &'a str,
}

impl<'a> Purl<'a> {
    /// Takes a package URL apart; `None` for what is none.
    pub fn read(text: &'a str) -> Option<Self> {
        let rest = text.split('#').next().unwrap_or_default();
        let (path, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
        // A version may hold what looks like a separator only in encoded form.
        let slash = path.rfind('/')?;
        let (base, version) = match path[slash..].rfind('@') {
            Some(at) => (&path[..slash + at], &path[slash + at + 1..]),
            None => (path, ""),
        };
        (base.starts_with("pkg:") && base.len() > slash + 1).then_some(Self { base, version, qualifiers })
    }

    /// The type: `deb`.
    pub fn kind(&self) -> &'a str {
        self.base.trim_start_matches("pkg:").split('/').next().unwrap_or_default()
    }

    /// The name, decoded.
    pub fn name(&self) -> String {
        let name = self.base.rsplit('/').next().unwrap_or_default();
        percent_decoded(name).unwrap_or_else(|| name.to_owned())
    }

    /// The version, decoded.
    pub fn version(&self) -> String {
        percent_decoded(self.version).unwrap_or_else(|| self.version.to_owned())
    }

    /// One qualifier, decoded.
    pub fn qualifier(&self, key: &str) -> Option<String> {
        let value = self.qualifiers.split('&').find_map(|pair| pair.split_once('=').filter(|(k, _)| *k == key)).map(|(_, v)| v)?;
        Some(percent_decoded(value).unwrap_or_else(|| value.to_owned()))
    }

    /// Whether another is what this one asks for: the version where it names one, and every qualifier that it has.
    pub fn is_satisfied_by(&self, other: &Purl<'_>) -> bool {
        let same = |pair: &str| pair.split_once('=').is_none_or(|(key, _)| self.qualifier(key) == other.qualifier(key));
        self.base == other.base
            && (self.version.is_empty() || self.version == other.version)
            && (self.qualifiers.is_empty() || self.qualifiers.split('&').all(same))
    }
}
