//! What lies inside an image: its layers one upon the other, and what the databases of packages in them say.
//!
//! In: the layers of one platform, lowest first, as blobs. Out: an [`Inside`]: components with the place that names each, how many of
//! the files some package accounts for, and what could not be assessed. Layers are read as streams by the strict readers of
//! [`crate::scan`]; of the files only the databases are kept, within bounds. Nothing is unpacked to a disk and nothing is run. Programs
//! without a database (copied files, linked code) are not found: they are files that nothing accounts for, and are counted.

mod apk;
mod bounds;
mod conda;
mod copyright;
mod dpkg;
mod fields;
mod filesystem;
mod layer;
mod npm;
mod python;
mod release;
mod rpm;
#[cfg(test)]
mod tests;

mod wanted;

use crate::artifact::{Blobs, Completeness};
use crate::error::Result;
use crate::report::{Component, Database, Inside, Reading};
use crate::server::oci::Entry;
use filesystem::{Filesystem, LONGEST_PATH};
use release::Release;
use std::collections::BTreeSet;

/// Most components that are kept of one image.
const MOST_COMPONENTS: usize = 100_000;
/// Most databases that are named of one image.
const MOST_DATABASES: usize = 100_000;
/// Most requirements of one component, and as many of what it provides.
const MOST_NEEDS: usize = 50_000;
/// Most requirements, and what is provided, of all components of one image.
const MOST_NEEDS_OF_ALL: usize = 1 << 20;
/// Most bytes of the paths that packages account for: a database of some lines may spell more than memory holds.
const MOST_ACCOUNTED: u64 = 256 << 20;
/// What a path costs besides its bytes.
const PATH: u64 = 32;

/// What the readers of databases found in one image, within its bounds.
#[derive(Debug, Default)]
struct Found {
    components: Vec<Component>,
    databases: Vec<Database>,
    /// Files that the packages account for, as the database writes them.
    files: Vec<String>,
    /// Folders that belong to the packages with everything below.
    folders: Vec<String>,
    /// Bytes of `files` and `folders`.
    spelt: u64,
    /// Requirements of the components, and what they provide.
    needs: usize,
    /// What was passed over, for people.
    passed_over: BTreeSet<&'static str>,
}

impl Found {
    /// Takes a component, unless there are too many: then it is told. Of one that needs too much, it is only told that it does.
    fn push(&mut self, mut component: Component) {
        if self.components.len() == MOST_COMPONENTS {
            self.passed_over.insert("there are more than 100,000 components");
            return;
        }
        let (needs, provides) = (component.requirements.len(), component.provides.len());
        if needs > MOST_NEEDS || provides > MOST_NEEDS || self.needs + needs + provides > MOST_NEEDS_OF_ALL {
            self.passed_over.insert("components need or provide more than is read");
            (component.requirements, component.provides) = (vec![], vec![]);
            component.declared = Completeness::Unknown;
        }
        self.needs += component.requirements.len() + component.provides.len();
        self.components.push(component);
    }

    /// Notes a file that a package accounts for.
    fn account(&mut self, folder: &str, file: &str) {
        if self.has_room(folder.len() + file.len() + 1) {
            self.files.push(if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") });
        }
    }

    /// Notes a folder that belongs to a package with everything below.
    fn account_below(&mut self, folder: &str) {
        if self.has_room(folder.len()) {
            self.folders.push(folder.to_owned());
        }
    }

    fn has_room(&mut self, length: usize) -> bool {
        let spelt = self.spelt.saturating_add(length as u64 + PATH);
        match () {
            () if length > LONGEST_PATH => drop(self.passed_over.insert("packages list paths that no system could open")),
            () if spelt > MOST_ACCOUNTED => drop(self.passed_over.insert("packages list too many paths")),
            () => {
                self.spelt = spelt;
                return true;
            }
        }
        false
    }

    /// A database that was read whole.
    fn read(&mut self, kind: &str, place: &str, components: usize) {
        self.database(kind, place, components, Reading::Read);
    }

    /// A database of which something had to be passed over.
    fn partly(&mut self, kind: &str, place: &str, components: usize, why: &str) {
        self.database(kind, place, components, Reading::Partly(why.to_owned()));
    }

    /// A database in a form that is not read.
    fn not_assessable(&mut self, kind: &str, place: &str, why: &str) {
        self.database(kind, place, 0, Reading::NotAssessable(why.to_owned()));
    }

    fn database(&mut self, kind: &str, place: &str, components: usize, reading: Reading) {
        if self.databases.len() == MOST_DATABASES {
            self.passed_over.insert("there are more than 100,000 databases");
            return;
        }
        self.databases.push(Database { kind: kind.to_owned(), place: place.to_owned(), components, reading });
    }
}

/// Looks into the layers of one platform.
pub(super) fn look(layers: &[&Entry], blobs: &dyn Blobs) -> Result<Inside> {
    let mut files = Filesystem::default();
    for (n, entry) in layers.iter().enumerate() {
        layer::apply(n + 1, entry, blobs, &mut files)?;
    }
    Ok(assess(files))
}

fn assess(mut files: Filesystem) -> Inside {
    let release = Release::of(&files);
    let mut found = Found::default();
    dpkg::read(&files, &release, &mut found);
    apk::read(&files, &release, &mut found);
    rpm::read(&files, &release, &mut found);
    python::read(&files, &mut found);
    conda::read(&files, &mut found);
    npm::read(&files, &mut found);
    found.files.iter().for_each(|path| files.account(path));
    found.folders.iter().for_each(|folder| files.account_below(folder));
    files.not_assessed.extend(found.passed_over.iter().map(|why| (*why).to_owned()));
    let mut inside = Inside { components: found.components, databases: found.databases, ..Inside::default() };
    inside.components.sort_by(|a, b| (&a.purl, &a.found_by).cmp(&(&b.purl, &b.found_by)));
    (inside.files, inside.accounted) = files.counts();
    inside.not_assessed = files.not_assessed;
    inside
}
