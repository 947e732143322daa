//! The verifier of `docs/formats`, which shares nothing with airlift: python3 and openssl.

use super::{events, lines, lived};
use crate::host::{Host, Ran, arg};
use crate::stock::need;
use airlift::log::EventLog;
use airlift::steps::log::newest;
use airlift::store::Store;
use std::path::{Path, PathBuf};

fn verifier() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats/verify_log.py")
}

fn verified(host: &Host, store: &Store, more: &[&str]) -> Option<Ran> {
    let (python, _) = (need("python3")?, need("openssl")?);
    let mut command = host.program(python);
    command.arg(verifier()).arg(store.root().join("log")).args(more);
    Some(Ran::of(command.output().expect("python runs")))
}

#[test]
fn an_auditor_needs_sixty_lines_of_python() {
    let text = std::fs::read_to_string(verifier()).expect("a program");
    assert!(text.lines().count() <= 60, "{} lines", text.lines().count());
    let (host, (_world, store)) = (Host::new(), lived());
    let (note, checkpoint, key) = newest(&EventLog::of(&store)).expect("a checkpoint");
    let kept = host.write("kept.txt", note.to_string());
    let older = store.root().join("log/checkpoints/2");
    let given = [key.to_string(), arg(&kept).to_owned(), arg(&older).to_owned()];
    let given: Vec<&str> = given.iter().map(String::as_str).collect();
    for more in [&[][..], &["-"], &given] {
        let Some(ran) = verified(&host, &store, more) else { return };
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.out.contains(&format!("{} events, root {}", checkpoint.size, checkpoint.root.hex())), "{ran:?}");
    }
}

#[test]
fn the_auditor_sees_edits_cuts_and_other_keys() {
    let (host, (_world, store)) = (Host::new(), lived());
    let all = lines(&store);
    let last = all.len() - 1;
    let (note, ..) = newest(&EventLog::of(&store)).expect("a checkpoint");
    let kept = host.write("kept.txt", note.to_string());
    let refused = |changed: String, more: &[&str], words: &str| {
        std::fs::write(events(&store), changed).expect("a file");
        let Some(ran) = verified(&host, &store, more) else { return };
        assert!(ran.code == Some(1) && ran.err.contains(words), "{words}: {ran:?}");
    };
    let text = all.join("\n") + "\n";
    for at in 0..all.len() {
        let mut changed = all.clone();
        changed[at] = changed[at].replace("2026-03-04", "2026-03-05");
        refused(changed.join("\n") + "\n", &[], &format!("event {at} is the first bad one"));
    }
    let lost = [&all[..1], &all[2..]].concat().join("\n") + "\n";
    refused(lost, &[], "event 1 is the first bad one: it says it is another event");
    refused(all[..last].join("\n") + "\n", &[], &format!("event {last} is the first bad one: it is missing"));
    // One event that a kill kept from being signed may stand behind, or a part of it; a second one is damage.
    for behind in [&all[last][..20], &format!("{}\n", all[last])] {
        std::fs::write(events(&store), format!("{text}{behind}")).expect("a file");
        let Some(ran) = verified(&host, &store, &[]) else { return };
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }
    refused(format!("{text}{0}\n{0}\n", all[last]), &[], "it stands behind what was signed");
    let (_other_world, other) = lived();
    let key = EventLog::of(&other).key().expect("a key").to_string();
    refused(text.clone(), &[&key], "is not signed by");
    // Cut together with its checkpoint: what was kept elsewhere knows better.
    std::fs::copy(store.root().join("log/checkpoints/2"), store.root().join("log/checkpoint")).expect("copied");
    refused(all[..2].join("\n") + "\n", &["-", arg(&kept)], "event 2 is the first bad one: it is missing");
}
