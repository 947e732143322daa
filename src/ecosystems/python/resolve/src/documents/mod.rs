//! The metadata of distributions whose index does not serve it beside them, read out of the files.
//!
//! In: a distribution and uv's client. Out: its metadata, or a failure. uv has readers of its own
//! for this, without bounds: they read markers by recursion whatever their depth, and unpack a
//! source distribution whatever its size. So uv is never asked. A wheel is read by the caller's
//! [`ReadMetadata`], over range requests where its host has them; a source distribution
//! by [`sdist`], as it comes in. Only `provider` calls this. It never keeps a file, never runs
//! anything, and never opens a URL that is neither http nor https.

mod checked;
mod download;
pub(crate) mod sdist;
mod sparse;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;
use uv_client::RegistryClient;
use uv_distribution_types::{BuiltDist, Dist, Name, SourceDist};
use uv_pep440::Version;
use uv_pypi_types::ResolutionMetadata;
use uv_redacted::DisplaySafeUrl;

pub(crate) use checked::{MOST_DOCUMENT, checked};
pub use sparse::{ReadMetadata, WheelBytes};

use crate::failure::{Failure, FailureKind, chain};

/// Metadata that was read, by URL; all resolutions of a resolver share it.
pub(crate) type Known = Arc<Mutex<BTreeMap<String, ResolutionMetadata>>>;

/// Most documents that are kept.
const MOST_KNOWN: usize = 10_000;

/// Reads metadata out of distributions.
pub(crate) struct Documents<'a> {
    pub(crate) client: &'a RegistryClient,
    pub(crate) permits: Arc<Semaphore>,
    pub(crate) known: Known,
    pub(crate) read_metadata: ReadMetadata,
    /// Where a wheel goes while it is read, if its host cannot give parts of it.
    pub(crate) directory: &'a std::path::Path,
    /// How often a transfer that broke off is begun again.
    pub(crate) retries: u32,
}

/// Why there is no metadata.
pub(crate) enum Unread {
    /// A build would have to tell.
    NotStatic,
    Failed(Failure),
}

impl From<Failure> for Unread {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// A file that metadata is read out of.
struct Source {
    url: DisplaySafeUrl,
    filename: String,
    version: Option<Version>,
    wheel: bool,
}

impl Documents<'_> {
    /// The metadata of a distribution. `None`: its index serves it beside the file, and uv may
    /// fetch it, because the document is checked on its way in.
    pub(crate) async fn read(&self, dist: &Dist) -> Option<Result<ResolutionMetadata, Unread>> {
        match source(dist) {
            Ok(Some(source)) => Some(self.metadata(dist, &source).await),
            Ok(None) => None,
            Err(unread) => Some(Err(unread)),
        }
    }

    async fn metadata(&self, dist: &Dist, source: &Source) -> Result<ResolutionMetadata, Unread> {
        let key = source.url.as_str();
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
        let metadata = match known {
            Some(metadata) => metadata,
            None => self.anew(source).await?,
        };
        let versions = source.version.as_ref().is_none_or(|version| *version == metadata.version);
        if metadata.name != *dist.name() || !versions {
            let message =
                format!("{}: its metadata is that of `{} {}`, which is another package", source.filename, metadata.name, metadata.version);
            return Err(Failure::new(FailureKind::Malformed, message).into());
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() < MOST_KNOWN {
            known.insert(key.to_owned(), metadata.clone());
        }
        Ok(metadata)
    }

    async fn anew(&self, source: &Source) -> Result<ResolutionMetadata, Unread> {
        let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
        let mut left = self.retries;
        loop {
            let outcome = match source.wheel {
                true => self.wheel(source).await.map_err(Unread::from),
                false => self.sdist(source).await,
            };
            match outcome {
                Err(Unread::Failed(failure)) if failure.kind == FailureKind::Unreachable && left > 0 => left -= 1,
                outcome => return outcome,
            }
        }
    }

    async fn wheel(&self, source: &Source) -> Result<ResolutionMetadata, Failure> {
        let bytes = self.metadata_of_wheel(&source.url, &source.filename).await?;
        checked(&bytes).map_err(|why| malformed(source, why))?;
        ResolutionMetadata::parse_metadata(&bytes).map_err(|error| malformed(source, &chain(&error)))
    }

    async fn sdist(&self, source: &Source) -> Result<ResolutionMetadata, Unread> {
        if !source.filename.ends_with(".tar.gz") {
            return Err(Unread::NotStatic);
        }
        let found = self.scanned(&source.url).await?;
        found.map_err(|why| malformed(source, &why))?.metadata(source.version.as_ref()).ok_or(Unread::NotStatic)
    }
}

/// Where the metadata of a distribution has to be read from; `None` where it stands beside it.
fn source(dist: &Dist) -> Result<Option<Source>, Unread> {
    let source = match dist {
        Dist::Built(BuiltDist::Registry(wheels)) => {
            let wheel = wheels.best_wheel();
            let source = indexed(&wheel.file, &wheel.filename.version, true)?;
            return Ok((!wheel.file.dist_info_metadata).then_some(source));
        }
        Dist::Source(SourceDist::Registry(sdist)) => indexed(&sdist.file, &sdist.version, false)?,
        Dist::Built(BuiltDist::DirectUrl(wheel)) => Source {
            url: (*wheel.location).clone(),
            filename: wheel.filename.to_string(),
            version: Some(wheel.filename.version.clone()),
            wheel: true,
        },
        Dist::Source(SourceDist::DirectUrl(sdist)) if sdist.subdirectory.is_none() => {
            let url = (*sdist.location).clone();
            let filename = url.path().rsplit('/').next().unwrap_or_default().to_owned();
            Source { url, filename, version: None, wheel: false }
        }
        _ => return Err(Unread::NotStatic),
    };
    web(&source)?;
    Ok(Some(source))
}

fn indexed(file: &uv_distribution_types::File, version: &Version, wheel: bool) -> Result<Source, Failure> {
    let url = file.url.to_url().map_err(|error| Failure::from_error(FailureKind::Malformed, &error))?;
    let source = Source { url, filename: file.filename.to_string(), version: Some(version.clone()), wheel };
    web(&source)?;
    Ok(source)
}

/// Refuses what uv would read from this machine.
fn web(source: &Source) -> Result<(), Failure> {
    match source.url.scheme() {
        "http" | "https" => Ok(()),
        _ => {
            let message = format!("{}: its URL is neither http nor https: {}", source.filename, source.url);
            Err(Failure::new(FailureKind::Refused, message))
        }
    }
}

fn malformed(source: &Source, why: &str) -> Failure {
    Failure::new(FailureKind::Malformed, format!("{}: its metadata cannot be read: {why}", source.url))
}
