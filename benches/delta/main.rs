//! What crosses in place of whole files, beside the peers, in one run, on real inputs: `cargo bench --bench delta -- WHAT…`.
//!
//! | what | |
//! |---|---|
//! | names of projects, nothing for all of [`wheels::PAIRS`] but those of more than 100 MB, `all` | deltas of wheels |
//! | `layers` | deltas of the layers of an image, as Podman and Docker write them; root, see `layers.sh` |
//! | `small` | wheels and layers alone, as `--small` has them |
//! | `two` | both versions of wheels and layers in one bundle |
//! | `others` | what encoders made that are not known, as `tests/vectors/deflate/others.py zips target/bench/others FILE…` writes it: against the same files by another one |
//! | `opened FOLDER` | how much of the files in a folder is in streams that are opened, and that they come out as they were |
//! | `planes` | weights of a model, rounded to bf16 |
//!
//! Each side is a process of its own, whose seconds, CPU seconds and peak memory are told. What comes out is compared byte by byte with
//! what went in. Peers: `zstd -3 --long=31 --patch-from` on the files as they are, `tar | zstd -3 --long=31` of both versions less that of
//! the old one, and `tar | zstd -3`. *Pays below* is the rate of a medium at which the whole file takes as long as the delta and making
//! the file of it. Inputs are fetched by pip and apt into `target/bench`.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark that cannot go on stops, and its output is its point")]

mod layers;
mod peers;
mod planes;
mod sides;
mod wheels;

use sides::Made;
use std::path::{Path, PathBuf};

/// A file and what the receiver has.
type Pair = (PathBuf, PathBuf);

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    if let [side, rest @ ..] = &args[..]
        && ["encode", "decode"].contains(&side.as_str())
    {
        return sides::one(side == "encode", rest);
    }
    if let [what, folder] = &args[..]
        && what == "opened"
    {
        return opened(Path::new(folder));
    }
    let named = |what: &str| args.iter().any(|arg| arg == what);
    if named("planes") {
        planes::planes();
    }
    if named("layers") {
        for tool in layers::TOOLS {
            println!("layers of {tool}");
            deltas(&layers::pairs(tool));
        }
    }
    if named("others") {
        others(Path::new("target/bench/others"));
    }
    if named("small") {
        small(&both().into_iter().map(|(_, new)| new).collect::<Vec<_>>());
    }
    if named("two") {
        two(&both());
    }
    let wheels = wheels::pairs(&args);
    if !wheels.is_empty() {
        deltas(&wheels);
    }
}

/// Wheels and layers.
fn both() -> Vec<Pair> {
    wheels::pairs(&["all".to_owned()]).into_iter().chain(layers::pairs(layers::TOOLS[0])).collect()
}

fn deltas(pairs: &[Pair]) {
    let (mut whole, mut sums) = (0, [0; 3]);
    for (old, new) in pairs {
        let size = length(new);
        let made = [
            ("airlift", sides::made(new, Some(old), 3)),
            ("patch-from", peers::patch(old, new)),
            ("tar", peers::archive(&[old, new], "--long=31").less(peers::archive(&[old], "--long=31").size)),
        ];
        println!("{} {size}", name(new));
        made.iter().for_each(|(who, made)| told(who, size, made));
        whole += size;
        sums.iter_mut().zip(&made).for_each(|(sum, (_, made))| *sum += made.size);
    }
    println!("sum {whole}");
    ["airlift", "patch-from", "tar"].iter().zip(sums).for_each(|(who, sum)| println!("  {who:10} {:7.2} %", share(sum, whole)));
}

/// How much is opened of files alone. They are made again, and compared.
fn opened(folder: &Path) {
    let (mut sums, files) = ([0; 2], files(folder));
    for file in &files {
        let made = sides::made(file, None, 9);
        println!("{} {}", name(file), length(file));
        told("airlift", length(file), &made);
        sums[0] += made.deflated.unwrap();
        sums[1] += length(file);
    }
    println!("opened: {} of {} bytes of {} files, {:.2} %", sums[0], sums[1], files.len(), share(sums[0], sums[1]));
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// The same plain bytes by two encoders: what crosses is what there is to correct.
fn others(folder: &Path) {
    let zips = files(folder);
    for (at, zip) in zips.iter().enumerate() {
        let (size, made) = (length(zip), sides::made(zip, Some(&zips[(at + 1) % zips.len()]), 3));
        println!("{} {size}", name(zip));
        told("airlift", size, &made);
    }
}

fn small(files: &[PathBuf]) {
    let mut sums = [0; 2];
    for file in files {
        let made = [("airlift", sides::made(file, None, 9)), ("tar -3", peers::archive(&[file], ""))];
        println!("{} {}", name(file), length(file));
        made.iter().for_each(|(who, made)| told(who, length(file), made));
        sums.iter_mut().zip(&made).for_each(|(sum, (_, made))| *sum += made.size);
    }
    println!("small: {} of {}, {:.3} of tar | zstd -3", sums[0], sums[1], sums[0] as f64 / sums[1] as f64);
}

/// A version that is the new one of one pair and the old one of another counts once.
fn two(pairs: &[Pair]) {
    let mut sum = 0;
    let mut files: Vec<&Path> = Vec::new();
    for (old, new) in pairs {
        if !files.contains(&old.as_path()) {
            sum += sides::made(old, None, 9).size;
            files.push(old);
        }
        sum += sides::made(new, Some(old), 3).size;
        files.push(new);
    }
    let tar = peers::archive(&files, "").size;
    println!("two versions: {sum} of {tar}, {:.3} of tar | zstd -3", sum as f64 / tar as f64);
}

fn told(who: &str, size: u64, made: &Made) {
    let pays = made
        .decode
        .map_or(String::new(), |cost| format!("  pays below {:.1} MB/s", (size.saturating_sub(made.size)) as f64 / 1e6 / cost.wall));
    let opened = made.deflated.map_or(String::new(), |bytes| format!("  opened {:.2} %", share(bytes, size)));
    let decode = made.decode.map_or(String::new(), |cost| format!(" | dec {cost}"));
    println!("  {who:10} {:7.2} %  enc {}{decode}{pays}{opened}", share(made.size, size), made.encode);
}

fn share(part: u64, whole: u64) -> f64 {
    part as f64 * 100.0 / whole as f64
}

fn length(path: &Path) -> u64 {
    std::fs::metadata(path).unwrap().len()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}
