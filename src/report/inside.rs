//! What lies inside an artifact, how it was found, and how much of it was accounted for.

use super::component::{Class, Component, Examined};
use crate::artifact::Completeness;

/// What became of one database of packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// All of it was read.
    Read,
    /// Some of it was; what was passed over, and why.
    Partly(String),
    /// It is of a form that is not read here; why.
    NotAssessable(String),
}

/// One database of packages that was met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// Its kind, such as `dpkg`.
    pub kind: String,
    /// Where it lies.
    pub place: String,
    /// How many components it gave.
    pub components: usize,
    /// What became of it.
    pub reading: Reading,
}

impl Database {
    /// What was read of it, in a line.
    pub(super) fn told(&self) -> String {
        let found = format!("{} {}: {} components", self.kind, self.place, self.components);
        match &self.reading {
            Reading::Read => found,
            Reading::Partly(why) => format!("{found}, read in part: {why}"),
            Reading::NotAssessable(why) => format!("{} {}: not assessable: {why}", self.kind, self.place),
        }
    }
}

/// The content of an artifact.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Inside {
    /// What was found, sorted by package URL.
    pub components: Vec<Component>,
    /// Where it was looked, in the order in which it was met.
    pub databases: Vec<Database>,
    /// Whether its maker lists what is inside, so that the list is all there is.
    pub listed: bool,
    /// Files there are.
    pub files: u64,
    /// Files that some package accounts for.
    pub accounted: u64,
    /// Parts that could not be looked into, and why, for people.
    pub not_assessed: Vec<String>,
    /// How many of those, the first ones, are not carried at all, such as other platforms.
    pub not_carried: usize,
}

/// What of a content could not be looked into.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unseen {
    /// How many parts: databases, layers, things whose bytes are not here.
    pub parts: usize,
    /// Why, of the first ones, in a line each.
    pub why: Vec<String>,
}

/// Most reasons that are told.
const MOST_REASONS: usize = 3;

impl Unseen {
    fn add(&mut self, why: impl FnOnce() -> String) {
        self.parts += 1;
        if self.why.len() < MOST_REASONS {
            self.why.push(why());
        }
    }
}

impl Component {
    /// What is carried of it and of everything inside that could not be looked into for packages; nothing where all of it was, and where its
    /// kind holds none.
    pub fn unseen(&self) -> Unseen {
        let mut unseen = Unseen::default();
        self.walk(&mut |component| component.add_unseen(&mut unseen));
        unseen
    }

    fn add_unseen(&self, to: &mut Unseen) {
        let Some(inside) = &self.inside else {
            // What was found inside another is not read by itself; a database names it.
            let holds = self.found_by.is_none() && matches!(self.class, Class::Container | Class::Library | Class::Application);
            return match &self.examined {
                Examined::NotExamined if holds => to.add(|| "its content is not here".to_owned()),
                Examined::Unreadable(why) => to.add(|| why.clone()),
                _ => {}
            };
        };
        let unread = inside.databases.iter().filter(|database| database.reading != Reading::Read);
        unread.for_each(|database| to.add(|| database.told()));
        inside.not_assessed.iter().skip(inside.not_carried).for_each(|why| to.add(|| why.clone()));
        if inside.components.is_empty() && inside.databases.is_empty() && !inside.listed {
            to.add(|| format!("nothing names the packages of its {} files", inside.files));
        }
    }
}

impl Inside {
    /// Whether everything that is carried of it was looked into; platforms that are not carried are elsewhere.
    pub fn is_whole(&self) -> bool {
        self.not_assessed.len() <= self.not_carried && self.databases.iter().all(|database| database.reading == Reading::Read)
    }

    /// How much of the content the components are: complete only where databases account for every file and everything was read.
    pub fn completeness(&self) -> Completeness {
        let read = self.databases.iter().all(|database| database.reading == Reading::Read);
        match () {
            () if !self.databases.is_empty() && self.files > 0 && self.files == self.accounted && read && self.not_assessed.is_empty() => {
                Completeness::Complete
            }
            () if self.listed && self.not_assessed.is_empty() => Completeness::Complete,
            () if self.components.is_empty() => Completeness::Unknown,
            () => Completeness::Partial,
        }
    }
}
