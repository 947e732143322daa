//! The line and the notes that `lock` prints for a section.

use super::super::section::PythonSection;
use super::PythonTarget;
use super::asked::newest;
use super::collect::Wanted;
use crate::artifact::Artifact;
use crate::ecosystems::LockRequest;
use crate::error::Result;
use airlift_python_resolve as uv;
use std::collections::{BTreeMap, BTreeSet};

/// `118 packages · 236 files · 1.9 GB   linux-x86_64 py3.11, py3.12`.
pub fn line(artifacts: &[Artifact], targets: &[PythonTarget]) -> String {
    let packages: BTreeSet<&str> = artifacts.iter().map(|a| a.name.as_str()).collect();
    let blobs: BTreeMap<_, _> = artifacts.iter().flat_map(|a| &a.descriptors).map(|d| (d.digest, d.size)).collect();
    let mut platforms: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for target in targets {
        let python = target.target.python.map(|p| format!("py{p}")).unwrap_or_default();
        platforms.entry(target.target.architecture.machine()).or_default().insert(python);
    }
    let platforms = platforms.into_iter().map(|(machine, pythons)| {
        let pythons: Vec<String> = pythons.into_iter().collect();
        format!("linux-{machine} {}", pythons.join(", "))
    });
    format!(
        "{} · {} · {}   {}",
        counted(packages.len(), "package"),
        counted(artifacts.len(), "file"),
        size(blobs.values().sum()),
        platforms.collect::<Vec<_>>().join("; ")
    )
}

/// What a person should know, sorted by subject.
pub fn notes(request: &LockRequest<'_>, section: &PythonSection, wanted: &[Wanted], mut notes: BTreeSet<String>) -> Result<Vec<String>> {
    let mut out = Vec::new();
    if let Some(newest) = newest(section, request.now)? {
        out.push(format!("nothing uploaded after {newest} was considered"));
    }
    for wanted in wanted {
        let (name, version) = (&wanted.name, &wanted.version);
        if let Some(reason) = &wanted.file.yanked {
            // The resolver warns of the same in other words.
            notes.retain(|note| !(note.contains("yanked") && note.contains(name.as_str()) && note.contains(version.as_str())));
            let reason = if reason.is_empty() { "no reason given" } else { reason };
            out.push(format!("{name} {version} is yanked: {reason}"));
        }
        if wanted.file.kind == uv::FileKind::Sdist {
            out.push(format!("{name} {version} is a source distribution: it is built where it is installed"));
        }
    }
    out.extend(notes);
    out.dedup();
    Ok(out)
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Decimal units, rounded, one digit after the point below ten.
pub fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    let Some((unit, name)) = UNITS.into_iter().find(|(unit, _)| bytes >= *unit) else { return format!("{bytes} B") };
    let tenths = (u128::from(bytes) * 10 + u128::from(unit / 2)) / u128::from(unit);
    if tenths < 100 { format!("{}.{} {name}", tenths / 10, tenths % 10) } else { format!("{} {name}", (tenths + 5) / 10) }
}
