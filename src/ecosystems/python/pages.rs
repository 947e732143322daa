//! The documents of a shelf: which projects and files there are, in all and by index, each document made once and kept.

use super::format::Entry;
use super::page::{self, MetadataDigest};
use crate::artifact::Digest;
use crate::error::Error;
use crate::store::Shelf;
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// The two forms of every document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// HTML, for older clients and browsers.
    Html,
    /// JSON.
    Json,
}

/// A document in both forms, each made when it is first asked for.
#[derive(Default)]
struct Document([OnceLock<Bytes>; 2]);

impl Document {
    fn get(&self, form: Form, make: impl FnOnce() -> Vec<u8>) -> Bytes {
        self.0[form as usize].get_or_init(|| make().into()).clone()
    }
}

/// A simple index: some projects, each with some files.
#[derive(Default)]
pub struct Pages {
    list: Document,
    projects: BTreeMap<String, Project>,
    /// What leads from a project's page to the room's mount point.
    up: &'static str,
}

#[derive(Default)]
struct Project {
    files: Vec<Entry>,
    /// Why this project cannot be shown, where a lock entry of it is not understood.
    wrong: Option<Error>,
    page: Document,
}

impl Pages {
    /// The list of projects.
    pub fn list(&self, form: Form) -> Bytes {
        let names = || self.projects.keys().map(String::as_str);
        self.list.get(form, || match form {
            Form::Html => page::list_html(names()),
            Form::Json => page::list_json(names()),
        })
    }

    /// Whether the page of a project is made already.
    pub fn is_made(&self, name: &str, form: Form) -> bool {
        self.projects.get(name).is_some_and(|project| project.page.0[form as usize].get().is_some())
    }

    /// The page of a project by its normalised name; `None` when there is none of that name. The first time its wheels are read for
    /// the digests of their METADATA.
    pub fn project(&self, name: &str, form: Form, metadata: MetadataDigest<'_>) -> Option<Result<Bytes, &Error>> {
        let project = self.projects.get(name)?;
        if let Some(error) = &project.wrong {
            return Some(Err(error));
        }
        let made = project.page.get(form, || match form {
            Form::Html => page::project_html(name, &project.files, self.up, metadata),
            Form::Json => page::project_json(name, &project.files, self.up, metadata),
        });
        Some(Ok(made))
    }

    /// Whether there is a project of that normalised name.
    pub fn has(&self, name: &str) -> bool {
        self.projects.contains_key(name)
    }
}

/// Everything a shelf answers with.
pub struct Site {
    /// All projects together.
    pub merged: Pages,
    /// The projects of each named index.
    pub indexes: BTreeMap<String, Pages>,
    files: BTreeMap<Digest, Vec<Entry>>,
}

impl Site {
    /// Reads the shelf's entries. One that is not understood spoils the page of its project and nothing else: hiding only the file
    /// would make clients choose another version without a word.
    pub fn new(shelf: &Shelf) -> Self {
        let merged = Pages { up: "../../", ..Pages::default() };
        let mut site = Self { merged, indexes: BTreeMap::new(), files: BTreeMap::new() };
        let mut seen = BTreeSet::new();
        for artifact in &shelf.artifacts {
            match Entry::read(artifact) {
                Ok(entry) => {
                    if seen.insert((entry.digest, entry.filename.clone())) {
                        site.add(entry);
                    }
                }
                Err(error) => site.merged.projects.entry(artifact.name.clone()).or_default().wrong = Some(error),
            }
        }
        site.spread_errors();
        site
    }

    fn add(&mut self, entry: Entry) {
        for index in entry.meta.indexes.iter().filter(|index| is_name(index)) {
            let pages = self.indexes.entry(index.clone()).or_insert_with(|| Pages { up: "../../../../", ..Pages::default() });
            pages.projects.entry(entry.project.clone()).or_default().files.push(entry.clone());
        }
        self.merged.projects.entry(entry.project.clone()).or_default().files.push(entry.clone());
        self.files.entry(entry.digest).or_default().push(entry);
    }

    fn spread_errors(&mut self) {
        for (name, project) in &self.merged.projects {
            let Some(error) = &project.wrong else { continue };
            for pages in self.indexes.values_mut() {
                if let Some(shown) = pages.projects.get_mut(name) {
                    shown.wrong = Some(error.clone());
                }
            }
        }
    }

    /// The file of that digest and name.
    pub fn file(&self, digest: &Digest, filename: &str) -> Option<&Entry> {
        self.files.get(digest)?.iter().find(|entry| entry.filename == filename)
    }
}

/// Whether an index has a name of its own, as opposed to a URL.
fn is_name(index: &str) -> bool {
    !index.contains(['/', ':'])
}
