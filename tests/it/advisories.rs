//! Advisories against the records of a real ecosystem: `AIRLIFT_TEST_OSV` names a published archive (`all.zip`) of `AIRLIFT_TEST_OSV_OF`.

use airlift::advisories::{Answer, Asked, Builder, Ecosystem, Freshness, Package, Ranking, Record, assess};
use airlift::artifact::InMemory;
use jiff::SignedDuration;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};

struct Archive {
    ecosystem: String,
    bytes: Vec<u8>,
}

/// The archive, where one is given: it is too large, and of another licence, to be carried here.
fn archive() -> Option<Archive> {
    let Some(path) = std::env::var_os("AIRLIFT_TEST_OSV") else {
        eprintln!("skipped: AIRLIFT_TEST_OSV names no archive of advisories");
        return None;
    };
    let ecosystem = std::env::var("AIRLIFT_TEST_OSV_OF").unwrap_or_else(|_| "PyPI".to_owned());
    Some(Archive { ecosystem, bytes: std::fs::read(path).expect("the archive can be read") })
}

impl Archive {
    fn records(&self) -> Vec<(Record, Value)> {
        let mut zip = zip::ZipArchive::new(Cursor::new(&self.bytes)).expect("a zip");
        let count = zip.len();
        let one = |at| {
            let mut bytes = Vec::new();
            zip.by_index(at).expect("a member").read_to_end(&mut bytes).expect("its bytes");
            (Record::parse("a record", &bytes).expect("a record"), serde_json::from_slice(&bytes).expect("JSON"))
        };
        (0..count).map(one).collect()
    }
}

#[derive(Default)]
struct Agreement {
    records: usize,
    compared: usize,
    agreed: usize,
    /// Named, but outside the ranges.
    outside: Vec<String>,
    /// Named, but not a version.
    unparsed: Vec<String>,
    /// Named nowhere in the record, but inside its ranges: releases of other records about the package.
    beyond: BTreeMap<String, BTreeSet<String>>,
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[test]
fn ranges_mean_the_versions_that_records_name() {
    let Some(archive) = archive() else { return };
    let known = Ecosystem::of(&archive.ecosystem).expect("an ecosystem with an order");
    let records = archive.records();
    let mut releases: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (record, value) in &records {
        for (affected, wire) in record.affected.iter().zip(value["affected"].as_array().expect("a list")) {
            releases.entry(&affected.name).or_default().extend(texts(&wire["versions"]));
        }
    }
    let mut found = Agreement { records: records.len(), ..Agreement::default() };
    for (record, value) in &records {
        for (affected, wire) in record.affected.iter().zip(value["affected"].as_array().expect("a list")) {
            let named: BTreeSet<&str> = texts(&wire["versions"]).into_iter().collect();
            for version in &releases[&*affected.name] {
                let asked = Asked::new(version, known.order, known.semantic());
                let (by_range, line) = (affected.judge_by_ranges(&asked), format!("{} {} {version}", record.id, affected.name));
                if !named.contains(version) {
                    if matches!(by_range, Answer::Affected { .. }) && !named.is_empty() {
                        found.beyond.entry(format!("{} {}", record.id, affected.name)).or_default().insert((*version).to_owned());
                    }
                    continue;
                }
                found.compared += 1;
                match by_range {
                    Answer::Affected { .. } => found.agreed += 1,
                    Answer::Unknown(_) => found.unparsed.push(line),
                    _ => found.outside.push(line),
                }
                // Whatever the ranges say, what a record names is affected.
                assert!(matches!(affected.judge(&asked), Answer::Affected { .. }), "{version} of {}", record.id);
            }
        }
    }
    println!("{} records, {} named versions, {} inside the ranges too", found.records, found.compared, found.agreed);
    println!("named, outside the ranges: {}\n  {}", found.outside.len(), found.outside.join("\n  "));
    println!("named, not a version: {}\n  {}", found.unparsed.len(), found.unparsed.join("\n  "));
    println!("inside the ranges, not named: {}", found.beyond.values().map(BTreeSet::len).sum::<usize>());
    found.beyond.iter().for_each(|(record, versions)| println!("  {record}: {versions:?}"));
    assert!(found.agreed * 1000 >= found.compared * 999, "{} of {}", found.agreed, found.compared);
}

#[test]
fn every_named_version_is_found_and_withdrawn_records_say_nothing() {
    let Some(archive) = archive() else { return };
    let records = archive.records();
    let mut builder = Builder::new();
    builder.archive(&archive.ecosystem, None, "all.zip", &mut InMemory::new(archive.bytes.clone())).expect("a snapshot");
    let snapshot = builder.finish();
    let now = snapshot.taken()[&archive.ecosystem].time;
    let freshness = Freshness { now, most_age: SignedDuration::from_hours(1) };
    for (record, value) in &records {
        let Some(wire) = value["affected"].get(0) else { continue };
        let Some(version) = texts(&wire["versions"]).first().copied() else { continue };
        let name = wire["package"]["name"].as_str().expect("a name").to_uppercase();
        let asked = [Package { ecosystem: &archive.ecosystem, name: &name, version }];
        let ranking = Ranking::default();
        let answer = assess(&snapshot, &asked, &freshness, &ranking).expect("an answer");
        let told = answer.packages[0].findings.iter().any(|finding| finding.records.contains(&&*record.id));
        assert_eq!(told, record.withdrawn.is_none(), "{}", record.id);
    }
}
