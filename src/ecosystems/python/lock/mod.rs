//! From a section to locked files: read what is asked, resolve it for each target, learn what the index did not tell.
//!
//! In: a [`LockRequest`]. Out: one artifact a file, the summary line, notes. The network is asked for index pages, metadata and attestations; a file
//! is downloaded here only when its index tells no digest or, for a source distribution, to read what it needs to be built. Everything
//! is a function of the inputs and of what the indexes answer: no clock but the request's, no randomness, sorted output. Only the room's
//! `lock` calls this. It never keeps a downloaded file.

mod asked;
mod callbacks;
mod collect;
mod failure;
mod learn;
mod provenance;
mod sdist;
mod summary;
#[cfg(test)]
mod tests;

use super::section::PythonSection;
use crate::artifact::Target;
use crate::ecosystems::{LockRequest, Locked};
use crate::error::{Error, Result};
use airlift_python_resolve as uv;
use asked::Asked;
use collect::Files;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{self, StreamExt, TryStreamExt};

/// Targets that are resolved at the same time: resolving waits for the network as much as it computes.
const AT_ONCE: usize = 4;
/// Files whose size or digest is asked for at the same time.
const LEARNING: usize = 8;

/// A target of the manifest with what the resolver takes it for.
pub struct PythonTarget {
    /// As the manifest says.
    pub target: Target,
    /// As the resolver wants it.
    pub uv: uv::Target,
}

/// Resolves a section.
pub async fn lock(request: LockRequest<'_>) -> Result<Locked> {
    let section: PythonSection = request.section.parse()?;
    request.progress.begin("resolving", 0);
    let locked = locked(&request, &section).await;
    request.progress.end("resolving");
    locked
}

async fn locked(request: &LockRequest<'_>, section: &PythonSection) -> Result<Locked> {
    section.check()?;
    let targets = targets(request, section)?;
    let asked = Asked::read(request, section).await?;
    let resolver = open(request).await?;
    let mut files = Files::new(&asked);
    let resolving = targets.iter().map(|target| asked.resolve(&resolver, target).boxed()).collect();
    let resolutions: Vec<uv::Resolution> = in_order(resolving, AT_ONCE).await?;
    for (target, resolution) in targets.iter().zip(&resolutions) {
        files.add(target, resolution)?;
    }
    let builds = sdist::build_requirements(request, &resolutions).await?;
    for (target, resolution) in targets.iter().zip(&resolutions) {
        for (sdist, requirements) in sdist::of(resolution, &builds) {
            let needed = asked.resolve_build(&resolver, target, sdist, requirements).await?;
            files.add(target, &needed)?;
        }
    }
    finish(request, section, &targets, files).await
}

async fn finish(request: &LockRequest<'_>, section: &PythonSection, targets: &[PythonTarget], files: Files<'_>) -> Result<Locked> {
    let (wanted, notes) = files.finish();
    let learning = wanted.iter().map(|wanted| wanted.artifact(request).boxed()).collect();
    let mut artifacts = in_order(learning, LEARNING).await?;
    let attested = provenance::add(request, &wanted, &mut artifacts).await?;
    let summary = summary::line(&artifacts, targets);
    let mut notes = summary::notes(request, section, &wanted, notes)?;
    notes.extend(attested);
    Ok(Locked { artifacts, summary, notes, wants: vec![] })
}

/// Some at a time, with the results (and the first error) in the order of the work.
async fn in_order<T>(work: Vec<BoxFuture<'_, Result<T>>>, at_once: usize) -> Result<Vec<T>> {
    stream::iter(work).buffered(at_once).try_collect().await
}

fn targets(request: &LockRequest<'_>, section: &PythonSection) -> Result<Vec<PythonTarget>> {
    let mut targets = request.manifest.targets_for(request.section, section.targets.as_deref())?;
    match section.targets {
        None => targets.retain(|t| t.python.is_some()),
        Some(_) => {
            if let Some(target) = targets.iter().find(|t| t.python.is_none()) {
                return Err(Error::usage(format!("target {} has no Python", target.name))
                    .hint(format!("add to [targets.{}]: python = \"3.12\"", target.name)));
            }
        }
    }
    if targets.is_empty() {
        return Err(Error::usage("no target has a Python").hint("add to a target: python = \"3.12\""));
    }
    targets.into_iter().map(asked::python_target).collect()
}

async fn open(request: &LockRequest<'_>) -> Result<uv::Resolver> {
    let settings = uv::Settings {
        cache_dir: request.cache.join("python"),
        offline: false,
        retries: request.upstream.settings().attempts.saturating_sub(1),
    };
    uv::Resolver::open(request.upstream.client().clone(), settings, callbacks::callbacks(request)).await.map_err(|f| failure::error(&f))
}
