//! People and other hosts as witnesses: cosignatures, checkpoints that come back, names that can be erased.

use super::{kinds, lived, write};
use crate::host::{Host, arg};
use crate::stock::need;
use crate::world::{journal, key};
use airlift::error::Kind;
use airlift::log::witnessed::Seen;
use airlift::log::{CHECKPOINT, Draft, EventLog, Identities, Item, cosignatures, kind};
use airlift::steps::log::{cosign, newest, prove_growth, verify, witness};
use airlift::trust::Protection;

#[test]
fn a_person_cosigns_and_rewriting_the_log_needs_their_key() {
    let (_world, store) = lived();
    let size = {
        let writer = store.writer().expect("the lock");
        cosign(&journal(&writer), &key(1)).expect("cosigned").0.size
    };
    write(&store, 2);
    let checked = verify(&store, None, &[]).expect("whole");
    assert_eq!(checked.cosigned.len(), 1);
    assert_eq!(checked.cosigned[0].0, size);
    let folder = store.root().join("log/cosignatures");
    let file = std::fs::read_dir(&folder).expect("a folder").next().expect("one").expect("readable").path();
    assert!(!file.display().to_string().contains("person1"), "a file name holds no name of a person");
    // The log's own key cannot make this: the same cosignature under another size, and one that was damaged.
    let other = folder.join(file.file_name().unwrap().to_str().unwrap().replacen(&size.to_string(), &(size + 1).to_string(), 1));
    std::fs::rename(&file, &other).expect("renamed");
    let error = verify(&store, None, &[]).expect_err("it was made over another checkpoint");
    assert!(error.kind() == Kind::Store && error.context().iter().any(|(_, v)| v.contains("cosigned")), "{error}");
    std::fs::rename(&other, &file).expect("renamed");
    let later = folder.join(file.file_name().unwrap().to_str().unwrap().replacen(&size.to_string(), "99", 1));
    std::fs::copy(&file, &later).expect("copied");
    assert!(verify(&store, None, &[]).expect_err("a cosignature of more events than there are").message().contains("first bad one"));
}

#[test]
fn stock_ssh_keygen_checks_a_cosignature() {
    let (host, (_world, store)) = (Host::new(), lived());
    key(1).write(&host.path("person1"), Protection::Plain).expect("a key");
    let store_path = arg(store.root());
    let said = host.json(&["--store", store_path, "log", "cosign", "--key", "person1", "--allow-plain-key"]);
    let (_, checkpoint, _) = newest(&EventLog::of(&store)).expect("a checkpoint");
    assert_eq!(said[0]["paper"], checkpoint.paper());
    host.write("text", checkpoint.text());
    host.write("allowed", format!("person1 namespaces=\"{CHECKPOINT}\" {}", key(1).public_line()));
    let Some(keygen) = need("ssh-keygen") else { return };
    let mut command = host.program(keygen);
    command.args(["-Y", "verify", "-f", "allowed", "-I", "person1", "-n", CHECKPOINT, "-s", said[0]["file"].as_str().expect("a path")]);
    let output = command.stdin(std::fs::File::open(host.path("text")).expect("a file")).output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
    let shown = host.ok(&["--store", store_path, "log", "verify"]).out;
    assert!(shown.contains("by person1 (SHA256:"), "{shown}");
    assert_eq!(cosignatures(&EventLog::of(&store)).expect("readable").len(), 1);
}

#[test]
fn a_checkpoint_that_comes_back_may_only_grow() {
    let (host, (_world, inside), (_outside_world, outside)) = (Host::new(), lived(), lived());
    let log = EventLog::of(&inside);
    let vkey = log.key().expect("a key");
    let seen = |file: &std::path::Path, key| {
        let writer = outside.writer().expect("the lock");
        witness(&journal(&writer), file, key).map(|accepted| accepted.seen)
    };
    let first = host.write("first", newest(&log).expect("a checkpoint").0.to_string());
    assert_eq!(seen(&first, None).expect_err("no trust on first use").kind(), Kind::Incomplete);
    assert_eq!(seen(&first, Some(&vkey)).expect("the key was given"), Seen::First);
    let events = kinds(&outside).len();
    assert_eq!(seen(&first, None).expect("again"), Seen::Same);
    assert_eq!(kinds(&outside).len(), events, "nothing new is nothing to log");
    let size = newest(&log).expect("a checkpoint").1.size;
    write(&inside, 3);
    let alone = host.write("alone", newest(&log).expect("a checkpoint").0.to_string());
    let refusal = seen(&alone, None).expect_err("nothing shows that it grew");
    assert!(refusal.kind() == Kind::Incomplete && refusal.hints()[0].contains(&format!("--from {size}")), "{refusal}");
    let growth = host.write("growth", prove_growth(&log, size, None).expect("proved").to_string());
    assert_eq!(seen(&growth, None).expect("it grew"), Seen::Grown { from: size });
    assert_eq!(seen(&first, None).expect_err("older").kind(), Kind::Policy);
    assert_eq!(kinds(&outside).last().map(String::as_str), Some("refuse"));
    assert_eq!(kinds(&outside).iter().filter(|kind| *kind == "witness").count(), 2);
    // A second history of the same size and the same key.
    let path = host.path("copy");
    copy(inside.root(), &path);
    let fork = airlift::store::Store::open(&path).expect("a store");
    write(&inside, 1);
    let size = newest(&log).expect("a checkpoint").1.size;
    let grown = host.write("grown", prove_growth(&log, size - 1, None).expect("proved").to_string());
    assert_eq!(seen(&grown, None).expect("it grew"), Seen::Grown { from: size - 1 });
    let writer = fork.writer().expect("the lock");
    journal(&writer).append(Draft::new(kind::GC, vec![Item::named("count", "another event")])).expect("logged");
    let forked = host.write("forked", newest(&EventLog::of(&fork)).expect("a checkpoint").0.to_string());
    let refusal = seen(&forked, None).expect_err("another history");
    assert!(refusal.kind() == Kind::Verification && refusal.message().starts_with("fork"), "{refusal}");
    verify(&outside, None, &[]).expect("whole");
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    assert!(std::process::Command::new("cp").arg("-a").arg(from).arg(to).status().expect("cp runs").success());
}

#[test]
fn names_lie_beside_the_log_and_can_be_erased() {
    let (host, (_world, store)) = (Host::new(), lived());
    let log = EventLog::of(&store);
    assert_eq!(Identities::read(&log).expect("readable").names()["p1"], "tester");
    let text = std::fs::read_to_string(log.events_path()).expect("a log");
    assert!(!text.contains("tester") && text.contains("\"actor\":\"p1\""));
    let path = arg(store.root());
    let shown = |args: &[&str]| host.json(&[&["--store", path, "log", "identities"], args].concat()).remove(0);
    let after = shown(&["--erase", "p1"]);
    assert!(after.get("p1").is_none() && after["p2"].as_str().expect("whoever erased it").starts_with("uid "), "{after}");
    host.fails(2, &["--store", path, "log", "identities", "--erase", "p1"], &["no name is kept for p1"]);
    verify(&store, None, &[]).expect("the log is what it was");
    assert!(std::fs::read_to_string(log.events_path()).expect("a log").starts_with(&text), "not a byte of it has changed");
    // The same person again is somebody else to the log, even when all identities are lost.
    write(&store, 1);
    assert_eq!(Identities::read(&log).expect("readable").names()["p3"], "tester");
    std::fs::remove_file(store.root().join("log/identities.json")).expect("removed");
    write(&store, 1);
    assert_eq!(Identities::read(&log).expect("readable").names()["p4"], "tester");
    assert_eq!(kinds(&store).iter().filter(|kind| *kind == "erase").count(), 1);
}
