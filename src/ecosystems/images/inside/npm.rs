//! Installed packages of Node: `package.json` below `node_modules`. What a package needs is what Node would load for it: the one of that name
//! in the nearest `node_modules` on the way up (Node's documentation, "Loading from node_modules folders").

use super::Found;
use super::filesystem::{Filesystem, MOST_LICENCES};
use super::wanted::{is_licence, is_node_package};
use crate::artifact::{Completeness, percent_encoded};
use crate::report::{Component, Examined, Licensing, Requirement};
use serde_json::Value;
use std::cell::Cell;
use std::collections::BTreeMap;

/// Deepest folder from which is looked upwards.
const DEEPEST: usize = 100;

/// Longest address that is kept, in bytes.
const LONGEST_CONTACT: usize = 1000;

/// Most bytes of paths that are looked up for all packages of an image.
const MOST_LOOKED_UP: u64 = 1 << 30;

/// Reads what there is. One database is one outermost `node_modules`.
pub(super) fn read(files: &Filesystem, found: &mut Found) {
    let mut databases: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let all = Packages::of(files);
    let mut licences = all.licences();
    for (folder, document) in &all.by_folder {
        let outermost = folder.find("node_modules/").map_or(*folder, |at| &folder[..at + "node_modules".len()]);
        let counts = databases.entry(outermost.to_owned()).or_default();
        match component(document, folder, &all) {
            Some(mut component) => {
                counts.0 += 1;
                // What lies further down is met with the outermost package.
                if folder.matches("node_modules/").count() == 1 {
                    found.account_below(&format!("{folder}/"));
                }
                component.licences.extend(licences.remove(folder).unwrap_or_default());
                found.push(component);
            }
            None => counts.1 += 1,
        }
    }
    if all.looked_up.get() > MOST_LOOKED_UP {
        found.passed_over.insert("what packages of Node need was not looked for everywhere: there is too much of it");
    }
    for (folder, (read, broken)) in databases {
        match broken {
            0 => found.read("npm", &folder, read),
            _ => found.partly("npm", &folder, read, &format!("{broken} without a name or version")),
        }
    }
}

/// All packages of an image.
struct Packages<'a> {
    files: &'a Filesystem,
    /// What each says of itself, by its folder: nothing where it is not JSON.
    by_folder: BTreeMap<&'a str, Value>,
    looked_up: Cell<u64>,
}

impl<'a> Packages<'a> {
    fn of(files: &'a Filesystem) -> Self {
        let folders = files.kept().filter_map(|(path, bytes)| Some((path.strip_suffix("/package.json")?, bytes)));
        let documents = folders.filter(|(folder, _)| is_node_package(folder));
        let by_folder = documents.map(|(folder, bytes)| (folder, serde_json::from_slice(bytes).unwrap_or_default())).collect();
        Self { files, by_folder, looked_up: Cell::new(0) }
    }

    /// What was recognised in the licence files that lie in the folder of a package itself.
    fn licences(&self) -> BTreeMap<&'a str, Vec<Licensing>> {
        let mut all: BTreeMap<&str, Vec<Licensing>> = BTreeMap::new();
        for (path, _) in self.files.kept().filter(|(path, _)| is_licence(path)) {
            let Some((folder, _)) = path.rsplit_once('/').filter(|(folder, _)| self.by_folder.contains_key(folder)) else { continue };
            let of_folder = all.entry(folder).or_default();
            if of_folder.len() < MOST_LICENCES {
                of_folder.extend(self.files.licence(path));
            }
        }
        all
    }

    /// The folder of what Node would load under a name from a package's folder.
    fn nearest(&self, name: &str, folder: &str) -> Option<String> {
        let ways = std::iter::successors(Some(folder), |here| match *here {
            "" => None,
            here => Some(here.rsplit_once('/').map_or("", |(above, _)| above)),
        });
        let ways = ways.take(DEEPEST).filter(|here| here.rsplit('/').next() != Some("node_modules"));
        ways.map_while(|here| self.looks_up(here.len() + name.len()).then_some(here)).find_map(|here| self.below(here, name))
    }

    fn looks_up(&self, length: usize) -> bool {
        self.looked_up.set(self.looked_up.get().saturating_add(length as u64));
        self.looked_up.get() <= MOST_LOOKED_UP
    }

    fn below(&self, folder: &str, name: &str) -> Option<String> {
        let place = if folder.is_empty() { format!("node_modules/{name}") } else { format!("{folder}/node_modules/{name}") };
        if self.by_folder.contains_key(place.as_str()) {
            return Some(place);
        }
        // It may be a link, as pnpm makes them.
        self.files.through_links(&place).filter(|place| self.by_folder.contains_key(place.as_str()))
    }
}

/// What the author's entry and the package say of addresses.
fn contacts(document: &Value) -> Vec<String> {
    let author = document.get("author");
    let of_author = ["email", "url"].into_iter().filter_map(|key| author?.get(key));
    let all = of_author.chain(document.get("homepage")).filter_map(Value::as_str);
    all.filter(|text| text.len() <= LONGEST_CONTACT).map(str::to_owned).collect()
}

fn component(document: &Value, folder: &str, all: &Packages<'_>) -> Option<Component> {
    let text = |key: &str| document.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let (name, version) = (text("name")?, text("version")?);
    let author = document.get("author").and_then(|a| a.as_str().or_else(|| a.get("name")?.as_str()));
    Some(Component {
        name: name.to_owned(),
        version: version.to_owned(),
        purl: format!("{}@{}", base(name), percent_encoded(version)),
        supplier: author.map(str::to_owned),
        contacts: contacts(document),
        summary: text("description").map(crate::ecosystems::core_metadata::first_line),
        licences: declared(document),
        requirements: requirements(document, &|name| all.nearest(name, folder)),
        declared: Completeness::Complete,
        provides: vec![at(folder)],
        examined: Examined::Read,
        found_by: Some(format!("{folder}/package.json")),
        ..Component::default()
    })
}

/// `license`, or the older list `licenses`, of texts or of objects with a `type`.
fn declared(document: &Value) -> Vec<Licensing> {
    let name = |l: &Value| l.as_str().or_else(|| l.get("type")?.as_str()).filter(|text| !text.is_empty()).map(str::to_owned);
    let of = |key: &str| -> Vec<Licensing> {
        let value = document.get(key);
        let listed = value.and_then(Value::as_array).into_iter().flatten().filter_map(name);
        let all = value.and_then(name).into_iter().chain(listed).take(MOST_LICENCES);
        all.map(|text| Licensing::new(text, format!("package.json {key}"))).collect()
    };
    let current = of("license");
    if current.is_empty() { of("licenses") } else { current }
}

/// What it needs where it runs. What is optional and what only some users of it must bring counts under a condition.
fn requirements(document: &Value, nearest: &dyn Fn(&str) -> Option<String>) -> Vec<Requirement> {
    let wanted = |key: &str| document.get(key).and_then(Value::as_object);
    let is_optional = |name: &str| wanted("optionalDependencies").is_some_and(|all| all.contains_key(name));
    let may_lack = |name: &str| wanted("peerDependenciesMeta").and_then(|m| m.get(name)?.get("optional")?.as_bool()) == Some(true);
    let of = |key: &str| wanted(key).into_iter().flatten().map(|(name, range)| (name.as_str(), range.as_str().unwrap_or_default()));
    let one = |(name, range): (&str, &str), conditional: bool| Requirement {
        declared: format!("{name} {range}"),
        purls: nearest(name).map(|folder| at(&folder)).into_iter().collect(),
        conditional,
    };
    let always = of("dependencies").filter(|(name, _)| !is_optional(name)).map(|wanted| one(wanted, false));
    let peers = of("peerDependencies").map(|wanted| one(wanted, may_lack(wanted.0)));
    always.chain(peers).chain(of("optionalDependencies").map(|wanted| one(wanted, true))).collect()
}

/// The package URL without a version; a scope is a namespace.
fn base(name: &str) -> String {
    let parts: Vec<String> = name.split('/').map(percent_encoded).collect();
    format!("pkg:npm/{}", parts.join("/"))
}

/// A name for what lies in a folder, which leads to this one of several of a name and version.
fn at(folder: &str) -> String {
    format!("pkg:npm/node_modules#{}", percent_encoded(folder))
}
