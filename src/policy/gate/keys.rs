//! `[[upstream-key]]`: keys of publishers, as people write them into a policy.

use super::terms::wrong;
use crate::error::{Result, plain};
use crate::publisher::{Kind, Pattern, UpstreamKey};
use serde::Deserialize;

/// Most keys of a policy, and most patterns of a key.
const MOST_KEYS: usize = 256;
const MOST_PATTERNS: usize = 256;
/// Longest name of a key, in bytes.
const LONGEST_NAME: usize = 128;

/// `[[upstream-key]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::policy) struct WireKey {
    name: String,
    artifacts: Vec<String>,
    kind: String,
    signed_as: Option<Vec<String>>,
    key: String,
}

/// Reads all keys. Two of one name could not be told apart.
pub(super) fn read(wire: Vec<WireKey>) -> Result<Vec<UpstreamKey>> {
    if wire.len() > MOST_KEYS {
        return Err(wrong("there are too many keys of publishers").with("expected", format!("at most {MOST_KEYS}")));
    }
    let mut keys: Vec<UpstreamKey> = Vec::with_capacity(wire.len());
    for (n, wire) in wire.into_iter().enumerate() {
        let key = one(n, wire)?;
        if keys.iter().any(|known| known.name == key.name) {
            return Err(wrong(&format!("upstream key {} has the name of another", n + 1)).with("found", key.name));
        }
        keys.push(key);
    }
    Ok(keys)
}

fn one(n: usize, wire: WireKey) -> Result<UpstreamKey> {
    let about = |why: &str| wrong(&format!("upstream key {} {why}", n + 1));
    let WireKey { name, artifacts, kind, signed_as, key } = wire;
    if name.trim().is_empty() || name.len() > LONGEST_NAME || plain(&name) != name {
        return Err(about("has a name that is empty, too long or not plain"));
    }
    let patterns = |what: &str, list: Vec<String>| {
        if list.is_empty() || list.len() > MOST_PATTERNS {
            return Err(about(&format!("has no `{what}`, or too many")).with("expected", format!("1 to {MOST_PATTERNS}")));
        }
        let read = |text: &String| {
            let error = || about(&format!("has an entry of `{what}` that cannot be one")).with("found", format!("{text:.80}"));
            Pattern::read(text).ok_or_else(|| error().with("expected", "a name, or the beginning of names and `*` as the last character"))
        };
        list.iter().map(read).collect::<Result<Vec<_>>>()
    };
    let artifacts = patterns("artifacts", artifacts)?;
    // A name without its ecosystem would never be met, and nobody would notice.
    if let Some(bare) = artifacts.iter().find(|pattern| !pattern.as_str().contains('/')) {
        return Err(about("is for no artifact").with("expected", "ecosystem/name").with("found", bare.as_str()));
    }
    let signed_as = signed_as.map(|list| patterns("signed-as", list)).transpose()?.unwrap_or_default();
    let known = Kind::WORDS.iter().find(|(word, _)| *word == kind).map(|(_, kind)| *kind);
    let kinds = || Kind::WORDS.map(|(word, _)| word).join(", ");
    let kind = known.ok_or_else(|| about("is of no known `kind`").with("expected", kinds()).with("found", format!("{kind:.40}")))?;
    UpstreamKey::read(name, kind, &key, artifacts, signed_as).map_err(|why| about("cannot be read").with("found", why))
}
