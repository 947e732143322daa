//! What one inventory has that another has not: by package URL and bytes, what is inside artifacts included.

use super::component::Component;
use super::inventory::Inventory;

use crate::artifact::{Completeness, Digest, Purl};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// What became of one component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It was not there: under no version, or not this file of its version.
    Added,
    /// It is gone, and no version that is new took its place.
    Removed,
    /// It was there in other versions only.
    Changed,
    /// It is what it was by name, version and file, and has other bytes: what a reviewer looks at first.
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

/// What is known of all components of one name, by version.
type Known<'a> = BTreeMap<String, BTreeMap<&'a str, Had>>;

/// What is known of one version.
#[derive(Default)]
struct Had {
    /// The bytes of each component.
    bytes: BTreeSet<Vec<Digest>>,
    /// What tells each from others of its version, such as a file's name.
    which: BTreeSet<BTreeMap<String, String>>,
}

impl<'a> Difference<'a> {
    /// From one inventory to another.
    pub fn between(before: &'a Inventory, after: &'a Inventory) -> Self {
        let (old, new) = (known(before), known(after));
        let mut changes = Vec::new();
        after.walk(&mut |component| changes.extend(change(component, &old).map(|change| (change, component))));
        before.walk(&mut |component| changes.extend(is_gone(component, &old, &new).then_some((Change::Removed, component))));
        Self { before, after, changes }
    }

    /// How many there are of one kind.
    pub fn count(&self, wanted: Change) -> usize {
        self.changes.iter().filter(|(change, _)| *change == wanted).count()
    }

    /// The part of `after` that is new or other, as an inventory of its own: artifacts whole, so that nothing inside loses its place.
    /// What a component needs stays as it was found in `after`: of that, what is no part of this is neither listed nor lacking.
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
        let mut here = HashSet::new();
        components.iter().for_each(|artifact| {
            artifact.walk(&mut |component| {
                here.insert(component.reference.clone());
            });
        });
        components.iter_mut().for_each(|component| keep_needs(component, &here));
        subject.partial = true;
        subject.digest = Digest::of(format!("{} {}", self.before.subject.digest.hex(), self.after.subject.digest.hex()).as_bytes());
        subject.name =
            format!("{}: what is new or other than in {} {}", subject.name, self.before.subject.name, self.before.subject.version);
        Inventory { subject, components }
    }
}

fn known(inventory: &Inventory) -> Known<'_> {
    let mut known = Known::new();
    inventory.walk(&mut |component| {
        let (base, version) = key(component);
        let had = known.entry(base).or_default().entry(version).or_default();
        had.bytes.insert(bytes(component));
        had.which.insert(which(component));
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

/// The qualifiers of a package URL, but for those that follow from the bytes or say where they lay.
fn which(component: &Component) -> BTreeMap<String, String> {
    let mut all = Purl::read(&component.purl).map(Purl::into_qualifiers).unwrap_or_default();
    all.retain(|key, _| !["checksum", "download_url", "vcs_url"].contains(&key.as_str()));
    all
}

fn change(component: &Component, old: &Known<'_>) -> Option<Change> {
    let (base, version) = key(component);
    let Some(versions) = old.get(&base) else { return Some(Change::Added) };
    match versions.get(version) {
        None => Some(Change::Changed),
        Some(had) if had.bytes.contains(&bytes(component)) => None,
        Some(had) if had.which.contains(&which(component)) => Some(Change::Rebuilt),
        Some(_) => Some(Change::Added),
    }
}

/// Whether something is no more, and no other component says so by what became of it.
fn is_gone(component: &Component, old: &Known<'_>, new: &Known<'_>) -> bool {
    let (base, version) = key(component);
    let Some(now) = new.get(&base) else { return true };
    match now.get(version) {
        Some(has) => !has.bytes.contains(&bytes(component)) && !has.which.contains(&which(component)),
        // A version that a new one took the place of is told of by that one.
        None => now.keys().all(|version| old.get(&base).is_some_and(|had| had.contains_key(version))),
    }
}

/// Leaves what a component needs only where it is listed: a document names nothing that is not in it.
fn keep_needs(component: &mut Component, here: &HashSet<String>) {
    let before = component.needs.len();
    component.needs.retain(|reference| here.contains(reference));
    if component.needs.len() < before && component.needs_known == Completeness::Complete {
        component.needs_known = Completeness::Partial;
    }
    if let Some(model) = &mut component.model {
        let named = model.datasets.iter_mut().chain(&mut model.bases);
        named.for_each(|named| named.here.retain(|reference| here.contains(reference)));
    }
    if let Some(inside) = &mut component.inside {
        inside.components.iter_mut().for_each(|inner| keep_needs(inner, here));
    }
}
