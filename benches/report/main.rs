//! Every form of a report of 10,000 artifacts: `cargo bench --bench report`. How long each takes, and the most memory of all.

use airlift::artifact::Digest;
use airlift::report::Language;
use airlift::report::document::{ArtifactRow, Backed, Decision, Evidence, Form, Identity, Kind, Report, Source, Verdict};
use std::time::Instant;

const ARTIFACTS: usize = 10_000;

fn row(n: usize) -> ArtifactRow {
    ArtifactRow {
        ecosystem: "files".to_owned(),
        name: format!("team/service-{}/part-{n}", n % 97),
        version: format!("{}.{}.{}", n % 7, n % 31, n % 13),
        bytes: 1_000_000 + n as u64,
        sha256: Digest::of(&n.to_be_bytes()).hex(),
        licence: ["MIT", "Apache-2.0", "BSD-3-Clause OR MIT", ""][n % 4].to_owned(),
        supplier: format!("Publisher {} (publisher@example.org)", n % 211),
        examined: "examined".to_owned(),
    }
}

fn main() {
    let by = Evidence::of(Source::Statement, Digest::of(b"statement"));
    let identity = Identity { name: "kit".to_owned(), artifacts: Some(ARTIFACTS as u64), ..Identity::default() };
    let decision = Decision { verdict: Verdict::Information, reason: String::new(), rules: vec![] };
    let mut report =
        Report::new(Kind::Bundle, "2026-01-01T00:00:00Z", Backed::new(identity, by.clone()), Backed::new(decision, by.clone()));
    report.artifacts = Some(Backed::new((0..ARTIFACTS).map(row).collect(), by));
    for form in Form::ALL {
        let start = Instant::now();
        let bytes = report.render(form, Language::German);
        println!("{:<5} {:>9} bytes in {:.3} s", form.ending(), bytes.len(), start.elapsed().as_secs_f64());
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().filter(|line| line.starts_with("VmHWM")).for_each(|line| println!("{line}"));
}
