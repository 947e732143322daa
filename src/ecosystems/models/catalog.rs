//! What a shelf holds, by repository, commit and path.

use super::carried::Carried;
use super::document::is_large;
use super::git::{blob_sha1, is_object_name, made_commit, pointer};
use super::meta::{Kind, Looked, Meta};
use crate::artifact::{Artifact, Descriptor};
use crate::store::Shelf;
use std::collections::BTreeMap;

/// The repositories of a shelf.
#[derive(Default)]
pub(super) struct Catalog {
    repos: BTreeMap<(Kind, String), Repo>,
    aliases: BTreeMap<(Kind, String), String>,
    /// Large files by SHA-256 in hex.
    large: BTreeMap<String, Descriptor>,
    /// Why an entry of a repository in the lock is not served.
    faults: BTreeMap<(Kind, String), String>,
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

/// One commit, as far as it is carried: by one bundle, or by several that have different files of it.
pub(super) struct Commit {
    /// What the newest lock with it says of it.
    pub meta: Meta,
    /// Its files by path.
    pub files: BTreeMap<String, File>,
}

/// One file of a commit.
pub(super) struct File {
    /// Its bytes.
    pub blob: Descriptor,
    /// What git calls it: its own name, or that of its pointer. Made once: trees ask for it with every request.
    pub git: String,
}

impl Catalog {
    /// Reads a shelf, whose newer bundles come last. An entry that is refused is a fault of its repository; nothing else suffers.
    pub(super) fn new(shelf: &Shelf) -> Self {
        let mut catalog = Self::default();
        for artifact in shelf.artifacts.iter().filter(|artifact| !Carried::is_of(artifact)) {
            match Meta::of(artifact) {
                Ok(meta) => catalog.add(artifact, meta),
                Err(error) => drop(catalog.faults.insert(named(&artifact.name), error.message().to_owned())),
            }
        }
        catalog
    }

    fn add(&mut self, artifact: &Artifact, meta: Meta) {
        for alias in &meta.aliases {
            self.aliases.insert((meta.kind, alias.clone()), meta.repo.clone());
        }
        let repo = self.repos.entry((meta.kind, meta.repo.clone())).or_insert_with(|| Repo::new(&meta));
        repo.newest.clone_from(&meta.commit);
        repo.revisions.extend(meta.revisions.iter().map(|revision| (revision.clone(), meta.commit.clone())));
        let large = artifact.descriptors.iter().filter(|blob| is_large(blob));
        self.large.extend(large.map(|blob| (blob.digest.hex(), blob.clone())));
        let files = artifact.descriptors.iter().filter_map(|blob| Some((blob.name.clone()?, File::new(blob)))).collect();
        let commit = Commit { meta, files };
        match repo.commits.get_mut(&commit.meta.commit) {
            Some(known) => known.renew(commit),
            None => drop(repo.commits.insert(commit.meta.commit.clone(), commit)),
        }
    }

    /// A repository by the name a client gives it.
    pub(super) fn repo(&self, kind: Kind, name: &str) -> Option<&Repo> {
        let key = (kind, name.to_owned());
        self.repos.get(&key).or_else(|| self.repos.get(&(kind, self.aliases.get(&key)?.clone())))
    }

    /// Why something of a repository is not served though a lock lists it.
    pub(super) fn fault(&self, kind: Kind, name: &str) -> Option<&str> {
        self.faults.get(&(kind, name.to_owned())).map(String::as_str)
    }

    /// The repositories of which something is not served, and why.
    pub(super) fn faults(&self) -> impl Iterator<Item = (Kind, &str, &str)> {
        self.faults.iter().map(|((kind, name), why)| (*kind, name.as_str(), why.as_str()))
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

/// What an artifact is by its name alone: its payload is not believed.
fn named(name: &str) -> (Kind, String) {
    let of = |kind: Kind| name.strip_prefix(kind.prefix()).map(|id| (kind, id.to_owned()));
    of(Kind::Dataset).or_else(|| of(Kind::Space)).unwrap_or_else(|| (Kind::Model, name.to_owned()))
}

impl Repo {
    fn new(meta: &Meta) -> Self {
        let (kind, id) = (meta.kind, meta.repo.clone());
        Self { kind, id, commits: BTreeMap::new(), revisions: BTreeMap::new(), newest: String::new() }
    }

    /// The commit a client asks for: a commit or the beginning of one, a branch or tag by its short or its full name. `main` is the commit
    /// that the newest bundle brought, where none was brought as `main`.
    pub(super) fn commit(&self, revision: &str) -> Option<(&str, &Commit)> {
        let short = ["refs/heads/", "refs/tags/"].into_iter().find_map(|start| revision.strip_prefix(start)).unwrap_or(revision);
        let full = ["refs/heads/", "refs/tags/"].map(|start| format!("{start}{revision}"));
        let names = [revision, short, &full[0], &full[1]];
        let by_name = names.into_iter().find_map(|name| self.revisions.get(name));
        let main = || if short == "main" { &self.newest } else { revision };
        let hash = by_name.map_or_else(main, String::as_str);
        let found = self.commits.get_key_value(hash).or_else(|| self.abbreviated(hash));
        found.map(|(hash, commit)| (hash.as_str(), commit))
    }

    fn abbreviated(&self, hash: &str) -> Option<(&String, &Commit)> {
        let hex = (7..40).contains(&hash.len()) && is_object_name(&format!("{hash:0<40}"));
        let mut fitting = self.commits.iter().filter(|(name, _)| hex && name.starts_with(hash));
        fitting.next().filter(|_| fitting.next().is_none())
    }
}

impl Commit {
    /// Takes in what a newer bundle has of the same commit: its word counts, and the files of both are there.
    fn renew(&mut self, newer: Self) {
        let whole = self.meta.whole || newer.meta.whole;
        let looked = Looked::together(self.meta.looked.take(), newer.meta.looked.clone());
        self.meta = Meta { whole, looked, ..newer.meta };
        self.files.extend(newer.files);
    }

    /// Whether the commit is no hub's but was made from files of plain URLs: its name is made from their digests and paths, as the lock
    /// step makes it.
    pub(super) fn is_made(&self) -> bool {
        if !self.meta.whole || !self.files.values().all(|file| is_large(&file.blob)) {
            return false;
        }
        made_commit(self.files.iter().map(|(path, file)| (path.as_str(), &file.blob.digest))) == self.meta.commit
    }
}

impl File {
    fn new(blob: &Descriptor) -> Self {
        let own = blob.side_digests.get("git-blob-sha1").cloned();
        Self { git: own.unwrap_or_else(|| blob_sha1(pointer(&blob.digest, blob.size).as_bytes())), blob: blob.clone() }
    }
}
