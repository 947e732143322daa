//! Wheels: what `importlib.metadata` says of them is what the inventory says.

use super::{document, held, inventory, judged};
use crate::host::{Host, arg};
use crate::simple_index::wheel;
use crate::stock;
use airlift::artifact::{Artifact, Completeness};
use airlift::report::{Basis, Component, Declared, Examined, Format, Inventory};
use airlift::steps::sbom::Nowhere;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

fn artifact(name: &str, version: &str, bytes: &[u8], needs: Option<&[&str]>) -> Artifact {
    let file = format!("{}-{version}-py3-none-any.whl", name.replace('-', "_"));
    let meta = match needs {
        Some(needs) => json!({ "kind": "wheel", "dependencies": needs }),
        None => json!({ "kind": "wheel" }),
    };
    crate::scan::packages::artifact("python", name, version, &[(&file, "application/zip", bytes)], meta)
}

#[test]
fn a_wheel_is_read_and_one_that_is_not_here_is_said_to_be_so() {
    let (app, lib) = (wheel("app", "1.0", &["lib>=1", "win; sys_platform == 'win32'"]), wheel("lib", "2.0", &[]));
    let artifacts = [artifact("app", "1.0", &app, Some(&["lib==2.0"])), artifact("lib", "2.0", &lib, Some(&[]))];
    let read = inventory(&artifacts, &held(vec![app, lib]));
    let component = &read.components[0];
    assert_eq!(component.examined, Examined::Read);
    assert_eq!(component.requirements.iter().map(|r| r.declared.as_str()).collect::<Vec<_>>(), ["lib>=1", "win; sys_platform == 'win32'"]);
    assert_eq!(component.needs, [read.components[1].reference.clone()]);
    assert_eq!((component.needs_known, &component.unmet[..]), (Completeness::Complete, &["win; sys_platform == 'win32'".to_owned()][..]));
    judged(&read);

    let absent = inventory(&artifacts, &Nowhere);
    assert_eq!(
        (absent.components[0].needs.len(), absent.components[0].needs_known),
        (1, Completeness::Unknown),
        "the lock chose, nobody looked"
    );
    let unlocked: Vec<Artifact> = artifacts
        .iter()
        .cloned()
        .map(|mut a| {
            a.meta = json!({ "kind": "wheel" });
            a
        })
        .collect();
    let absent = inventory(&unlocked, &Nowhere);
    assert!(absent.components.iter().all(|c| c.examined == Examined::NotExamined && c.needs_known == Completeness::Unknown));
    let compositions = &document(&absent, Format::CycloneDx)["compositions"];
    let unknown = compositions.as_array().unwrap().iter().find(|c| c["aggregate"] == "unknown").unwrap();
    assert_eq!(unknown["dependencies"].as_array().unwrap().len(), 2);
    assert_eq!(absent.counts().not_examined, 2);
    judged(&absent);
}

#[test]
fn a_damaged_wheel_is_in_the_inventory_as_what_it_is() {
    let bytes = b"PK\x03\x04 not a wheel".to_vec();
    let found = inventory(&[artifact("app", "1.0", &bytes, None)], &held(vec![bytes]));
    assert!(matches!(&found.components[0].examined, Examined::Unreadable(why) if !why.is_empty()), "{:?}", found.components[0].examined);
    assert_eq!((found.counts().unreadable, found.components[0].needs_known), (1, Completeness::Unknown));
    judged(&found);
}

/// Name, version, licence fields and requirements of every wheel in a folder, by Python's own reading.
const READ: &str = r#"
import importlib.metadata, json, os, sys, zipfile
out = {}
for name in sorted(os.listdir(sys.argv[1])):
    archive = zipfile.ZipFile(os.path.join(sys.argv[1], name))
    folder = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA") and n.count("/") == 1]
    metadata = importlib.metadata.PathDistribution(zipfile.Path(archive, folder[0].rsplit("/", 1)[0] + "/"))
    fields = metadata.metadata
    out[name] = {
        "requires": metadata.requires or [],
        "expression": fields.get("License-Expression"),
        "license": fields.get("License"),
        "classifiers": [c for c in fields.get_all("Classifier") or [] if c.startswith("License :: ")],
        "files": fields.get_all("License-File") or [],
        "version": fields["Version"],
    }
json.dump(out, sys.stdout)
"#;

fn first_line(text: &str) -> String {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned()
}

/// What the licence fields come to: the expression alone, or classifiers and the older field.
fn licences(said: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map(str::trim).filter(|t| !t.is_empty() && *t != "UNKNOWN").map(str::to_owned);
    if let Some(expression) = text(&said["expression"]) {
        return vec![expression];
    }
    let classifiers = said["classifiers"].as_array().unwrap().iter();
    let mut all: Vec<String> = classifiers.map(|c| c.as_str().unwrap().rsplit(" :: ").next().unwrap().to_owned()).collect();
    all.extend(text(&said["license"]).map(|text| first_line(&text)));
    all
}

fn declared(component: &Component) -> Vec<String> {
    component.licences.iter().filter(|l| l.basis == Basis::Declared).map(|l| l.text.clone()).collect()
}

#[test]
fn licences_and_requirements_of_real_wheels_are_those_of_importlib_metadata() {
    if std::env::var("AIRLIFT_TEST_PYPI").as_deref() == Ok("0") {
        eprintln!("SKIPPED: AIRLIFT_TEST_PYPI is 0");
        return;
    }
    let Some(python) = stock::need("python3") else { return };
    let host = Host::new();
    let manifest = "airlift = 1\nname = \"real\"\n[targets.t]\nplatform = \"linux-x86_64\"\npython = \"3.11\"\nglibc = \"2.36\"\n\
        [python.t]\nrequirements = [\"jupyterlab\", \"black\", \"flask\", \"setuptools\"]\nexclude-newer = \"2026-11-01T00:00:00Z\"\n";
    host.write("real.toml", manifest);
    for step in [["lock", "real.toml"], ["fetch", "real.lock"]] {
        let mut command = host.command(&step);
        // What this machine needs to reach the index.
        for name in ["SSL_CERT_FILE", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        let ran = command.output().unwrap();
        if !ran.status.success() {
            return stock::skip(&format!("the real index cannot be used: {}", String::from_utf8_lossy(&ran.stderr)));
        }
    }
    let lock = airlift::lock::Lock::parse("lock", &std::fs::read(host.path("real.lock")).unwrap()).unwrap();
    let store = airlift::store::Store::open(&host.store()).unwrap();
    let said = importlib(&python, &lock.artifacts, &store, &host.path("wheels"));
    let found = inventory(&lock.artifacts, &store);
    let mut compared = 0;
    for component in &found.components {
        let Some(said) = component.parts[0].name.as_ref().and_then(|name| said.get(name)) else { continue };
        let requires: Vec<&str> = said["requires"].as_array().unwrap().iter().map(|r| r.as_str().unwrap()).collect();
        assert_eq!(component.requirements.iter().map(|r| r.declared.as_str()).collect::<Vec<_>>(), requires, "{}", component.label());
        assert_eq!(declared(component), licences(said), "{}", component.label());
        assert_eq!(component.needs_known, Completeness::Complete, "{}: {:?}", component.label(), component.unmet);
        compared += 1;
    }
    assert!(compared >= 50, "{compared} wheels");
    let listed = found.counts().licensed;
    assert!(listed * 10 >= found.counts().components * 8, "{listed} of {} licences were recognised", found.counts().components);
    judged(&found);
    let out = host.path("out.json");
    host.ok(&["sbom", "--lock", "real.lock", "--out", arg(&out)]);
    super::judge(&out, "cyclonedx");
    host.ok(&["sbom", "--lock", "real.lock", "--format", "spdx", "--author", "Acme (boms@example.org)", "--out", arg(&out)]);
    super::judge(&out, "ntia");
    let asked =
        ["sbom", "--lock", "real.lock", "--format", "spdx3", "--author", "Acme (boms@example.org)", "--sha512", "--conclude-licences"];
    host.ok(&[&asked[..], &["--out", arg(&out)]].concat());
    let Some(said) = super::lacking(&out) else { return };
    assert_eq!(said, json!({ "bsi": nobody_says(&found), "ntia": {} }));
}

/// The elements that are lacking, each with the components of which nobody says them: what was found inside has no file of its own.
fn nobody_says(found: &Inventory) -> Value {
    let of = |lacks: &dyn Fn(&Component) -> bool| -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        found.walk(&mut |component| names.extend(lacks(component).then(|| component.name.clone())));
        names
    };
    let is_address = |text: &str| text.contains('@') || text.contains("://");
    let said_by = |c: &Component| c.author.iter().chain(&c.supplier).chain(&c.contacts).any(|text| is_address(text));
    let certain = |c: &Component| matches!(Declared::of(&c.licences), Declared::Expression(_));
    let differs = |c: &Component| c.licences.iter().any(|l| l.basis == Basis::Found && !l.text.is_empty());
    let elements = [
        ("creator", of(&|c| !said_by(c))),
        // That the texts that were found are those of what is declared is judged elsewhere.
        ("distribution_licenses", of(&|c| !certain(c) || differs(c) && concluded(c).is_none())),
        ("filename", of(&|c| c.found_by.is_some())),
    ];
    elements
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(name, names)| (name.to_owned(), json!(names)))
        .collect::<Map<_, _>>()
        .into()
}

/// What is concluded of one component.
fn concluded(component: &Component) -> Option<String> {
    let mut alone = Inventory::new(super::subject(), vec![component.clone()]);
    alone.conclude_licences();
    alone.components.swap_remove(0).concluded
}

/// What Python says of each wheel of a store.
fn importlib(python: &Path, artifacts: &[Artifact], store: &airlift::store::Store, folder: &Path) -> BTreeMap<String, Value> {
    std::fs::create_dir(folder).unwrap();
    for blob in artifacts.iter().map(|a| &a.descriptors[0]).filter(|b| b.name.as_deref().is_some_and(|n| n.ends_with(".whl"))) {
        let mut bytes = airlift::artifact::Blobs::open(store, &blob.digest).unwrap().unwrap();
        let mut file = std::fs::File::create(folder.join(blob.name.as_deref().unwrap())).unwrap();
        std::io::copy(&mut bytes, &mut file).unwrap();
    }
    let ran = Command::new(python).env_clear().args(["-I", "-c", READ]).arg(folder).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).unwrap()
}
