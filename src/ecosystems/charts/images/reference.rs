//! Image references as charts write them, in their full form (distribution specification, "Pulling manifests"; Docker's short forms).

use crate::ecosystems::charts::place::is_component;
use std::fmt;

/// A reference in its full form: `docker.io/library/alpine:latest`, never `alpine`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) struct Reference {
    /// Host, and port where one is given.
    pub host: String,
    /// Path in the registry.
    pub path: String,
    /// Tag, where one is given; `latest` where there is no digest either.
    pub tag: Option<String>,
    /// `sha256:` and 64 digits, where the reference is pinned.
    pub digest: Option<String>,
}

impl Reference {
    /// Reads a reference; why it is none, where it is none.
    pub(in super::super) fn parse(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() || text.len() > 512 || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err("it is empty, too long, or has characters no reference has");
        }
        if text == "auto" {
            return Err("a webhook of the cluster fills it in: name the image in `images.extra`");
        }
        let (rest, digest) = text.split_once('@').map_or((text, None), |(rest, digest)| (rest, Some(digest)));
        if !digest.is_none_or(is_digest) {
            return Err("its digest is no SHA-256");
        }
        let (name, tag) = match rest.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')) {
            Some((name, tag)) => (name, Some(tag)),
            None => (rest, None),
        };
        if !tag.is_none_or(is_tag) {
            return Err("its tag has characters no tag may have");
        }
        let (host, path) = match name.split_once('/') {
            Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => (host, path.to_owned()),
            Some(_) => ("docker.io", name.to_owned()),
            None => ("docker.io", format!("library/{name}")),
        };
        let host = match host.to_ascii_lowercase() {
            hub if matches!(&*hub, "index.docker.io" | "registry-1.docker.io" | "registry.hub.docker.com") => "docker.io".to_owned(),
            host => host,
        };
        let path = if host == "docker.io" && !path.contains('/') { format!("library/{path}") } else { path };
        if !is_host(&host) {
            return Err("its host is none");
        }
        if !path.split('/').all(is_component) || path.len() + host.len() > 255 {
            return Err("its name has characters no name may have, such as capital letters");
        }
        let tag = tag.map(str::to_owned).or_else(|| digest.is_none().then(|| "latest".to_owned()));
        Ok(Self { host, path, tag, digest: digest.map(str::to_owned) })
    }

    /// Host and path: what redirects may change of it.
    pub(in super::super) fn name(&self) -> String {
        format!("{}/{}", self.host, self.path)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.path)?;
        self.tag.as_ref().map_or(Ok(()), |tag| write!(f, ":{tag}"))?;
        self.digest.as_ref().map_or(Ok(()), |digest| write!(f, "@{digest}"))
    }
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
}

/// `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`.
fn is_tag(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    (1..=128).contains(&text.len()) && text.bytes().next().is_some_and(word) && text.bytes().all(|b| word(b) || b == b'.' || b == b'-')
}

fn is_host(text: &str) -> bool {
    let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
    let label = |l: &str| !l.is_empty() && l.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    host.len() <= 253 && host.split('.').all(label) && port.is_none_or(|p| p.parse::<u16>().is_ok_and(|p| p > 0))
}

/// Whether text by itself says that it is an image: host, path, and a tag or digest.
pub(super) fn is_obvious(text: &str) -> bool {
    let Some((host, rest)) = text.split_once('/') else { return false };
    let hosted = host.contains('.')
        && host.rsplit('.').next().is_some_and(|top| top.len() > 1 && top.starts_with(|c: char| c.is_ascii_alphabetic()))
        || host.contains(':');
    hosted && rest.contains([':', '@']) && !text.contains("://") && Reference::parse(text).is_ok()
}
