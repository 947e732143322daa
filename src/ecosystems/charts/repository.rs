//! The connected side of repositories: which versions of a chart there are, and the bytes of one of them.

use super::index::{Entry, MOST_INDEX_BYTES, versions};
use super::meta::{CHART, PROVENANCE, is_file_name};
use super::oci;
use super::place::Place;
use super::provenance;
use crate::artifact::{Descriptor, Digest, Learned, SideDigests, is_loopback_host};
use crate::ecosystems::LockRequest;
use crate::error::{Error, Kind, Result};
use crate::upstream::{Failure, keep, learned_path, shown};
use futures::lock::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use url::Url;

/// Most versions that one note names.
const MOST_NAMED: usize = 5;
/// Largest archive of a chart, in bytes.
pub(super) const MOST_ARCHIVE_BYTES: u64 = 64 << 20;

/// Everything that is asked of repositories while a section is locked; each index is asked for once.
pub(super) struct Repositories<'a> {
    /// What the section is resolved with.
    pub request: &'a LockRequest<'a>,
    /// Hosts that are asked over plain HTTP: those of the section, and of the command line.
    pub plain_http: Vec<String>,
    indexes: Mutex<BTreeMap<Url, Arc<Vec<u8>>>>,
}

/// A version of a chart, and where it is.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    /// The version.
    pub version: String,
    /// Where it is.
    pub at: At,
}

/// Where an archive is.
#[derive(Debug, Clone)]
pub(super) enum At {
    /// At an address; the index may tell its digest and when it was added.
    Address(String, Option<String>, Option<String>),
    /// Under a tag.
    Tag(String),
}

/// An archive and what came with it.
#[derive(Debug)]
pub(super) struct Archive {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Its blobs, itself first.
    pub blobs: Vec<Descriptor>,
    /// When the index says it was added.
    pub created: Option<String>,
    /// The manifest or index of a registry that it came with.
    pub root: Option<Digest>,
    /// Why there is no provenance file, where there is none.
    pub unproven: Option<String>,
    /// What a person should know.
    pub notes: Vec<String>,
}

impl<'a> Repositories<'a> {
    /// With nothing asked yet.
    pub(super) fn new(request: &'a LockRequest<'a>, plain_http: &[String]) -> Self {
        let plain_http = [plain_http, &request.upstream.settings().plain_http].concat();
        Self { request, plain_http, indexes: Mutex::default() }
    }

    /// The versions of a chart; of a registry only the one that is meant, where it is exact.
    pub(super) async fn versions(&self, place: &Place, chart: &str, exact: Option<&str>, notes: &mut Vec<String>) -> Result<Vec<Listed>> {
        let list = match place {
            Place::Classic(url) => self.index(url, chart, notes).await?,
            Place::Registry(host, path) => oci::versions(self, host, path, chart, exact).await?,
        };
        list.filter(|list| !list.is_empty()).ok_or_else(|| {
            Error::new(Kind::Upstream, format!("{chart} is not in {}", place.address())).hint("check `chart` and `repository`")
        })
    }

    /// The bytes of a version.
    pub(super) async fn archive(&self, place: &Place, chart: &str, listed: &Listed, pinned: Option<Digest>) -> Result<Archive> {
        match (&listed.at, place) {
            (At::Address(address, digest, created), Place::Classic(base)) => {
                let mut archive = self.classic(base, chart, listed, address, digest.as_deref(), pinned).await?;
                archive.created.clone_from(created);
                Ok(archive)
            }
            (At::Tag(tag), Place::Registry(host, path)) => oci::archive(self, host, path, chart, tag, pinned).await,
            _ => Err(Error::failed("a version of another kind of repository")),
        }
    }

    async fn index(&self, base: &Url, chart: &str, notes: &mut Vec<String>) -> Result<Option<Vec<Listed>>> {
        let url = base.join("index.yaml").map_err(|e| Error::usage(format!("{}: not a repository", shown(base))).because(&e))?;
        let index = {
            let mut indexes = self.indexes.lock().await;
            if let Some(index) = indexes.get(&url) {
                Arc::clone(index)
            } else {
                self.request.progress.note(&format!("reading {}", shown(&url)));
                let accept = "application/yaml, application/json, */*";
                let (_, index) = self.request.upstream.document(&url, accept, MOST_INDEX_BYTES).await?;
                Arc::clone(indexes.entry(url.clone()).or_insert(Arc::new(index)))
            }
        };
        let Some((entries, unread)) = versions(&index, chart).map_err(|e| e.about(shown(&url)))? else { return Ok(None) };
        if unread > 0 {
            notes.push(format!("{unread} entries of {chart} in {} cannot be read and are passed over", shown(&url)));
        }
        let (mut list, mut bare) = (Vec::new(), Vec::new());
        for Entry { version, urls, digest, created } in entries {
            match urls.into_iter().next() {
                Some(address) => list.push(Listed { version, at: At::Address(address, digest, created) }),
                None => bare.push(format!("{version:.60}")),
            }
        }
        let named = bare.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(", ");
        if list.is_empty() && !bare.is_empty() {
            return Err(Error::new(Kind::Upstream, format!("{}: the index names no archive for any version of {chart}", shown(&url)))
                .with("expected", "`urls` with an address")
                .with("found", named)
                .hint("the repository is broken: tell who keeps it"));
        }
        if !bare.is_empty() {
            let versions = crate::ecosystems::count(bare.len(), "version");
            notes.push(format!("{versions} of {chart} in {} without an archive (`urls` is empty), passed over: {named}", shown(&url)));
        }
        Ok(Some(list))
    }

    async fn classic(
        &self,
        base: &Url,
        chart: &str,
        listed: &Listed,
        address: &str,
        told: Option<&str>,
        pinned: Option<Digest>,
    ) -> Result<Archive> {
        if let Some(oci) = address.strip_prefix("oci://") {
            return self.elsewhere(oci, listed, told, pinned).await;
        }
        let url = self.address(base, address, told.is_some() || pinned.is_some())?;
        let told = told.map(|hex| Digest::from_hex(&hex.strip_prefix("sha256:").unwrap_or(hex).to_ascii_lowercase())).transpose();
        let told = told.map_err(|e| e.of_kind(Kind::Upstream).about("the digest in the index"))?;
        let expected = pinned.or(told);
        let (digest, bytes) = self.bytes(&url, expected).await?;
        if let Some(expected) = [pinned, told].into_iter().flatten().find(|expected| *expected != digest) {
            let error = Error::verification(format!("{}: the archive is not what it should be", shown(&url)));
            let whose =
                if pinned == Some(expected) { "`sha256` pins another archive" } else { "the index of the repository names another digest" };
            return Err(error.with("expected", expected).with("found", digest).hint(format!("{whose}: ask whoever publishes the chart")));
        }
        let learned = match (pinned, told) {
            (Some(_), _) => Learned::Pinned,
            (None, Some(_)) => Learned::Upstream,
            (None, None) => Learned::Downloaded,
        };
        let (mut notes, mut unproven) = (Vec::new(), None);
        if learned == Learned::Downloaded {
            notes.push(format!("the index tells no digest; the archive was downloaded and hashed: sha256 = \"{}\"", digest.hex()));
        }
        let last = url.path_segments().and_then(|mut parts| parts.next_back()).and_then(crate::artifact::percent_decoded);
        let file = last.filter(|file| is_file_name(file)).unwrap_or_else(|| format!("{chart}-{}.tgz", listed.version));
        let mut blobs = vec![descriptor(CHART, digest, bytes.len() as u64, &file, &url, learned)];
        match self.provenance(&url, &file, digest).await? {
            Ok(blob) => blobs.push(blob),
            Err(why) => unproven = Some(why),
        }
        Ok(Archive { bytes, blobs, created: None, root: None, unproven, notes })
    }

    /// An index may name an archive in a registry.
    async fn elsewhere(&self, oci: &str, listed: &Listed, told: Option<&str>, pinned: Option<Digest>) -> Result<Archive> {
        let wrong = || Error::new(Kind::Upstream, format!("oci://{oci:.200}: the index names a place that cannot be read"));
        let (path, tag) = oci.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).map_or((oci, None), |(path, tag)| (path, Some(tag)));
        let (parent, name) = path.rsplit_once('/').ok_or_else(wrong)?;
        let Place::Registry(host, path) = Place::parse(&format!("oci://{parent}"), &self.plain_http)? else { return Err(wrong()) };
        if !super::place::is_component(name) {
            return Err(wrong());
        }
        let tag = tag.map_or_else(|| super::registry::tag(&listed.version), str::to_owned);
        let told = told.and_then(|hex| Digest::from_hex(hex.strip_prefix("sha256:").unwrap_or(hex)).ok());
        oci::archive(self, &host, &path, name, &tag, pinned.or(told)).await
    }

    /// An archive's address: of the repository's own kind, and protected by TLS or a digest.
    fn address(&self, base: &Url, address: &str, digested: bool) -> Result<Url> {
        let wrong = |why: &str| Error::new(Kind::Upstream, format!("the index names an archive that is not asked for: {why}"));
        let url = base.join(address).map_err(|e| wrong("its address cannot be read").because(&e))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("its address holds credentials"));
        }
        let secret = ["sig", "token", "secret", "passw", "credential", "apikey", "api_key"];
        if url.query_pairs().any(|(name, _)| secret.iter().any(|word| name.to_ascii_lowercase().contains(word))) {
            return Err(wrong("its address lets in whoever has it, and would stand in the lock"));
        }
        let host = url.host_str().unwrap_or_default();
        let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        match url.scheme() {
            "https" => Ok(url),
            "http" if digested || is_loopback_host(host) || self.plain_http.contains(&authority) => Ok(url),
            scheme => {
                Err(wrong("it would come without any protection").with("expected", "https, or a digest in the index").with("found", scheme))
            }
        }
    }

    /// The bytes at an address: those of an earlier run where they are what is expected.
    async fn bytes(&self, url: &Url, expected: Option<Digest>) -> Result<(Digest, Vec<u8>)> {
        let kept = |digest: Digest| {
            let path = learned_path(self.request.cache, &digest);
            let length = std::fs::metadata(&path).ok()?.len();
            let bytes = (length <= MOST_ARCHIVE_BYTES).then(|| std::fs::read(&path).ok())??;
            (Digest::of(&bytes) == digest).then_some(bytes)
        };
        if let Some((digest, bytes)) = expected.and_then(|digest| Some((digest, kept(digest)?))) {
            return Ok((digest, bytes));
        }
        let sums = self.request.upstream.learn(url, self.request.cache, MOST_ARCHIVE_BYTES).await?;
        let bytes =
            kept(sums.sha256).ok_or_else(|| Error::failed(format!("{}: what was downloaded is gone from the cache", shown(url))))?;
        Ok((sums.sha256, bytes))
    }

    /// The provenance file beside an archive, or why there is none.
    async fn provenance(&self, url: &Url, file: &str, archive: Digest) -> Result<std::result::Result<Descriptor, String>> {
        let mut beside = url.clone();
        beside.set_path(&format!("{}.prov", url.path()));
        let upstream = self.request.upstream;
        let ask = || async {
            match upstream.document_once(&beside, "*/*", provenance::MOST_PROVENANCE_BYTES).await {
                Ok((_, bytes)) => Ok(Ok(bytes)),
                Err(Failure { status: Some(status), transient: false, .. }) if status.is_client_error() => Ok(Err(status)),
                Err(failure) => Err(failure),
            }
        };
        match upstream.backoff().run(ask).await? {
            Ok(bytes) if provenance::is_signed(&bytes) => {
                if !provenance::check(&bytes, file, archive)? {
                    return Ok(Err(format!("the provenance file does not speak of {file}: it is not carried")));
                }
                let digest = Digest::of(&bytes);
                keep(self.request.cache, &digest, &bytes)?;
                Ok(Ok(descriptor(PROVENANCE, digest, bytes.len() as u64, &format!("{file}.prov"), &beside, Learned::Downloaded)))
            }
            Ok(_) => Ok(Err("no provenance file: its place holds something else".to_owned())),
            Err(status) => Ok(Err(format!("no provenance file ({})", status.as_u16()))),
        }
    }
}

fn descriptor(media_type: &str, digest: Digest, size: u64, file: &str, url: &Url, learned: Learned) -> Descriptor {
    let (media_type, name, origins) = (media_type.to_owned(), Some(file.to_owned()), vec![url.to_string()]);
    Descriptor { media_type, digest, size, name, origins, learned, side_digests: SideDigests::new() }
}
