//! The process is killed, or a call fails, at every single step in turn, until a run gets through.

use super::{CHANGES, copy, traced};
use crate::host::{Host, Ran, arg};
use crate::origin::{Origin, Reply};
use crate::world::{World, key, noise, text};
use airlift::artifact::{Blobs, Digest};
use airlift::bundle::find;
use airlift::error::Kind;
use airlift::lock::Lock;
use airlift::progress::Silent;
use airlift::store::Store;
use airlift::trust::Protection;
use std::path::{Path, PathBuf};

/// More calls of a kind than any of these runs makes.
const MOST: usize = 2000;

/// What happens to one call.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    Kill,
    Error(&'static str, i32),
}

const FULL: Fault = Fault::Error("ENOSPC", 8);
const BROKEN: Fault = Fault::Error("EIO", 1);

/// A command that is to meet a fault.
struct Trial<'a> {
    host: &'a Host,
    args: &'a [&'a str],
    fault: Fault,
    /// The files whose `write` calls count; all when there are none. A runtime that cannot wake its threads hangs, which is no file's fault.
    files: &'a [PathBuf],
    /// The exit code it has when nothing fails.
    ends: i32,
}

impl Trial<'_> {
    /// Runs the command again and again, each time with the fault at one call later, for each kind of call; `before` makes the state
    /// anew, `after` judges what is left. Returns how many steps there were; `None` where processes cannot be traced.
    fn at_every_step(&self, mut before: impl FnMut(), mut after: impl FnMut(&str)) -> Option<usize> {
        let mut steps = 0;
        for call in CHANGES {
            for number in 1..MOST {
                before();
                let (ran, calls) = self.run(call, number)?;
                let hit = match self.fault {
                    Fault::Kill => ran.code.is_none() || ran.code == Some(137),
                    Fault::Error(..) => calls.contains("(INJECTED)"),
                };
                judge(&ran, self.fault, &calls);
                after(&format!("{call} {number}"));
                if !hit {
                    assert_eq!(ran.code, Some(self.ends), "{call} {number}: {}", ran.err);
                    break;
                }
                steps += 1;
            }
        }
        Some(steps)
    }

    fn run(&self, call: &str, number: usize) -> Option<(Ran, String)> {
        let what = match self.fault {
            Fault::Kill => "signal=KILL".to_owned(),
            Fault::Error(name, _) => format!("error={name}"),
        };
        let log = self.host.path("strace.log");
        let (trace, inject) = (format!("trace={call}"), format!("inject={call}:{what}:when={number}"));
        let mut tracing = vec!["-qq", "-y", "-o", arg(&log), "-e", &trace, "-e", &inject];
        if call == "write" {
            tracing.extend(self.files.iter().flat_map(|file| ["-P", arg(file)]));
        }
        let ran = Ran::of(traced(self.host, &tracing, self.args)?.output().expect("strace runs"));
        Some((ran, std::fs::read_to_string(&log).expect("strace wrote its log")))
    }
}

/// A failed call is told with the right code and its cause. Some may fail in silence: those that clean up or keep the attribute, and
/// those to no file at all: the runtime's wake-ups, and the message itself.
fn judge(ran: &Ran, fault: Fault, calls: &str) {
    let Fault::Error(name, code) = fault else { return };
    let failed: Vec<&str> = calls.lines().filter(|line| line.contains("(INJECTED)")).collect();
    let Some(call) = failed.first() else { return };
    if ["fsetxattr(", "unlink(", "unlinkat(", "anon_inode", "<socket:", "<pipe:"].iter().any(|word| call.contains(word)) {
        return;
    }
    let told = ran.err.contains("error: ") && ran.err.contains("caused by: ") || failed.iter().any(|line| line.contains("write(2<"));
    assert!(ran.code == Some(code) && told, "{name} in {call}: {ran:?}");
}

/// A receiver that has `kit 1` and the volumes of `kit 2`, which brings blobs that are new and blobs that are not.
struct Upgrade {
    world: World,
    host: Host,
    volumes: Vec<PathBuf>,
    /// The receiver's store as it was before.
    before: PathBuf,
    store: PathBuf,
    lock: Lock,
}

fn upgrade() -> Upgrade {
    let (world, host) = (World::new(), Host::new());
    let kept = noise(70_000, 1);
    let old = world.pack(&world.lock("kit", &[kept.clone(), noise(1000, 2)]), "old", None, &[1]);
    let lock = world.lock("kit", &[kept, noise(5 << 20, 3), text(200_000, 4), b"small".to_vec(), Vec::new()]);
    let volumes = world.pack(&lock, "new", None, &[1]);
    let receiver = world.receiver("before");
    world.import(&old, &receiver).expect("imported");
    let (before, store) = (receiver.root().to_owned(), host.path("store"));
    Upgrade { world, host, volumes, before, store, lock }
}

/// The same where `kit 2` is a delta: one blob is left out, one is made again from the old one, one from nothing that is there.
fn by_delta() -> Upgrade {
    let (world, host) = (World::new(), Host::new());
    let (kept, old, mut new) = (noise(70_000, 1), noise(5 << 20, 3), noise(5 << 20, 3));
    new.splice(70_000..70_003, noise(50, 9));
    let old = world.pack(&world.lock("kit", &[kept.clone(), old, noise(1000, 2)]), "old", None, &[1]);
    let lock = world.lock("kit", &[kept, new, noise(200_000, 4), Vec::new()]);
    let site = airlift::steps::delta::Site::with_bundles(&[world.open(&old).expect("authentic")]);
    let shape = airlift::steps::delta::Shape { sites: vec![site], ..Default::default() };
    let volumes = world.pack_shaped(&lock, "new", None, &shape);
    assert!(world.open(&volumes).expect("authentic").table.blobs.iter().any(airlift::bundle::BlobEntry::is_recoded));
    let receiver = world.receiver("before");
    world.import(&old, &receiver).expect("imported");
    let (before, store) = (receiver.root().to_owned(), host.path("store"));
    Upgrade { world, host, volumes, before, store, lock }
}

impl Upgrade {
    fn reset(&self) {
        if self.store.exists() {
            std::fs::remove_dir_all(&self.store).expect("removed");
        }
        copy(&self.before, &self.store);
    }

    /// Old or new, whole in either case; and the same command comes to its end.
    fn judge(&self, step: &str) {
        let store = Store::open(&self.store).expect("the store opens");
        let number = store.current().expect("readable").expect("a snapshot").number;
        assert!(number == 1 || number == 2, "step {step}: snapshot {number}");
        assert_eq!(scrub(&store), [""; 0], "step {step}");
        log_is_whole(&store, step);
        let said = self.host.ok(&["--store", arg(&self.store), "import", arg(&self.volumes[0])]).err;
        assert!(said.contains(if number == 1 { "imported as snapshot 2" } else { "nothing was changed" }), "step {step}: {said}");
        assert_eq!(scrub(&store), [""; 0], "step {step}, after the second run");
        assert!(!log_is_whole(&store, step), "step {step}: an event was left unsigned");
        for (digest, size) in self.lock.blobs() {
            assert!(store.has(&digest, size).expect("readable"), "step {step}: {digest} is missing");
        }
        assert_eq!(leftovers(&self.store), [""; 0], "step {step}");
    }

    fn import_at_every_step(&self, fault: Fault, before: impl Fn(&Self)) {
        let command = ["--quiet", "--store", arg(&self.store), "import", arg(&self.volumes[0])];
        let reset = || {
            self.reset();
            before(self);
        };
        let trial = Trial { host: &self.host, args: &command, fault, files: &[], ends: 0 };
        if let Some(steps) = trial.at_every_step(reset, |step| self.judge(step)) {
            assert!(steps > 15, "only {steps} steps were seen: is the right thing traced?");
        }
    }
}

/// The event log verifies, with every snapshot in it, or has not begun; whether an event is left for the next run to sign.
fn log_is_whole(store: &Store, step: &str) -> bool {
    match airlift::steps::log::verify(store, None, &[]) {
        Ok(checked) => checked.unfinished,
        Err(none) => {
            assert!(none.kind() == Kind::Incomplete && store.current().expect("readable").is_none(), "step {step}: {none}");
            false
        }
    }
}

fn scrub(store: &Store) -> Vec<String> {
    store.scrub(2, &Silent).expect("scrubbed").faults.into_iter().map(|f| format!("{}: {}", f.place, f.problem)).collect()
}

#[allow(clippy::case_sensitive_file_extension_comparisons, reason = "our own names, always lower case")]
/// Files that only exist while something is being done.
fn leftovers(folder: &Path) -> Vec<String> {
    let files = walkdir::WalkDir::new(folder).into_iter().map(|e| e.expect("readable").path().display().to_string());
    files.filter(|path| path.ends_with(".new") || path.ends_with(".unfinished") || path.contains("/partial/")).collect()
}

/// The blobs are in the store and the commit is what remains.
fn with_blobs(upgrade: &Upgrade) {
    let store = Store::open(&upgrade.store).expect("the store opens");
    let bundle = upgrade.world.open(&upgrade.volumes).expect("authentic");
    let writer = store.writer().expect("the lock");
    crate::world::verification().run(bundle, &writer, None).expect("all blobs are taken in");
}

#[test]
fn import_is_killed_at_every_step() {
    upgrade().import_at_every_step(Fault::Kill, |_| {});
}

#[test]
fn import_of_a_delta_is_killed_or_finds_no_space_at_every_step() {
    by_delta().import_at_every_step(Fault::Kill, |_| {});
    by_delta().import_at_every_step(FULL, |_| {});
}

#[test]
fn import_is_killed_at_every_step_of_the_commit() {
    upgrade().import_at_every_step(Fault::Kill, with_blobs);
}

#[test]
fn import_finds_no_space_at_every_step() {
    upgrade().import_at_every_step(FULL, |_| {});
    upgrade().import_at_every_step(FULL, with_blobs);
}

#[test]
fn import_meets_a_broken_disk_at_every_step() {
    upgrade().import_at_every_step(BROKEN, |_| {});
}

/// A receiver that has `kit 1`, and the volumes of `kit 2` of which the first comes alone: one blob spans them.
struct Staging {
    upgrade: Upgrade,
}

impl Staging {
    fn new() -> Self {
        let (world, host) = (World::new(), Host::new());
        let old = world.pack(&world.lock("kit", &[noise(1000, 2)]), "old", None, &[1]);
        let lock = world.lock("kit", &[noise(7 << 20, 3), text(200_000, 4), noise(9 << 20, 5), Vec::new()]);
        let volumes = world.pack(&lock, "new", Some(13 << 20), &[1]);
        assert_eq!(volumes.len(), 2);
        let receiver = world.receiver("before");
        world.import(&old, &receiver).expect("imported");
        let (before, store) = (receiver.root().to_owned(), host.path("store"));
        Self { upgrade: Upgrade { world, host, volumes, before, store, lock } }
    }

    /// Nothing was installed; the same command comes to its end, and the other volume completes the set.
    fn judge(&self, step: &str, first: usize) {
        let Upgrade { host, volumes, store, .. } = &self.upgrade;
        let opened = Store::open(store).expect("the store opens");
        assert_eq!(opened.current().expect("readable").expect("a snapshot").number, 1, "step {step}");
        assert_eq!(scrub(&opened), [""; 0], "step {step}");
        log_is_whole(&opened, step);
        let import = |n: usize| host.run(&["--store", arg(store), "import", arg(&volumes[n])]);
        import(first).refused(3, &["1 of its 2 volumes is still needed"]);
        assert!(!log_is_whole(&opened, step), "step {step}: an event was left unsigned");
        let done = import(1 - first);
        assert!(done.code == Some(0) && done.err.contains("imported as snapshot 2"), "step {step}: {done:?}");
        assert_eq!(scrub(&opened), [""; 0], "step {step}, after the second run");
        assert_eq!(leftovers(store), [""; 0], "step {step}");
    }

    fn at_every_step(&self, fault: Fault, first: usize) {
        let Upgrade { host, volumes, store, .. } = &self.upgrade;
        let command = ["--quiet", "--store", arg(store), "import", arg(&volumes[first])];
        let trial = Trial { host, args: &command, fault, files: &[], ends: 3 };
        if let Some(steps) = trial.at_every_step(|| self.upgrade.reset(), |step| self.judge(step, first)) {
            assert!(steps > 10, "only {steps} steps were seen: is the right thing traced?");
        }
    }
}

#[test]
fn the_first_of_two_sticks_is_killed_at_every_step() {
    Staging::new().at_every_step(Fault::Kill, 0);
}

#[test]
fn the_second_of_two_sticks_is_killed_at_every_step_when_it_comes_first() {
    Staging::new().at_every_step(Fault::Kill, 1);
}

#[test]
fn the_first_of_two_sticks_finds_no_space_at_every_step() {
    Staging::new().at_every_step(FULL, 0);
}

/// The stick that completes the set: old or new, whole in either case.
#[test]
fn the_last_of_two_sticks_is_killed_at_every_step() {
    let staging = Staging::new();
    let upgrade = &staging.upgrade;
    upgrade.import_at_every_step(Fault::Kill, |upgrade| {
        upgrade.host.run(&["--store", arg(&upgrade.store), "import", arg(&upgrade.volumes[1])]).refused(3, &["still needed"]);
    });
}

/// A sender that packs two volumes and signs them.
struct Packing {
    world: World,
    host: Host,
    out: PathBuf,
}

fn packing() -> Packing {
    let (world, host) = (World::new(), Host::new());
    let lock = world.lock("kit", &[noise(14 << 20, 1), noise(9 << 20, 2), text(300_000, 3)]);
    host.write("kit.lock", lock.to_bytes());
    key(1).write(&host.path("person1"), Protection::Plain).expect("a key");
    let out = host.path("out");
    Packing { world, host, out }
}

impl Packing {
    fn args(&self) -> Vec<&str> {
        let store = arg(self.world.sender.root());
        ["--quiet", "--store", store, "pack", "kit.lock", "--out", "out", "--volume-size", "16MiB", "--key", "person1", "--allow-plain-key"]
            .to_vec()
    }

    fn reset(&self) {
        let _ = std::fs::remove_dir_all(&self.out);
        let _ = std::fs::remove_dir_all(self.world.sender.root().join("packed"));
    }

    /// Every volume that has its name is whole; and the same command comes to its end, with nothing left over.
    fn judge(&self, step: &str) {
        if self.out.exists() {
            match find(std::slice::from_ref(&self.out)) {
                Err(none) => assert_eq!(none.kind(), Kind::Incomplete, "step {step}: {none}"),
                Ok(_) => {
                    if let Err(early) = self.world.verify(std::slice::from_ref(&self.out)) {
                        let unsigned = early.kind() == Kind::Verification && early.message().ends_with("unsigned");
                        assert!(unsigned || early.kind() == Kind::Incomplete, "step {step}: {early}");
                    }
                }
            }
        }
        log_is_whole(&self.world.sender, step);
        self.host.ok(&self.args());
        assert!(!log_is_whole(&self.world.sender, step), "step {step}");
        self.world.verify(std::slice::from_ref(&self.out)).unwrap_or_else(|e| panic!("step {step}: {e}"));
        assert_eq!(leftovers(&self.out), [""; 0], "step {step}");
    }

    fn at_every_step(&self, fault: Fault) {
        let trial = Trial { host: &self.host, args: &self.args(), fault, files: &[], ends: 0 };
        if let Some(steps) = trial.at_every_step(|| self.reset(), |step| self.judge(step)) {
            assert!(steps > 10, "only {steps} steps were seen: is the right thing traced?");
        }
    }
}

#[test]
fn pack_is_killed_at_every_step() {
    packing().at_every_step(Fault::Kill);
}

#[test]
fn pack_finds_no_space_at_every_step() {
    packing().at_every_step(FULL);
}

#[test]
fn pack_leaves_nothing_behind_when_it_fails() {
    let packing = packing();
    let inject = ["-qq", "-o", "strace.log", "-e", "trace=pwrite64", "-e", "inject=pwrite64:error=ENOSPC:when=3"];
    let Some(mut command) = traced(&packing.host, &inject, &packing.args()) else { return };
    Ran::of(command.output().expect("strace runs")).refused(8, &["cannot be written", "No space left"]);
    assert_eq!(std::fs::read_dir(&packing.out).expect("a folder").count(), 0);
}

/// A lock of three files on a server that has them.
fn fetching() -> (Host, Origin, Vec<Vec<u8>>) {
    let host = Host::new();
    let blobs = vec![noise(150_000, 1), noise(40_000, 2), b"small".to_vec()];
    let paths = ["/a", "/b", "/c"];
    let replies: Vec<_> = paths.iter().zip(&blobs).map(|(path, bytes)| (*path, vec![Reply::File(bytes.clone())])).collect();
    let origin = Origin::new(&replies);
    let items: String = paths
        .iter()
        .zip(&blobs)
        .map(|(path, bytes)| format!("{{ url = \"{}\", sha256 = \"{}\" }}, ", origin.url(path), Digest::of(bytes).hex()))
        .collect();
    host.write("kit.toml", format!("airlift = 1\nname = \"kit\"\n[files.all]\nitems = [ {items} ]\n"));
    host.ok(&["lock", "kit.toml"]);
    (host, origin, blobs)
}

fn fetch_at_every_step(fault: Fault) {
    let (host, _origin, blobs) = fetching();
    let store = host.path("store");
    let args = ["--quiet", "--store", arg(&store), "fetch", "kit.lock", "--parallel", "1", "--attempts", "1"];
    let reset = || drop(std::fs::remove_dir_all(&store));
    let mut files: Vec<PathBuf> = blobs.iter().map(|bytes| store.join("partial").join(Digest::of(bytes).hex())).collect();
    files.extend(
        ["key.new", "identities.json.new", "events.jsonl", "checkpoints/1.new", "checkpoint.new"].map(|name| store.join("log").join(name)),
    );
    Trial { host: &host, args: &args, fault, files: &files, ends: 0 }.at_every_step(reset, |step| {
        if let Ok(store) = Store::open(&store) {
            log_is_whole(&store, step);
        }
        host.ok(&args);
        let store = Store::open(&store).expect("the store opens");
        assert!(!log_is_whole(&store, step), "step {step}");
        assert_eq!(scrub(&store), [""; 0], "step {step}");
        for bytes in &blobs {
            assert!(Blobs::size(&store, &Digest::of(bytes)).expect("readable") == Some(bytes.len() as u64), "step {step}");
        }
        assert_eq!(leftovers(store.root()), [""; 0], "step {step}");
    });
}

#[test]
fn fetch_is_killed_at_every_step() {
    fetch_at_every_step(Fault::Kill);
}

#[test]
fn fetch_finds_no_space_at_every_step() {
    fetch_at_every_step(FULL);
}
