//! `policy`: the rules a host asks of bundles, kept in its store.

use crate::artifact::Digest;
use crate::error::{Error, Kind, Result};
use crate::log::{Draft, Item, Journal, kind};
use crate::policy::{MAX_POLICY_BYTES, Policy};
use crate::store::{Store, read_bounded, remove, write_atomic};
use std::path::Path;

/// The policy in force and its exact text; the default, which asks nothing, where none was set. A policy that cannot be read is an error,
/// [`Kind::Store`]: nobody knows what it asked.
pub fn in_force(store: &Store) -> Result<(Policy, Option<Vec<u8>>)> {
    let path = store.policy_path();
    let damaged = |e: Error| e.of_kind(Kind::Store).with("file", path.display()).hint("put it right with: airlift policy set FILE");
    let Some(text) = read_bounded(&path, MAX_POLICY_BYTES as u64).map_err(damaged)? else { return Ok((Policy::default(), None)) };
    Ok((Policy::parse(&text).map_err(damaged)?, Some(text)))
}

/// Reads a policy file.
pub fn read(file: &Path) -> Result<Policy> {
    text_of(file).map(|(policy, _)| policy)
}

fn text_of(file: &Path) -> Result<(Policy, Vec<u8>)> {
    let missing = || Error::usage(format!("{}: there is no such file", file.display()));
    let text = read_bounded(file, MAX_POLICY_BYTES as u64)?.ok_or_else(missing)?;
    Ok((Policy::parse(&text).map_err(|e| e.about(file.display()))?, text))
}

/// Puts a policy in force.
pub fn set(journal: &Journal<'_>, file: &Path) -> Result<Policy> {
    let (policy, text) = text_of(file)?;
    journal.append(Draft::new(kind::POLICY, vec![Item::of("policy", Digest::of(&text))]))?;
    write_atomic(&journal.store().policy_path(), &text)?;
    Ok(policy)
}

/// Takes the policy away: nothing is asked then.
pub fn clear(journal: &Journal<'_>) -> Result<()> {
    journal.append(Draft::new(kind::POLICY, vec![Item::named("policy", "none")]))?;
    remove(&journal.store().policy_path())
}
