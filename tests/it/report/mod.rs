//! The command: reports of bundles, locks, what is installed, differences and names; signed ones on the mirror's pages.

mod decisions;
mod inside;
mod kept;
mod rules;

use crate::host::{Host, arg};
use crate::world::World;
use airlift::report::document::{Report, Verdict};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

const AT: [&str; 2] = ["--at", "2026-03-01T00:00:00Z"];

struct Place {
    world: World,
    host: Host,
    store: PathBuf,
    out: PathBuf,
}

impl Place {
    /// A bundle of two files, and a store that trusts its signers.
    fn new() -> Self {
        let world = World::new();
        let lock = world.lock("kit", &[b"one".to_vec(), b"two".to_vec()]);
        std::fs::write(world.path("kit.lock"), lock.to_bytes()).unwrap();
        world.pack(&lock, "out", None, &[1]);
        let (out, store) = (world.path("out"), world.receiver("receiver").root().to_owned());
        Self { world, host: Host::new(), store, out }
    }

    fn report(&self, args: &[&str]) -> Report {
        Report::parse(self.json(args).as_bytes()).expect("a report")
    }

    fn json(&self, args: &[&str]) -> String {
        self.host.ok(&[&["--store", arg(&self.store), "report", "--format", "json"], &AT[..], args].concat()).out
    }

    fn said(&self, args: &[&str], key: &str) -> Option<std::collections::BTreeMap<String, String>> {
        self.report(args).claims().find(|claim| claim.said().key == key).map(|claim| claim.said().values.clone())
    }

    fn import(&self) {
        self.host.ok(&["--store", arg(&self.store), "import", arg(&self.out)]);
    }
}

#[test]
fn a_bundle_that_came_in_is_reported_before_and_after_it_is_installed() {
    let place = Place::new();
    let before = place.report(&[arg(&place.out)]);
    assert_eq!(before.decision.said().verdict, Verdict::Allowed);
    assert!(before.changed().len() == 2 && before.people.as_ref().unwrap().said().signers.len() == 1, "{before:?}");
    assert!(before.risks.iter().all(|tile| tile.said().count.is_none()), "nobody asked an advisory");
    assert!(before.transcript.iter().any(|claim| claim.said().key == "payload-read"));
    assert!(before.ages.iter().any(|age| age.said().days == Some(25)), "{:?}", before.ages);
    let quick = place.report(&["--unverified", arg(&place.out)]);
    assert!(quick.not_checked.iter().any(|claim| claim.said().key == "payload-not-read"));
    assert_eq!(place.report(&["--outgoing", arg(&place.out)]).decision.said().verdict, Verdict::Information);
    place.import();
    let after = place.report(&[arg(&place.out)]);
    assert_eq!(after.decision.said().verdict, Verdict::Installed);
    assert!(after.custody.iter().any(|event| event.said().kind == "import"), "{:?}", after.custody);
    let installed = place.report(&[]);
    assert!(installed.subject.said().bundles.len() == 1 && installed.artifacts.as_ref().unwrap().said().len() == 2);
}

/// A folder of advisories is asked about what is installed as about what comes in.
#[test]
fn advisories_of_a_folder_are_asked_about_what_is_installed() {
    let place = Place::new();
    place.import();
    let folder = place.host.path("osv/PyPI");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("all.zip"), crate::advisories::ours().bytes).unwrap();
    let asked = ["--advisories", arg(folder.parent().unwrap())];
    assert!(place.said(&[], "no-advisories").is_some() && place.said(&asked, "no-advisories").is_none());
    let malicious = |args: &[&str]| {
        let report: serde_json::Value = serde_json::from_str(&place.json(args)).unwrap();
        report["risks"].as_array().unwrap().iter().find(|risk| risk["said"]["tile"] == "malicious").unwrap()["said"]["count"].clone()
    };
    assert_eq!((malicious(&[]), malicious(&asked)), (serde_json::Value::Null, 0.into()));
}

#[test]
fn a_damaged_bundle_has_no_report() {
    let place = Place::new();
    let volume = std::fs::read_dir(&place.out).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&volume).unwrap();
    bytes[700] ^= 1;
    std::fs::write(&volume, bytes).unwrap();
    assert_eq!(place.host.run(&["--store", arg(&place.store), "report", arg(&place.out)]).code, Some(4));
}

#[test]
fn the_same_input_gives_the_same_bytes_in_every_form_and_language() {
    let place = Place::new();
    for language in ["en", "de", "it"] {
        let [one, other] = ["one", "other"].map(|name| {
            let folder = place.host.path(&format!("{name}-{language}"));
            let args = ["--store", arg(&place.store), "report", "--language", language, "--out", arg(&folder), arg(&place.out)];
            place.host.ok(&[&args[..], &AT[..]].concat());
            ["json", "html", "pdf", "md", "csv"].map(|ending| std::fs::read(folder.join(format!("report.{ending}"))).unwrap())
        });
        assert!(one == other, "{language}");
    }
}

#[test]
fn what_is_new_and_why_something_is_there() {
    let place = Place::new();
    place.import();
    let lock = place.world.lock("kit", &[b"one".to_vec(), b"other".to_vec(), b"three".to_vec()]);
    let path = place.world.path("next.lock");
    std::fs::write(&path, lock.to_bytes()).unwrap();
    let difference = place.report(&["--lock", arg(&path), "--since", "1"]);
    assert!(!difference.changed().is_empty() && difference.kind.word() == "difference", "{difference:?}");
    let name = lock.artifacts[0].name.clone();
    let why = place.report(&["--why", &name]);
    assert_eq!(why.why.as_ref().unwrap().said()[0].sections, lock.artifacts[0].sections);
    let none = place.host.run(&["--store", arg(&place.store), "report", "--why", "nothing-of-that-name"]);
    assert!(none.code == Some(2) && none.err.contains("nothing here has that name"), "{none:?}");
}

/// The published schema takes what the program writes, as a foreign validator reads it.
#[test]
fn a_foreign_validator_takes_the_document() {
    let Some(environment) = crate::stock::environment("sbom") else { return };
    let python = environment.join("bin/python");
    let place = Place::new();
    place.import();
    let path = place.host.path("report.json");
    for args in [vec![arg(&place.out)], vec![]] {
        std::fs::write(&path, place.json(&args)).unwrap();
        let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats/report-1.schema.json");
        let program = "import json,sys,jsonschema;s=json.load(open(sys.argv[1]));d=json.load(open(sys.argv[2]));\
                       jsonschema.Draft202012Validator.check_schema(s);jsonschema.Draft202012Validator(s).validate(d)";
        let ran = Command::new(&python).args(["-c", program, arg(&schema), arg(&path)]).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let whole: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        for nothing in [
            Value::Null,
            json!({ "source": "policy" }),
            json!({ "source": "policy", "name": " " }),
            json!({ "source": "policy", "name": null }),
        ] {
            let mut broken = whole.clone();
            match &nothing {
                Value::Null => drop(broken["subject"].as_object_mut().unwrap().remove("evidence")),
                evidence => broken["decision"]["evidence"] = evidence.clone(),
            }
            std::fs::write(&path, broken.to_string()).unwrap();
            assert!(Report::parse(broken.to_string().as_bytes()).is_err());
            let ran = Command::new(&python).args(["-c", program, arg(&schema), arg(&path)]).output().unwrap();
            assert!(!ran.status.success(), "the schema takes what rests on {nothing}");
        }
    }
}
