//! The room's payload in the lock: which commit of which repository, under which names, and what its card says.

use super::git::is_object_name;
use crate::artifact::Artifact;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Most entries of any list: a lock with more is not written, and not served.
const MOST: usize = 10_000;
/// Most names of files that were not looked into.
const MOST_UNSEEN: usize = 1000;
/// Longest name, revision or path in such a list, in bytes.
const LONGEST: usize = 4096;

/// What a repository holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    /// A model.
    #[default]
    Model,
    /// A dataset.
    Dataset,
    /// An application.
    Space,
}

impl Kind {
    /// All of them.
    pub(super) const ALL: [Self; 3] = [Self::Model, Self::Dataset, Self::Space];

    /// The word in paths below `/api/`.
    pub(super) const fn plural(self) -> &'static str {
        match self {
            Self::Model => "models",
            Self::Dataset => "datasets",
            Self::Space => "spaces",
        }
    }

    /// What stands before the repository in the path of a file.
    pub(super) const fn prefix(self) -> &'static str {
        match self {
            Self::Model => "",
            Self::Dataset => "datasets/",
            Self::Space => "spaces/",
        }
    }
}

/// `meta` of an artifact of this room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Meta {
    /// What the repository holds.
    pub kind: Kind,
    /// The repository as the hub calls it.
    pub repo: String,
    /// The commit, 40 hex digits; the artifact's version.
    pub commit: String,
    /// Branches and tags that named the commit when it was locked, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revisions: Vec<String>,
    /// Other names of the repository that the manifest or another repository used, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Whether every file of the commit is among the blobs.
    pub whole: bool,
    /// Whether the hub asks for its terms to be accepted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gated: bool,
    /// Where those terms are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<String>,
    /// What the model card says.
    #[serde(default)]
    pub card: Card,
    /// What the beginnings of its files showed, where they were looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked: Option<Looked>,
    /// Repositories that its files name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// Configurations of which it is not known what they name, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<String>,
}

/// What the hub reads from the head of a model card.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct Card {
    /// `license`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub licences: Vec<String>,
    /// `license_name`, where the licence is none of the hub's list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence_name: Option<String>,
    /// `license_link`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence_link: Option<String>,
    /// `base_model`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub base_models: Vec<String>,
    /// `library_name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub library: Option<String>,
    /// `pipeline_tag`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<String>,
    /// `tags`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Number of parameters by type of number, where the hub has counted them; of GGUF files together, as `GGUF`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, u64>,
    /// The architecture of GGUF files, as the hub read it from them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// How many tokens GGUF files take at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_length: Option<u64>,
}

impl Card {
    /// The licences by their names: one that is none of the hub's list by the name it has of its own.
    pub(super) fn licences(&self) -> impl Iterator<Item = String> {
        self.licences.iter().map(|licence| match (licence.as_str(), &self.licence_name) {
            ("other", Some(name)) => name.clone(),
            (licence, _) => licence.to_owned(),
        })
    }
}

/// What the beginnings of files showed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct Looked {
    /// Formats that were recognised, sorted.
    pub formats: Vec<String>,
    /// Files whose loading runs what they say, sorted.
    pub pickles: Vec<String>,
    /// Files of which it is not known whether they carry pickles (not looked at, archives, undecided): how many.
    #[serde(skip_serializing_if = "is_zero")]
    pub unknown: u64,
    /// Their names, sorted, as far as they are kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unseen: Vec<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Looked {
    /// What two looks at parts of one thing showed together, if either was made.
    pub(super) fn together(first: Option<Self>, second: Option<Self>) -> Option<Self> {
        match (first, second) {
            (Some(first), Some(second)) => Some(first.united(second)),
            (first, second) => first.or(second),
        }
    }

    fn united(mut self, other: Self) -> Self {
        // Those without a name may be any: they are counted twice rather than not at all.
        let unnamed = |looked: &Self| looked.unknown.saturating_sub(looked.unseen.len() as u64);
        self.unknown = unnamed(&self).saturating_add(unnamed(&other));
        self.formats.extend(other.formats);
        self.pickles.extend(other.pickles);
        for list in [&mut self.formats, &mut self.pickles] {
            list.sort();
            list.dedup();
        }
        let unseen: BTreeSet<String> = std::mem::take(&mut self.unseen).into_iter().chain(other.unseen).collect();
        self.pass_over(unseen);
        self
    }

    /// Counts files of which it is not known whether they carry pickles.
    pub(super) fn pass_over(&mut self, names: impl IntoIterator<Item = String>) {
        for name in names {
            self.unknown = self.unknown.saturating_add(1);
            if self.unseen.len() < MOST_UNSEEN {
                self.unseen.push(name);
            }
        }
        self.unseen.sort();
    }
}

/// A repository that a file names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Reference {
    /// The repository.
    pub repo: String,
    /// The revision, where the file says one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// What it is needed for: `code`, `base-model`, `tokenizer`, `verifier`, `text-model`, `vision-model`, `audio-model`, `backbone`.
    pub role: String,
    /// The file that names it.
    pub file: String,
    /// Whether the manifest asks for it, or it was followed.
    pub carried: bool,
}

impl Meta {
    /// The payload of an artifact, checked against the artifact itself.
    pub(super) fn of(artifact: &Artifact) -> Result<Self> {
        let wrong = |why: &str| Error::verification(format!("{}: its entry in the lock is refused: {why}", artifact.label()));
        let meta = Self::deserialize(&artifact.meta).map_err(|e| wrong("it is not that of a repository").because(&e))?;
        if artifact.name != format!("{}{}", meta.kind.prefix(), meta.repo) || artifact.version != meta.commit {
            return Err(wrong("name and commit disagree").with("found", format!("{} {:.40}", meta.repo, meta.commit)));
        }
        if !is_object_name(&meta.commit) || !is_repo(&meta.repo) {
            return Err(wrong("repository or commit is malformed"));
        }
        if let Some((what, most, found)) = meta.excess() {
            return Err(wrong(what).with("expected", format!("at most {most}")).with("found", found));
        }
        if artifact.descriptors.iter().any(|blob| blob.name.is_none()) {
            return Err(wrong("it lists a file without a name"));
        }
        Ok(meta)
    }

    /// What of it is beyond the bounds: the first such thing, the bound, and what was found.
    fn excess(&self) -> Option<(&'static str, usize, usize)> {
        let lists = [
            ("its revisions are too many", self.revisions.len()),
            ("its other names are too many", self.aliases.len()),
            ("its files name too many repositories", self.references.len()),
            ("its files that were not read are too many", self.unread.len()),
            ("its card has too many tags", self.card.tags.len()),
            ("its card has too many kinds of parameters", self.card.parameters.len()),
        ];
        let texts = self.references.iter().flat_map(|reference| {
            let revision = reference.revision.as_deref().unwrap_or_default();
            [("a file names a repository, or a revision of it, of excessive length", reference.repo.len().max(revision.len()))]
        });
        let names = self.revisions.iter().chain(&self.aliases).map(|name| ("a revision or name of it is too long", name.len()));
        let lists = lists.into_iter().map(|(what, found)| (what, MOST, found));
        let texts = texts.chain(names).map(|(what, found)| (what, LONGEST, found));
        lists.chain(texts).find(|(_, most, found)| found > most)
    }

    /// What two sections know together of one commit.
    #[cfg(feature = "upstream")]
    pub(super) fn united(mut self, other: Self) -> Option<Self> {
        let rest = |meta: &Self| (meta.kind, meta.repo.clone(), meta.commit.clone(), meta.gated, meta.card.clone());
        if rest(&self) != rest(&other) {
            return None;
        }
        self.revisions.extend(other.revisions);
        self.aliases.extend(other.aliases);
        self.unread.extend(other.unread);
        for list in [&mut self.revisions, &mut self.aliases, &mut self.unread] {
            list.sort();
            list.dedup();
        }
        self.whole |= other.whole;
        self.looked = Looked::together(self.looked, other.looked);
        for reference in other.references {
            let same =
                |known: &&mut Reference| (&known.repo, &known.role, &known.file) == (&reference.repo, &reference.role, &reference.file);
            match self.references.iter_mut().find(same) {
                Some(known) => known.carried |= reference.carried,
                None => self.references.push(reference),
            }
        }
        self.references.sort();
        Some(self)
    }

    /// The payload as it stands in the lock.
    #[cfg(feature = "upstream")]
    pub(super) fn to_value(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("the payload has string keys only")
    }
}

/// Whether text is a repository's name on a hub: one or two segments of letters, digits, `-`, `_` and `.`.
pub(super) fn is_repo(text: &str) -> bool {
    let segment = |s: &str| {
        !s.is_empty() && s.len() <= 96 && !s.starts_with(['.', '-']) && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    text.split('/').count() <= 2 && text.split('/').all(segment)
}
