//! The documents of a pack: the same bytes for the same input, in three languages, and OSCAL as others read it.

use super::{Pack, lived};
use crate::host::{Ran, arg};
use crate::stock::{environment, file};
use std::path::Path;
use std::process::Command;

#[test]
fn the_same_input_gives_the_same_pack() {
    let site = lived();
    let (one, two) = (Pack::made(&site.host, "one", &[]), Pack::made(&site.host, "two", &[]));
    assert_eq!(one.said, two.said);
    for ((name, bytes), (other, same)) in one.files().iter().zip(&two.files()) {
        assert!(name == other && bytes == same, "{name} and {other} differ");
    }
    assert_eq!(one.files().len(), two.files().len());
    let (one, two) = (Pack::made(&site.host, "three", &[&site.out]), Pack::made(&site.host, "four", &[&site.out]));
    assert_eq!(one.said["sums"], two.said["sums"]);
    // A later event is another input.
    site.host.ok(&["policy", "clear"]);
    assert_ne!(Pack::made(&site.host, "five", &[&site.out]).said["sums"], two.said["sums"]);
}

#[test]
fn tables_and_readme_are_in_the_language_that_was_asked_for() {
    let site = lived();
    for (language, words) in [
        ("en", ["evidence present", "What it does not show", "Evidence pack", "installed, snapshot 1"]),
        ("de", ["Nachweis vorhanden", "Was es nicht zeigt", "Nachweismappe", "installiert, Stand 1"]),
        ("it", ["prova presente", "Che cosa non mostra", "Fascicolo di prove", "installato, stato 1"]),
    ] {
        let pack = Pack::made(&site.host, language, &["--language", language, "--profile", "hipaa"]);
        let files = pack.files();
        let text = |name: &str| String::from_utf8(files[name].clone()).expect("UTF-8");
        assert!(text("controls/hipaa.md").contains(words[0]) && text("controls/hipaa.csv").contains(words[1]), "{language}");
        let readme = text("README.md");
        assert!(readme.contains(words[2]) && !readme.contains(['{', '}']), "{readme}");
        let results =
            text("oscal/assessment-results.json") + &text("oscal/component-definition.json") + &text("oscal/assessment-plan.json");
        assert!(results.contains(words[3]) && (language == "en" || !results.contains("Carries software")), "{language}");
        assert!(readme.contains("ssh-keygen -Y verify -f trust/allowed_signers.2"), "{readme}");
        // Signed things are the same in every language.
        assert!(files.keys().any(|name| name.ends_with("bundle.json")));
    }
}

/// Every command that the README writes out does what it says.
#[test]
fn the_commands_by_hand_are_right() {
    let Some(_) = crate::stock::need("ssh-keygen") else { return };
    let site = lived();
    let pack = Pack::made(&site.host, "pack", &["--profile", "hipaa"]);
    let readme = String::from_utf8(pack.files()["README.md"].clone()).expect("UTF-8");
    let hand = readme.split("The same by hand").nth(1).and_then(|rest| rest.split("\n| ").next()).expect("commands");
    // A file that is not there is not said to be named.
    let lost = hand.lines().find(|line| line.contains("lock.json")).expect("a lock").replace("lock.json", "no.json");
    let ran = Ran::of(site.host.program("sh").current_dir(&pack.folder).args(["-c", &lost]).output().expect("a shell"));
    assert_ne!(ran.code, Some(0), "{lost}");
    let commands: Vec<&str> = hand.lines().filter_map(|line| line.strip_prefix("    ")).collect();
    assert!(commands.len() > 10, "{commands:?}");
    for command in commands {
        let verifier = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats/verify_log.py");
        let command = command.replace(" KEY", &format!(" {}", pack.told[5])).replace("verify_log.py", arg(&verifier));
        let ran = Ran::of(site.host.program("sh").current_dir(&pack.folder).args(["-c", &command]).output().expect("a shell"));
        assert_eq!(ran.code, Some(0), "{command}: {ran:?}");
    }
}

#[test]
fn a_foreign_reader_takes_the_oscal_documents() {
    let (Some(environment), Some(schemas)) = (environment("oscal"), file("oscal-schemas", "oscal_schemas")) else { return };
    let site = lived();
    let judge = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/judge-oscal.py");
    let judged = |files: &[&str]| {
        let mut command = Command::new(environment.join("bin/python"));
        Ran::of(command.args(["-B", "-I"]).arg(&judge).arg(&schemas).args(files).env_clear().output().expect("python runs"))
    };
    for language in ["en", "de", "it"] {
        let pack = Pack::made(&site.host, language, &["--language", language]);
        let files =
            ["assessment-results", "assessment-plan", "component-definition"].map(|name| pack.folder.join(format!("oscal/{name}.json")));
        let ran = judged(&files.each_ref().map(|file| arg(file)));
        assert!(ran.code == Some(0) && ran.out.lines().count() == 3, "{ran:?}");
        // The judge can refuse.
        let results = std::fs::read_to_string(&files[0]).expect("a document");
        for (from, to) in [
            ("\"methods\"", "\"method\""),
            ("\"collected\": \"2", "\"collected\": \"x2"),
            ("\"href\": \"assessment-plan.json\"", "\"no\": \"plan\""),
        ] {
            let bad = site.host.write("bad.json", results.replacen(from, to, 1));
            assert_eq!(judged(&[arg(&bad)]).code, Some(1), "{from}");
        }
    }
    // Every resource is a file of the pack, with its digest.
    let pack = Pack::made(&site.host, "pack", &[]);
    let files = pack.files();
    let document: serde_json::Value = serde_json::from_slice(&files["oscal/assessment-results.json"]).expect("JSON");
    let resources = document["assessment-results"]["back-matter"]["resources"].as_array().expect("resources");
    assert!(resources.len() > 10);
    for resource in resources {
        let name = resource["rlinks"][0]["href"].as_str().and_then(|href| href.strip_prefix("../")).expect("a file of the pack");
        let digest = airlift::artifact::Digest::of(&files[name]).hex();
        assert_eq!(resource["rlinks"][0]["hashes"][0]["value"], digest, "{name}");
    }
}

/// Who doubts the copy in a pack finds the digest of the script beside its documentation.
#[test]
fn the_published_digest_of_the_script_is_right() {
    let digest = airlift::artifact::Digest::of(&std::fs::read(super::script()).expect("a script")).hex();
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats/evidence.md");
    assert!(std::fs::read_to_string(document).expect("a document").contains(&digest), "evidence.md must say {digest}");
    let site = lived();
    let pack = Pack::made(&site.host, "pack", &["--profile", "gdpr"]);
    assert_eq!(airlift::artifact::Digest::of(&pack.files()["check.sh"]).hex(), digest);
}
