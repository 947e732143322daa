//! The JSON documents of the hub's protocol, made from what is carried: no file is listed that is not here.

use super::catalog::{Commit, File, Repo};
use super::git::pointer;
use super::meta::{Card, Kind};
use crate::artifact::Descriptor;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// A moment for what has a date on the hub and none here.
const NO_DATE: &str = "1970-01-01T00:00:00.000Z";
/// The title of the one commit that is known here.
const TITLE: &str = "carried by this mirror";

/// The account of a repository at a commit; `blobs` adds sizes and digests of the files.
pub(super) fn account(repo: &Repo, hash: &str, commit: &Commit, blobs: bool) -> Value {
    let mut account = line(repo, hash, &commit.meta.card);
    account["siblings"] = commit.files.iter().map(|(path, file)| sibling(path, file, blobs)).collect();
    account["cardData"] = card_data(&commit.meta.card);
    account
}

/// A repository as a list has it: nothing of it depends on the files, which may be 100,000 in each of 1,000 repositories.
pub(super) fn line(repo: &Repo, hash: &str, card: &Card) -> Value {
    let mut account = json!({
        "_id": &hash[..24],
        "id": repo.id,
        "author": repo.id.split_once('/').map(|(owner, _)| owner),
        "sha": hash,
        "private": false,
        "gated": false,
        "disabled": false,
        "downloads": 0,
        "likes": 0,
        "tags": tags(card),
        "createdAt": NO_DATE,
        "lastModified": NO_DATE,
    });
    if repo.kind == Kind::Model {
        account["modelId"] = repo.id.clone().into();
    }
    for (key, value) in [("pipeline_tag", &card.pipeline), ("library_name", &card.library)] {
        if let Some(value) = value {
            account[key] = value.clone().into();
        }
    }
    if !card.parameters.is_empty() {
        let total: u64 = card.parameters.values().fold(0, |sum, n| sum.saturating_add(*n));
        account["safetensors"] = json!({ "parameters": card.parameters, "total": total });
    }
    account
}

fn sibling(path: &str, file: &File, blobs: bool) -> Value {
    let (mut sibling, blob) = (json!({ "rfilename": path }), &file.blob);
    if blobs {
        sibling["size"] = blob.size.into();
        sibling["blobId"] = file.git.clone().into();
        if is_large(blob) {
            sibling["lfs"] =
                json!({ "sha256": blob.digest.hex(), "size": blob.size, "pointerSize": pointer(&blob.digest, blob.size).len() });
        }
    }
    sibling
}

fn tags(card: &Card) -> Vec<String> {
    let licences = card.licences.iter().map(|licence| format!("license:{licence}"));
    let bases = card.base_models.iter().map(|base| format!("base_model:{base}"));
    card.library.iter().chain(&card.tags).cloned().chain(licences).chain(bases).collect()
}

fn card_data(card: &Card) -> Value {
    let mut data = Map::new();
    let list = |values: &Vec<String>| match &values[..] {
        [] => None,
        [one] => Some(Value::from(one.clone())),
        many => Some(Value::from(many.to_vec())),
    };
    let word = |value: &Option<String>| value.clone().map(Value::from);
    for (key, value) in [
        ("license", list(&card.licences)),
        ("license_name", word(&card.licence_name)),
        ("license_link", word(&card.licence_link)),
        ("base_model", list(&card.base_models)),
        ("library_name", word(&card.library)),
        ("pipeline_tag", word(&card.pipeline)),
        ("tags", (!card.tags.is_empty()).then(|| card.tags.clone().into())),
    ] {
        data.extend(value.map(|value| (key.to_owned(), value)));
    }
    Value::Object(data)
}

/// How files and folders are listed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listing<'a> {
    /// The commit's name.
    pub hash: &'a str,
    /// Whether the last commit of each is told: the one that is carried.
    pub expand: bool,
    /// Large files above so many bytes are offered by chunks.
    pub wall: u64,
}

/// A folder of a commit; `None` where there is no such folder.
pub(super) fn tree(commit: &Commit, folder: &str, recursive: bool, listing: Listing<'_>) -> Option<Value> {
    let start = if folder.is_empty() { String::new() } else { format!("{}/", folder.trim_end_matches('/')) };
    let (mut entries, mut folders) = (Vec::new(), BTreeSet::new());
    for (path, file) in commit.files.range(start.clone()..).take_while(|(path, _)| path.starts_with(&start)) {
        let inner = path[start.len()..].rmatch_indices('/').map(|(at, _)| &path[..start.len() + at]);
        folders.extend(inner.filter(|inner| recursive || !inner[start.len()..].contains('/')));
        if recursive || !path[start.len()..].contains('/') {
            entries.push(listing.file(path, file));
        }
    }
    let folders = folders.into_iter().map(|path| listing.folder(path));
    let all: Vec<Value> = folders.chain(entries).collect();
    (!all.is_empty()).then_some(Value::Array(all))
}

/// Those of some paths that are files or folders of a commit, in the order they are asked for.
pub(super) fn paths(commit: &Commit, paths: &[String], listing: Listing<'_>) -> Value {
    let found = paths.iter().filter_map(|path| {
        let path = path.trim_end_matches('/');
        let inside = format!("{path}/");
        let file = commit.files.get(path).map(|file| listing.file(path, file));
        let holds = || commit.files.range(inside.clone()..).next().is_some_and(|(first, _)| first.starts_with(&inside));
        file.or_else(|| holds().then(|| listing.folder(path)))
    });
    found.collect()
}

impl Listing<'_> {
    fn file(&self, path: &str, file: &File) -> Value {
        let blob = &file.blob;
        let mut entry = json!({ "type": "file", "path": path, "size": blob.size, "oid": file.git });
        if is_large(blob) {
            entry["lfs"] = json!({ "oid": blob.digest.hex(), "size": blob.size, "pointerSize": pointer(&blob.digest, blob.size).len() });
            if blob.size > self.wall {
                entry["xetHash"] = blob.digest.hex().into();
            }
        }
        self.dated(entry)
    }

    fn folder(&self, path: &str) -> Value {
        self.dated(json!({ "type": "directory", "path": path, "oid": "0".repeat(40), "size": 0 }))
    }

    fn dated(&self, mut entry: Value) -> Value {
        if self.expand {
            entry["lastCommit"] = json!({ "id": self.hash, "title": TITLE, "date": NO_DATE });
        }
        entry
    }
}

/// Branches and tags as far as they were asked for; the hub's own kinds are told by their names.
pub(super) fn refs(repo: &Repo) -> Value {
    let (mut branches, mut converts, mut pulls) = (vec![], vec![], vec![]);
    for (name, commit) in &repo.revisions {
        let (list, short) = match (name.strip_prefix("refs/convert/"), name.strip_prefix("refs/pr/")) {
            (Some(short), _) => (&mut converts, short),
            (_, Some(short)) => (&mut pulls, short),
            _ => (&mut branches, name.strip_prefix("refs/heads/").unwrap_or(name)),
        };
        let full = if name.starts_with("refs/") { name.clone() } else { format!("refs/heads/{name}") };
        list.push(json!({ "name": short, "ref": full, "targetCommit": commit }));
    }
    json!({ "branches": branches, "tags": [], "converts": converts, "pullRequests": pulls })
}

/// The one commit that is carried of a revision: its history stays outside.
pub(super) fn commits(hash: &str) -> Value {
    json!([{ "id": hash, "title": TITLE, "message": "", "date": NO_DATE, "authors": [] }])
}

/// Whether git holds only a pointer for the file.
pub(super) fn is_large(blob: &Descriptor) -> bool {
    !blob.side_digests.contains_key("git-blob-sha1")
}
