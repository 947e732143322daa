//! `[[upstream-key]]`, `[[upstream-identity]]` and `[[trusted-root]]`: keys and identities of publishers, as people write them into a policy.

use super::terms::wrong;
use crate::error::{Error, Result, plain};
use crate::publisher::keyless::{Identity, TrustedRoot};
use crate::publisher::{Kind, Pattern, UpstreamKey};
use serde::Deserialize;
use std::sync::Arc;

/// Most keys of a policy, and most patterns of a key.
const MOST_KEYS: usize = 256;
const MOST_PATTERNS: usize = 256;
/// Most trusted roots: a policy has no room for more.
const MOST_ROOTS: usize = 8;
/// Longest issuer of identities, in bytes.
const LONGEST_ISSUER: usize = 512;
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
    attestations: Option<Vec<String>>,
    key: String,
}

/// `[[upstream-identity]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::policy) struct WireIdentity {
    name: String,
    artifacts: Vec<String>,
    trusted_root: String,
    issuer: String,
    identities: Vec<String>,
    signed_as: Option<Vec<String>>,
    attestations: Option<Vec<String>>,
}

/// `[[trusted-root]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::policy) struct WireRoot {
    name: String,
    json: String,
}

/// What the three tables say together.
pub(in crate::policy) struct WireKeys {
    pub(in crate::policy) keys: Vec<WireKey>,
    pub(in crate::policy) identities: Vec<WireIdentity>,
    pub(in crate::policy) roots: Vec<WireRoot>,
}

/// Reads all keys and identities. Two of one name could not be told apart.
pub(super) fn read(wire: WireKeys) -> Result<Vec<UpstreamKey>> {
    let WireKeys { keys, identities, roots } = wire;
    if keys.len() > MOST_KEYS || identities.len() > MOST_KEYS {
        return Err(wrong("there are too many keys or identities of publishers").with("expected", format!("at most {MOST_KEYS} of each")));
    }
    let roots = read_roots(roots, &identities)?;
    let keys = keys.into_iter().enumerate().map(|(n, wire)| one(n, wire));
    let identities = identities.into_iter().enumerate().map(|(n, wire)| identity(n, wire, &roots));
    let mut all: Vec<UpstreamKey> = Vec::new();
    for key in keys.chain(identities) {
        let key = key?;
        if all.iter().any(|known| known.name == key.name) {
            return Err(wrong("a key or identity of a publisher has the name of another").with("found", key.name));
        }
        all.push(key);
    }
    Ok(all)
}

/// The trusted roots by their names. One that nobody is known by would stand there for nothing.
fn read_roots(wire: Vec<WireRoot>, identities: &[WireIdentity]) -> Result<Vec<(String, Arc<TrustedRoot>)>> {
    if wire.len() > MOST_ROOTS {
        return Err(wrong("there are too many trusted roots").with("expected", format!("at most {MOST_ROOTS}")));
    }
    let mut roots: Vec<(String, Arc<TrustedRoot>)> = Vec::new();
    for (n, WireRoot { name, json }) in wire.into_iter().enumerate() {
        let about = |why: &str| wrong(&format!("trusted root {} {why}", n + 1));
        if !is_name(&name) || roots.iter().any(|(known, _)| *known == name) {
            return Err(about("has a name that is empty, too long, not plain, or that of another"));
        }
        if !identities.iter().any(|identity| identity.trusted_root == name) {
            return Err(about("is named by no `[[upstream-identity]]`").with("found", name));
        }
        let root = TrustedRoot::read(&json).map_err(|why| about("cannot be read").with("found", why))?;
        roots.push((name, Arc::new(root)));
    }
    Ok(roots)
}

fn identity(n: usize, wire: WireIdentity, roots: &[(String, Arc<TrustedRoot>)]) -> Result<UpstreamKey> {
    let about = |why: &str| wrong(&format!("upstream identity {} {why}", n + 1));
    let WireIdentity { name, artifacts, trusted_root, issuer, identities, signed_as, attestations } = wire;
    let Named { name, artifacts, signed_as } = named(name, artifacts, signed_as, &about)?;
    let plain_issuer =
        !issuer.is_empty() && issuer.len() <= LONGEST_ISSUER && !issuer.contains(char::is_whitespace) && plain(&issuer) == issuer;
    if !plain_issuer {
        return Err(about("has an `issuer` that is empty, too long or not plain"));
    }
    let identities = patterns("identities", identities, &about)?;
    // Whoever has an account with the issuer would be taken.
    if identities.iter().any(|pattern| pattern.as_str() == "*") {
        return Err(about("takes anybody whom its issuer knows").with("expected", "an identity, or the beginning of identities"));
    }
    let root = roots.iter().find(|(known, _)| *known == trusted_root).map(|(_, root)| root.clone());
    let root = root.ok_or_else(|| about("names no `[[trusted-root]]` of the policy").with("found", format!("{trusted_root:.80}")))?;
    let attested = attested(attestations, &about)?;
    Ok(UpstreamKey::keyless(name, Identity { root, issuer, identities }, artifacts, signed_as).counting(attested))
}

fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && name.len() <= LONGEST_NAME && plain(name) == name
}

/// What keys and identities have in common.
struct Named {
    name: String,
    artifacts: Vec<Pattern>,
    signed_as: Vec<Pattern>,
}

fn named(name: String, artifacts: Vec<String>, signed_as: Option<Vec<String>>, about: &dyn Fn(&str) -> Error) -> Result<Named> {
    if !is_name(&name) {
        return Err(about("has a name that is empty, too long or not plain"));
    }
    let artifacts = patterns("artifacts", artifacts, about)?;
    // A name without its ecosystem would never be met, and nobody would notice.
    if let Some(bare) = artifacts.iter().find(|pattern| !pattern.as_str().contains('/')) {
        return Err(about("is for no artifact").with("expected", "ecosystem/name").with("found", bare.as_str()));
    }
    let signed_as = signed_as.map(|list| patterns("signed-as", list, about)).transpose()?.unwrap_or_default();
    Ok(Named { name, artifacts, signed_as })
}

/// Types of attestations that count for signatures. All of them would be taken for what nobody has thought of.
fn attested(types: Option<Vec<String>>, about: &dyn Fn(&str) -> Error) -> Result<Vec<Pattern>> {
    let types = types.map(|list| patterns("attestations", list, about)).transpose()?.unwrap_or_default();
    if types.iter().any(|pattern| pattern.as_str() == "*") {
        return Err(about("takes any attestation for a signature").with("expected", "types, or the beginning of types"));
    }
    Ok(types)
}

fn patterns(what: &str, list: Vec<String>, about: &dyn Fn(&str) -> Error) -> Result<Vec<Pattern>> {
    if list.is_empty() || list.len() > MOST_PATTERNS {
        return Err(about(&format!("has no `{what}`, or too many")).with("expected", format!("1 to {MOST_PATTERNS}")));
    }
    let read = |text: &String| {
        let error = || about(&format!("has an entry of `{what}` that cannot be one")).with("found", format!("{text:.80}"));
        Pattern::read(text).ok_or_else(|| error().with("expected", "a name, or the beginning of names and `*` as the last character"))
    };
    list.iter().map(read).collect()
}

fn one(n: usize, wire: WireKey) -> Result<UpstreamKey> {
    let about = |why: &str| wrong(&format!("upstream key {} {why}", n + 1));
    let WireKey { name, artifacts, kind, signed_as, attestations, key } = wire;
    let Named { name, artifacts, signed_as } = named(name, artifacts, signed_as, &about)?;
    let known = Kind::KEYS.iter().find(|(word, _)| *word == kind).map(|(_, kind)| *kind);
    let kinds = || Kind::KEYS.map(|(word, _)| word).join(", ");
    let kind = known.ok_or_else(|| about("is of no known `kind`").with("expected", kinds()).with("found", format!("{kind:.40}")))?;
    let attested = attested(attestations, &about)?;
    if kind == Kind::OpenPgp && !attested.is_empty() {
        return Err(about("has `attestations`, which are not made by keys of that kind").with("found", kind.word()));
    }
    let key = UpstreamKey::read(name, kind, &key, artifacts, signed_as).map_err(|why| about("cannot be read").with("found", why))?;
    Ok(key.counting(attested))
}
