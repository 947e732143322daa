//! Licences that are found: the table of texts is that of the list, real files are recognised, what differs is not, and what differs from what is
//! declared is said.

use super::inside::{inside, layer, looked};
use super::{document, held, inventory, judged};
use crate::scan::made::{Part, file, part, zip};
use crate::stock;
use airlift::report::{Basis, Component, Declared, Format, Licensing, recognised, text_key};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The text of the licence that most packages have, without its title, as its owners write it.
pub const MIT: &str = "Copyright (c) 2020, 2021 Some One\n\n\
    Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files \
    (the \"Software\"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, \
    publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, \
    subject to the following conditions:\n\n\
    The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.\n\n\
    THE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF \
    MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR \
    ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE \
    SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.\n";

/// The folder of the crate `spdx` in this machine's registry, of the version that is locked.
fn texts() -> Option<(String, PathBuf)> {
    let lock = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock")).unwrap();
    let version = lock.split("name = \"spdx\"\nversion = \"").nth(1)?.split('"').next()?.to_owned();
    let cargo =
        std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")))?;
    let indexes = std::fs::read_dir(cargo.join("registry/src")).ok()?.map(|entry| entry.unwrap().path());
    let folder = indexes.map(|index| index.join(format!("spdx-{version}/src/text/licenses"))).find(|folder| folder.is_dir())?;
    Some((version, folder))
}

/// The identifiers that a text of the crate is of: older names of the GNU licences stand for two, others that are no longer used for none.
fn ids(name: &str) -> BTreeSet<String> {
    let current = |id: &str| spdx::license_id(id).is_some_and(|found| found.name == id && !found.is_deprecated());
    let base = name.trim_end_matches('+');
    let all = [name.to_owned(), format!("{base}-only"), format!("{base}-or-later")];
    if current(name) { [name.to_owned()].into() } else { all.into_iter().filter(|id| current(id)).collect() }
}

#[test]
fn the_table_is_made_of_the_texts_of_the_list() {
    let Some((version, folder)) = texts() else { return stock::skip("the sources of the crate spdx are not in a registry here") };
    let mut rows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
        let literal = std::fs::read_to_string(entry.path()).unwrap();
        let text = literal.trim().trim_start_matches('r').trim_matches('#').trim_start_matches('"').trim_end_matches('"');
        if let Some(key) = text_key(text) {
            rows.entry(key).or_default().extend(ids(&entry.file_name().into_string().unwrap()));
        }
    }
    rows.retain(|_, ids| !ids.is_empty());
    let mut lines: Vec<String> =
        rows.into_iter().map(|(key, ids)| format!("{}\t{key}", ids.into_iter().collect::<Vec<_>>().join(" "))).collect();
    lines.sort();
    let head = format!(
        "# texts of the SPDX licence list as the crate spdx {version} carries them: identifiers, words, sum of the first eight, SHA-256 of all"
    );
    let made = format!("{head}\n{}\n", lines.join("\n"));
    let table = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report/licence/texts.tsv")).unwrap();
    if made != table {
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("texts.tsv");
        std::fs::write(&place, made).unwrap();
        panic!("src/report/licence/texts.tsv is not made of these texts: the one that is lies at {}", place.display());
    }
    assert!(lines.len() > 600, "{} texts", lines.len());
}

#[test]
fn a_text_is_recognised_by_every_word_that_counts() {
    let said = |text: &str| recognised(text.as_bytes());
    assert_eq!(said(MIT), ["MIT"]);
    // Set in other lines, behind signs of comments, with other marks: the same words.
    let comment = format!("/*\n * {}\n */", MIT.replace(". ", ".\n * ").replace('"', "``"));
    assert_eq!(said(&comment), ["MIT"]);
    assert_eq!(said(&format!("Preface.\n{MIT}\nAnd once more:\n{MIT}")), ["MIT"]);
    assert_eq!(said(&MIT.replace("MERCHANTABILITY", "MERCHANTIBILITY")), ["MIT"], "another spelling");
    for (word, other) in [("sublicense", "sell"), ("without restriction", "without any restriction"), ("NONINFRINGEMENT", "")] {
        assert!(said(&MIT.replace(word, other)).is_empty(), "{word}");
    }
    assert!(said("MIT License").is_empty(), "a name is no text");
    assert!(said(&"Permission is hereby granted, free of charge, to any ".repeat(20_000)).is_empty());
}

#[test]
fn notices_say_which_versions_are_meant() {
    let notice = |form: &str| {
        let text = format!(
            "This program is free software; you can redistribute it under the terms of the GNU {form} General Public License as published \
             by the Free Software Foundation; "
        );
        move |rest: &str| recognised(format!("{text}{rest}").as_bytes())
    };
    let (gpl, lesser, affero) = (notice(""), notice("Lesser"), notice("Affero"));
    assert_eq!(gpl("either version 2 of the License, or (at your option) any later version."), ["GPL-2.0-or-later"]);
    assert_eq!(gpl("version 2 of the License."), ["GPL-2.0-only"]);
    assert_eq!(gpl("either version 3, or (at your option) any later version"), ["GPL-3.0-or-later"]);
    assert_eq!(lesser("either\n version 2.1 of the Licence, or (at your option) any later version."), ["LGPL-2.1-or-later"]);
    assert_eq!(affero("either version 3 of the License, or (at your option) any later version."), ["AGPL-3.0-or-later"]);
    assert!(gpl("either version 2 of the License.").is_empty(), "the other one is not named");
    assert!(gpl("either version 2 of the License, or whatever").is_empty() && gpl("any version").is_empty());
    assert_eq!(
        recognised(b"under the terms of the GNU General Public License version 2 as published by the Free Software Foundation."),
        ["GPL-2.0-only"]
    );
    assert_eq!(recognised(b"Licensed under the Apache License, Version 2.0 (the \"License\")"), ["Apache-2.0"]);
    assert!(recognised(b"compatible with the Apache License, Version 2.0").is_empty());
}

/// The files that Debian's own packages lead to.
#[test]
fn the_shared_texts_of_debian_are_recognised() {
    let folder = Path::new("/usr/share/common-licenses");
    if !folder.is_dir() {
        return stock::skip("this is no Debian");
    }
    for (name, expected) in [
        ("Apache-2.0", "Apache-2.0"),
        ("Artistic", "Artistic-1.0-Perl"),
        ("BSD", "BSD-3-Clause"),
        ("CC0-1.0", "CC0-1.0"),
        // The text has the notice that it asks for as an example, which does not say that later versions are meant.
        ("GPL-2", "GPL-2.0-only GPL-2.0-or-later"),
        ("GPL-3", "GPL-3.0-only GPL-3.0-or-later"),
        ("LGPL-2.1", "LGPL-2.1-only LGPL-2.1-or-later"),
        ("LGPL-3", "LGPL-3.0-only LGPL-3.0-or-later"),
        ("MPL-2.0", "MPL-2.0"),
    ] {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(recognised(text.as_bytes()), [expected], "{name}");
        assert_eq!(recognised(text.replace("License ", "Licence ").as_bytes()), [expected], "{name} in British spelling");
    }
}

/// A wheel with a licence field and licence files.
fn wheel(licence: &str, files: &[(&str, &[u8])]) -> Component {
    let metadata = format!("Metadata-Version: 2.4\nName: app\nVersion: 1\nLicense-Expression: {licence}\n");
    let mut parts: Vec<Part> = vec![part("app-1.dist-info/METADATA", metadata.as_bytes())];
    parts.extend(files.iter().map(|(name, bytes)| part(&format!("app-1.dist-info/{name}"), bytes)));
    let bytes = zip(&parts);
    let blobs: [(&str, &str, &[u8]); 1] = [("app-1-py3-none-any.whl", "application/zip", &bytes)];
    let artifact = crate::scan::packages::artifact("python", "app", "1", &blobs, json!({ "kind": "wheel" }));
    let found = inventory(&[artifact], &held([bytes.clone()]));
    judged(&found);
    let component = &document(&found, Format::CycloneDx)["components"][0];
    assert_eq!(component["licenses"][0]["license"]["id"], licence, "what is found is not mixed with what is declared");
    let filename = json!({ "name": "bsi:component:filename", "value": "app-1-py3-none-any.whl" });
    assert!(component["properties"].as_array().unwrap().contains(&filename), "{component}");
    found.components[0].clone()
}

fn property(component: &Value, name: &str) -> Vec<String> {
    let all = component["properties"].as_array().unwrap().iter();
    all.filter(|p| p["name"] == format!("airlift:{name}")).map(|p| p["value"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_is_found_in_a_wheel_stands_beside_what_it_declares() {
    let found = |component: &Component| -> Vec<(String, String)> {
        let all = component.licences.iter().filter(|l| l.basis == Basis::Found);
        all.map(|l| (l.source.clone(), l.text.clone())).collect()
    };
    let same = wheel("MIT", &[("licenses/LICENSE", MIT.as_bytes()), ("licenses/AUTHORS", b"Some One\n")]);
    let named = |file: &str, text: &str| (format!("app-1.dist-info/{file}"), text.to_owned());
    assert_eq!(found(&same), [named("licenses/AUTHORS", ""), named("licenses/LICENSE", "MIT")]);
    let other = wheel("Apache-2.0", &[("LICENSE", MIT.as_bytes())]);
    assert_eq!(found(&other), [named("LICENSE", "MIT")]);
    assert_eq!(Declared::of(&other.licences), Declared::Expression("Apache-2.0".to_owned()));
    for (component, expected) in [(same, None), (other, Some("declared is Apache-2.0, and the files inside have other texts: MIT"))] {
        let inventory = airlift::report::Inventory::new(super::subject(), vec![component]);
        let written = &document(&inventory, Format::CycloneDx)["components"][0];
        assert_eq!(written["evidence"]["licenses"], json!([{ "license": { "id": "MIT" } }]));
        assert_eq!(property(written, "licences-differ"), expected.into_iter().map(str::to_owned).collect::<Vec<_>>());
        let comment = document(&inventory, Format::Spdx)["packages"][1]["comment"].as_str().unwrap().to_owned();
        assert!(comment.contains("LICENSE: MIT") && comment.contains("licences differ") == expected.is_some(), "{comment}");
    }
}

#[test]
fn a_text_of_several_identifiers_is_of_each_that_is_declared() {
    let statements = |declared: &str| {
        let mut all = vec![Licensing::new(declared, "field")];
        all.extend(Licensing::found("COPYING", &["GPL-2.0-only GPL-2.0-or-later".to_owned()]));
        let component = Component { name: "app".to_owned(), version: "1".to_owned(), licences: all, ..Component::default() };
        let inventory = airlift::report::Inventory::new(super::subject(), vec![component]);
        judged(&inventory);
        document(&inventory, Format::CycloneDx)["components"][0].clone()
    };
    assert!(property(&statements("GPL-2.0-or-later"), "licences-differ").is_empty());
    assert!(property(&statements("GPL-2.0+"), "licences-differ").is_empty());
    let other = statements("MIT");
    assert_eq!(property(&other, "licences-differ").len(), 1);
    assert_eq!(other["evidence"]["licenses"], json!([{ "license": { "name": "GPL-2.0-only or GPL-2.0-or-later" } }]));
}

#[test]
fn licences_are_found_inside_images() {
    let status = "Package: free\nStatus: install ok installed\nVersion: 1\n\nPackage: linked\nStatus: install ok installed\nVersion: 1\n\n\
        Package: silent\nStatus: install ok installed\nVersion: 1\n";
    let free = b"This is free software.\n\nThe text lies in /usr/share/common-licenses/GPL-2.\n" as &[u8];
    let node = json!({ "name": "tool", "version": "1.0.0", "licenses": [{ "type": "MIT" }, { "type": "Apache-2.0" }] }).to_string();
    let found = looked(&[layer(&[
        file("var/lib/dpkg/status", status.as_bytes()),
        file("usr/share/doc/free/copyright", free),
        crate::scan::made::of_kind("usr/share/doc/linked", b'2', "free"),
        file("usr/lib/python3/app-1.dist-info/METADATA", b"Metadata-Version: 2.4\nName: app\nVersion: 1\n"),
        file("usr/lib/python3/app-1.dist-info/licenses/sub/LICENSE.txt", MIT.as_bytes()),
        file("srv/node_modules/tool/package.json", node.as_bytes()),
        file("srv/node_modules/tool/LICENSE", MIT.as_bytes()),
        file("srv/node_modules/tool/lib/LICENSE", MIT.as_bytes()),
    ])]);
    let all = &inside(&found).components;
    let of = |name: &str| {
        let component = all.iter().find(|c| c.name == name).unwrap();
        component.licences.iter().map(|l| (l.basis, l.text.as_str())).collect::<Vec<_>>()
    };
    let gpl = (Basis::Found, "GPL-2.0-only or GPL-2.0-or-later");
    assert_eq!((of("free"), of("linked"), of("silent")), (vec![gpl], vec![gpl], vec![]));
    assert_eq!(of("app"), [(Basis::Found, "MIT")]);
    assert_eq!(of("tool"), [(Basis::Declared, "MIT"), (Basis::Declared, "Apache-2.0"), (Basis::Found, "MIT")]);
    let counts = found.counts();
    assert_eq!((counts.otherwise_licensed, counts.unlicensed, counts.only_found), (1, 5, 3), "{counts:?}");
    judged(&found);
}

/// Of what stands in a licence list that is newer than a document's readers, no reader refuses the document.
#[test]
fn every_licence_of_the_list_is_taken_by_foreign_readers() {
    let statement =
        |id: &str, basis| Licensing { text: id.to_owned(), source: "LICENSE".to_owned(), basis, expression: Some(id.to_owned()) };
    let exceptions = spdx::identifiers::EXCEPTIONS.iter().map(|exception| format!("GPL-2.0-only WITH {} OR MVT-1.1", exception.name));
    let licences = spdx::identifiers::LICENSES.iter().map(|licence| licence.name.to_owned());
    let all: Vec<String> = licences.filter(|name| !["NONE", "NOASSERTION"].contains(&name.as_str())).chain(exceptions).collect();
    let words = ["NONE", "NOASSERTION", "MIT OR NONE"].map(|word| Licensing::new(word, "METADATA"));
    assert!(words.iter().all(|statement| statement.expression.is_none()), "{words:?}");
    let component = |(n, licences): (usize, Vec<Licensing>)| Component {
        reference: format!("component-{n}"),
        name: format!("component {n}"),
        version: "1".to_owned(),
        concluded: licences.iter().find(|l| l.basis == Basis::Declared).and_then(|l| l.expression.clone()),
        licences,
        ..Component::default()
    };
    let stated = all.iter().map(|id| match id.contains(' ') {
        true => vec![statement(id, Basis::Declared)],
        false => vec![statement(id, Basis::Declared), statement(id, Basis::Found)],
    });
    let mut inventory = inventory(&[], &held([]));
    inventory.components = stated.chain(words.map(|word| vec![word])).enumerate().map(component).collect();
    let count = inventory.components.len();
    assert!(count > 800, "{count}");
    let text = document(&inventory, Format::CycloneDx).to_string();
    assert!(text.contains(r#""name":"BSD-2-Clause-pos-unchanged""#) && text.contains(r#""id":"MIT""#));
    judged(&inventory);
}
