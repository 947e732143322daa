//! The command: bundles, locks, what is installed, differences; the same bytes from the same input.

use super::judge;
use crate::host::{Host, arg};
use crate::world::World;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The one element of a type.
fn of_type(document: &Value, kind: &str) -> Value {
    document["@graph"].as_array().unwrap().iter().find(|one| one["type"] == kind).unwrap().clone()
}

struct Place {
    world: World,
    host: Host,
    out: PathBuf,
}

impl Place {
    /// A bundle of two files.
    fn new() -> Self {
        let world = World::new();
        let lock = world.lock("kit", &[b"one".to_vec(), b"two".to_vec()]);
        std::fs::write(world.path("kit.lock"), lock.to_bytes()).unwrap();
        world.pack(&lock, "out", None, &[1]);
        let out = world.path("out");
        Self { world, host: Host::new(), out }
    }

    /// Runs `sbom` over a store and gives the document.
    fn sbom(&self, store: &Path, name: &str, args: &[&str]) -> PathBuf {
        let path = self.host.path(name);
        self.host.ok(&[&["--store", arg(store), "sbom", "--out", arg(&path)], args].concat());
        path
    }
}

#[test]
fn a_bundle_a_lock_and_what_is_installed_have_documents_that_validators_take() {
    let place = Place::new();
    let store = place.world.receiver("receiver");
    let at = store.root().to_owned();
    let lock = place.world.path("kit.lock");
    let bundle = ["cyclonedx", "spdx", "spdx3"].map(|form| {
        let path =
            place.sbom(&at, &format!("bundle.{form}.json"), &["--format", form, "--author", "Acme (boms@example.org)", arg(&place.out)]);
        judge(&path, form);
        path
    });
    let document = read(&bundle[0]);
    assert_eq!(document["metadata"]["timestamp"], "2026-02-03T04:05:06Z");
    assert_eq!(
        document["metadata"]["manufacturer"],
        json!({ "name": "Acme (boms@example.org)", "contact": [{ "email": "boms@example.org" }] })
    );
    assert_eq!(document["components"].as_array().unwrap().len(), 2);
    assert_eq!(document["components"][0]["type"], "file");
    assert_eq!(document["components"][0]["externalReferences"][0]["url"], "https://example.org/0");
    assert_eq!(read(&bundle[1])["creationInfo"]["created"], "2026-02-03T04:05:06Z");
    assert_eq!(of_type(&read(&bundle[2]), "CreationInfo")["created"], "2026-02-03T04:05:06Z");
    assert_eq!(of_type(&read(&bundle[2]), "software_Sbom")["software_sbomType"], json!(["analyzed"]));

    // Before it is imported nothing of the lock is here; afterwards all is.
    let examined = |path: &Path| {
        let document = read(path);
        let properties = document["components"][0]["properties"].as_array().unwrap().clone();
        properties.iter().find(|p| p["name"] == "airlift:examined").unwrap()["value"].as_str().unwrap().to_owned()
    };
    let absent = place.sbom(&at, "absent.json", &["--lock", arg(&lock)]);
    assert_eq!(examined(&absent), "not examined");
    assert!(read(&absent)["metadata"].get("timestamp").is_none(), "a lock names no time");
    judge(&absent, "cyclonedx");
    judge(&place.sbom(&at, "absent.spdx.json", &["--format", "spdx", "--lock", arg(&lock)]), "spdx");
    let absent = place.sbom(&at, "absent.spdx3.json", &["--format", "spdx3", "--lock", arg(&lock)]);
    assert_eq!(of_type(&read(&absent), "software_Sbom")["software_sbomType"], json!(["design"]));
    judge(&absent, "spdx3");
    place.host.ok(&["--store", arg(&at), "import", arg(&place.out)]);
    assert_eq!(examined(&place.sbom(&at, "here.json", &["--lock", arg(&lock)])), "not assessable");
    let installed = place.sbom(&at, "installed.json", &[]);
    assert_eq!(read(&installed)["metadata"]["component"]["version"], "1");
    judge(&installed, "cyclonedx");
    let deployed = place.sbom(&at, "installed.spdx3.json", &["--format", "spdx3"]);
    assert_eq!(of_type(&read(&deployed), "software_Sbom")["software_sbomType"], json!(["deployed"]));
    judge(&deployed, "spdx3");
    assert_eq!(std::fs::read(&installed).unwrap(), std::fs::read(place.sbom(&at, "first.json", &["--installed", "1"])).unwrap());

    // A damaged or unsigned bundle has no document.
    let volume = std::fs::read_dir(&place.out).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&volume).unwrap();
    bytes[700] ^= 1;
    std::fs::write(&volume, bytes).unwrap();
    assert_eq!(place.host.run(&["--store", arg(&at), "sbom", arg(&place.out)]).code, Some(4));
}

#[test]
fn every_file_has_its_sha512_where_that_is_asked_for() {
    let place = Place::new();
    let store = place.world.receiver("receiver");
    let hashes = |name: &str, args: &[&str]| {
        let path = place.sbom(store.root(), name, &[args, &[arg(&place.out)]].concat());
        judge(&path, "cyclonedx");
        let component = read(&path)["components"][0].clone();
        let known: Vec<Value> = component["hashes"].as_array().unwrap().iter().map(|hash| hash["alg"].clone()).collect();
        (known, component)
    };
    assert_eq!(hashes("less.json", &[]).0, ["SHA-256"]);
    let (known, component) = hashes("more.json", &["--sha512"]);
    assert_eq!(known, ["SHA-256", "SHA-512"]);
    let expected = data_encoding::HEXLOWER.encode(&<sha2::Sha512 as sha2::Digest>::digest(b"one"));
    assert_eq!(component["hashes"][1]["content"], expected.as_str());
    assert_eq!(component["externalReferences"][0]["hashes"][0]["content"], expected.as_str());
    let path = place.sbom(store.root(), "more.spdx.json", &["--format", "spdx", "--sha512", arg(&place.out)]);
    judge(&path, "spdx");
    assert!(read(&path)["packages"][1]["checksums"].as_array().unwrap().iter().any(|sum| sum["checksumValue"] == expected.as_str()));
    let path = place.sbom(store.root(), "more.spdx3.json", &["--format", "spdx3", "--sha512", arg(&place.out)]);
    judge(&path, "spdx3");
    let hashes = json!({ "algorithm": "sha512", "hashValue": expected, "type": "Hash" });
    assert!(of_type(&read(&path), "software_Package")["verifiedUsing"].as_array().unwrap().contains(&hashes));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let place = Place::new();
    let store = place.world.receiver("receiver");
    for form in ["cyclonedx", "spdx", "spdx3"] {
        let [first, second] = ["a", "b"].map(|name| {
            let path = place.sbom(store.root(), name, &["--format", form, arg(&place.out)]);
            std::fs::read(path).unwrap()
        });
        assert_eq!(first, second, "{form}");
        let printed = place.host.ok(&["--store", arg(store.root()), "sbom", "--format", form, arg(&place.out)]);
        assert_eq!(printed.out.as_bytes(), first, "{form}");
    }
    // Members are sorted, whatever the features of the library that writes them.
    assert_eq!(serde_json::json!({ "b": 1, "a": 2 }).to_string(), r#"{"a":2,"b":1}"#);
}

#[test]
fn a_time_is_taken_only_where_it_is_given() {
    let place = Place::new();
    let (store, lock) = (place.world.receiver("receiver"), place.world.path("kit.lock"));
    let path = place.host.path("given.json");
    let args = ["--store", arg(store.root()), "sbom", "--lock", arg(&lock), "--out", arg(&path)];
    assert!(place.host.command(&args).env("SOURCE_DATE_EPOCH", "1700000000").status().unwrap().success());
    assert_eq!(read(&path)["metadata"]["timestamp"], "2023-11-14T22:13:20Z");
}

#[test]
fn a_difference_lists_what_is_new_or_other() {
    let place = Place::new();
    let store = place.world.receiver("receiver");
    place.host.ok(&["--store", arg(store.root()), "import", arg(&place.out)]);
    let lock = place.world.lock("kit", &[b"one".to_vec(), b"other".to_vec(), b"three".to_vec()]);
    place.world.pack(&lock, "next", None, &[1]);
    let next = place.world.path("next");
    for form in ["cyclonedx", "spdx", "spdx3"] {
        let path = place.sbom(store.root(), &format!("diff.{form}.json"), &["--since", "1", "--format", form, arg(&next)]);
        judge(&path, form);
        if form == "cyclonedx" {
            let document = read(&path);
            let components = document["components"].as_array().unwrap();
            assert_eq!(components.iter().map(|c| c["name"].as_str().unwrap()).collect::<Vec<_>>(), ["blob-001", "blob-002"]);
            let text = document.to_string();
            assert!(text.contains("rebuilt") && text.contains("added"), "{text}");
        }
    }
    let ran = place.host.ok(&["--store", arg(store.root()), "sbom", "--since", "1", arg(&next)]);
    assert!(ran.err.contains("1 added, 0 changed, 1 rebuilt, 0 removed"), "{}", ran.err);
}

#[test]
fn what_cannot_be_named_together_is_refused() {
    let place = Place::new();
    let store = place.world.receiver("receiver");
    for args in [
        &["--lock", "a", "place"][..],
        &["--installed", "1", "place"],
        &["--since", "1", "--since-lock", "a"],
        &["--format", "xml"],
        &["--conclude-licences"],
    ] {
        let ran = place.host.run(&[&["--store", arg(store.root()), "sbom"], args].concat());
        assert_eq!(ran.code, Some(2), "{args:?}: {}{}", ran.out, ran.err);
    }
    assert_eq!(place.host.run(&["--store", arg(store.root()), "sbom"]).code, Some(2), "nothing is installed");
}
