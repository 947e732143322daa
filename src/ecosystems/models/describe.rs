//! What can be said of a commit: package URL, what its card declares, what its files are.

use super::carried::Carried;
use super::format::{Format, LOOKED_AT, MOST_LOOKED_AT, Sight, recognise};
use super::meta::{Kind, Looked, Meta};
use crate::artifact::{Artifact, Blobs, Completeness, Description, Descriptor, Licence, percent_encoded};
use crate::error::Result;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;

/// Describes an artifact; without its blobs, from the lock alone.
pub(super) fn describe(artifact: &Artifact, blobs: &dyn Blobs) -> Result<Description> {
    if Carried::is_of(artifact) {
        return of_a_registry(artifact, blobs);
    }
    let meta = super::examine::with_card(Meta::of(artifact)?, artifact, blobs)?;
    let card = &meta.card;
    let mut dependencies: Vec<String> = meta.references.iter().map(|r| purl(Kind::Model, &r.repo, r.revision.as_deref())).collect();
    dependencies.dedup();
    Ok(Description {
        purl: purl(meta.kind, &meta.repo, Some(&meta.commit)),
        summary: card.pipeline.as_ref().map(|task| task.replace('-', " ")),
        licences: card.licences().map(|expression| Licence { expression, source: "model card license".to_owned() }).collect(),
        supplier: meta.repo.split_once('/').map(|(owner, _)| owner.to_owned()),
        dependencies,
        dependencies_known: if meta.whole && meta.unread.is_empty() { Completeness::Complete } else { Completeness::Partial },
        origins: artifact.descriptors.first().map(|blob| blob.origins.clone()).unwrap_or_default(),
        properties: properties(&meta, artifact, blobs),
    })
}

/// `pkg:huggingface/OWNER/NAME@COMMIT`; what is no model says so.
pub(super) fn purl(kind: Kind, repo: &str, commit: Option<&str>) -> String {
    let name: Vec<String> = repo.split('/').map(percent_encoded).collect();
    let version = commit.map(|commit| format!("@{}", percent_encoded(commit))).unwrap_or_default();
    let kind = if kind == Kind::Model { String::new() } else { format!("?repo_type={}", kind.prefix().trim_end_matches("s/")) };
    format!("pkg:huggingface/{}{version}{kind}", name.join("/"))
}

fn properties(meta: &Meta, artifact: &Artifact, blobs: &dyn Blobs) -> BTreeMap<String, String> {
    let (mut formats, pickles) = formats(artifact, meta.looked.as_ref(), blobs);
    let names = || artifact.descriptors.iter().filter_map(|d| d.name.as_deref());
    let has = |extension: &str| names().any(|name| Path::new(name).extension().is_some_and(|x| x == extension));
    // The hub has read some of them.
    let read = meta.card.architecture.is_some() || meta.card.context_length.is_some();
    formats.extend(Some(Format::Gguf.name()).filter(|_| read && has("gguf")));
    let parameters: u64 = meta.card.parameters.values().fold(0, |sum, n| sum.saturating_add(*n));
    let code: Vec<&str> = names().filter(|name| Path::new(name).extension().is_some_and(|x| x == "py")).collect();
    let left: BTreeSet<&str> = meta.references.iter().filter(|r| !r.carried).map(|r| r.repo.as_str()).collect();
    let all = [
        ("formats", joined(&formats)),
        ("pickle", joined(&pickles)),
        ("not looked into", not_looked_into(meta.looked.as_ref())),
        ("code", code.join(", ")),
        ("library", meta.card.library.clone().unwrap_or_default()),
        ("parameters", if parameters == 0 { String::new() } else { parameters.to_string() }),
        ("architecture", meta.card.architecture.clone().unwrap_or_default()),
        ("context length", meta.card.context_length.map(|tokens| tokens.to_string()).unwrap_or_default()),
        ("base models", meta.card.base_models.join(", ")),
        ("licence link", meta.card.licence_link.clone().unwrap_or_default()),
        ("terms", meta.terms.clone().unwrap_or_default()),
        ("gated", if meta.gated { "the hub asks for its terms to be accepted".to_owned() } else { String::new() }),
        ("not carried", joined(&left)),
        ("not read for what it names", meta.unread.join(", ")),
        ("part", if meta.whole { String::new() } else { "not all files of the commit are carried".to_owned() }),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Of how many files it is not known whether they carry pickles.
fn not_looked_into(looked: Option<&Looked>) -> String {
    looked.filter(|looked| looked.unknown > 0).map_or_else(String::new, |looked| looked.unknown.to_string())
}

fn joined(list: &BTreeSet<&str>) -> String {
    list.iter().copied().collect::<Vec<_>>().join(", ")
}

/// What a registry holds, in the words of its configuration; package URL of type `oci`.
fn of_a_registry(artifact: &Artifact, blobs: &dyn Blobs) -> Result<Description> {
    let meta = Carried::of(artifact)?;
    let (formats, pickles) = formats(artifact, meta.looked.as_ref(), blobs);
    let name = percent_encoded(meta.oci.rsplit('/').next().unwrap_or_default());
    let tag = meta.tag.as_ref().map(|tag| format!("&tag={}", percent_encoded(tag))).unwrap_or_default();
    let all = [
        ("formats", joined(&formats)),
        ("format", meta.about.format.clone().unwrap_or_default()),
        ("architecture", meta.about.architecture.clone().unwrap_or_default()),
        ("parameters", meta.about.parameters.clone().unwrap_or_default()),
        ("base models", meta.about.base_models.join(", ")),
        ("pickle", joined(&pickles)),
        ("not looked into", not_looked_into(meta.looked.as_ref())),
        ("artifact type", meta.artifact_type.clone().unwrap_or_default()),
    ];
    let source = "configuration of the artifact";
    Ok(Description {
        purl: format!("pkg:oci/{name}@{}?repository_url={}{tag}", meta.root, percent_encoded(&meta.oci)),
        summary: meta.about.description.clone().or_else(|| meta.about.title.clone()),
        licences: meta.about.licences.iter().map(|l| Licence { expression: l.clone(), source: source.to_owned() }).collect(),
        supplier: meta.about.vendor.clone(),
        dependencies: vec![],
        dependencies_known: Completeness::Unknown,
        origins: artifact.descriptors.first().map(|root| root.origins.clone()).unwrap_or_default(),
        properties: all.into_iter().filter(|(_, value)| !value.is_empty()).map(|(key, value)| (key.to_owned(), value)).collect(),
    })
}

/// The formats that the files show by content, and the files whose loading runs what they say.
fn formats<'a>(artifact: &'a Artifact, looked: Option<&'a Looked>, blobs: &dyn Blobs) -> (BTreeSet<&'a str>, BTreeSet<&'a str>) {
    let (mut formats, mut pickles) = (BTreeSet::new(), BTreeSet::new());
    formats.extend(looked.into_iter().flat_map(|looked| looked.formats.iter().map(String::as_str)));
    pickles.extend(looked.into_iter().flat_map(|looked| looked.pickles.iter().map(String::as_str)));
    for blob in &artifact.descriptors {
        let format = format(blob, blobs);
        formats.extend(format.map(Format::name));
        pickles.extend(blob.name.as_deref().filter(|_| format.is_some_and(Format::carries_pickle)));
    }
    (formats, pickles)
}

/// The format of a file that is at hand.
pub(super) fn format(blob: &Descriptor, blobs: &dyn Blobs) -> Option<Format> {
    let (mut file, mut start) = (blobs.open(&blob.digest).ok()??, Vec::new());
    file.by_ref().take(LOOKED_AT as u64).read_to_end(&mut start).ok()?;
    let mut seen = recognise(&start, blob.size);
    if let Sight::Unsure(wanted @ ..=MOST_LOOKED_AT) = seen {
        file.take(wanted.saturating_sub(start.len() as u64)).read_to_end(&mut start).ok()?;
        seen = recognise(&start, blob.size);
    }
    match seen {
        Sight::Is(format) => Some(format),
        Sight::Other | Sight::Unsure(_) => None,
    }
}
