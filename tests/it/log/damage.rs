//! Damage and forgery: every change of the log is seen, the first bad event is named, and nothing is written to what is damaged.

use super::{events, lines, lived, write};
use crate::host::{Host, arg};
use crate::world::{World, journal, try_journal};
use airlift::error::{Error, Kind};
use airlift::log::{EventLog, LogKey, Remembered, event_line, parse_event};
use airlift::steps::log::{newest, verify};
use airlift::store::Store;
use std::path::Path;

fn index(error: &Error) -> String {
    assert_eq!(error.kind(), Kind::Store, "{error}");
    error.context().iter().find(|(label, _)| *label == "index").map_or_else(|| panic!("{error}"), |(_, value)| value.clone())
}

/// The error of verifying a store whose log was changed; put right afterwards.
fn with_lines(store: &Store, changed: &[String]) -> Error {
    with_bytes(store, (changed.join("\n") + "\n").as_bytes())
}

fn seen(store: &Store, changed: &[u8]) -> Error {
    std::fs::write(events(store), changed).expect("a file");
    verify(store, None, &[]).expect_err("it was changed")
}

fn with_bytes(store: &Store, changed: &[u8]) -> Error {
    let before = std::fs::read(events(store)).expect("a log");
    let error = seen(store, changed);
    let writer = store.writer().expect("the lock");
    let refusal = try_journal(&writer).map(|_| ()).expect_err("a damaged log is not written to");
    assert_eq!(refusal.kind(), Kind::Store, "{refusal}");
    assert_eq!(std::fs::read(events(store)).expect("a log"), changed, "it is left as it was found");
    std::fs::write(events(store), before).expect("a file");
    error
}

#[test]
fn every_edited_byte_is_seen_and_its_event_named() {
    let (_world, store) = lived();
    let bytes = std::fs::read(events(&store)).expect("a log");
    let mut line = 0;
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 7);
        // Now and then also that nothing is written to it, which takes longer.
        let error = if at % 40 == 0 { with_bytes(&store, &changed) } else { seen(&store, &changed) };
        assert_eq!(index(&error), line.to_string(), "byte {at}");
        line += u64::from(bytes[at] == b'\n');
    }
    std::fs::write(events(&store), &bytes).expect("a file");
    verify(&store, None, &[]).expect("right again");
}

#[test]
fn removed_doubled_swapped_and_added_lines_are_seen() {
    let (_world, store) = lived();
    let all = lines(&store);
    for at in 0..all.len() {
        let mut changed = all.clone();
        changed.remove(at);
        assert_eq!(index(&with_lines(&store, &changed)), at.to_string(), "line {at} removed");
        let mut changed = all.clone();
        changed.insert(at, all[at].clone());
        assert_eq!(index(&with_lines(&store, &changed)), (at + 1).to_string(), "line {at} doubled");
        if at + 1 < all.len() {
            let mut changed = all.clone();
            changed.swap(at, at + 1);
            assert_eq!(index(&with_lines(&store, &changed)), at.to_string(), "lines {at} and {} swapped", at + 1);
        }
        assert_eq!(index(&with_lines(&store, &all[..=at][..at])), at.to_string(), "cut after {at}");
    }
    let more = [&all[..], &["{}".to_owned(), "{}".to_owned()]].concat();
    assert_eq!(index(&with_lines(&store, &more)), all.len().to_string(), "lines that nobody signed");
}

/// A log rewritten by somebody who knows the format, from one event on, each behind the one before.
fn rewritten(store: &Store, from: u64) -> Vec<String> {
    let mut tree = airlift::log::Tree::default();
    let mut out = Vec::new();
    for line in lines(store) {
        let mut event = parse_event(line.as_bytes()).expect("an event");
        if event.index == from {
            event.kind = String::from("gc");
        }
        event.previous = tree.root();
        let line = event_line(&event);
        tree.push(airlift::log::leaf_hash(&line));
        out.push(String::from_utf8(line).expect("UTF-8"));
    }
    out
}

#[test]
fn a_log_written_anew_is_seen_by_the_checkpoints_it_kept() {
    let (_world, store) = lived();
    for from in 0..lines(&store).len() as u64 {
        assert_eq!(index(&with_lines(&store, &rewritten(&store, from))), from.to_string());
    }
    // Without those, only where the newest one disagrees is known.
    std::fs::remove_dir_all(store.root().join("log/checkpoints")).expect("removed");
    let error = with_lines(&store, &rewritten(&store, 1));
    assert!(error.message().contains("the first bad event is one of 0 to 4"), "{error}");
}

/// Everything an administrator can do: rewrite the log and sign it again with its own key.
fn forge(store: &Store, from: u64) {
    let lines = rewritten(store, from);
    let pem = std::fs::read_to_string(store.root().join("log/key")).expect("a key");
    let der = data_encoding::BASE64.decode(pem.lines().nth(1).expect("base64").as_bytes()).expect("base64");
    let key = LogKey::from_seed(der[16..].try_into().expect("a seed")).expect("a key");
    let mut tree = airlift::log::Tree::default();
    for line in &lines {
        tree.push(airlift::log::leaf_hash(line.as_bytes()));
        let note = key.sign(tree.size(), tree.root()).to_string();
        let name = if tree.size() == lines.len() as u64 { "log/checkpoint".to_owned() } else { format!("log/checkpoints/{}", tree.size()) };
        std::fs::write(store.root().join(name), note).expect("a file");
    }
    std::fs::write(events(store), lines.join("\n") + "\n").expect("a file");
}

#[test]
fn a_log_forged_with_its_own_key_is_seen_by_whoever_remembers_it() {
    let (host, (_world, store)) = (Host::new(), lived());
    let log = EventLog::of(&store);
    let (note, checkpoint, _) = newest(&log).expect("a checkpoint");
    let kept = host.write("kept.txt", note.to_string());
    forge(&store, 1);
    verify(&store, None, &[]).expect("nothing in the store knows better");
    for remembered in [Remembered::Note(note), Remembered::Paper(checkpoint.paper())] {
        let error = verify(&store, None, &[remembered]).expect_err("it was forged");
        assert!(error.kind() == Kind::Verification && error.message().starts_with("fork"), "{error}");
    }
    let store = arg(store.root());
    host.ok(&["--store", store, "log", "verify"]);
    host.fails(4, &["--store", store, "log", "verify", "--checkpoint", arg(&kept)], &["fork", "keep both as evidence"]);
    host.fails(4, &["--store", store, "log", "verify", "--paper", &checkpoint.paper()], &["fork"]);
}

#[test]
fn a_log_that_was_cut_with_its_checkpoint_is_seen_by_what_was_kept() {
    let (_world, store) = lived();
    let (note, ..) = newest(&EventLog::of(&store)).expect("a checkpoint");
    let all = lines(&store);
    let cut = |kept: bool| {
        std::fs::write(events(&store), all[..2].join("\n") + "\n").expect("a file");
        std::fs::copy(store.root().join("log/checkpoints/2"), store.root().join("log/checkpoint")).expect("copied");
        if !kept {
            [3, 4].iter().for_each(|n| std::fs::remove_file(store.root().join(format!("log/checkpoints/{n}"))).expect("removed"));
        }
        verify(&store, None, &[])
    };
    assert_eq!(index(&cut(true).expect_err("checkpoint 4 is there")), "2");
    let error = cut(false).expect_err("snapshots 1 and 2 are there");
    assert!(error.kind() == Kind::Store && error.message().contains("no event tells of it"), "{error}");
    let error = verify(&store, None, &[Remembered::Note(note)]).expect_err("somebody remembers more");
    assert!(error.kind() == Kind::Verification && error.message().contains("the log was cut"), "{error}");
}

#[test]
fn a_store_set_back_behind_its_log_is_not_changed() {
    let (world, store) = lived();
    let older = "{\"snapshot\":1,\"highest\":1}\n";
    std::fs::write(store.root().join("current"), older).expect("a file");
    std::fs::remove_file(store.root().join("snapshots/2.json")).expect("removed");
    store.current().expect("nothing in the store itself tells");
    let bundle = world.pack_as(&world.lock("kit", &[crate::world::noise(10, 9)]), "again", None, &[1], Some(3));
    let refusal = world.import(&bundle, &store).expect_err("marks would fall");
    assert!(refusal.kind() == Kind::Store && refusal.message().contains("set back"), "{refusal}");
    assert_eq!(std::fs::read_to_string(store.root().join("current")).expect("a file"), older);
}

#[test]
fn a_snapshot_changed_without_a_word_is_seen() {
    let (_world, store) = lived();
    let path = store.root().join("snapshots/1.json");
    let text = std::fs::read_to_string(&path).expect("a list");
    std::fs::write(&path, text.replace("\"seq\": 1", "\"seq\": 0")).expect("a file");
    let error = verify(&store, None, &[]).expect_err("its list is another");
    assert!(error.message().contains("snapshot 1 is not as it was logged"), "{error}");
}

#[test]
fn the_tail_a_kill_leaves_is_finished_or_cut() {
    let world = World::new();
    let store = world.receiver("receiver");
    let log = events(&store);
    write(&store, 2);
    let whole = std::fs::read(&log).expect("a log");
    let checkpoint = std::fs::read(store.root().join("log/checkpoint")).expect("a checkpoint");
    write(&store, 1);
    let longer = std::fs::read(&log).expect("a log");
    for end in whole.len()..=longer.len() {
        std::fs::write(&log, &longer[..end]).expect("a file");
        std::fs::write(store.root().join("log/checkpoint"), &checkpoint).expect("a file");
        let checked = verify(&store, None, &[]).unwrap_or_else(|e| panic!("{end}: {e}"));
        assert_eq!(checked.unfinished, end > whole.len(), "{end}");
        drop(journal(&store.writer().expect("the lock")));
        let finished = if end == longer.len() { &longer } else { &whole };
        assert_eq!(&std::fs::read(&log).expect("a log"), finished, "{end}");
        assert!(!verify(&store, None, &[]).expect("whole").unfinished);
    }
    // Zeros where a block never reached the disk.
    std::fs::write(&log, [&longer[..], &[0; 3000]].concat()).expect("a file");
    drop(journal(&store.writer().expect("the lock")));
    assert_eq!(std::fs::read(&log).expect("a log"), longer);
}

#[test]
fn a_key_that_is_lost_damaged_or_open_stops_everything() {
    use std::os::unix::fs::PermissionsExt;
    let (_world, store) = lived();
    let path = store.root().join("log/key");
    let key = std::fs::read(&path).expect("a key");
    assert_eq!(path.metadata().expect("a file").permissions().mode() & 0o7777, 0o600);
    let refusal = |what: &str| {
        let writer = store.writer().expect("the lock");
        let error = try_journal(&writer).map(|_| ()).expect_err(what);
        assert!(error.kind() == Kind::Store && error.message().contains("key"), "{what}: {error}");
    };
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("changed");
    refusal("others can read it");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("changed");
    std::fs::write(&path, &key[..key.len() - 1]).expect("a file");
    refusal("damaged");
    std::fs::remove_file(&path).expect("removed");
    refusal("lost");
    verify(&store, None, &[]).expect("verifying needs the public half only, which the first event has");
    std::fs::write(&path, &key).expect("a file");
}

#[test]
fn another_key_with_a_log_of_its_own_does_not_pass_for_it() {
    let (_world, store) = lived();
    let key = EventLog::of(&store).key().expect("a key");
    let (_other_world, other) = lived();
    let error = verify(&other, Some(&key), &[]).expect_err("another log");
    assert_eq!(error.kind(), Kind::Store, "{error}");
    std::fs::copy(other.root().join("log/checkpoint"), store.root().join("log/checkpoint")).expect("copied");
    assert_eq!(verify(&store, None, &[]).expect_err("another log's checkpoint").kind(), Kind::Store);
}

/// Places that cannot be written to, also by root.
fn blocked(path: &Path) {
    let _ = std::fs::remove_file(path);
    std::fs::create_dir_all(path).expect("a folder in its place");
}

#[test]
fn what_cannot_be_logged_is_not_imported() {
    let world = World::new();
    let bundle = world.pack(&world.lock("kit", &[crate::world::noise(500, 1)]), "out", None, &[1]);
    for name in ["events.jsonl", "checkpoint", "key", "checkpoint.new", "identities.json", "receipts"] {
        let store = world.receiver(&format!("receiver-{name}"));
        let before = crate::world::state(store.root());
        if name == "receipts" {
            std::fs::write(store.root().join("log/receipts"), b"").expect("a file in its place");
        } else {
            blocked(&store.root().join("log").join(name));
        }
        let error = world.import(&bundle, &store).expect_err(name);
        assert!([Kind::Failed, Kind::Store].contains(&error.kind()), "{name}: {error}");
        assert!(store.current().expect("readable").is_none(), "{name}: it was imported all the same");
        if ["events.jsonl", "checkpoint", "key"].contains(&name) {
            assert!(crate::world::state(store.root()) == before, "{name}: something was left");
        }
    }
}

#[test]
fn scrub_finds_a_damaged_log() {
    let (host, (_world, store)) = (Host::new(), lived());
    host.ok(&["--store", arg(store.root()), "scrub"]);
    let text = std::fs::read_to_string(events(&store)).expect("a log");
    std::fs::write(events(&store), text.replacen("\"p1\"", "\"p2\"", 1)).expect("a file");
    let ran = host.run(&["--store", arg(store.root()), "scrub"]);
    assert!(ran.code == Some(7) && ran.err.contains("event 0 is the first bad one"), "{ran:?}");
    host.fails(7, &["--store", arg(store.root()), "log", "verify"], &["event 0 is the first bad one", "keep the folder as evidence"]);
}
