//! Encoding and decoding, each in a process of its own.

use airlift::artifact::Digest;
use airlift::recode::{self, Base, Effort};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// What a run cost.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    pub wall: f64,
    pub cpu: f64,
    /// Peak memory in MiB.
    pub peak: u64,
}

impl Cost {
    /// Three numbers in a line.
    pub fn read(line: &str) -> Self {
        let numbers: Vec<f64> = line.split_whitespace().map(|number| number.parse().unwrap()).collect();
        Self { wall: numbers[0], cpu: numbers[1], peak: numbers[2] as u64 }
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:6.1} s {:6.1} s {:4} MiB", self.wall, self.cpu, self.peak)
    }
}

/// What became of a file.
pub struct Made {
    pub size: u64,
    pub encode: Cost,
    pub decode: Option<Cost>,
    /// Bytes in streams that were opened.
    pub deflated: Option<u64>,
}

impl Made {
    pub fn less(self, size: u64) -> Self {
        Self { size: self.size - size, ..self }
    }
}

/// What airlift makes of it, with all cores.
pub fn made(new: &Path, old: Option<&Path>, level: i32) -> Made {
    made_by(new, old, level, std::thread::available_parallelism().map_or(1, Into::into))
}

/// The same with so many threads.
pub fn made_by(new: &Path, old: Option<&Path>, level: i32, threads: usize) -> Made {
    let stream = new.with_extension("recoded");
    let side = |side: &str| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let ran = command.arg(side).args([level.to_string(), threads.to_string()]).arg(&stream).arg(new).args(old).output().unwrap();
        assert!(ran.status.success(), "{side} of {}: {}", new.display(), String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap()
    };
    let said = side("encode");
    let (deflated, cost) = said.split_once(' ').unwrap();
    let length = fs::metadata(&stream).unwrap().len();
    let decode = (length > 0).then(|| Cost::read(&side("decode")));
    fs::remove_file(&stream).unwrap();
    let size = if length > 0 { length } else { fs::metadata(new).unwrap().len() };
    Made { size, encode: Cost::read(cost), decode, deflated: Some(deflated.parse().unwrap()) }
}

/// One of them, in this process.
pub fn one(encodes: bool, args: &[String]) {
    let (level, threads) = (args[0].parse().unwrap(), args[1].parse().unwrap());
    let (stream, blob) = (&args[2], File::open(&args[3]).unwrap());
    let size = blob.metadata().unwrap().len();
    let old: Vec<File> = args[4..].iter().map(|path| File::open(path).unwrap()).collect();
    // Names the base in the stream; hashing it is no part of either side.
    let bases: Vec<Base<'_>> =
        old.iter().map(|file| Base { digest: Digest::of(b"the old version"), file, at: 0, size: file.metadata().unwrap().len() }).collect();
    let start = Instant::now();
    if encodes {
        let effort = Effort { level, planes: true, threads };
        let mut out = File::options().read(true).write(true).create(true).truncate(true).open(stream).unwrap();
        let made = recode::encode(&blob, size, &bases, &effort, size, &tempfile::tempfile, &mut out).unwrap();
        out.set_len(made.map_or(0, |made| made.length)).unwrap();
        print!("{} ", made.map_or(0, |made| made.deflated));
    } else {
        let mut out = BufWriter::with_capacity(64 << 10, Same { blob: BufReader::with_capacity(64 << 10, &blob), own: Vec::new() });
        let needed = recode::bases(&mut File::open(stream).unwrap()).unwrap();
        let bases = if needed.is_empty() { &[] } else { &bases[..] };
        recode::decode(&mut BufReader::new(File::open(stream).unwrap()), size, bases, threads, &tempfile::tempfile, &mut out).unwrap();
        out.flush().unwrap();
    }
    print!("{} {} {}", start.elapsed().as_secs_f64(), cpu(), peak());
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
