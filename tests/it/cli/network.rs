//! Upstreams that misbehave, seen from the command line; and Ctrl-C.

use super::{manifest, origin, refusal};
use crate::host::{Host, Running};
use crate::origin::{Origin, Reply};
use crate::world::noise;
use rustix::process::Signal;

/// No pauses and few attempts: what is tested is how it ends.
const IMPATIENT: [&str; 4] = ["--attempts", "1", "--timeout", "1"];

/// A host with a lock of one file, whose origin then answers otherwise.
fn locked(bytes: &[u8], replies: Vec<Reply>) -> (Host, Origin) {
    let files = [("/f", bytes)];
    let (host, good) = (Host::new(), origin(&files));
    host.write("kit.toml", manifest(&good, &files));
    host.ok(&["lock", "kit.toml"]);
    let bad = Origin::new(&[("/f", replies)]);
    let lock = std::fs::read_to_string(host.path("kit.lock")).expect("a lock");
    host.write("kit.lock", lock.replace(&good.address, &bad.address));
    (host, bad)
}

fn fetch(host: &Host) -> Vec<&'static str> {
    let _ = host;
    [&["fetch", "kit.lock"], &IMPATIENT[..]].concat()
}

#[test]
fn upstreams_that_refuse_are_6() {
    let bytes = noise(1000, 1);
    for (status, hint) in [
        (401, "netrc"),
        (403, "may want a login"),
        (404, "does not exist there"),
        (429, "limits requests"),
        (500, "goes on"),
        (503, "goes on"),
    ] {
        let (host, _bad) = locked(&bytes, vec![Reply::Status(status, "")]);
        host.fails(6, &fetch(&host), &["files/all/f", &status.to_string(), hint]);
    }
}

#[test]
fn upstreams_that_are_not_there_or_stall_or_cut_are_6() {
    let bytes = noise(1000, 1);
    let (host, _bad) = locked(&bytes, vec![Reply::Stall]);
    host.fails(6, &fetch(&host), &["no answer in time"]);
    let (host, _bad) = locked(&bytes, vec![Reply::Announce(1000, bytes[..900].to_vec())]);
    host.fails(6, &fetch(&host), &["broke off"]);
    let host = Host::new();
    host.write("kit.toml", "airlift = 1\nname = \"kit\"\n[files.f]\nurl = \"http://127.0.0.1:9/f\"\n");
    host.fails(6, &[&["lock", "kit.toml"], &IMPATIENT[..]].concat(), &["127.0.0.1:9/f", "cannot connect"]);
}

#[test]
fn upstreams_that_send_other_bytes_are_4() {
    let bytes = noise(1000, 1);
    let mut longer = bytes.clone();
    longer.push(0);
    for reply in [Reply::File(noise(1000, 2)), Reply::File(longer.clone()), Reply::Unannounced(longer), Reply::File(bytes[..900].to_vec())]
    {
        let replies = vec![reply];
        let (host, _bad) = locked(&bytes, replies);
        host.fails(4, &fetch(&host), &["files/all/f", "expected", "found", "lock again and review"]);
        host.fails(3, &["pack", "kit.lock", "--out", "out"], &["not in the store yet"]);
    }
}

#[test]
fn ctrl_c_is_130_and_the_same_command_goes_on() {
    let bytes = noise(3_000_000, 1);
    let (host, bad) = locked(&bytes, vec![Reply::Hold(bytes.clone(), 1_000_000), Reply::File(bytes.clone())]);
    let running = Running::of(host.command(&["--json", "fetch", "kit.lock"]));
    bad.wait_for("/f");
    running.signal(Signal::INT);
    let ran = running.end();
    assert_eq!((ran.code, refusal(&ran)["kind"].as_str()), (Some(130), Some("interrupted")), "{ran:?}");
    let again = host.json(&["fetch", "kit.lock"]);
    assert_eq!(again[0]["blobs"], 1, "{again:?}");
    host.ok(&["scrub"]);
}

#[test]
fn a_body_that_was_cut_is_gone_on_with_by_the_next_run() {
    let bytes = noise(3_000_000, 1);
    let (host, bad) = locked(&bytes, vec![Reply::Cut(bytes.clone(), 1_000_000), Reply::File(bytes.clone())]);
    host.fails(6, &fetch(&host), &["broke off"]);
    assert_eq!(host.json(&["fetch", "kit.lock"])[0]["resumed"], 1);
    assert_eq!(bad.gets("/f")[1].headers["range"], "bytes=1000000-");
}

#[test]
fn ctrl_c_ends_the_wait_for_a_credential_helper() {
    use std::os::unix::fs::PermissionsExt;
    let host = Host::new();
    let registry = Origin::new(&[("/v2/team/app/manifests/1", vec![Reply::Status(401, "WWW-Authenticate: Basic realm=\"x\"\r\n")])]);
    let name = registry.address.trim_start_matches("http://");
    host.write("kit.toml", format!("airlift = 1\nname = \"kit\"\n[images.i]\nreferences = [\"{name}/team/app:1\"]\nplatforms = \"all\"\n"));
    host.write("config.json", format!("{{\"credHelpers\":{{\"{name}\":\"silent\"}}}}"));
    // The helper says that it runs, and then waits for as long as somebody may write.
    let helper = host.write("docker-credential-silent", "#!/bin/sh\necho here > asked\nread line < never\n");
    std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o755)).expect("ours");
    for fifo in ["asked", "never"] {
        rustix::fs::mkfifoat(rustix::fs::CWD, host.path(fifo), rustix::fs::Mode::from_raw_mode(0o600)).expect("a fifo");
    }
    let never = std::fs::File::options().read(true).write(true).open(host.path("never")).expect("a fifo");
    let mut command = host.command(&["lock", "kit.toml", "--plain-http", name]);
    command.env("DOCKER_CONFIG", host.work()).env("PATH", format!("{}:/usr/bin:/bin", host.work().display()));
    let running = Running::of(command);
    std::fs::read(host.path("asked")).expect("the helper runs");
    running.signal(Signal::INT);
    let (done, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || done.send(running.end().code));
    let code = ended.recv_timeout(std::time::Duration::from_secs(30));
    std::io::Write::write_all(&mut &never, b"\n").expect("the helper may end");
    assert_eq!(code, Ok(Some(130)), "the helper still waits, airlift does not");
}
