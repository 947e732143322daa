//! The line and the notes that `lock` prints for a section.

use super::collect::{Packages, Picked};
use super::machine::Machine;
use crate::artifact::{Artifact, Learned};
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

/// Most things that one note names.
const MOST_NAMED: usize = 5;

/// The first of some things, and how many more there are.
pub fn some(names: &[String]) -> String {
    let rest = names.len().saturating_sub(MOST_NAMED);
    let more = if rest > 0 { format!(", and {rest} more") } else { String::new() };
    format!("{}{more}", names.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(", "))
}

/// Digests that no index told: how many, and of how many of these nothing vouches for the bytes.
pub fn learned(artifacts: &[Artifact]) -> Vec<String> {
    let file = |a: &Artifact| {
        format!("{}/{}", a.name.rsplit_once('/').map_or("", |(folder, _)| folder), a.descriptors[0].name.as_deref().unwrap_or_default())
    };
    let hashed: Vec<&Artifact> = artifacts.iter().filter(|a| a.descriptors.iter().any(|d| d.learned == Learned::Downloaded)).collect();
    let bare: Vec<String> = hashed.iter().filter(|a| a.descriptors[0].side_digests.is_empty()).map(|a| file(a)).collect();
    let mut notes = Vec::new();
    if !hashed.is_empty() {
        let names: Vec<String> = hashed.iter().map(|a| file(a)).collect();
        notes.push(format!("no index tells the SHA-256 of {}, downloaded and hashed: {}", count(hashed.len(), "package"), some(&names)));
    }
    if !bare.is_empty() {
        let what = count(bare.len(), "package");
        notes.push(format!("no index tells any digest of {what}, what came is taken as it is: {}", some(&bare)));
    }
    notes
}

/// Where Python is carried and pip is not, clients that have every Python require pip cannot install it.
pub fn without_pip(packages: &Packages) -> Option<String> {
    // `python-3.11.9-h1_0.conda`, and not `python-dateutil-2.9-0.conda`.
    let is = |package: &Picked, start: &str| package.file.strip_prefix(start).is_some_and(|rest| rest.matches('-').count() == 1);
    let with = |start: &'static str| packages.values().filter(move |p| is(p, start)).map(|p| p.subdir.as_str()).collect::<BTreeSet<_>>();
    let pip = with("pip-");
    let lacking: Vec<&str> = with("python-").into_iter().filter(|subdir| !pip.contains(subdir) && !pip.contains("noarch")).collect();
    (!lacking.is_empty()).then(|| {
        format!(
            "python without pip for {}: conda and mamba install it only with `add_pip_as_python_dependency: false`, as airlift client conda \
             prints it; or add pip to what is asked for",
            lacking.join(", ")
        )
    })
}
