//! Three readers of the same records: which versions of which packages they concern.

use super::{Scanners, differences, grypes, osvs, package, trivys};
use crate::advisories::sample;
use airlift::advisories::{Builder, Freshness, Package, Ranking, assess};
use airlift::artifact::InMemory;
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// Of each package of the records so many of the versions that they name, evenly spread, and one that no record can know.
const EACH: usize = 12;
const LATER: &str = "99999.0";

/// The packages of the records, by their names, with versions.
fn asked(records: &[Value]) -> Vec<(String, String)> {
    let mut named: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for affected in records.iter().flat_map(|record| record["affected"].as_array().into_iter().flatten()) {
        let Some(name) = affected["package"]["name"].as_str() else { continue };
        let versions = affected["versions"].as_array().into_iter().flatten().filter_map(Value::as_str);
        named.entry(name.to_owned()).or_default().extend(versions.map(str::to_owned));
    }
    let spread = |(name, versions): (String, BTreeSet<String>)| {
        let step = versions.len().div_ceil(EACH).max(1);
        let some: Vec<_> = versions.into_iter().step_by(step).chain([LATER.to_owned()]).map(|version| (name.clone(), version)).collect();
        some
    };
    named.into_iter().flat_map(spread).collect()
}

fn bill(packages: &[(String, String)]) -> Value {
    let component = |(name, version): &(String, String)| {
        let purl = format!("pkg:pypi/{}@{}", name.to_lowercase().replace('_', "-"), airlift::artifact::percent_encoded(version));
        json!({ "type": "library", "name": name, "version": version, "purl": purl, "bom-ref": format!("{name}@{version}") })
    };
    json!({ "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": packages.iter().map(component).collect::<Vec<_>>() })
}

/// What a scanner prints, with its database laid where it keeps it.
fn printed(program: &Path, folder: &Path, arguments: &[&str]) -> Value {
    let mut command = Command::new(program);
    command.env_clear().env("HOME", folder).env("PATH", "/usr/bin:/bin").current_dir(folder).args(arguments);
    let osv = folder.join("osv");
    command.env("OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY", &osv).env("OSV_SCALIBR_LOCAL_DB_CACHE_DIRECTORY", &osv);
    command.env("GRYPE_DB_AUTO_UPDATE", "false").env("GRYPE_DB_VALIDATE_AGE", "false").env("GRYPE_CHECK_FOR_APP_UPDATE", "false");
    let out = command.output().expect("the scanner runs");
    // osv-scanner ends with 1 where it has found something.
    assert!(matches!(out.status.code(), Some(0 | 1)), "{} {arguments:?}: {}", program.display(), String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap_or(Value::Null)
}

/// What airlift says, and the names under which others may say the same.
fn ours(packages: &[(String, String)]) -> BTreeMap<String, Vec<BTreeSet<String>>> {
    let mut builder = Builder::new();
    builder.archive("PyPI", None, "all.zip", &mut InMemory::new(sample().bytes)).expect("a snapshot");
    let snapshot = builder.finish();
    let freshness = Freshness { now: snapshot.taken()["PyPI"].time, most_age: SignedDuration::from_hours(1) };
    let asked: Vec<_> = packages.iter().map(|(name, version)| Package { ecosystem: "PyPI", name, version }).collect();
    let ranking = Ranking::default();
    let answer = assess(&snapshot, &asked, &freshness, &ranking).expect("an answer");
    let named = |finding: &airlift::advisories::Finding| finding.names.iter().map(|name| (*name).to_owned()).collect();
    let told = packages.iter().zip(&answer.packages);
    told.map(|((name, version), judged)| (package(name, version), judged.findings.iter().map(named).collect())).collect()
}

/// How many answers are the scanner's alone, the vulnerabilities of packages that it has nothing of at some version, and how often.
fn told((alone, lacking): &(Vec<String>, Vec<String>)) -> (usize, BTreeSet<String>, usize) {
    let of =
        |line: &String| line.split_once("==").and_then(|(name, rest)| Some(format!("{name} {}", rest.split_once(' ')?.1))).expect("a line");
    (alone.len(), lacking.iter().map(of).collect(), lacking.len())
}

#[test]
fn scanners_find_in_the_same_records_what_airlift_finds() {
    let Some(scanners) = Scanners::ready() else { return };
    let records: Vec<Value> = sample().values();
    let packages = asked(&records);
    let ours = ours(&packages);
    let folder = tempfile::tempdir().expect("a folder");
    let place = |name: &str| folder.path().join(name);
    std::fs::write(place("bill.cdx.json"), bill(&packages).to_string()).expect("a file");
    let found: usize = ours.values().map(Vec::len).sum();
    assert_eq!((packages.len(), found), (1_481, 2_178));

    let (archive, ..) = crate::databases::listed("2026-10-27T07:27:43Z", &scanners.database("vulnerability.db"));
    std::fs::write(place("grype.tar.zst"), archive).expect("a file");
    printed(&scanners.grype, folder.path(), &["db", "import", "grype.tar.zst"]);
    let grype = grypes(&printed(&scanners.grype, folder.path(), &["--quiet", "--output", "json", "sbom:bill.cdx.json"]));
    assert_eq!(differences(&ours, &grype), (vec![], vec![]), "grype");

    std::fs::create_dir_all(place("trivy/db")).expect("a folder");
    for name in ["trivy.db", "metadata.json"] {
        std::fs::write(place("trivy/db").join(name), scanners.database(name)).expect("a file");
    }
    let offline =
        ["sbom", "--cache-dir", "trivy", "--skip-db-update", "--skip-java-db-update", "--offline-scan", "--skip-version-check", "--quiet"];
    let trivy = trivys(&printed(&scanners.trivy, folder.path(), &[&offline[..], &["--format", "json", "bill.cdx.json"]].concat()));
    // Where one of the versions that a record names is none by PEP 440, trivy's publisher leaves out the whole record; the other two go by the rest.
    let left_out = ["ipython CVE-2022-21699", "rope CVE-2014-3539", "supervisor CVE-2019-12105"];
    assert_eq!(told(&differences(&ours, &trivy)), (0, left_out.map(str::to_owned).into(), 34), "trivy");

    let place_of = |folder: &str| place(&format!("osv/{folder}/PyPI"));
    for folder in ["osv-scalibr", "osv-scanner"] {
        std::fs::create_dir_all(place_of(folder)).expect("a folder");
        std::fs::write(place_of(folder).join("all.zip"), sample().bytes).expect("a file");
    }
    let osv = osvs(&printed(&scanners.osv, folder.path(), &["scan", "source", "--offline", "--format", "json", "-L", "bill.cdx.json"]));
    // Where a record has both, osv-scanner goes by the list of versions alone, and these lists leave versions out that the ranges have.
    let by_list = [
        "micropython-io CVE-2024-8947",
        "octoprint CVE-2022-3607",
        "rdiffweb CVE-2022-3371",
        "tensorflow CVE-2021-41199",
        "tensorflow CVE-2021-41216",
        "tensorflow CVE-2021-41224",
    ];
    assert_eq!(told(&differences(&ours, &osv)), (0, by_list.map(str::to_owned).into(), 39), "osv-scanner");
}
