//! Files of plain URLs put together as a repository: for models that no hub has.

use super::git::{is_object_name, made_commit};
use super::hub::MAIN;
use super::lock::{mark_elsewhere, settle};
use super::look::look;
use super::meta::{Card, Kind, Meta};
use super::named::named;
use super::section::{Plain, References, Section};
use crate::artifact::{Artifact, Descriptor, Digest, Learned, SideDigests, check_blob, check_name};
use crate::ecosystems::{LockRequest, Locked, bytes, count};
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::server::is_encoded;
use crate::upstream::is_loopback;
use std::collections::BTreeMap;
use url::Url;

/// Largest file that is downloaded to learn its digest, in bytes.
const MOST: u64 = 1 << 40;

/// The one artifact of a section that lists files.
pub(super) async fn lock(request: &LockRequest<'_>, section: Section) -> Result<Locked> {
    let misplaced = !section.items.is_empty()
        || !section.include.is_empty()
        || !section.exclude.is_empty()
        || section.hub.is_some()
        || section.oci.is_some();
    let Some(repo) = section.repo.filter(|repo| !misplaced && super::meta::is_repo(repo)) else {
        let error = Error::usage("a section with `files` has a `repo` to serve them as, and nothing that selects from a hub");
        return Err(error.with("expected", "repo = \"owner/name\", without `items`, `include`, `exclude`, `hub` and `oci`"));
    };
    let policy = section.references.unwrap_or_default();
    if policy == References::Follow {
        let error = Error::usage("plain files have no hub to follow what they name to");
        return Err(error.hint("ask for it in a section of its own, or set references = \"leave\""));
    }
    let mut files = BTreeMap::new();
    for plain in &section.files {
        let blob = file(request, plain).await.map_err(|e| e.about(shown(&plain.url)))?;
        let path = blob.name.clone().unwrap_or_default();
        if files.insert(path.clone(), blob).is_some() {
            return Err(Error::usage("two files have one path").with("found", path).hint("give one of them another `path`"));
        }
    }
    let commit = made_commit(files.iter().map(|(path, blob)| (path.as_str(), &blob.digest)));
    let mut locked = Locked::default();
    let unpinned = files.values().filter(|blob| blob.learned == Learned::Downloaded);
    locked.notes.extend(unpinned.map(|b| {
        format!("{} was not pinned; it was downloaded and hashed: sha256 = \"{}\"", b.name.as_deref().unwrap_or_default(), b.digest.hex())
    }));
    let revision = section.revision.unwrap_or_else(|| MAIN.to_owned());
    if is_object_name(&revision) {
        return Err(Error::usage("plain files have no commit to ask for; theirs is made from their digests").hint("leave `revision` out"));
    }
    let kind = section.kind.unwrap_or_default();
    let mut artifact = Artifact {
        ecosystem: super::NAME.to_owned(),
        sections: vec![request.section.name.clone()],
        name: format!("{}{repo}", Kind::prefix(kind)),
        version: commit.clone(),
        descriptors: files.into_values().collect(),
        subject: None,
        meta: serde_json::Value::Null,
    };
    let looked = look(&artifact, &artifact.descriptors, request, section.pickles, &mut locked.notes).await?;
    let mut named = named(&repo, &artifact, request, &mut locked.notes).await?;
    mark_elsewhere(request, &mut named.references).await;
    let missing: Vec<_> = named.references.iter().filter(|r| !r.carried).map(|r| (artifact.name.clone(), r.clone())).collect();
    settle(&missing, policy, &mut locked.notes)?;
    let (references, unread) = (named.references, named.unread);
    let (revisions, aliases, card, whole, gated, terms) = (vec![revision], vec![], Card::default(), true, false, None);
    let meta = Meta { kind, repo, commit, revisions, aliases, whole, gated, terms, card, looked, references, unread };
    artifact.meta = meta.to_value();
    locked.summary = format!("plain files · {} · {}", count(artifact.descriptors.len(), "file"), bytes(artifact.size()));
    locked.artifacts.push(artifact);
    Ok(locked)
}

async fn file(request: &LockRequest<'_>, plain: &Plain) -> Result<Descriptor> {
    let pinned = plain.sha256.as_deref().map(Digest::from_hex).transpose()?;
    let url = address(&plain.url, pinned.is_some())?;
    let last = url.path_segments().and_then(|mut parts| parts.next_back()).filter(|part| !part.is_empty());
    let path = plain.path.clone().or_else(|| last.and_then(crate::artifact::percent_decoded)).unwrap_or_default();
    check_name("path", &path).map_err(|e| e.of_kind(ErrorKind::Usage))?;
    if is_encoded(&path) {
        return Err(Error::usage("a path must not hold a percent-escape").with("found", path));
    }
    let size = if pinned.is_some() { request.upstream.size(&url).await? } else { None };
    let (digest, size, learned) = match (pinned, size) {
        (Some(digest), Some(size)) => (digest, size, Learned::Pinned),
        (pinned, _) => {
            let found = request.upstream.learn(&url, request.cache, MOST).await?;
            let expected = pinned.unwrap_or(found.sha256);
            check_blob(&expected, found.size, found.size, found.sha256)?;
            (expected, found.size, if pinned.is_some() { Learned::Pinned } else { Learned::Downloaded })
        }
    };
    let (media_type, name, origins) = ("application/octet-stream".to_owned(), Some(path), vec![url.to_string()]);
    Ok(Descriptor { media_type, digest, size, name, origins, learned, side_digests: SideDigests::new() })
}

/// The address stands in the lock: it must not open anything by itself.
fn address(text: &str, pinned: bool) -> Result<Url> {
    let url = Url::parse(text).map_err(|e| Error::usage("not a URL").because(&e))?;
    let secret = url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some();
    match url.scheme() {
        _ if secret => Err(Error::usage("an address with a login or a query is not taken: it would stand in the lock")),
        "https" => Ok(url),
        "http" if pinned || is_loopback(&url) => Ok(url),
        _ => Err(Error::usage("this address is not taken").with("expected", "https, or http with a sha256")),
    }
}

fn shown(url: &str) -> String {
    Url::parse(url).map_or_else(|_| "a plain file".to_owned(), |url| crate::upstream::shown(&url))
}
