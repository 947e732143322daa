//! Databases of dpkg: `status`, and the folder `status.d` of images that were made without dpkg.

use super::bounds::Here;
use super::copyright;
use super::fields::{Paragraph, each, first};
use super::filesystem::Filesystem;
use super::release::Release;
use super::wanted::DPKG;
use super::{Found, MOST_NEEDS};
use crate::advisories::order::Order;
use crate::artifact::Completeness;
use crate::ecosystems::core_metadata::first_line;
use crate::report::{Component, Examined, Licensing, Requirement};
use std::collections::HashMap;

/// Reads what there is.
pub(super) fn read(files: &Filesystem, release: &Release, found: &mut Found) {
    let mut reader = Reader { files, release, licences: HashMap::new(), here: here(files) };
    if let Some(bytes) = files.content(DPKG) {
        let (before, mut all) = (found.components.len(), 0);
        each(bytes, &mut |package| {
            if is_here(&package) {
                all += 1;
                reader.installed(&package, found);
            }
        });
        match found.components.len() - before {
            count if count == all => found.read("dpkg", DPKG, count),
            count => found.partly("dpkg", DPKG, count, &format!("{} entries without a name or version, or too many", all - count)),
        }
    }
    for (path, bytes) in apart(files) {
        match reader.component(&first(bytes), path) {
            Some(component) => {
                found.push(component);
                found.read("dpkg", path, 1);
                // `md5  path`, the only list of files there is.
                reader.listed(&format!("{path}.md5sums"), found);
            }
            None => found.partly("dpkg", path, 0, "an entry without a name or version"),
        }
    }
}

/// The files of `status.d`, which name a package each.
fn apart(files: &Filesystem) -> impl Iterator<Item = (&str, &[u8])> {
    files.kept().filter(|(path, _)| path.starts_with("var/lib/dpkg/status.d/") && path.strip_suffix(".md5sums").is_none())
}

/// The versions of all that is here, or provided by it.
fn here(files: &Filesystem) -> Here {
    let mut here = Here::new(Order::Debian);
    let mut add = |package: &Paragraph| {
        let provided = package.one("provides").into_iter().flat_map(|list| list.split(',')).take(MOST_NEEDS);
        provided.for_each(|relation| {
            bare(relation).into_iter().for_each(|name| here.add(name, bound(relation).map(|(_, version)| version)));
        });
        if let Some(name) = package.one("package") {
            here.add(name, package.one("version"));
        }
    };
    each(files.content(DPKG).unwrap_or_default(), &mut |package| {
        if is_here(&package) {
            add(&package);
        }
    });
    apart(files).for_each(|(_, bytes)| add(&first(bytes)));
    here
}

struct Reader<'a> {
    files: &'a Filesystem,
    release: &'a Release,
    /// Statements by the package whose file they stand in: a database may name one package again and again.
    licences: HashMap<String, Vec<Licensing>>,
    here: Here,
}

impl Reader<'_> {
    /// A package of the one database, with the list of its files, which may have the architecture in its name.
    fn installed(&mut self, package: &Paragraph, found: &mut Found) {
        let Some(component) = self.component(package, DPKG) else { return };
        let (name, architecture) = (component.name.clone(), package.one("architecture").unwrap_or_default());
        found.push(component);
        for list in [format!("var/lib/dpkg/info/{name}.list"), format!("var/lib/dpkg/info/{name}:{architecture}.list")] {
            self.listed(&list, found);
        }
    }

    /// The files that a list names. One that belongs to no package that was found is not looked at.
    fn listed(&self, list: &str, found: &mut Found) {
        let digests = list.strip_suffix(".md5sums").is_some();
        let text = self.files.content(list).map(String::from_utf8_lossy).unwrap_or_default();
        for line in text.lines() {
            found.account("", if digests { line.split_once(' ').map_or("", |(_, file)| file.trim()) } else { line });
        }
    }

    fn component(&mut self, package: &Paragraph, place: &str) -> Option<Component> {
        let release = self.release;
        let (name, version) = (package.one("package")?, package.one("version")?);
        let architecture = package.one("architecture").unwrap_or_default();
        let relations = ["pre-depends", "depends"].into_iter().filter_map(|field| package.one(field)).flat_map(|list| list.split(','));
        let provided = package.one("provides").into_iter().flat_map(|list| list.split(','));
        let mut component = Component {
            name: name.to_owned(),
            version: version.to_owned(),
            purl: release.purl("deb", "debian", name, version, &[("arch", architecture)]),
            supplier: package.one("maintainer").map(first_line),
            summary: package.one("description").map(first_line),
            licences: self.licences(name),
            requirements: relations
                .map(str::trim)
                .filter(|r| !r.is_empty())
                .take(MOST_NEEDS + 1)
                .map(|r| requirement(r, release, &self.here))
                .collect(),
            declared: Completeness::Complete,
            provides: provided.filter_map(bare).take(MOST_NEEDS + 1).map(|name| release.base("deb", "debian", name)).collect(),
            examined: Examined::Read,
            found_by: Some(place.to_owned()),
            ..Component::default()
        };
        // Advisories are about source packages. `Source: NAME (VERSION)`, absent where it is the package's own.
        let source = package.one("source").unwrap_or(name);
        let (source, of_source) = source.split_once(" (").map_or((source, version), |(name, rest)| (name, rest.trim_end_matches(')')));
        component.properties.insert("source package".to_owned(), source.to_owned());
        component.properties.insert("source version".to_owned(), of_source.to_owned());
        if let Some(state) = state(package).filter(|state| *state != "installed") {
            component.properties.insert("state".to_owned(), state.to_owned());
        }
        if let Some(home) = package.one("homepage") {
            component.properties.insert("home".to_owned(), home.to_owned());
            component.contacts.push(home.to_owned());
        }
        Some(component)
    }

    /// What a package's copyright says, read once for each name.
    fn licences(&mut self, name: &str) -> Vec<Licensing> {
        if let Some(known) = self.licences.get(name) {
            return known.clone();
        }
        let licences = copyright::of(name, self.files);
        self.licences.insert(name.to_owned(), licences.clone());
        licences
    }
}

/// States in which all files of a package are there, whether or not it was set up (dpkg(1), "Package states").
const HERE: [&str; 5] = ["installed", "unpacked", "half-configured", "triggers-awaited", "triggers-pending"];

fn is_here(package: &Paragraph) -> bool {
    state(package).is_some_and(|state| HERE.contains(&state))
}

/// `Status: want flag state`.
fn state(package: &Paragraph) -> Option<&str> {
    package.one("status")?.split_whitespace().nth(2)
}

/// One relation with its alternatives (deb-control(5)). Those of which no version that fits is here lead nowhere.
fn requirement(text: &str, release: &Release, here: &Here) -> Requirement {
    let fitting = text.split('|').filter_map(|one| bare(one).filter(|name| here.satisfies(name, bound(one))));
    let purls = fitting.map(|name| release.base("deb", "debian", name)).collect();
    Requirement { declared: text.split_whitespace().collect::<Vec<_>>().join(" "), purls, conditional: false }
}

/// The operator and version of a relation: `(>= 1.2)`.
fn bound(relation: &str) -> Option<(&str, &str)> {
    let inner = relation.split_once('(')?.1.split(')').next()?.trim();
    let at = inner.find(|c: char| !"<>=".contains(c))?;
    Some((&inner[..at], inner[at..].trim()))
}

/// The name of a relation, without version and architecture.
fn bare(relation: &str) -> Option<&str> {
    relation.trim().split([' ', '(', ':', '[']).next().filter(|name| !name.is_empty())
}
