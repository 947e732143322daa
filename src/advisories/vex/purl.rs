//! Package URLs, as far as one has to know them to say whether one covers another (purl specification 1.0).

use crate::artifact::percent_decoded;
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
    pub fn parse(text: &str) -> Option<Self> {
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
