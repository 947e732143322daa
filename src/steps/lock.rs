//! `lock`: a manifest becomes a lock. Every section is resolved by its room; the result is sorted, merged and checked.

use super::assess::names_in;
use crate::artifact::Artifact;
use crate::ecosystems::{self, Ecosystem, LockRequest, Locked, Want, WantKind};
use crate::error::{Error, Result};
use crate::lock::Lock;
use crate::manifest::{Manifest, Section};
use crate::progress::Progress;
use crate::upstream::Upstream;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What a lock is made with.
#[derive(Clone, Copy)]
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

/// Names of packages by ecosystem of advisories.
type Packages = BTreeMap<String, BTreeSet<String>>;

/// Most rounds of answers: a want may be answered with wants, but not for ever.
const MOST_ROUNDS: usize = 8;

/// Resolves every section of a manifest, then what the sections want of other rooms.
pub async fn lock(manifest: &Manifest, options: &LockOptions<'_>) -> Result<LockOutcome> {
    let mut collected = Collected::default();
    let (nothing, mut waiting) = (BTreeMap::new(), Vec::new());
    for (at, section) in manifest.sections.iter().enumerate() {
        let room = ecosystems::find(&section.ecosystem)?;
        if room.waits(section) {
            waiting.push((at, section, room));
            continue;
        }
        let locked = room.lock(options.request(manifest, section, &nothing)).await;
        collected.add(at, section, room.name(), locked)?;
    }
    for _ in 0..MOST_ROUNDS {
        for ((at, kind), wants) in std::mem::take(&mut collected.wants) {
            let (section, wants) = (&manifest.sections[at], wants.into_iter().collect::<Vec<_>>());
            let room = answering(section, kind)?;
            let locked = room.answer(options.request(manifest, section, &nothing), &wants).await;
            collected.add(at, section, room.name(), locked)?;
        }
    }
    let packages = if waiting.is_empty() { BTreeMap::new() } else { names_in(&collected.artifacts)? };
    for (at, section, room) in waiting {
        let locked = room.lock(options.request(manifest, section, &packages)).await;
        collected.add(at, section, room.name(), locked)?;
    }
    if let Some(want) = collected.wants.values().flatten().next() {
        let error = Error::failed(format!("{:.200}: what is wanted never ends", want.reference));
        return Err(error.with("wanted by", format!("{:.200}", want.wanted_by)));
    }
    let Collected { mut artifacts, reports, .. } = collected;
    ecosystems::unite(&mut artifacts)?;
    let lock = Lock::new(manifest.name.clone(), manifest.line.clone(), manifest.digest, artifacts)?;
    Ok(LockOutcome { lock, sections: reports })
}

/// What the rooms have given so far.
#[derive(Default)]
struct Collected {
    artifacts: Vec<Artifact>,
    reports: Vec<SectionReport>,
    /// What is still wanted, by the section that wants it.
    wants: BTreeMap<(usize, WantKind), BTreeSet<Want>>,
}

impl Collected {
    fn add(&mut self, at: usize, section: &Section, room: &str, locked: Result<Locked>) -> Result<()> {
        let about = |e: Error| if e.message().starts_with(&section.label()) { e } else { e.about(section.label()) };
        let Locked { artifacts, summary, notes, wants } = locked.map_err(about)?;
        self.artifacts.extend(artifacts);
        self.reports.push(SectionReport { ecosystem: room.to_owned(), name: section.name.clone(), summary, notes });
        for want in wants {
            self.wants.entry((at, want.kind)).or_default().insert(want);
        }
        Ok(())
    }
}

/// The room that answers, whatever it is called.
fn answering(section: &Section, kind: WantKind) -> Result<&'static dyn Ecosystem> {
    let found = ecosystems::ALL.iter().copied().find(|room| room.answers(kind));
    found.ok_or_else(|| Error::failed(format!("{}: this airlift cannot carry what is wanted: a {}", section.label(), kind.name())))
}

impl LockOptions<'_> {
    fn request<'b>(&'b self, manifest: &'b Manifest, section: &'b Section, packages: &'b Packages) -> LockRequest<'b> {
        let Self { base, cache, now, upstream, progress } = *self;
        LockRequest { section, manifest, base, cache, now, packages, upstream, progress }
    }
}
