//! What the program itself was made of, as its lock of packages says: for those who ask what it is that told them all this.

use super::component::{Class, Component, Examined, Requirement};
use super::inventory::{Inventory, Subject, SubjectKind};
use crate::artifact::{Completeness, Digest};
use crate::error::{Error, Result};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The packages that the program is built with, as they are locked.
const LOCK: &str = include_str!("../../Cargo.lock");
const NAME: &str = env!("CARGO_PKG_NAME");

#[derive(Deserialize)]
struct Lock {
    package: Vec<Package>,
}

#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    name: String,
    version: String,
    /// SHA-256 of the archive in the registry; none for what is in the same tree.
    checksum: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
}

impl Package {
    fn purl(&self) -> String {
        // `+` begins what a registry does not tell versions apart by.
        let version = self.version.replace('+', "%2B");
        let checksum = self.checksum.as_ref().map(|hex| format!("?checksum=sha256:{hex}")).unwrap_or_default();
        format!("pkg:cargo/{}@{version}{checksum}", self.name)
    }
}

/// The inventory of the program with this digest: everything its lock leads to, for other machines and for its tests too. What of it a build
/// took in, and who built it, is said by nothing that is here.
pub fn of_program(executable: Digest) -> Result<Inventory> {
    let subject = Subject {
        kind: SubjectKind::Program,
        name: NAME.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        digest: executable,
        partial: false,
        created: None,
        author: None,
    };
    Ok(Inventory::new(subject, components(LOCK)?))
}

fn components(lock: &str) -> Result<Vec<Component>> {
    let lock: Lock = toml::from_str(lock).map_err(|e| Error::failed("the program's lock of packages cannot be read").because(&e))?;
    let mut versions: BTreeMap<&str, Vec<&Package>> = BTreeMap::new();
    lock.package.iter().for_each(|package| versions.entry(&package.name).or_default().push(package));
    // A version stands behind a name only where there are several.
    let named = |dependency: &str| -> Option<&Package> {
        let (name, version) = dependency.split_once(' ').map_or((dependency, None), |(name, version)| (name, Some(version)));
        versions.get(name)?.iter().copied().find(|package| version.is_none_or(|version| package.version == version))
    };
    let (mut seen, mut next) = (BTreeSet::new(), vec![NAME]);
    while let Some(dependency) = next.pop() {
        if let Some(package) = named(dependency).filter(|package| seen.insert(*package)) {
            next.extend(package.dependencies.iter().map(String::as_str));
        }
    }
    let requirement = |dependency: &String| Requirement {
        declared: dependency.clone(),
        purls: named(dependency).map(Package::purl).into_iter().collect(),
        // The lock does not say of which machine or feature it is.
        conditional: true,
    };
    let component = |package: &Package| Component {
        class: if package.name == NAME { Class::Application } else { Class::Library },
        name: package.name.clone(),
        version: package.version.clone(),
        purl: package.purl(),
        requirements: package.dependencies.iter().map(requirement).collect(),
        declared: Completeness::Complete,
        examined: Examined::NotExamined,
        ..Component::default()
    };
    Ok(seen.into_iter().map(component).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_the_lock_leads_to_is_there_with_its_own_version() {
        let lock = r#"
            version = 4
            [[package]]
            name = "airlift"
            version = "1.2.3"
            dependencies = ["one", "two 2.0.0+zstd.1"]
            [[package]]
            name = "one"
            version = "0.1.0"
            checksum = "aa"
            dependencies = ["two 1.0.0"]
            [[package]]
            name = "two"
            version = "1.0.0"
            [[package]]
            name = "two"
            version = "2.0.0+zstd.1"
            dependencies = ["one"]
            [[package]]
            name = "nobody's"
            version = "1.0.0"
        "#;
        let told: Vec<_> = components(lock).expect("a lock").into_iter().map(|c| (c.purl, c.requirements.len())).collect();
        let expected = [
            ("pkg:cargo/airlift@1.2.3", 2),
            ("pkg:cargo/one@0.1.0?checksum=sha256:aa", 1),
            ("pkg:cargo/two@1.0.0", 0),
            ("pkg:cargo/two@2.0.0%2Bzstd.1", 1),
        ];
        assert_eq!(told, expected.map(|(purl, count)| (purl.to_owned(), count)));
    }

    #[test]
    fn the_program_knows_what_it_was_made_of() {
        let inventory = of_program(Digest::of(b"program")).expect("its lock");
        assert!(inventory.components.len() > 300 && inventory.components.iter().all(|component| component.unmet.is_empty()));
        let own = inventory.components.iter().find(|component| component.name == NAME).expect("itself");
        assert_eq!((own.version.as_str(), own.class), (env!("CARGO_PKG_VERSION"), Class::Application));
    }
}
