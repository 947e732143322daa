//! The files of `tests/vectors/log`: made here from a fixed seed and a clock that stands still, committed, and read back.
//! After a change that is meant: `AIRLIFT_WRITE_VECTORS=1 cargo test --release --test it log::vectors`.

use airlift::artifact::Digest;
use airlift::log::{Clock, Event, Growth, Item, LogKey, Pointer, Receipt, Tree, VerifierKey, consistency_ranges, inclusion_ranges};
use airlift::log::{RangeRoots, event_line, leaf_hash, parse_event};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/log")
}

fn key() -> LogKey {
    LogKey::from_seed(&[42; 32]).expect("a key")
}

/// Seven events of a host that imports and rolls back.
fn events() -> Vec<Vec<u8>> {
    let mut tree = Tree::default();
    let mut out = Vec::new();
    for index in 0..7u64 {
        let snapshot = |n: u64| Item::named("snapshot", n).digest(Digest::of(format!("list {n}").as_bytes()));
        let (kind, subjects) = match index {
            0 => ("begin", vec![Item::named("log", key().verifier())]),
            1 => ("trust", vec![Item::named("root", 1).digest(Digest::of(b"root"))]),
            4 => ("refuse", vec![Item::named("bundle", "kit 1").digest(Digest::of(b"bundle 1"))]),
            6 => ("rollback", vec![snapshot(1)]),
            n => (
                "import",
                vec![Item::named("bundle", format!("kit {n}")).digest(Digest::of(format!("bundle {n}").as_bytes())), snapshot(n / 2)],
            ),
        };
        let event = Event {
            index,
            time: format!("2026-03-0{}T10:00:00Z", index + 1).parse().expect("a time"),
            clock: Clock::Ok,
            actor: "p1".to_owned(),
            kind: kind.to_owned(),
            subjects,
            evidence: if kind == "import" { vec![Item::of("lock", Digest::of(b"lock"))] } else { vec![] },
            note: (kind == "refuse").then(|| "policy: kit 1: rollback: it is older than what is installed".to_owned()),
            pointer: (index > 2).then_some(Pointer { snapshot: 1, highest: 1 + u64::from(index > 5) }),
            previous: tree.root(),
            tool: "airlift 0.1.0".to_owned(),
        };
        let line = event_line(&event);
        tree.push(leaf_hash(&line));
        out.push(line);
    }
    out
}

fn roots(ranges: Vec<std::ops::Range<u64>>, lines: &[Vec<u8>]) -> Vec<Digest> {
    let mut roots = RangeRoots::new(ranges);
    lines.iter().for_each(|line| roots.push(leaf_hash(line)));
    roots.finish()
}

fn made() -> BTreeMap<String, String> {
    let lines = events();
    let text = |lines: &[Vec<u8>]| lines.iter().map(|line| String::from_utf8(line.clone()).expect("UTF-8") + "\n").collect::<String>();
    let note = |size: usize| {
        let mut tree = Tree::default();
        lines[..size].iter().for_each(|line| tree.push(leaf_hash(line)));
        key().sign(tree.size(), tree.root())
    };
    let good = text(&lines);
    let mut files = BTreeMap::from([
        ("key".to_owned(), format!("{}\n", key().verifier())),
        ("good/events.jsonl".to_owned(), good.clone()),
        ("edited/events.jsonl".to_owned(), good.replacen("kit 3", "kit 8", 1)),
        ("cut/events.jsonl".to_owned(), text(&lines[..5])),
        ("swapped/events.jsonl".to_owned(), text(&[&lines[..2], &[lines[3].clone(), lines[2].clone()], &lines[4..]].concat())),
    ]);
    for folder in ["good", "edited", "cut", "swapped"] {
        files.insert(format!("{folder}/checkpoint"), note(7).to_string());
    }
    for index in 0..7 {
        let path = roots(inclusion_ranges(index, 7), &lines);
        let receipt = Receipt { index, line: lines[index as usize].clone(), path, note: note(7) };
        files.insert(format!("event-{index}.tlog-proof"), receipt.to_string());
    }
    for old in 1..7 {
        let growth = Growth { old, path: roots(consistency_ranges(old, 7), &lines), note: note(7) };
        files.insert(format!("growth-{old}-7.txt"), growth.to_string());
        files.insert(format!("checkpoint-{old}.txt"), note(old as usize).to_string());
    }
    files
}

#[test]
fn the_vectors_are_what_is_made_and_read() {
    let made = made();
    if std::env::var_os("AIRLIFT_WRITE_VECTORS").is_some() {
        for (name, text) in &made {
            let path = folder().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
    }
    let read = |name: &str| std::fs::read_to_string(folder().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    for (name, text) in &made {
        assert!(read(name) == *text, "{name}");
    }
    let key = VerifierKey::parse(read("key").trim()).expect("a key");
    for (index, line) in read("good/events.jsonl").lines().enumerate() {
        let receipt = Receipt::parse(read(&format!("event-{index}.tlog-proof")).as_bytes()).expect("a receipt");
        assert_eq!(receipt.verify(&key).expect("right").0, parse_event(line.as_bytes()).expect("an event"));
    }
    for old in 1..7 {
        let growth = Growth::parse(read(&format!("growth-{old}-7.txt")).as_bytes()).expect("a proof").expect("with a proof");
        let before = airlift::log::Note::parse("the checkpoint", read(&format!("checkpoint-{old}.txt")).as_bytes()).expect("a note");
        let root = airlift::log::Checkpoint::verified("the checkpoint", &before, &key).expect("signed").root;
        assert_eq!(growth.verify(&key, root).expect("right").size, 7);
    }
}

#[test]
fn the_auditors_program_says_the_same_of_the_vectors() {
    use crate::stock::need;
    let (Some(python), Some(_)) = (need("python3"), need("openssl")) else { return };
    let verifier = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats/verify_log.py");
    for (name, words) in [
        ("good", "7 events"),
        ("edited", "event 3 is the first bad one"),
        ("cut", "event 5 is the first bad one: it is missing"),
        ("swapped", "event 2 is the first bad one"),
    ] {
        let output = std::process::Command::new(&python).arg(&verifier).arg(folder().join(name)).output().expect("python runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() == (name == "good") && said.contains(words), "{name}: {said}");
    }
}
