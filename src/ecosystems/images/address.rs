//! Addresses: what a path under `/v2/` asks for (distribution specification, "Endpoints"), and under which names a repository is known.

use crate::artifact::Digest;
use std::str::FromStr;

/// Longest repository name, host included, in bytes.
const LONGEST_NAME: usize = 255;
/// Names Docker Hub goes by.
const DOCKER_HUB: [&str; 3] = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/// What a path asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// Whether this is a registry.
    Version,
    /// The list of repositories.
    Catalog,
    /// The tags of a repository.
    Tags(String),
    /// A manifest, by tag or digest.
    Manifest(String, String),
    /// A blob.
    Blob(String, Digest),
    /// What refers to a manifest.
    Referrers(String, Digest),
}

/// Why a path asks for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Misaddressed {
    /// No endpoint of the protocol.
    Unknown,
    /// The repository's name breaks the grammar.
    Name,
    /// The digest breaks the grammar.
    Digest,
    /// A digest of another algorithm than SHA-256: nothing here has one. Says whether a manifest was asked for.
    Foreign(bool),
}

impl Asked {
    /// Reads the path below the mount point; names may hold slashes, so it is read from its end.
    pub(super) fn parse(path: &str) -> Result<Self, Misaddressed> {
        let path = decode(path.trim_start_matches('/')).ok_or(Misaddressed::Unknown)?;
        match path.strip_prefix("v2/").unwrap_or(&path) {
            "" | "v2" => return Ok(Self::Version),
            "_catalog" => return Ok(Self::Catalog),
            _ => {}
        }
        let (rest, reference) = path.rsplit_once('/').ok_or(Misaddressed::Unknown)?;
        let (name, kind) = rest.rsplit_once('/').ok_or(Misaddressed::Unknown)?;
        if !matches!((kind, reference), ("tags", "list") | ("manifests" | "blobs" | "referrers", _)) {
            return Err(Misaddressed::Unknown);
        }
        if !is_name(name) {
            return Err(Misaddressed::Name);
        }
        let (name, manifest) = (name.to_owned(), kind == "manifests");
        match kind {
            "tags" => Ok(Self::Tags(name)),
            "manifests" if !reference.contains(':') => Ok(Self::Manifest(name, reference.to_owned())),
            "manifests" => Ok(Self::Manifest(name, digest(reference, manifest)?.to_string())),
            "blobs" => Ok(Self::Blob(name, digest(reference, manifest)?)),
            _ => Ok(Self::Referrers(name, digest(reference, true)?)),
        }
    }
}

fn digest(text: &str, manifest: bool) -> Result<Digest, Misaddressed> {
    let known = Digest::from_str(text).map_err(|_| Misaddressed::Digest);
    let hex = |algorithm: &str, length: usize| {
        text.strip_prefix(algorithm).is_some_and(|hex| hex.len() == length && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
    };
    if hex("sha512:", 128) || hex("sha384:", 96) { Err(Misaddressed::Foreign(manifest)) } else { known }
}

/// Percent-encoded octets (RFC 3986, section 2.1) once; `None` for what is not ASCII or not encoded properly.
fn decode(path: &str) -> Option<String> {
    let mut parts = path.split('%');
    let mut out = parts.next()?.to_owned();
    for part in parts {
        let octet = u8::from_str_radix(part.get(..2)?, 16).ok().filter(u8::is_ascii_graphic)?;
        out.push(char::from(octet));
        out.push_str(&part[2..]);
    }
    out.is_ascii().then_some(out)
}

/// The grammar of `<name>`: lower-case words joined by `.`, `_`, `__` or dashes, components joined by slashes.
pub(super) fn is_name(name: &str) -> bool {
    name.len() <= LONGEST_NAME && name.split('/').all(is_component)
}

fn is_component(component: &str) -> bool {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let mut rest = component;
    loop {
        let end = rest.bytes().position(|b| !word(b)).unwrap_or(rest.len());
        if end == 0 {
            return false;
        }
        rest = &rest[end..];
        let separator = rest.bytes().position(word).unwrap_or(rest.len());
        match &rest[..separator] {
            "" => return true,
            "." | "_" | "__" => {}
            dashes if dashes.bytes().all(|b| b == b'-') => {}
            _ => return false,
        }
        rest = &rest[separator..];
    }
}

/// The name a repository is served under: a port is not legal in `<name>`, so `host:5000/app` is `host_5000/app`.
pub(super) fn served_name(name: &str) -> String {
    match name.split_once('/') {
        Some((host, rest)) => format!("{}/{rest}", host.replace(':', "_")),
        None => name.to_owned(),
    }
}

/// The names a request may mean, best first: the upstream that `ns` names, the name as it stands, and for clients that know only
/// Docker Hub, its repositories without their host.
///
/// A client that named another upstream is never answered from Docker Hub: the same short name is somebody else's there.
pub(super) fn candidates(name: &str, namespace: Option<&str>) -> Vec<String> {
    let namespace = namespace.map(|ns| if DOCKER_HUB.contains(&ns) { "docker.io".to_owned() } else { ns.replace(':', "_") });
    let mut names: Vec<String> = namespace.iter().map(|ns| format!("{ns}/{name}")).collect();
    names.push(name.to_owned());
    if let Some((_, rest)) = name.split_once('/').filter(|(host, _)| DOCKER_HUB.contains(host)) {
        names.extend([format!("docker.io/{rest}"), format!("docker.io/library/{rest}")]);
    }
    if namespace.as_deref().is_none_or(|ns| ns == "docker.io") {
        names.push(format!("docker.io/{name}"));
        names.push(format!("docker.io/library/{name}"));
    }
    // Below `/images/<view>` clients that add `/v2` themselves and those that do not both arrive here.
    if let Some(rest) = name.strip_prefix("v2/") {
        names.extend(candidates(rest, namespace.as_deref()));
    }
    names
}
