//! `lock`: a manifest becomes a lock. Every section is resolved by its room; the result is sorted, merged and checked.

use crate::ecosystems::{self, LockRequest};
use crate::error::{Error, Result};
use crate::lock::Lock;
use crate::manifest::Manifest;
use crate::progress::Progress;
use crate::upstream::Upstream;
use std::path::Path;

/// What a lock is made with.
pub struct LockOptions<'a> {
    /// The folder that relative paths in the manifest start from.
    pub base: &'a Path,
    /// A folder for resolver caches.
    pub cache: &'a Path,
    /// The time a cool-down counts back from.
    pub now: jiff::Timestamp,
    /// The network.
    pub upstream: &'a Upstream,
    /// Where to tell what is going on.
    pub progress: &'a dyn Progress,
}

/// One section's account of itself.
#[derive(Debug, Clone)]
pub struct SectionReport {
    /// Ecosystem.
    pub ecosystem: String,
    /// Section name.
    pub name: String,
    /// Counts and sizes in the ecosystem's own words.
    pub summary: String,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// A lock and what was said on the way to it.
#[derive(Debug, Clone)]
pub struct LockOutcome {
    /// The lock.
    pub lock: Lock,
    /// One report per section, in order.
    pub sections: Vec<SectionReport>,
}

/// Resolves every section of a manifest.
pub async fn lock(manifest: &Manifest, options: &LockOptions<'_>) -> Result<LockOutcome> {
    let (mut artifacts, mut sections) = (Vec::new(), Vec::new());
    for section in &manifest.sections {
        let request = LockRequest {
            section,
            manifest,
            base: options.base,
            cache: options.cache,
            now: options.now,
            upstream: options.upstream,
            progress: options.progress,
        };
        let about = |e: Error| if e.message().starts_with(&section.label()) { e } else { e.about(section.label()) };
        let locked = ecosystems::find(&section.ecosystem)?.lock(request).await.map_err(about)?;
        artifacts.extend(locked.artifacts);
        sections.push(SectionReport {
            ecosystem: section.ecosystem.clone(),
            name: section.name.clone(),
            summary: locked.summary,
            notes: locked.notes,
        });
    }
    ecosystems::unite(&mut artifacts)?;
    let lock = Lock::new(manifest.name.clone(), manifest.line.clone(), manifest.digest, artifacts)?;
    Ok(LockOutcome { lock, sections })
}
