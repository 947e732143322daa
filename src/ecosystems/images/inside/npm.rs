//! Installed packages of Node: `package.json` below `node_modules`.

use super::Found;
use super::filesystem::Filesystem;
use crate::artifact::{Completeness, percent_encoded};
use crate::report::{Basis, Component, Examined, Licensing, Requirement};
use serde_json::Value;
use std::collections::BTreeMap;

/// Reads what there is. One database is one outermost `node_modules`.
pub(super) fn read(files: &Filesystem, found: &mut Found) {
    let mut folders: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (path, bytes) in files.kept().filter(|(path, _)| path.ends_with("/package.json")) {
        let outermost = path.find("node_modules/").map_or(path, |at| &path[..at + "node_modules".len()]);
        let counts = folders.entry(outermost.to_owned()).or_default();
        match serde_json::from_slice::<Value>(bytes).ok().and_then(|document| component(&document, path)) {
            Some(component) => {
                counts.0 += 1;
                // What lies further down is met with the outermost package.
                if path.matches("node_modules/").count() == 1 {
                    found.account_below(path.trim_end_matches("package.json"));
                }
                found.push(component);
            }
            None => counts.1 += 1,
        }
    }
    for (folder, (read, broken)) in folders {
        match broken {
            0 => found.read("npm", &folder, read),
            _ => found.partly("npm", &folder, read, &format!("{broken} without a name or version")),
        }
    }
}

fn component(document: &Value, place: &str) -> Option<Component> {
    let text = |key: &str| document.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let (name, version) = (text("name")?, text("version")?);
    let licence = document.get("license").and_then(|l| l.as_str().or_else(|| l.get("type")?.as_str()));
    let author = document.get("author").and_then(|a| a.as_str().or_else(|| a.get("name")?.as_str()));
    let needs = |key: &str, conditional: bool| {
        let wanted = document.get(key).and_then(Value::as_object).into_iter().flatten();
        wanted.map(move |(name, range)| Requirement {
            declared: format!("{name} {}", range.as_str().unwrap_or_default()),
            purls: vec![base(name)],
            conditional,
        })
    };
    Some(Component {
        name: name.to_owned(),
        version: version.to_owned(),
        purl: format!("{}@{}", base(name), percent_encoded(version)),
        supplier: author.map(str::to_owned),
        summary: text("description").map(crate::ecosystems::core_metadata::first_line),
        licences: licence.map(|l| Licensing::new(l, "package.json license", Basis::Declared)).into_iter().collect(),
        requirements: needs("dependencies", false).chain(needs("optionalDependencies", true)).collect(),
        declared: Completeness::Complete,
        examined: Examined::Read,
        found_by: Some(place.to_owned()),
        ..Component::default()
    })
}

/// The package URL without a version; a scope is a namespace.
fn base(name: &str) -> String {
    let parts: Vec<String> = name.split('/').map(percent_encoded).collect();
    format!("pkg:npm/{}", parts.join("/"))
}
