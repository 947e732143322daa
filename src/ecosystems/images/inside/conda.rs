//! Installed Conda packages: a record each in `conda-meta` (CEP 34).

use super::Found;
use super::filesystem::Filesystem;
use crate::artifact::{Completeness, percent_encoded};
use crate::report::{Component, Examined, Licensing, Requirement};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Reads what there is. One database is one environment.
pub(super) fn read(files: &Filesystem, found: &mut Found) {
    let mut environments: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (path, bytes) in files.kept() {
        let Some((folder, _)) = path.rsplit_once('/').filter(|(folder, _)| *folder == "conda-meta" || folder.ends_with("/conda-meta"))
        else {
            continue;
        };
        let counts = environments.entry(folder.to_owned()).or_default();
        match serde_json::from_slice::<Value>(bytes).ok().and_then(|record| Some((component(&record, path)?, record))) {
            Some((component, record)) => {
                counts.0 += 1;
                let prefix = folder.strip_suffix("conda-meta").unwrap_or_default().trim_end_matches('/');
                let listed = Installs::deserialize(&record).unwrap_or_default();
                listed.files.iter().for_each(|file| found.account(prefix, file));
                found.push(component);
            }
            None => counts.1 += 1,
        }
    }
    for (folder, (read, broken)) in environments {
        match broken {
            0 => found.read("conda-meta", &folder, read),
            _ => found.partly("conda-meta", &folder, read, &format!("{broken} files that are no record")),
        }
    }
}

/// What a record lists of what was installed.
#[derive(Default, Deserialize)]
struct Installs {
    files: Vec<String>,
}

fn component(record: &Value, place: &str) -> Option<Component> {
    let text = |key: &str| record.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let (name, version) = (text("name")?, text("version")?);
    // A channel may be written as an address.
    let channel = text("channel").map(|c| c.trim_end_matches('/')).unwrap_or_default();
    let subdir = text("subdir").unwrap_or_default();
    let channel = channel.strip_suffix(subdir).unwrap_or(channel).trim_end_matches('/');
    let channel = channel.split_once("://").and_then(|(_, rest)| Some(rest.split_once('/')?.1)).unwrap_or(channel);
    let qualifiers = [("build", text("build").unwrap_or_default()), ("channel", channel), ("subdir", subdir)];
    let pairs: Vec<String> = qualifiers.iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| format!("{k}={}", percent_encoded(v))).collect();
    let query = if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) };
    Some(Component {
        name: name.to_owned(),
        version: version.to_owned(),
        purl: format!("pkg:conda/{}@{}{query}", percent_encoded(&name.to_ascii_lowercase()), percent_encoded(version)),
        supplier: Some(channel.to_owned()).filter(|c| !c.is_empty()),
        licences: licence(text("license"), text("license_family")).into_iter().collect(),
        requirements: texts(record, "depends").filter(|spec| !spec.starts_with("__")).map(requirement).collect(),
        declared: if record.get("depends").is_some() { Completeness::Complete } else { Completeness::Unknown },
        examined: Examined::Read,
        found_by: Some(place.to_owned()),
        ..Component::default()
    })
}

/// A family is a word for several licences, whatever one of the list it may be spelt like.
fn licence(named: Option<&str>, family: Option<&str>) -> Option<Licensing> {
    let of_family = |family| Licensing { expression: None, ..Licensing::new(family, "record license_family") };
    named.map(|name| Licensing::new(name, "record license")).or_else(|| family.map(of_family))
}

fn requirement(spec: &str) -> Requirement {
    let name = spec.rsplit("::").next().unwrap_or(spec);
    let name = name.split([' ', '=', '<', '>', '!', '~', '[']).next().unwrap_or_default().to_ascii_lowercase();
    Requirement { declared: spec.to_owned(), purls: vec![format!("pkg:conda/{}", percent_encoded(&name))], conditional: false }
}

fn texts<'a>(record: &'a Value, key: &str) -> impl Iterator<Item = &'a str> {
    record.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}
