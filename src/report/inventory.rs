//! The inventory: all components of one lock, bundle or installed snapshot, named and linked.

use super::component::{Component, Examined};
use super::licence::{Declared, difference, each_found};
use super::linking::{link, relate};
use crate::artifact::{Completeness, Digest};
use std::collections::HashSet;

/// What an inventory is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubjectKind {
    /// What a manifest means.
    Lock,
    /// What is carried.
    Bundle,
    /// What is served.
    Installed,
    /// This program itself.
    Program,
}

impl SubjectKind {
    /// The word in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::Bundle => "bundle",
            Self::Installed => "installed",
            Self::Program => "program",
        }
    }
}

/// What an inventory is of, and what identifies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// What sort of thing it is.
    pub kind: SubjectKind,
    /// Its name.
    pub name: String,
    /// Its version: line and number of a bundle, number of a snapshot; empty for a lock.
    pub version: String,
    /// The digest that its content follows from: of the lock, the bundle's statement, the snapshot's list.
    pub digest: Digest,
    /// Whether only a part of it is listed, as in a difference: the digest is then a name for that part, and of no bytes that anyone has.
    pub partial: bool,
    /// When it was made, as it says itself (RFC 3339, UTC); absent where it says nothing.
    pub created: Option<String>,
    /// Who accounts for it, as a person or organisation that asked for the document is named; absent where nobody was.
    pub author: Option<String>,
}

#[cfg(test)]
impl Subject {
    /// A lock for tests.
    pub fn of_lock() -> Self {
        Self {
            kind: SubjectKind::Lock,
            name: "kit".to_owned(),
            version: String::new(),
            digest: Digest::of(b"lock"),
            partial: false,
            created: None,
            author: None,
        }
    }
}

/// How many components are in which state; nested ones are counted too, but for `artifacts`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Artifacts.
    pub artifacts: usize,
    /// Artifacts and everything inside them.
    pub components: usize,
    /// Artifacts whose bytes are not here.
    pub not_examined: usize,
    /// Artifacts whose bytes are here and could not be read.
    pub unreadable: usize,
    /// Components whose licence is an expression of the SPDX list.
    pub licensed: usize,
    /// Components with a licence statement that is none.
    pub otherwise_licensed: usize,
    /// Components without a licence statement.
    pub unlicensed: usize,
    /// Those of them in which the text of a licence was found.
    pub only_found: usize,
    /// Components of which all that they need is known and here.
    pub linked: usize,
    /// Components of which some of what they need is not known, or not here.
    pub partly_linked: usize,
    /// Components of which nothing is known of what they need.
    pub unlinked: usize,
    /// Files inside artifacts that were looked into.
    pub files: u64,
    /// Those of them that some package accounts for.
    pub accounted: u64,
}

/// All components of something.
#[derive(Debug, Clone, PartialEq)]
pub struct Inventory {
    /// What it is of.
    pub subject: Subject,
    /// The artifacts, in the order of the lock.
    pub components: Vec<Component>,
}

impl Inventory {
    /// Names and links the components.
    pub fn new(subject: Subject, mut components: Vec<Component>) -> Self {
        link(&mut components, "", &mut HashSet::new());
        relate(&mut components);
        Self { subject, components }
    }

    /// Calls `visit` with every component, an artifact before what is inside it.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Component)) {
        self.components.iter().for_each(|component| component.walk(visit));
    }

    /// Takes what is declared for what governs a component: where that is one certain expression, and no text that was found inside is
    /// another licence's. Only who accounts for the document can ask for it.
    pub fn conclude_licences(&mut self) {
        self.components.iter_mut().for_each(conclude);
    }

    /// How many are in which state.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts { artifacts: self.components.len(), ..Counts::default() };
        counts.not_examined = self.components.iter().filter(|c| c.examined == Examined::NotExamined).count();
        counts.unreadable = self.components.iter().filter(|c| matches!(c.examined, Examined::Unreadable(_))).count();
        self.walk(&mut |component| counts.add(component));
        counts
    }
}

fn conclude(component: &mut Component) {
    component.concluded = match Declared::of(&component.licences) {
        Declared::Expression(expression) if difference(&component.licences).is_none() => Some(expression),
        _ => None,
    };
    component.inside.iter_mut().flat_map(|inside| &mut inside.components).for_each(conclude);
}

impl Counts {
    fn add(&mut self, component: &Component) {
        self.components += 1;
        *match Declared::of(&component.licences) {
            Declared::Expression(_) => &mut self.licensed,
            Declared::Text(_) => &mut self.otherwise_licensed,
            Declared::Nothing => &mut self.unlicensed,
        } += 1;
        if Declared::of(&component.licences) == Declared::Nothing && !each_found(&component.licences).is_empty() {
            self.only_found += 1;
        }
        *match component.needs_known {
            Completeness::Complete => &mut self.linked,
            Completeness::Partial => &mut self.partly_linked,
            Completeness::Unknown => &mut self.unlinked,
        } += 1;
        if let Some(inside) = &component.inside {
            self.files += inside.files;
            self.accounted += inside.accounted;
        }
    }
}
