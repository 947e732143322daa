//! The line and the notes that `lock` prints for a section.

use super::machine::Machine;
use crate::artifact::Artifact;
use crate::ecosystems::{bytes, count};
use std::collections::BTreeSet;

/// `118 packages · 1.9 GB   linux-64 py3.11, linux-aarch64 py3.11`.
pub fn line(artifacts: &[Artifact], machines: &[Machine]) -> String {
    let size = artifacts.iter().fold(0, |sum: u64, artifact| sum.saturating_add(artifact.size()));
    let words: BTreeSet<String> = machines.iter().map(Machine::words).collect();
    let words: Vec<String> = words.into_iter().collect();
    format!("{} · {}   {}", count(artifacts.len(), "package"), bytes(size), words.join(", "))
}

/// What was passed over, for people.
pub fn passed(count: usize, reasons: &BTreeSet<String>) -> Vec<String> {
    let mut notes: Vec<String> = reasons.iter().map(|reason| format!("passed over: {reason}")).collect();
    if count > notes.len() {
        notes.push(format!("passed over: {} more", count - notes.len()));
    }
    notes
}
