//! Package URLs (ECMA-427), taken apart and decoded: what a thing is, which version, and whether one covers another.

use super::percent_decoded;
use std::collections::BTreeMap;

/// A package URL in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purl {
    kind: String,
    /// Namespace and name, between slashes.
    name: String,
    version: Option<String>,
    qualifiers: BTreeMap<String, String>,
    subpath: Option<String>,
}

impl Purl {
    /// Reads one; `None` where it is none.
    pub fn read(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("pkg:")?.trim_start_matches('/');
        let (rest, subpath) = rest.split_once('#').map_or((rest, None), |(rest, subpath)| (rest, Some(subpath)));
        let (rest, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
        let (kind, rest) = rest.split_once('/')?;
        // An `@` in a namespace is escaped, but some write it as it is.
        let (path, version) = match rest.rsplit_once('@') {
            Some((path, version)) if !path.is_empty() && !version.contains('/') => (path, Some(version)),
            _ => (rest, None),
        };
        let kind = kind.to_ascii_lowercase();
        let segments: Vec<_> = path.split('/').filter(|s| !s.is_empty()).map(percent_decoded).collect::<Option<_>>()?;
        let name = named(&kind, segments.join("/"));
        let pairs = qualifiers.split('&').filter(|pair| !pair.is_empty());
        let qualifiers = pairs.map(|pair| pair.split_once('=').and_then(|(k, v)| Some((k.to_ascii_lowercase(), percent_decoded(v)?))));
        Some(Self {
            version: version.map(percent_decoded).map_or(Some(None), |version| version.map(Some))?,
            qualifiers: qualifiers.collect::<Option<_>>()?,
            subpath: subpath.map(percent_decoded).map_or(Some(None), |path| path.map(Some))?,
            kind,
            name,
        })
        .filter(|purl| !purl.kind.is_empty() && !purl.name.is_empty())
    }

    /// The type: `deb`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The name without its namespace.
    pub fn name(&self) -> String {
        self.name.rsplit('/').next().unwrap_or_default().to_owned()
    }

    /// Namespace and name, between slashes.
    pub fn full_name(&self) -> &str {
        &self.name
    }

    /// Type, namespace and name, decoded: what stays from version to version.
    pub fn base(&self) -> String {
        format!("pkg:{}/{}", self.kind, self.name)
    }

    /// The version; empty where there is none.
    pub fn version(&self) -> String {
        self.version.clone().unwrap_or_default()
    }

    /// One qualifier.
    pub fn qualifier(&self, key: &str) -> Option<String> {
        self.qualifiers.get(key).cloned()
    }

    /// All qualifiers.
    pub fn into_qualifiers(self) -> BTreeMap<String, String> {
        self.qualifiers
    }

    /// Whether what this one says is true of the other: what it leaves out (version, qualifiers, path) it says of all.
    pub fn covers(&self, other: &Self) -> bool {
        let version = self.version.is_none() || self.version == other.version;
        let qualifiers = self.qualifiers.iter().all(|(key, value)| other.qualifiers.get(key) == Some(value));
        let subpath = self.subpath.is_none() || self.subpath == other.subpath;
        self.kind == other.kind && self.name == other.name && version && qualifiers && subpath
    }
}

/// The types whose names have several spellings (purl-types).
fn named(kind: &str, name: String) -> String {
    match kind {
        "pypi" => name.to_lowercase().replace('_', "-"),
        "bitbucket" | "composer" | "deb" | "github" | "hex" | "oci" => name.to_lowercase(),
        _ => name,
    }
}
