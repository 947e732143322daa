//! A section → artifacts: tags become digests, indexes become the platforms that are wanted, signatures are looked for.

use super::attached::{Around, artifact, outcome};
use super::meta::{Meta, Referrers, Role, Signatures, State};
use super::reference::{Reference, check_host, check_mirror};
use super::section::{Section, Wanted};
use super::tree::Tree;
use crate::artifact::{Artifact, Digest, Learned};
use crate::ecosystems::attached::Search;
use crate::ecosystems::{LockRequest, Locked, bytes, count};
use crate::error::{Error, Kind, Result};
use crate::upstream::oci::Repository;
use futures::{StreamExt, TryStreamExt};
use std::collections::{BTreeMap, BTreeSet};

/// References resolved at once.
const AT_ONCE: usize = 3;

/// One reference, resolved.
struct Image {
    artifacts: Vec<Artifact>,
    notes: Vec<String>,
    index: bool,
    platforms: BTreeSet<String>,
    layers: BTreeSet<Digest>,
    signatures: Signatures,
}

/// Resolves a section.
pub(super) async fn lock(request: LockRequest<'_>) -> Result<Locked> {
    let label = request.section.label();
    let section: Section = request.section.parse()?;
    if section.references.is_empty() && section.sets_something() {
        return Ok(Locked {
            summary: "asks for nothing; its mirrors and registries count for what others want".to_owned(),
            ..Locked::default()
        });
    }
    lock_section(&request, &section).await.map_err(|e| e.about(&label))
}

/// Resolves what a section says, whoever wrote it.
pub(super) async fn lock_section(request: &LockRequest<'_>, section: &Section) -> Result<Locked> {
    let targets = request.manifest.targets_for(request.section, section.targets.as_deref())?;
    let (wanted, references) = plan(section, &targets)?;
    let images: Vec<_> = references.iter().map(|reference| resolve(request, section, &wanted, reference)).collect();
    let images: Vec<Image> = futures::stream::iter(images).buffered(AT_ONCE).try_collect().await?;
    let summary = summary(&images);
    let (mut artifacts, mut notes) = (vec![], vec![]);
    for image in images {
        artifacts.extend(image.artifacts);
        notes.extend(image.notes);
    }
    for artifact in &mut artifacts {
        artifact.sections = vec![request.section.name.clone()];
    }
    Ok(Locked { artifacts, summary, notes, wants: vec![] })
}

/// What the section asks for, checked before anything is asked of a network.
fn plan(section: &Section, targets: &[crate::artifact::Target]) -> Result<(Wanted, Vec<Reference>)> {
    for (registry, mirrors) in &section.mirrors {
        check_host("the registry in `mirrors`", registry)?;
        mirrors.iter().try_for_each(|mirror| check_mirror(mirror))?;
    }
    section.plain_http.iter().try_for_each(|host| check_host("the host in `plain-http`", host))?;
    let mut references: Vec<Reference> = section.references.iter().map(|text| Reference::parse(text)).collect::<Result<_>>()?;
    references.sort();
    references.dedup();
    let mut tags = BTreeMap::new();
    for reference in &references {
        if let Some(other) = tags.insert((reference.name(), reference.version()), reference) {
            return Err(Error::usage(format!("{}:{} is pinned twice and differently", reference.name(), reference.version()))
                .with("found", format!("{other} and {reference}")));
        }
    }
    if references.is_empty() {
        return Err(Error::usage("it asks for nothing").hint("references = [\"quay.io/team/app:1.2\"]"));
    }
    Ok((section.wanted(targets)?, references))
}

async fn resolve(request: &LockRequest<'_>, section: &Section, wanted: &Wanted, reference: &Reference) -> Result<Image> {
    request.progress.note(&format!("asking for {reference}"));
    let image = resolve_image(request, section, wanted, reference).await;
    image.map_err(|e| e.about(reference))
}

async fn resolve_image(request: &LockRequest<'_>, section: &Section, wanted: &Wanted, reference: &Reference) -> Result<Image> {
    let mirrors = section.mirrors.get(&reference.registry).map_or(&[][..], Vec::as_slice);
    let repository = Repository::new(request.upstream, &reference.registry, &reference.repository, mirrors, &section.plain_http)?;
    let tree = Tree::grow(&repository, &repository.manifest(&reference.wanted()).await?, wanted).await?;
    let (name, root) = (reference.name(), &tree.nodes[0]);
    let around = Around { repository: &repository, name: &name };
    let search = Search { repository: &repository, referrers: section.referrers, cosign: section.signatures, room: &around };
    let known = |platform: &crate::server::oci::Platform| !platform.is_unknown();
    let subjects = tree.nodes.iter().enumerate().filter(|(at, node)| *at == 0 || node.platform.as_ref().is_some_and(known));
    let attached = search.run(subjects.map(|(_, node)| node.digest).collect()).await;
    let attached = attached.map_err(|error| match error.kind() {
        Kind::Verification if section.referrers => error.hint("to carry it without what refers to it: referrers = false"),
        _ => error,
    })?;
    let signatures = outcome(&search, &attached);
    let platforms: BTreeSet<String> = tree.platforms.iter().map(ToString::to_string).collect();
    // What refers to something is listed under a type even where it has none of its own.
    let artifact_type = root.document.subject.map_or(root.document.artifact_type.as_deref(), |_| root.document.kind());
    let meta = Meta {
        repository: name.clone(),
        role: Role::Image,
        tag: reference.tag.clone(),
        root: root.digest.to_string(),
        media_type: root.media_type.clone(),
        artifact_type: artifact_type.map(str::to_owned),
        platforms: platforms.iter().cloned().collect(),
        missing: tree.missing.clone(),
        signatures: Some(signatures),
    };
    let learned = if reference.digest.is_some() { Learned::Pinned } else { Learned::Upstream };
    let mut artifacts = vec![artifact(&meta, tree.descriptors(&repository, learned)?, root.document.subject)];
    let mut notes = notes(&tree, &signatures);
    notes.extend(attached.notes);
    artifacts.extend(attached.artifacts);
    let notes = notes.into_iter().map(|note| format!("{reference}: {note}")).collect();
    Ok(Image { artifacts, notes, index: root.is_index(), platforms, layers: tree.layers().collect(), signatures })
}

fn notes(tree: &Tree, signatures: &Signatures) -> Vec<String> {
    let mut notes = tree.notes.clone();
    if signature(signatures) == "none found" {
        notes.push("looked for signatures (cosign's tags, referrers): there are none".to_owned());
    }
    if tree.nodes.iter().flat_map(|node| node.document.parts()).any(|part| part.media_type.ends_with("+zstd")) {
        notes.push("has layers compressed with zstd, which Docker before 23 cannot read".to_owned());
    }
    notes
}

/// `1 index, 2 platforms · 41 layers · 3.2 GB   signature: cosign, carried`.
fn summary(images: &[Image]) -> String {
    let indexes = images.iter().filter(|image| image.index).count();
    let platforms: BTreeSet<&String> = images.iter().flat_map(|image| &image.platforms).collect();
    let layers: BTreeSet<&Digest> = images.iter().flat_map(|image| &image.layers).collect();
    let blobs = images.iter().flat_map(|image| &image.artifacts).flat_map(|artifact| &artifact.descriptors);
    let blobs: BTreeMap<Digest, u64> = blobs.map(|blob| (blob.digest, blob.size)).collect();
    let what = [(indexes, "index"), (images.len() - indexes, "image"), (platforms.len(), "platform")];
    let what = what.into_iter().filter(|(n, _)| *n > 0).map(|(n, word)| count(n, word)).collect::<Vec<_>>().join(", ");
    let layers = if layers.is_empty() { "no layers".to_owned() } else { count(layers.len(), "layer") };
    format!("{what} · {layers} · {}   {}", bytes(blobs.values().sum()), found(images))
}

fn found(images: &[Image]) -> String {
    let all: Vec<String> = images.iter().map(|image| signature(&image.signatures)).collect();
    match &all[..] {
        [one] => format!("signature: {one}"),
        [first, rest @ ..] if rest.iter().all(|other| other == first) => format!("signatures: {first}"),
        _ => format!("signatures: {} of {} images", all.iter().filter(|s| s.ends_with("carried")).count(), all.len()),
    }
}

fn signature(signatures: &Signatures) -> String {
    let cosign = (signatures.cosign == State::Carried).then(|| "cosign".to_owned());
    let referrers = match signatures.referrers {
        Referrers::Carried(number @ 1..) => Some(count(number as usize, "referrer")),
        Referrers::Carried(0) | Referrers::None(_) => None,
    };
    match (cosign, referrers, signatures.cosign, signatures.referrers) {
        (Some(cosign), Some(referrers), ..) => format!("{cosign} and {referrers}, carried"),
        (Some(one), None, ..) | (None, Some(one), ..) => format!("{one}, carried"),
        (None, None, State::NotLookedFor, Referrers::None(State::NotLookedFor)) => "not looked for".to_owned(),
        _ => "none found".to_owned(),
    }
}
