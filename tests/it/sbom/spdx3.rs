//! SPDX 3.0.1: which minimum elements of BSI TR-03183-2 foreign eyes find in it, where the facts are there and where they are not.

use super::{bytes, held, inventory, lacking};
use crate::scan::made::{part, zip};
use crate::scan::packages::artifact;
use airlift::artifact::Artifact;
use airlift::progress::Silent;
use airlift::report::{Format, Inventory};
use airlift::steps::sbom::add_sha512;
use serde_json::{Value, json};

/// A wheel whose METADATA has these lines.
fn wheel(name: &str, lines: &str) -> Vec<u8> {
    let metadata = format!("Metadata-Version: 2.4\nName: {name}\nVersion: 1\n{lines}");
    zip(&[
        part(&format!("{name}-1.dist-info/METADATA"), metadata.as_bytes()),
        part(&format!("{name}-1.dist-info/licenses/LICENSE"), MIT.as_bytes()),
    ])
}

const MIT: &str = "Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation \
files (the \"Software\"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, \
publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, \
subject to the following conditions:\n\nThe above copyright notice and this permission notice shall be included in all copies or substantial \
portions of the Software.\n\nTHE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED \
TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT \
HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN \
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.\n";

/// Every fact, each way in which it may be declared.
const WHOLE: [(&str, &str); 4] = [
    ("one", "License-Expression: MIT\nAuthor-email: One <one@example.org>\nRequires-Dist: two\n"),
    ("two", "License-Expression: MIT\nAuthor: Two\nAuthor-email: two@example.org\n"),
    ("three", "License-Expression: MIT\nMaintainer: Three\nMaintainer-email: Three <three@example.org>\n"),
    ("four", "License-Expression: MIT\nAuthor: Four\nProject-URL: Home page, https://four.example.org/\n"),
];

fn taken(wheels: &[(&str, &str)]) -> (Inventory, super::Kept) {
    let files: Vec<Vec<u8>> = wheels.iter().map(|(name, lines)| wheel(name, lines)).collect();
    let artifact = |((name, _), bytes): (&(&str, &str), &Vec<u8>)| -> Artifact {
        let file = format!("{name}-1-py3-none-any.whl");
        artifact("python", name, "1", &[(&file, "application/zip", bytes)], json!({ "kind": "wheel" }))
    };
    let artifacts: Vec<Artifact> = wheels.iter().zip(&files).map(artifact).collect();
    let blobs = held(files);
    (inventory(&artifacts, &blobs), blobs)
}

/// What the profiles find lacking; nothing where they are not installed.
fn found_lacking(inventory: &Inventory) -> Option<Value> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bom.json");
    std::fs::write(&path, bytes(inventory, Format::Spdx3)).unwrap();
    lacking(&path)
}

#[test]
fn where_the_facts_are_there_nothing_is_lacking() {
    let (mut found, blobs) = taken(&WHOLE);
    found.conclude_licences();
    add_sha512(&mut found, &blobs, &Silent).unwrap();
    let Some(said) = found_lacking(&found) else { return };
    assert_eq!(said, json!({ "bsi": {}, "ntia": {} }));
}

/// Each fact taken away is found lacking, of that component, and no other.
#[test]
fn a_fact_that_is_not_there_is_found_lacking() {
    let (whole, blobs) = taken(&WHOLE);
    let all = ["four", "one", "three", "two"];
    let with = |change: &dyn Fn(&mut Inventory)| {
        let mut found = whole.clone();
        found.conclude_licences();
        add_sha512(&mut found, &blobs, &Silent).unwrap();
        change(&mut found);
        found_lacking(&found)
    };
    let Some(nobody) = with(&|found| found.subject.author = Some("Acme".to_owned())) else { return };
    assert_eq!(nobody, json!({ "bsi": { "doc_creator": [] }, "ntia": {} }), "a name is no address");
    let program = with(&|found| found.subject.author = None).unwrap();
    assert_eq!(program, json!({ "bsi": { "doc_creator": [] }, "ntia": {} }), "the program has none either");
    let unconcluded = with(&|found| found.components.iter_mut().for_each(|c| c.concluded = None)).unwrap();
    assert_eq!(unconcluded, json!({ "bsi": { "distribution_licenses": all }, "ntia": {} }));
    let unhashed = with(&|found| found.components[1].parts[0].hashes.clear()).unwrap();
    assert_eq!(unhashed, json!({ "bsi": { "sha512_hash": [whole.components[1].name] }, "ntia": {} }));
    let unreachable = with(&|found| {
        found.components[0].supplier = Some("Somebody".to_owned());
        found.components[0].author = None;
        found.components[0].contacts.clear();
    });
    assert_eq!(unreachable.unwrap(), json!({ "bsi": { "creator": [whole.components[0].name] }, "ntia": {} }));
    let unsupplied = with(&|found| found.components[0].supplier = None).unwrap();
    assert_eq!(unsupplied, json!({ "bsi": {}, "ntia": { "supplier": [whole.components[0].name] } }));
    let opaque = with(&|found| "application/octet-stream".clone_into(&mut found.components[0].parts[0].media_type)).unwrap();
    assert_eq!(opaque, json!({ "bsi": { "structured_property": [whole.components[0].name] }, "ntia": {} }));
}

/// Plain files: nobody says who made them, under which licence, or whether they are archives.
#[test]
fn of_plain_files_what_nobody_says_is_found_lacking() {
    let file = b"#!/bin/sh\n".to_vec();
    let plain = artifact("files", "tools/run", "1", &[("run", "application/octet-stream", &file)], Value::Null);
    let blobs = held([file]);
    let mut found = inventory(&[plain], &blobs);
    found.conclude_licences();
    add_sha512(&mut found, &blobs, &Silent).unwrap();
    let Some(said) = found_lacking(&found) else { return };
    let it = [&found.components[0].name];
    let bsi = json!({ "creator": it, "distribution_licenses": it, "structured_property": it });
    assert_eq!(said, json!({ "bsi": bsi, "ntia": { "supplier": it } }));
}

/// What an index says of time stands in both forms that have room for it, without parts of a second.
#[test]
fn when_something_was_published_is_told_as_its_index_claims() {
    let file = wheel("one", "");
    let meta = json!({ "kind": "wheel", "upload-time": "2026-02-03T04:05:06.789Z" });
    let known = artifact("python", "one", "1", &[("one-1-py3-none-any.whl", "application/zip", &file)], meta);
    let found = inventory(&[known], &held([file]));
    let document = super::document(&found, Format::Spdx3);
    let package = document["@graph"].as_array().unwrap().iter().find(|one| one["type"] == "software_Package").unwrap();
    assert_eq!(package["releaseTime"], "2026-02-03T04:05:06Z");
    assert_eq!(super::document(&found, Format::Spdx)["packages"][1]["releaseDate"], "2026-02-03T04:05:06Z");
    super::judged(&found);
}

/// What is said of who made something leads to one element, however often it is said.
#[test]
fn who_made_something_is_named_once() {
    let same = "License-Expression: MIT\nAuthor-email: One <one@example.org>\n";
    let (found, _) = taken(&[("one", same), ("two", same)]);
    let document = super::document(&found, Format::Spdx3);
    let graph = document["@graph"].as_array().unwrap();
    let makers: Vec<&Value> = graph.iter().filter(|one| one["type"] == "Organization" && one["name"] == "One").collect();
    assert_eq!(makers.len(), 1, "{makers:?}");
    assert_eq!(makers[0]["externalIdentifier"][0]["identifier"], "one@example.org");
    for package in graph.iter().filter(|one| one["type"] == "software_Package") {
        assert_eq!(package["originatedBy"], json!([makers[0]["spdxId"]]));
        assert_eq!(package["suppliedBy"], makers[0]["spdxId"]);
    }
}
