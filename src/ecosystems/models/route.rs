//! What a path asks for.

use super::catalog::Catalog;
use super::meta::Kind;
use crate::artifact::percent_decoded;

/// A request that was understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// The repositories of a kind.
    List(Kind),
    /// What is known of a repository.
    Api(Kind, String, Verb),
    /// A file: `resolve` and `raw`; the latter shows the pointer of a large file.
    File { kind: Kind, repo: String, revision: String, path: String, raw: bool },
    /// Which chunks make up the file of that digest.
    Reconstruction(String, Generation),
    /// A container of chunks of the file of that digest.
    Container(String, u64),
    /// Who asks.
    WhoAmI,
    /// Nothing this mirror answers.
    Unknown,
}

/// How a reconstruction is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Generation {
    /// For clients until 1.x of the chunk library, and as a fallback.
    First,
    /// For later ones.
    Second,
}

/// What is asked of a repository.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// Its account at a revision.
    Revision(String),
    /// A folder of a revision.
    Tree(String, String),
    /// Some files and folders of a revision, whose paths come in the body.
    Paths(String),
    /// Branches and tags.
    Refs,
    /// The commits that are carried.
    Commits(String),
    /// Whether it may be read.
    AuthCheck,
    /// The token for its chunks.
    ChunkToken,
    /// Something else.
    Other,
}

/// Reads a path below the room's mount point. Each segment is decoded by itself: a revision may hold a slash.
pub(super) fn route(catalog: &Catalog, path: &str) -> Route {
    let decoded: Option<Vec<String>> = path.split('/').filter(|s| !s.is_empty()).map(percent_decoded).collect();
    let decoded = decoded.unwrap_or_default();
    let segments: Vec<&str> = decoded.iter().map(String::as_str).collect();
    match &segments[..] {
        ["api", "whoami-v2"] => Route::WhoAmI,
        ["api", plural, rest @ ..] => match Kind::ALL.into_iter().find(|kind| kind.plural() == *plural) {
            Some(kind) if rest.is_empty() => Route::List(kind),
            Some(kind) => api(catalog, kind, rest),
            None => Route::Unknown,
        },
        ["xet", "v2", "reconstructions", hash] => Route::Reconstruction((*hash).to_owned(), Generation::Second),
        ["xet", "v1", "reconstructions", hash] | ["xet", "reconstructions" | "reconstruction", hash] => {
            Route::Reconstruction((*hash).to_owned(), Generation::First)
        }
        ["xet", "containers", hash, number] => number.parse().map_or(Route::Unknown, |number| Route::Container((*hash).to_owned(), number)),
        [] => Route::List(Kind::Model),
        [prefix, rest @ ..] => match Kind::ALL.into_iter().find(|kind| kind.prefix().strip_suffix('/') == Some(prefix)) {
            Some(kind) => file(kind, rest),
            None => file(Kind::Model, &segments),
        },
    }
}

/// Whether a POST request to a path, with or without a view before it, only asks: the paths of interest come in its body.
pub(super) fn is_question(path: &str) -> bool {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    matches!(&segments[..], [.., "paths-info", _]) && segments.iter().take(3).any(|segment| *segment == "api")
}

fn api(catalog: &Catalog, kind: Kind, rest: &[&str]) -> Route {
    const VERBS: [&str; 8] = ["revision", "tree", "refs", "commits", "auth-check", "paths-info", "xet-read-token", "discussions"];
    let verb_at = |at: usize| rest.get(at).is_none_or(|word| VERBS.contains(word));
    let one = catalog.repo(kind, rest[0]).is_some() && verb_at(1) || rest.len() > 1 && verb_at(1) && !verb_at(2);
    let (name, rest) = rest.split_at(if one { 1 } else { rest.len().min(2) });
    let verb = match rest {
        [] => Verb::Revision("main".to_owned()),
        ["revision", revision] => Verb::Revision((*revision).to_owned()),
        ["tree", revision, path @ ..] => Verb::Tree((*revision).to_owned(), path.join("/")),
        ["paths-info", revision] => Verb::Paths((*revision).to_owned()),
        ["refs"] => Verb::Refs,
        ["commits", revision] => Verb::Commits((*revision).to_owned()),
        ["auth-check"] => Verb::AuthCheck,
        ["xet-read-token", ..] => Verb::ChunkToken,
        _ => Verb::Other,
    };
    Route::Api(kind, name.join("/"), verb)
}

fn file(kind: Kind, rest: &[&str]) -> Route {
    let Some(at) = rest.iter().take(3).position(|word| matches!(*word, "resolve" | "raw")).filter(|at| *at > 0) else {
        return Route::Unknown;
    };
    match &rest[at + 1..] {
        [revision, path @ ..] if !path.is_empty() => {
            Route::File { kind, repo: rest[..at].join("/"), revision: (*revision).to_owned(), path: path.join("/"), raw: rest[at] == "raw" }
        }
        _ => Route::Unknown,
    }
}
