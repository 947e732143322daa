//! From a section to locked packages: read what is asked, solve it for each target, learn what the indexes did not tell.
//!
//! In: a [`LockRequest`]. Out: one artifact a package, the summary line, notes. The network is asked for indexes; an archive is
//! downloaded here only where its index tells no SHA-256. Everything is a function of the inputs and of what the channels answer: no
//! clock but the request's, no randomness, sorted output. Only the room's `lock` calls this.

mod channel;
mod closure;
mod collect;
mod excluded;
mod exports;
mod index;
mod inputs;
mod listed;
mod machine;
mod record;
mod relations;
mod solve;
mod spec;
mod summary;
#[cfg(test)]
mod tests;
mod unmet;

use super::meta::Meta;
use super::section::{Section, Source};
use crate::artifact::Artifact;
use crate::ecosystems::{LockRequest, Locked};
use crate::error::{Error, Result};
use channel::Channels;
use closure::Found;
use collect::{Packages, Picked};
use excluded::Excluded;
use futures::future::FutureExt;
use futures::stream::{self, StreamExt, TryStreamExt};
use index::{Index, Reader};
use machine::Machine;
use serde_json::Value;
use solve::Asked;
use spec::Spec;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Indexes that are read at the same time: each may be large.
const AT_ONCE: usize = 2;
/// Archives whose size or digest is asked for at the same time.
const LEARNING: usize = 8;

/// Resolves a section.
pub async fn lock(request: LockRequest<'_>) -> Result<Locked> {
    let section: Section = request.section.parse()?;
    request.progress.begin("solving", 0);
    let locked = locked(&request, &section).await;
    request.progress.end("solving");
    locked
}

async fn locked(request: &LockRequest<'_>, section: &Section) -> Result<Locked> {
    let source = section.check()?;
    let machines = machines(request, section)?;
    let mut channels = Channels::of(section, &request.upstream.settings().plain_http)?;
    let reader = Reader::new(request.upstream, request.cache);
    let mut notes = Vec::new();
    let mut packages = match source {
        Source::Solved => solved(request, section, &machines, &mut channels, &reader, &mut notes).await?,
        Source::Explicit(file) => {
            let listed = inputs::explicit(request.base, file)?;
            listed::find(&reader, &mut channels, &machines, (file, listed), &mut notes).await?
        }
        Source::Lock(file) => {
            let listed = inputs::locked(request.base, file, section, &machines, &mut notes)?;
            listed::find(&reader, &mut channels, &machines, (file, listed), &mut notes).await?
        }
    };
    if source != Source::Solved {
        notes.extend(unmet::note(&packages));
    }
    if section.run_exports {
        exports::add(&reader, &mut packages, &mut notes).await?;
    }
    notes.extend(channels.list.iter().filter_map(channel::note));
    notes.extend(summary::without_pip(&packages));
    let given: BTreeSet<String> = packages.values().map(|picked| picked.channel.name.clone()).collect();
    let mut artifacts = artifacts(request, packages).await?;
    notes.extend(summary::learned(&artifacts));
    if let Some(first) = artifacts.first_mut() {
        beside(first, &channels, &given)?;
    }
    Ok(Locked { summary: summary::line(&artifacts, &machines), artifacts, notes, wants: vec![] })
}

fn machines(request: &LockRequest<'_>, section: &Section) -> Result<Vec<Machine>> {
    let targets = request.manifest.targets_for(request.section, section.targets.as_deref())?;
    if targets.is_empty() {
        return Err(Error::usage("no target says what machine to solve for")
            .hint("add one: [targets.workstation] with platform = \"linux-x86_64\""));
    }
    targets.iter().map(|target| Machine::new(target, section)).collect()
}

async fn solved(
    request: &LockRequest<'_>,
    section: &Section,
    machines: &[Machine],
    channels: &mut Channels,
    reader: &Reader<'_>,
    notes: &mut Vec<String>,
) -> Result<Packages> {
    let asked = asked(request, section, channels, notes)?;
    if channels.list.is_empty() {
        return Err(Error::usage("no channel is named").hint("add one: channels = [\"conda-forge\"]"));
    }
    notes.extend(asked.newest.map(|newest| format!("nothing published after {newest} was considered")));
    let indexes = open(reader, channels, machines).await?;
    indexes.iter().for_each(|index| channels.told(index.channel, &index.relations));
    notes.extend(relations::unnamed(channels));
    let mut packages = Packages::new();
    let mut idle: BTreeSet<&str> = asked.excluded.iter().map(|one| one.text.as_str()).collect();
    for machine in machines {
        check_platforms(&asked, machine)?;
        let own: Vec<&Index> = indexes.iter().filter(|index| [machine.subdir, "noarch"].contains(&index.subdir.as_str())).collect();
        let names = asked.specs.iter().map(|spec| spec.name.clone()).collect();
        let found = Arc::new(Found::gather(&own, &channels.list, reader, names).await?);
        idle = &idle & &excluded::idle(&found, &asked.excluded);
        let records = solve::solve(found.clone(), &asked, machine).await?;
        for record in &records {
            let (place, text) =
                found.record(record, &own, &channels.list).ok_or_else(|| Error::failed("the solver chose what it was not given"))?;
            let file = record.identifier.to_file_name();
            let Ok(Value::Object(fields)) = text.value() else {
                return Err(Error::verification(format!("{file}: its record is not strict JSON")));
            };
            let (channel, subdir) = (channels.list[own[place].channel].clone(), own[place].subdir.clone());
            let picked =
                Picked { channel, subdir, file, record: fields, origins: vec![record.url.clone()], pinned: false, run_exports: None };
            packages.insert(picked.key(), picked);
        }
        notes.extend(
            summary::passed(found.passed_count, &found.passed).into_iter().filter(|note| !notes.contains(note)).collect::<Vec<_>>(),
        );
        // To free so many texts takes a while; the next target need not wait for it.
        drop(tokio::task::spawn_blocking(move || drop(found)));
    }
    notes.extend(idle.into_iter().map(|text| format!("exclude: {text:.100} means nothing that what is asked for leads to")));
    Ok(packages)
}

/// What the section and its environment file ask for.
fn asked(request: &LockRequest<'_>, section: &Section, channels: &mut Channels, notes: &mut Vec<String>) -> Result<Asked> {
    let from_file = section.environment.as_deref().map(|file| inputs::environment(request.base, file, section, channels, notes));
    let mut specs: Vec<Spec> = section.specs.iter().map(|text| Spec::parse(text, channels)).collect::<Result<_>>()?;
    specs.extend(from_file.transpose()?.into_iter().flatten());
    let constraints = section.constraints.iter().map(|text| Spec::parse(text, channels)).collect::<Result<_>>()?;
    let excluded = section.exclude.iter().map(|text| Excluded::parse(text, channels)).collect::<Result<_>>()?;
    if specs.is_empty() {
        return Err(Error::usage("it asks for no package").hint("give `specs`"));
    }
    Ok(Asked { specs, constraints, excluded, priority: section.priority, newest: section.newest(request.now)? })
}

/// A spec that names a platform is for machines of that platform.
fn check_platforms(asked: &Asked, machine: &Machine) -> Result<()> {
    let other = asked.specs.iter().find_map(|spec| spec.subdir.as_deref().filter(|subdir| ![machine.subdir, "noarch"].contains(subdir)));
    match other {
        None => Ok(()),
        Some(other) => Err(Error::usage(format!("target {}: a spec names another platform", machine.name))
            .with("expected", format!("{} or noarch", machine.subdir))
            .with("found", format!("{other:.60}"))
            .hint("write a section for each platform, with its own `targets`")),
    }
}

/// The indexes of all channels, in their order: each platform, then what is for all.
async fn open(reader: &Reader<'_>, channels: &Channels, machines: &[Machine]) -> Result<Vec<Index>> {
    let mut subdirs: Vec<&str> = machines.iter().map(|machine| machine.subdir).collect::<BTreeSet<_>>().into_iter().collect();
    subdirs.push("noarch");
    let mut work = Vec::new();
    for (place, channel) in channels.list.iter().enumerate() {
        for subdir in &subdirs {
            work.push(Index::open(reader, channel, place, subdir).boxed());
        }
    }
    stream::iter(work).buffered(AT_ONCE).try_collect().await
}

/// Names with one package the channels that gave nothing, so that they are served too, and what the channels are built upon.
fn beside(artifact: &mut Artifact, channels: &Channels, given: &BTreeSet<String>) -> Result<()> {
    let all: BTreeSet<String> = channels.list.iter().map(|channel| channel.name.clone()).collect();
    let meta = Meta::of(artifact)?;
    artifact.meta = Meta { beside: all.difference(given).cloned().collect(), relations: relations::named(channels), ..meta }.to_value();
    Meta::of(artifact).map(|_| ())
}

async fn artifacts(request: &LockRequest<'_>, packages: Packages) -> Result<Vec<Artifact>> {
    let work: Vec<_> = packages.into_values().map(|picked| picked.artifact(request).boxed()).collect();
    stream::iter(work).buffered(LEARNING).try_collect().await
}
