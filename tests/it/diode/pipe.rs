//! The program, with pipes and files for a channel.

use super::{id, large, small};
use crate::airgap::gap::until;
use crate::cli::refusal;
use crate::host::{Host, Ran, arg};
use crate::stock::need;
use crate::world::{World, noise};
use airlift::bundle::Volume;
use airlift::steps::sign::sign;
use rustix::process::Signal;
use serde_json::Value;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A host, and what it sends of some places, in a file.
fn stream(host: &Host, name: &str, args: &[&str]) -> Vec<u8> {
    let path = host.path(name);
    let ran = host.command(&[&["send"], args].concat()).stdout(File::create(&path).expect("a file")).output().expect("airlift runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    std::fs::read(path).expect("a stream")
}

/// What becomes of bytes that are received into `in`.
fn receive(host: &Host, bytes: &[u8], args: &[&str]) -> Ran {
    let file = host.write("received.stream", bytes);
    let mut command = host.command(&[&["receive", "--out", "in"], args].concat());
    Ran::of(command.stdin(File::open(file).expect("a file")).output().expect("airlift runs"))
}

fn done(ran: &Ran) -> Value {
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    serde_json::from_str(&ran.out).unwrap_or(Value::Null)
}

fn files(folder: &Path, hidden: bool) -> Vec<PathBuf> {
    let entries = folder.read_dir().expect("a folder").map(|e| e.expect("readable").path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with('.') == hidden).collect();
    files.sort();
    files
}

/// That the volumes of a bundle are in `in` as they were sent, and are what people signed.
fn accepted(host: &Host, world: &World, volumes: &[PathBuf]) {
    let received = files(&host.path("in"), false);
    assert_eq!((received.len(), files(&host.path("in"), true).len()), (volumes.len(), 0));
    for (received, sent) in received.iter().zip(volumes) {
        assert!(std::fs::read(received).unwrap() == std::fs::read(sent).unwrap(), "{}", received.display());
    }
    let store = world.receiver("inside");
    host.ok(&["--store", arg(store.root()), "verify", "in"]);
    host.ok(&["--store", arg(store.root()), "import", "in"]);
}

#[test]
fn a_bundle_crosses_a_pipe() {
    let (host, (world, volumes)) = (Host::new(), large());
    let mut send = host.command(&["send", arg(&world.path("out"))]).stdout(Stdio::piped()).spawn().expect("airlift runs");
    let from = send.stdout.take().expect("piped");
    // The command that is built here holds the pipe open, and `send` would wait for a reader that never reads: it ends with the line.
    let received = Ran::of(host.command(&["receive", "--out", "in", "--json"]).stdin(from).output().expect("airlift runs"));
    assert_eq!(send.wait().expect("it is ours").code(), Some(0));
    let document = done(&received);
    assert_eq!((&document["bundle"], &document["verified"]), (&Value::from(id(&volumes[0]).hex()), &Value::from(false)));
    assert_eq!((document["volumes"].as_array().unwrap().len(), &document["damaged-bytes"]), (2, &Value::from(0)));
    accepted(&host, &world, &volumes);
}

#[test]
fn a_carousel_turns_until_the_receiver_has_enough() {
    let (host, (world, volume)) = (Host::new(), small());
    let mut send = host.command(&["send", arg(&volume), "--rounds", "0"]).stdout(Stdio::piped()).spawn().expect("airlift runs");
    let mut from = send.stdout.take().expect("piped");
    std::io::copy(&mut std::io::Read::take(&mut from, 777_777), &mut std::io::sink()).expect("it sends");
    let received = Ran::of(host.command(&["receive", "--out", "in"]).stdin(from).output().expect("airlift runs"));
    done(&received);
    assert_eq!(send.wait().expect("it is ours").code(), Some(0), "nobody reads any more, and that is no error");
    accepted(&host, &world, &[volume]);
}

#[test]
fn records_have_one_length_and_begin_where_the_last_one_ends() {
    let (host, (_world, volume)) = (Host::new(), small());
    for (packet, length) in [("1472", 1120), ("65507", 65120), ("608", 608)] {
        let bytes = stream(&host, "s", &[arg(&volume), "--packet", packet]);
        assert!(bytes.len().is_multiple_of(length) && bytes.chunks(length).all(|record| record.starts_with(b"ALSTREAM")), "{packet}");
    }
    host.fails(2, &["send", arg(&volume), "--packet", "607"], &["packets are too small", "608"]);
}

/// A stick, a tape or a disc with no file system that a kernel would have to read: what stood on it before stands behind the stream.
#[test]
fn a_bare_device_carries_a_stream() {
    let (host, (world, volumes)) = (Host::new(), large());
    let device = host.write("device", noise(40 * super::MIB, 5));
    let onto = File::options().write(true).open(&device).expect("it is there");
    let sent = host.command(&["send", arg(&world.path("out"))]).stdout(onto).output().expect("airlift runs");
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    assert_eq!(std::fs::metadata(&device).expect("it is there").len(), 40 << 20, "it is longer than the stream");
    let mut receive = host.command(&["receive", "--out", "in"]);
    done(&Ran::of(receive.stdin(File::open(&device).expect("it is there")).output().expect("airlift runs")));
    accepted(&host, &world, &volumes);
}

#[test]
fn starting_in_the_middle_takes_two_rounds() {
    let (host, (world, volumes)) = (Host::new(), large());
    let bytes = stream(&host, "s", &[arg(&world.path("out")), "--rounds", "2", "--recovery", "0"]);
    let middle = &bytes[bytes.len() / 3 + 7..];
    done(&receive(&host, middle, &[]));
    accepted(&host, &world, &volumes);
}

#[test]
fn what_is_missing_is_told_and_filled_later() {
    let (host, (world, volumes)) = (Host::new(), large());
    let bytes = stream(&host, "s", &[arg(&world.path("out")), "--recovery", "0"]);
    let (first, record) = (std::fs::metadata(&volumes[0]).unwrap().len().div_ceil(1024) as usize, 1120);
    // Ten records of the first volume, and the second one as a whole.
    let part = [&bytes[..500 * record], &bytes[510 * record..first * record]].concat();
    let ran = receive(&host, &part, &[]);
    ran.refused(3, &["is not whole yet", "volume 1: 10240 bytes, 10 records of 1024", "volume 2: all of it", "run the same command"]);
    assert_eq!((files(&host.path("in"), false).len(), files(&host.path("in"), true).len()), (0, 2));
    let ran = receive(&host, &bytes[400 * record + 3..600 * record], &["--json"]);
    let refused = refusal(&ran);
    assert_eq!((&refused["exit"], ran.code), (&Value::from(3), Some(3)));
    assert!(refused["context"]["missing"].as_str().unwrap().contains("volume 2: all of it"), "{refused}");
    assert!(files(&host.path("in"), false)[0].to_str().unwrap().ends_with(".001.airlift"), "the first is whole");
    done(&receive(&host, &bytes, &[]));
    accepted(&host, &world, &volumes);
}

/// The bits that are set in all maps of a folder.
fn noted(folder: &Path) -> u64 {
    let maps = folder.read_dir().into_iter().flatten().map(|e| e.expect("readable").path());
    let maps = maps.filter(|path| path.extension().is_some_and(|e| e == "received"));
    let bits = |path: PathBuf| std::fs::read(path).unwrap_or_default().iter().skip(4096).map(|b| u64::from(b.count_ones())).sum::<u64>();
    maps.map(bits).sum()
}

#[test]
fn killed_and_started_again_it_goes_on() {
    for signal in [Signal::KILL, Signal::INT] {
        let (host, (world, volumes)) = (Host::new(), large());
        let bytes = stream(&host, "s", &[arg(&world.path("out")), "--recovery", "0"]);
        let half = bytes.len() / 1120 / 2 * 1120;
        let mut child = host.command(&["receive", "--out", "in"]).stdin(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it runs");
        let mut pipe = child.stdin.take().expect("piped");
        pipe.write_all(&bytes[..half]).expect("it reads");
        // Before it is killed it notes what it has, because nothing comes for a second; stopped, it does so in the end.
        if signal == Signal::KILL {
            until("all that came is noted", 60, || noted(&host.path("in")) == (half / 1120 * 2) as u64);
        }
        rustix::process::kill_process(rustix::process::Pid::from_child(&child), signal).expect("it runs");
        let ended = child.wait().expect("it is ours");
        assert!(noted(&host.path("in")) > 10_000, "what had come is kept");
        let ran = receive(&host, &bytes[half..], &[]);
        if signal == Signal::KILL {
            done(&ran);
        } else {
            assert_eq!(ended.code(), Some(130));
            ran.refused(3, &["is not whole yet"]);
            done(&receive(&host, &bytes, &[]));
        }
        accepted(&host, &world, &volumes);
    }
}

#[test]
fn two_receivers_do_not_write_into_one_volume() {
    let (host, (world, _volumes)) = (Host::new(), large());
    let bytes = stream(&host, "s", &[arg(&world.path("out"))]);
    let mut first = host.command(&["receive", "--out", "in"]).stdin(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it runs");
    first.stdin.as_mut().expect("piped").write_all(&bytes[..1 << 20]).expect("it reads");
    until("what came is noted", 60, || noted(&host.path("in")) > 0);
    receive(&host, &bytes, &[]).refused(1, &["is being written by another airlift", "another folder"]);
    first.kill().expect("it runs");
    first.wait().expect("it is ours");
    done(&receive(&host, &bytes, &[]));
}

#[test]
fn a_stream_of_two_bundles_is_received_in_two_runs() {
    let (host, (world, first)) = (Host::new(), small());
    let second = world.pack(&world.lock("other", &[noise(150_000, 9)]), "other", None, &[1]).remove(0);
    let bytes = stream(&host, "s", &[arg(&first), arg(&second)]);
    let ids: Vec<String> = [&first, &second].iter().map(|path| id(path).hex()).collect();
    let runs: Vec<Value> = (0..3).map(|_| done(&receive(&host, &bytes, &["--json"]))).collect();
    let mut received: Vec<&str> = runs[..2].iter().map(|run| run["bundle"].as_str().expect("an id")).collect();
    received.sort_unstable();
    let mut sent: Vec<&str> = ids.iter().map(String::as_str).collect();
    sent.sort_unstable();
    assert_eq!(received, sent);
    assert_eq!(runs[2]["bundle"], Value::Null, "both are here already");
    let host = Host::new();
    let document = done(&receive(&host, &bytes, &["--json", "--bundle", &ids[1]]));
    assert_eq!(document["bundle"], Value::from(ids[1].clone()));
    let nothing = Host::new();
    let ran = receive(&nothing, &bytes, &["--bundle", &"0".repeat(64)]);
    ran.refused(3, &["no record of bundle 00000", &ids[0], &ids[1], "--bundle"]);
    receive(&nothing, &noise(100_000, 3), &[]).refused(3, &["no record of a bundle has come", "100000 bytes"]);
    receive(&nothing, b"", &[]).refused(3, &["no record of a bundle has come"]);
}

#[test]
fn a_bundle_that_is_signed_between_two_rounds_is_not_mixed() {
    let (host, world) = (Host::new(), World::with_threshold(2, 2));
    let volumes = world.pack(&world.lock("kit", &[noise(150_000, 1)]), "out", None, &[1]);
    let once = stream(&host, "s", &[arg(&volumes[0]), "--recovery", "0"]);
    let statement = Volume::open(&volumes[0]).unwrap().head.statement.to_vec();
    sign(&statement, &volumes, &world.root, &crate::world::key(2)).expect("signed");
    let twice = stream(&host, "t", &[arg(&volumes[0]), "--recovery", "0"]);
    let ran = receive(&host, &[&once[..once.len() / 1120 / 2 * 1120], &twice[..]].concat(), &[]);
    ran.refused(3, &["is not whole yet", "disagree"]);
    done(&receive(&host, &twice, &[]));
    let received = files(&host.path("in"), false);
    assert!(received.len() == 1 && std::fs::read(&received[0]).unwrap() == std::fs::read(&volumes[0]).unwrap());
    host.ok(&["--store", arg(world.receiver("inside").root()), "verify", "in"]);
}

#[test]
fn strangers_are_refused_before_all_has_come() {
    let (host, world) = (Host::new(), World::new());
    let volumes = world.pack(&world.lock("kit", &[noise(40 << 20, 1)]), "out", None, &[1]);
    let bytes = stream(&host, "s", &[arg(&volumes[0]), "--recovery", "0"]);
    let others = World::with_threshold(2, 2);
    let (ours, theirs) = (world.receiver("inside"), others.receiver("elsewhere"));
    let judged = |store: &Path, bytes: &[u8]| receive(&host, bytes, &["--judge", "--store", arg(store)]);
    // Nearly all of it: the head says enough.
    let ran = judged(theirs.root(), &bytes[..35 << 20]);
    ran.refused(4, &["was removed", "--bundle"]);
    assert_eq!(host.path("in").read_dir().unwrap().count(), 0);
    done(&judged(ours.root(), &bytes));
    accepted(&host, &world, &volumes);
    host.fails(3, &["receive", "--judge", "--store", "nowhere", "--out", "in"], &["nowhere"]);
}

#[test]
fn what_would_not_be_accepted_is_not_sent() {
    let (host, (world, volume)) = (Host::new(), small());
    let bytes = std::fs::read(&volume).unwrap();
    std::fs::write(&volume, &bytes[..bytes.len() - 1024]).unwrap();
    host.fails(4, &["send", arg(&volume)], &["has the wrong length", "copy it again"]);
    host.fails(3, &["send", arg(&world.path("root"))], &["there is no bundle here"]);
}

#[test]
fn a_terminal_is_no_channel() {
    let Some(script) = need("script") else { return };
    let (host, (_world, volume)) = (Host::new(), small());
    let typed = |command: &str| {
        let mut terminal: Command = host.program(&script);
        terminal.args(["--quiet", "--return", "--command", &format!("'{}' {command}", crate::host::AIRLIFT), "/dev/null"]);
        terminal.output().expect("script runs")
    };
    let ran = typed(&format!("send {}", arg(&volume)));
    assert_eq!(ran.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&ran.stdout).contains("a terminal is no place for a stream") && ran.stdout.len() < 1000);
    assert_eq!(typed("receive --out in").status.code(), Some(2));
}
