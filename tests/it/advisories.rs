//! Advisories against whole records: a few of our own, a sample of those of PyPI with every difference there is, and those of a whole
//! ecosystem where `AIRLIFT_TEST_OSV` names its published archive (`all.zip`; of PyPI, or of `AIRLIFT_TEST_OSV_OF`).

use airlift::advisories::{Affected, Answer, Asked, Builder, Ecosystem, Freshness, Package, Ranking, Record, assess, base};
use airlift::artifact::InMemory;
use jiff::SignedDuration;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read, Write};

pub struct Archive {
    ecosystem: String,
    pub bytes: Vec<u8>,
}

/// The archives that are asked about.
fn archives() -> Vec<Archive> {
    [ours(), sample()].into_iter().chain(given()).collect()
}

/// Real records: what they are, and whose, is in the README beside them.
pub fn sample() -> Archive {
    let bytes = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/osv/pypi-sample.zip")).expect("the sample");
    Archive { ecosystem: "PyPI".to_owned(), bytes }
}

/// The records in `tests/vectors/advisories`: made up, of packages that do not exist.
pub fn ours() -> Archive {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/advisories");
    let mut paths: Vec<_> = std::fs::read_dir(folder).expect("the vectors").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    assert!(paths.len() >= 6, "{paths:?}");
    for path in paths {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        zip.start_file(name, zip::write::SimpleFileOptions::default()).expect("a member");
        zip.write_all(&std::fs::read(&path).expect("a record")).expect("its bytes");
    }
    Archive { ecosystem: "PyPI".to_owned(), bytes: zip.finish().expect("a zip").into_inner() }
}

/// The whole of a real archive, where one is given: it is too large to be carried here.
fn given() -> Option<Archive> {
    let path = std::env::var_os("AIRLIFT_TEST_OSV")?;
    let ecosystem = std::env::var("AIRLIFT_TEST_OSV_OF").unwrap_or_else(|_| "PyPI".to_owned());
    Some(Archive { ecosystem, bytes: std::fs::read(path).expect("the archive can be read") })
}

impl Archive {
    /// The records as they are written.
    pub fn values(&self) -> Vec<Value> {
        self.records().into_iter().map(|(_, value)| value).collect()
    }

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

/// What a record says of packages of the ecosystem, beside how it is written. Entries that name no package are not kept.
fn pairs<'a>(record: &'a Record, value: &'a Value, ecosystem: &str) -> Vec<(&'a Affected, &'a Value)> {
    let written = value["affected"].as_array().into_iter().flatten().filter(|wire| wire["package"].is_object());
    let pairs: Vec<_> = record.affected.iter().zip(written).collect();
    assert_eq!(pairs.len(), record.affected.len(), "{}", record.id);
    pairs.iter().for_each(|(affected, wire)| assert_eq!(wire["package"]["ecosystem"], *affected.ecosystem, "{}", record.id));
    pairs.into_iter().filter(|(affected, _)| base(&affected.ecosystem) == ecosystem).collect()
}

#[derive(Default)]
struct Agreement {
    records: usize,
    compared: usize,
    agreed: usize,
    /// Named by what has no ranges.
    unranged: usize,
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
    for archive in std::iter::once(ours()).chain(given()) {
        let found = compare(&archive);
        found.tell();
        assert!((found.agreed + found.unranged) * 1000 >= found.compared * 999, "{} of {}", found.agreed, found.compared);
    }
}

/// All that ranges and named versions differ in, in real records: what is no version by PEP 440, and what the records left out.
#[test]
fn real_records_differ_in_what_is_known_only() {
    let found = compare(&sample());
    assert_eq!((found.records, found.compared, found.agreed, found.unranged), (296, 13_499, 13_475, 0));
    assert_eq!(found.outside, [""; 0], "named, and outside the ranges");
    let milestones = [(3, 5), (4, 5), (5, 5), (6, 6)];
    let rope = milestones.iter().flat_map(|(minor, last)| (1..=*last).map(move |n| format!("PYSEC-2018-100 rope 0.{minor}m{n}")));
    let others = ["PYSEC-2019-126 supervisor a3", "PYSEC-2022-12 ipython 0.7.1.fix1", "PYSEC-2022-12 ipython 0.7.4.svn.r2010"];
    assert_eq!(found.unparsed, rope.chain(others.map(str::to_owned)).collect::<Vec<_>>(), "named, and not a version");
    // Release candidates of tensorflow that the records do not name, and that come before what mends them.
    let beyond: Vec<(&str, usize)> = found.beyond.iter().map(|(record, versions)| (record.as_str(), versions.len())).collect();
    let of = |id| (id, 50_usize);
    assert_eq!(beyond, ["PYSEC-2021-392 tensorflow", "PYSEC-2021-408 tensorflow", "PYSEC-2021-416 tensorflow"].map(of));
    let candidate = |version: &String| ["rc", "a", "b"].iter().any(|mark| version.contains(mark));
    assert!(found.beyond.values().flatten().all(candidate), "{:?}", found.beyond);
}

fn compare(archive: &Archive) -> Agreement {
    let known = Ecosystem::of(&archive.ecosystem).expect("an ecosystem with an order");
    let records = archive.records();
    let mut releases: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (record, value) in &records {
        for (affected, wire) in pairs(record, value, &archive.ecosystem) {
            releases.entry(&affected.name).or_default().extend(texts(&wire["versions"]));
        }
    }
    let mut found = Agreement { records: records.len(), ..Agreement::default() };
    for (record, value) in &records {
        for (affected, wire) in pairs(record, value, &archive.ecosystem) {
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
                    _ if !wire["ranges"].is_array() => found.unranged += 1,
                    Answer::Unknown(_) => found.unparsed.push(line),
                    _ => found.outside.push(line),
                }
                // Whatever the ranges say, what a record names is affected.
                assert!(matches!(affected.judge(&asked), Answer::Affected { .. }), "{version} of {}", record.id);
            }
        }
    }
    found
}

impl Agreement {
    fn tell(&self) {
        println!("{} records, {} named versions, {} inside the ranges too", self.records, self.compared, self.agreed);
        println!("named, outside the ranges: {}\n  {}", self.outside.len(), self.outside.join("\n  "));
        println!("named, not a version: {}\n  {}", self.unparsed.len(), self.unparsed.join("\n  "));
        println!("inside the ranges, not named: {}", self.beyond.values().map(BTreeSet::len).sum::<usize>());
        self.beyond.iter().for_each(|(record, versions)| println!("  {record}: {versions:?}"));
    }
}

#[test]
fn every_named_version_is_found_and_withdrawn_records_say_nothing() {
    archives().iter().for_each(ask);
}

fn ask(archive: &Archive) {
    let known = Ecosystem::of(&archive.ecosystem).expect("an ecosystem with an order");
    let records = archive.records();
    let mut builder = Builder::new();
    builder.archive(&archive.ecosystem, None, "all.zip", &mut InMemory::new(archive.bytes.clone())).expect("a snapshot");
    let snapshot = builder.finish();
    let now = snapshot.taken()[&archive.ecosystem].time;
    let freshness = Freshness { now, most_age: SignedDuration::from_hours(1) };
    for (record, value) in &records {
        let mut with_versions = pairs(record, value, &archive.ecosystem).into_iter();
        let Some((wire, version)) = with_versions.find_map(|(_, wire)| Some((wire, *texts(&wire["versions"]).first()?))) else {
            continue;
        };
        let written = wire["package"]["name"].as_str().expect("a name");
        // In another spelling, where it means the same.
        let (loud, ecosystem) = (written.to_uppercase(), wire["package"]["ecosystem"].as_str().expect("an ecosystem"));
        let name = if known.normalised(&loud) == known.normalised(written) { &loud } else { written };
        let asked = [Package { ecosystem, name, version }];
        let ranking = Ranking::default();
        let answer = assess(&snapshot, &asked, &freshness, &ranking).expect("an answer");
        let told = answer.packages[0].findings.iter().any(|finding| finding.records.contains(&&*record.id));
        assert_eq!(told, record.withdrawn.is_none(), "{}", record.id);
    }
}
