//! References to what registries hold, as people write them (distribution specification, "Pulling manifests"; Docker's short forms).

use crate::artifact::Digest;
use crate::error::{Error, Result};
use std::fmt;

/// A reference in its full form: `docker.io/library/alpine:3.22`, never `alpine`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// Host, and port where one is given: `docker.io`, `quay.io`, `127.0.0.1:5000`.
    pub registry: String,
    /// Path in the registry: `library/alpine`.
    pub repository: String,
    /// Tag, where one is given.
    pub tag: Option<String>,
    /// Digest, where one is pinned.
    pub digest: Option<Digest>,
}

impl Reference {
    /// Reads a reference; it must have a tag or a SHA-256 digest.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |why: &str| Error::usage(format!("{text:.120}: not an image reference: {why}"));
        if let Some((_, digest)) = text.split_once('@').filter(|(_, digest)| !digest.starts_with("sha256:")) {
            return Err(wrong("only SHA-256 digests are carried").with("found", format!("{digest:.40}")));
        }
        let read: oci_distribution::Reference = text.parse().map_err(|e| {
            wrong("it does not follow the grammar")
                .because(&e)
                .hint("write HOST/NAME:TAG or HOST/NAME@sha256:…, such as quay.io/team/app:1.2")
        })?;
        let digest = read.digest().map(str::parse).transpose().map_err(|e: Error| e.about(text))?;
        let tagged = text.rsplit('/').next().is_some_and(|last| last.split('@').next().unwrap_or_default().contains(':'));
        let tag = read.tag().filter(|_| tagged).map(str::to_owned);
        if tag.is_none() && digest.is_none() {
            return Err(wrong("it names no tag and no digest").hint(format!("write {text}:latest if that is what you mean")));
        }
        if !tag.as_deref().is_none_or(is_tag) {
            return Err(wrong("the tag has characters no tag may have"));
        }
        let registry = registry_name(&read.registry().to_ascii_lowercase()).to_owned();
        let repository = match (registry.as_str(), read.repository().contains('/')) {
            ("docker.io", false) => format!("library/{}", read.repository()),
            _ => read.repository().to_owned(),
        };
        Ok(Self { registry, repository, tag, digest })
    }

    /// Registry and repository: the artifact's name.
    pub fn name(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }

    /// What the registry is asked for: the digest where one is pinned, else the tag.
    pub fn wanted(&self) -> String {
        self.digest.map_or_else(|| self.tag.clone().unwrap_or_default(), |digest| digest.to_string())
    }

    /// What the artifact is known by: the tag, else the digest.
    pub fn version(&self) -> String {
        self.tag.clone().unwrap_or_else(|| self.wanted())
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())?;
        self.tag.as_ref().map_or(Ok(()), |tag| write!(f, ":{tag}"))?;
        self.digest.map_or(Ok(()), |digest| write!(f, "@{digest}"))
    }
}

/// The one name of a registry that has several.
fn registry_name(host: &str) -> &str {
    match host {
        "index.docker.io" | "registry-1.docker.io" => "docker.io",
        other => other,
    }
}

/// `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`.
fn is_tag(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    text.len() <= 128 && text.bytes().next().is_some_and(word) && text.bytes().all(|b| word(b) || b == b'.' || b == b'-')
}
