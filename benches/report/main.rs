//! A report of a store with 10,000 artifacts: `cargo bench --bench report`. How long the inventory, the report and each form of it take, and the
//! most memory of all, making the store included.

use airlift::artifact::{Artifact, BlobIntake, Descriptor, Digest, Learned};
use airlift::lock::Lock;
use airlift::progress::Silent;
use airlift::report::Language;
use airlift::report::document::Form;
use airlift::steps::advise::Beside;
use airlift::steps::report::{Before, Risks, of_lock};
use airlift::steps::sbom::{self, Stocktaking};
use airlift::store::Store;
use std::collections::BTreeMap;
use std::time::Instant;

const ARTIFACTS: usize = 10_000;

/// An artifact whose blob is in the store.
fn artifact(n: usize, store: &airlift::store::Writer) -> Artifact {
    let bytes = format!("the content of part {n}\n").into_bytes();
    let (digest, size) = (Digest::of(&bytes), bytes.len() as u64);
    if let Some(mut sink) = store.receive(&digest, size).expect("room") {
        sink.write(&bytes).expect("room");
        sink.finish().expect("the right digest");
    }
    let blob = Descriptor {
        media_type: "application/octet-stream".to_owned(),
        digest,
        size,
        name: None,
        origins: vec![format!("https://example.org/{n}")],
        learned: Learned::Pinned,
        side_digests: BTreeMap::default(),
    };
    Artifact {
        ecosystem: "files".to_owned(),
        sections: vec!["all".to_owned()],
        name: format!("team/service-{}/part-{n}", n % 97),
        version: format!("{}.{}.{}", n % 7, n % 31, n % 13),
        descriptors: vec![blob],
        subject: None,
        meta: serde_json::Value::Null,
    }
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    println!("{what:<10} {:>8.3} s", start.elapsed().as_secs_f64());
    done
}

fn main() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let store = Store::open_or_create(&folder.path().join("store")).expect("a store");
    let artifacts: Vec<Artifact> = {
        let writer = store.writer().expect("the lock");
        (0..ARTIFACTS).map(|n| artifact(n, &writer)).collect()
    };
    let lock = Lock::new("kit".to_owned(), "main".to_owned(), Digest::of(b"manifest"), artifacts).expect("a lock");
    let at = "2026-01-01T00:00:00Z".parse().expect("a time");
    let start = Instant::now();
    let stocktaking = Stocktaking { threads: 2, progress: &Silent };
    let inventory = timed("inventory", || stocktaking.run(sbom::of_lock(&lock), &lock.artifacts, &store).expect("an inventory"));
    let risks = Risks::ask((&lock.artifacts, &store, Some(&store)), Beside::default(), &inventory, Before::Nothing, at);
    let report = timed("report", || of_lock(&lock, (&inventory, &risks), at));
    for form in Form::ALL {
        let bytes = timed(form.ending(), || report.render(form, Language::German));
        println!("{:<10} {:>8} bytes", "", bytes.len());
    }
    println!("{:<10} {:>8.3} s for {ARTIFACTS} artifacts", "all", start.elapsed().as_secs_f64());
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().filter(|line| line.starts_with("VmHWM")).for_each(|line| println!("{line}"));
}
