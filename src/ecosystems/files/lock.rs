//! Section → artifacts: one file each, its digest pinned by the manifest or learned by downloading it.

use super::serve::SUMS;
use super::{FileItem, FilesSection};
use crate::artifact::{Artifact, Descriptor, Digest, Learned, percent_decoded};
use crate::ecosystems::{LockRequest, Locked};
use crate::error::{Error, Kind, Result};
use crate::server::is_encoded;
use crate::upstream::is_loopback;
use serde_json::Value;
use std::collections::BTreeMap;
use url::Url;

/// Parameters of a query by which object stores, delivery networks and forges let in whoever has the address.
const SECRET: [&str; 18] = [
    "x-amz-signature",
    "x-amz-credential",
    "x-amz-security-token",
    "x-goog-signature",
    "x-goog-credential",
    "signature",
    "sig",
    "awsaccesskeyid",
    "googleaccessid",
    "key-pair-id",
    "token",
    "access_token",
    "private_token",
    "job_token",
    "auth_token",
    "api_key",
    "apikey",
    "password",
];

pub(super) async fn lock(request: LockRequest<'_>) -> Result<Locked> {
    let section: FilesSection = request.section.parse()?;
    let items = items(section)?;
    let mut locked = Locked::default();
    for item in &items {
        let named = named(&item.url);
        let about = |e: Error| if e.message().starts_with(&named) { e } else { e.about(&named) };
        let artifact = one(item, &request).await.map_err(about)?;
        if artifact.descriptors[0].learned == Learned::Downloaded {
            let digest = artifact.descriptors[0].digest.hex();
            locked.notes.push(format!("{} was not pinned; it was downloaded and hashed: sha256 = \"{digest}\"", artifact.name));
        }
        locked.artifacts.push(Artifact { sections: vec![request.section.name.clone()], ..artifact });
    }
    let unpinned = locked.notes.len();
    let size: u64 = locked.artifacts.iter().fold(0, |sum: u64, a| sum.saturating_add(a.size()));
    let state = if unpinned == 0 { "pinned".to_owned() } else { format!("{unpinned} not pinned") };
    locked.summary = format!("{} · {state} · {}", crate::ecosystems::count(locked.artifacts.len(), "file"), crate::ecosystems::bytes(size));
    Ok(locked)
}

/// A URL as messages may show it.
fn named(url: &str) -> String {
    Url::parse(url).map_or_else(|_| format!("{url:.200}"), |url| crate::upstream::shown(&url))
}

fn items(section: FilesSection) -> Result<Vec<FileItem>> {
    let mut items = section.items;
    if let Some(url) = section.url {
        items.push(FileItem { url, sha256: section.sha256, path: section.path, version: section.version, mirrors: section.mirrors });
    } else if section.sha256.is_some() || section.path.is_some() || section.version.is_some() || !section.mirrors.is_empty() {
        return Err(Error::usage("`sha256`, `path`, `version` and `mirrors` belong to a `url`"));
    }
    if items.is_empty() { Err(Error::usage("no file is named").hint("give `url`, or `items`")) } else { Ok(items) }
}

async fn one(item: &FileItem, request: &LockRequest<'_>) -> Result<Artifact> {
    let pinned = item.sha256.as_deref().map(Digest::from_hex).transpose()?;
    let places = std::iter::once(&item.url).chain(&item.mirrors).map(|text| address(text, pinned.is_some()));
    let places = places.collect::<Result<Vec<Url>>>()?;
    let path = path(item, &request.section.name, &places[0])?;
    let (digest, size, learned) = told(&places, pinned, request).await?;
    let origins = std::iter::once(&item.url).chain(&item.mirrors).cloned().collect();
    let descriptor = Descriptor {
        media_type: "application/octet-stream".to_owned(),
        digest,
        size,
        name: path.rsplit('/').next().map(str::to_owned),
        origins,
        learned,
        side_digests: BTreeMap::default(),
    };
    Ok(Artifact {
        ecosystem: "files".to_owned(),
        sections: vec![],
        name: path,
        version: item.version.clone().unwrap_or_else(|| "unversioned".to_owned()),
        descriptors: vec![descriptor],
        subject: None,
        meta: Value::Null,
    })
}

/// Digest and size, from the first of the places that tells.
async fn told(places: &[Url], pinned: Option<Digest>, request: &LockRequest<'_>) -> Result<(Digest, u64, Learned)> {
    let mut first = None;
    for url in places {
        match told_by(url, pinned, request).await {
            // No other place can help a disk.
            Err(error) if !matches!(error.kind(), Kind::Upstream | Kind::Verification) => return Err(error),
            Err(error) => first = first.or(Some(error)),
            told => return told,
        }
    }
    let error = first.expect("the URL is a place");
    Err(if places.len() > 1 { error.with("looked in", format!("{} places", places.len())) } else { error })
}

async fn told_by(url: &Url, pinned: Option<Digest>, request: &LockRequest<'_>) -> Result<(Digest, u64, Learned)> {
    if let Some(digest) = pinned
        && let Some(size) = request.upstream.size(url).await?
    {
        return Ok((digest, size, Learned::Pinned));
    }
    let found = request.upstream.learn_shown(url, request.cache, u64::MAX, request.progress).await?;
    let Some(digest) = pinned else { return Ok((found.sha256, found.size, Learned::Downloaded)) };
    crate::artifact::check_blob(&digest, found.size, found.size, found.sha256)?;
    Ok((digest, found.size, Learned::Pinned))
}

/// One path is one file: of two with different bytes, one could never be downloaded.
pub(super) fn check_together(artifacts: &[&Artifact]) -> Result<()> {
    let mut known: BTreeMap<&str, &Artifact> = BTreeMap::new();
    for artifact in artifacts {
        let other = known.entry(&artifact.name).or_insert(artifact);
        let [first, second] = [&**other, *artifact].map(|a| a.descriptors.first().map(|d| d.digest));
        if first != second {
            let sections = [&other.sections[..], &artifact.sections[..]].concat().join(", ");
            return Err(Error::usage(format!("files/{}: two different files would be served under this path", artifact.name))
                .with("versions", format!("{} and {}", other.version, artifact.version))
                .with("sections", sections)
                .hint("give each its own `path`, such as one with its version in it"));
        }
    }
    for (path, artifact) in &known {
        let above = path.match_indices('/').find_map(|(at, _)| known.get(&path[..at]));
        if let Some(above) = above {
            return Err(Error::usage(format!("files/{}: it would be a file and a folder", above.name))
                .with("found", format!("files/{}", artifact.name))
                .with("sections", [&above.sections[..], &artifact.sections[..]].concat().join(", "))
                .hint("give one of the two another `path`: whoever copies the tree can have only one"));
        }
    }
    Ok(())
}

/// A URL that may be written into a lock: without credentials, and over TLS unless a digest protects it or it does not leave the machine.
fn address(text: &str, pinned: bool) -> Result<Url> {
    let url = Url::parse(text).map_err(|e| Error::usage(format!("{text:.200} is not a URL")).because(&e))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::usage("a URL in a manifest must not hold credentials").hint("put them into the netrc file"));
    }
    if let Some((name, _)) = url.query_pairs().find(|(name, _)| SECRET.iter().any(|secret| name.eq_ignore_ascii_case(secret))) {
        return Err(Error::usage("a URL in a manifest must not let in whoever has it: it would stand in the lock and in every bundle")
            .with("found", format!("the parameter {name:.80}"))
            .hint("name an address that needs none, or one that takes the login of the netrc file"));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if pinned || is_loopback(&url) => Ok(url),
        "http" => Err(Error::usage("a file over plain http must be pinned").hint("add its sha256, or use https")),
        other => Err(Error::usage("the scheme is not known").with("expected", "https").with("found", other)),
    }
}

fn path(item: &FileItem, section: &str, url: &Url) -> Result<String> {
    let path = item.path.clone().unwrap_or_else(|| format!("{section}/{}", last_part(url)));
    crate::artifact::check_name("path", &path).map_err(|e| e.of_kind(Kind::Usage))?;
    if path.rsplit('/').next() == Some(SUMS) {
        return Err(Error::usage(format!("the path ends with {SUMS}, the name of the list that is made for every folder"))
            .with("found", path)
            .hint("give it another `path`: the list inside has the digests of all files"));
    }
    if is_encoded(&path) {
        return Err(Error::usage("a path must not hold a percent-escape: the server refuses what may be encoded twice")
            .with("found", path)
            .hint("name it as it shall be read: path = \"docs/my file.txt\""));
    }
    Ok(path)
}

/// The last part of a URL's path as people read it; as it stands where it is no text.
fn last_part(url: &Url) -> String {
    let last = url.path_segments().and_then(|mut parts| parts.next_back()).filter(|part| !part.is_empty()).unwrap_or("file");
    let read = percent_decoded(last).unwrap_or_else(|| last.to_owned());
    read.rsplit('/').next().unwrap_or(&read).to_owned()
}
