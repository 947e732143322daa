//! Why something is there: which sections of the manifest asked for it, and along which way it is needed.

use crate::artifact::Artifact;
use crate::error::{Error, Result};
use crate::report::document::{Backed, Evidence, Kind, Report, WhyRow, outside};
use crate::report::{Component, Inventory};
use std::collections::{BTreeMap, VecDeque};

/// Most things of one name.
const MOST: usize = 100;
/// Longest way that is shown.
const LONGEST: usize = 50;

/// Makes a report one of why a name is there. [`Kind::Usage`](crate::error::Kind) when nothing has that name.
pub fn why(report: &mut Report, name: &str, artifacts: &[Artifact], inventory: &Inventory, by: &Evidence) -> Result<()> {
    let wanted: Vec<&Component> = inventory.components.iter().filter(|c| c.name == name || c.label() == name).take(MOST).collect();
    if wanted.is_empty() {
        return Err(Error::usage("nothing here has that name")
            .with("asked for", format!("{name:.120}"))
            .hint("airlift report lists every artifact"));
    }
    let needers = needers(inventory);
    let rows = wanted.iter().map(|component| row(component, artifacts, inventory, &needers)).collect();
    report.kind = Kind::Why;
    report.why = Some(Backed::new(rows, by.clone()));
    report.artifacts = None;
    Ok(())
}

type Needers<'a> = BTreeMap<&'a str, Vec<&'a str>>;

/// Who needs what, by references.
fn needers(inventory: &Inventory) -> Needers<'_> {
    let mut needers = Needers::new();
    for component in &inventory.components {
        for needed in component.needs.iter().filter(|needed| **needed != component.reference) {
            needers.entry(needed).or_default().push(&component.reference);
        }
    }
    needers
}

fn row(component: &Component, artifacts: &[Artifact], inventory: &Inventory, needers: &Needers<'_>) -> WhyRow {
    let same = |a: &&Artifact| (&a.ecosystem, &a.name, &a.version) == (&component.ecosystem, &component.name, &component.version);
    let mut sections: Vec<String> = artifacts.iter().filter(same).flat_map(|a| a.sections.iter().map(|s| outside(s))).collect();
    sections.sort();
    sections.dedup();
    let labels: BTreeMap<&str, String> = inventory.components.iter().map(|c| (c.reference.as_str(), outside(&c.label()))).collect();
    let path = path(&component.reference, needers);
    WhyRow {
        name: outside(&component.label()),
        sections,
        path: path.iter().take(LONGEST).map(|reference| labels.get(reference).cloned().unwrap_or_default()).collect(),
        needed_by: needers.get(component.reference.as_str()).map_or(0, |all| all.len() as u64),
    }
}

/// The shortest way from something that nothing needs; from the farthest one where all are needed by each other.
fn path<'a>(to: &'a str, needers: &Needers<'a>) -> Vec<&'a str> {
    let (mut from, mut queue): (BTreeMap<&str, &str>, _) = (BTreeMap::new(), VecDeque::from([to]));
    let mut end = to;
    while let Some(at) = queue.pop_front() {
        end = at;
        let Some(next) = needers.get(at) else { break };
        for needer in next {
            if *needer != to && !from.contains_key(needer) {
                from.insert(needer, at);
                queue.push_back(needer);
            }
        }
    }
    let mut path = vec![end];
    while let Some(next) = from.get(path[path.len() - 1]) {
        path.push(next);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_way_from_what_nothing_needs() {
        let needers = Needers::from([
            ("leaf", vec!["middle", "top"]),
            ("middle", vec!["top"]),
            ("loop-a", vec!["loop-b"]),
            ("loop-b", vec!["loop-a"]),
        ]);
        assert_eq!(path("leaf", &needers), ["top", "leaf"]);
        assert_eq!(path("top", &needers), ["top"]);
        assert_eq!(path("loop-a", &needers), ["loop-b", "loop-a"]);
    }
}
