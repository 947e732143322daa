//! The database of apk: paragraphs of lines with one letter each (apk-package(5), "installed database").

use super::filesystem::Filesystem;
use super::release::Release;
use super::wanted::APK;
use super::{Found, MOST_NEEDS};
use crate::artifact::Completeness;
use crate::report::{Basis, Component, Examined, Licensing, Requirement};

/// Reads what there is.
pub(super) fn read(files: &Filesystem, release: &Release, found: &mut Found) {
    for place in APK {
        let Some(bytes) = files.content(place) else { continue };
        let text = String::from_utf8_lossy(bytes);
        let packages = text.split("\n\n").filter(|package| !package.trim().is_empty());
        let (before, mut all) = (found.components.len(), 0);
        for package in packages {
            all += 1;
            if let Some(component) = component(package, place, release) {
                found.push(component);
                account(package, found);
            }
        }
        match found.components.len() - before {
            count if count == all => found.read("apk", place, count),
            count => found.partly("apk", place, count, "entries without a name or version, or too many"),
        }
    }
}

/// The value of a line. Unlike elsewhere, letters in upper and lower case are different fields.
fn field(package: &str, letter: char) -> Option<&str> {
    let line = package.lines().find_map(|line| line.strip_prefix(letter)?.strip_prefix(':'))?;
    (!line.is_empty()).then_some(line)
}

fn component(package: &str, place: &str, release: &Release) -> Option<Component> {
    let (name, version) = (field(package, 'P')?, field(package, 'V')?);
    let licence = field(package, 'L').map(|text| Licensing::new(text, place, Basis::Declared));
    let wanted = field(package, 'D').into_iter().flat_map(str::split_whitespace).filter(|word| !word.starts_with('!'));
    let provided = field(package, 'p').into_iter().flat_map(str::split_whitespace);
    let mut component = Component {
        name: name.to_owned(),
        version: version.to_owned(),
        purl: release.purl("apk", "alpine", name, version, &[("arch", field(package, 'A').unwrap_or_default())]),
        supplier: field(package, 'm').map(str::to_owned),
        summary: field(package, 'T').map(str::to_owned),
        licences: licence.into_iter().collect(),
        requirements: wanted.take(MOST_NEEDS + 1).map(|word| requirement(word, release)).collect(),
        declared: Completeness::Complete,
        provides: provided.take(MOST_NEEDS + 1).map(|word| release.base("apk", "alpine", bare(word))).collect(),
        examined: Examined::Read,
        found_by: Some(place.to_owned()),
        ..Component::default()
    };
    component.properties.insert("source package".to_owned(), field(package, 'o').unwrap_or(name).to_owned());
    component.properties.insert("source version".to_owned(), version.to_owned());
    if let Some(home) = field(package, 'U') {
        component.properties.insert("home".to_owned(), home.to_owned());
    }
    Some(component)
}

fn requirement(word: &str, release: &Release) -> Requirement {
    // A path asks for whoever owns the file, which is the package that the shell came with.
    let conditional = word.starts_with('/');
    Requirement { declared: word.to_owned(), purls: vec![release.base("apk", "alpine", bare(word))], conditional }
}

/// The name without a bound on its version.
fn bare(word: &str) -> &str {
    word.split(['=', '<', '>', '~', '@']).next().unwrap_or(word)
}

/// `F:` names a folder, the `R:` lines behind it the files in it.
fn account(package: &str, found: &mut Found) {
    let mut folder = "";
    for line in package.lines() {
        match line.split_once(':') {
            Some(("F", path)) => folder = path,
            Some(("R", file)) => found.account(folder, file),
            _ => {}
        }
    }
}
