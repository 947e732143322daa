//! How old a trust root is, without believing one clock. Times are shown and warned of; they refuse only where the receiver says so.

use crate::bundle::Statement;
use crate::error::{Error, Kind, Result};
use crate::store::{Store, read_bounded};
use crate::trust::{TrustRoot, pinned};
use jiff::Timestamp;

/// No clock is right that shows an earlier time: this program was not there yet.
const WRITTEN: &str = "2026-11-01T00:00:00Z";
/// Longest statement that is read for its time, in bytes.
const LONGEST: u64 = 1 << 20;

/// What is known about the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Age {
    /// The latest of the clock, the times this host has accepted as claims, and when the program was written.
    pub now: Timestamp,
    /// Whether the clock is behind the others.
    pub clock_behind: bool,
}

/// What this host knows about the time.
pub fn age(store: &Store, clock: Timestamp) -> Result<Age> {
    let roots = pinned::roots(&store.trust_folder())?;
    let mut claims: Vec<Timestamp> = roots.iter().map(|root| root.terms().created).chain(WRITTEN.parse()).collect();
    for installed in store.current()?.map(|snapshot| snapshot.bundles).unwrap_or_default() {
        let bytes = read_bounded(&store.bundle_folder(&installed.bundle).join("bundle.json"), LONGEST)?;
        let statement = bytes.and_then(|bytes| Statement::parse(&bytes).ok());
        claims.extend(statement.and_then(|statement| statement.created.parse::<Timestamp>().ok()));
    }
    let floor = claims.into_iter().max().unwrap_or(clock);
    Ok(Age { now: clock.max(floor), clock_behind: clock < floor })
}

/// The time it is at least: by what a host knows, or, where there is none yet, by when the program was written.
pub fn known_time(store: Option<&Store>, clock: Timestamp) -> Result<Timestamp> {
    match store {
        Some(store) => age(store, clock).map(|age| age.now),
        None => Ok(WRITTEN.parse().map_or(clock, |written: Timestamp| written.max(clock))),
    }
}

/// What to say about a root that should have been replaced; an error where the receiver refuses such roots.
pub fn check_age(root: &TrustRoot, age: Age, refuse: bool) -> Result<Option<String>> {
    let Some(expires) = root.terms().expires.filter(|expires| *expires <= age.now) else { return Ok(None) };
    if refuse {
        return Err(Error::new(Kind::Policy, format!("{} has expired, and expired roots are refused here", root.label()))
            .with("expired", expires)
            .with("now", age.now)
            .hint("have the next root made (airlift trust rotate) and accept it, or leave out --refuse-expired"));
    }
    let clock = if age.clock_behind { "; this host's clock is behind" } else { "" };
    Ok(Some(format!("{} should have been replaced by {expires}{clock}: airlift trust rotate", root.label())))
}
