//! A section → artifacts and wants: charts with digests, the charts they need, and the images that were found in them.

use super::images::{self, Found};
use super::meta::{Meta, Vendored};
use super::package::Subject;
use super::place::Place;
use super::render::kube_version;
use super::repository::Repositories;
use super::resolve::{Asked, Resolved, Resolver};
use super::section::{Item, Section};
use super::ways::ways;
use crate::artifact::{Artifact, Digest};
use crate::ecosystems::{LockRequest, Locked, Want, WantKind, bytes, count};
use crate::error::{Error, Result};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Most images that are told by name in one note.
const MOST_NAMED: usize = 8;
/// The Helm that charts are told to be installed with: some refuse older ones.
const HELM_VERSION: &str = "3.18.0";

pub(super) async fn lock(request: LockRequest<'_>) -> Result<Locked> {
    let section: Section = request.section.parse()?;
    request.manifest.targets_for(request.section, section.targets.as_deref())?;
    let items = section.items()?;
    versions(&section)?;
    images::check(&section.images)?;
    let from = Repositories::new(&request, &section.plain_http);
    let (mut locked, mut words, mut known) = (Locked::default(), Vec::new(), Known::default());
    for item in &items {
        let said = one(&from, &section, item, &mut locked, &mut known).await.map_err(|e| e.about(&item.chart))?;
        words.push(said);
    }
    locked.notes.extend(known.notes(&section));
    for artifact in &mut locked.artifacts {
        artifact.sections = vec![request.section.name.clone()];
    }
    dedup(&mut locked.artifacts);
    locked.summary = summary(&locked, &words);
    Ok(locked)
}

/// The versions of Kubernetes and Helm that charts are told.
fn versions(section: &Section) -> Result<()> {
    let mut all = section
        .kube_versions
        .iter()
        .map(|version| ("kube-versions", version))
        .chain(section.helm_version.iter().map(|v| ("helm-version", v)));
    all.try_for_each(|(key, version)| match kube_version(version) {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::usage(format!("`{key}` holds what is no version"))
            .with("found", format!("{:?}", format!("{version:.60}")))
            .hint(if key == "helm-version" { "such as \"3.18.0\"" } else { "such as \"1.31\"" })),
    })
}

/// What is known of all charts of a section together, and told once.
#[derive(Default)]
struct Known {
    /// Charts without a provenance file, by why there is none.
    unproven: BTreeMap<String, BTreeSet<String>>,
    /// The images that were found.
    images: BTreeSet<String>,
}

impl Known {
    fn notes(&self, section: &Section) -> Vec<String> {
        let unproven = self.unproven.iter().map(|(why, charts)| {
            let more = if charts.len() > MOST_NAMED { format!(" and {} more", charts.len() - MOST_NAMED) } else { String::new() };
            let named = charts.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(", ");
            format!("{named}{more}: {why}")
        });
        let idle = section.images.exclude.iter().filter(|pattern| !self.images.iter().any(|image| images::fits(pattern, image)));
        let idle = idle.map(|pattern| format!("images.exclude: {pattern:.100} fits no image that was found"));
        unproven.chain(idle).collect()
    }
}

/// One chart of the section; what the summary says of it.
async fn one(from: &Repositories<'_>, section: &Section, item: &Item, locked: &mut Locked, known: &mut Known) -> Result<String> {
    let request = from.request;
    let ways = ways(item, request.base)?;
    let place = Place::parse(item.repository.as_deref().unwrap_or_default(), &from.plain_http)?;
    let pinned = item.sha256.as_deref().map(Digest::from_hex).transpose()?;
    let (version, pre_releases) = (item.version.clone(), item.pre_releases);
    let asked = Asked { place, chart: item.chart.clone(), version, pre_releases, pinned };
    let mut resolver = Resolver::new(from);
    let resolved = resolver.resolve(&asked).await?;
    request.progress.note(&format!("looking for the images of {} {}", resolved.name(), resolved.version()));
    let helm_version = section.helm_version.as_deref().unwrap_or(HELM_VERSION);
    let subject = Subject { package: &resolved.package, api_versions: &section.api_versions, helm_version };
    let found = images::find(&subject, &ways, &section.kube_versions, &section.images)?;
    let label = format!("{} {}", resolved.name(), resolved.version());
    locked.notes.append(&mut resolver.notes);
    for (why, mut charts) in std::mem::take(&mut resolver.unproven) {
        known.unproven.entry(why).or_default().append(&mut charts);
    }
    known.images.extend(found.images.iter().map(|image| image.reference.clone()));
    locked.notes.extend(notes(&label, &found));
    let carried = found.images.iter().filter(|image| image.carried);
    locked.wants.extend(carried.clone().map(|image| Want {
        reference: image.reference.clone(),
        wanted_by: format!("chart {label}, {}", image.found.first().map_or("", String::as_str)),
        kind: WantKind::ContainerImage,
        targets: section.targets.clone(),
    }));
    let said = format!("{label} · {}", count(carried.count(), "image"));
    // What is needed is carried as a chart of its own; its images are found as part of the chart that needs it.
    locked.artifacts.extend(resolver.needed.iter().map(|needed| artifact(needed, Found::default())));
    locked.artifacts.push(artifact(&resolved, found));
    Ok(said)
}

fn artifact(resolved: &Resolved, found: Found) -> Artifact {
    let repository = resolved.place.served();
    let name = format!("{repository}/{}", resolved.name());
    let mut meta = Meta {
        repository,
        source: resolved.place.address(),
        chart: Value::Object(super::metadata::clean(&resolved.package.config())),
        created: resolved.archive.created.clone(),
        root: resolved.archive.root.map(|root| root.to_string()),
        dependencies: resolved.dependencies.clone(),
        vendored: vendored(resolved).into_iter().map(|(name, version)| Vendored { name, version }).collect(),
        images: found.images,
        failures: found.failures,
        redirects: found.redirects,
        switches: found.switches,
    };
    meta.sort();
    Artifact {
        ecosystem: super::NAME.to_owned(),
        sections: vec![],
        name,
        version: resolved.version().to_owned(),
        descriptors: resolved.archive.blobs.clone(),
        subject: None,
        meta: meta.to_value(),
    }
}

/// The charts within the archive; what was added to it is not.
fn vendored(resolved: &Resolved) -> Vec<(String, String)> {
    let added = |(name, version): &(String, String)| resolved.dependencies.iter().any(|d| (&d.name, &d.version) == (name, version));
    resolved.package.inside().into_iter().filter(|chart| !added(chart)).collect()
}

fn notes(label: &str, found: &Found) -> Vec<String> {
    let mut notes: Vec<String> = found.failures.iter().map(|failure| format!("{label}: images may be missing: {failure}")).collect();
    let left: Vec<&str> = found.images.iter().filter(|image| !image.carried).map(|image| image.reference.as_str()).collect();
    if !left.is_empty() {
        let more = if left.len() > MOST_NAMED { format!(" and {} more", left.len() - MOST_NAMED) } else { String::new() };
        let named = left.iter().take(MOST_NAMED).copied().collect::<Vec<_>>().join(", ");
        notes.push(format!("{label}: found, and not carried: {named}{more}"));
    }
    let stuck = found.images.iter().filter(|image| image.redirected == Some(false)).count();
    if stuck > 0 {
        let images = count(stuck, "image");
        notes.push(format!(
            "{label}: no value of the chart leads {images} to a mirror: the nodes must be told of it (airlift client containerd)"
        ));
    }
    notes
}

/// Charts that several charts of the section need are one artifact; of one that is also asked for, the images count.
fn dedup(artifacts: &mut Vec<Artifact>) {
    let mut kept: Vec<Artifact> = Vec::new();
    for artifact in artifacts.drain(..) {
        let same = |known: &&mut Artifact| {
            (&known.name, &known.version, &known.descriptors) == (&artifact.name, &artifact.version, &artifact.descriptors)
        };
        match kept.iter_mut().find(same) {
            Some(known) => match crate::ecosystems::Ecosystem::unite(&super::Charts, &known.meta, &artifact.meta) {
                Some(united) => known.meta = united,
                None => kept.push(artifact),
            },
            None => kept.push(artifact),
        }
    }
    *artifacts = kept;
}

fn summary(locked: &Locked, words: &[String]) -> String {
    let size = locked.artifacts.iter().map(Artifact::size).sum();
    let needed = locked.artifacts.len().saturating_sub(words.len());
    let needed = if needed > 0 { format!(" · {} needed by them", count(needed, "chart")) } else { String::new() };
    match words {
        [one] => format!("{one}{needed} · {}", bytes(size)),
        _ => {
            let images: BTreeSet<&str> = locked.wants.iter().map(|want| want.reference.as_str()).collect();
            format!("{} · {}{needed} · {}", count(words.len(), "chart"), count(images.len(), "image"), bytes(size))
        }
    }
}
