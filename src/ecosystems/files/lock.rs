//! Section → artifacts: one file each, its digest pinned by the manifest or learned by downloading it.

use super::{FileItem, FilesSection};
use crate::artifact::{Artifact, Descriptor, Digest, Learned};
use crate::ecosystems::{LockRequest, Locked};
use crate::error::{Error, Result};
use crate::upstream::Upstream;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use url::Url;

/// Largest file that is downloaded to learn its digest, in bytes.
const MOST: u64 = 1 << 40;

pub(super) async fn lock(request: LockRequest<'_>) -> Result<Locked> {
    let section: FilesSection = request.section.parse()?;
    let items = items(section)?;
    let mut locked = Locked::default();
    for item in &items {
        let artifact = one(item, &request.section.name, request.upstream, request.cache).await.map_err(|e| e.about(named(&item.url)))?;
        if artifact.descriptors[0].learned == Learned::Downloaded {
            let digest = artifact.descriptors[0].digest.hex();
            locked.notes.push(format!("{} was not pinned; it was downloaded and hashed: sha256 = \"{digest}\"", artifact.name));
        }
        locked.artifacts.push(Artifact { sections: vec![request.section.name.clone()], ..artifact });
    }
    let unpinned = locked.notes.len();
    let size: u64 = locked.artifacts.iter().map(Artifact::size).sum();
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

async fn one(item: &FileItem, section: &str, upstream: &Upstream, cache: &Path) -> Result<Artifact> {
    let pinned = item.sha256.as_deref().map(Digest::from_hex).transpose()?;
    let url = address(&item.url, pinned.is_some())?;
    for mirror in &item.mirrors {
        address(mirror, pinned.is_some())?;
    }
    let (digest, size, learned) = match pinned {
        Some(digest) => match upstream.head(&url).await?.size {
            Some(size) => (digest, size, Learned::Pinned),
            None => {
                let found = upstream.learn(&url, cache, MOST).await?;
                crate::artifact::check_blob(&digest, found.size, found.size, found.sha256)?;
                (digest, found.size, Learned::Pinned)
            }
        },
        None => {
            let found = upstream.learn(&url, cache, MOST).await?;
            (found.sha256, found.size, Learned::Downloaded)
        }
    };
    let path = path(item, section, &url)?;
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

/// A URL that may be written into a lock: without credentials, and over TLS unless a digest protects it or it does not leave the machine.
fn address(text: &str, pinned: bool) -> Result<Url> {
    let url = Url::parse(text).map_err(|e| Error::usage(format!("{text:.200} is not a URL")).because(&e))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::usage("a URL in a manifest must not hold credentials").hint("put them into the netrc file"));
    }
    let loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    match url.scheme() {
        "https" => Ok(url),
        "http" if pinned || loopback => Ok(url),
        "http" => Err(Error::usage("a file over plain http must be pinned").hint("add its sha256, or use https")),
        other => Err(Error::usage("the scheme is not known").with("expected", "https").with("found", other)),
    }
}

fn path(item: &FileItem, section: &str, url: &Url) -> Result<String> {
    let last = || url.path_segments().and_then(|mut s| s.next_back()).filter(|s| !s.is_empty()).unwrap_or("file").to_owned();
    let path = item.path.clone().unwrap_or_else(|| format!("{section}/{}", last()));
    crate::artifact::check_name("path", &path).map_err(|e| e.of_kind(crate::error::Kind::Usage))?;
    Ok(path)
}
