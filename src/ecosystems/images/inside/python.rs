//! Installed Python projects: `*.dist-info` and the older `*.egg-info` (core metadata specification, PEP 376).

use super::Found;
use super::fields::{Paragraph, first, first_line};
use super::filesystem::Filesystem;
use crate::artifact::{Completeness, percent_encoded};
use crate::report::{Basis, Component, Examined, Licensing, Requirement};

/// Reads what there is. One database is one folder that projects are installed into.
pub(super) fn read(files: &Filesystem) -> Found {
    let mut found = Found::default();
    let mut folders: std::collections::BTreeMap<String, (usize, usize)> = std::collections::BTreeMap::new();
    for (path, bytes) in files.kept() {
        if let Some(site) = site_of_record(path) {
            found.files.extend(recorded(site, bytes));
        }
        let Some(site) = site(path) else { continue };
        let counts = folders.entry(site.to_owned()).or_default();
        match component(&first(bytes), path) {
            Some(component) => {
                counts.0 += 1;
                found.components.push(component);
            }
            None => counts.1 += 1,
        }
    }
    for (folder, (read, broken)) in folders {
        match broken {
            0 => found.read("dist-info", &folder, read),
            _ => found.partly("dist-info", &folder, read, &format!("{broken} projects without a name or version")),
        }
    }
    found
}

/// The folder that a project is installed into, of the path of its metadata.
fn site(path: &str) -> Option<&str> {
    let folder = path.strip_suffix("/METADATA").and_then(|p| p.strip_suffix(".dist-info"));
    let egg = || path.strip_suffix("/PKG-INFO").unwrap_or(path).strip_suffix(".egg-info");
    folder.or_else(egg).map(|project| project.rsplit_once('/').map_or("", |(site, _)| site))
}

fn site_of_record(path: &str) -> Option<&str> {
    let project = path.strip_suffix("/RECORD")?.strip_suffix(".dist-info")?;
    Some(project.rsplit_once('/').map_or("", |(site, _)| site))
}

/// The paths of a RECORD: relative to the folder of the project, or absolute.
fn recorded(site: &str, bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let path = |line: &str| match line.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next().unwrap_or_default().to_owned(),
        None => line.split(',').next().unwrap_or_default().to_owned(),
    };
    text.lines().map(path).filter(|p| !p.is_empty()).map(|p| if p.starts_with('/') { p } else { format!("{site}/{p}") }).collect()
}

fn component(metadata: &Paragraph, place: &str) -> Option<Component> {
    let (name, version) = (normalised(metadata.one("name")?)?, metadata.one("version")?);
    Some(Component {
        purl: format!("pkg:pypi/{name}@{}", percent_encoded(version)),
        version: version.to_owned(),
        name,
        supplier: ["author", "author-email", "maintainer", "maintainer-email"].into_iter().find_map(|f| metadata.one(f)).map(first_line),
        summary: metadata.one("summary").map(first_line),
        licences: licences(metadata),
        requirements: metadata.all("requires-dist").map(requirement).collect(),
        // Of the older form the dependencies stand in another file.
        declared: if place.ends_with("/METADATA") { Completeness::Complete } else { Completeness::Unknown },
        examined: Examined::Read,
        found_by: Some(place.to_owned()),
        ..Component::default()
    })
}

fn licences(metadata: &Paragraph) -> Vec<Licensing> {
    let licence = |text: &str, field: &str| Licensing::new(first_line(text), format!("METADATA {field}"), Basis::Declared);
    if let Some(expression) = metadata.one("license-expression") {
        return vec![licence(expression, "License-Expression")];
    }
    let classifiers = metadata.all("classifier").filter_map(|c| c.strip_prefix("License :: ")?.rsplit(" :: ").next());
    classifiers.map(|c| licence(c, "Classifier")).chain(metadata.one("license").map(|text| licence(text, "License"))).collect()
}

fn requirement(text: &str) -> Requirement {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c))).unwrap_or(text.len());
    let purls = normalised(&text[..end]).map(|name| format!("pkg:pypi/{name}")).into_iter().collect();
    Requirement { declared: text.to_owned(), purls, conditional: text.contains(';') }
}

/// The name as indexes have it (PEP 503); `None` for what is none.
fn normalised(name: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if name.is_empty() || name.len() > 200 || !name.chars().all(plain) {
        return None;
    }
    let lower = name.to_ascii_lowercase().replace(['_', '.'], "-");
    Some(lower.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-"))
}
