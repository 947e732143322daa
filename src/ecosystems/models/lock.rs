//! Section → artifacts: one commit of a repository each, every file with the digest the hub names, or learned by downloading it.

use super::NAME;
use super::commit::{Asked, Commit};
use super::hub::Hub;
use super::meta::{Kind as Sort, Reference, is_repo};
use super::plain;
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
    let policy = section.references;
    let mut known = asked_elsewhere(&request);
    let mut queue: VecDeque<Item> = items(section)?.into();
    known.extend(queue.iter().map(|item| (item.kind, item.repo.to_ascii_lowercase())));
    let (mut locked, mut missing, mut followed, mut words) = (Locked::default(), Vec::new(), 0, Vec::new());
    while let Some(item) = queue.pop_front() {
        let commit = Commit::resolve(&hub, &Asked::from(item)).await?;
        let mut artifact = commit.artifact(&hub, &request, &mut locked.notes).await?;
        let mut references = commit.references(&artifact, request.cache, &mut locked.notes)?;
        for reference in &mut references {
            let key = (Sort::Model, reference.repo.to_ascii_lowercase());
            reference.carried = known.contains(&key);
            if !reference.carried && policy == References::Follow {
                followed += 1;
                queue.push_back(follow(reference));
                reference.carried = known.insert(key);
            }
        }
        if followed > MOST_FOLLOWED {
            return Err(
                Error::usage("too many repositories name one another").with("expected", format!("at most {MOST_FOLLOWED} are followed"))
            );
        }
        missing.extend(references.iter().filter(|r| !r.carried).cloned().map(|reference| (commit.label(), reference)));
        words.push(commit.summary(&artifact));
        artifact.meta = commit.meta(references).to_value();
        artifact.sections = vec![request.section.name.clone()];
        locked.artifacts.push(artifact);
    }
    settle(&missing, policy, &mut locked.notes)?;
    locked.summary = summary(&locked.artifacts, &words);
    Ok(locked)
}

fn items(section: Section) -> Result<Vec<Item>> {
    let mut items = section.items;
    let Section { kind, revision, include, exclude, .. } = section;
    if let Some(repo) = section.repo {
        items.insert(0, Item { repo, kind, revision, include, exclude });
    } else if revision.is_some() || !include.is_empty() || !exclude.is_empty() || kind != Sort::default() {
        return Err(Error::usage("`kind`, `revision`, `include` and `exclude` belong to a `repo`"));
    }
    if items.is_empty() {
        return Err(Error::usage("no repository is named").hint("give `repo`, or `items`"));
    }
    match items.iter().find(|item| !is_repo(&item.repo)) {
        Some(item) => {
            Err(Error::usage("this is no repository's name").with("expected", "owner/name").with("found", format!("{:.100}", item.repo)))
        }
        None => Ok(items),
    }
}

/// What the other sections of the manifest ask for.
fn asked_elsewhere(request: &LockRequest<'_>) -> BTreeSet<(Sort, String)> {
    let others = request.manifest.sections.iter().filter(|s| s.ecosystem == NAME && s.name != request.section.name);
    // One that cannot be read is refused when it is its turn.
    let items = others.filter_map(|s| items(s.parse().ok()?).ok()).flatten();
    items.map(|item| (item.kind, item.repo.to_ascii_lowercase())).collect()
}

/// A repository that another one names is taken whole.
fn follow(reference: &Reference) -> Item {
    let (repo, revision) = (reference.repo.clone(), reference.revision.clone());
    Item { repo, kind: Sort::Model, revision, include: vec![], exclude: vec![] }
}

/// What is named and not carried is never left out in silence.
fn settle(missing: &[(String, Reference)], policy: References, notes: &mut Vec<String>) -> Result<()> {
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
            format!("{} repositories · {} · {}", artifacts.len(), count(files, "file"), bytes(size))
        }
    }
}
