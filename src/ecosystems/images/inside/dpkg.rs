//! Databases of dpkg: `status`, and the folder `status.d` of images that were made without dpkg.

use super::Found;
use super::fields::{Paragraph, first, paragraphs};
use super::filesystem::Filesystem;
use super::release::Release;
use super::wanted::DPKG;
use crate::artifact::Completeness;
use crate::ecosystems::core_metadata::first_line;
use crate::report::{Basis, Component, Examined, Licensing, Requirement, normalised};
use std::collections::BTreeSet;

/// Reads what there is.
pub(super) fn read(files: &Filesystem, release: &Release) -> Found {
    let mut found = Found::default();
    if let Some(bytes) = files.content(DPKG) {
        let packages: Vec<Paragraph> = paragraphs(bytes).into_iter().filter(is_here).collect();
        take(&packages, DPKG, files, release, &mut found);
    }
    for (path, bytes) in files.kept().filter(|(path, _)| path.starts_with("var/lib/dpkg/status.d/")) {
        match path.strip_suffix(".md5sums") {
            // `md5  path`, the only list of files there is.
            Some(_) => {
                found.files.extend(String::from_utf8_lossy(bytes).lines().filter_map(|l| Some(l.split_once(' ')?.1.trim().to_owned())));
            }
            None => take(&[first(bytes)], path, files, release, &mut found),
        }
    }
    let lists = files.kept().filter(|(path, _)| path.starts_with("var/lib/dpkg/info/") && path.strip_suffix(".list").is_some());
    found.files.extend(lists.flat_map(|(_, bytes)| String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect::<Vec<_>>()));
    found
}

fn take(packages: &[Paragraph], place: &str, files: &Filesystem, release: &Release, found: &mut Found) {
    let before = found.components.len();
    found.components.extend(packages.iter().filter_map(|package| component(package, place, files, release)));
    match found.components.len() - before {
        count if count == packages.len() => found.read("dpkg", place, count),
        count => found.partly("dpkg", place, count, &format!("{} entries without a name or version", packages.len() - count)),
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

fn component(package: &Paragraph, place: &str, files: &Filesystem, release: &Release) -> Option<Component> {
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
        licences: licence(name, files).into_iter().collect(),
        requirements: relations.map(str::trim).filter(|r| !r.is_empty()).map(|r| requirement(r, release)).collect(),
        declared: Completeness::Complete,
        provides: provided.filter_map(bare).map(|name| release.base("deb", "debian", name)).collect(),
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
    }
    Some(component)
}

/// One relation with its alternatives (deb-control(5)).
fn requirement(text: &str, release: &Release) -> Requirement {
    let purls = text.split('|').filter_map(bare).map(|name| release.base("deb", "debian", name)).collect();
    Requirement { declared: text.split_whitespace().collect::<Vec<_>>().join(" "), purls, conditional: false }
}

/// The name of a relation, without version and architecture.
fn bare(relation: &str) -> Option<&str> {
    relation.trim().split([' ', '(', ':', '[']).next().filter(|name| !name.is_empty())
}

/// What `copyright` says, where it is in the form that programs can read (DEP 5): every licence that stands over some files. They all
/// apply, each to its files.
fn licence(name: &str, files: &Filesystem) -> Option<Licensing> {
    let place = format!("usr/share/doc/{name}/copyright");
    let document = paragraphs(files.content(&place)?);
    document.first()?.one("format")?;
    let named: BTreeSet<String> =
        document[1..].iter().filter(|p| p.one("Files").is_some()).filter_map(|p| p.one("license")).map(first_line).collect();
    if named.is_empty() {
        return None;
    }
    let text = named.iter().cloned().collect::<Vec<_>>().join(", ");
    let mut licensing = Licensing::new(text, place, Basis::Declared);
    let each: Option<BTreeSet<String>> =
        named.iter().map(|one| normalised(one).map(|e| if e.contains(" OR ") { format!("({e})") } else { e })).collect();
    licensing.expression = each.map(|each| each.into_iter().collect::<Vec<_>>().join(" AND "));
    Some(licensing)
}
