//! How long it takes to find the images of a chart: `cargo bench --bench charts`.
//!
//! The charts are those of `tests/vectors/charts`, packed as publishers pack them. What is measured is all that the lock step does with an
//! archive: unpacking, rendering, looking through the documents and values, and the second rendering that tries which values lead the
//! chart to a mirror. The worst chart must stay below 100 ms, and one whose templates never end must be stopped within a second.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark that cannot go on stops, and its output is its point")]

use airlift::ecosystems::charts::find_images;
use std::path::Path;
use std::time::{Duration, Instant};

/// Runs of one chart; the median counts.
const RUNS: usize = 15;
/// What the worst chart may take.
const BOUND: Duration = Duration::from_millis(100);

fn packed(folder: &Path) -> Vec<u8> {
    let name = folder.file_name().unwrap();
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default()));
    tar.append_dir_all(name, folder).unwrap();
    tar.into_inner().unwrap().finish().unwrap()
}

/// What a chart without end may take.
const ENDLESS: Duration = Duration::from_secs(1);

/// A chart of one template.
fn of_template(template: &str) -> Vec<u8> {
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default()));
    for (name, text) in [("c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n"), ("c/templates/t.yaml", template)] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        tar.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// Loops and recursion that only the bounds stop.
fn endless() {
    for template in [
        "{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}",
        "{{ range until 100000 }}{{ range until 100000 }}{{ . | toString | trunc 3 | quote }}{{ end }}{{ end }}",
        "{{ $d := dict }}{{ range until 100000 }}{{ range until 100000 }}{{ $_ := set $d (toString .) . }}{{ end }}{{ end }}",
        "{{ define \"a\" }}{{ range until 1000 }}{{ include \"a\" $ }}{{ end }}{{ end }}{{ include \"a\" . }}",
    ] {
        let archive = of_template(template);
        let start = Instant::now();
        std::hint::black_box(find_images(&archive).unwrap());
        let taken = start.elapsed();
        println!("{:>8.2} ms   {template}", taken.as_secs_f64() * 1e3);
        assert!(taken < ENDLESS, "a template without end takes longer than {ENDLESS:?}");
    }
}

fn main() {
    endless();
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/charts");
    let mut folders: Vec<_> = std::fs::read_dir(vectors).unwrap().map(|entry| entry.unwrap().path()).collect();
    // The table of functions is no chart that anybody has: it hashes passwords a dozen times, slow on purpose.
    folders.retain(|folder| folder.join("Chart.yaml").is_file() && !folder.ends_with("functions"));
    folders.sort();
    let mut worst = Duration::ZERO;
    for folder in &folders {
        let archive = packed(folder);
        let found = match find_images(&archive) {
            Ok(found) => found.len(),
            Err(error) => {
                println!("{:<24} {}", folder.file_name().unwrap().display(), error.message());
                continue;
            }
        };
        let mut times: Vec<Duration> = (0..RUNS)
            .map(|_| {
                let start = Instant::now();
                std::hint::black_box(find_images(&archive).unwrap());
                start.elapsed()
            })
            .collect();
        times.sort_unstable();
        let median = times[RUNS / 2];
        worst = worst.max(median);
        println!(
            "{:<24} {:>8.2} ms   {found} images, {} bytes",
            folder.file_name().unwrap().display(),
            median.as_secs_f64() * 1e3,
            archive.len()
        );
    }
    println!("worst of {} charts: {:.2} ms", folders.len(), worst.as_secs_f64() * 1e3);
    assert!(worst < BOUND, "finding images takes longer than {BOUND:?}");
}
