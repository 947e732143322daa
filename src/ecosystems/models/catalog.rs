//! What a shelf holds, by repository, commit and path.

use super::document::is_large;
use super::git::is_object_name;
use super::meta::{Kind, Meta};
use crate::artifact::Descriptor;
use crate::store::Shelf;
use std::collections::BTreeMap;

/// The repositories of a shelf.
pub(super) struct Catalog {
    repos: BTreeMap<(Kind, String), Repo>,
    aliases: BTreeMap<(Kind, String), String>,
    /// Large files by SHA-256 in hex.
    large: BTreeMap<String, Descriptor>,
}

/// One repository.
pub(super) struct Repo {
    /// What it holds.
    pub kind: Kind,
    /// `owner/name`.
    pub id: String,
    /// Its commits.
    pub commits: BTreeMap<String, Commit>,
    /// Commits by branch or tag; of two bundles the newer one decides.
    pub revisions: BTreeMap<String, String>,
    newest: String,
}

/// One commit, as far as it is carried.
pub(super) struct Commit {
    /// What the lock says of it.
    pub meta: Meta,
    /// Its files by path.
    pub files: BTreeMap<String, Descriptor>,
}

impl Catalog {
    /// Reads a shelf; an entry that is not one of a repository is not served.
    pub(super) fn new(shelf: &Shelf) -> Self {
        let mut catalog = Self { repos: BTreeMap::new(), aliases: BTreeMap::new(), large: BTreeMap::new() };
        for artifact in &shelf.artifacts {
            let Ok(meta) = Meta::of(artifact) else { continue };
            let key = (meta.kind, meta.repo.clone());
            for alias in &meta.aliases {
                catalog.aliases.insert((meta.kind, alias.clone()), meta.repo.clone());
            }
            let repo = catalog.repos.entry(key).or_insert_with(|| Repo {
                kind: meta.kind,
                id: meta.repo.clone(),
                commits: BTreeMap::new(),
                revisions: BTreeMap::new(),
                newest: String::new(),
            });
            repo.newest.clone_from(&meta.commit);
            repo.revisions.extend(meta.revisions.iter().map(|revision| (revision.clone(), meta.commit.clone())));
            let commit = repo.commits.entry(meta.commit.clone()).or_insert_with(|| Commit { meta, files: BTreeMap::new() });
            let large = artifact.descriptors.iter().filter(|blob| is_large(blob));
            catalog.large.extend(large.map(|blob| (blob.digest.hex(), blob.clone())));
            let named = artifact.descriptors.iter().filter_map(|blob| Some((blob.name.clone()?, blob.clone())));
            commit.files.extend(named);
        }
        catalog
    }

    /// A repository by the name a client gives it.
    pub(super) fn repo(&self, kind: Kind, name: &str) -> Option<&Repo> {
        let key = (kind, name.to_owned());
        self.repos.get(&key).or_else(|| self.repos.get(&(kind, self.aliases.get(&key)?.clone())))
    }

    /// A large file by its SHA-256.
    pub(super) fn large(&self, hash: &str) -> Option<&Descriptor> {
        self.large.get(hash)
    }

    /// All repositories.
    pub(super) fn repos(&self) -> impl Iterator<Item = &Repo> {
        self.repos.values()
    }

    /// All repositories of a kind.
    pub(super) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Repo> {
        self.repos.values().filter(move |repo| repo.kind == kind)
    }
}

impl Repo {
    /// The commit a client asks for: a commit or the beginning of one, a branch or tag. `main` is the newest commit that was brought,
    /// where none was brought as `main`.
    pub(super) fn commit(&self, revision: &str) -> Option<(&str, &Commit)> {
        let by_name = self.revisions.get(revision).or_else(|| self.revisions.get(revision.strip_prefix("refs/heads/")?));
        let hash = by_name.map_or(revision, String::as_str);
        let hash = if by_name.is_none() && revision == "main" { &self.newest } else { hash };
        let found = self.commits.get_key_value(hash).or_else(|| self.abbreviated(hash));
        found.map(|(hash, commit)| (hash.as_str(), commit))
    }

    fn abbreviated(&self, hash: &str) -> Option<(&String, &Commit)> {
        let hex = (7..40).contains(&hash.len()) && is_object_name(&format!("{hash:0<40}"));
        let mut fitting = self.commits.iter().filter(|(name, _)| hex && name.starts_with(hash));
        fitting.next().filter(|_| fitting.next().is_none())
    }
}
