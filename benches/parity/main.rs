//! Parity beside `par2`, in one run: `cargo bench --bench parity`. Arguments after `--`: how many MiB (1024).
//!
//! The content is noise, so that only reading, coding, hashing and writing count. Encoding is packing with parity less packing without;
//! decoding is a repair of one lost stretch. `par2` gets as much parity for the same file and the same damage, in blocks of a thousandth
//! of it: its default of 2000 takes several times as long.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark that cannot go on stops, and its output is its point")]

use airlift::artifact::{Artifact, BlobIntake, Descriptor, Digest, Learned, Sha256Writer};
use airlift::bundle::{Authentic, Redundancy, Verification, find};
use airlift::lock::Lock;
use airlift::log::{Journal, Scribe};
use airlift::progress::Silent;
use airlift::steps::Fetched;
use airlift::steps::pack::{PackRequest, pack};
use airlift::steps::repair::repair;
use airlift::steps::sign::sign;
use airlift::steps::trust::{Founding, accept, init};
use airlift::steps::verify::verify;
use airlift::store::{Store, Writer};
use airlift::trust::{RootLimits, SecretKey, Signer, TrustRoot, pinned};
use std::collections::BTreeMap;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

const MIB: usize = 1 << 20;
const PERMILLE: u64 = 50;

/// The log of the store, at a time that stands still.
fn journal(writer: &Writer) -> Journal<'_> {
    Journal::open(writer, Scribe { clock: || "2026-02-03T04:05:06Z".parse().unwrap(), actor: "bench".to_owned() }).unwrap()
}

fn main() {
    let wanted = std::env::args().skip(1).find_map(|a| a.parse().ok());
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(folder.path(), wanted.unwrap_or(1024));
    println!("{} MiB of noise, {} threads, 5 % parity", bench.mib, threads());
    let (plain, _) = bench.timed("packed without parity", || bench.pack("plain", Redundancy::default()));
    let within = Redundancy { permille: PERMILLE, spares: 0 };
    let (packed, volumes) = bench.timed("packed with --parity 5%", || bench.pack("parity", within));
    bench.told("encode: airlift --parity 5%", (packed - plain).max(1e-9));
    let (packed, _) = bench.timed("packed with --spare 1", || bench.pack("spare", Redundancy { permille: 0, spares: 1 }));
    bench.told("encode: airlift --spare 1 (a copy: one volume of payload)", (packed - plain).max(1e-9));
    let (whole, ()) = bench.timed("verified", || verify(bench.open(&volumes), &verification(), None).map(|_| ()).unwrap());
    par2(&bench, &volumes[0]);
    scratch(&volumes[0], bench.mib * MIB / 50);
    let (repaired, ()) = bench.timed("repaired a scratch of 2 %", || {
        assert_eq!(repair(bench.open(&volumes), Some(&bench.folder.join("repaired")), threads(), &Silent).unwrap().written.len(), 1);
    });
    bench.told("decode: airlift repair, all of it", repaired);
    let (worked_out, _) =
        bench.timed("verified with that scratch", || verify(bench.open(&volumes), &verification(), None).map(|_| ()).unwrap_err());
    println!("working out the scratch while reading: {:.2} s more", worked_out - whole);
    scatter(&volumes[0]);
    let (repaired, ()) = bench.timed("repaired that and one sector in a hundred", || {
        assert_eq!(repair(bench.open(&volumes), Some(&bench.folder.join("again")), threads(), &Silent).unwrap().written.len(), 1);
    });
    bench.told("decode: airlift repair, scattered sectors as well", repaired);
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, Into::into)
}

fn verification() -> Verification<'static> {
    Verification { threads: threads(), keep_going: false, progress: &Silent, phase: "verifying" }
}

/// A sender's store with one large blob, and a root.
struct Bench {
    folder: PathBuf,
    mib: usize,
    store: Store,
    lock: Lock,
    root: TrustRoot,
}

fn key() -> SecretKey {
    SecretKey::from_seed(&[1; 32], "bench").unwrap()
}

/// A MiB of noise, another one for each number.
fn noise(number: u64) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = move |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes()
    };
    (0..MIB / 8).flat_map(next).collect()
}

impl Bench {
    fn new(folder: &Path, mib: usize) -> Self {
        let store = Store::open_or_create(&folder.join("store")).unwrap();
        std::fs::write(folder.join("person.pub"), key().public_line()).unwrap();
        let principals = [format!("person={}", folder.join("person.pub").display())];
        let created = "2026-01-01T00:00:00Z".parse().unwrap();
        let founding =
            Founding { name: "bench", principals: &principals, threshold: 1, created, expires: None, limits: RootLimits::default() };
        let root = init(&folder.join("root"), &founding, &[Box::new(key()) as Box<dyn Signer>]).unwrap().root;
        let writer = store.writer().unwrap();
        accept(&journal(&writer), &folder.join("root/root.1.json"), &root.fingerprint().spoken()).unwrap();
        let mut sha256 = Sha256Writer::default();
        (0..mib).for_each(|n| sha256.update(&noise(n as u64)));
        let (digest, size) = (sha256.finish(), (mib * MIB) as u64);
        let mut sink = writer.receive(&digest, size).unwrap().unwrap();
        (0..mib).for_each(|n| sink.write(&noise(n as u64)).unwrap());
        sink.finish().unwrap();
        writer.settle().unwrap();
        drop(writer);
        let descriptor = Descriptor {
            media_type: "application/octet-stream".to_owned(),
            digest,
            size,
            name: None,
            origins: vec!["https://example.org/noise".to_owned()],
            learned: Learned::Pinned,
            side_digests: BTreeMap::default(),
        };
        let artifact = Artifact {
            ecosystem: "files".to_owned(),
            sections: vec!["all".to_owned()],
            name: "noise".to_owned(),
            version: "1".to_owned(),
            descriptors: vec![descriptor],
            subject: None,
            meta: serde_json::Value::Null,
        };
        let lock = Lock::new("kit".to_owned(), "main".to_owned(), Digest::of(b"manifest"), vec![artifact]).unwrap();
        Self { folder: folder.to_owned(), mib, store, lock, root }
    }

    fn timed<T>(&self, what: &str, work: impl FnOnce() -> T) -> (f64, T) {
        let begin = Instant::now();
        let out = work();
        let seconds = begin.elapsed().as_secs_f64();
        println!("  {what}: {seconds:.2} s");
        (seconds, out)
    }

    fn told(&self, what: &str, seconds: f64) {
        println!("{what}: {:.0} MB/s", (self.mib * MIB) as f64 / 1e6 / seconds);
    }

    fn pack(&self, out: &str, redundancy: Redundancy) -> Vec<PathBuf> {
        let fetched = Fetched::of(self.lock.clone(), &self.store).unwrap();
        let chain = pinned::stored(&self.store.trust_folder()).unwrap();
        let writer = self.store.writer().unwrap();
        let request = PackRequest {
            fetched: &fetched,
            journal: &journal(&writer),
            out: &self.folder.join(out),
            volume_size: None,
            redundancy,
            threads: threads(),
            created: "2026-02-03T04:05:06Z".to_owned(),
            created_given: true,
            epoch: None,
            seq: None,
            previous: None,
            shape: &airlift::steps::delta::Shape::default(),
            trust: chain.files().into_iter().map(|(name, bytes)| (format!("trust/{name}"), bytes.to_vec())).collect(),
            progress: &Silent,
        };
        let written = pack(&request).unwrap().0;
        sign(&written.statement, &written.volumes, &self.root, &key()).unwrap();
        written.volumes
    }

    fn open(&self, volumes: &[PathBuf]) -> Authentic {
        Authentic::open(find(volumes).unwrap().remove(0), &self.root).unwrap()
    }
}

/// Overwrites a stretch in the middle.
fn scratch(volume: &Path, length: usize) {
    let file = std::fs::File::options().write(true).open(volume).unwrap();
    let middle = file.metadata().unwrap().len() / 2 / 4096 * 4096;
    file.write_all_at(&vec![0x5a; length], middle).unwrap();
}

/// Overwrites one sector in a hundred, by lot.
fn scatter(volume: &Path) {
    let file = std::fs::File::options().write(true).open(volume).unwrap();
    let sectors = file.metadata().unwrap().len() / 4096;
    for (n, lot) in noise(77).chunks(8).cycle().enumerate().take(sectors as usize) {
        let lot = u64::from_le_bytes(lot.try_into().unwrap()).wrapping_add(n as u64 * 31);
        if lot % 100 == 0 {
            file.write_all_at(&[0xa5; 4096], n as u64 * 4096).unwrap();
        }
    }
}

/// The same with `par2`, if it is here.
fn par2(bench: &Bench, volume: &Path) {
    let run =
        |args: &[&str]| Command::new("par2").args(args).current_dir(&bench.folder).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if run(&["--version"]).is_err() {
        println!("SKIPPED: par2 is not installed, nothing is compared (tests/clients/setup installs it)");
        return;
    }
    std::fs::copy(volume, bench.folder.join("copy")).unwrap();
    let (seconds, done) =
        bench.timed("par2 create -r5 -b1000", || run(&["create", "-q", "-q", "-r5", "-b1000", "copy.par2", "copy"]).unwrap());
    assert!(done.success());
    bench.told("encode: par2", seconds);
    scratch(&bench.folder.join("copy"), bench.mib * MIB / 50);
    let (seconds, done) = bench.timed("par2 repair", || run(&["repair", "-q", "-q", "copy.par2"]).unwrap());
    assert!(done.success());
    bench.told("decode: par2", seconds);
}
