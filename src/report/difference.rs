//! What one inventory has that another has not: by package URL and bytes, what is inside artifacts included.

use super::component::Component;
use super::inventory::Inventory;
use crate::artifact::Digest;
use crate::artifact::Purl;
use std::collections::BTreeMap;

/// What became of one component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It was not there, under no version.
    Added,
    /// It is gone.
    Removed,
    /// It was there in other versions only.
    Changed,
    /// It has the version it had, and other bytes: what a reviewer looks at first.
    Rebuilt,
}

impl Change {
    /// The word in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Rebuilt => "rebuilt",
        }
    }
}

/// The difference of two inventories.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference<'a> {
    /// The one before.
    pub before: &'a Inventory,
    /// The one after.
    pub after: &'a Inventory,
    /// The components that differ, in the order of `after`, then those that are gone.
    pub changes: Vec<(Change, &'a Component)>,
}

/// What is known of all components of one name: versions with the bytes of each.
type Known<'a> = BTreeMap<String, BTreeMap<&'a str, Vec<Vec<Digest>>>>;

impl<'a> Difference<'a> {
    /// From one inventory to another.
    pub fn between(before: &'a Inventory, after: &'a Inventory) -> Self {
        let (old, new) = (known(before), known(after));
        let mut changes = Vec::new();
        after.walk(&mut |component| changes.extend(change(component, &old).map(|change| (change, component))));
        before.walk(&mut |component| {
            let (base, version) = key(component);
            let gone = new.get(&base).is_none_or(|versions| !versions.contains_key(version));
            // A version that another took the place of is told of by that one.
            if gone && !new.contains_key(&base) {
                changes.push((Change::Removed, component));
            }
        });
        Self { before, after, changes }
    }

    /// How many there are of one kind.
    pub fn count(&self, wanted: Change) -> usize {
        self.changes.iter().filter(|(change, _)| *change == wanted).count()
    }

    /// The part of `after` that is new or other, as an inventory of its own: artifacts whole, so that nothing inside loses its place.
    pub fn inventory(&self) -> Inventory {
        let (old, mut subject) = (known(self.before), self.after.subject.clone());
        let differs = |artifact: &Component| {
            let mut differs = false;
            artifact.walk(&mut |component| differs |= change(component, &old).is_some());
            differs
        };
        let mut components: Vec<Component> = self.after.components.iter().filter(|artifact| differs(artifact)).cloned().collect();
        for component in &mut components {
            let change = change(component, &old).unwrap_or(Change::Changed);
            component.properties.insert("change".to_owned(), change.name().to_owned());
        }
        subject.digest = Digest::of(format!("{} {}", self.before.subject.digest.hex(), self.after.subject.digest.hex()).as_bytes());
        subject.name =
            format!("{}: what is new or other than in {} {}", subject.name, self.before.subject.name, self.before.subject.version);
        Inventory::new(subject, components)
    }
}

fn known(inventory: &Inventory) -> Known<'_> {
    let mut known = Known::new();
    inventory.walk(&mut |component| {
        let (base, version) = key(component);
        known.entry(base).or_default().entry(version).or_default().push(bytes(component));
    });
    known
}

/// What stays of a component from version to version. Where the version stands in a qualifier too, as in a file name, it is left out.
fn key(component: &Component) -> (String, &str) {
    let base = Purl::read(&component.purl).map_or_else(|| component.name.clone(), |purl| purl.base());
    (format!("{} {base}", component.ecosystem), &component.version)
}

fn bytes(component: &Component) -> Vec<Digest> {
    component.parts.iter().map(|part| part.digest).collect()
}

fn change(component: &Component, old: &Known<'_>) -> Option<Change> {
    let (base, version) = key(component);
    let Some(versions) = old.get(&base) else { return Some(Change::Added) };
    match versions.get(version) {
        None => Some(Change::Changed),
        Some(had) if had.contains(&bytes(component)) => None,
        Some(_) => Some(Change::Rebuilt),
    }
}
