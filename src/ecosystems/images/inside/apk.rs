//! The database of apk: paragraphs of lines with one letter each (apk-package(5), "installed database").

use super::bounds::Here;
use super::filesystem::{Filesystem, LONGEST_PATH, MOST_LICENCES};
use super::release::Release;
use super::wanted::{APK, LICENCES};
use super::{Found, MOST_ACCOUNTED, MOST_NEEDS};
use crate::advisories::order::Order;
use crate::artifact::Completeness;
use crate::report::{Component, Examined, Licensing, Requirement};
use std::collections::{BTreeMap, HashMap};

/// What stands between a name and a version, or a place to take it from.
const OPERATORS: [char; 5] = ['=', '<', '>', '~', '@'];
/// Most paths among the requirements that are looked for.
const MOST_PATHS: usize = 10_000;

/// Reads what there is.
pub(super) fn read(files: &Filesystem, release: &Release, found: &mut Found) {
    for place in APK {
        let Some(bytes) = files.content(place) else { continue };
        let text = String::from_utf8_lossy(bytes);
        let packages = || text.split("\n\n").filter(|package| !package.trim().is_empty());
        let known = Known::of(packages(), files, release);
        let (before, mut all) = (found.components.len(), 0);
        for package in packages() {
            all += 1;
            if let Some(mut component) = component(package, place, &known) {
                component.licences.extend(licence_files(package, files));
                found.push(component);
                each_file(package, &mut |folder, file| found.account(folder, file));
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

/// What all packages together say.
struct Known<'a> {
    release: &'a Release,
    here: Here,
    /// Which package owns each file that a requirement names.
    owners: HashMap<String, &'a str>,
}

impl<'a> Known<'a> {
    fn of(packages: impl Iterator<Item = &'a str> + Clone, files: &Filesystem, release: &'a Release) -> Self {
        let (mut here, mut owners, mut read) = (Here::new(Order::Apk), HashMap::new(), 0u64);
        let paths = packages.clone().flat_map(|package| list(package, 'D')).filter(|word| word.starts_with('/'));
        // A folder on the way may be a link, such as `/bin`.
        let through_links = |path: &str| files.through_links(path.trim_start_matches('/'));
        let wanted: BTreeMap<String, &str> = paths
            .take(MOST_PATHS)
            .flat_map(|path| [(path[1..].to_owned(), path), (through_links(path).unwrap_or_default(), path)])
            .collect();
        for package in packages {
            let Some(name) = field(package, 'P') else { continue };
            here.add(name, field(package, 'V'));
            list(package, 'p').take(MOST_NEEDS).for_each(|word| here.add(bare(word), bound(word).map(|(_, version)| version)));
            each_file(package, &mut |folder, file| {
                read += (folder.len() + file.len()) as u64;
                if !wanted.is_empty() && read <= MOST_ACCOUNTED && folder.len() + file.len() < LONGEST_PATH {
                    let path = format!("{folder}/{file}");
                    if let Some(word) = wanted.get(path.trim_start_matches('/')) {
                        owners.insert((*word).to_owned(), name);
                    }
                }
            });
        }
        Self { release, here, owners }
    }
}

fn list(package: &str, letter: char) -> impl Iterator<Item = &str> + Clone {
    field(package, letter).into_iter().flat_map(str::split_whitespace)
}

fn component(package: &str, place: &str, known: &Known<'_>) -> Option<Component> {
    let release = known.release;
    let (name, version) = (field(package, 'P')?, field(package, 'V')?);
    let licence = field(package, 'L').map(|text| Licensing::new(text, place));
    let wanted = list(package, 'D').filter(|word| !word.starts_with('!'));
    let provided = list(package, 'p');
    let mut component = Component {
        name: name.to_owned(),
        version: version.to_owned(),
        purl: release.purl("apk", "alpine", name, version, &[("arch", field(package, 'A').unwrap_or_default())]),
        supplier: field(package, 'm').map(str::to_owned),
        summary: field(package, 'T').map(str::to_owned),
        licences: licence.into_iter().collect(),
        requirements: wanted.take(MOST_NEEDS + 1).map(|word| requirement(word, known)).collect(),
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
        component.contacts.push(home.to_owned());
    }
    Some(component)
}

/// A name, whatever is provided, or a path: what owns the file, unless something provides the path itself.
fn requirement(word: &str, known: &Known<'_>) -> Requirement {
    let owner = known.owners.get(word).copied();
    let fitting = Some(bare(word)).filter(|name| known.here.satisfies(name, bound(word)));
    let purls = fitting.into_iter().chain(owner).map(|name| known.release.base("apk", "alpine", name)).collect();
    Requirement { declared: word.to_owned(), purls, conditional: false }
}

/// The name without a bound on its version.
fn bare(word: &str) -> &str {
    word.split(OPERATORS).next().unwrap_or(word)
}

/// The operator and version behind a name. One that names a check sum (`><`) bounds no version.
fn bound(word: &str) -> Option<(&str, &str)> {
    let rest = &word[bare(word).len()..];
    let at = rest.find(|c: char| !OPERATORS.contains(&c))?;
    Some((&rest[..at], rest[at..].split('@').next()?)).filter(|(operator, _)| !matches!(*operator, "><" | "@"))
}

/// The licence files that a package brings.
fn licence_files(package: &str, files: &Filesystem) -> Vec<Licensing> {
    let mut places = Vec::new();
    each_file(package, &mut |folder, file| {
        if places.len() < MOST_LICENCES && folder.len() + file.len() < LONGEST_PATH && format!("{folder}/").starts_with(LICENCES) {
            places.push(format!("{folder}/{file}"));
        }
    });
    places.iter().flat_map(|place| files.licence(place)).collect()
}

/// `F:` names a folder, the `R:` lines behind it the files in it.
fn each_file<'a>(package: &'a str, take: &mut dyn FnMut(&'a str, &'a str)) {
    let mut folder = "";
    for line in package.lines() {
        match line.split_once(':') {
            Some(("F", path)) => folder = path,
            Some(("R", file)) => take(folder, file),
            _ => {}
        }
    }
}
