//! Why something is there: which sections of the manifest asked for it, and along which way it is needed.

use crate::artifact::Artifact;
use crate::error::{Error, Result};
use crate::report::document::{Backed, Claim, Evidence, Kind, Report, WhyRow, outside};
use crate::report::{Component, Inventory};
use std::collections::{BTreeMap, VecDeque};

/// Most things of one name that are listed; how many more there are is said.
const MOST: usize = 100;
/// Most steps of a way that are listed, the first ones and the last ones by halves; how many lie between is said.
const LONGEST: usize = 50;

/// Makes a report one of why a name is there. [`Kind::Usage`](crate::error::Kind) when nothing has that name.
pub fn why(report: &mut Report, name: &str, artifacts: &[Artifact], inventory: &Inventory, by: &Evidence) -> Result<()> {
    let wanted: Vec<&Component> = inventory.components.iter().filter(|c| c.name == name || c.label() == name).collect();
    if wanted.is_empty() {
        return Err(Error::usage("nothing here has that name")
            .with("asked for", format!("{name:.120}"))
            .hint("airlift report lists every artifact"));
    }
    let needers = needers(inventory);
    let labels: Labels<'_> = inventory.components.iter().map(|c| (c.reference.as_str(), outside(&c.label()))).collect();
    let rows = wanted.iter().take(MOST).map(|component| row(component, artifacts, &labels, &needers)).collect();
    if wanted.len() > MOST {
        let values = [("count", (wanted.len() - MOST).to_string()), ("all", wanted.len().to_string())];
        report.not_checked.insert(0, Claim::say("why-cut", &values, by.clone()));
    }
    report.kind = Kind::Why;
    report.why = Some(Backed::new(rows, by.clone()));
    report.artifacts = None;
    Ok(())
}

type Needers<'a> = BTreeMap<&'a str, Vec<&'a str>>;
type Labels<'a> = BTreeMap<&'a str, String>;

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

fn row(component: &Component, artifacts: &[Artifact], labels: &Labels<'_>, needers: &Needers<'_>) -> WhyRow {
    let same = |a: &&Artifact| (&a.ecosystem, &a.name, &a.version) == (&component.ecosystem, &component.name, &component.version);
    let mut sections: Vec<String> = artifacts.iter().filter(same).flat_map(|a| a.sections.iter().map(|s| outside(s))).collect();
    sections.sort();
    sections.dedup();
    let (path, between) = ends(path(&component.reference, needers));
    WhyRow {
        name: outside(&component.label()),
        sections,
        path: path.iter().map(|reference| labels.get(reference).cloned().unwrap_or_default()).collect(),
        between: between as u64,
        needed_by: needers.get(component.reference.as_str()).map_or(0, |all| all.len() as u64),
    }
}

/// The two ends of a way that is too long to be listed, and how many steps lie between them.
fn ends(mut path: Vec<&str>) -> (Vec<&str>, usize) {
    let between = path.len().saturating_sub(LONGEST);
    if between > 0 {
        path.drain(LONGEST / 2..LONGEST / 2 + between);
    }
    (path, between)
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

    #[test]
    fn of_a_long_way_both_ends_are_listed_and_the_rest_is_counted() {
        let names: Vec<String> = (0..LONGEST + 3).map(|n| n.to_string()).collect();
        let (path, between) = ends(names.iter().map(String::as_str).collect());
        assert_eq!((path.len(), between, path[0], path[LONGEST - 1]), (LONGEST, 3, "0", "52"));
        assert_eq!((path[LONGEST / 2 - 1], path[LONGEST / 2]), ("24", "28"));
        assert_eq!(ends(vec!["a", "b"]), (vec!["a", "b"], 0));
    }
}
