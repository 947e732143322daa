//! Work that is stopped half way, as Ctrl-C does it: an error that says so, and nothing half done.

use crate::cli;
use crate::host::{Running, arg};
use crate::world::{World, journal, noise, state, text};
use airlift::artifact::CheckOnly;
use airlift::bundle::{Draft, PackOptions, Verification, write};
use airlift::error::Kind;
use airlift::progress::Progress;
use airlift::steps::import::{Imported, import};
use rustix::process::Signal;
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
