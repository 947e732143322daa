//! The reading half of the hub's protocol: what a revision is, and what a commit holds. Every answer is bounded and checked.

use super::git::is_object_name;
use super::meta::{Kind, is_repo};
use crate::artifact::percent_encoded;
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::upstream::{Failure, Upstream, is_loopback};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use url::Url;

/// The public hub.
const PUBLIC: &str = "https://huggingface.co";
/// Longest account of a repository, and longest page of a tree, in bytes.
const LONGEST: usize = 32 << 20;
/// Longest pointer of a large file, in bytes (Git LFS specification: less than 1024).
const MOST_POINTER: usize = 1024;
/// Most pages of a tree.
const MOST_PAGES: usize = 1000;
/// Most files of a commit.
pub(super) const MOST_FILES: usize = 100_000;

/// A hub.
pub(super) struct Hub<'a> {
    base: String,
    upstream: &'a Upstream,
}

/// What the hub says of a revision.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Account {
    /// The repository's own name, which may be another than was asked for.
    pub id: String,
    /// The commit.
    pub sha: String,
    /// False, or how its terms are accepted.
    #[serde(default)]
    pub gated: Value,
    /// The head of the model card.
    #[serde(default, rename = "cardData")]
    pub card: Value,
    /// What the model is for.
    #[serde(default)]
    pub pipeline_tag: Option<String>,
    /// What loads it.
    #[serde(default)]
    pub library_name: Option<String>,
    /// Parameters that were counted.
    #[serde(default)]
    pub safetensors: Value,
    /// What was read from a GGUF file: `total`, `architecture`, `context_length`.
    #[serde(default)]
    pub gguf: Value,
}

/// One file of a commit.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Entry {
    /// `file` or `directory`.
    #[serde(rename = "type")]
    pub sort: String,
    /// Where it lies.
    pub path: String,
    /// Its length in bytes.
    #[serde(default)]
    pub size: u64,
    /// Its name in git.
    #[serde(default)]
    pub oid: String,
    /// Where its content lies outside of git.
    pub lfs: Option<Large>,
}

/// The content of a large file.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Large {
    /// SHA-256, 64 hex digits.
    pub oid: String,
    /// Length in bytes.
    pub size: u64,
    /// Length of the pointer that stands for it in git.
    #[serde(rename = "pointerSize")]
    pub pointer_size: Option<u64>,
}

/// The revision that is meant where none is said.
pub(super) const MAIN: &str = "main";

impl<'a> Hub<'a> {
    /// The hub at an address, or the public one.
    pub(super) fn new(address: Option<&str>, upstream: &'a Upstream) -> Result<Self> {
        let address = address.unwrap_or(PUBLIC);
        let url = Url::parse(address).map_err(|e| Error::usage(format!("hub: {address:.200} is not a URL")).because(&e))?;
        if !(url.scheme() == "https" || url.scheme() == "http" && is_loopback(&url)) || url.query().is_some() || url.fragment().is_some() {
            return Err(Error::usage("hub: this address is not taken").with("expected", "https://HOST, without a query"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            let error = Error::usage("hub: an address holds no credentials");
            return Err(error.hint("put the token into the netrc file: machine HOST password TOKEN"));
        }
        Ok(Self { base: url.as_str().trim_end_matches('/').to_owned(), upstream })
    }

    /// What a revision of a repository is.
    pub(super) async fn account(&self, kind: Kind, repo: &str, revision: &str) -> Result<Account> {
        let url = self.url(&format!("/api/{}/{repo}/revision/{}", kind.plural(), percent_encoded(revision)))?;
        let (_, account): (_, Account) = self.ask(&url, repo, &format!("revision {revision}")).await?;
        let wrong = |what: &str, found: &str| {
            Err(Error::new(ErrorKind::Upstream, format!("{repo}: the hub's account of it is refused: {what}"))
                .with("found", format!("{found:.100}")))
        };
        if !is_object_name(&account.sha) {
            return wrong("its commit is not 40 lower-case hex digits", &account.sha);
        }
        if is_object_name(revision) && account.sha != revision {
            return wrong("it is of another commit than asked for", &account.sha);
        }
        if !is_repo(&account.id) {
            return wrong("its name is malformed", &account.id);
        }
        Ok(account)
    }

    /// Asks whether the files of a gated repository are given to us. Their list is public, so that a lock would be made of what cannot be
    /// fetched. A hub that does not know the question is not asked further.
    pub(super) async fn check_access(&self, kind: Kind, repo: &str) -> Result<()> {
        let url = self.url(&format!("/api/{}/{repo}/auth-check", kind.plural()))?;
        let once = || async {
            match self.upstream.document_once(&url, "*/*", LONGEST).await {
                Ok(_) | Err(Failure { status: Some(StatusCode::NOT_FOUND), .. }) => Ok(()),
                // That it exists is known.
                Err(failure @ Failure { status: Some(StatusCode::UNAUTHORIZED), .. }) => {
                    Err(explained(Failure { status: Some(StatusCode::FORBIDDEN), ..failure }, repo, MAIN))
                }
                Err(failure) => Err(explained(failure, repo, MAIN)),
            }
        };
        self.upstream.backoff().run(once).await
    }

    /// All files of a commit, sorted by path. Paths are as the hub wrote them: whoever takes one checks it.
    pub(super) async fn tree(&self, kind: Kind, repo: &str, commit: &str) -> Result<Vec<Entry>> {
        let mut next = Some(self.url(&format!("/api/{}/{repo}/tree/{commit}?recursive=true&expand=false", kind.plural()))?);
        let mut files = BTreeMap::new();
        for _ in 0..MOST_PAGES {
            let Some(url) = next else { break };
            let (headers, page): (_, Vec<Entry>) = self.ask(&url, repo, &format!("commit {commit}")).await?;
            next = next_page(&headers, &url, repo)?;
            for entry in page.into_iter().filter(|entry| entry.sort == "file") {
                if let Some(twice) = files.insert(entry.path.clone(), entry) {
                    return Err(Error::new(ErrorKind::Upstream, format!("{repo}: the hub lists {} twice", twice.path)));
                }
            }
            if files.len() > MOST_FILES {
                break;
            }
        }
        if next.is_some() || files.len() > MOST_FILES {
            let error = Error::new(ErrorKind::Upstream, format!("{repo}: the commit has too many files"));
            return Err(error.with("expected", format!("at most {MOST_FILES}")));
        }
        Ok(files.into_values().collect())
    }

    /// Where a file of a commit is.
    pub(super) fn file(&self, kind: Kind, repo: &str, commit: &str, path: &str) -> Result<Url> {
        let path: Vec<String> = path.split('/').map(percent_encoded).collect();
        self.url(&format!("/{}{repo}/resolve/{commit}/{}", kind.prefix(), path.join("/")))
    }

    /// What git itself holds of a file that lies outside of it.
    pub(super) async fn pointer(&self, kind: Kind, repo: &str, commit: &str, path: &str) -> Result<Vec<u8>> {
        let parts: Vec<String> = path.split('/').map(percent_encoded).collect();
        let url = self.url(&format!("/{}{repo}/raw/{commit}/{}", kind.prefix(), parts.join("/")))?;
        Ok(self.upstream.document(&url, "*/*", MOST_POINTER).await?.1)
    }

    /// The page of a repository, where its terms are.
    pub(super) fn page(&self, kind: Kind, repo: &str) -> String {
        format!("{}/{}{repo}", self.base, kind.prefix())
    }

    fn url(&self, rest: &str) -> Result<Url> {
        let text = format!("{}{rest}", self.base);
        Url::parse(&text).map_err(|e| Error::failed(format!("{text:.300}: not a URL")).because(&e))
    }

    async fn ask<T: DeserializeOwned>(&self, url: &Url, repo: &str, what: &str) -> Result<(HeaderMap, T)> {
        let once = || async {
            self.upstream.document_once(url, "application/json", LONGEST).await.map_err(|failure| explained(failure, repo, what))
        };
        let (headers, bytes) = self.upstream.backoff().run(once).await?;
        let read = serde_json::from_slice(&bytes);
        let value =
            read.map_err(|e| Error::new(ErrorKind::Upstream, format!("{repo}: the hub's answer for {what} cannot be read")).because(&e))?;
        Ok((headers, value))
    }
}

/// The same failure in the hub's words: it answers a repository that it does not show like one that wants a token.
fn explained(mut failure: Failure, repo: &str, what: &str) -> Failure {
    let token = "put the token into the netrc file, as a password without a login: machine HOST password TOKEN";
    let refused = |why: &str| Error::new(ErrorKind::Upstream, format!("{repo}: {why}"));
    let error = match failure.status {
        Some(StatusCode::UNAUTHORIZED) => {
            refused("the hub does not show it: either it does not exist, or it needs a token").hint("check the name").hint(token)
        }
        Some(StatusCode::FORBIDDEN) => {
            refused("the hub keeps it behind a gate").hint("accept its terms on the hub, with the account the token belongs to").hint(token)
        }
        Some(StatusCode::NOT_FOUND) => {
            refused(&format!("the hub has no such repository, or not its {what}")).hint("check name, kind and revision")
        }
        _ => return failure,
    };
    failure.error = error.because(&failure.error);
    failure
}

/// The page that follows (RFC 8288); only on the same origin, since that is who was asked.
fn next_page(headers: &HeaderMap, url: &Url, repo: &str) -> Result<Option<Url>> {
    let links = headers.get_all(header::LINK).iter().filter_map(|value| value.to_str().ok());
    let next = links.flat_map(|line| line.split(',')).find(|link| link.contains("rel=\"next\""));
    let Some(target) = next.and_then(|link| link.split_once('<')?.1.split_once('>')).map(|(target, _)| target) else { return Ok(None) };
    match url.join(target) {
        Ok(next) if next.origin() == url.origin() => Ok(Some(next)),
        _ => {
            let error = Error::new(ErrorKind::Upstream, format!("{repo}: the hub's list goes on somewhere else"));
            Err(error.with("expected", url.origin().ascii_serialization()).with("found", format!("{target:.200}")))
        }
    }
}
