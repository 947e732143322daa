//! Section → artifacts: one download each, read once as what it should be, so that nothing crosses the gap that cannot be used behind it.

use super::AdvisoriesSection;
use super::examine::read;
use super::meta::{Kind, Meta};
use super::published;
use crate::advisories::filter;
use crate::artifact::{Artifact, BlobRead, Descriptor, Digest, Learned, percent_encoded};
use crate::ecosystems::{LockRequest, Locked, bytes, count};
use crate::error::{Error, Result};
use crate::upstream::{Body, Failure, Part, Sums, Upstream, is_loopback, learned_path, oci};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use url::Url;

/// Where OSV publishes the records of an ecosystem.
const PUBLISHED: &str = "https://osv-vulnerabilities.storage.googleapis.com/{ecosystem}/all.zip";
/// What stands for the name of an ecosystem in an address.
const HOLE: &str = "{ecosystem}";
/// Longest archive, in bytes.
pub(super) const MOST_ARCHIVE: u64 = 4 << 30;
/// Longest document of another kind, in bytes.
const MOST_DOCUMENT: u64 = 64 << 20;

/// Something to be carried: its name, where it is, and what it is.
type Wanted = (String, Url, Kind, Option<String>);

pub(super) async fn lock(request: LockRequest<'_>) -> Result<Locked> {
    let section: AdvisoriesSection = request.section.parse()?;
    let mut locked = Locked::default();
    // People read it: whole seconds, and none that is yet to come.
    let time = Timestamp::from_second(request.now.as_second()).unwrap_or(request.now);
    for (name, url, kind, ecosystem) in wanted(&section)? {
        let mut meta = Meta { kind, ecosystem, time, only: None };
        let Some(ecosystem) = meta.ecosystem.clone().filter(|_| section.only_locked) else {
            locked.artifacts.push(one(name, &url, &meta, &request).await?);
            continue;
        };
        match request.packages.get(&ecosystem) {
            None => locked.notes.push(format!("no package of {ecosystem} is named in this lock: no advisories of it are carried")),
            Some(names) => {
                meta.only = Some(names.iter().cloned().collect());
                locked.artifacts.push(one(meta.name(""), &url, &meta, &request).await?);
            }
        }
    }
    for reference in section.trivy.iter().collect::<BTreeSet<_>>() {
        locked.artifacts.push(published::trivy(reference, &request).await?);
    }
    if let Some(listing) = &section.grype {
        let (artifact, note) = published::grype(listing, &request).await?;
        locked.artifacts.push(artifact);
        locked.notes.extend(note);
    }
    let size = locked.artifacts.iter().fold(0u64, |sum, artifact| sum.saturating_add(artifact.size()));
    let ecosystems = section.ecosystems.iter().collect::<BTreeSet<_>>().len();
    locked.summary = format!("{} · {} · {}", count(locked.artifacts.len(), "file"), count(ecosystems, "ecosystem"), bytes(size));
    Ok(locked)
}

fn wanted(section: &AdvisoriesSection) -> Result<Vec<Wanted>> {
    let source = section.source.as_deref().unwrap_or(PUBLISHED);
    if !section.ecosystems.is_empty() && !source.contains(HOLE) && section.ecosystems.len() > 1 {
        return Err(Error::usage("`source` names one place for several ecosystems").hint(format!("put {HOLE} where the name belongs")));
    }
    let mut all = Vec::new();
    for ecosystem in section.ecosystems.iter().collect::<BTreeSet<_>>() {
        if crate::advisories::Ecosystem::of(ecosystem).is_none_or(|known| known.name() != ecosystem) {
            let error = Error::usage("an ecosystem is not known, or is named with its release").with("found", format!("{ecosystem:.80}"));
            return Err(error.hint("name it as OSV's schema does, without what follows a colon: Debian"));
        }
        let url = address(&source.replace(HOLE, &percent_encoded(ecosystem)))?;
        all.push((format!("osv/{ecosystem}"), url, Kind::Osv, Some(ecosystem.clone())));
    }
    for (name, url, kind) in
        [("exploited.json", &section.exploited, Kind::Exploited), ("likelihood.csv.gz", &section.likelihood, Kind::Likelihood)]
    {
        if let Some(url) = url {
            all.push((name.to_owned(), address(url)?, kind, None));
        }
    }
    for text in &section.statements {
        let url = address(text)?;
        let last = url.path_segments().and_then(|mut parts| parts.next_back()).filter(|part| !part.is_empty()).unwrap_or("document");
        all.push((format!("statements/{last}"), url, Kind::Statements, None));
    }
    let names: BTreeSet<&str> = all.iter().map(|(name, ..)| name.as_str()).collect();
    match all.len() {
        0 if section.trivy.is_empty() && section.grype.is_none() => {
            Err(Error::usage("nothing is named").hint("give `ecosystems`, `trivy` or `grype`"))
        }
        n if n != names.len() => Err(Error::usage("two documents of `statements` have one name").hint("name them apart")),
        _ => Ok(all),
    }
}

/// An address that may be written into a lock: over TLS, as nothing pins what comes, and without credentials.
pub(super) fn address(text: &str) -> Result<Url> {
    let url = Url::parse(text).map_err(|e| Error::usage(format!("{text:.200} is not a URL")).because(&e))?;
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        return Err(Error::usage("a URL in a manifest must not hold credentials or a query").hint("put credentials into the netrc file"));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        other => Err(Error::usage("the scheme is not known").with("expected", "https").with("found", other)),
    }
}

async fn one(name: String, url: &Url, meta: &Meta, request: &LockRequest<'_>) -> Result<Artifact> {
    let most = if meta.kind == Kind::Osv { MOST_ARCHIVE } else { MOST_DOCUMENT };
    let found = request.upstream.learn_shown(url, request.cache, most, request.progress).await?;
    let (digest, size) = match (&meta.only, &meta.ecosystem) {
        (Some(only), Some(ecosystem)) => filtered(ecosystem, only.iter().cloned().collect(), &found, url, request).await?,
        _ => (found.sha256, found.size),
    };
    let descriptor = Descriptor {
        media_type: if meta.kind == Kind::Osv { "application/zip" } else { "application/octet-stream" }.to_owned(),
        digest,
        size,
        name: None,
        origins: vec![url.to_string()],
        learned: Learned::Downloaded,
        side_digests: std::collections::BTreeMap::new(),
    };
    let artifact = Artifact {
        ecosystem: "advisories".to_owned(),
        sections: vec![request.section.name.clone()],
        name,
        version: meta.time.to_string(),
        descriptors: vec![descriptor],
        subject: None,
        meta: serde_json::to_value(meta).expect("words and a time can always be written"),
    };
    let path = learned_path(request.cache, &digest);
    let file = File::open(&path).map_err(|e| Error::io(format!("{} cannot be read", path.display()), &e))?;
    let (label, meta) = (crate::upstream::shown(url), meta.clone());
    let reading = tokio::task::spawn_blocking(move || read(&label, &meta, &mut Downloaded(file, size)));
    reading.await.map_err(|e| Error::failed("the advisories could not be read").because(&e))??;
    Ok(artifact)
}

/// Makes the archive for some packages of one that was downloaded, and keeps it where fetching looks for what was learned.
async fn filtered(ecosystem: &str, only: BTreeSet<String>, whole: &Sums, url: &Url, request: &LockRequest<'_>) -> Result<(Digest, u64)> {
    let (path, size) = (learned_path(request.cache, &whole.sha256), whole.size);
    let file = File::open(&path).map_err(|e| Error::io(format!("{} cannot be read", path.display()), &e))?;
    let (ecosystem, label) = (ecosystem.to_owned(), crate::upstream::shown(url));
    let making = tokio::task::spawn_blocking(move || filter(&ecosystem, &only, &label, &mut Downloaded(file, size)));
    let bytes = making.await.map_err(|e| Error::failed("the advisories could not be filtered").because(&e))??;
    let digest = Digest::of(&bytes);
    crate::store::write_atomic(&learned_path(request.cache, &digest), &bytes)?;
    Ok((digest, bytes.len() as u64))
}

/// The bytes of a locked blob. A filtered archive was made when the lock was: nobody publishes it.
pub(super) async fn fetch(
    artifact: &Artifact,
    blob: &Descriptor,
    origin: &str,
    part: &Part,
    upstream: &Upstream,
) -> std::result::Result<Body, Failure> {
    let meta = Meta::of(artifact).ok();
    if meta.as_ref().is_some_and(|meta| meta.kind == Kind::Trivy) {
        return oci::fetch(upstream, blob, origin, part).await;
    }
    if meta.is_some_and(|meta| meta.only.is_some()) {
        let error = Error::failed("it was filtered when the lock was made, and is not in the cache any more");
        return Err(Failure::permanent(error.hint("make the lock anew, and fetch it from the same cache")));
    }
    let url = Url::parse(origin).map_err(|e| Failure::permanent(Error::failed(format!("{origin:.200}: not a URL")).because(&e)))?;
    upstream.get(&url, part).await
}

/// A file that was downloaded.
pub(super) struct Downloaded(pub File, pub u64);

impl Read for Downloaded {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Seek for Downloaded {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.0.seek(to)
    }
}

impl BlobRead for Downloaded {
    fn size(&self) -> u64 {
        self.1
    }
}
