//! Locking against a channel of 300,000 records, from loopback, with an empty cache: `cargo bench --bench conda`.
//!
//! The channel is made up: 15,000 packages, 400 of which nearly everything needs, builds for four releases of Python, requirements with
//! lower and upper bounds. It is served in each form of index by this process; a process of its own locks, and says how long it took
//! from the first request to the lock, and the most memory it had (`VmHWM`).
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark that cannot go on stops, and its output is its point")]

#[allow(dead_code, reason = "tests use the rest")]
#[path = "../../tests/it/conda_lock/channel.rs"]
mod channel;
#[allow(dead_code, reason = "tests use the rest")]
#[path = "../../tests/it/origin.rs"]
mod origin;

use airlift::artifact::Digest;
use airlift::ecosystems;
use airlift::manifest::Manifest;
use airlift::progress::Silent;
use airlift::steps::lock::{LockOptions, lock};
use airlift::upstream::{Settings, Upstream};
use channel::{Package, Paths, shard_list, shards, zst};
use serde_json::json;
use std::fmt::Write;
use std::time::Instant;

/// Packages, by name.
const NAMES: usize = 15_000;
/// Those that nearly everything needs.
const CORE: usize = 400;
const RECORDS: usize = 300_000;
/// What is asked for.
const SPECS: [usize; 8] = [14_999, 14_001, 13_333, 12_345, 9_999, 7_777, 5_001, 2_222];
const PYTHONS: [u32; 4] = [10, 11, 12, 13];

fn main() {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("lock") {
        return lock_once(&arguments.next().unwrap());
    }
    let mut forms = [Paths::default(), Paths::default(), Paths::default()];
    let records = channel_of_many(&mut forms);
    println!("a channel of {records} records, {NAMES} packages; {} of them asked for", SPECS.len());
    for (form, paths) in ["repodata.json", "repodata.json.zst", "shards"].iter().zip(&forms) {
        let size: usize = paths.0.values().map(|replies| if let origin::Reply::File(bytes) = &replies[0] { bytes.len() } else { 0 }).sum();
        let origin = paths.serve();
        for _ in 0..3 {
            let done = std::process::Command::new(std::env::current_exe().unwrap()).args(["lock", &origin.address]).output().unwrap();
            print!("{form:<18} {:>4} MB served   {}", size / 1_000_000, String::from_utf8_lossy(&done.stdout));
            eprint!("{}", String::from_utf8_lossy(&done.stderr));
        }
    }
}

/// Locks once, in this process.
fn lock_once(address: &str) {
    let specs: Vec<String> = SPECS.iter().map(|n| format!("\"{}\"", name(*n))).collect();
    let text = format!(
        "airlift = 1\nname = \"kit\"\n[targets.box]\nplatform = \"linux-x86_64\"\npython = \"3.11\"\n\
         [conda.c]\nchannel-alias = \"{address}\"\nchannels = [\"big\"]\nspecs = [{}]\n",
        specs.join(", ")
    );
    let manifest = Manifest::parse(&text, &ecosystems::names()).unwrap();
    let (folder, upstream) = (tempfile::TempDir::new().unwrap(), Upstream::new(Settings::default()).unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let now = "2026-11-23T00:00:00Z".parse().unwrap();
    let options = LockOptions { base: folder.path(), cache: folder.path(), now, upstream: &upstream, progress: &Silent };
    let begun = Instant::now();
    let outcome = runtime.block_on(lock(&manifest, &options)).unwrap();
    let took = begun.elapsed();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap().trim().trim_end_matches(" kB").parse::<u64>().unwrap();
    // Time of processors in ticks of 10 ms (proc(5)): what a machine with other work does not falsify.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let ticks: u64 = stat.rsplit_once(") ").unwrap().1.split(' ').skip(11).take(2).map(|n| n.parse::<u64>().unwrap()).sum();
    let packages = outcome.lock.artifacts.len();
    println!(
        "{:.2} s   {:.2} s of processors   {} MiB   {packages} packages chosen",
        took.as_secs_f64(),
        ticks as f64 / 100.0,
        peak / 1024
    );
}

fn name(n: usize) -> String {
    if n == 0 { "python".to_owned() } else { format!("{}-package{n}", ["lib", "r", "py", "tool"][n % 4]) }
}

/// Pure packages are for every platform.
fn subdir(n: usize) -> &'static str {
    if n > CORE && n % 4 == 1 { "noarch" } else { "linux-64" }
}

/// Numbers that look random and are the same everywhere.
fn mixed(seed: usize) -> usize {
    let mut x = seed as u64 ^ 0x9e37_79b9_7f4a_7c15;
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (x ^ (x >> 31)) as usize
}

fn channel_of_many(forms: &mut [Paths; 3]) -> usize {
    let mut texts = std::collections::BTreeMap::from([("linux-64", String::new()), ("noarch", String::new())]);
    let mut listed = std::collections::BTreeMap::from([("linux-64", vec![]), ("noarch", vec![])]);
    let mut records = 0;
    for n in 0..NAMES {
        let builds = if n < CORE { 150 } else { 16 + usize::from(n % 7 < 3) };
        let packages = packages_of(n, builds.min(RECORDS - records));
        records += packages.len();
        let text = texts.get_mut(subdir(n)).unwrap();
        for package in &packages {
            write!(text, "{}\"{}\": {}", if text.is_empty() { "" } else { ",\n" }, package.file, package.record).unwrap();
        }
        for (name, shard) in shards(subdir(n), &packages) {
            let digest = Digest::of(&shard);
            forms[2].set(&format!("/big/{}/shards/{}.msgpack.zst", subdir(n), digest.hex()), shard);
            listed.get_mut(subdir(n)).unwrap().push((name, digest));
        }
    }
    for (subdir, text) in texts {
        let whole =
            format!("{{\"info\": {{\"subdir\": \"{subdir}\"}}, \"packages\": {{}}, \"packages.conda\": {{{text}}}, \"removed\": []}}");
        forms[1].set(&format!("/big/{subdir}/repodata.json.zst"), zst(whole.as_bytes()));
        forms[0].set(&format!("/big/{subdir}/repodata.json"), whole.into_bytes());
        forms[2].set(&format!("/big/{subdir}/repodata_shards.msgpack.zst"), zst(&shard_list(subdir, "./", "./shards/", &listed[subdir])));
    }
    records
}

/// All records of one package: versions, and for most a build for each Python.
fn packages_of(n: usize, builds: usize) -> Vec<Package> {
    (0..builds).map(|build| record(n, build, build / 4)).collect()
}

fn record(n: usize, build: usize, step: usize) -> Package {
    let python = PYTHONS[build % 4];
    let pure = subdir(n) == "noarch" || n.is_multiple_of(4);
    let (version, tag) = match n {
        0 => (format!("3.{python}.{step}"), format!("h{:07x}_0", mixed(build) % 0x0fff_ffff)),
        _ if pure => (format!("1.{build}.0"), format!("h{:07x}_0", mixed(n * 1000 + build) % 0x0fff_ffff)),
        _ => (format!("1.{step}.0"), format!("py3{python}h{:07x}_0", mixed(n * 1000 + build) % 0x0fff_ffff)),
    };
    let file = format!("{}-{version}-{tag}.conda", name(n));
    let (sha256, md5) = (Digest::of(file.as_bytes()).hex(), channel::md5_hex(file.as_bytes()));
    let record = json!({
        "build": tag, "build_number": 0, "constrains": [], "depends": depends(n, step, python, pure), "license": "BSD-3-Clause",
        "license_family": "BSD", "md5": md5, "name": name(n), "sha256": sha256, "size": 100_000 + mixed(n + build) % 9_000_000,
        "subdir": subdir(n), "timestamp": 1_600_000_000_000_u64 + (build as u64) * 86_400_000, "version": version,
    });
    Package { subdir: subdir(n), file, record, bytes: vec![] }
}

/// Older releases need older ones: bounds move with the version.
fn depends(n: usize, step: usize, python: u32, pure: bool) -> Vec<String> {
    let mut depends = vec!["__glibc >=2.17,<3.0.a0".to_owned()];
    if n == 0 {
        return depends;
    }
    if !pure {
        depends.push(format!("python >=3.{python},<3.{}.0a0", python + 1));
    }
    for turn in 0..6 {
        let other = if turn < 5 || n < CORE { mixed(n * 7 + turn) % n.min(CORE) } else { CORE + mixed(n * 7 + turn) % (n - CORE + 1) };
        if other != 0 && other < n {
            depends.push(format!("{} >=1.{},<2.0a0", name(other), step.min(4)));
        }
    }
    depends.sort();
    depends.dedup();
    depends
}
