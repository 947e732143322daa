//! The images room against registries: a small one that misbehaves, and Debian's.

mod access;
mod attached;
mod clients;
pub mod debian;
mod hostile;
mod lock;
pub mod pictures;
pub mod registry;
mod wanted;

use airlift::artifact::{Artifact, Descriptor, Digest};
use airlift::ecosystems::{LockRequest, Locked, find};
use airlift::error::{Error, Result};
use airlift::lock::Lock;
use airlift::manifest::Manifest;
use airlift::progress::Silent;
use airlift::upstream::{Body, Part, Settings, Upstream};
use futures::StreamExt;
use std::time::Duration;

/// Settings that try three times without dawdling.
fn settings() -> Settings {
    Settings { attempts: 3, pause: Duration::from_millis(1), ..Settings::default() }
}

async fn lock_with(settings: Settings, section: &str) -> Result<Locked> {
    let text = format!("airlift = 1\nname = \"kit\"\n[targets.linux]\nplatform = \"linux-x86_64\"\n[images.base]\n{section}\n");
    let manifest = Manifest::parse(&text, &["images"])?;
    let upstream = Upstream::new(settings)?;
    let request = LockRequest {
        section: &manifest.sections[0],
        manifest: &manifest,
        base: "/".as_ref(),
        cache: "/".as_ref(),
        now: "2026-11-23T00:00:00Z".parse().unwrap(),
        upstream: &upstream,
        packages: &std::collections::BTreeMap::new(),
        progress: &Silent,
    };
    find("images")?.lock(request).await
}

/// Locks one reference of a loopback registry that is asked over plain HTTP.
async fn lock(registry: &registry::Registry, reference: &str, more: &str) -> Result<Locked> {
    let host = &registry.host;
    lock_with(settings(), &format!("references = [\"{host}/{reference}\"]\nplain-http = [\"{host}\"]\n{more}")).await
}

/// The same, for a lock that must fail.
async fn refusal(registry: &registry::Registry, reference: &str, more: &str) -> Error {
    lock(registry, reference, more).await.expect_err("this must not be locked")
}

/// The bytes from the first origin that answers.
async fn fetch(upstream: &Upstream, artifact: &Artifact, blob: &Descriptor, from: u64) -> Result<(u64, Vec<u8>)> {
    let mut last = None;
    for origin in &blob.origins {
        match find("images")?.fetch(artifact, blob, origin, &Part::from(from), upstream).await {
            Ok(body) => return received(body).await,
            Err(failure) => last = Some(failure),
        }
    }
    Err(last.expect("a blob has an origin").into())
}

async fn received(mut body: Body) -> Result<(u64, Vec<u8>)> {
    let mut bytes = Vec::new();
    while let Some(next) = body.stream.next().await {
        bytes.extend_from_slice(&next?);
    }
    Ok((body.offset, bytes))
}

/// Every locked artifact must make a lock that reads back.
fn round_trip(artifacts: Vec<Artifact>) -> Lock {
    let lock = Lock::new("kit".to_owned(), "main".to_owned(), Digest::of(b"manifest"), artifacts).unwrap();
    Lock::parse("the lock", &lock.to_bytes()).unwrap()
}

/// Text with the registry's changing port taken out.
fn steady(registry: &registry::Registry, text: &str) -> String {
    text.replace(&registry.host, "REGISTRY")
}
