//! Loading a published ecosystem of advisories, and asking it about 10,000 packages: `cargo bench --bench advisories -- ECOSYSTEM all.zip`.
//!
//! The packages are the archive's own, with versions that its records name, so that every question has records to go through.
//!
//! With the path of an osv-scanner of 1.9 behind, both are asked about versions that the records of PyPI name, and every difference is told.

mod scanner;

use airlift::advisories::{Builder, Freshness, Package, Ranking, Snapshot, assess};
use airlift::artifact::InMemory;
use jiff::SignedDuration;
use std::collections::BTreeSet;
use std::time::Instant;

/// As many records as the Python Packaging Advisory Database has are loaded in less than a second.
const MOST_RECORDS: usize = 3_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let (ecosystem, path, scanner) = match arguments.as_slice() {
        [ecosystem, path] => (ecosystem, path, None),
        [ecosystem, path, scanner] if ecosystem == "PyPI" => (ecosystem, path, Some(scanner)),
        _ => {
            println!(
                "usage: cargo bench --bench advisories -- ECOSYSTEM all.zip\n       cargo bench --bench advisories -- PyPI all.zip osv-scanner"
            );
            return;
        }
    };
    let bytes = std::fs::read(path).expect("the archive can be read");
    let start = Instant::now();
    let mut builder = Builder::new();
    builder.archive(ecosystem, None, path, &mut InMemory::new(bytes)).expect("a snapshot");
    let snapshot = builder.finish();
    let seconds = start.elapsed().as_secs_f64();
    println!("loaded {} records in {seconds:.3} s", snapshot.records().len());
    assert!(seconds < 1.0 || snapshot.records().len() > MOST_RECORDS, "loading takes a second or more");
    if let Some(scanner) = scanner {
        return scanner::compare(&snapshot, ecosystem, path, scanner);
    }

    let weighted: Vec<_> = snapshot.records().iter().flat_map(|record| &record.affected).map(|affected| &*affected.name).collect();
    let each: Vec<_> = weighted.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    ask(&snapshot, ecosystem, "each name in its turn", &each);
    ask(&snapshot, ecosystem, "names as often as records name them", &weighted);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().filter(|line| line.starts_with("VmHWM")).for_each(|line| println!("{line}"));
}

fn ask(snapshot: &Snapshot, ecosystem: &str, how: &str, names: &[&str]) {
    let versions = ["1.0", "0.9.1", "2.4.3", "1.11.29", "3.0rc1", "0.1"];
    let package = |at: usize| Package { ecosystem, name: names[at % names.len()], version: versions[at % versions.len()] };
    let packages: Vec<_> = (0..10_000).map(package).collect();
    let freshness = Freshness { now: snapshot.taken()[ecosystem].time, most_age: SignedDuration::from_hours(24) };
    let start = Instant::now();
    let ranking = Ranking::default();
    let answer = assess(snapshot, &packages, &freshness, &ranking).expect("an answer");
    let seconds = start.elapsed().as_secs_f64();
    println!("{} packages ({how}) in {seconds:.3} s: {:?}", packages.len(), answer.counts);
    assert!(seconds < 2.0, "asking takes two seconds or more");
}
