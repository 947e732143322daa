//! What lies inside an image: its layers one upon the other, and what the databases of packages in them say.
//!
//! In: the layers of one platform, lowest first, as blobs. Out: an [`Inside`]: components with the place that names each, how many of
//! the files some package accounts for, and what could not be assessed. Layers are read as streams by the strict readers of
//! [`crate::scan`]; of the files only the databases are kept, within bounds. Nothing is unpacked to a disk and nothing is run. Programs
//! without a database (copied files, linked code) are not found: they are files that nothing accounts for, and are counted.

mod apk;
mod conda;
mod dpkg;
mod fields;
mod filesystem;
mod layer;
mod npm;
mod python;
mod release;
mod rpm;

mod wanted;

use crate::artifact::Blobs;
use crate::error::Result;
use crate::report::{Component, Database, Inside, Reading};
use crate::server::oci::Entry;
use filesystem::Filesystem;
use release::Release;

/// Most components that are kept of one image.
const MOST_COMPONENTS: usize = 100_000;

/// What one reader of databases found.
#[derive(Debug, Default)]
struct Found {
    components: Vec<Component>,
    databases: Vec<Database>,
    /// Files that the packages account for, as the database writes them.
    files: Vec<String>,
    /// Folders that belong to the packages with everything below.
    folders: Vec<String>,
}

impl Found {
    /// A database that was read whole.
    fn read(&mut self, kind: &str, place: &str, components: usize) {
        self.databases.push(Database { kind: kind.to_owned(), place: place.to_owned(), components, reading: Reading::Read });
    }

    /// A database of which something had to be passed over.
    fn partly(&mut self, kind: &str, place: &str, components: usize, why: &str) {
        self.databases.push(Database {
            kind: kind.to_owned(),
            place: place.to_owned(),
            components,
            reading: Reading::Partly(why.to_owned()),
        });
    }

    /// A database in a form that is not read.
    fn not_assessable(&mut self, kind: &str, place: &str, why: &str) {
        self.databases.push(Database {
            kind: kind.to_owned(),
            place: place.to_owned(),
            components: 0,
            reading: Reading::NotAssessable(why.to_owned()),
        });
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
    let found = [
        dpkg::read(&files, &release),
        apk::read(&files, &release),
        rpm::read(&files, &release),
        python::read(&files),
        conda::read(&files),
        npm::read(&files),
    ];
    let mut inside = Inside::default();
    for part in found {
        inside.components.extend(part.components);
        inside.databases.extend(part.databases);
        part.files.iter().for_each(|path| files.account(path));
        part.folders.iter().for_each(|folder| files.account_below(folder));
    }
    inside.components.sort_by(|a, b| (&a.purl, &a.found_by).cmp(&(&b.purl, &b.found_by)));
    if inside.components.len() > MOST_COMPONENTS {
        inside.components.truncate(MOST_COMPONENTS);
        files.not_assessed.push(format!("more than {MOST_COMPONENTS} components"));
    }
    (inside.files, inside.accounted) = files.counts();
    inside.not_assessed = files.not_assessed;
    inside
}
