//! One commit of a repository: found, listed, and every file made a blob with a digest.

use super::card;
use super::git::{POINTER, blob_sha1, is_object_name, pointer, points_to};
use super::hub::{Account, Entry, Hub, Large, MAIN};
use super::meta::{Kind, Looked, Meta};
use super::named::{Named, named};
use super::pattern::selects;
use super::section::Item;
use crate::artifact::{Artifact, Descriptor, Digest, Learned, SideDigests, check_name};
use crate::ecosystems::{LockRequest, bytes, count};
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::server::is_encoded;
use crate::upstream::learned_path;
use futures::future::try_join_all;
use std::path::Path;

/// Largest file that git itself holds, in bytes; the hub takes larger ones as large files only.
const MOST_IN_GIT: u64 = 1 << 30;
/// Files that are learned at a time.
const AT_ONCE: usize = 8;

/// What is asked for.
pub(super) struct Asked {
    kind: Kind,
    repo: String,
    revision: String,
    include: Vec<String>,
    exclude: Vec<String>,
}

impl From<Item> for Asked {
    fn from(item: Item) -> Self {
        let (kind, revision) = (item.kind(), item.revision.unwrap_or_else(|| MAIN.to_owned()));
        Self { kind, repo: item.repo, revision, include: item.include, exclude: item.exclude }
    }
}

/// A commit and those of its files that are wanted.
pub(super) struct Commit {
    kind: Kind,
    account: Account,
    revision: String,
    alias: Option<String>,
    files: Vec<Entry>,
    whole: bool,
}

impl Commit {
    /// Finds the commit a revision names, and its files.
    pub(super) async fn resolve(hub: &Hub<'_>, asked: &Asked) -> Result<Self> {
        let account = hub.account(asked.kind, &asked.repo, &asked.revision).await?;
        let mut files = hub.tree(asked.kind, &account.id, &account.sha).await?;
        let all = files.len();
        files.retain(|file| selects(&asked.include, &asked.exclude, &file.path));
        for file in &files {
            let refused = check_name("path", &file.path).map_err(|e| e.of_kind(ErrorKind::Upstream).about(&account.id));
            refused.map_err(|e| e.hint("leave it out with `exclude`"))?;
        }
        if files.is_empty() {
            let error = Error::usage(format!("{}: no file of commit {} is selected", account.id, account.sha));
            return Err(error.with("files of the commit", all).hint("check `include` and `exclude`"));
        }
        let alias = (asked.repo != account.id).then(|| asked.repo.clone());
        let commit = Self { kind: asked.kind, revision: asked.revision.clone(), alias, whole: files.len() == all, files, account };
        if commit.is_gated() {
            hub.check_access(commit.kind, &commit.account.id).await?;
        }
        Ok(commit)
    }

    /// `owner/name`, with what it is.
    pub(super) fn label(&self) -> String {
        format!("{}{}", self.kind.prefix(), self.account.id)
    }

    /// The commit as an artifact, without its payload.
    pub(super) async fn artifact(&self, hub: &Hub<'_>, request: &LockRequest<'_>, notes: &mut Vec<String>) -> Result<Artifact> {
        let blobs = self.blobs(hub, request).await.map_err(|e| e.about(self.label()))?;
        if !is_object_name(&self.revision) {
            let now = hub.account(self.kind, &self.account.id, &self.revision).await?.sha;
            if now != self.account.sha {
                let label = self.label();
                notes.push(format!("{label}: {} moved to {now} while it was locked; the lock holds {}", self.revision, self.account.sha));
            }
        }
        if !self.whole {
            notes.push(format!("{}: only a part of commit {} is carried ({})", self.label(), self.account.sha, count(blobs.len(), "file")));
        }
        if self.is_gated() {
            let (label, page) = (self.label(), hub.page(self.kind, &self.account.id));
            notes.push(format!(
                "{label}: the hub gives it to those who accepted its terms; they hold for whoever uses it inside too: {page}"
            ));
        }
        Ok(Artifact {
            ecosystem: super::NAME.to_owned(),
            sections: vec![],
            name: self.label(),
            version: self.account.sha.clone(),
            descriptors: blobs,
            subject: None,
            meta: serde_json::Value::Null,
        })
    }

    async fn blobs(&self, hub: &Hub<'_>, request: &LockRequest<'_>) -> Result<Vec<Descriptor>> {
        let mut blobs = Vec::with_capacity(self.files.len());
        for some in self.files.chunks(AT_ONCE) {
            let mut learning = Vec::with_capacity(AT_ONCE);
            for file in some {
                learning.push(self.blob(hub, request, file));
            }
            blobs.extend(try_join_all(learning).await?);
        }
        Ok(blobs)
    }

    async fn blob(&self, hub: &Hub<'_>, request: &LockRequest<'_>, file: &Entry) -> Result<Descriptor> {
        if is_encoded(&file.path) {
            return Err(Error::usage("a path holds a percent-escape, which the mirror refuses")
                .with("found", &file.path)
                .hint("exclude it"));
        }
        let url = hub.file(self.kind, &self.account.id, &self.account.sha, &file.path)?;
        let descriptor = |digest, size, learned, side_digests| Descriptor {
            media_type: "application/octet-stream".to_owned(),
            digest,
            size,
            name: Some(file.path.clone()),
            origins: vec![url.to_string()],
            learned,
            side_digests,
        };
        if let Some(large) = &file.lfs {
            let digest = self.large_file(hub, file, large).await?;
            return Ok(descriptor(digest, large.size, Learned::Upstream, SideDigests::new()));
        }
        if file.size > MOST_IN_GIT {
            return Err(Error::new(ErrorKind::Upstream, format!("{}: the hub says that git holds {} bytes of it", file.path, file.size)));
        }
        let sums = request.upstream.learn_git_blob(&url, request.cache, file.size).await.map_err(|e| e.about(&file.path))?;
        let found = sums.git_blob_sha1.unwrap_or_default();
        if found != file.oid || sums.size != file.size {
            return Err(Error::verification(format!("{}: the bytes are not what the commit holds", file.path))
                .with("expected", format!("git blob {:.60}, {} bytes", file.oid, file.size))
                .with("found", format!("git blob {found}, {} bytes", sums.size)));
        }
        refuse_pointer(&learned_path(request.cache, &sums.sha256), sums.size, &file.path)?;
        let side = SideDigests::from([("git-blob-sha1".to_owned(), found)]);
        Ok(descriptor(sums.sha256, sums.size, Learned::Downloaded, side))
    }

    /// What the files that are carried name.
    pub(super) async fn named(&self, artifact: &Artifact, request: &LockRequest<'_>, notes: &mut Vec<String>) -> Result<Named> {
        named(&self.account.id, artifact, request, notes).await
    }

    /// The digest of a large file, which git's name of its pointer must cover. The pointer is asked for where it has a form of its own.
    async fn large_file(&self, hub: &Hub<'_>, file: &Entry, large: &Large) -> Result<Digest> {
        let digest = Digest::from_hex(&large.oid).map_err(|e| e.of_kind(ErrorKind::Upstream).about(&file.path))?;
        if file.size != large.size {
            let error = Error::new(ErrorKind::Upstream, format!("{}: the hub names two sizes", file.path));
            return Err(error.with("found", format!("{} and {} bytes", file.size, large.size)));
        }
        let usual = pointer(&digest, large.size);
        let found = blob_sha1(usual.as_bytes());
        if found == file.oid {
            return Ok(digest);
        }
        let wrong = |found: String| {
            Err(Error::verification(format!("{}: the digest the hub names is not the one the commit holds", file.path))
                .with("expected", format!("a pointer of git blob {:.60}", file.oid))
                .with("found", found))
        };
        if large.pointer_size == Some(usual.len() as u64) {
            return wrong(format!("{digest}, whose pointer is git blob {found}"));
        }
        let held = hub.pointer(self.kind, &self.account.id, &self.account.sha, &file.path).await;
        let held = held.map_err(|e| e.about(format!("{}: its pointer", file.path)))?;
        match (blob_sha1(&held), points_to(&held)) {
            (name, _) if name != file.oid => wrong(format!("git blob {name}")),
            (_, Some(meant)) if meant == (digest, large.size) => Ok(digest),
            (_, Some((meant, size))) => wrong(format!("a pointer to {meant}, {size} bytes, in place of {digest}, {} bytes", large.size)),
            (_, None) => wrong("what is no pointer".to_owned()),
        }
    }

    /// The payload.
    pub(super) fn meta(&self, hub: &Hub<'_>, named: Named, looked: Option<Looked>) -> Meta {
        let gated = self.is_gated();
        Meta {
            kind: self.kind,
            repo: self.account.id.clone(),
            commit: self.account.sha.clone(),
            revisions: Some(self.revision.clone()).filter(|revision| !is_object_name(revision)).into_iter().collect(),
            aliases: self.alias.clone().into_iter().collect(),
            whole: self.whole,
            gated,
            terms: gated.then(|| hub.page(self.kind, &self.account.id)),
            card: card::read(&self.account),
            looked,
            references: named.references,
            unread: named.unread,
        }
    }

    /// Whether the hub gives it only to those who accepted its terms.
    fn is_gated(&self) -> bool {
        !matches!(self.account.gated, serde_json::Value::Null | serde_json::Value::Bool(false))
    }

    /// `commit 5c38ec7c · 9 files · 133 MB · mit`.
    pub(super) fn summary(&self, artifact: &Artifact) -> String {
        let part = if self.whole { "" } else { " of a part" };
        let files = count(artifact.descriptors.len(), "file");
        let licences = card::read(&self.account).licences.join(", ");
        let licences = if licences.is_empty() { "no licence declared".to_owned() } else { licences };
        format!("commit {} · {files}{part} · {} · {licences}", &self.account.sha[..8], bytes(artifact.size()))
    }
}

/// A pointer that was committed as a file is of no use to anybody.
fn refuse_pointer(place: &Path, size: u64, path: &str) -> Result<()> {
    if size > 1024 {
        return Ok(());
    }
    let content = std::fs::read(place).map_err(|e| Error::io(format!("{} cannot be read", place.display()), &e))?;
    if !content.starts_with(POINTER) {
        return Ok(());
    }
    let error =
        Error::new(ErrorKind::Upstream, format!("{path}: the repository holds the pointer of a large file in place of its content"));
    Err(error.hint(format!("leave it out: exclude = [\"{path}\"]")))
}
