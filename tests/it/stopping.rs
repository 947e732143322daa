//! Work that is stopped half way, as Ctrl-C does it: an error that says so, and nothing half done.

use crate::cli;
use crate::host::{Running, arg};
use crate::world::{World, journal, noise, state, text};
use airlift::artifact::CheckOnly;
use airlift::bundle::{Draft, PackOptions, Verification, write};
use airlift::error::Kind;
use airlift::progress::Progress;
use airlift::steps::delta::{Preparing, Shape, estimate, prepare};
use airlift::steps::import::{Imported, import};
use rustix::process::Signal;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

const MIB: usize = 1 << 20;

/// Asks to stop once so many bytes have passed.
struct After(AtomicU64, u64);

impl After {
    fn bytes(limit: u64) -> Self {
        Self(AtomicU64::new(0), limit)
    }
}

impl Progress for After {
    fn begin(&self, _: &'static str, _: u64) {}
    fn advance(&self, _: &'static str, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
    fn end(&self, _: &'static str) {}
    fn note(&self, _: &str) {}
    fn stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= self.1
    }
}

/// Keeps what is told, and asks to stop once so many bytes have passed; counts how often that is asked after it was said.
struct Told {
    limit: u64,
    begun: AtomicU64,
    steps: Mutex<Vec<u64>>,
    asked: AtomicU64,
}

impl Told {
    fn until(limit: u64) -> Self {
        Self { limit, begun: AtomicU64::new(0), steps: Mutex::default(), asked: AtomicU64::new(0) }
    }
}

impl Progress for Told {
    fn begin(&self, _: &'static str, total: u64) {
        self.begun.fetch_add(total, Ordering::Relaxed);
    }
    fn advance(&self, _: &'static str, bytes: u64) {
        self.steps.lock().expect("no thread panicked").push(bytes);
    }
    fn end(&self, _: &'static str) {}
    fn note(&self, _: &str) {}
    fn stopped(&self) -> bool {
        let stopped = self.steps.lock().expect("no thread panicked").iter().sum::<u64>() >= self.limit;
        self.asked.fetch_add(u64::from(stopped), Ordering::Relaxed);
        stopped
    }
}

#[test]
fn packing_leaves_nothing() {
    let world = World::new();
    let lock = world.lock("kit", &[noise(20 * MIB, 1), text(20 * MIB, 2)]);
    let out = world.path("out");
    std::fs::create_dir(&out).expect("a folder");
    let draft = Draft {
        lock: &lock,
        blobs: &world.sender,
        epoch: 0,
        seq: 1,
        previous: None,
        created: "2026-01-01T00:00:00Z".to_owned(),
        tool: "test".to_owned(),
        remember: &|_| panic!("a bundle that was not finished is not remembered"),
        recoding: &airlift::bundle::Recoding::default(),
        parents: &[],
        ancestors: &[],
        files: vec![],
    };
    let stop = After::bytes(8 << 20);
    let options = PackOptions {
        out: &out,
        volume_size: Some(32 << 20),
        threads: 2,
        redundancy: airlift::bundle::Redundancy::default(),
        progress: &stop,
    };
    assert_eq!(write(&draft, &options).expect_err("stopped").kind(), Kind::Interrupted);
    assert_eq!(std::fs::read_dir(&out).expect("a folder").count(), 0, "something half written was left");
}

#[test]
fn verifying_and_importing_say_so_and_the_import_goes_on() {
    let world = World::new();
    let volumes = world.pack(&world.lock("kit", &[noise(20 * MIB, 1), noise(20 * MIB, 2), noise(1000, 3)]), "out", None, &[1]);
    let receiver = world.receiver("receiver");
    for keep_going in [false, true] {
        let stop = After::bytes(8 << 20);
        let verification = Verification { threads: 2, keep_going, progress: &stop, phase: "verifying" };
        let error = verification.run(world.open(&volumes).expect("authentic"), &CheckOnly, None).map(|_| ()).expect_err("stopped");
        assert!(error.kind() == Kind::Interrupted && error.context().is_empty(), "{error}");
    }
    let stop = After::bytes(8 << 20);
    let verification = Verification { threads: 2, keep_going: false, progress: &stop, phase: "importing" };
    let bundle = world.open(&volumes).expect("authentic");
    let error = import(bundle, &journal(&receiver.writer().expect("the lock")), &verification).expect_err("stopped");
    assert_eq!(error.kind(), Kind::Interrupted);
    assert!(receiver.current().expect("readable").is_none(), "nothing is installed");
    let kept: u64 = state(&receiver.root().join("partial")).iter().map(|(_, bytes)| bytes.len() as u64).sum();
    assert!(kept >= 4 << 20, "only {kept} bytes were kept");
    assert!(matches!(world.import(&volumes, &receiver).expect("goes on"), Imported::Done { .. }));
}

/// A zip of some members and of one large one, which two versions of a toolkit have with a small difference.
fn archive(n: u64) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    // As a listing of digests, which encoders are told apart by at once.
    let listing = |length: usize, seed: u64| noise(length, seed).iter().map(|byte| format!("{byte:02x}")).collect::<String>().into_bytes();
    let grown = [noise(40 + n as usize, n), listing(MIB, 5)].concat();
    for (name, bytes) in [("small", listing(100_000, 1)), ("large", grown), ("last", listing(200_000, 2))] {
        zip.start_file(name, options).expect("a member");
        std::io::Write::write_all(&mut zip, &bytes).expect("written");
    }
    zip.finish().expect("a zip").into_inner()
}

#[test]
fn recoding_is_told_evenly_and_ends_where_it_is_stopped() {
    let world = World::new();
    let full = world.pack(&world.lock("kit", &[archive(1)]), "one", None, &[1]);
    let lock = world.lock("kit", &[archive(2)]);
    let site = airlift::steps::delta::Site::with_bundles(&[world.open(&full).expect("authentic")]);
    let shape = Shape { sites: vec![site], ..Shape::default() };
    let size = lock.size();
    let run = |limit: u64| {
        let told = Told::until(limit);
        let work = Preparing { lock: &lock, store: &world.sender, shape: &shape, threads: 2, progress: &told };
        (prepare(&work).map(|made| made.streams.len()), told)
    };
    let (made, told) = run(u64::MAX);
    assert_eq!(made.expect("it goes on"), 1);
    let steps = told.steps.into_inner().expect("no thread panicked");
    assert_eq!((steps.iter().sum::<u64>(), told.begun.into_inner()), (size, size), "all of it is told, and no more");
    let longest = steps.iter().max().copied().unwrap_or_default();
    assert!(steps.len() > 15 && longest < size / 3, "{} steps, one of {longest} of {size}", steps.len());
    // In each stage of the work.
    for tenth in [0, 3, 5, 7, 9] {
        let limit = 1 + size * tenth / 10;
        let (stopped, told) = run(limit);
        assert_eq!(stopped.expect_err("stopped").kind(), Kind::Interrupted, "at {tenth} tenths");
        // Two threads may each have been at one more piece.
        let asked = told.asked.into_inner();
        assert!(asked <= 4, "at {tenth} tenths it went on for {asked} pieces after it was told to stop");
    }
    // What a bundle would cost is found out by recoding, and tells and stops like it.
    let told = Told::until(u64::MAX);
    let work = Preparing { lock: &lock, store: &world.sender, shape: &shape, threads: 2, progress: &told };
    let (cost, sampled) = estimate(&work, u64::MAX).expect("it goes on");
    assert!(cost.recoded == (1, size) && sampled.is_some_and(|sampled| sampled < size / 2));
    assert_eq!((told.steps.into_inner().expect("no thread panicked").iter().sum::<u64>(), told.begun.into_inner()), (size, size));
    let told = Told::until(size / 2);
    let work = Preparing { lock: &lock, store: &world.sender, shape: &shape, threads: 2, progress: &told };
    assert_eq!(estimate(&work, u64::MAX).map(|_| ()).expect_err("stopped").kind(), Kind::Interrupted);
}

#[test]
fn making_a_blob_again_is_told_and_stopped_piece_by_piece() {
    let world = World::new();
    let grown = |n: u64| [noise(40 + n as usize, n), noise(13 * MIB, 5)].concat();
    let full = world.pack(&world.lock("kit", &[grown(1)]), "one", None, &[1]);
    let site = airlift::steps::delta::Site::with_bundles(&[world.open(&full).expect("authentic")]);
    let delta = world.pack_shaped(&world.lock("kit", &[grown(2)]), "two", None, &Shape { sites: vec![site], ..Shape::default() });
    let receiver = world.receiver("receiver");
    world.import(&full, &receiver).expect("imported");
    let import_until = |limit: u64| {
        let told = Told::until(limit);
        let verification = Verification { threads: 2, keep_going: false, progress: &told, phase: "importing" };
        let done = import(world.open(&delta).expect("authentic"), &journal(&receiver.writer().expect("the lock")), &verification);
        (done, told)
    };
    let bundle = world.open(&delta).expect("authentic");
    assert!(
        bundle.table.blobs.iter().all(|blob| blob.is_recoded() && blob.frames == 1),
        "one frame must be all of it for this to mean anything"
    );
    let held = bundle.table.blobs[0].held;
    let (stopped, told) = import_until(held / 3);
    assert_eq!(stopped.map(|_| ()).expect_err("stopped in the middle").kind(), Kind::Interrupted);
    assert!(told.asked.into_inner() <= 4);
    let (done, told) = import_until(u64::MAX);
    assert!(matches!(done.expect("goes on"), Imported::Done { .. }));
    let steps = told.steps.into_inner().expect("no thread panicked");
    assert!(steps.iter().sum::<u64>() == held && steps.len() >= 2, "{steps:?} of {held}");
}

#[test]
fn scrubbing_says_so() {
    let world = World::new();
    world.lock("kit", &[noise(8 * MIB, 1), noise(8 * MIB, 2)]);
    let error = world.sender.scrub(2, &After::bytes(4 << 20)).expect_err("stopped");
    assert_eq!(error.kind(), Kind::Interrupted);
}

#[test]
fn ctrl_c_ends_a_verification_with_130() {
    let world = World::new();
    let volumes = world.pack(&world.lock("kit", &[noise(300 * MIB, 1)]), "out", None, &[1]);
    let receiver = world.receiver("receiver");
    let host = crate::host::Host::new();
    let args = ["--store", arg(receiver.root()), "--json", "verify", arg(&volumes[0])];
    // The signal races with the work; a verification that was faster has its regular end, and is tried again.
    let stopped = (0..50).find_map(|_| {
        let mut running = Running::of(host.command(&args));
        running.said("begin");
        // Twice, as where a wrapper passes on what its child has got already.
        running.signal(Signal::INT);
        running.signal(Signal::INT);
        let ran = running.end();
        (ran.code != Some(0)).then_some(ran)
    });
    let ran = stopped.expect("no verification was ever stopped");
    let error = cli::refusal(&ran);
    assert_eq!((ran.code, &error["kind"]), (Some(130), &"interrupted".into()), "{ran:?}");
    assert!(error["hints"][0].as_str().is_some_and(|hint| hint.contains("nothing was changed: run the command again")), "{error}");
}
