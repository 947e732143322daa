//! The order of bundles in a line: replay, rollback, gap and fork told apart (`docs/formats/trust.md`, "Sequence").

use crate::artifact::Digest;
use crate::error::{Error, Kind, Result};
use std::ops::RangeInclusive;

/// How far a number may jump at once: further looks like an attempt to use up all numbers.
pub const LONGEST_STEP: u64 = 1000;

/// A bundle that was accepted before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Toolkit name.
    pub name: String,
    /// Release line.
    pub line: String,
    /// Epoch.
    pub epoch: u64,
    /// Number in the epoch.
    pub seq: u64,
    /// Bundle id.
    pub id: Digest,
}

/// A bundle that asks to be accepted; authentic already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Where it says it stands.
    pub mark: Mark,
    /// Number and id of the bundle it says it follows.
    pub previous: Option<(u64, Digest)>,
}

/// What the receiver's rules say about order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderRules {
    /// The epoch of the receiver's trust root: no bundle may claim a higher one.
    pub epoch: u64,
    /// Whether numbers may be missing.
    pub gaps: Gaps,
}

/// Whether numbers may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gaps {
    /// Yes, and callers show which.
    Shown,
    /// No.
    Refused,
}

/// Where an acceptable bundle stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// The first of its line here.
    First,
    /// The one after the newest.
    Next,
    /// Newer, with these numbers missing in between.
    Gap(RangeInclusive<u64>),
    /// Accepted before: nothing to do.
    Replay,
}

/// Judges a bundle against everything accepted before; refusals are [`Kind::Policy`] and name both sides.
pub fn judge_sequence(accepted: &[Mark], candidate: &Candidate, rules: OrderRules) -> Result<Order> {
    let new = &candidate.mark;
    let line: Vec<&Mark> = accepted.iter().filter(|m| m.name == new.name && m.line == new.line).collect();
    if new.epoch > rules.epoch {
        return Err(refused("it claims an epoch above the trust root's", new).with("expected", format!("at most {}", rules.epoch)));
    }
    if new.seq == 0 || candidate.previous.is_some_and(|(seq, _)| new.epoch == 0 && seq >= new.seq) {
        return Err(refused("its number is not above the one it says it follows", new));
    }
    if line.contains(&new) {
        return Ok(Order::Replay);
    }
    if let Some(other) = line.iter().find(|m| (m.epoch, m.seq) == (new.epoch, new.seq)) {
        return Err(fork("another bundle with the same number is installed", new, other.seq, other.id));
    }
    let Some(newest) = line.iter().max_by_key(|m| (m.epoch, m.seq)) else { return Ok(Order::First) };
    if (new.epoch, new.seq) < (newest.epoch, newest.seq) {
        return Err(refused("rollback: it is older than what is installed", new)
            .with("installed", stated(newest))
            .hint("to go back to an earlier snapshot of this host: airlift rollback"));
    }
    check_previous(&line, newest, candidate)?;
    advance(newest, new, rules.gaps)
}

/// What it says it follows must not contradict what is known. A new epoch is a new count, so only its own numbers can be compared.
fn check_previous(line: &[&Mark], newest: &Mark, candidate: &Candidate) -> Result<()> {
    let Some((seq, id)) = candidate.previous else { return Ok(()) };
    let new = &candidate.mark;
    if new.epoch != newest.epoch {
        return Ok(());
    }
    match line.iter().find(|m| m.epoch == new.epoch && m.seq == seq) {
        Some(known) if known.id != id => {
            Err(fork("it follows another bundle than the one installed", new, seq, id).with("installed", stated(known)))
        }
        _ if seq < newest.seq => Err(fork("it does not follow the newest one installed", new, seq, id).with("installed", stated(newest))),
        _ => Ok(()),
    }
}

fn advance(newest: &Mark, new: &Mark, gaps: Gaps) -> Result<Order> {
    let base = if new.epoch == newest.epoch { newest.seq } else { 0 };
    if new.seq - base > LONGEST_STEP {
        return Err(refused("its number jumps too far", new)
            .with("installed", stated(newest))
            .with("expected", format!("at most {LONGEST_STEP} further"))
            .hint("if the line really was restarted, its makers raise the epoch in a new trust root"));
    }
    let missing = base + 1..=new.seq - 1;
    match gaps {
        _ if missing.is_empty() => Ok(Order::Next),
        Gaps::Shown => Ok(Order::Gap(missing)),
        Gaps::Refused => Err(refused("bundles before it are missing", new)
            .with("installed", stated(newest))
            .with("missing", format!("{} to {}", missing.start(), missing.end()))
            .hint("import them first, in order")),
    }
}

fn stated(mark: &Mark) -> String {
    let epoch = if mark.epoch == 0 { String::new() } else { format!("epoch {} ", mark.epoch) };
    format!("{epoch}{} {}", mark.seq, mark.id.spoken())
}

fn refused(why: &str, new: &Mark) -> Error {
    Error::new(Kind::Policy, format!("{} {}: {why}", new.name, new.seq)).with("line", &new.line).with("found", stated(new))
}

fn fork(why: &str, new: &Mark, seq: u64, id: Digest) -> Error {
    refused(&format!("fork: {why}"), new)
        .with("other", format!("{seq} {}", id.spoken()))
        .hint("two bundles claim one place in the line: ask their makers, and keep both media as evidence")
}
