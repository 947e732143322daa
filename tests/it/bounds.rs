//! What a large set may cost: bounded memory whatever the size, and every byte written once.

use crate::host::{AIRLIFT, Host, Ran, arg};
use crate::stock::need;
use crate::world::{World, noise};
use airlift::artifact::{Artifact, BlobIntake, Descriptor, Digest, Learned, Sha256Writer};
use airlift::lock::Lock;
use airlift::store::{Store, Writer};
use airlift::trust::Protection;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

const MIB: u64 = 1 << 20;
/// Most memory of pack, verify, import and serve, in KiB.
const MOST: u64 = 128 << 10;

/// Content that is made as fast as it is used: a block of noise or of text that is another one each time.
struct Content {
    size: u64,
    block: Vec<u8>,
}

impl Content {
    fn noise(size: u64, seed: u64) -> Self {
        Self { size, block: noise(MIB as usize, seed) }
    }

    fn text(size: u64) -> Self {
        Self { size, block: crate::world::text(MIB as usize, 1) }
    }

    fn each(&self, mut take: impl FnMut(&[u8])) {
        let mut block = self.block.clone();
        for number in 0..self.size.div_ceil(MIB) {
            block[..8].copy_from_slice(&number.to_le_bytes());
            take(&block[..(self.size - number * MIB).min(MIB) as usize]);
        }
    }

    /// Puts it into a store.
    fn lay_in(&self, writer: &Writer) -> Descriptor {
        let mut sha256 = Sha256Writer::default();
        self.each(|bytes| sha256.update(bytes));
        let digest = sha256.finish();
        let mut sink = writer.receive(&digest, self.size).expect("room").expect("it is new");
        self.each(|bytes| sink.write(bytes).expect("room"));
        sink.finish().expect("the right digest");
        writer.settle().expect("room");
        Descriptor {
            media_type: "application/octet-stream".to_owned(),
            digest,
            size: self.size,
            name: None,
            origins: vec!["https://example.org/f".to_owned()],
            learned: Learned::Pinned,
            side_digests: std::collections::BTreeMap::default(),
        }
    }
}

/// A host and a world whose sender has a lock of these contents, signed for by a key in the host's folder.
fn sender(contents: impl Iterator<Item = Content>) -> (Host, World, Lock) {
    let (host, world) = (Host::new(), World::new());
    let writer = world.sender.writer().expect("the lock").keeping_check_values();
    let artifacts = contents.enumerate().map(|(n, content)| Artifact {
        ecosystem: "files".to_owned(),
        sections: vec!["all".to_owned()],
        name: format!("blob-{n:05}"),
        version: "1".to_owned(),
        descriptors: vec![content.lay_in(&writer)],
        subject: None,
        meta: serde_json::Value::Null,
    });
    let lock = Lock::new("kit".to_owned(), "main".to_owned(), Digest::of(b"manifest"), artifacts.collect()).expect("a lock");
    drop(writer);
    host.write("kit.lock", lock.to_bytes());
    airlift::trust::SecretKey::write(&crate::world::key(1), &host.path("person1"), Protection::Plain).expect("a key");
    (host, world, lock)
}

fn pack(store: &Path) -> Vec<&str> {
    ["--store", arg(store), "pack", "kit.lock", "--out", "out", "--key", "person1", "--allow-plain-key"].to_vec()
}

/// Runs a command that must succeed and tells how much memory it had at most, in KiB.
pub fn peak(host: &Host, python: &Path, args: &[&str]) -> u64 {
    const MEASURE: &str = "import os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
print(usage.ru_maxrss, file=open('peak', 'w'))
sys.exit(os.waitstatus_to_exitcode(status))";
    let mut command = host.program(python);
    let ran = Ran::of(command.args(["-c", MEASURE, AIRLIFT]).args(args).output().expect("python runs"));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    std::fs::read_to_string(host.path("peak")).expect("a number").trim().parse().expect("a number")
}

/// Gigabytes, one unless `AIRLIFT_BOUNDS_GIB` says more: large noise, text, and many small blobs.
fn gigabytes() -> impl Iterator<Item = Content> {
    let times = std::env::var("AIRLIFT_BOUNDS_GIB").map_or(1, |n| n.parse().expect("a number"));
    let large = (0..3).map(move |n| Content::noise(times * 256 * MIB + n, n + 1));
    large.chain([Content::text(times * 280 * MIB)]).chain((0..500).map(|n| Content::noise(20_000 + n, 100 + n)))
}

#[test]
fn memory_stays_bounded_whatever_the_size() {
    let Some(python) = need("python3") else { return };
    let (host, world, lock) = sender(gigabytes());
    assert!(lock.size() > 1 << 30);
    let receiver = world.receiver("receiver");
    let on = |args: &'static [&'static str]| [&["--store", arg(receiver.root())], args].concat();
    let mut peaks = vec![("pack", peak(&host, &python, &pack(world.sender.root())))];
    std::fs::remove_dir_all(world.sender.root()).expect("removed");
    peaks.push(("verify", peak(&host, &python, &on(&["verify", "out"]))));
    peaks.push(("import", peak(&host, &python, &on(&["import", "out"]))));
    peaks.push(("scrub", peak(&host, &python, &on(&["scrub"]))));
    peaks.push(("serve", served(&host, &on(&["serve", "--http", "127.0.0.1:0", "--access-log", "access.log"]))));
    peaks.push(("serve in place", served(&host, &on(&["serve", "out", "--http", "127.0.0.1:0", "--access-log", "access.log"]))));
    println!("peak memory in KiB: {peaks:?}");
    assert!(peaks.iter().all(|(_, most)| *most <= MOST), "more than {MOST} KiB: {peaks:?}");
}

/// Most memory where there is parity, in KiB.
const MOST_WITH_PARITY: u64 = 256 << 10;

#[test]
fn parity_takes_bounded_memory_whatever_the_size() {
    let Some(python) = need("python3") else { return };
    let (host, world, lock) = sender(gigabytes());
    assert!(lock.size() > 1 << 30);
    let receiver = world.receiver("receiver");
    let on = |args: &'static [&'static str]| [&["--store", arg(receiver.root())], args].concat();
    let protected = [&pack(world.sender.root())[..], &["--volume-size", "400MiB", "--parity", "5%", "--spare", "1"]].concat();
    let mut peaks = vec![("pack", peak(&host, &python, &protected))];
    std::fs::remove_dir_all(world.sender.root()).expect("removed");
    peaks.push(("verify", peak(&host, &python, &on(&["verify", "out"]))));
    // A stick is lost, and one sector in a hundred of another.
    std::fs::remove_file(host.path("out/kit-1.001.airlift")).expect("removed");
    let mut second = std::fs::read(host.path("out/kit-1.002.airlift")).expect("a volume");
    crate::parity::scatter(&mut second, 1);
    host.write("out/kit-1.002.airlift", second);
    peaks.push(("import", peak(&host, &python, &on(&["import", "out"]))));
    peaks.push(("repair", peak(&host, &python, &on(&["repair", "out", "--out", "repaired"]))));
    println!("peak memory in KiB: {peaks:?}");
    assert!(peaks.iter().all(|(_, most)| *most <= MOST_WITH_PARITY), "more than {MOST_WITH_PARITY} KiB: {peaks:?}");
}

/// Four clients ask for large files and do not read them while four others do; how much memory the server had at most, in KiB.
fn served(host: &Host, args: &[&str]) -> u64 {
    let mut serving = host.start(args);
    let address = serving.line().trim_start_matches("listening on http://").to_owned();
    let ask = |n: usize| {
        let mut stream = TcpStream::connect(&address).expect("it listens");
        write!(stream, "GET /files/latest/blob-{n:05} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").expect("it reads");
        stream
    };
    let _idle: Vec<TcpStream> = (0..4).map(ask).collect();
    std::thread::scope(|scope| {
        for n in 0..4 {
            scope.spawn(move || {
                let mut stream = ask(n);
                let (mut buffer, mut bytes) = (vec![0; MIB as usize], 0);
                while let Ok(read @ 1..) = stream.read(&mut buffer) {
                    bytes += read as u64;
                }
                assert!(bytes >= 200 * MIB, "only {bytes} bytes came");
            });
        }
    });
    most_memory(serving.id())
}

/// How much memory a process had at most, in KiB.
fn most_memory(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("Linux");
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux");
    most.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// More clients than there may be transfers ask for a file and do not read it; one more gets its own all the same, once some have left.
#[test]
fn a_thousand_readers_that_stand_still_cost_bounded_memory() {
    let (host, world, _) = sender([Content::noise(32 * MIB, 1)].into_iter());
    let out = host.run(&pack(world.sender.root()));
    assert_eq!(out.code, Some(0), "{}", out.err);
    let receiver = world.receiver("receiver");
    let imported = host.run(&["--store", arg(receiver.root()), "import", "out"]);
    assert_eq!(imported.code, Some(0), "{}", imported.err);
    let mut serving =
        host.start(&["--store", arg(receiver.root()), "serve", "--http", "127.0.0.1:0", "--behind-proxy", "--access-log", "access.log"]);
    let address = serving.line().trim_start_matches("listening on http://").to_owned();
    let ask = || {
        let mut stream = TcpStream::connect(&address).expect("it listens");
        write!(stream, "GET /files/latest/blob-00000 HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").expect("it reads");
        // The head has come: the transfer runs.
        stream.read_exact(&mut [0; 12]).expect("an answer");
        stream
    };
    let idle: Vec<TcpStream> = (0..900).map(|_| ask()).collect();
    let mut last = ask();
    let mut bytes = vec![];
    let read = last.read_to_end(&mut bytes);
    let log = || std::fs::read_to_string(host.path("access.log")).unwrap_or_default();
    assert!(read.is_ok(), "{read:?} after {} bytes: {}", bytes.len(), log());
    assert!(bytes.len() as u64 > 32 * MIB, "one that reads is served while 900 do not");
    drop(idle);
    let most = most_memory(serving.id());
    println!("peak memory in KiB with 900 idle readers: {most}");
    assert!(most <= MOST, "more than {MOST} KiB: {most}");
}

/// Bytes written below a folder by a command, as strace counts them; `None` where processes cannot be traced.
fn written(host: &Host, folder: &Path, args: &[&str]) -> Option<u64> {
    const WRITES: &str = "trace=write,pwrite64,writev,pwritev,pwritev2,copy_file_range,sendfile,splice";
    let logs = host.path("strace");
    std::fs::create_dir_all(&logs).expect("a folder");
    let log = logs.join("log");
    let mut command = host.program(crate::faults::tracer()?);
    command.args(["-ff", "-qq", "-y", "-s", "0", "-o", arg(&log), "-e", WRITES, AIRLIFT]).args(args);
    let ran = Ran::of(command.output().expect("strace runs"));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let mut bytes = 0;
    for entry in std::fs::read_dir(&logs).expect("a folder") {
        let calls = std::fs::read_to_string(entry.expect("readable").path()).expect("UTF-8");
        let below = calls.lines().filter(|line| line.contains(&format!("<{}/", folder.display())));
        bytes += below.filter_map(|line| line.rsplit(" = ").next()?.trim().parse::<u64>().ok()).sum::<u64>();
    }
    std::fs::remove_dir_all(&logs).expect("removed");
    Some(bytes)
}

#[test]
fn every_byte_is_written_once_by_pack_and_once_by_import() {
    let contents = [Content::noise(40 * MIB + 5, 1), Content::text(20 * MIB), Content::noise(100_000, 3)];
    let (host, world, lock) = sender(contents.into_iter());
    let Some(bytes) = written(&host, &host.path("out"), &pack(world.sender.root())) else { return };
    let stored = host.path("out/kit-1.airlift").metadata().expect("a volume").len();
    assert!(bytes >= stored * 98 / 100 && bytes <= stored * 102 / 100, "pack wrote {bytes} bytes for a volume of {stored}");
    let receiver: Store = world.receiver("receiver");
    let bytes = written(&host, receiver.root(), &["--store", arg(receiver.root()), "import", "out"]).expect("it was possible before");
    let content = lock.size();
    assert!(bytes >= content && bytes <= content * 102 / 100, "import wrote {bytes} bytes for {content} of content");
    let again = written(&host, receiver.root(), &["--store", arg(receiver.root()), "import", "out"]).expect("it was possible before");
    assert_eq!(again, 0, "what is there is not written again");
}

/// What a command says it has hashed.
fn hashed(host: &Host, args: &[&str]) -> u64 {
    let document = host.json(args).remove(0);
    let document = if document.is_array() { &document[0] } else { &document };
    document["sha256-bytes"].as_u64().unwrap_or_else(|| panic!("airlift {args:?} does not say what it hashed: {document}"))
}

#[test]
fn every_byte_is_hashed_once_on_each_side() {
    let contents = [Content::noise(40 * MIB + 5, 1), Content::text(20 * MIB), Content::noise(100_000, 3)];
    let (host, world, lock) = sender(contents.into_iter());
    let content = lock.size();
    let packed = hashed(&host, &pack(world.sender.root()));
    let receiver: Store = world.receiver("receiver");
    let on = |command| ["--store", arg(receiver.root()), command, "out"];
    let (verified, imported, again) = (hashed(&host, &on("verify")), hashed(&host, &on("import")), hashed(&host, &on("import")));
    println!("{content} bytes of content; hashed by pack {packed}, verify {verified}, import {imported}, import again {again}");
    assert!(packed < content / 100, "pack hashed {packed} bytes: blobs that were fetched here are checked by their check values");
    for (what, bytes) in [("verify", verified), ("import", imported)] {
        assert!((content..content + (64 << 10)).contains(&bytes), "{what} hashed {bytes} bytes for {content} of content");
    }
    assert!(again < 64 << 10, "importing again hashed {again} bytes");
}
