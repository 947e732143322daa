//! What is logged, by which command, and what comes back: events, receipts, exports.

use super::{kinds, lines, lived, write};
use crate::host::{Host, arg};
use crate::origin::{Origin, Reply};
use crate::world::{World, journal, key, noise};
use airlift::artifact::Digest;
use airlift::log::{EventLog, Receipt, parse_event};
use airlift::steps::log::{newest, prove_event, prove_growth, verify};
use airlift::store::Store;
use airlift::trust::Protection;
use std::path::Path;

fn opened(path: &Path) -> Store {
    Store::open(path).expect("a store")
}

#[test]
fn every_verb_that_changes_a_store_says_so() {
    let host = Host::new();
    let origin = Origin::new(&[("/a", vec![Reply::File(b"first".to_vec())]), ("/b", vec![Reply::File(b"second".to_vec())])]);
    key(1).write(&host.path("person1"), Protection::Plain).expect("a key");
    let manifest = |path: &str, bytes: &[u8]| {
        let (url, sha256) = (origin.url(path), Digest::of(bytes).hex());
        host.write("kit.toml", format!("airlift = 1\nname = \"kit\"\n[files.all]\nurl = \"{url}\"\nsha256 = \"{sha256}\"\n"));
        host.ok(&["lock", "kit.toml"]);
    };
    host.ok(&["trust", "init", "lab", "--principal", "person1=person1.pub", "--threshold", "1", "--key", "person1", "--allow-plain-key"]);
    assert!(!host.store().exists(), "founding a domain needs no store and logs nothing");
    let fingerprint = host.json(&["trust", "show", "trust/root.1.json"]).remove(0)["spoken"].as_str().expect("words").to_owned();
    host.fails(4, &["trust", "accept", "trust/root.1.json", "--fingerprint", "00000-00000-00000-00000"], &["typed"]);
    host.ok(&["trust", "accept", "trust/root.1.json", "--fingerprint", &fingerprint]);
    let signed = ["--key", "person1", "--allow-plain-key"];
    for (path, bytes, out) in [("/a", &b"first"[..], "one"), ("/b", b"second", "two")] {
        manifest(path, bytes);
        host.ok(&["fetch", "kit.lock"]);
        host.ok(&["pack", "kit.lock", "--out", out]);
        host.ok(&[&["sign", out], &signed[..]].concat());
        host.ok(&[&["sign", out], &signed[..]].concat());
        let said = host.ok(&["import", out]);
        assert!(said.err.contains("receipt   ") && said.err.contains(".tlog-proof"), "{}", said.err);
        host.ok(&["import", out]);
    }
    host.ok(&["rollback"]);
    host.ok(&["gc"]);
    let store = opened(&host.store());
    let blob = store.root().join("blobs/sha256").join(&Digest::of(b"first").hex()[..2]).join(Digest::of(b"first").hex());
    std::fs::write(&blob, b"FIRST").expect("damaged");
    assert_eq!(host.run(&["scrub", "--discard"]).code, Some(7));
    std::fs::write(host.path("one/kit-1.airlift"), &std::fs::read(host.path("one/kit-1.airlift")).expect("a volume")[..3000]).expect("cut");
    assert_eq!(host.run(&["import", "one"]).code, Some(4));
    let expected =
        ["begin", "trust", "fetch", "pack", "sign", "import", "fetch", "pack", "sign", "import", "rollback", "discard", "refuse"];
    assert_eq!(kinds(&store), expected);
    let checked = verify(&store, None, &[]).expect("whole");
    assert_eq!(checked.snapshots.keys().copied().collect::<Vec<_>>(), [1, 2]);
    let events: Vec<_> = lines(&store).iter().map(|line| parse_event(line.as_bytes()).expect("an event")).collect();
    assert_eq!(events[5].subject("snapshot").expect("a snapshot").digest, Some(store.snapshot_digest(1).expect("a list")));
    assert!(events[5].evidence.iter().any(|item| item.name.as_deref() == Some(&key(1).public_line_fingerprint())));
    assert!(events[12].note.as_deref().expect("a reason").starts_with("verification: "), "{:?}", events[12]);
    assert_eq!(events[11].subjects[1].digest, Some(Digest::of(b"first")));
    for line in lines(&store) {
        assert!(!line.contains(arg(&host.work())), "no path of a person's machine: {line}");
    }
    let shown = host.ok(&["log", "show"]).out;
    assert!(shown.contains("import") && shown.contains("p1 (uid "), "{shown}");
    assert_eq!(host.json(&["log", "show", "--since", "2999-01-01T00:00:00Z"]).len(), 0);
    assert_eq!(host.json(&["log", "show"]).len(), expected.len());
}

/// The fingerprint of a test's key.
trait Fingerprint {
    fn public_line_fingerprint(&self) -> String;
}

impl Fingerprint for airlift::trust::SecretKey {
    fn public_line_fingerprint(&self) -> String {
        use airlift::trust::Signer;
        self.public_key().fingerprint()
    }
}

#[test]
fn a_log_begins_with_what_an_older_store_holds() {
    let (world, store) = lived();
    std::fs::remove_dir_all(store.root().join("log")).expect("a store of before");
    let none = verify(&store, None, &[]).expect_err("no log yet");
    assert_eq!(none.kind(), airlift::error::Kind::Incomplete);
    let third = world.pack_as(&world.lock("kit", &[noise(500, 4)]), "third", None, &[1], Some(3));
    world.import(&third, &store).expect("imported");
    let first = parse_event(lines(&store)[0].as_bytes()).expect("an event");
    let snapshot = first.subject("snapshot").expect("what was here");
    assert_eq!((snapshot.name.as_deref(), snapshot.digest), (Some("2"), Some(store.snapshot_digest(2).expect("a list"))));
    assert_eq!((first.pointer.expect("a pointer").highest, first.evidence[0].digest), (2, Some(world.root.fingerprint())));
    assert_eq!(verify(&store, None, &[]).expect("whole").snapshots.keys().copied().collect::<Vec<_>>(), [2, 3]);
}

#[test]
fn a_receipt_verifies_alone_and_no_changed_one_does() {
    let (host, (_world, store)) = (Host::new(), lived());
    let log = EventLog::of(&store);
    let (_, checkpoint, key) = newest(&log).expect("a checkpoint");
    for index in 0..checkpoint.size {
        let receipt = prove_event(&log, index).expect("proved");
        let (event, found) = receipt.verify(&key).expect("right");
        assert_eq!((event.index, found), (index, checkpoint.clone()));
        assert_eq!(Receipt::parse(receipt.to_string().as_bytes()).expect("readable"), receipt);
    }
    let text = std::fs::read(store.root().join("log/receipts/snapshot-2.tlog-proof")).expect("written by the import");
    host.write("receipt", &text);
    let alone = ["log", "verify", "--receipt", "receipt", "--key", &key.to_string()];
    assert!(host.ok(&alone).out.contains("import"));
    for at in 0..text.len() {
        let mut changed = text.clone();
        changed[at] ^= 1 << (at % 6);
        let outcome = Receipt::parse(&changed).and_then(|receipt| receipt.verify(&key));
        assert!(outcome.is_err(), "byte {at} of {}", text.len());
    }
    host.write("receipt", &text[..text.len() - 1]);
    host.fails(4, &alone, &["receipt"]);
    let (_other_world, other) = lived();
    let stranger = EventLog::of(&other).key().expect("a key");
    assert!(Receipt::parse(&text).expect("readable").verify(&stranger).is_err(), "another log's key");
    assert_eq!(prove_event(&log, checkpoint.size).expect_err("there is none").kind(), airlift::error::Kind::Usage);
}

#[test]
fn growth_between_any_two_checkpoints_is_proved() {
    let (_world, store) = lived();
    write(&store, 8);
    let log = EventLog::of(&store);
    let (_, newest, key) = newest(&log).expect("a checkpoint");
    for to in 1..=newest.size {
        for from in 0..=to {
            let growth = prove_growth(&log, from, Some(to)).unwrap_or_else(|e| panic!("{from} to {to}: {e}"));
            let new = growth.verify(&key, log.root_of(from).expect("a root")).expect("right");
            assert_eq!((new.size, new.root), (to, log.root_of(to).expect("a root")));
        }
    }
    assert!(prove_growth(&log, newest.size + 1, None).is_err());
}

#[test]
fn exports_have_every_event() {
    let (host, (_world, store)) = (Host::new(), lived());
    let (path, count) = (arg(store.root()), lines(&store).len());
    let export = |form: &str| host.ok(&["--store", path, "log", "export", "--format", form]).out;
    assert_eq!(export("jsonl").lines().map(str::to_owned).collect::<Vec<_>>(), lines(&store));
    assert_eq!(export("csv").lines().count(), count + 1);
    assert!(export("cef").lines().all(|line| line.starts_with("CEF:0|airlift|airlift|")));
    assert_eq!(export("cef").lines().count(), count);
    host.fails(2, &["--store", path, "log", "export", "--format", "xml"], &["jsonl, csv or cef"]);
    let printed = host.json(&["--store", path, "log", "checkpoint", "--qr"]).remove(0);
    assert!(printed["qr"].as_str().expect("a code").contains('█') && printed["size"] == count);
    host.fails(2, &["--store", path, "log", "prove"], &["say what to prove"]);
    host.fails(2, &["--store", path, "log", "prove", "--index", "999"], &["no such event"]);
    host.fails(3, &["--store", path, "log", "prove", "--from", "1", "--to", "999"], &["no checkpoint"]);
}

#[test]
fn a_clock_that_goes_back_is_told() {
    let (_world, store) = lived();
    let writer = store.writer().expect("the lock");
    let earlier = airlift::log::Scribe { clock: || "2020-01-01T00:00:00Z".parse().expect("a time"), actor: "tester".to_owned() };
    let late = airlift::log::Journal::open(&writer, earlier).expect("opened");
    late.append(airlift::log::Draft::new("gc", vec![])).expect("logged");
    drop(late);
    journal(&writer).append(airlift::log::Draft::new("gc", vec![])).expect("logged");
    let clocks: Vec<_> = lines(&store).iter().rev().take(2).map(|line| line.contains("\"clock\":\"behind\"")).collect();
    assert_eq!(clocks, [false, true]);
}

#[test]
fn two_processes_never_write_at_once() {
    let world = World::new();
    let store = world.receiver("receiver");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut seen = 0;
            while seen < 2 + 20 {
                seen = verify(&store, None, &[]).expect("whole at every moment").checkpoint.size;
            }
        });
        for _ in 0..4 {
            scope.spawn(|| {
                let mut left = 5;
                while left > 0 {
                    let Ok(writer) = store.writer() else {
                        std::thread::yield_now();
                        continue;
                    };
                    journal(&writer).append(airlift::log::Draft::new("gc", vec![])).expect("logged");
                    left -= 1;
                }
            });
        }
    });
    assert_eq!(kinds(&store).len(), 2 + 20);
    verify(&store, None, &[]).expect("whole");
}
