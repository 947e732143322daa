//! A resolver provider that watches what the resolver asks for.
//!
//! It passes every question on to uv's own provider, notes which projects no index has (uv's
//! error type does not tell them from other conflicts), ends a resolution that asks for more
//! than its bounds, and has what uv would read without bounds read by `documents`.

use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use uv_distribution::{ArchiveMetadata, Reporter};
use uv_distribution_types::{Dist, IndexMetadata, InstalledDist, Name, RequestedDist};
use uv_normalize::PackageName;
use uv_resolver::{MetadataResponse, PackageVersionsResult, ResolverProvider, VersionsResponse, WheelMetadataResult};

use crate::documents::{Documents, Unread};
use crate::limits::Limits;

/// What was seen while a resolution ran.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    missing: Mutex<BTreeSet<PackageName>>,
    offline: Mutex<BTreeSet<PackageName>>,
    projects: AtomicUsize,
    documents: AtomicUsize,
}

impl Notes {
    /// Whether no index has this project.
    pub(crate) fn missing(&self, name: &PackageName) -> bool {
        locked(&self.missing).contains(name)
    }

    /// Whether the project was not in the cache and the network was not to be used.
    pub(crate) fn offline(&self, name: &PackageName) -> bool {
        locked(&self.offline).contains(name)
    }
}

/// The set, also when a thread died holding it: it is only ever added to.
fn locked(set: &Mutex<BTreeSet<PackageName>>) -> std::sync::MutexGuard<'_, BTreeSet<PackageName>> {
    set.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// uv's provider `P` under watch.
pub(crate) struct Watched<'a, P> {
    pub(crate) inner: P,
    pub(crate) documents: Documents<'a>,
    pub(crate) notes: Arc<Notes>,
    pub(crate) limits: Limits,
}

impl<P: ResolverProvider> ResolverProvider for Watched<'_, P> {
    async fn get_package_versions<'io>(&'io self, name: &'io PackageName, index: Option<&'io IndexMetadata>) -> PackageVersionsResult {
        count(&self.notes.projects, self.limits.projects, "projects")?;
        let answer = self.inner.get_package_versions(name, index).await;
        match &answer {
            Ok(VersionsResponse::NotFound | VersionsResponse::NoIndex) => {
                locked(&self.notes.missing).insert(name.clone());
            }
            Ok(VersionsResponse::Offline) => {
                locked(&self.notes.offline).insert(name.clone());
            }
            Ok(VersionsResponse::Found(_)) | Err(_) => {}
        }
        answer
    }

    async fn get_or_build_wheel_metadata<'io>(&'io self, dist: &'io Dist) -> WheelMetadataResult {
        count(&self.notes.documents, self.limits.documents, "distributions")?;
        let unread = match self.documents.read(dist).await {
            None => return self.inner.get_or_build_wheel_metadata(dist).await,
            Some(Ok(metadata)) => return Ok(MetadataResponse::Found(ArchiveMetadata::from_metadata23(metadata))),
            Some(Err(unread)) => unread,
        };
        let error = match unread {
            Unread::NotStatic => uv_distribution::Error::NoBuildPackage(dist.name().clone()),
            Unread::Failed(failure) => uv_client::Error::from(uv_client::ErrorKind::Io(io::Error::other(failure))).into(),
        };
        Ok(MetadataResponse::Error(Box::new(RequestedDist::Installable(dist.clone())), Arc::new(error)))
    }

    async fn get_installed_metadata<'io>(&'io self, dist: &'io InstalledDist) -> WheelMetadataResult {
        self.inner.get_installed_metadata(dist).await
    }

    fn with_reporter(self, reporter: Arc<dyn Reporter>) -> Self {
        Self { inner: self.inner.with_reporter(reporter), ..self }
    }
}

/// Part of the message of a resolution that asked for too much.
pub(crate) const TOO_MANY: &str = "the resolution asks for more than";

fn count(seen: &AtomicUsize, bound: usize, what: &str) -> Result<(), uv_client::Error> {
    if seen.fetch_add(1, Ordering::Relaxed) < bound {
        return Ok(());
    }
    let error = io::Error::other(format!("{TOO_MANY} {bound} {what}"));
    Err(uv_client::ErrorKind::Io(error).into())
}
