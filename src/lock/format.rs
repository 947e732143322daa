//! `docs/formats/lock.md`, version 1: reading, checking, writing.

use super::canonical;
use crate::artifact::{Artifact, Descriptor, Digest, LARGEST, Learned, Limits, SideDigests, check_name, check_word, parse_versioned};
use crate::error::{Error, Kind, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

/// Longest lock, in bytes.
pub const MAX_LOCK_BYTES: usize = 256 << 20;
/// Most artifacts in a lock.
const MAX_ARTIFACTS: usize = 500_000;
/// Most blobs of one artifact.
const MAX_DESCRIPTORS: usize = 100_000;
/// Digests by other algorithms that a lock may hold, with their hex digits.
const SIDE_DIGESTS: [(&str, usize); 4] = [("sha512", 128), ("sha1", 40), ("md5", 32), ("git-blob-sha1", 40)];
const VERSION: u32 = 1;

/// A resolved toolkit: every blob with its digest and size.
#[derive(Debug, Clone, PartialEq)]
pub struct Lock {
    /// Toolkit name.
    pub name: String,
    /// Release line.
    pub line: String,
    /// SHA-256 of the manifest it was resolved from.
    pub manifest: Digest,
    /// Artifacts, sorted by ecosystem, name, version and first digest.
    pub artifacts: Vec<Artifact>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireLock {
    #[serde(rename = "airlift-lock")]
    version: u32,
    artifacts: Vec<WireArtifact>,
    line: String,
    manifest: String,
    name: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireArtifact {
    ecosystem: String,
    name: String,
    version: String,
    sections: Vec<String>,
    blobs: Vec<WireDescriptor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    meta: Value,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WireDescriptor {
    media_type: String,
    sha256: String,
    size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    origins: Vec<String>,
    learned: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    digests: SideDigests,
}

impl Lock {
    /// A lock of resolved artifacts: sorted, merged where two sections want the same thing, checked.
    pub fn new(name: String, line: String, manifest: Digest, artifacts: Vec<Artifact>) -> Result<Self> {
        let lock = Self { name, line, manifest, artifacts: merged(artifacts)? };
        lock.check()?;
        Ok(lock)
    }

    /// Reads the bytes of a lock.
    pub fn parse(what: impl Display, bytes: &[u8]) -> Result<Self> {
        let what = what.to_string();
        let wire: WireLock = parse_versioned(&what, bytes, Limits { bytes: MAX_LOCK_BYTES, depth: 16 }, "airlift-lock", VERSION)?;
        let about = |e: Error| e.of_kind(Kind::Verification).about(&what);
        let artifacts = wire.artifacts.into_iter().map(WireArtifact::into_domain).collect::<Result<_>>().map_err(about)?;
        let manifest = Digest::from_hex(&wire.manifest).map_err(about)?;
        let lock = Self { name: wire.name, line: wire.line, manifest, artifacts };
        lock.check().map_err(|e| e.about(&what))?;
        if lock.to_bytes() != bytes {
            return Err(Error::verification(format!("{what} is not in canonical form")).hint("write it with: airlift lock"));
        }
        Ok(lock)
    }

    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = String::with_capacity(1024 + self.artifacts.len() * 512);
        out.push_str("{\"airlift-lock\":1,\"artifacts\":[");
        for (i, artifact) in self.artifacts.iter().enumerate() {
            out.push_str(if i == 0 { "\n" } else { ",\n" });
            let wire = serde_json::to_value(WireArtifact::from_domain(artifact)).expect("a lock entry has string keys only");
            canonical(&wire, &mut out);
        }
        let (line, name) = (Value::from(self.line.as_str()), Value::from(self.name.as_str()));
        out.push_str(&format!("\n],\"line\":{line},\"manifest\":\"{}\",\"name\":{name}}}\n", self.manifest.hex()));
        out.into_bytes()
    }

    /// SHA-256 of the canonical bytes.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.to_bytes())
    }

    /// Every blob once, with its size.
    pub fn blobs(&self) -> BTreeMap<Digest, u64> {
        self.artifacts.iter().flat_map(|a| &a.descriptors).map(|d| (d.digest, d.size)).collect()
    }

    /// Sum of the sizes of all distinct blobs.
    pub fn size(&self) -> u64 {
        self.blobs().values().sum()
    }

    fn check(&self) -> Result<()> {
        if self.artifacts.len() > MAX_ARTIFACTS {
            return Err(Error::verification("the lock has too many artifacts").with("expected", format!("at most {MAX_ARTIFACTS}")));
        }
        check_word("toolkit name", &self.name)?;
        check_word("release line", &self.line)?;
        let mut sizes = BTreeMap::new();
        let mut total = 0u64;
        for artifact in &self.artifacts {
            check_artifact(artifact)?;
            for blob in &artifact.descriptors {
                match sizes.insert(blob.digest, blob.size) {
                    Some(other) if other != blob.size => {
                        return Err(Error::verification(format!("{}: one digest is listed with two sizes", artifact.label()))
                            .with("digest", blob.digest)
                            .with("found", format!("{other} and {} bytes", blob.size)));
                    }
                    _ => {
                        total = total.checked_add(blob.size).filter(|sum| *sum <= LARGEST).ok_or_else(|| too_large(artifact, blob.size))?;
                    }
                }
            }
        }
        let sorted = self.artifacts.windows(2).all(|pair| sort_key(&pair[0]) < sort_key(&pair[1]));
        if sorted { Ok(()) } else { Err(Error::verification("the artifacts of the lock are not sorted, or one is listed twice")) }
    }
}

/// A size that no JSON reader takes, or that makes the sum of all one.
fn too_large(artifact: &Artifact, size: u64) -> Error {
    Error::verification(format!("{}: its size cannot be", artifact.label()))
        .with("expected", format!("at most {LARGEST} bytes, together with all others"))
        .with("found", format!("{size} bytes"))
        .hint("the upstream tells a wrong size: look at what it answers, or use another")
}

fn check_artifact(artifact: &Artifact) -> Result<()> {
    let label = artifact.label();
    let about = |e: Error| e.about(&label);
    check_name("ecosystem", &artifact.ecosystem).map_err(about)?;
    check_name("name", &artifact.name).map_err(about)?;
    check_name("version", &artifact.version).map_err(about)?;
    artifact.sections.iter().try_for_each(|section| check_word("section name", section)).map_err(about)?;
    if !artifact.sections.windows(2).all(|pair| pair[0] < pair[1]) {
        return Err(Error::verification(format!("{label}: its sections are not sorted, or one is listed twice"))
            .with("found", format!("{:.120}", artifact.sections.join(", "))));
    }
    if artifact.descriptors.is_empty() || artifact.descriptors.len() > MAX_DESCRIPTORS {
        return Err(Error::verification(format!("{label}: an artifact has between 1 and {MAX_DESCRIPTORS} blobs")));
    }
    for blob in &artifact.descriptors {
        check_name("media type", &blob.media_type).map_err(about)?;
        blob.name.as_deref().map_or(Ok(()), |name| check_name("file name", name)).map_err(about)?;
        blob.origins.iter().try_for_each(|origin| check_origin(origin)).map_err(about)?;
        blob.side_digests.iter().try_for_each(|(algorithm, hex)| check_side_digest(algorithm, hex)).map_err(about)?;
    }
    Ok(())
}

/// A lock is shown, reviewed and carried: nobody's password may stand in it. The origin is not repeated in the message.
fn check_origin(origin: &str) -> Result<()> {
    let rest = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or(rest);
    match authority.rsplit_once('@') {
        None => Ok(()),
        Some((_, host)) => Err(Error::verification("an origin holds credentials")
            .with("host", format!("{host:.120}"))
            .hint("a lock never holds a login: put it into the netrc file, and lock again")),
    }
}

fn check_side_digest(algorithm: &str, hex: &str) -> Result<()> {
    let hex_digits = hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if SIDE_DIGESTS.iter().any(|(name, length)| *name == algorithm && *length == hex.len()) && hex_digits {
        return Ok(());
    }
    Err(Error::verification("a further digest is not one this format knows")
        .with("expected", "sha512, sha1, md5 or git-blob-sha1, and all its digits in lower-case hex")
        .with("found", format!("{algorithm:.40}: {hex:.140}")))
}

/// What orders a lock: two artifacts that agree in all of it are one.
fn sort_key(artifact: &Artifact) -> (&str, &str, &str, Option<Digest>) {
    (&artifact.ecosystem, &artifact.name, &artifact.version, artifact.descriptors.first().map(|d| d.digest))
}

/// What several sections want is listed once, with the blobs of all of them; they must agree in what it is.
fn merged(mut artifacts: Vec<Artifact>) -> Result<Vec<Artifact>> {
    artifacts.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
    let mut out: Vec<Artifact> = Vec::with_capacity(artifacts.len());
    for artifact in artifacts {
        match out.last_mut() {
            Some(last) if sort_key(last) == sort_key(&artifact) => join(last, artifact)?,
            _ => out.push(artifact),
        }
    }
    for artifact in &mut out {
        artifact.sections.sort();
        artifact.sections.dedup();
    }
    Ok(out)
}

fn join(first: &mut Artifact, second: Artifact) -> Result<()> {
    if (&first.meta, &first.subject) != (&second.meta, &second.subject) {
        return Err(Error::usage(format!("{} is wanted by two sections in different ways", first.label()))
            .with("sections", format!("{} and {}", first.sections.join(", "), second.sections.join(", ")))
            .hint("write the same options in both sections, or make one section of them"));
    }
    first.sections.extend(second.sections);
    // Two files of one content are two entries.
    let known: BTreeSet<(Digest, Option<String>)> = first.descriptors.iter().map(|d| (d.digest, d.name.clone())).collect();
    first.descriptors.extend(second.descriptors.into_iter().filter(|d| !known.contains(&(d.digest, d.name.clone()))));
    Ok(())
}

impl WireArtifact {
    fn from_domain(artifact: &Artifact) -> Self {
        Self {
            ecosystem: artifact.ecosystem.clone(),
            name: artifact.name.clone(),
            version: artifact.version.clone(),
            sections: artifact.sections.clone(),
            blobs: artifact.descriptors.iter().map(WireDescriptor::from_domain).collect(),
            subject: artifact.subject.map(|d| d.hex()),
            meta: artifact.meta.clone(),
        }
    }

    fn into_domain(self) -> Result<Artifact> {
        let subject = self.subject.as_deref().map(Digest::from_hex).transpose()?;
        Ok(Artifact {
            ecosystem: self.ecosystem,
            sections: self.sections,
            name: self.name,
            version: self.version,
            descriptors: self.blobs.into_iter().map(WireDescriptor::into_domain).collect::<Result<_>>()?,
            subject,
            meta: self.meta,
        })
    }
}

impl WireDescriptor {
    fn from_domain(blob: &Descriptor) -> Self {
        Self {
            media_type: blob.media_type.clone(),
            sha256: blob.digest.hex(),
            size: blob.size,
            name: blob.name.clone(),
            origins: blob.origins.clone(),
            learned: blob.learned.name().to_owned(),
            digests: blob.side_digests.clone(),
        }
    }

    fn into_domain(self) -> Result<Descriptor> {
        let learned = [Learned::Upstream, Learned::Pinned, Learned::Downloaded].into_iter().find(|l| l.name() == self.learned);
        let learned = learned.ok_or_else(|| {
            Error::new(Kind::Verification, "`learned` has an unknown value")
                .with("expected", "upstream, pinned or downloaded")
                .with("found", format!("{:.40}", self.learned))
        })?;
        Ok(Descriptor {
            media_type: self.media_type,
            digest: Digest::from_hex(&self.sha256)?,
            size: self.size,
            name: self.name,
            origins: self.origins,
            learned,
            side_digests: self.digests,
        })
    }
}
