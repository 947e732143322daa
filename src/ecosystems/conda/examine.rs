//! What the inventory says of a package: its record, and `info/` of its archive: who maintains the recipe, licence files, Python projects.

use super::describe::{dependency, describe_with};
use super::meta::Meta;
use super::package::{Info, info};
use crate::artifact::{Artifact, Blobs, Purl, percent_encoded};
use crate::ecosystems::core_metadata::{normalised, purl};
use crate::error::Result;
use crate::report::{Component, Database, Examined, Inside, Licensing, Reading, Requirement};
use serde_json::Value;
use std::collections::BTreeSet;

/// Most projects, and most licence files, that are named of one package.
const MOST: usize = 500;

/// The component of an artifact of this room.
pub(super) fn examine(artifact: &Artifact, blobs: &dyn Blobs) -> Result<Component> {
    let (meta, blob) = (Meta::of(artifact)?, &artifact.descriptors[0]);
    let (read, examined) = match blobs.open(&blob.digest)? {
        None => (Info::default(), Examined::NotExamined),
        Some(archive) => match info(archive, blob.name.as_deref().unwrap_or_default()) {
            Some(read) => (read, Examined::Read),
            None => (Info::default(), Examined::Unreadable("its folder info/ cannot be read".to_owned())),
        },
    };
    let mut component = Component::of(artifact, describe_with(artifact, &meta, &read.about));
    meta.text("name").unwrap_or_default().clone_into(&mut component.name);
    meta.text("version").unwrap_or_default().clone_into(&mut component.version);
    component.author = maintainers(&read.about);
    component.contacts = component.properties.get("home").cloned().into_iter().collect();
    component.requirements = requirements(&meta);
    component.provides.extend(elsewhere(&meta));
    component.licences.extend(read.licences.iter().take(MOST).flat_map(|(file, found)| Licensing::found(file, found)));
    component.inside = projects(&read, blob.name.as_deref().unwrap_or_default());
    component.examined = examined;
    Ok(component)
}

/// `depends` as written; what begins with two underscores is asked of the host, not of a package.
fn requirements(meta: &Meta) -> Vec<Requirement> {
    let specs = meta.record.get("depends").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let packages: BTreeSet<&str> = specs.filter(|spec| !spec.starts_with("__")).collect();
    packages.into_iter().map(|spec| Requirement { declared: spec.to_owned(), purls: vec![dependency(spec)], conditional: false }).collect()
}

/// `purls` of the record: what its makers say it is in other indexes, of the same version where they say none.
fn elsewhere(meta: &Meta) -> Vec<String> {
    let said = meta.record.get("purls").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let version = meta.text("version").unwrap_or_default();
    let whole = |text: &str| match Purl::read(text)?.version().is_empty() {
        true => Some(format!("{}@{}", text.split(['?', '#']).next()?, percent_encoded(version))),
        false => Some(text.to_owned()),
    };
    said.take(MOST).filter_map(whole).collect()
}

/// `extra.recipe-maintainers` of `about.json`.
fn maintainers(about: &serde_json::Map<String, Value>) -> Option<String> {
    let names = about.get("extra")?.get("recipe-maintainers")?.as_array()?;
    let names: Vec<&str> = names.iter().filter_map(Value::as_str).take(20).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// Python projects whose metadata is among the files that the package lists: which project of another index a package is, is known from
/// nothing else.
fn projects(read: &Info, file: &str) -> Option<Inside> {
    let all: BTreeSet<(String, String, &str)> = read.paths.iter().filter_map(|path| project(path)).take(MOST + 1).collect();
    let reading = match all.len() {
        ..=MOST if !read.cut => Reading::Read,
        ..=MOST => Reading::Partly("the list of its files was not read to its end".to_owned()),
        _ => Reading::Partly(format!("more than {MOST} projects")),
    };
    let component = |(name, version, place): (String, String, &str)| Component {
        purl: purl(&name, Some(&version)),
        name,
        version,
        examined: Examined::Read,
        found_by: Some(place.to_owned()),
        ..Component::default()
    };
    let components: Vec<Component> = all.into_iter().take(MOST).map(component).collect();
    let database =
        Database { kind: "dist-info".to_owned(), place: format!("{file} info/paths.json"), components: components.len(), reading };
    (!components.is_empty() || read.cut).then(|| Inside { components, databases: vec![database], ..Inside::default() })
}

/// `…/site-packages/NAME-VERSION.dist-info/METADATA`: the name of the folder holds both.
fn project(path: &str) -> Option<(String, String, &str)> {
    let folder = path.strip_suffix(".dist-info/METADATA")?;
    let (site, folder) = folder.rsplit_once('/').unwrap_or(("", folder));
    let (name, version) = folder.split_once('-')?;
    // What lies further down is carried along by another project.
    site.ends_with("site-packages").then_some((normalised(name)?, version.to_owned(), path))
}

#[cfg(test)]
mod tests {
    use super::{Info, MOST, Meta, Value, elsewhere, projects};
    use crate::report::Reading;
    use serde_json::json;

    fn reading(count: usize, cut: bool) -> Option<Reading> {
        let paths = (0..count).map(|n| format!("lib/site-packages/a{n}-1.dist-info/METADATA")).collect();
        projects(&Info { paths, cut, ..Info::default() }, "a.conda").map(|inside| inside.databases[0].reading.clone())
    }

    #[test]
    fn what_was_not_read_of_a_list_is_told() {
        assert_eq!((reading(0, false), reading(MOST, false)), (None, Some(Reading::Read)));
        assert!([reading(MOST + 1, false), reading(0, true), reading(1, true)].iter().all(|r| matches!(r, Some(Reading::Partly(_)))));
    }

    #[test]
    fn a_record_may_say_what_it_is_elsewhere() {
        let meta = |purls: Value| Meta {
            channel: "main".to_owned(),
            subdir: "noarch".to_owned(),
            record: json!({ "name": "thing", "version": "1.0", "purls": purls }),
            run_exports: None,
            beside: vec![],
            relations: std::collections::BTreeMap::new(),
        };
        let said = json!(["pkg:pypi/Thing", "pkg:pypi/other@2?x=y", "no purl", 1]);
        assert_eq!(elsewhere(&meta(said)), ["pkg:pypi/Thing@1.0", "pkg:pypi/other@2?x=y"]);
        assert!(elsewhere(&meta(json!("pkg:pypi/thing"))).is_empty());
    }
}
