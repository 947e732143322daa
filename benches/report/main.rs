//! A report of a store with 10,000 artifacts: `cargo bench --bench report`. How long the inventory, the report and each form of it take, and
//! the most memory of all, making the store included. There are wheels with their metadata, images with a database of dpkg in them, plain
//! files, and advisories about some of the wheels; it stops where all of it takes more than 10 s or 512 MiB.

mod content;

use airlift::artifact::{Artifact, BlobIntake, Digest};
use airlift::lock::Lock;
use airlift::progress::Silent;
use airlift::report::Language;
use airlift::report::document::Form;
use airlift::steps::advise::Beside;
use airlift::steps::report::{Before, Risks, of_lock};
use airlift::steps::sbom::{self, Stocktaking};
use airlift::store::{Store, Writer};
use std::time::Instant;

/// Most seconds for 10,000 artifacts.
const MOST_SECONDS: f64 = 10.0;
/// Most memory, in KiB.
const MOST_MEMORY: u64 = 512 << 10;

/// Says how long it took, and how much memory the process has after it.
fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    println!("{what:<10} {:>8.3} s {:>8} MiB", start.elapsed().as_secs_f64(), memory("VmRSS:") >> 10);
    done
}

/// What the kernel says of this process, in KiB.
fn memory(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix(field)?.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Puts bytes into the store.
fn put(writer: &Writer, bytes: &[u8]) -> (Digest, u64) {
    let (digest, size) = (Digest::of(bytes), bytes.len() as u64);
    if let Some(mut sink) = writer.receive(&digest, size).expect("room") {
        sink.write(bytes).expect("room");
        sink.finish().expect("the right digest");
    }
    (digest, size)
}

fn main() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let store = Store::open_or_create(&folder.path().join("store")).expect("a store");
    let artifacts: Vec<Artifact> = timed("store", || {
        let writer = store.writer().expect("the lock");
        content::all(&|bytes| put(&writer, bytes))
    });
    let count = artifacts.len();
    let lock = Lock::new("kit".to_owned(), "main".to_owned(), Digest::of(b"manifest"), artifacts).expect("a lock");
    let at = content::TIME.parse().expect("a time");
    let start = Instant::now();
    let stocktaking = Stocktaking { threads: 2, progress: &Silent };
    let inventory = timed("inventory", || stocktaking.run(sbom::of_lock(&lock), &lock.artifacts, &store).expect("an inventory"));
    let place = (&lock.artifacts[..], &store as &dyn airlift::artifact::Blobs, Some(&store));
    let risks = timed("advisories", || Risks::ask(place, Beside::default(), &inventory, Before::Nothing, at));
    assert!(matches!(risks, Risks::Known(_)), "{risks:?}");
    let report = timed("report", || of_lock(&lock, (&inventory, &risks), at));
    for form in Form::ALL {
        let bytes = timed(form.ending(), || report.render(form, Language::German));
        println!("{:<10} {:>8} bytes", "", bytes.len());
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("{:<10} {seconds:>8.3} s for {count} artifacts", "all");
    let peak = memory("VmHWM:");
    println!("{:<10} {:>8} MiB", "memory", peak >> 10);
    assert!(seconds < MOST_SECONDS && peak < MOST_MEMORY, "more than {MOST_SECONDS} s or {} MiB", MOST_MEMORY >> 10);
}
