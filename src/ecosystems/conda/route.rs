//! What a path asks for.

use super::meta::{is_channel, is_subdir};
use crate::artifact::{Digest, percent_decoded};

/// What a path asks for. A channel's name may have several segments; the platform is the last but one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// The list of channels, or that of the platforms of one channel.
    List(Option<String>),
    /// A file of a platform: index or package.
    File(String, String, File),
    /// Nothing that channels have.
    Unknown,
}

/// A file of a platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum File {
    /// The sharded index (CEP 16).
    ShardIndex,
    /// One shard by its digest.
    Shard(Digest),
    /// The whole index (CEP 36), compressed or plain.
    Repodata {
        /// Whether compressed.
        packed: bool,
    },
    /// Run exports (CEP 12), compressed or plain.
    RunExports {
        /// Whether compressed.
        packed: bool,
    },
    /// A package, or nothing.
    Package(String),
}

/// The token in front of a path, as clients with an account write it (`/t/TOKEN/…`), and the path behind it. It is taken off: this mirror
/// knows no accounts. No channel begins with such a segment.
pub(super) fn token(path: &str) -> Option<(&str, &str)> {
    let rest = path.strip_prefix("/t/")?;
    rest.find('/').map(|end| rest.split_at(end))
}

/// Reads a path that starts at the room's own mount point.
pub(super) fn route(path: &str) -> Route {
    let Some(path) = percent_decoded(token(path).map_or(path, |(_, rest)| rest)) else { return Route::Unknown };
    let path = path.trim_start_matches('/');
    if path.is_empty() {
        return Route::List(None);
    }
    let Some((folder, file)) = path.rsplit_once('/') else { return list(path) };
    let shard = folder.strip_suffix("/shards").and_then(|folder| Some((folder, shard(file)?)));
    let (folder, file) = match shard {
        Some((folder, digest)) => (folder, File::Shard(digest)),
        None => (folder, named(file)),
    };
    match folder.rsplit_once('/') {
        Some((channel, subdir)) if is_subdir(subdir) && is_channel(channel) => Route::File(channel.to_owned(), subdir.to_owned(), file),
        _ => list(path),
    }
}

fn list(path: &str) -> Route {
    let channel = path.strip_suffix('/').unwrap_or(path);
    if is_channel(channel) { Route::List(Some(channel.to_owned())) } else { Route::Unknown }
}

fn shard(file: &str) -> Option<Digest> {
    Digest::from_hex(file.strip_suffix(".msgpack.zst")?).ok()
}

fn named(file: &str) -> File {
    let packed = file.strip_suffix(".zst").is_some();
    match file {
        "repodata_shards.msgpack.zst" => File::ShardIndex,
        // The newest versions of everything, for a solver that tries those first: a mirror holds what was solved, so that is all.
        "repodata.json" | "repodata.json.zst" | "current_repodata.json" | "current_repodata.json.zst" => File::Repodata { packed },
        "run_exports.json" | "run_exports.json.zst" => File::RunExports { packed },
        _ => File::Package(file.to_owned()),
    }
}
