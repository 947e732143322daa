//! Every claim of speed in the documents, side by side with the peers in one run: `cargo bench --bench gap`.
//!
//! Needs the stock clients (`tests/clients/setup`, `tests/clients/images`) and, for its corpus of real wheels, a package index. Each
//! pair of commands runs alternately, so that a drifting machine hurts both; the ratio is taken pair by pair and its median printed.
//! Arguments after `--` choose sections: `pack`, `verify`, `import`, `images`, `blobs`, `documents`.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark that cannot go on stops, and its output is its point")]

mod corpus;
mod measure;
mod served;
mod transfer;

use corpus::Corpus;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let chosen = |section: &str| wanted.is_empty() || wanted.iter().any(|w| w == section);
    let corpus = Corpus::prepare();
    println!(
        "corpus: {} bytes of wheels and layers, {} bytes of tars; medians of {} pairs",
        corpus.bytes("kit"),
        corpus.bytes("tars"),
        measure::PAIRS
    );
    let sections: [(&str, fn(&Corpus)); 6] = [
        ("pack", transfer::pack),
        ("verify", transfer::verify),
        ("import", transfer::import),
        ("images", transfer::images),
        ("blobs", served::blobs),
        ("documents", served::documents),
    ];
    for (name, section) in sections {
        if chosen(name) {
            section(&corpus);
        }
    }
}
