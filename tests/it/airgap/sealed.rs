//! The mirror is really cut off, and does not even try to reach out.

use super::gap::{AIRLIFT, run, until};
use super::{Mirror, shared};
use crate::stock;
use std::fs;
use std::process::Command;

#[test]
fn there_is_no_way_out() {
    let Some(shared) = shared() else { return };
    shared.gap.prove();
    for family in ["-4", "-6"] {
        let routes = run(Command::new("ip").args([family, "-n", &shared.gap.name, "route", "show", "table", "main"]));
        assert_eq!(routes, "");
    }
}

#[test]
fn the_mirror_connects_nowhere() {
    let (Some(strace), Some(shared)) = (stock::need("strace"), shared()) else { return };
    let (gap, calls) = (&shared.gap, shared.gap.folder.join("calls"));
    let mut command = gap.daemon(strace);
    // The tracer steps aside (-D), so that the process started here is the mirror.
    command
        .args(["-D", "-f", "-qq", "--signal=none", "--trace=socket,connect,execve,exit_group", "-o"])
        .arg(&calls)
        .arg(AIRLIFT)
        .arg("serve");
    let mut mirror = Mirror::start_as(gap, command, "inside", 8095, Some(8449));
    let name = format!("files/latest/{}", super::sender::LARGE);
    for path in [&name, "", "ca.pem", "python/latest/simple/joblib/", "v2/library/pyslim/manifests/1.0?ns=quay.io"] {
        assert!(matches!(gap.get(&format!("{}/{path}", mirror.base), &[]).0, 200 | 404), "{path}");
    }
    // What it has not got it must not look for.
    for path in
        ["python/latest/simple/flask/", "v2/library/alpine/manifests/3?ns=docker.io", "v2/ghcr.io/a/b/tags/list", "files/latest/none"]
    {
        assert_eq!(gap.get(&format!("{}/{path}", mirror.base), &[]).0, 404, "{path}");
    }
    assert!(mirror.stop(), "the mirror did not end in good order");
    until("strace has written the end", 30, || fs::read_to_string(&calls).unwrap().contains("exit_group("));
    let calls = fs::read_to_string(&calls).unwrap();
    let sockets: Vec<&str> = calls.lines().filter(|line| line.contains("socket(") || line.contains("connect(")).collect();
    assert_eq!(sockets.len(), 2, "{calls}");
    assert!(sockets.iter().all(|line| line.contains("socket(AF_INET, SOCK_STREAM")), "{calls}");
    assert_eq!(calls.matches("execve(").count(), 1, "{calls}");
}
