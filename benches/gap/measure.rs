//! Running commands and servers, and what they cost.

use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// How often each pair runs.
pub const PAIRS: usize = 5;
/// Clock ticks a second in `/proc`; 100 on every Linux.
const TICKS: f64 = 100.0;

/// What a run cost, in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    pub wall: f64,
    pub cpu: f64,
}

/// Processor time of a process, or of all its finished children, from `/proc/PID/stat`.
pub fn ticks(pid: &str, children: bool) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<f64> = stat.rsplit(')').next().unwrap_or("").split_whitespace().map(|f| f.parse().unwrap_or(0.0)).collect();
    let at = if children { 13 } else { 11 };
    fields.get(at..at + 2).map_or(0.0, |pair| pair.iter().sum::<f64>() / TICKS)
}

/// Processor time a running process has used.
pub fn used_by(child: &Child) -> f64 {
    ticks(&child.id().to_string(), false)
}

/// Runs a shell script to its end.
pub fn run(script: &str) -> Cost {
    let (before, began) = (ticks("self", true), Instant::now());
    let status =
        Command::new("bash").args(["-c", &format!("set -eo pipefail; {script}")]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(status.is_ok_and(|s| s.success()), "failed: {script}");
    Cost { wall: began.elapsed().as_secs_f64(), cpu: ticks("self", true) - before }
}

/// The middle one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Runs ours and a peer alternately and prints how many times faster ours is, in wall and in processor time.
pub fn pair(what: &str, clean: &str, ours: (&str, &str), peer: (&str, &str)) {
    run(&format!("{clean}; {}; {clean}; {}; {clean}", ours.1, peer.1));
    let runs: Vec<(Cost, Cost)> = (0..PAIRS)
        .map(|_| {
            let a = run(ours.1);
            run(clean);
            let b = run(peer.1);
            run(clean);
            (a, b)
        })
        .collect();
    tell(what, ours.0, peer.0, &runs);
}

/// Prints a comparison.
pub fn tell(what: &str, ours: &str, peer: &str, runs: &[(Cost, Cost)]) {
    let of = |f: fn(&(Cost, Cost)) -> f64| median(runs.iter().map(f).collect());
    println!(
        "{what:<28} {ours}: {:.2} s wall, {:.2} s cpu   {peer}: {:.2} s wall, {:.2} s cpu   wall ratio {:.2}, cpu ratio {:.2}",
        of(|r| r.0.wall),
        of(|r| r.0.cpu),
        of(|r| r.1.wall),
        of(|r| r.1.cpu),
        of(|r| r.1.wall / r.0.wall),
        of(|r| r.1.cpu / r.0.cpu.max(0.001)),
    );
}

/// A server that is ended when dropped.
pub struct Server(pub Child);

impl Server {
    /// Starts a program and waits until a URL answers.
    pub fn start(command: &mut Command, url: &str) -> Self {
        let server = Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let ready = format!("for i in $(seq 1 200); do curl -so /dev/null '{url}' && exit 0; sleep 0.05; done; exit 1");
        run(&ready);
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
