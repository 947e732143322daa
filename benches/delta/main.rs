//! Deltas of real wheels beside their peers, in one run: `cargo bench --bench delta`. Arguments after `--`: names of projects (all of
//! [`PAIRS`] but those of more than 100 MB), `all`, or `small` for whole files at level 9 in place of deltas.
//!
//! Wheels come from the index that pip is set up with, into `target/bench/wheels`. Each side is a process of its own, whose seconds,
//! CPU seconds and peak memory are told. What comes out is compared byte by byte with what went in. Peers: the whole file, `zstd -3
//! --long=31 --patch-from` on the files as they are, and `tar | zstd -3 --long=31` of both versions less that of the old one.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark that cannot go on stops, and its output is its point")]

use airlift::artifact::Digest;
use airlift::recode::{self, Base, Effort};
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Project, old and new version, and whether it is large.
const PAIRS: [(&str, &str, &str, bool); 9] = [
    ("numpy", "2.2.4", "2.2.5", false),
    ("numpy", "2.2.5", "2.2.6", false),
    ("pandas", "2.2.2", "2.2.3", false),
    ("scipy", "1.15.2", "1.15.3", false),
    ("scikit-learn", "1.6.0", "1.6.1", false),
    ("pyarrow", "19.0.0", "19.0.1", false),
    ("jupyterlab", "4.3.5", "4.3.6", false),
    ("tensorflow-cpu", "2.18.0", "2.18.1", true),
    ("torch", "2.5.0", "2.5.1", true),
];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    if let [side, rest @ ..] = &args[..]
        && ["encode", "decode"].contains(&side.as_str())
    {
        return one_side(side == "encode", rest);
    }
    let small = args.iter().any(|arg| arg == "small");
    let named = |name: &str| args.iter().any(|arg| arg == name || arg == "all");
    let any = PAIRS.iter().any(|pair| named(pair.0));
    let mut sums = [0u64; 4];
    println!("{:32} {:>9}  {:>7} {:>7} {:>7}  seconds, CPU seconds, MiB of encoding | decoding", "", "bytes", "airlift", "patch", "tar");
    for (project, old, new, large) in PAIRS {
        if !(named(project) || !any && !large) {
            continue;
        }
        let (old, new) = (wheel(project, old), wheel(project, new));
        let sizes = [length(&new), coded(&new, (!small).then_some(&old)), patched(&old, &new), archived(&[&old, &new]) - archived(&[&old])];
        told(&file_name(&new), sizes);
        sums.iter_mut().zip(sizes).for_each(|(sum, size)| *sum += size);
    }
    told("sum", sums);
}

fn told(what: &str, [whole, ours, patch, tar]: [u64; 4]) {
    let part = |size: u64| format!("{:.2} %", size as f64 * 100.0 / whole as f64);
    println!("{what:32.32} {whole:>9}  {:>7} {:>7} {:>7}", part(ours), part(patch), part(tar));
}

/// What airlift makes of it, and both sides' costs.
fn coded(new: &Path, old: Option<&PathBuf>) -> u64 {
    let stream = new.with_extension("recoded");
    let side = |side: &str| {
        let status = Command::new(std::env::current_exe().unwrap()).arg(side).arg(&stream).arg(new).args(old).status().unwrap();
        assert!(status.success(), "{side} of {}", new.display());
    };
    side("encode");
    let size = length(&stream).min(length(new));
    if length(&stream) > 0 {
        side("decode");
    }
    println!();
    fs::remove_file(&stream).unwrap();
    size
}

fn one_side(encodes: bool, paths: &[String]) {
    let (stream, blob) = (&paths[0], File::open(&paths[1]).unwrap());
    let size = blob.metadata().unwrap().len();
    let threads = std::thread::available_parallelism().map_or(1, Into::into);
    let old: Vec<File> = paths[2..].iter().map(|path| File::open(path).unwrap()).collect();
    // Names the base in the stream; hashing it is no part of either side.
    let bases: Vec<Base<'_>> =
        old.iter().map(|file| Base { digest: Digest::of(b"the old version"), file, size: file.metadata().unwrap().len() }).collect();
    let start = Instant::now();
    if encodes {
        let effort = Effort { level: if old.is_empty() { 9 } else { 3 }, planes: true, threads };
        let mut out = File::options().read(true).write(true).create(true).truncate(true).open(stream).unwrap();
        let made = recode::encode(&blob, size, &bases, &effort, size, &tempfile::tempfile, &mut out).unwrap();
        out.set_len(made.map_or(0, |made| made.length)).unwrap();
    } else {
        let mut out = BufWriter::with_capacity(1 << 20, Same { blob: BufReader::with_capacity(1 << 20, &blob), own: Vec::new() });
        let needed = recode::bases(&mut File::open(stream).unwrap()).unwrap();
        let bases = if needed.is_empty() { &[] } else { &bases[..] };
        recode::decode(&mut BufReader::new(File::open(stream).unwrap()), size, bases, threads, &tempfile::tempfile, &mut out).unwrap();
        out.flush().unwrap();
    }
    print!("  {} {:6.1} s {:6.1} s {:4} MiB", if encodes { "enc" } else { "| dec" }, start.elapsed().as_secs_f64(), cpu(), peak());
    io::stdout().flush().unwrap();
}

/// Stops at the first byte that is not the blob's.
struct Same<R> {
    blob: R,
    own: Vec<u8>,
}

impl<R: Read> Write for Same<R> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.own.resize(bytes.len(), 0);
        self.blob.read_exact(&mut self.own)?;
        assert!(self.own == bytes, "wrong bytes");
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn cpu() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).unwrap().len()
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

fn patched(old: &Path, new: &Path) -> u64 {
    counted(Command::new("zstd").args(["-3", "--long=31", "-c", "-q"]).arg(format!("--patch-from={}", old.display())).arg(new))
}

fn archived(files: &[&PathBuf]) -> u64 {
    let mut tar = Command::new("tar").arg("cf").arg("-").args(files).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let size = counted(Command::new("zstd").args(["-3", "--long=31", "-c", "-q"]).stdin(tar.stdout.take().unwrap()));
    assert!(tar.wait().unwrap().success());
    size
}

/// How many bytes a program writes.
fn counted(command: &mut Command) -> u64 {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let size = io::copy(&mut child.stdout.take().unwrap(), &mut io::sink()).unwrap();
    assert!(child.wait().unwrap().success());
    size
}

/// The wheel of a version for one platform, fetched where it is not here.
fn wheel(project: &str, version: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench/wheels");
    fs::create_dir_all(&folder).unwrap();
    let front = format!("{}-{version}-", project.replace('-', "_"));
    let found = || {
        fs::read_dir(&folder)
            .unwrap()
            .map(|e| e.unwrap().path())
            .find(|p| file_name(p).starts_with(&front) && p.extension().is_some_and(|ending| ending == "whl"))
    };
    if let Some(path) = found() {
        return path;
    }
    let platforms = ["manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64", "manylinux1_x86_64", "any"];
    let platforms = platforms.iter().flat_map(|platform| ["--platform", platform]);
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "--python-version", "3.12", "--implementation", "cp"]);
    let status = pip.args(platforms).arg("-d").arg(&folder).arg(format!("{project}=={version}")).status().unwrap();
    assert!(status.success(), "pip has no {project} {version}");
    found().expect("pip fetched it")
}
