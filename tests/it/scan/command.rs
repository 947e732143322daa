//! `airlift scan`, and scanning while verifying and importing.

use super::made::{deflated, file, part, tar, zip};
use crate::host::{Host, arg};
use crate::world::{World, text};
use std::path::PathBuf;

/// A bundle with a sound archive and with one that has two readings.
fn world(hostile: bool) -> (World, PathBuf) {
    let world = World::new();
    let sound = tar(&[file("folder/file", b"content")]);
    let odd = if hostile { zip(&[super::made::Part { crc: 7, ..part("a", b"x") }]) } else { zip(&[deflated("a", b"x")]) };
    let lock = world.lock("kit", &[sound, odd, text(9000, 1)]);
    world.pack(&lock, "out", None, &[1]);
    let out = world.path("out");
    (world, out)
}

#[test]
fn sound_content_is_listed_as_such() {
    let (host, (world, out)) = (Host::new(), world(false));
    let store = world.receiver("receiver");
    let at = ["--store", arg(store.root())];
    let ran = host.json(&[&at[..], &["scan", arg(&out)]].concat()).remove(0);
    assert_eq!((&ran[0]["blobs"], &ran[0]["absent"], &ran[0]["worst"]), (&3.into(), &0.into(), &serde_json::Value::Null), "{ran}");
    assert!(["wholly", "partly", "no"].contains(&ran[0]["confined"].as_str().unwrap()));
    host.ok(&[&at[..], &["import", "--scan", "--refuse", "warning", arg(&out)]].concat());
    let ran = host.json(&[&at[..], &["scan"]].concat()).remove(0);
    assert_eq!((&ran[0]["of"], &ran[0]["blobs"]), (&"the store".into(), &3.into()));
    // The connected side looks into what it has fetched; here nothing is held.
    let ran = host.json(&["--store", arg(world.sender.root()), "scan"]).remove(0);
    assert_eq!(ran[0]["blobs"], 0);
}

#[test]
fn an_archive_with_two_readings_is_refused_and_changes_nothing() {
    let (host, (world, out)) = (Host::new(), world(true));
    let store = world.receiver("receiver");
    let run = |args: &[&str]| host.run(&[&["--store", arg(store.root())], args, &[arg(&out)]].concat());
    let ran = run(&["scan"]);
    assert_eq!(ran.code, Some(5), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("zip-content") && ran.err.contains("zip-content") && ran.err.contains("--refuse"), "{}{}", ran.out, ran.err);
    assert_eq!(run(&["scan", "--refuse", "never"]).code, Some(0));
    // Without --scan the content is nobody's business.
    assert_eq!(run(&["verify"]).code, Some(0));
    assert_eq!(run(&["verify", "--scan"]).code, Some(5));
    let ran = run(&["import", "--scan"]);
    assert_eq!(ran.code, Some(5), "{}{}", ran.out, ran.err);
    assert!(store.current().unwrap().is_none(), "nothing was installed");
    assert_eq!(run(&["import", "--scan", "--refuse", "never"]).code, Some(0));
    assert!(store.current().unwrap().is_some());
    assert_eq!(run(&["import", "--refuse", "never"]).code, Some(2), "--refuse says nothing without --scan");
}

/// T9 over the lock: artifacts that some system takes for one.
#[test]
fn names_of_a_lock_that_collide_are_told() {
    use airlift::progress::Silent;
    use airlift::steps::scan::Scan;
    let artifact = |name: &str, files: &[&str]| {
        let blobs: Vec<(&str, &str, &[u8])> = files.iter().map(|file| (*file, "text/plain", &b"text"[..])).collect();
        super::packages::artifact("files", name, "1", &blobs, serde_json::Value::Null)
    };
    let scan = Scan { threads: 2, hash: true, progress: &Silent };
    let told = |artifacts: &[airlift::artifact::Artifact]| {
        let outcome = scan.run(artifacts, &super::packages::Held(vec![b"text".to_vec()])).unwrap();
        outcome.reports.iter().flat_map(|report| &report.findings).map(|finding| finding.rule.name).collect::<Vec<_>>()
    };
    assert!(told(&[artifact("a", &["x", "y"]), artifact("b", &["x"])]).is_empty());
    assert_eq!(told(&[artifact("Tool", &["x"]), artifact("tool", &["x"])]), ["name-collides"]);
    assert_eq!(told(&[artifact("caf\u{e9}", &["x"]), artifact("cafe\u{301}", &["x"])]), ["name-collides"]);
    assert_eq!(told(&[artifact("tool", &["README", "readme."])]), ["name-collides"]);
}

/// A blob of the store that is not what its name says is an error, not something to look into.
#[test]
fn a_damaged_blob_is_not_looked_into() {
    let (host, (world, out)) = (Host::new(), world(false));
    let store = world.receiver("receiver");
    let at = ["--store", arg(store.root())];
    host.ok(&[&at[..], &["import", arg(&out)]].concat());
    let damaged =
        walkdir::WalkDir::new(store.root().join("blobs")).into_iter().map(|e| e.unwrap()).find(|e| e.file_type().is_file()).unwrap();
    let mut bytes = std::fs::read(damaged.path()).unwrap();
    bytes[0] ^= 1;
    let _ = std::fs::remove_file(damaged.path());
    std::fs::write(damaged.path(), bytes).unwrap();
    let ran = host.run(&[&at[..], &["scan"]].concat());
    assert_eq!(ran.code, Some(4), "{}{}", ran.out, ran.err);
}

/// `verify` takes the right to write from itself before it looks at the medium: it waits here with its summary, which nobody reads yet.
#[test]
fn verify_gives_up_the_right_to_write() {
    let (host, (world, out)) = (Host::new(), world(false));
    let store = world.receiver("receiver");
    let ran = host.json(&["--store", arg(store.root()), "verify", arg(&out)]).remove(0);
    if ran[0]["confined"] == "no" {
        return crate::stock::skip("the kernel has no Landlock");
    }
    assert_eq!(ran[0]["confined"], "wholly");
    let (reader, writer) = std::io::pipe().unwrap();
    rustix::fs::fcntl_setfl(&writer, rustix::fs::OFlags::NONBLOCK).unwrap();
    while rustix::io::write(&writer, &[0; 4096]).is_ok() {}
    rustix::fs::fcntl_setfl(&writer, rustix::fs::OFlags::empty()).unwrap();
    let mut command = host.command(&["--quiet", "--store", arg(store.root()), "verify", arg(&out)]);
    let mut child = command.stdout(writer).spawn().unwrap();
    drop(command);
    let status = format!("/proc/{}/status", child.id());
    // The kernel sets the flag together with the rules; without them the child would wait for its reader without it.
    while !std::fs::read_to_string(&status).unwrap_or_default().contains("NoNewPrivs:\t1") {
        assert!(child.try_wait().unwrap().is_none(), "it ended without giving up anything");
        std::thread::yield_now();
    }
    drop(reader);
    child.wait().unwrap();
}
