//! Addresses: what a path under `/v2/` asks for (distribution specification, "Endpoints"), and what a repository may be called.

use crate::artifact::Digest;
use std::str::FromStr;

/// Longest repository name, host included, in bytes.
const LONGEST_NAME: usize = 255;

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
pub fn is_name(name: &str) -> bool {
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
pub fn served_name(name: &str) -> String {
    match name.split_once('/') {
        Some((host, rest)) => format!("{}/{rest}", host.replace(':', "_")),
        None => name.to_owned(),
    }
}
