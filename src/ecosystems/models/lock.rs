//! Section → artifacts: one commit of a repository each, every file with the digest the hub names, or learned by downloading it.

use super::NAME;
use super::commit::{Asked, Commit};
use super::hub::{Hub, MAIN};
use super::look::look;
use super::meta::{Kind as Sort, Reference, is_repo};
use super::plain;
use super::registry;
use super::section::{Item, References, Section};
use crate::artifact::Artifact;
use crate::ecosystems::{LockRequest, Locked, bytes, count};
use crate::error::{Error, Kind, Result};
use std::collections::{BTreeSet, VecDeque};

/// Most repositories that are followed from one section.
const MOST_FOLLOWED: usize = 100;

pub(super) async fn lock(request: LockRequest<'_>) -> Result<Locked> {
    let section: Section = request.section.parse()?;
    if !section.files.is_empty() {
        return plain::lock(&request, section).await;
    }
    let hub = Hub::new(section.hub.as_deref(), request.upstream)?;
    let (policy, pickles) = (section.references.unwrap_or_default(), section.pickles);
    let elsewhere = asked_elsewhere(&request);
    let mut known: BTreeSet<Known> = elsewhere.iter().map(|other| Known::of(&other.item)).collect();
    let (items, from_registries) = items(section)?;
    let mut queue: VecDeque<Item> = items.into();
    known.extend(queue.iter().map(Known::of));
    let (mut locked, mut commits, mut followed, mut words) = (Locked::default(), Vec::new(), 0, Vec::new());
    for reference in from_registries {
        let (artifacts, line) = registry::lock(&request, &reference, pickles, &mut locked.notes).await?;
        locked.artifacts.extend(artifacts);
        words.push(line);
    }
    while let Some(item) = queue.pop_front() {
        let commit = Commit::resolve(&hub, &Asked::from(item)).await?;
        let mut artifact = commit.artifact(&hub, &request, &mut locked.notes).await?;
        let named = commit.named(&artifact, &request, &mut locked.notes).await?;
        for reference in named.references.iter().filter(|_| policy == References::Follow) {
            let item = follow(reference);
            if !known.iter().any(|known| known.has(reference)) && known.insert(Known::of(&item)) {
                followed += 1;
                queue.push_back(item);
            }
        }
        if followed > MOST_FOLLOWED {
            return Err(
                Error::usage("too many repositories name one another").with("expected", format!("at most {MOST_FOLLOWED} are followed"))
            );
        }
        words.push(commit.summary(&artifact));
        let looked = look(&artifact, &artifact.descriptors, &request, pickles, &mut locked.notes).await?;
        artifact.sections = vec![request.section.name.clone()];
        known.insert(Known::is(&artifact));
        commits.push((locked.artifacts.len(), commit, named, looked));
        locked.artifacts.push(artifact);
    }
    let all = commits.iter().flat_map(|(_, _, named, _)| &named.references);
    known.extend(resolved(&request, &elsewhere, all.collect()).await);
    let mut missing = Vec::new();
    for (at, commit, mut named, looked) in commits {
        mark(&mut named.references, &known);
        missing.extend(named.references.iter().filter(|r| !r.carried).cloned().map(|reference| (commit.label(), reference)));
        locked.artifacts[at].meta = commit.meta(&hub, named, looked).to_value();
    }
    settle(&missing, policy, &mut locked.notes)?;
    locked.summary = summary(&locked.artifacts, &words);
    Ok(locked)
}

/// What a section asks a hub for, and what it asks registries for.
fn items(section: Section) -> Result<(Vec<Item>, Vec<String>)> {
    let mut items = section.items;
    let Section { kind, revision, include, exclude, oci, hub, references, .. } = section;
    if section.repo.is_some() && oci.is_some() {
        return Err(Error::usage("`repo` is of a hub and `oci` of a registry: give one of them, or both as `items`"));
    }
    if let Some(repo) = section.repo {
        items.insert(0, Item { repo, oci: None, kind, revision, include, exclude });
    } else if revision.is_some() || !include.is_empty() || !exclude.is_empty() || kind.is_some() {
        return Err(Error::usage("`kind`, `revision`, `include` and `exclude` belong to a `repo`"));
    }
    let mut from_registries: Vec<String> = oci.into_iter().collect();
    for item in items.iter().filter(|item| item.oci.is_some()) {
        if !item.repo.is_empty() || item.kind.is_some() || item.revision.is_some() || !item.include.is_empty() || !item.exclude.is_empty() {
            return Err(Error::usage("what a registry holds is carried whole: `oci` stands alone")
                .with("expected", "no `repo`, `kind`, `revision`, `include` or `exclude` beside it")
                .with("found", item.oci.clone().unwrap_or_default()));
        }
    }
    from_registries.extend(items.iter().filter_map(|item| item.oci.clone()));
    items.retain(|item| item.oci.is_none());
    if items.is_empty() && !from_registries.is_empty() && (hub.is_some() || references.is_some()) {
        return Err(Error::usage("`hub` and `references` belong to a `repo`; what a registry holds is not read for what it names")
            .hint("leave them out, or give `repo` too"));
    }
    if items.is_empty() && from_registries.is_empty() {
        return Err(Error::usage("no repository is named").hint("give `repo`, `oci`, or `items`"));
    }
    match items.iter().find(|item| !is_repo(&item.repo)) {
        Some(item) => {
            Err(Error::usage("this is no repository's name").with("expected", "owner/name").with("found", format!("{:.100}", item.repo)))
        }
        None => Ok((items, from_registries)),
    }
}

/// What another section asks for.
struct Elsewhere {
    hub: Option<String>,
    /// Whether it is made of plain files, which no hub knows.
    plain: bool,
    item: Item,
}

/// What the other sections of the manifest ask for.
fn asked_elsewhere(request: &LockRequest<'_>) -> Vec<Elsewhere> {
    let others = request.manifest.sections.iter().filter(|s| s.ecosystem == NAME && s.name != request.section.name);
    // One that cannot be read is refused when it is its turn.
    let read = others.filter_map(|s| {
        let section: Section = s.parse().ok()?;
        let (hub, plain) = (section.hub.clone(), !section.files.is_empty());
        Some((hub, plain, items(section).ok()?.0))
    });
    read.flat_map(|(hub, plain, items)| items.into_iter().map(move |item| Elsewhere { hub: hub.clone(), plain, item })).collect()
}

/// The commits of what other sections ask for, where a file names that repository by a revision. What a hub does not tell is not known.
async fn resolved(request: &LockRequest<'_>, elsewhere: &[Elsewhere], named: Vec<&Reference>) -> Vec<Known> {
    let mut found = Vec::new();
    for Elsewhere { hub, item, .. } in elsewhere.iter().filter(|other| !other.plain && other.item.kind() == Sort::Model) {
        if named.iter().any(|reference| reference.revision.is_some() && reference.repo.eq_ignore_ascii_case(&item.repo)) {
            let Ok(hub) = Hub::new(hub.as_deref(), request.upstream) else { continue };
            let account = hub.account(item.kind(), &item.repo, item.revision.as_deref().unwrap_or(MAIN)).await;
            found.extend(account.map(|account| Known { revision: Some(account.sha), ..Known::of(item) }));
        }
    }
    found
}

/// Says of each reference whether another section asks for it.
pub(super) async fn mark_elsewhere(request: &LockRequest<'_>, references: &mut [Reference]) {
    let elsewhere = asked_elsewhere(request);
    let mut known: BTreeSet<Known> = elsewhere.iter().map(|other| Known::of(&other.item)).collect();
    known.extend(resolved(request, &elsewhere, references.iter().collect()).await);
    mark(references, &known);
}

fn mark(references: &mut [Reference], known: &BTreeSet<Known>) {
    references.iter_mut().for_each(|reference| reference.carried = known.iter().any(|known| known.has(reference)));
}

/// A repository that is carried, at the revision or commit that is known of it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Known {
    kind: Sort,
    repo: String,
    revision: Option<String>,
}

impl Known {
    fn of(item: &Item) -> Self {
        Self { kind: item.kind(), repo: item.repo.to_ascii_lowercase(), revision: item.revision.clone() }
    }

    /// What was locked: under the name the hub has for it now, and by its commit.
    fn is(artifact: &Artifact) -> Self {
        let other = |kind: Sort| artifact.name.strip_prefix(kind.prefix()).map(|repo| (kind, repo));
        let (kind, repo) = other(Sort::Dataset).or_else(|| other(Sort::Space)).unwrap_or((Sort::Model, &artifact.name));
        Self { kind, repo: repo.to_ascii_lowercase(), revision: Some(artifact.version.clone()) }
    }

    /// Whether it is what a file names. Inside, a name without a revision means what there is of it.
    fn has(&self, reference: &Reference) -> bool {
        let same = (self.kind, self.repo.as_str()) == (Sort::Model, &*reference.repo.to_ascii_lowercase());
        same && (reference.revision.is_none() || reference.revision == self.revision)
    }
}

/// A repository that another one names is taken whole.
fn follow(reference: &Reference) -> Item {
    let (repo, revision) = (reference.repo.clone(), reference.revision.clone());
    Item { repo, oci: None, kind: None, revision, include: vec![], exclude: vec![] }
}

/// What is named and not carried is never left out in silence.
pub(super) fn settle(missing: &[(String, Reference)], policy: References, notes: &mut Vec<String>) -> Result<()> {
    let lines: Vec<String> =
        missing.iter().map(|(by, r)| format!("{} ({}), named by {by} in {}", r.repo, r.role.replace('-', " "), r.file)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if policy == References::Refuse {
        let names: BTreeSet<&str> = missing.iter().map(|(_, reference)| reference.repo.as_str()).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let missing = if let [one] = &names[..] { format!("{one} would be") } else { format!("{} repositories would be", names.len()) };
        return Err(Error::new(Kind::Policy, format!("{missing} missing inside"))
            .with_all("named", &lines)
            .hint(format!("ask for it in a section of its own ({}), or set references = \"follow\" or \"leave\"", names.join(", "))));
    }
    notes.extend(lines.into_iter().map(|line| format!("left out: {line}")));
    Ok(())
}

fn summary(artifacts: &[Artifact], words: &[String]) -> String {
    match words {
        [one] => one.clone(),
        _ => {
            let files = artifacts.iter().map(|a| a.descriptors.len()).sum();
            let size = artifacts.iter().map(Artifact::size).sum();
            format!("{} repositories · {} · {}", words.len(), count(files, "file"), bytes(size))
        }
    }
}
