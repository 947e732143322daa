//! What osv-scanner says of the same packages, offline, from the same archive. Of records that are aliases of each other it lists one, and a
//! finding has them all: the two agree where each of its records is in a finding, and each finding has one of them.

use airlift::advisories::{Freshness, Package, Ranking, Snapshot, assess};
use jiff::SignedDuration;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

/// Versions of one package that are asked about; requirements take one of each name, so this many files are written.
const ROUNDS: usize = 12;

/// By name and version.
type Said<T> = BTreeMap<(String, String), T>;

/// Tells where the two differ.
pub fn compare(snapshot: &Snapshot, ecosystem: &str, archive: &str, scanner: &str) {
    let versions = versions(archive);
    let folder = tempfile::tempdir().expect("a folder");
    let database = folder.path().join("db/osv-scanner").join(ecosystem);
    fs::create_dir_all(&database).expect("a folder");
    fs::copy(archive, database.join("all.zip")).expect("a copy of the archive");
    let (mut asked, mut same, mut listed, mut differences) = (0, 0, 0, Vec::new());
    for round in 0..ROUNDS {
        let questions: Vec<(&str, &str)> = versions.iter().filter_map(|(name, versions)| Some((&**name, at(versions, round)?))).collect();
        let (theirs, ours) = (theirs(folder.path(), scanner, &questions), ours(snapshot, ecosystem, &questions));
        for (name, version) in questions {
            let key = (name.to_owned(), version.to_owned());
            let (theirs, ours) = (theirs.get(&key).cloned().unwrap_or_default(), ours.get(&key).cloned().unwrap_or_default());
            asked += 1;
            listed += theirs.len();
            let found: BTreeSet<&String> = ours.iter().flatten().collect();
            let lacking: Vec<&str> = theirs.iter().filter(|id| !found.contains(id)).map(String::as_str).collect();
            let more = ours.iter().filter(|records| records.is_disjoint(&theirs));
            let more: Vec<&str> = more.filter_map(|records| records.first().map(String::as_str)).collect();
            if lacking.is_empty() && more.is_empty() {
                same += 1;
            } else {
                differences.push(format!("{name} {version}: only osv-scanner: {lacking:?}; only airlift: {more:?}"));
            }
        }
    }
    println!("{asked} packages asked about, {listed} answers of osv-scanner, the same for {same}");
    differences.iter().for_each(|difference| println!("{difference}"));
}

/// The n-th of so many versions, taken evenly from all.
fn at(versions: &BTreeSet<String>, round: usize) -> Option<&str> {
    let step = versions.len().div_ceil(ROUNDS).max(1);
    versions.iter().nth(round * step).map(String::as_str)
}

/// Versions that records name, and those they call fixed, by package.
fn versions(archive: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut archive = zip::ZipArchive::new(File::open(archive).expect("the archive")).expect("an archive");
    for index in 0..archive.len() {
        let record: Value = serde_json::from_reader(archive.by_index(index).expect("a record")).expect("JSON");
        for affected in record["affected"].as_array().into_iter().flatten() {
            let Some(name) = affected["package"]["name"].as_str() else { continue };
            let ranges = affected["ranges"].as_array().into_iter().flatten();
            let events = ranges.filter(|range| range["type"] != "GIT").flat_map(|range| range["events"].as_array().into_iter().flatten());
            let fixed = events.filter_map(|event| event["fixed"].as_str());
            let named = affected["versions"].as_array().into_iter().flatten().filter_map(Value::as_str);
            // Requirements of PEP 508 take no spaces and no comments in a version.
            let plain = |version: &&str| version.chars().all(|char| char.is_ascii_alphanumeric() || ".!+-_".contains(char));
            all.entry(name.to_lowercase()).or_default().extend(named.chain(fixed).filter(plain).map(str::to_owned));
        }
    }
    all
}

fn theirs(folder: &Path, scanner: &str, questions: &[(&str, &str)]) -> Said<BTreeSet<String>> {
    let lines = questions.iter().fold(String::new(), |mut text, (name, version)| {
        let _ = writeln!(text, "{name}=={version}");
        text
    });
    let requirements = folder.join("requirements.txt");
    fs::write(&requirements, lines).expect("requirements");
    let ran = Command::new(scanner)
        .env("OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY", folder.join("db"))
        .args(["scan", "--experimental-offline", "--format", "json", "-L"])
        .arg(&requirements)
        .output()
        .expect("osv-scanner runs");
    let found: Value =
        serde_json::from_slice(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&ran.stderr)));
    let packages = found["results"].as_array().into_iter().flatten().flat_map(|result| result["packages"].as_array().into_iter().flatten());
    packages
        .map(|package| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let ids = package["vulnerabilities"].as_array().into_iter().flatten().map(|record| text(&record["id"])).collect();
            ((text(&package["package"]["name"]), text(&package["package"]["version"])), ids)
        })
        .collect()
}

fn ours(snapshot: &Snapshot, ecosystem: &str, questions: &[(&str, &str)]) -> Said<Vec<BTreeSet<String>>> {
    let packages: Vec<_> = questions.iter().map(|&(name, version)| Package { ecosystem, name, version }).collect();
    let freshness = Freshness { now: snapshot.taken()[ecosystem].time, most_age: SignedDuration::from_hours(24) };
    let ranking = Ranking::default();
    let answer = assess(snapshot, &packages, &freshness, &ranking).expect("an answer");
    let records = |finding: &airlift::advisories::Finding<'_>| finding.records.iter().map(|&id| id.to_owned()).collect();
    let ids = |at: usize| answer.packages[at].findings.iter().map(records).collect();
    questions.iter().enumerate().map(|(at, &(name, version))| ((name.to_owned(), version.to_owned()), ids(at))).collect()
}
